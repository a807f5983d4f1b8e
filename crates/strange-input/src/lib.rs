//! What comes from outside, read by the doors that it comes through.
//!
//! **What it guarantees.** Each function of [`DOORS`] hands any bytes at all to the code of the product that would meet them
//! first, and panics where that code breaks a promise: it must not panic, hang or take memory without bound, and where it
//! accepts something it must stand by it. So a *fuzzer* can look for bytes that break it, and what it finds becomes a file of
//! the *corpus* that the tests read ever after, without a fuzzer.
//!
//! **Its words.** A *door* is such a function with its name. The corpus of a door are the files of `fuzz/corpus/<name>/`;
//! `fuzz/fuzz_targets/<name>.rs` is the fuzzer that looks for more.
//!
//! **Its invariants.**
//! - Every door has a corpus, every corpus a door, and every door a fuzzer.
//! - The tests read every file of every corpus.
//!
//! **What it leaves out.** Whether a good input is understood well: the crates that read it say so in their own tests.

mod files;
mod language;
mod wire;

/// A way in: its name, and what reads what comes in by it.
#[derive(Debug, Clone, Copy)]
pub struct Door {
    /// As the corpus and the fuzzer are called.
    pub name: &'static str,
    /// Reads anything at all; panics where a promise is broken.
    pub read: fn(&[u8]),
}

/// Every way in.
pub const DOORS: &[Door] = &[
    Door { name: "macros", read: language::macros },
    Door { name: "ddl", read: language::ddl },
    Door { name: "commands", read: language::commands },
    Door { name: "frames", read: wire::frames },
    Door { name: "messages", read: wire::messages },
    Door { name: "log", read: files::log },
    Door { name: "snapshot", read: files::snapshot },
    Door { name: "configuration", read: files::configuration },
];

/// Reads something by the door of this name.
///
/// # Panics
/// Where there is no such door, and where a promise is broken.
pub fn read(door: &str, bytes: &[u8]) {
    let found = DOORS.iter().find(|one| one.name == door);
    let Some(door) = found else { panic!("there is no door named {door}") };
    (door.read)(bytes);
}
