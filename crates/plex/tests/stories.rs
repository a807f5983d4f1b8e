//! The stories of the plex: changes in, replies and events out.

use catalog::job::{JobCard, JobId};
use catalog::{Content, Facts, NewInstance, Retention};
use csl::envelope::{PopulateCondition, PopulateMode};
use dbrc::change::Init;
use dbrc::{Access, Listing, ReconChange, ShareLevel};
use plex::{
    AbortReason, Activation, ActivationMode, ActivationOptions, Canvass, CatalogChange, CommandToken,
    Completion, InUse, Incarnation, MasterCause, MasterChange, MemberState, Membership, Outcome, Phase, Plex,
    PlexChange, PlexEvent, Registration, StageChange,
};
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::{Display, Write as _};
use vocabulary::{DirectoryLevel, InstanceStamp, MemberName, Moment, PlexName, ResourceName};

/// What can happen in a story. Every change but `show` and `restart` is an entry of the log.
#[derive(goldenscript::Command)]
enum Command {
    /// The plex begins, with these members.
    Form(Vec<String>),
    /// A run of a member asks to be taken among the active.
    Register {
        member: String,
        #[arg(key)]
        run: u64,
        #[arg(key, optional)]
        cold: bool,
        #[arg(key, optional)]
        guest: bool,
        /// The data folder it runs on: that of the roster, or else the number of its name, where it is left out.
        #[arg(key)]
        node: Option<u64>,
    },
    /// A run of a member is gone: `stopped` or `lost`.
    Depart {
        member: String,
        how: String,
        #[arg(key)]
        run: u64,
    },
    /// A member leaves for good.
    Remove(String),
    /// A whole populate job of mode STAGE or SETUP: `dbd/NAME/version/NAMED.DBDS`, and so with `psb` and `gsam`.
    Stage {
        #[arg(key, optional)]
        setup: bool,
        instances: Vec<String>,
    },
    /// A populate job begins.
    Begin {
        job: u64,
        #[arg(key)]
        owner: String,
    },
    /// A job gathers these.
    Add { job: u64, instances: Vec<String> },
    /// What a DDL job has gathered is staged.
    Unit(u64),
    /// The activation of what a DDL job has gathered begins.
    PrepareUnit {
        token: u64,
        #[arg(key)]
        job: u64,
        #[arg(key)]
        master: String,
        #[arg(key)]
        of: Option<u64>,
        #[arg(key)]
        ready: Option<String>,
    },
    /// A populate job is dropped.
    Drop(u64),
    /// Staging of that version is emptied.
    Empty(u64),
    /// An activation begins. `of` is the version of staging that its master saw; the present one where it is left out.
    Prepare {
        token: u64,
        #[arg(key)]
        master: String,
        #[arg(key)]
        mode: Option<String>,
        #[arg(key, optional)]
        delpenderr: bool,
        #[arg(key)]
        of: Option<u64>,
        /// Who said beforehand to be ready, with the run of each: `IMS1:1,IMS2:1`.
        #[arg(key)]
        ready: Option<String>,
        /// The members of FOR(IMSID()).
        #[arg(optional)]
        targets: Vec<String>,
    },
    /// The commit point, with the votes of these members.
    Commit {
        token: u64,
        #[arg(optional)]
        votes: Vec<String>,
    },
    /// An activation is backed out: its master was `lost`, or members are `silent` or have something in use.
    Abort {
        token: u64,
        #[arg(key)]
        lost: Option<String>,
        #[arg(key)]
        silent: Option<String>,
        #[arg(key)]
        busy: Option<String>,
    },
    /// A survivor becomes master of an activation.
    Takeover { token: u64, to: String },
    /// An activation is complete, these members have told so.
    End {
        token: u64,
        #[arg(optional)]
        completed: Vec<String>,
    },
    /// A database is registered in RECON.
    InitDb(String),
    /// A member gets a database to update it.
    Authorize { member: String, dbd: String },
    /// The subsystems that RECON knows, and what they have.
    Subsystems,
    /// Prior instances are purged, whatever their retention: `dbd/NAME/version`.
    Purge(Vec<String>),
    /// Definitions keep so many instances.
    Retain { instances: u16, definitions: Vec<String> },
    /// The master's copy of everything is made that of all. `of` is the level that it had, where it is not the present one.
    Reinstate {
        #[arg(key)]
        of: Option<u64>,
    },
    /// A member becomes master in a term.
    Lead { member: String, term: u64 },
    /// Members become master in turn, in so many terms from this one on.
    Reign { first: u64, count: u64 },
    /// Tells who became master, and in which term.
    Masters,
    /// Tells roster, activation, history and directory.
    Show,
    /// The plex comes back from its records.
    Restart,
}

#[derive(Default)]
struct Story {
    plex: Plex,
    entries: u64,
}

impl Story {
    /// An entry of the log, a second after the one before it.
    fn apply(&mut self, change: PlexChange) -> Result<String, Box<dyn Error>> {
        let (reply, events) = self.plex.apply(change);
        let mut output = match reply {
            Ok(()) => String::new(),
            Err(refusal) => format!("refused: {refusal}\n"),
        };
        for event in events {
            writeln!(output, "{}", told(&event))?;
        }
        Ok(output)
    }

    fn now(&mut self) -> Moment {
        self.entries += 1;
        Moment(1_767_225_600_000_000).plus_ms(self.entries * 1_000)
    }

    fn form(&mut self, members: &[String]) -> Result<String, Box<dyn Error>> {
        let members = members.iter().zip(1..).map(|(member, node)| {
            Ok((MemberName::new(member)?, (node, format!("{}.example:4000", member.to_lowercase()))))
        });
        let members = members.collect::<Result<_, Box<dyn Error>>>()?;
        let (plex, at) = (PlexName::new("PLEX1")?, self.now());
        self.apply(PlexChange::Form { plex, id: 7, shared: true, members, at })
    }

    fn register(
        &mut self,
        member: &str,
        run: u64,
        (cold, guest): (bool, bool),
        node: Option<u64>,
    ) -> Result<String, Box<dyn Error>> {
        let name = MemberName::new(member)?;
        let known = self.plex.roster().get(&name).map(|entry| entry.node);
        let own = member.trim_start_matches("IMS").parse().ok();
        let registration = Registration {
            member: name,
            node: node.or(known).or(own).unwrap_or(0),
            address: format!("{}.example:4000", member.to_lowercase()),
            incarnation: Incarnation(run),
            membership: if guest { Membership::Guest } else { Membership::Sharer },
            cold,
            version: "0.1.0".to_string(),
            at: self.now(),
        };
        self.apply(PlexChange::Register(registration))
    }

    fn begin(&mut self, job: u64, owner: &str, mode: PopulateMode) -> Result<String, Box<dyn Error>> {
        let card = JobCard {
            id: JobId(job),
            owner: MemberName::new(owner)?,
            mode,
            condition: PopulateCondition::Latest,
            delete: false,
            staging_bytes_max: 1_000,
            since: self.now(),
        };
        self.apply(PlexChange::Stage(StageChange::Begin(card)))
    }

    fn stage(&mut self, setup: bool, instances: &[String]) -> Result<String, Box<dyn Error>> {
        let mode = if setup { PopulateMode::Setup } else { PopulateMode::Stage };
        let mut output = self.begin(1, "IMS1", mode)?;
        if output.is_empty() {
            let (job, first) = (JobId(1), 0);
            let instances = instances.iter().map(|text| instance(text)).collect::<Result<_, _>>()?;
            output += &self.apply(PlexChange::Stage(StageChange::Add { job, first, instances }))?;
            let at = self.now();
            output += &self.apply(PlexChange::Stage(StageChange::End { job, at }))?;
        }
        Ok(output)
    }

    fn prepare(
        &mut self,
        (token, master, of): (u64, &str, Option<u64>),
        options: ActivationOptions,
        ready: Option<&str>,
    ) -> Result<String, Box<dyn Error>> {
        let at = self.now();
        let canvass = ready.map(canvass).transpose()?;
        let staging_version = of.unwrap_or(self.plex.catalog().staging_version());
        let (token, master) = (CommandToken(token), MemberName::new(master)?);
        self.apply(PlexChange::Prepare { token, master, options, staging_version, canvass, at })
    }

    fn abort(
        &mut self,
        token: u64,
        lost: Option<&str>,
        silent: Option<&str>,
        busy: Option<&str>,
    ) -> Result<String, Box<dyn Error>> {
        let work =
            InUse { resource: ResourceName::Psb("TELLER".parse()?), by: "SCHEDULED IN REGION 1".into() };
        let reason = match lost {
            Some(lost) => AbortReason::MasterLost(MemberName::new(lost)?),
            None => AbortReason::NotAgreed {
                in_use: members(busy)?.into_iter().map(|member| (member, vec![work.clone()])).collect(),
                silent: members(silent)?,
            },
        };
        let at = self.now();
        self.apply(PlexChange::Abort { token: CommandToken(token), reason, at })
    }

    fn commit(&mut self, token: u64, votes: &[String]) -> Result<String, Box<dyn Error>> {
        let votes = votes.iter().map(|vote| MemberName::new(vote)).collect::<Result<_, _>>()?;
        let (token, retention, at) = (CommandToken(token), Retention::default(), self.now());
        self.apply(PlexChange::Commit { token, votes, retention, at })
    }

    fn end(&mut self, token: u64, completed: &[String]) -> Result<String, Box<dyn Error>> {
        let completed: BTreeMap<MemberName, Completion> = completed
            .iter()
            .map(|member| Ok((MemberName::new(member)?, Completion::default())))
            .collect::<Result<_, Box<dyn Error>>>()?;
        let at = self.now();
        self.apply(PlexChange::End { token: CommandToken(token), completed, at })
    }

    fn depart(&mut self, member: &str, how: &str, run: u64) -> Result<String, Box<dyn Error>> {
        let state = match how {
            "stopped" => MemberState::Stopped,
            "lost" => MemberState::Lost,
            how => return Err(format!("{how} is no way to go").into()),
        };
        let (member, incarnation, at) = (MemberName::new(member)?, Incarnation(run), self.now());
        self.apply(PlexChange::Depart { member, incarnation, state, at })
    }

    fn lead(&mut self, member: &str, term: u64) -> Result<String, Box<dyn Error>> {
        let (member, since) = (MemberName::new(member)?, self.now());
        let prior = self.plex.masters().next_back().map(|last| last.member);
        let why = if prior.is_some() { MasterCause::Linked } else { MasterCause::Formed };
        let (incarnation, node) = (Incarnation(1), 1);
        let change = MasterChange { member, incarnation, node, term, since, prior, why, last_heard: None };
        self.apply(PlexChange::Lead(change))
    }

    fn reign(&mut self, first: u64, count: u64) -> Result<String, Box<dyn Error>> {
        (first..first + count).map(|term| self.lead(&format!("IMS{}", term % 3 + 1), term)).collect()
    }

    fn masters(&self) -> Result<String, Box<dyn Error>> {
        let mut output = String::new();
        for change in self.plex.masters() {
            let from = change.prior.map_or(String::new(), |prior| format!(", after {prior}"));
            writeln!(output, "{} in term {}{from}: {:?}", change.member, change.term, change.why)?;
        }
        Ok(output)
    }

    fn restart(&mut self) -> Result<String, Box<dyn Error>> {
        let records: Vec<_> = self.plex.records().collect();
        self.plex = Plex::restored(records.into_iter().map(Ok::<_, vocabulary::encoding::DecodeError>))?;
        Ok(String::new())
    }

    fn show(&self) -> Result<String, Box<dyn Error>> {
        let catalog = self.plex.catalog();
        let mut output = format!("level {}, {} staged\n", catalog.level().0, catalog.staged_count());
        for (member, entry) in self.plex.roster() {
            let guest = if entry.membership == Membership::Guest { ", a guest" } else { "" };
            let (state, run, level) = (entry.state, entry.incarnation.0, entry.level);
            writeln!(output, "{member} is {state}, run {run}, level {level}{guest}")?;
        }
        for (node, former) in self.plex.former_nodes() {
            writeln!(output, "node {node} of {} left: {:?}", former.member, former.left)?;
        }
        if let Some(activation) = self.plex.activation() {
            writeln!(output, "{}", under_way(activation))?;
        }
        for finished in self.plex.history() {
            writeln!(output, "activation {}: {}", finished.token.0, outcome(&finished.outcome))?;
        }
        if let Some(job) = catalog.job() {
            writeln!(output, "job {} of {}", job.card.id.0, job.card.owner)?;
        }
        Ok(output)
    }
}

fn under_way(activation: &Activation) -> String {
    let phase = match activation.phase {
        Phase::Preparing => "preparing".to_string(),
        Phase::Committing { level, .. } => format!("committing level {level}"),
    };
    let participants = activation.participants.iter().map(|(member, participant)| {
        if participant.down { format!("{member} (down)") } else { member.to_string() }
    });
    let changes = activation.plan.changes.iter().map(|change| change.name);
    let absent = match activation.absent.is_empty() {
        true => String::new(),
        false => format!(", without {}", listed(&activation.absent)),
    };
    format!(
        "activation {} of {} is {phase} for {}{absent}, changes {}",
        activation.token.0,
        activation.master,
        listed(participants),
        listed(changes)
    )
}

fn told(event: &PlexEvent) -> String {
    match event {
        PlexEvent::Formed => "formed".to_string(),
        PlexEvent::UnitStaged { job } => format!("a unit of job {} is staged", job.0),
        PlexEvent::Registered { member, incarnation, start, missed } => {
            let missed = missed.map_or(String::new(), |(old, new)| format!(", missed levels {old} to {new}"));
            format!("{member} run {} starts {start}{missed}", incarnation.0)
        }
        PlexEvent::Departed { member, incarnation, state } => {
            format!("{member} run {} is {state}", incarnation.0)
        }
        PlexEvent::Removed { member } => format!("{member} is removed"),
        PlexEvent::JobEnded { job, admissions } => {
            let admitted = admissions.iter().filter(|admission| admission.outcome.admitted()).count();
            format!("job {} ended, {admitted} of {} admitted", job.0, admissions.len())
        }
        PlexEvent::JobDropped { job } => format!("job {} dropped", job.0),
        PlexEvent::Prepared => "prepared".to_string(),
        PlexEvent::Committed => "committed".to_string(),
        PlexEvent::TakenOver(takeover) => {
            let when = if takeover.after_commit { "after" } else { "before" };
            format!("{} takes over from {}, {when} the commit point", takeover.to, takeover.from)
        }
        PlexEvent::Purged { deleted, .. } => {
            format!("purged {}", listed(deleted.iter().map(|(name, stamp)| format!("{name} {stamp}"))))
        }
        PlexEvent::Reinstated { names, .. } => format!("repaired {}", listed(names)),
        PlexEvent::Ended(finished) => {
            format!("activation {} ended: {}", finished.token.0, outcome(&finished.outcome))
        }
    }
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Committed { level, completed } => {
            format!("committed at level {level}, completed by {}", listed(completed.keys()))
        }
        Outcome::BackedOut(AbortReason::MasterLost(master)) => format!("backed out, master {master} lost"),
        Outcome::BackedOut(AbortReason::NotAgreed { in_use, silent }) => {
            format!("backed out, in use at {}, silent {}", listed(in_use.keys()), listed(silent))
        }
    }
}

fn listed<T: Display>(all: impl IntoIterator<Item = T>) -> String {
    let all: Vec<String> = all.into_iter().map(|one| one.to_string()).collect();
    if all.is_empty() { "nobody".to_string() } else { all.join(" ") }
}

fn members(names: Option<&str>) -> Result<BTreeSet<MemberName>, Box<dyn Error>> {
    Ok(names.into_iter().flat_map(|names| names.split('.')).map(MemberName::new).collect::<Result<_, _>>()?)
}

fn instance(text: &str) -> Result<NewInstance, Box<dyn Error>> {
    let parts: Vec<&str> = text.split('/').collect();
    let [kind, name, version, ..] = parts[..] else {
        return Err(format!("{text} is not kind/NAME/version").into());
    };
    let name = match kind {
        "psb" => ResourceName::Psb(name.parse()?),
        _ => ResourceName::Dbd(name.parse()?),
    };
    let references = parts.get(3).into_iter().flat_map(|names| names.split('.'));
    let facts =
        Facts { gsam: kind == "gsam", references: references.map(str::parse).collect::<Result<_, _>>()? };
    let stamp = InstanceStamp::at(Moment::default().plus_ms(version.parse::<u64>()? * 1_000));
    Ok(NewInstance { name, stamp, facts, content: Content::from(text.as_bytes().to_vec()) })
}

/// Who is ready, from `IMS1:11,IMS2:21`.
fn canvass(ready: &str) -> Result<Canvass, Box<dyn Error>> {
    let one = |text: &str| -> Result<(MemberName, Incarnation), Box<dyn Error>> {
        let (member, run) = text.split_once(':').ok_or("a run is missing")?;
        Ok((MemberName::new(member)?, Incarnation(run.parse()?)))
    };
    let ready = ready.split(',').map(one).collect::<Result<_, _>>()?;
    Ok(Canvass { term: 1, ready, retention: Retention::default() })
}

fn mode(mode: Option<&str>) -> Result<ActivationMode, Box<dyn Error>> {
    match mode {
        None => Ok(ActivationMode::Plain),
        Some("updatepsb") => Ok(ActivationMode::UpdatePsb),
        Some("refreshpsb") => Ok(ActivationMode::RefreshPsb),
        Some("either") => Ok(ActivationMode::Either),
        Some(mode) => Err(format!("{mode} is no mode").into()),
    }
}

impl goldenscript::Runner for Story {
    type Command = Command;

    fn run(&mut self, command: &Command, _: &goldenscript::Context) -> Result<String, Box<dyn Error>> {
        match command {
            Command::Form(members) => self.form(members),
            Command::Register { member, run, cold, guest, node } => {
                self.register(member, *run, (*cold, *guest), *node)
            }
            Command::Depart { member, how, run } => self.depart(member, how, *run),
            Command::Remove(member) => self.apply(PlexChange::Remove { member: MemberName::new(member)? }),
            Command::Stage { setup, instances } => self.stage(*setup, instances),
            Command::Begin { job, owner } => self.begin(*job, owner, PopulateMode::Stage),
            Command::Add { job, instances } => {
                let (job, first) = (JobId(*job), 0);
                let instances = instances.iter().map(|text| instance(text)).collect::<Result<_, _>>()?;
                self.apply(PlexChange::Stage(StageChange::Add { job, first, instances }))
            }
            Command::Unit(job) => {
                let (job, at) = (JobId(*job), self.now());
                self.apply(PlexChange::Stage(StageChange::Commit { job, at }))
            }
            Command::PrepareUnit { token, job, master, of, ready } => {
                let (token, job, at) = (CommandToken(*token), JobId(*job), self.now());
                let (master, canvass) =
                    (MemberName::new(master)?, ready.as_deref().map(canvass).transpose()?);
                let staging_version = of.unwrap_or(self.plex.catalog().staging_version());
                self.apply(PlexChange::PrepareUnit { token, job, master, staging_version, canvass, at })
            }
            Command::Drop(job) => self.apply(PlexChange::Stage(StageChange::Drop { job: JobId(*job) })),
            Command::Empty(staging_version) => {
                let staging_version = *staging_version;
                self.apply(PlexChange::Stage(StageChange::Empty { staging_version }))
            }
            Command::Prepare { token, master, mode: of_mode, delpenderr, of, ready, targets } => {
                let mode = mode(of_mode.as_deref())?;
                let targets =
                    targets.iter().map(|target| MemberName::new(target)).collect::<Result<_, _>>()?;
                let options = ActivationOptions { mode, targets, delpenderr: *delpenderr };
                self.prepare((*token, master, *of), options, ready.as_deref())
            }
            Command::Commit { token, votes } => self.commit(*token, votes),
            Command::Abort { token, lost, silent, busy } => {
                self.abort(*token, lost.as_deref(), silent.as_deref(), busy.as_deref())
            }
            Command::Takeover { token, to } => {
                let (token, to, at) = (CommandToken(*token), MemberName::new(to)?, self.now());
                self.apply(PlexChange::TakeOver { token, to, at })
            }
            Command::End { token, completed } => self.end(*token, completed),
            Command::Purge(instances) => {
                let named = |text: &String| instance(text).map(|new| (new.name, new.stamp));
                let instances = instances.iter().map(named).collect::<Result<_, _>>()?;
                let (token, at) = (CommandToken(0), self.now());
                self.apply(PlexChange::Catalog(CatalogChange::Purge { token, instances, past: None, at }))
            }
            Command::Retain { instances, definitions } => {
                let names = definitions.iter().map(|text| instance(&format!("{text}/1")).map(|new| new.name));
                let names = names.collect::<Result<_, _>>()?;
                let retention = Retention { instances: *instances, days: 0 };
                self.apply(PlexChange::Catalog(CatalogChange::Retain { names, retention }))
            }
            Command::Reinstate { of } => {
                let catalog = self.plex.catalog();
                let level = of.map_or(catalog.level().0, DirectoryLevel);
                let definitions = catalog.records().filter_map(|(name, _)| catalog.whole(&name)).collect();
                let (token, of) = (CommandToken(0), (level, catalog.staging_version()));
                self.apply(PlexChange::Catalog(CatalogChange::Reinstate { token, of, definitions }))
            }
            Command::InitDb(dbd) => {
                let (dbd, share_level) = (dbd.parse()?, ShareLevel::Block);
                let init = Init::Database { dbd, share_level, recoverable: true };
                self.apply(PlexChange::Recon(ReconChange::Init(init)))
            }
            Command::Authorize { member, dbd } => {
                let (subsystem, dbd, access) = (member.parse()?, dbd.parse()?, Access::Update);
                self.apply(PlexChange::Recon(ReconChange::Authorize { subsystem, dbd, access }))
            }
            Command::Subsystems => Ok(self.plex.recon().list(&Listing::Subsystems(None)).join("\n") + "\n"),
            Command::Lead { member, term } => self.lead(member, *term),
            Command::Reign { first, count } => self.reign(*first, *count),
            Command::Masters => self.masters(),
            Command::Show => self.show(),
            Command::Restart => self.restart(),
        }
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the scripts lie in a folder")]
fn stories() {
    for script in std::fs::read_dir("scripts").unwrap() {
        goldenscript::run(&mut Story::default(), script.unwrap().path()).unwrap();
    }
}
