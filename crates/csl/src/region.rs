//! What dependent regions send to a member and get from it: programs in processes of their own make DL/I calls so.
//!
//! A region has a program after [`RegionRequest::Schedule`] until it ends it. Where the connection is lost instead, what the
//! program did since its last commit point is backed out.

use serde::{Deserialize, Serialize};
use vocabulary::{DbdName, PcbName, PsbName};

/// What a dependent region asks of its member. A region ends when its connection does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RegionRequest {
    /// Schedule a program.
    Schedule {
        /// Its PSB.
        psb: PsbName,
    },
    /// Make a call.
    Call(RegionCall),
    /// The program ended well: a commit point, after which it is not scheduled any more.
    End,
    /// Follow every pointer of a database that is open: the pointer checker. Nothing should change it meanwhile.
    Check {
        /// Which.
        dbd: DbdName,
    },
    /// Make a call on the PCB that an AIB names.
    CallThroughAib {
        /// The AIB, 128 bytes.
        aib: Vec<u8>,
        /// The call; its number of a PCB says nothing.
        call: RegionCall,
    },
}

/// A DL/I call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionCall {
    /// The PCB, from 1, which is the I/O PCB.
    pub pcb: u32,
    /// The function, up to four characters.
    pub function: Vec<u8>,
    /// The I/O area.
    pub area: Vec<u8>,
    /// The search arguments.
    pub ssas: Vec<Vec<u8>>,
    /// The areas that a symbolic CHKP saves, and XRST gives back.
    pub areas: Vec<Vec<u8>>,
}

/// What a region gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RegionAnswer {
    /// Its program may begin.
    Scheduled(ScheduledProgram),
    /// The call was made.
    Called(CallOutcome),
    /// What the program did is committed, and the program is gone.
    Ended,
    /// What the pointer checker found wrong, a line each.
    Checked(Vec<String>),
    /// The call was made, or not: the AIB tells.
    CalledThroughAib {
        /// The AIB as it is then.
        aib: Vec<u8>,
        /// What came of the call.
        outcome: CallOutcome,
    },
}

/// What a region got, or why nothing.
pub type RegionReply = Result<RegionAnswer, String>;

/// A program that may begin.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduledProgram {
    /// Bytes of its largest I/O area.
    pub io_area_bytes: u32,
    /// The mask of the I/O PCB.
    pub io_mask: Vec<u8>,
    /// The PCBs behind that.
    pub pcbs: Vec<RegionPcb>,
    /// The databases that it has to do without, and why.
    pub missing: Vec<String>,
}

/// A PCB of a program.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionPcb {
    /// Its name.
    pub name: Option<PcbName>,
    /// Its mask, where it is for a database.
    pub mask: Option<Vec<u8>>,
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallOutcome {
    /// How it left the program.
    pub ending: CallEnding,
    /// The I/O area.
    pub area: Vec<u8>,
    /// The areas that XRST gave back.
    pub areas: Vec<Vec<u8>>,
    /// How many bytes of the area it filled, segment by segment.
    pub used: Vec<u32>,
    /// The masks that it changed, by the numbers of their PCBs.
    pub masks: Vec<(u32, Vec<u8>)>,
}

/// How a call left its program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CallEnding {
    /// It goes on, with this status code.
    Status([u8; 2]),
    /// It was ended with this user abend, and backed out; it is not scheduled any more.
    Abend(u16),
}
