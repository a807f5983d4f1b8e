//! A program that a member runs: each call goes there, and what came of it comes back.

use bytes::Bytes;
use csl::region::{
    CallEnding, CallOutcome, RegionAnswer, RegionCall, RegionPcb, RegionReply, RegionRequest,
    ScheduledProgram,
};
use dli::ddlt0::Calls;
use dli::{Aib, DbMask, Ending, IoMask, StatusCode};
use sci::mux::{AskError, Caller, MuxSettings};
use sci::{DialError, Identity, IdentityError, IdentityFiles, Lane, Limits};
use std::io;
use std::path::PathBuf;
use std::time::Duration;
use tokio::runtime::Runtime;
use vocabulary::{DbdName, PcbName, PsbName, encoding};

/// How long a call may take. It waits for what others have locked.
const CALL: Duration = Duration::from_secs(24 * 3_600);
/// How long scheduling may take.
const SCHEDULE: Duration = Duration::from_secs(30);

/// The member that runs the program, and who asks it.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct MemberArgs {
    /// The member that runs the program, in place of this process
    #[arg(long, value_name = "HOST:PORT", requires_all = ["authority", "certificate", "key"])]
    pub(crate) member: Option<String>,

    /// PEM certificate of the authority of the plex
    #[arg(long, value_name = "FILE", requires = "member")]
    pub(crate) authority: Option<PathBuf>,

    /// PEM certificate of whoever runs the program: a region, or an operator who may operate
    #[arg(long, value_name = "FILE", requires = "member")]
    pub(crate) certificate: Option<PathBuf>,

    /// PEM private key of that certificate
    #[arg(long, value_name = "FILE", requires = "member")]
    pub(crate) key: Option<PathBuf>,
}

/// Why a member runs no program, or not any more.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RemoteError {
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Dial(#[from] DialError),
    #[error(transparent)]
    Ask(#[from] AskError),
    #[error("the member's answer can't be read: {0}")]
    Answer(#[from] encoding::DecodeError),
    #[error("the member answers something else than it was asked; use the release of that member")]
    Other,
    #[error("{0}")]
    Refused(String),
    #[error("the runtime could not be started: {0}")]
    Runtime(#[source] io::Error),
}

/// A connection to a member, over which a program can be run.
pub(crate) struct RemoteRegion {
    runtime: Runtime,
    caller: Caller,
}

/// A program in it.
pub(crate) struct RemoteProgram<'r> {
    region: &'r RemoteRegion,
    /// Bytes of its largest I/O area.
    pub(crate) area_bytes: usize,
    /// The databases that it has to do without, and why.
    pub(crate) missing: Vec<String>,
    io: IoMask,
    pcbs: Vec<RemotePcb>,
}

struct RemotePcb {
    name: Option<PcbName>,
    mask: Option<DbMask>,
    used: Vec<usize>,
}

/// What came of a call, with the areas as they are then.
struct Made {
    ending: Ending,
    area: Vec<u8>,
    areas: Vec<Vec<u8>>,
}

impl RemoteRegion {
    pub(crate) fn connect(address: &str, files: &IdentityFiles) -> Result<Self, RemoteError> {
        let identity = Identity::load(files)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(RemoteError::Runtime)?;
        let limits = Limits::default();
        let connection = runtime.block_on(sci::dial(&identity, address, None, Lane::Region, &limits))?;
        let caller = {
            let _entered = runtime.enter();
            Caller::start(connection, MuxSettings::default())
        };
        Ok(Self { runtime, caller })
    }

    fn ask(&self, request: &RegionRequest, wait: Duration) -> Result<RegionAnswer, RemoteError> {
        let body = Bytes::from(encoding::encode(request));
        let answer = self.runtime.block_on(self.caller.ask(body, wait))?;
        encoding::decode::<RegionReply>("answer to a region", &answer)?.map_err(RemoteError::Refused)
    }

    pub(crate) fn schedule(&self, psb: PsbName) -> Result<RemoteProgram<'_>, RemoteError> {
        let RegionAnswer::Scheduled(scheduled) = self.ask(&RegionRequest::Schedule { psb }, SCHEDULE)? else {
            return Err(RemoteError::Other);
        };
        let ScheduledProgram { io_area_bytes, io_mask, pcbs, missing } = scheduled;
        Ok(RemoteProgram {
            region: self,
            area_bytes: io_area_bytes as usize,
            missing,
            io: IoMask::of(&io_mask).ok_or(RemoteError::Other)?,
            pcbs: pcbs.into_iter().map(RemotePcb::of).collect(),
        })
    }

    /// What the pointer checker of the member finds wrong with a database.
    pub(crate) fn check(&self, dbd: DbdName) -> Result<Vec<String>, RemoteError> {
        match self.ask(&RegionRequest::Check { dbd }, CALL)? {
            RegionAnswer::Checked(findings) => Ok(findings),
            _ => Err(RemoteError::Other),
        }
    }
}

impl RemotePcb {
    fn of(pcb: RegionPcb) -> Self {
        Self { name: pcb.name, mask: pcb.mask.and_then(DbMask::of), used: Vec::new() }
    }
}

impl RemoteProgram<'_> {
    /// Commits what the program did, and ends it.
    pub(crate) fn end(self) -> Result<(), RemoteError> {
        match self.region.ask(&RegionRequest::End, CALL)? {
            RegionAnswer::Ended => Ok(()),
            _ => Err(RemoteError::Other),
        }
    }

    /// The databases of its PCBs.
    pub(crate) fn databases(&self) -> Vec<DbdName> {
        let name =
            |mask: &DbMask| DbdName::new(std::str::from_utf8(mask.dbd()).unwrap_or_default().trim_end()).ok();
        let mut names: Vec<DbdName> =
            self.pcbs.iter().filter_map(|pcb| pcb.mask.as_ref()).filter_map(name).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    fn make(&mut self, call: RegionCall) -> Result<Made, RemoteError> {
        let number = call.pcb as usize;
        match self.region.ask(&RegionRequest::Call(call), CALL)? {
            RegionAnswer::Called(outcome) => self.take(number, outcome),
            _ => Err(RemoteError::Other),
        }
    }

    fn make_through_aib(&mut self, aib: &mut Aib, call: RegionCall) -> Result<Made, RemoteError> {
        let request = RegionRequest::CallThroughAib { aib: aib.bytes().to_vec(), call };
        let RegionAnswer::CalledThroughAib { aib: bytes, outcome } = self.region.ask(&request, CALL)? else {
            return Err(RemoteError::Other);
        };
        *aib = Aib::of_bytes(bytes.try_into().map_err(|_| RemoteError::Other)?);
        self.take(aib.resource_address() as usize, outcome)
    }

    /// What a call on a PCB changed here.
    fn take(&mut self, number: usize, outcome: CallOutcome) -> Result<Made, RemoteError> {
        let CallOutcome { ending, area, areas, used, masks } = outcome;
        for (number, bytes) in masks {
            self.take_mask(number as usize, bytes)?;
        }
        if let Some(pcb) = number.checked_sub(2).and_then(|at| self.pcbs.get_mut(at)) {
            pcb.used = used.into_iter().map(|bytes| bytes as usize).collect();
        }
        let ending = match ending {
            CallEnding::Status(status) => Ending::Continues(StatusCode::of_mask(status)),
            CallEnding::Abend(code) => Ending::Abend(code),
        };
        Ok(Made { ending, area, areas })
    }

    fn take_mask(&mut self, number: usize, bytes: Vec<u8>) -> Result<(), RemoteError> {
        if number == 1 {
            self.io = IoMask::of(&bytes).ok_or(RemoteError::Other)?;
        } else if let Some(pcb) = number.checked_sub(2).and_then(|at| self.pcbs.get_mut(at)) {
            pcb.mask = Some(DbMask::of(bytes).ok_or(RemoteError::Other)?);
        }
        Ok(())
    }

    fn system(
        &mut self,
        function: &[u8],
        area: &mut [u8],
        areas: Vec<Vec<u8>>,
    ) -> io::Result<(Ending, Vec<Vec<u8>>)> {
        let call =
            RegionCall { pcb: 1, function: function.to_vec(), area: area.to_vec(), ssas: Vec::new(), areas };
        let made = self.make(call).map_err(io::Error::other)?;
        put(area, &made.area);
        Ok((made.ending, made.areas))
    }
}

fn put(area: &mut [u8], bytes: &[u8]) {
    let length = area.len().min(bytes.len());
    area[..length].copy_from_slice(&bytes[..length]);
}

impl Calls for RemoteProgram<'_> {
    fn pcb_count(&self) -> usize {
        self.pcbs.len() + 1
    }

    fn io_mask(&self) -> &IoMask {
        &self.io
    }

    fn mask(&self, number: usize) -> Option<&DbMask> {
        self.pcbs.get(number.checked_sub(2)?)?.mask.as_ref()
    }

    fn pcb_name(&self, number: usize) -> Option<PcbName> {
        self.pcbs.get(number.checked_sub(2)?)?.name
    }

    fn area_used(&self, number: usize) -> Vec<usize> {
        let pcb = number.checked_sub(2).and_then(|at| self.pcbs.get(at));
        pcb.map(|pcb| pcb.used.clone()).unwrap_or_default()
    }

    fn call(
        &mut self,
        number: usize,
        function: &[u8],
        area: &mut [u8],
        ssas: &[&[u8]],
    ) -> io::Result<Ending> {
        let call = RegionCall {
            pcb: number as u32,
            function: function.to_vec(),
            area: area.to_vec(),
            ssas: ssas.iter().map(|ssa| ssa.to_vec()).collect(),
            areas: Vec::new(),
        };
        let made = self.make(call).map_err(io::Error::other)?;
        put(area, &made.area);
        Ok(made.ending)
    }

    fn aib_call(
        &mut self,
        function: &[u8],
        aib: &mut Aib,
        area: &mut [u8],
        ssas: &[&[u8]],
    ) -> io::Result<Ending> {
        let call = RegionCall {
            function: function.to_vec(),
            area: area.to_vec(),
            ssas: ssas.iter().map(|ssa| ssa.to_vec()).collect(),
            ..RegionCall::default()
        };
        let made = self.make_through_aib(aib, call).map_err(io::Error::other)?;
        put(area, &made.area);
        Ok(made.ending)
    }

    fn checkpoint(&mut self, id: &mut [u8], areas: &[&[u8]]) -> io::Result<Ending> {
        let areas = areas.iter().map(|area| area.to_vec()).collect();
        self.system(b"CHKP", id, areas).map(|(ending, _)| ending)
    }

    fn restart(&mut self, area: &mut [u8], areas: &mut [&mut [u8]]) -> io::Result<Ending> {
        let given = areas.iter().map(|area| area.to_vec()).collect();
        let (ending, back) = self.system(b"XRST", area, given)?;
        for (area, bytes) in areas.iter_mut().zip(&back) {
            put(area, bytes);
        }
        Ok(ending)
    }
}
