//! What can happen in a story.

/// What can happen in a story. Definitions are those of the bank: `dbd/CUSTDB/2` is CUSTDB in its second version.
///
/// What can be seen is told as it happens: `==` an entry of the log, `IMS1` a message that IMS1 issues, `>> IMS1` what
/// an operator at IMS1 reads.
#[derive(goldenscript::Command)]
pub(crate) enum Command {
    /// Founds a plex of these members, and starts them.
    Plex(Vec<String>),
    /// Starts a guest beside the plex: a member with a catalog of its own.
    Guest(String),
    /// Starts a member that joins the plex.
    Join(String),
    /// Sets limits, before members start.
    Limit {
        #[arg(key)]
        step_timeout_s: Option<u64>,
        #[arg(key)]
        staging_bytes: Option<u64>,
        #[arg(key)]
        populate_idle_s: Option<u64>,
        #[arg(key)]
        canvass_ms: Option<u64>,
        #[arg(key, optional)]
        autoimport: bool,
        #[arg(key, optional)]
        autocreate: bool,
        /// Programs have databases, which are opened for them.
        #[arg(key, optional)]
        engine: bool,
    },
    /// Fills the directory of a new plex with the bank, in version 1.
    Bank(String),
    /// Starts members that are down.
    Start {
        #[arg(key, optional)]
        cold: bool,
        members: Vec<String>,
    },
    /// What is stopped on a member can't be written in its next run: there is no room (`full`), or its disk fails (`io`). Or
    /// the next database that it opens or closes can't be read or written (`database`).
    Fault { member: String, what: String },
    /// Members have empty data folders.
    Renew(Vec<String>),
    /// A member follows without a vote, as if its joining had broken off.
    Demote(String),
    /// Tells who is in the consensus group.
    Group,
    /// Stops members in order.
    Stop(Vec<String>),
    /// Kills members.
    Kill(Vec<String>),
    /// Parts the network: `IMS1.IMS2 IMS3`. Who is not named is alone with whoever is not either.
    Part(Vec<String>),
    /// Heals the network.
    Heal,
    /// Holds letters back (`vote`, `done`, `coordinate`, `register`, ...) or proposals (`Prepare`, `Commit`, ...), of all
    /// members or of some. While `regroup` is held, changes of the consensus group fail; while `work` is held, nothing is
    /// compiled or checked; while `database` is held, none is opened or closed.
    Hold {
        what: String,
        #[arg(optional)]
        of: Vec<String>,
    },
    /// Lets go of everything that is held.
    Release,
    /// Loses everything that is held.
    Lose,
    /// From now on every letter arrives twice.
    Twice,
    /// A member stands still for so many seconds.
    Stall { member: String, seconds: f64 },
    /// What a member has in RECON passes to another one, in a new epoch.
    TakeOver { from: String, to: String },
    /// Has a member apply nothing, or go on.
    Lag(String),
    /// Has a lagging member go on.
    Resume(String),
    /// Has the consensus group of the plex led by this member.
    Lead(String),
    /// A member's host does not know for a moment who leads.
    Blink(String),
    /// A member hears of links and leadership only how they stand at the next tick.
    Deafen(String),
    /// Only a snapshot is left of the log so far.
    Compact,
    /// Sets the clock of a member forward by so many seconds, or back.
    Clock { member: String, seconds: i64 },
    /// Lets time pass: seconds.
    Run(f64),
    /// An operator types a command at a member: one who may do everything, or one of this role, called as it is.
    At {
        member: String,
        command: String,
        #[arg(key, optional)]
        role: Option<String>,
    },
    /// A whole populate job, at a member.
    Populate {
        member: String,
        #[arg(key, optional)]
        role: Option<String>,
        #[arg(key)]
        mode: Option<String>,
        #[arg(key, optional)]
        uncond: bool,
        #[arg(key, optional)]
        delete: bool,
        definitions: Vec<String>,
    },
    /// One part of a populate job, the last of it with `last=true`.
    Chunk {
        member: String,
        #[arg(key)]
        job: u64,
        #[arg(key, optional)]
        last: bool,
        #[arg(optional)]
        definitions: Vec<String>,
    },
    /// A whole DDL job, at a member: its lines. The names are options of the job.
    Ddl {
        member: String,
        #[arg(key, optional)]
        verbose: bool,
        #[arg(key, optional)]
        autocommit: bool,
        #[arg(key, optional)]
        simulate: bool,
        #[arg(key, optional)]
        autoactivate: bool,
        #[arg(key, optional)]
        views: bool,
        lines: Vec<String>,
    },
    /// One part of a DDL job, the last of it with `last=true`.
    DdlChunk {
        member: String,
        #[arg(key)]
        job: u64,
        #[arg(key, optional)]
        last: bool,
        #[arg(optional)]
        lines: Vec<String>,
    },
    /// The operator who asked last at a member goes away.
    Hangup(String),
    /// Lists the catalog at a member.
    List {
        member: String,
        name: Option<String>,
        #[arg(key)]
        instances: Option<String>,
    },
    /// Stages a PSB that names a DBD which is nowhere, as no populate would.
    Smuggle(String),
    /// A member's copy of the catalog loses the instance that a header names: `psb/TELLER`, of its active instance; or of its
    /// pending one.
    Damage {
        member: String,
        definition: String,
        #[arg(key, optional)]
        pending: bool,
    },
    /// A program is scheduled in a region of a member.
    Schedule { member: String, region: u32, psb: String },
    /// A region of a member ends.
    End { member: String, region: u32 },
    /// From now on members tell how activations went.
    Observe,
    /// A member in numbers.
    Sample(String),
}
