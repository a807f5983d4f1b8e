//! Members as subsystems of RECON: they sign on when they register, and off when they are gone.

use crate::change::PlexReply;
use crate::machine::Plex;
use crate::roster::MemberState;
use dbrc::change::Change;
use dbrc::record::{SubsystemKind, SubsystemState};
use dbrc::{ReconChange, ReconError};
use vocabulary::{MemberName, Moment};

impl Plex {
    /// Changes RECON. A member that works has not ended, whatever an operator says: others would get what it writes.
    pub(crate) fn change_recon(&mut self, change: ReconChange) -> PlexReply {
        if let ReconChange::Change(Change::Subsystem { subsystem, .. }) = &change
            && self.roster.get(subsystem).is_some_and(|entry| entry.state == MemberState::Active)
        {
            return Err(ReconError::SubsystemWorks(*subsystem).into());
        }
        Ok(self.recon.apply(change)?)
    }

    pub(crate) fn sign_on(&mut self, member: MemberName, at: Moment) -> PlexReply {
        Ok(self.recon.apply(ReconChange::SignOn { subsystem: member, kind: SubsystemKind::Online, at })?)
    }

    /// A member that is lost keeps its databases: it may have changed them in ways that only its log tells. So does one
    /// that stops before it has recovered what an earlier run left.
    pub(crate) fn sign_off(&mut self, member: MemberName, state: MemberState) -> PlexReply {
        // Whoever was never at work has not signed on.
        let Some(subsystem) = self.recon.subsystems().get(&member) else { return Ok(()) };
        let unrecovered = state == MemberState::Lost || subsystem.state != SubsystemState::Active;
        let abnormally = unrecovered && !self.recon.held_by(&member).is_empty();
        Ok(self.recon.apply(ReconChange::SignOff { subsystem: member, abnormally })?)
    }
}
