//! The contract with operators: what they say to the plex, and what they get back.
//!
//! **What it guarantees.** A [`Command`](om::Command) is well formed: its verb, resource type and keywords are
//! in [the table](om::grammar::COMMANDS), its names are names and its numbers in range, and there are members that
//! carry it out. Text that is not so becomes a [`CommandError`](om::CommandError) that marks the place. Help,
//! completion and the reference are made from the same table. An [`Answer`](om::Answer) says all that a door needs to
//! print it, and every door prints the same.
//!
//! **Its words.** A *type-2 command* is a verb, a resource type and keywords with parameters, as the Operations
//! Manager (*OM*) takes them: `QUERY DB NAME(ACCT*) SHOW(STATUS)`. A *type-1 command* is a verb, a resource type and
//! parameters: `/DISPLAY MODIFY ALL`. A *command of DBRC* has verb and kind of record in one word: `LIST.DB DBD(ACCTDB)`.
//! A command is *served* if members carry it out. A *generic name* stands for all names of its
//! form. A *route* names the members that are asked. An *answer* has columns, rows and messages; a *completion
//! code* says how one row went, a *return and reason code* how the whole went. A *request*
//! ([`envelope`]) is what crosses the wire.
//!
//! **Its phases.** Text → [`Command::parse`](om::Command::parse) → a typed view of that command
//! ([`om::view`]) → (the members do it) → one answer each → [`Answer::merge`](om::Answer::merge) → a
//! [renderer](om::render).
//!
//! **Its invariants.**
//! - Every text is either parsed or refused with a place inside it (or just behind its end); none panics.
//! - A command parsed again from its own text is the same command.
//! - The order of keywords, the case of letters and abbreviations change nothing.
//! - The exit status of an answer does not depend on the format it is printed in.
//! - Only what is served is offered: by errors, help, completion and the reference.
//! - A merged answer is all right only where everyone's was and nobody is missing; it names those who failed or
//!   are missing.
//!
//! **What it leaves out.** Doing anything: commands are carried out by `control-region`. Carrying anything: that
//! is `sci`. Looking who asks: which role a command takes stands here ([`om::grammar::roles`]), and a member compares it.
//!
//! It follows the OM API of IMS: the command syntax with the parsing rules of BPE (comments, quotes, nested keywords),
//! its XML (`ctl`, `cmderr`, `cmd`, `cmdrsphdr`, `cmdrspdata`, `msgdata`) and the return and reason codes of CSLOMCMD.

pub mod envelope;
pub mod om;
pub mod region;
