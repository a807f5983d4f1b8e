//! What a member has around it beside consensus and the other members: operators and regions, an engine, and those who
//! watch.

use super::core::Core;
use super::doors::Doors;
use super::engine_room::EngineRoom;
use crate::logging;
use crate::monitoring::{Meters, Traces};
use control_region::{Course, OpenOrder, ProgramOrder, RequestId};
use csl::envelope::Progress;
use csl::om::Answer;
use std::sync::Arc;
use vocabulary::{DbdName, Message};

/// Carries out the effects that are for the surroundings. Each is described where effects are (`control_region::Effect`).
pub(super) trait Surroundings: Send + Sync + 'static {
    fn answer(&self, request: RequestId, answer: &Answer);
    fn progress(&self, request: RequestId, progress: &Progress);
    fn scheduled(&self, request: RequestId, outcome: Result<Box<ProgramOrder>, String>);
    fn open_database(&self, order: Box<OpenOrder>);
    fn close_database(&self, dbd: DbdName);
    fn end_engine(&self);
    fn issue(&self, message: &Message);
    fn observe(&self, course: &Course);
}

/// The surroundings of a process.
pub(super) struct House {
    pub(super) core: Arc<Core>,
    pub(super) doors: Doors,
    pub(super) engine: EngineRoom,
    pub(super) meters: Meters,
    pub(super) traces: Traces,
}

impl Surroundings for House {
    fn answer(&self, request: RequestId, answer: &Answer) {
        self.doors.answer(request, answer);
    }

    fn progress(&self, request: RequestId, progress: &Progress) {
        self.doors.progress(request, progress);
    }

    fn scheduled(&self, request: RequestId, outcome: Result<Box<ProgramOrder>, String>) {
        self.doors.scheduled(request, outcome);
    }

    fn open_database(&self, order: Box<OpenOrder>) {
        self.engine.open(order);
    }

    fn close_database(&self, dbd: DbdName) {
        self.engine.close(dbd);
    }

    fn end_engine(&self) {
        self.engine.end();
    }

    fn issue(&self, message: &Message) {
        logging::issue(message);
    }

    fn observe(&self, course: &Course) {
        self.meters.activation_ended(course);
        let plex = self.core.look(|region| region.plex().identity().map(|identity| identity.id));
        self.traces.activation_ended(course, plex.unwrap_or_default());
    }
}
