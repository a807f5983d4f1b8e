//! DL/I: hierarchical databases, their data sets and the calls on them.
//!
//! **What it guarantees.** A call has the effect and the status that DL/I gives it, and leaves the PCB as DL/I does:
//! level, segment, key feedback and the bytes behind it, position and parentage. A call that is refused changed nothing.
//! A block that is torn or a pointer that leads nowhere stops its database with a message, and nothing else.
//!
//! **Its words.** A *database* is opened with a DMB and its *data sets*. A *segment* has a prefix with pointers, and data;
//! where it is is its [`Rba`]. *Twins* are segments of one type under one parent. A *program* is scheduled with a PSB and
//! makes calls on *PCBs*, each with a *mask* that it reads and a *position* that the next call begins at. A *unit of work*
//! is what a program changed since its last commit point. *View* is what a PCB sees of its database. A *frame* of the
//! *buffer pool* holds a block; whoever reads or changes it holds its *latch*.
//!
//! **How it is built.** `format` is arithmetic on bytes. The pool keeps blocks. `database` finds segments,
//! puts and removes them, keeps their secondary indexes and both ends of logical relationships, and notes what takes a change back. `call` is what a program sees: search arguments, the search
//! itself, and each call; those made most are made in place where they can be, with the effect that they have on the general way. `partitions` is what makes one database of several: a HALDB. `lock` decides who may touch what while others work. `gsam` is sequential data sets, apart from all
//! that. [`ddlt0`] is the test program, which speaks to the engine as any program does, and lives here so that its decks can
//! be the stories of the engine. `docs/dli/` has the formats and the rules that IMS leaves open.
//!
//! **Its invariants.**
//! - Nobody latches a block while holding another.
//! - Every block on a data set has a checksum; a block that was never written is zeros.
//! - Every byte of a block for segments belongs to its head, a segment, or a free area; see [`Engine::check`].
//! - What a unit of work freed is not used by another before it has ended.
//! - A position is on a segment that is there, or between two.
//! - A program sees what was committed and what it changed itself, and nothing else, unless it reads without integrity
//!   (PROCOPT GO).
//! - A call that has to wait for another program ([`Ending::Waits`]) changed nothing, and is made again.
//! - A block is stamped with the last log record that changed it, and is written after that record is forced.
//! - A unit of work is committed when its X'3730' is forced, and not before; after a crash all of it is there, or nothing.
//!
//! **The log and a restart.** Each change of a block is logged as what is done, with what takes it back, and so is what
//! takes it back when that is done. The nodes of an index that change together are logged together, and an entry of it is
//! taken back as an entry, whatever became of the nodes. After a crash [`Engine::restart`] learns from the log what was
//! under way, and a database is made whole when it is opened: what the log says and a block lacks is done again, in order,
//! whether it was committed or not; then what was not committed is taken back, the latest first. That is done again from
//! the start if the power fails meanwhile. A database that can't be opened then is made whole when it can, and the log is
//! kept for it. Data sets that were restored from copies are made whole in the same way ([`Engine::recover`]), to the end of the
//! log or to a moment.
//!
//! **What it leaves out**, and refuses when a database is opened or a PSB is scheduled: access methods other than HDAM,
//! HIDAM, PHDAM and PHIDAM, secondary indexes and logical relationships of a HALDB, hierarchic pointers beside logical relationships, secondary indexes in one data set, compression, data capture, records of undefined length in GSAM. A load
//! (PROCOPT=L) is not logged: one that was not committed is done again from the start. Locks are those of one engine:
//! nobody shares a database with another member.
//!
//! It follows *Application Programming APIs* (calls, status codes) and *Database Administration* (HD organizations).

mod aib;
pub mod blocks;
mod call;
mod database;
pub mod ddlt0;
mod engine;
mod error;
mod format;
mod gsam;
mod index_exit;
mod lock;
mod partitions;
mod pcb;
mod pool;
mod program;
mod randomizer;
mod status;
mod units;

pub use aib::Aib;
pub use call::{Function, Get, Scope};
pub use database::{
    DataSetStatistics, DataSets, Finding, Inspection, Opened, SegmentStatistics, Stop, block_bytes,
};
pub use engine::{Engine, RestartOwed, Restored, Settings};
pub use error::{CommitError, OpenError, ScheduleError};
pub use format::Rba;
pub use gsam::SequentialSets;
pub use index_exit::{IndexExit, IndexExits};
pub use partitions::{PartitionBlocks, PartitionSelection, PartitionSelections, PartitionString};
pub use pcb::DbMask;
pub use program::{Ending, IoMask, Program};
pub use randomizer::{AnchorPoint, General, Randomizer, Randomizers};
pub use status::StatusCode;
