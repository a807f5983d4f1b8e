//! The stories over real processes, in one program: most of a story is waiting, so several are told at a time, and what
//! they all need is linked once.
//!
//! A story is called by its file: `cargo test -p end-to-end --test stories audit`.

#![allow(clippy::unwrap_used, reason = "what fails in the helpers of a story fails the story")]

mod audit;
mod availability;
mod bad_starts;
mod batch_kills;
mod broken_links;
mod damage;
mod ddl;
mod dli_members;
mod documents;
mod early_questions;
mod first_story;
mod full_disk;
mod hazards;
mod limits;
mod long_run;
mod master_loss;
mod membership;
mod messages;
mod monitoring;
mod operators;
mod packaging;
mod recon;
mod reorganization;
mod restarts;
mod roles;
mod rotation;
mod runner;
mod sample;
mod states;
mod status;
mod strangers;
mod three_hosts;
mod traces;
mod translations;
mod utilities;

/// A file without its line above would be a story that nobody is ever told.
#[test]
fn every_file_of_this_folder_is_among_the_stories() {
    let own = include_str!("stories.rs");
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(name == "stories" || own.contains(&format!("\nmod {name};\n")), "{name}.rs is in no story");
    }
}
