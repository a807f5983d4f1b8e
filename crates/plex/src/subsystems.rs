//! Members as subsystems of RECON: they sign on when they register, and off when they are gone.

use crate::change::PlexReply;
use crate::machine::Plex;
use crate::roster::MemberState;
use dbrc::ReconChange;
use dbrc::record::{SubsystemKind, SubsystemState};
use vocabulary::{MemberName, Moment};

impl Plex {
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
