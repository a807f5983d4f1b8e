//! Programs of dependent regions: each has a thread, because its calls block.

use super::core::Core;
use crate::logging;
use bytes::Bytes;
use control_region::{Event, ProgramOrder, RegionId};
use csl::region::{
    CallEnding, CallOutcome, RegionAnswer, RegionCall, RegionPcb, RegionReply, RegionRequest,
    ScheduledProgram,
};
use definitions::acb::PsbBlock;
use dli::ddlt0::Calls;
use dli::{Aib, Ending, Engine, Program, ScheduleError, StatusCode};
use sci::mux::Responder;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::JoinHandle;
use vocabulary::message::DFS3303I;
use vocabulary::{PsbName, encoding};

/// The most bytes of an I/O area, and of what goes with it. No segment and no message is longer.
const AREA_BYTES_MAX: usize = 1 << 20;

/// The abend of a program that calls on a database that it does not have.
const UNAVAILABLE_ABEND: u16 = 3303;

/// The regions that are connected, and their programs.
pub(super) struct Programs {
    engine: Arc<Engine>,
    core: Arc<Core>,
    regions: Mutex<BTreeMap<RegionId, Option<Running>>>,
}

/// A program at work.
struct Running {
    jobs: mpsc::Sender<Job>,
    thread: JoinHandle<()>,
}

/// Something that a region asks of its program.
struct Job {
    request: RegionRequest,
    responder: Responder,
}

impl Programs {
    pub(super) fn new(engine: Arc<Engine>, core: Arc<Core>) -> Self {
        Self { engine, core, regions: Mutex::default() }
    }

    /// A region is connected.
    pub(super) fn come(&self, region: RegionId) {
        self.lock().insert(region, None);
    }

    /// A region's connection is gone. What its program did since its last commit point is backed out.
    pub(super) fn leave(&self, region: RegionId) {
        match self.lock().remove(&region).flatten() {
            // It tells itself when it is over.
            Some(running) => drop(running.jobs),
            None => self.core.tell(Event::RegionEnded { region }),
        }
    }

    /// Every program ends, as if the connections were gone.
    pub(super) fn end(&self) {
        let running = std::mem::take(&mut *self.lock());
        let (jobs, threads): (Vec<_>, Vec<_>) =
            running.into_values().flatten().map(|running| (running.jobs, running.thread)).unzip();
        drop(jobs);
        for thread in threads {
            if thread.join().is_err() {
                tracing::warn!("a program broke off");
            }
        }
    }

    /// Begins a program in its region, if that is still there.
    pub(super) fn begin(self: &Arc<Self>, order: Box<ProgramOrder>, responder: Responder) {
        let region = order.region;
        let mut regions = self.lock();
        let Some(place) = regions.get_mut(&region) else {
            drop(regions);
            return self.core.tell(Event::RegionEnded { region });
        };
        let (jobs, asked) = mpsc::channel();
        let programs = Arc::clone(self);
        let thread = std::thread::Builder::new().name(format!("region {}", region.0));
        match thread.spawn(move || programs.run(*order, responder, &asked)) {
            Ok(thread) => *place = Some(Running { jobs, thread }),
            Err(error) => {
                drop(regions);
                tracing::warn!("no thread can be had for a program: {error}");
                self.core.tell(Event::RegionEnded { region });
            }
        }
    }

    /// Hands something to the program of a region.
    pub(super) fn ask(&self, region: RegionId, request: RegionRequest, responder: Responder) {
        let regions = self.lock();
        let refused = match regions.get(&region) {
            Some(Some(running)) => running.jobs.send(Job { request, responder }).err().map(|job| job.0),
            _ => Some(Job { request, responder }),
        };
        drop(regions);
        if let Some(Job { responder, .. }) = refused {
            answer(responder, &Err("no program is scheduled in this region; schedule one first".to_string()));
        }
    }

    /// Whether a region has a program.
    pub(super) fn is_busy(&self, region: RegionId) -> bool {
        matches!(self.lock().get(&region), Some(Some(_)))
    }

    fn run(&self, order: ProgramOrder, responder: Responder, jobs: &mpsc::Receiver<Job>) {
        let ProgramOrder { region, block, logical, missing } = order;
        logical.into_iter().for_each(|dmb| self.engine.define_logical(Arc::new(dmb)));
        let (program, more) = match self.engine.schedule_available(&block) {
            Ok(scheduled) => scheduled,
            Err(error) => {
                self.over(region);
                return answer(responder, &Err(error.message(&block.name).to_string()));
            }
        };
        let mut missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
        // Why a database is not open was said when it was not opened.
        let unsaid = more.iter().filter(|error| !matches!(error, ScheduleError::NotOpen(_)));
        missing.extend(unsaid.map(|error| error.message(&block.name).to_string()));
        let mut work = AtWork { masks: masks(&program), program, psb: block.name, region };
        answer(responder, &Ok(RegionAnswer::Scheduled(scheduled(&work.program, &block, missing))));
        let last = work.serve(jobs);
        drop(work);
        self.over(region);
        if let Some((responder, reply)) = last {
            answer(responder, &reply);
        }
    }

    /// A program is gone; its region may schedule another.
    fn over(&self, region: RegionId) {
        if let Some(place) = self.lock().get_mut(&region) {
            *place = None;
        }
        self.core.tell(Event::RegionEnded { region });
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<RegionId, Option<Running>>> {
        self.regions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn check_length(areas: &[Vec<u8>], area: &Vec<u8>) -> Result<(), String> {
    match areas.iter().chain([area]).map(Vec::len).max().unwrap_or_default() {
        bytes if bytes > AREA_BYTES_MAX => {
            Err(format!("an area of {bytes} bytes is too long: {AREA_BYTES_MAX} is the most"))
        }
        _ => Ok(()),
    }
}

/// Whether the call ended its program.
fn has_ended(reply: &RegionReply) -> bool {
    let outcome = match reply {
        Ok(RegionAnswer::Called(outcome) | RegionAnswer::CalledThroughAib { outcome, .. }) => outcome,
        _ => return false,
    };
    matches!(outcome.ending, CallEnding::Abend(_))
}

fn answer(responder: Responder, reply: &RegionReply) {
    responder.answer(Bytes::from(encoding::encode(reply)));
}

/// A program, and the masks as its region has them.
struct AtWork {
    psb: PsbName,
    region: RegionId,
    program: Program,
    masks: BTreeMap<usize, Vec<u8>>,
}

impl AtWork {
    /// Serves its region until it ends, and gives what is to be answered then.
    fn serve(&mut self, jobs: &mpsc::Receiver<Job>) -> Option<(Responder, RegionReply)> {
        for Job { request, responder } in jobs {
            match request {
                RegionRequest::Call(call) => {
                    let reply = self.call(call).map(RegionAnswer::Called);
                    if has_ended(&reply) {
                        return Some((responder, reply));
                    }
                    answer(responder, &reply);
                }
                RegionRequest::CallThroughAib { aib, call } => {
                    let reply = self.aib_call(&aib, call);
                    if has_ended(&reply) {
                        return Some((responder, reply));
                    }
                    answer(responder, &reply);
                }
                RegionRequest::End => {
                    let ended = self.program.commit().map(|()| RegionAnswer::Ended);
                    return Some((responder, ended.map_err(|error| error.to_string())));
                }
                RegionRequest::Schedule { .. } | RegionRequest::Check { .. } => {
                    answer(responder, &Err("a program is scheduled in this region already".to_string()));
                }
            }
        }
        None
    }

    fn aib_call(&mut self, aib: &[u8], call: RegionCall) -> RegionReply {
        let bytes = aib
            .try_into()
            .map_err(|_| format!("an AIB has {} bytes, and this one has {}", Aib::BYTES, aib.len()))?;
        let mut aib = Aib::of_bytes(bytes);
        let RegionCall { function, mut area, ssas, .. } = call;
        check_length(&[], &area)?;
        let ssas: Vec<&[u8]> = ssas.iter().map(Vec::as_slice).collect();
        let made = Calls::aib_call(&mut self.program, &function, &mut aib, &mut area, &ssas);
        let number = aib.resource_address() as usize;
        let outcome = self.outcome(number, made, area, Vec::new())?;
        Ok(RegionAnswer::CalledThroughAib { aib: aib.bytes().to_vec(), outcome })
    }

    fn call(&mut self, call: RegionCall) -> Result<CallOutcome, String> {
        let RegionCall { pcb, function, mut area, ssas, mut areas } = call;
        check_length(&areas, &area)?;
        let ssas: Vec<&[u8]> = ssas.iter().map(Vec::as_slice).collect();
        let number = pcb as usize;
        let program: &mut dyn Calls = &mut self.program;
        let made = match function.as_slice() {
            b"XRST" => {
                let mut areas: Vec<&mut [u8]> = areas.iter_mut().map(Vec::as_mut_slice).collect();
                program.restart(&mut area, &mut areas)
            }
            b"CHKP" if !areas.is_empty() => {
                let areas: Vec<&[u8]> = areas.iter().map(Vec::as_slice).collect();
                program.checkpoint(&mut area, &areas)
            }
            _ => program.call(number, &function, &mut area, &ssas),
        };
        self.outcome(number, made, area, areas)
    }

    fn outcome(
        &mut self,
        number: usize,
        made: io::Result<Ending>,
        area: Vec<u8>,
        areas: Vec<Vec<u8>>,
    ) -> Result<CallOutcome, String> {
        let ending = match made.map_err(|error| error.to_string())? {
            Ending::Continues(status) => CallEnding::Status(status.bytes()),
            Ending::Abend(code) => {
                self.tell_abend(number, code);
                CallEnding::Abend(code)
            }
            // A program waits by itself.
            Ending::Waits => CallEnding::Status(StatusCode::OK.bytes()),
        };
        let used = self.program.area_used(number).into_iter().map(|bytes| bytes as u32).collect();
        Ok(CallOutcome { ending, area, areas, used, masks: self.changed_masks() })
    }

    fn tell_abend(&self, number: usize, code: u16) {
        if let Some(mask) = self.program.mask(number).filter(|_| code == UNAVAILABLE_ABEND) {
            let dbd = String::from_utf8_lossy(mask.dbd());
            logging::issue(&DFS3303I.with(&[&self.psb, &self.region.0, &dbd.trim_end()]));
        }
    }

    /// The masks that are not as the region has them. It has them afterwards.
    fn changed_masks(&mut self) -> Vec<(u32, Vec<u8>)> {
        let now = masks(&self.program);
        let before = std::mem::replace(&mut self.masks, now);
        let changed = self.masks.iter().filter(|(number, mask)| before.get(number) != Some(mask));
        changed.map(|(number, mask)| (*number as u32, mask.clone())).collect()
    }
}

fn masks(program: &Program) -> BTreeMap<usize, Vec<u8>> {
    let database = |number| Some((number, program.mask(number)?.bytes().to_vec()));
    let io = (1, program.io_mask().bytes().to_vec());
    (2..=program.pcb_count()).filter_map(database).chain([io]).collect()
}

fn scheduled(program: &Program, block: &PsbBlock, missing: Vec<String>) -> ScheduledProgram {
    let pcb = |number| RegionPcb {
        name: program.pcb_name(number),
        mask: program.mask(number).map(|mask| mask.bytes().to_vec()),
    };
    ScheduledProgram {
        io_area_bytes: block.io_area_bytes,
        io_mask: program.io_mask().bytes().to_vec(),
        pcbs: (2..=program.pcb_count()).map(pcb).collect(),
        missing,
    }
}
