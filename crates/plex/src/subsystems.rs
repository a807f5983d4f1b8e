//! Members as subsystems of RECON: they sign on when they register, and off when they are gone.

use crate::machine::Plex;
use crate::roster::MemberState;
use dbrc::ReconChange;
use dbrc::record::SubsystemKind;
use vocabulary::{MemberName, Moment};

impl Plex {
    pub(crate) fn sign_on(&mut self, member: MemberName, at: Moment) {
        self.tell_recon(ReconChange::SignOn { subsystem: member, kind: SubsystemKind::Online, at });
    }

    /// A member that is lost keeps its databases: it may have changed them in ways that only its log tells.
    pub(crate) fn sign_off(&mut self, member: MemberName, state: MemberState) {
        let abnormally = state == MemberState::Lost && !self.recon.held_by(&member).is_empty();
        self.tell_recon(ReconChange::SignOff { subsystem: member, abnormally });
    }

    /// A member that RECON does not know has nothing that could be taken from it.
    fn tell_recon(&mut self, change: ReconChange) {
        let _unknown = self.recon.apply(change);
    }
}
