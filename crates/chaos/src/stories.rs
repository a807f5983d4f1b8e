//! The stories in `scripts/`: what operators, programs and failures do to a plex, and what everybody sees of it.

use crate::bank;
use crate::drafts;
use crate::story_commands::Command;
use crate::world::cluster::{Cluster, Sight};
use crate::world::network::Held;
use catalog::job::{JobCard, JobId};
use catalog::{Content, Facts, NewInstance};
use control_region::Course;
use csl::envelope::{
    DdlOptions, DdlRequest, ListInstances, ListRequest, OperatorRequest, PopulateCondition, PopulateMode,
    PopulateRequest, SourceFile,
};
use csl::om::render;
use dasd::Fault;
use dbrc::ReconChange;
use plex::{PlexChange, StageChange};
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use vocabulary::{InstanceStamp, MemberName, Moment, PsbName};

struct Story {
    cluster: Cluster,
    jobs: u64,
    observes: bool,
    /// Members in numbers, to be told next.
    sampled: String,
    /// The command tokens that were seen, in order.
    tokens: Vec<String>,
}

/// How an activation went, in milliseconds since its Prepare entry.
fn told(course: &Course) -> String {
    let after = |moment: Moment| moment.ms_since(course.prepared);
    let heard = |moments: &BTreeMap<MemberName, Moment>| {
        let one = |(member, moment): (&MemberName, &Moment)| format!(" {member}+{}", after(*moment));
        moments.iter().map(one).collect::<String>()
    };
    let mut told = format!("saw {} of master {}:", course.token, course.master);
    if let Some(taken) = course.taken {
        told += &format!(" taken {} before,", course.prepared.ms_since(taken));
    }
    told += &format!(" votes{},", heard(&course.votes));
    match (course.committed, course.level) {
        (Some(committed), Some(level)) => {
            told += &format!(" committed+{} at level {level},", after(committed));
            told += &format!(" done{},", heard(&course.completions));
        }
        _ => told += " backed out,",
    }
    told + &format!(" ended+{}", after(course.ended))
}

type Told = Result<(), Box<dyn Error>>;

impl Story {
    fn new() -> Self {
        Self { cluster: Cluster::new(), jobs: 0, observes: false, sampled: String::new(), tokens: Vec::new() }
    }

    /// What could be seen since it was asked last.
    fn seen(&mut self) -> String {
        let mut output = std::mem::take(&mut self.sampled);
        for sight in std::mem::take(&mut self.cluster.sights) {
            let line = match sight {
                Sight::Issued(member, message) => format!("{member:<4} {message}"),
                Sight::Answered(member, answer) => {
                    let text = render::table::render(&answer);
                    text.lines().filter(|line| !line.is_empty()).fold(String::new(), |told, line| {
                        let end = if told.is_empty() { "" } else { "\n" };
                        told + end + &format!(">> {member} {line}")
                    })
                }
                Sight::Progress(member, text) => format!(">> {member} ... {text}"),
                Sight::Scheduled(member, Ok(())) => format!("{member:<4} scheduled"),
                Sight::Scheduled(member, Err(reason)) => format!("{member:<4} not scheduled: {reason}"),
                // It follows every command by a second, and only what comes of it is worth telling.
                Sight::Entry("Audit") => continue,
                Sight::Observed(member, course) if self.observes => format!("{member:<4} {}", told(&course)),
                Sight::Observed(..) => continue,
                Sight::Entry(name) => format!("== {name}"),
                Sight::Regrouped(what) => format!("== {what}"),
                Sight::Ended(member) => format!("{member:<4} has stopped"),
                Sight::Engine(member, what) => format!("{member:<4} engine: {what}"),
                Sight::Failed(member, reason) => format!("{member:<4} has failed: {reason}"),
                Sight::Rebuilt(member) => format!("{member:<4} fills its shelf again"),
            };
            let _ = writeln!(output, "{line}");
        }
        self.with_short_tokens(output)
    }

    /// Command tokens are sixteen hex digits that mean nothing to a reader: the first is told as T1.
    fn with_short_tokens(&mut self, mut output: String) -> String {
        let is_token = |word: &&str| word.len() == 16 && word.bytes().all(|b| b.is_ascii_hexdigit());
        let words = output.split(|c: char| !c.is_ascii_alphanumeric()).filter(is_token);
        let unknown: Vec<String> = words.map(str::to_string).collect();
        for token in unknown {
            if !self.tokens.contains(&token) {
                self.tokens.push(token);
            }
        }
        for (token, number) in self.tokens.iter().zip(1..) {
            output = output.replace(token.as_str(), &format!("T{number}"));
        }
        output
    }

    fn ddl(&mut self, member: &str, options: DdlOptions, lines: &[String]) -> Told {
        self.jobs += 1;
        let (job, sources) = (self.jobs, ddl_sources(lines));
        self.cluster
            .ask(name(member)?, OperatorRequest::Ddl(DdlRequest { job, options, sources, last: true }));
        Ok(())
    }

    /// The connection of the operator who asked last at a member is gone.
    fn hang_up(&mut self, member: &str) -> Told {
        let member = name(member)?;
        let asked = self.cluster.requests.iter_mut().rev().find(|(_, request)| request.member == member);
        let (request, noted) = asked.ok_or("nobody asked anything")?;
        noted.cut_off = true;
        let request = *request;
        self.cluster.tell(member, control_region::Event::OperatorLeft { request });
        self.cluster.settle();
        Ok(())
    }

    fn limit(
        &mut self,
        step_timeout_s: Option<u64>,
        staging_bytes: Option<u64>,
        populate_idle_s: Option<u64>,
        canvass_ms: Option<u64>,
    ) {
        let limits = &mut self.cluster.limits;
        limits.step_timeout_ms = step_timeout_s.map_or(limits.step_timeout_ms, |seconds| seconds * 1_000);
        limits.staging_bytes_max = staging_bytes.unwrap_or(limits.staging_bytes_max);
        limits.populate_idle_ms = populate_idle_s.map_or(limits.populate_idle_ms, |seconds| seconds * 1_000);
        limits.canvass_wait_ms = canvass_ms.unwrap_or(limits.canvass_wait_ms);
    }

    /// The name of an operator with less than every role is the role.
    fn ask(&mut self, member: &str, role: Option<&str>, asked: OperatorRequest) -> Told {
        match role {
            None => self.cluster.ask(name(member)?, asked),
            Some(role) => self.cluster.ask_as(name(member)?, role, role.parse()?, asked),
        };
        Ok(())
    }

    fn part_of_job(&mut self, mode: Option<&str>, definitions: &[String]) -> Result<PopulateRequest, String> {
        self.jobs += 1;
        let mode = match mode {
            None | Some("stage") => PopulateMode::Stage,
            Some("setup") => PopulateMode::Setup,
            Some("update") => PopulateMode::Update,
            Some(mode) => return Err(format!("{mode} is no mode")),
        };
        Ok(PopulateRequest {
            job: self.jobs,
            mode,
            condition: PopulateCondition::Latest,
            delete: false,
            sources: definitions.iter().map(|text| bank::source(text)).collect::<Result<_, _>>()?,
            last: true,
            stamp: None,
        })
    }

    fn smuggle(&mut self, psb: &str) -> Told {
        let psb: PsbName = psb.parse()?;
        let references = ["NOWHERE".parse()?].into_iter().collect();
        let new = NewInstance {
            name: psb.into(),
            stamp: InstanceStamp::at(self.cluster.now),
            facts: Facts { gsam: false, references },
            content: Content::from(b"smuggled".to_vec()),
        };
        let (job, at) = (JobId(0), self.cluster.now);
        let card = JobCard {
            id: job,
            owner: name("IMS1")?,
            mode: PopulateMode::Stage,
            condition: PopulateCondition::Latest,
            delete: false,
            staging_bytes_max: 1 << 20,
            since: at,
        };
        let changes = [
            StageChange::Begin(card),
            StageChange::Add { job, first: 0, instances: vec![new] },
            StageChange::End { job, at },
        ];
        changes.map(PlexChange::Stage).into_iter().for_each(|change| self.cluster.groups[0].append(change));
        self.cluster.settle();
        Ok(())
    }

    fn list(&mut self, member: &str, of: Option<&str>, instances: Option<&str>) -> Told {
        let instances = match instances {
            None | Some("all") => ListInstances::All,
            Some("active") => ListInstances::Active,
            Some("pending") => ListInstances::Pending,
            Some(instances) => return Err(format!("{instances} are no instances").into()),
        };
        let request = ListRequest { kind: None, name: of.unwrap_or("*").to_string(), instances };
        self.cluster.ask(name(member)?, OperatorRequest::List(request));
        Ok(())
    }

    fn part(&mut self, parts: &[String]) -> Told {
        let mut apart = BTreeMap::new();
        for (part, members) in (1..).zip(parts) {
            for member in members.split('.') {
                apart.insert(name(member)?, part);
            }
        }
        self.cluster.fall_apart(apart);
        Ok(())
    }

    fn hold(&mut self, what: &str, of: &[String]) -> Told {
        let held = Held::named(what).ok_or_else(|| format!("{what} can't be held"))?;
        let holds = &mut self.cluster.network.holds;
        if of.is_empty() {
            holds.insert((held, None));
        }
        for member in of {
            holds.insert((held, Some(name(member)?)));
        }
        Ok(())
    }

    fn act(&mut self, command: &Command) -> Told {
        match command {
            Command::Plex(members) => {
                self.cluster.found(&names(members)?);
                self.cluster.run(2_000);
            }
            Command::Guest(guest) => {
                self.cluster.invite(name(guest)?);
                self.cluster.start(name(guest)?, false);
                self.cluster.run(3_000);
            }
            Command::Join(member) => {
                self.cluster.join(name(member)?);
                self.cluster.start(name(member)?, false);
                self.cluster.run(2_000);
            }
            Command::Limit {
                step_timeout_s,
                staging_bytes,
                populate_idle_s,
                canvass_ms,
                autoimport,
                autocreate,
                engine,
            } => {
                self.limit(*step_timeout_s, *staging_bytes, *populate_idle_s, *canvass_ms);
                let limits = &mut self.cluster.limits;
                (limits.auto_import, limits.auto_create) = (*autoimport, *autocreate);
                limits.has_engine = *engine;
            }
            Command::Bank(member) => {
                let part = self.part_of_job(Some("setup"), &bank::WHOLE.map(str::to_string))?;
                self.ask(member, None, OperatorRequest::Populate(part))?;
                self.cluster.run(1_000);
            }
            Command::Start { cold, members } => {
                for member in names(members)? {
                    self.cluster.start(member, *cold);
                }
            }
            Command::Renew(members) => {
                names(members)?.into_iter().for_each(|member| self.cluster.renew(member))
            }
            Command::Demote(member) => {
                let node = self.cluster.node(name(member)?).settings.node;
                self.cluster.groups[0].voters.remove(&node);
                self.cluster.groups[0].learners.insert(node);
                self.cluster.settle();
            }
            Command::Group => {
                let group = &self.cluster.groups[0];
                let group = format!("voters {:?}, learners {:?}", group.voters, group.learners);
                self.cluster.sights.push(Sight::Regrouped(group));
            }
            Command::Fault { member, what } if what == "database" => {
                self.cluster.node(name(member)?).engine.fails_next = true;
            }
            Command::Fault { member, what } => {
                let fault = if what == "full" { Fault::Full } else { Fault::Io };
                self.cluster.node(name(member)?).stops_fault = Some(fault);
            }
            Command::Stop(members) => {
                for member in names(members)? {
                    self.cluster.tell(member, control_region::Event::Stop);
                    self.cluster.settle();
                }
            }
            Command::Kill(members) => {
                names(members)?.into_iter().for_each(|member| self.cluster.kill(member))
            }
            Command::Part(parts) => self.part(parts)?,
            Command::Heal => self.part(&[])?,
            Command::Hold { what, of } => self.hold(what, of)?,
            Command::Release => self.cluster.release(false),
            Command::Lose => self.cluster.release(true),
            Command::Twice => self.cluster.network.weather.twice_per_mille = 1_000,
            Command::Stall { member, seconds } => {
                let until = self.cluster.now.plus_ms((seconds * 1_000.0) as u64);
                self.cluster.node(name(member)?).stalled_until = until;
            }
            Command::TakeOver { from, to } => {
                let (from, to) = (name(from)?, name(to)?);
                self.cluster.groups[0].append(PlexChange::Recon(ReconChange::TakeOver { from, to }));
                self.cluster.settle();
            }
            Command::Lag(member) => self.cluster.node(name(member)?).lags = true,
            Command::Resume(member) => {
                self.cluster.node(name(member)?).lags = false;
                self.cluster.settle();
            }
            Command::Lead(member) => {
                let node = self.cluster.node(name(member)?).settings.node;
                self.cluster.groups[0].lead(node);
                self.cluster.settle();
            }
            Command::Blink(member) => self.cluster.blink(name(member)?),
            Command::Deafen(member) => self.cluster.node(name(member)?).uninformed = true,
            Command::Compact => self.cluster.compact(),
            Command::Clock { member, seconds } => {
                self.cluster.node(name(member)?).clock.jump(*seconds * 1_000);
            }
            Command::Run(seconds) => self.cluster.run((seconds * 1_000.0) as u64),
            Command::At { member, command, role } => {
                self.ask(member, role.as_deref(), drafts::command(command))?;
            }
            Command::Populate { member, role, mode, uncond, delete, definitions } => {
                let part = self.part_of_job(mode.as_deref(), definitions)?;
                let condition =
                    if *uncond { PopulateCondition::Unconditional } else { PopulateCondition::Latest };
                let part = PopulateRequest { condition, delete: *delete, ..part };
                self.ask(member, role.as_deref(), OperatorRequest::Populate(part))?;
            }
            Command::Chunk { member, job, last, definitions } => {
                let part = self.part_of_job(None, definitions)?;
                let part = PopulateRequest { job: 1_000 + *job, last: *last, ..part };
                self.ask(member, None, OperatorRequest::Populate(part))?;
            }
            Command::Ddl { member, verbose, autocommit, simulate, autoactivate, views, lines } => {
                let options = DdlOptions {
                    verbose: *verbose,
                    auto_commit: *autocommit,
                    simulate: *simulate,
                    auto_activate: *autoactivate,
                    program_views: *views,
                };
                self.ddl(member, options, lines)?;
            }
            Command::DdlChunk { member, job, last, lines } => {
                let part = DdlRequest {
                    job: 2_000 + *job,
                    options: DdlOptions::default(),
                    sources: ddl_sources(lines),
                    last: *last,
                };
                self.cluster.ask(name(member)?, OperatorRequest::Ddl(part));
            }
            Command::Hangup(member) => self.hang_up(member)?,
            Command::List { member, name, instances } => {
                self.list(member, name.as_deref(), instances.as_deref())?;
            }
            Command::Smuggle(psb) => self.smuggle(psb)?,
            Command::Damage { member, definition, pending } => {
                let (kind, of) = definition.split_once('/').ok_or("a definition is kind/NAME")?;
                let of = match kind {
                    "psb" => vocabulary::ResourceName::Psb(of.parse()?),
                    _ => vocabulary::ResourceName::Dbd(of.parse()?),
                };
                self.cluster.damage(name(member)?, of, *pending);
            }
            Command::Schedule { member, region, psb } => {
                self.cluster.schedule(name(member)?, *region, psb.parse()?);
            }
            Command::Observe => self.observes = true,
            Command::Sample(member) => {
                let region = self.cluster.node(name(member)?).region.as_ref().ok_or("it is down")?;
                self.sampled += &format!("{:#?}\n", region.sample());
            }
            Command::End { member, region } => {
                let region = control_region::RegionId(*region);
                self.cluster.tell(name(member)?, control_region::Event::RegionEnded { region });
                self.cluster.settle();
            }
        }
        Ok(())
    }
}

fn ddl_sources(lines: &[String]) -> Vec<SourceFile> {
    match lines.is_empty() {
        true => Vec::new(),
        false => vec![SourceFile { name: "job.ddl".to_string(), bytes: lines.join("\n").into_bytes() }],
    }
}

fn name(text: &str) -> Result<MemberName, Box<dyn Error>> {
    Ok(MemberName::new(text)?)
}

fn names(texts: &[String]) -> Result<Vec<MemberName>, Box<dyn Error>> {
    texts.iter().map(|text| name(text)).collect()
}

impl goldenscript::Runner for Story {
    type Command = Command;

    fn run(&mut self, command: &Command, _: &goldenscript::Context) -> Result<String, Box<dyn Error>> {
        self.act(command)?;
        Ok(self.seen())
    }
}

#[test]
fn stories() {
    let mut scripts: Vec<_> = std::fs::read_dir("../control-region/scripts")
        .unwrap()
        .map(|script| script.unwrap().path())
        .collect();
    scripts.sort();
    for script in scripts {
        goldenscript::run(&mut Story::new(), &script)
            .unwrap_or_else(|error| panic!("{}: {error}", script.display()));
    }
}
