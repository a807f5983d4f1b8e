//! The stories of the catalog: populate, staging, plans, activations, retention.

use catalog::job::{JobCard, JobId};
use catalog::stored::CatalogKey;
use catalog::{
    Admission, Catalog, CatalogError, Content, Facts, InstanceKind, NewInstance, PlanMode, Retention,
};
use csl::envelope::{PopulateCondition, PopulateMode};
use std::error::Error;
use std::fmt::Write as _;
use vocabulary::{InstanceStamp, MemberName, Moment, ResourceName};

/// What can happen in a story. An instance is written `kind/NAME/day/content[/DBD.DBD]`: `dbd`, `psb` or `gsam`, its
/// name, the day of 2026 that its timestamp names, some text that stands for the definition (`none` drops it), and the
/// DBDs it names.
#[derive(goldenscript::Command)]
enum Command {
    /// It is this day of 2026 from now on.
    Day(u64),
    /// How many bytes the staging data set holds for jobs that begin from now on.
    Room(u64),
    /// What prior instances activations keep from now on.
    Retention {
        #[arg(key)]
        instances: u16,
        #[arg(key)]
        days: u16,
    },
    /// Begins a populate job: `setup`, `update` or `stage`.
    Begin {
        job: u64,
        mode: String,
        #[arg(key, optional)]
        uncond: bool,
        #[arg(key, optional)]
        delete: bool,
        #[arg(key)]
        owner: Option<String>,
    },
    /// Adds to a job; `first` is how many instances it had before, where they are sent once more.
    Add {
        job: u64,
        #[arg(key)]
        first: Option<u64>,
        instances: Vec<String>,
    },
    /// Ends a job.
    End(u64),
    /// Stages what a job has gathered, and leaves it open.
    Unit(u64),
    /// Tells what activating what a job has gathered would change, and does it.
    ActivateUnit(u64),
    /// Drops a job.
    Drop(u64),
    /// A whole job of mode STAGE.
    Stage {
        #[arg(key, optional)]
        uncond: bool,
        #[arg(key, optional)]
        delete: bool,
        #[arg(optional)]
        instances: Vec<String>,
    },
    /// Tells the plan: `all` (the default) or `psbs`.
    Plan(Option<String>),
    /// Carries the plan out: `all` (the default) or `psbs`.
    Activate(Option<String>),
    /// Empties staging.
    Empty,
    /// Tells level, staging and every record.
    Show,
    /// Sets what is kept of these definitions: `dbd/NAME`.
    Retain {
        #[arg(key)]
        instances: u16,
        #[arg(key)]
        days: u16,
        names: Vec<String>,
    },
    /// Purges what is past its retention of every definition.
    Purge,
    /// Purges these instances, whatever their retention: `dbd/NAME/day`.
    Delete(Vec<String>),
    /// Sets this copy of the catalog aside as a whole one.
    Aside,
    /// Loses an instance, as a copy does that is damaged: `dbd/NAME/day`.
    Damage(String),
    /// Tells where headers disagree with directory and staging.
    Check,
    /// Makes this copy agree with the one that was set aside.
    Reinstate,
    /// Brings the catalog back from its records.
    Restart,
    /// Tells who names a DBD in the directory, and the PSBs that change with it.
    Users(String),
}

/// A catalog, and what the world around it knows.
struct Story {
    catalog: Catalog,
    aside: Catalog,
    now: Moment,
    staging_bytes_max: u64,
    retention: Retention,
    gathered: u64,
    mode: PopulateMode,
}

impl Story {
    fn new() -> Self {
        Self {
            catalog: Catalog::default(),
            aside: Catalog::default(),
            now: day(1),
            staging_bytes_max: 1_000,
            retention: Retention::default(),
            gathered: 0,
            mode: PopulateMode::Stage,
        }
    }

    fn begin(
        &mut self,
        job: u64,
        mode: &str,
        uncond: bool,
        delete: bool,
        owner: &str,
    ) -> Result<(), Box<dyn Error>> {
        self.mode = match mode {
            "setup" => PopulateMode::Setup,
            "update" => PopulateMode::Update,
            "stage" => PopulateMode::Stage,
            mode => return Err(format!("{mode} is no mode").into()),
        };
        let card = JobCard {
            id: JobId(job),
            owner: MemberName::new(owner)?,
            mode: self.mode,
            condition: if uncond { PopulateCondition::Unconditional } else { PopulateCondition::Latest },
            delete,
            staging_bytes_max: self.staging_bytes_max,
            since: self.now,
        };
        self.catalog.begin_job(card)?;
        self.gathered = 0;
        Ok(())
    }

    fn add(&mut self, job: u64, first: Option<u64>, instances: &[String]) -> Result<(), Box<dyn Error>> {
        let instances: Vec<NewInstance> =
            instances.iter().map(|text| instance(text)).collect::<Result<_, _>>()?;
        let count = instances.len() as u64;
        self.catalog.add_to_job(JobId(job), first.unwrap_or(self.gathered), instances)?;
        self.gathered = first.unwrap_or(self.gathered) + count;
        Ok(())
    }

    fn end(&mut self, job: u64) -> Result<String, CatalogError> {
        let admissions = self.catalog.end_job(JobId(job), self.now)?;
        Ok(admissions.iter().flat_map(|admission| told(admission, self.mode)).collect())
    }

    fn unit(&mut self, job: u64) -> Result<String, CatalogError> {
        let admissions = self.catalog.commit_job(JobId(job))?;
        self.gathered = 0;
        Ok(admissions.iter().flat_map(|admission| told(admission, self.mode)).collect())
    }

    fn activate_unit(&mut self, job: u64) -> Result<String, Box<dyn Error>> {
        let plan = self.catalog.plan_job(JobId(job))?;
        let activated = self.catalog.activate_job(JobId(job), &plan, self.retention, self.now)?;
        self.gathered = 0;
        let mut output = String::new();
        for change in &plan.changes {
            let old = change.old.map_or("nothing".to_string(), |old| old.to_string());
            writeln!(output, "{} from {old} to {}", change.name, change.new)?;
        }
        writeln!(output, "level {}", activated.level)?;
        Ok(output)
    }

    fn activate(&mut self, mode: PlanMode) -> Result<String, Box<dyn Error>> {
        let plan = self.catalog.plan(mode).map_err(|problems| format!("{} problems", problems.len()))?;
        let activated = self.catalog.activate(&plan, self.retention, self.now);
        let mut output = format!("level {}\n", activated.level);
        for (name, stamp) in activated.expired {
            writeln!(output, "{name} instance {stamp} expired")?;
        }
        Ok(output)
    }

    fn plan(&self, mode: PlanMode) -> Result<String, Box<dyn Error>> {
        let mut output = String::new();
        match self.catalog.plan(mode) {
            Err(problems) => {
                for problem in problems {
                    writeln!(output, "refused: {problem}")?;
                }
            }
            Ok(plan) => {
                for change in &plan.changes {
                    let old = change.old.map_or("nothing".to_string(), |old| old.to_string());
                    writeln!(output, "{} from {old} to {}", change.name, change.new)?;
                }
                for psb in &plan.dependents {
                    writeln!(output, "PSB {psb} is built anew")?;
                }
                if plan.is_empty() {
                    writeln!(output, "nothing changes")?;
                }
            }
        }
        Ok(output)
    }

    fn show(&self) -> Result<String, Box<dyn Error>> {
        let (level, since) = self.catalog.level();
        let mut output = format!(
            "level {level} since {since}; {} staged, {} bytes, version {}\n",
            self.catalog.staged_count(),
            self.catalog.staged_bytes(),
            self.catalog.staging_version()
        );
        for (name, record) in self.catalog.records() {
            let instances: Vec<String> = record
                .instances()
                .map(|(stamp, kind, _)| match kind {
                    InstanceKind::Active => format!("{kind} {stamp} since level {}", record.active_since),
                    _ => format!("{kind} {stamp}"),
                })
                .collect();
            writeln!(output, "{name}: {}", instances.join(", "))?;
        }
        if let Some(job) = self.catalog.job() {
            let (count, bytes) = (job.gathered.len(), job.gathered_bytes);
            writeln!(
                output,
                "job {} of {} has {count} definitions, {bytes} bytes",
                job.card.id.0, job.card.owner
            )?;
        }
        Ok(output)
    }

    fn purge(
        &mut self,
        instances: &[(ResourceName, InstanceStamp)],
        past: Option<Retention>,
    ) -> Result<String, Box<dyn Error>> {
        let mut output = String::new();
        for (name, stamp) in self.catalog.purge(instances, past, self.now) {
            writeln!(output, "{name} instance {stamp} is purged")?;
        }
        Ok(output)
    }

    /// Brings the catalog back from its records, but for one that is lost.
    fn restart(&mut self, lost: Option<CatalogKey>) -> Result<String, Box<dyn Error>> {
        let keys: Vec<_> = self.catalog.keys().filter(|key| Some(*key) != lost).collect();
        let mut catalog = Catalog::default();
        for key in keys {
            catalog.restore(key, &self.catalog.stored(&key).ok_or("a key has no record")?)?;
        }
        catalog.restored();
        self.catalog = catalog;
        Ok(String::new())
    }

    fn check(&self) -> String {
        let wrong = |(name, record): (ResourceName, &catalog::Record)| {
            record.problems().map(|problem| format!("{name}: {problem}\n")).collect::<String>()
        };
        self.catalog.records().map(wrong).collect()
    }

    fn reinstate(&mut self) -> String {
        let whole: Vec<_> = self.aside.records().map(|(name, _)| self.aside.whole(&name)).collect();
        let mut output = String::new();
        for whole in whole {
            let Some(whole) = whole else { return "the copy that was set aside is damaged\n".to_string() };
            let name = whole.name();
            if self.catalog.reinstate(whole) {
                output += &format!("{name} is repaired\n");
            }
        }
        output
    }

    fn users(&self, dbd: &str) -> Result<String, Box<dyn Error>> {
        let dbd = dbd.parse()?;
        let users: Vec<String> = self.catalog.users_of(dbd).map(|user| user.to_string()).collect();
        let psbs = self.catalog.psbs_reached_from([dbd].into_iter());
        let psbs: Vec<String> = psbs.iter().map(ToString::to_string).collect();
        Ok(format!("named by {}; changes with it: {}\n", users.join(", "), psbs.join(", ")))
    }
}

impl goldenscript::Runner for Story {
    type Command = Command;

    fn run(&mut self, command: &Command, _: &goldenscript::Context) -> Result<String, Box<dyn Error>> {
        match command {
            Command::Day(of_year) => self.now = day(*of_year),
            Command::Room(bytes) => self.staging_bytes_max = *bytes,
            Command::Retention { instances, days } => {
                self.retention = Retention { instances: *instances, days: *days };
            }
            Command::Begin { job, mode, uncond, delete, owner } => {
                self.begin(*job, mode, *uncond, *delete, owner.as_deref().unwrap_or("IMS1"))?;
            }
            Command::Add { job, first, instances } => self.add(*job, *first, instances)?,
            Command::End(job) => return Ok(self.end(*job)?),
            Command::Unit(job) => return Ok(self.unit(*job)?),
            Command::ActivateUnit(job) => return self.activate_unit(*job),
            Command::Drop(job) => self.catalog.drop_job(JobId(*job)),
            Command::Stage { uncond, delete, instances } => {
                self.begin(1, "stage", *uncond, *delete, "IMS1")?;
                self.add(1, None, instances)?;
                return Ok(self.end(1)?);
            }
            Command::Plan(mode) => return self.plan(plan_mode(mode.as_deref())?),
            Command::Activate(mode) => return self.activate(plan_mode(mode.as_deref())?),
            Command::Empty => self.catalog.empty_staging(),
            Command::Show => return self.show(),
            Command::Users(dbd) => return self.users(dbd),
            Command::Retain { instances, days, names } => {
                let names: Vec<ResourceName> =
                    names.iter().map(|text| name(text)).collect::<Result<_, _>>()?;
                self.catalog.retain(&names, Retention { instances: *instances, days: *days });
            }
            Command::Purge => {
                let all = |(name, record): (ResourceName, &catalog::Record)| {
                    record.instances().map(move |(stamp, _, _)| (name, stamp)).collect::<Vec<_>>()
                };
                let all: Vec<_> = self.catalog.records().flat_map(all).collect();
                return self.purge(&all, Some(self.retention));
            }
            Command::Delete(instances) => {
                let instances: Vec<_> =
                    instances.iter().map(|text| named_instance(text)).collect::<Result<_, _>>()?;
                return self.purge(&instances, None);
            }
            Command::Aside => self.aside = self.catalog.clone(),
            Command::Damage(instance) => {
                let (name, stamp) = named_instance(instance)?;
                return self.restart(Some(CatalogKey::Instance(name, stamp)));
            }
            Command::Check => return Ok(self.check()),
            Command::Reinstate => return Ok(self.reinstate()),
            Command::Restart => return self.restart(None),
        }
        Ok(String::new())
    }
}

fn told(admission: &Admission, mode: PopulateMode) -> Vec<String> {
    admission.messages(mode).map(|message| format!("{message}\n")).collect()
}

fn plan_mode(mode: Option<&str>) -> Result<PlanMode, Box<dyn Error>> {
    match mode {
        None | Some("all") => Ok(PlanMode::Everything),
        Some("psbs") => Ok(PlanMode::PsbsOnly),
        Some(mode) => Err(format!("{mode} is no mode").into()),
    }
}

/// Midnight of a day of 2026.
fn day(of_year: u64) -> Moment {
    Moment(1_767_225_600_000_000).plus_ms((of_year - 1) * 86_400_000)
}

fn instance(text: &str) -> Result<NewInstance, Box<dyn Error>> {
    let parts: Vec<&str> = text.split('/').collect();
    let [kind, name, of_year, content, ..] = parts[..] else {
        return Err(format!("{text} is not kind/NAME/day/content").into());
    };
    let name = match kind {
        "dbd" | "gsam" => ResourceName::Dbd(name.parse()?),
        "psb" => ResourceName::Psb(name.parse()?),
        kind => return Err(format!("{kind} is no kind").into()),
    };
    let references = parts.get(4).into_iter().flat_map(|names| names.split('.'));
    let facts =
        Facts { gsam: kind == "gsam", references: references.map(str::parse).collect::<Result<_, _>>()? };
    let stamp = InstanceStamp::at(day(of_year.parse()?));
    if content == "none" {
        return Ok(NewInstance::drop_of(name, stamp));
    }
    Ok(NewInstance { name, stamp, facts, content: Content::from(content.as_bytes().to_vec()) })
}

fn name(text: &str) -> Result<ResourceName, Box<dyn Error>> {
    let (kind, name) = text.split_once('/').ok_or("a definition is kind/NAME")?;
    Ok(if kind == "psb" { ResourceName::Psb(name.parse()?) } else { ResourceName::Dbd(name.parse()?) })
}

fn named_instance(text: &str) -> Result<(ResourceName, InstanceStamp), Box<dyn Error>> {
    let (definition, of_year) = text.rsplit_once('/').ok_or("an instance is kind/NAME/day")?;
    Ok((name(definition)?, InstanceStamp::at(day(of_year.parse()?))))
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the scripts lie in a folder")]
fn stories() {
    for script in std::fs::read_dir("scripts").unwrap() {
        goldenscript::run(&mut Story::new(), script.unwrap().path()).unwrap();
    }
}
