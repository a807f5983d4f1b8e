//! The catalog itself: records by name, the staging data set, the directory level.

use crate::instance::{Instance, NewInstance};
use crate::job::{JobCard, JobId, PopulateJob};
use crate::plan::{ImportPlan, PlannedChange};
use crate::record::{Record, Retention};
use crate::stage::{Admission, StageOutcome, judge};
use crate::stored::{CatalogKey, Summary};
use csl::envelope::PopulateMode;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use vocabulary::{DbdName, DirectoryLevel, InstanceStamp, Moment, PsbName, ResourceName};

/// Staged and active definitions. See the crate's essay.
///
/// A clone is cheap: records are shared until one side changes them.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    pub(crate) records: BTreeMap<ResourceName, Arc<Record>>,
    pub(crate) job: Option<Arc<PopulateJob>>,
    pub(crate) summary: Summary,
    // Derived from the records.
    pub(crate) staged: BTreeSet<ResourceName>,
    pub(crate) staged_bytes: u64,
    pub(crate) users: BTreeMap<DbdName, BTreeSet<ResourceName>>,
    pub(crate) changed: BTreeSet<CatalogKey>,
}

/// Why a populate job can't begin, go on or end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
pub enum CatalogError {
    /// Another job holds the staging data set.
    #[error("the staging data set is held by {} since {}", .0.owner, .0.since)]
    StagingHeld(JobCard),
    /// There is no such job, or no longer.
    #[error("there is no populate job {}; it may have been dropped when its member was lost", .0.0)]
    NoSuchJob(JobId),
    /// SETUP of a directory that has members.
    #[error("the directory has {0} members: SETUP fills an empty one; use STAGE or UPDATE")]
    DirectoryNotEmpty(u64),
    /// SETUP or UPDATE, which activate staging as a whole, while something is staged.
    #[error(
        "{0} definitions are staged: SETUP and UPDATE need an empty staging data set; import them, or stage with DELETE"
    )]
    StagingNotEmpty(u64),
    /// The staging data set can't hold the job.
    #[error("the staging data set is full: {used} of {max} bytes are used, and {needed} more are needed")]
    StagingFull {
        /// Bytes in use.
        used: u64,
        /// Bytes it holds.
        max: u64,
        /// Bytes that were to come in.
        needed: u64,
    },
}

/// What an activation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activated {
    /// The level of the directory now.
    pub level: DirectoryLevel,
    /// Prior instances that retention let go.
    pub expired: Vec<(ResourceName, InstanceStamp)>,
}

impl Catalog {
    /// The level of the directory, and since when it has it.
    pub fn level(&self) -> (DirectoryLevel, Moment) {
        (self.summary.level, self.summary.level_since)
    }

    /// Rises with every change of staging. A plan made at another version is stale.
    pub fn staging_version(&self) -> u64 {
        self.summary.staging_version
    }

    /// Bytes in the staging data set.
    pub fn staged_bytes(&self) -> u64 {
        self.staged_bytes
    }

    /// The record of a name.
    pub fn record(&self, name: &ResourceName) -> Option<&Record> {
        self.records.get(name).map(|record| &**record)
    }

    /// Every record, in order of name.
    pub fn records(&self) -> impl Iterator<Item = (ResourceName, &Record)> {
        self.records.iter().map(|(name, record)| (*name, &**record))
    }

    /// The records with a pending instance, in order of name.
    pub fn staged(&self) -> impl Iterator<Item = (ResourceName, &Record)> {
        self.staged.iter().filter_map(|name| self.record(name).map(|record| (*name, record)))
    }

    /// How many definitions are staged.
    pub fn staged_count(&self) -> u64 {
        self.staged.len() as u64
    }

    /// The active definitions that name a DBD: what the secondary index DFSCX000 tells of PSBs, and DBDs as well.
    pub fn users_of(&self, dbd: DbdName) -> impl Iterator<Item = ResourceName> {
        self.users.get(&dbd).into_iter().flatten().copied()
    }

    /// The active PSBs that name one of these DBDs, or a DBD that names it, and so on: a PSB of a logical database
    /// changes with the physical ones below it.
    pub fn psbs_reached_from(&self, dbds: impl Iterator<Item = DbdName>) -> BTreeSet<PsbName> {
        let (mut psbs, mut seen) = (BTreeSet::new(), BTreeSet::new());
        let mut open: Vec<DbdName> = dbds.collect();
        while let Some(dbd) = open.pop() {
            if !seen.insert(dbd) {
                continue;
            }
            for user in self.users_of(dbd) {
                match user {
                    ResourceName::Psb(psb) => drop(psbs.insert(psb)),
                    ResourceName::Dbd(dbd) => open.push(dbd),
                }
            }
        }
        psbs
    }

    /// The active instance of a name, shared.
    pub fn active(&self, name: &ResourceName) -> Option<(InstanceStamp, Arc<Instance>)> {
        let record = self.record(name)?;
        let stamp = record.active?;
        Some((stamp, record.instance(stamp)?.clone()))
    }

    /// The pending instance of a name, or else the active one, shared: what the directory will have. Nothing where it
    /// is to be dropped.
    pub fn coming(&self, name: &ResourceName) -> Option<(InstanceStamp, Arc<Instance>)> {
        let record = self.record(name)?;
        let stamp = record.pending.or(record.active)?;
        let instance = record.instance(stamp).filter(|instance| !instance.is_drop())?;
        Some((stamp, instance.clone()))
    }

    /// The job that holds the staging data set.
    pub fn job(&self) -> Option<&PopulateJob> {
        self.job.as_deref()
    }

    /// Opens a populate job; it holds the staging data set until it ends or is dropped.
    pub fn begin_job(&mut self, card: JobCard) -> Result<(), CatalogError> {
        match &self.job {
            Some(job) if job.card.id == card.id => return Ok(()),
            Some(job) => return Err(CatalogError::StagingHeld(job.card.clone())),
            None => {}
        }
        let active_count = self.records.values().filter(|record| record.active.is_some()).count() as u64;
        if card.mode == PopulateMode::Setup && active_count > 0 {
            return Err(CatalogError::DirectoryNotEmpty(active_count));
        }
        if card.mode != PopulateMode::Stage && !card.delete && !self.staged.is_empty() {
            return Err(CatalogError::StagingNotEmpty(self.staged_count()));
        }
        self.job = Some(Arc::new(PopulateJob { card, gathered: BTreeMap::new(), gathered_bytes: 0 }));
        self.changed.insert(CatalogKey::Job);
        Ok(())
    }

    /// Adds to a job, out of sight. `first` is how many the job had gathered when these were sent, so that a
    /// repeated call adds nothing twice. A job that overflows staging is dropped.
    pub fn add_to_job(&mut self, id: JobId, first: u64, new: Vec<NewInstance>) -> Result<(), CatalogError> {
        let staged_bytes = self.staged_bytes;
        let job = match &mut self.job {
            Some(job) if job.card.id == id => Arc::make_mut(job),
            _ => return Err(CatalogError::NoSuchJob(id)),
        };
        if job.gathered.len() as u64 != first {
            return Ok(());
        }
        let needed: u64 = new.iter().map(|instance| instance.content.byte_count()).sum();
        let kept = if job.card.delete { 0 } else { staged_bytes };
        let (used, max) = (kept + job.gathered_bytes, job.card.staging_bytes_max);
        if used + needed > max {
            self.drop_job(id);
            return Err(CatalogError::StagingFull { used, max, needed });
        }
        self.changed.extend((first..first + new.len() as u64).map(CatalogKey::JobPart));
        job.gathered_bytes += needed;
        job.gathered.extend((first..).zip(new));
        Ok(())
    }

    /// Drops a job and what it gathered.
    pub fn drop_job(&mut self, id: JobId) {
        if let Some(job) = self.job.take_if(|job| job.card.id == id) {
            self.changed.insert(CatalogKey::Job);
            self.changed.extend((0..job.gathered.len() as u64).map(CatalogKey::JobPart));
        }
    }

    /// Admits what a job gathered, and closes it. SETUP puts it into the directory, the other modes into
    /// staging. Gives what became of each instance, in the order they came.
    pub fn end_job(&mut self, id: JobId, at: Moment) -> Result<Vec<Admission>, CatalogError> {
        let job = match &self.job {
            Some(job) if job.card.id == id => job.clone(),
            _ => return Err(CatalogError::NoSuchJob(id)),
        };
        self.drop_job(id);
        if job.card.delete {
            self.empty_staging();
        }
        let admissions = self.admit_all(&job);
        if job.card.mode == PopulateMode::Setup {
            let plan = ImportPlan {
                changes: self
                    .staged()
                    .filter_map(|(name, record)| {
                        record.pending.map(|new| PlannedChange { name, old: None, new })
                    })
                    .collect(),
                dependents: BTreeSet::new(),
            };
            self.activate(&plan, Retention::default(), at);
        }
        Ok(admissions)
    }

    /// Stages what a job has gathered so far, and leaves it open: a unit of work that is committed.
    pub fn commit_job(&mut self, id: JobId) -> Result<Vec<Admission>, CatalogError> {
        let gathered = self.take_gathered(id)?;
        // The same unit once more is none.
        if gathered.gathered.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.admit_all(&gathered))
    }

    /// What activating all that a job has gathered would change. What staging would not take is not among it.
    pub fn plan_job(&self, id: JobId) -> Result<ImportPlan, CatalogError> {
        let mut trial = self.clone();
        let gathered = trial.take_gathered(id)?;
        trial.admit_all(&gathered);
        let news: BTreeSet<_> = gathered.gathered.values().map(|new| (new.name, new.stamp)).collect();
        let names: BTreeSet<ResourceName> = news.iter().map(|(name, _)| *name).collect();
        let change = |name: ResourceName| {
            let new = trial.record(&name)?.pending.filter(|new| news.contains(&(name, *new)))?;
            Some(PlannedChange { name, old: self.record(&name).and_then(|record| record.active), new })
        };
        Ok(self.with_dependents(names.into_iter().filter_map(change).collect()))
    }

    /// Makes everything that a job has gathered active, in one step, and leaves it open.
    pub fn activate_job(
        &mut self,
        id: JobId,
        plan: &ImportPlan,
        retention: Retention,
        at: Moment,
    ) -> Result<Activated, CatalogError> {
        let gathered = self.take_gathered(id)?;
        self.admit_all(&gathered);
        Ok(self.activate(plan, retention, at))
    }

    /// What a job has gathered; it has nothing from then on.
    fn take_gathered(&mut self, id: JobId) -> Result<PopulateJob, CatalogError> {
        let Some(job) = self.job.as_mut().filter(|job| job.card.id == id) else {
            return Err(CatalogError::NoSuchJob(id));
        };
        let emptied = PopulateJob { card: job.card.clone(), gathered: BTreeMap::new(), gathered_bytes: 0 };
        let gathered = std::mem::replace(job, Arc::new(emptied));
        self.changed.extend((0..gathered.gathered.len() as u64).map(CatalogKey::JobPart));
        Ok(Arc::unwrap_or_clone(gathered))
    }

    fn admit_all(&mut self, job: &PopulateJob) -> Vec<Admission> {
        self.summary.staging_version += 1;
        self.changed.insert(CatalogKey::Summary);
        job.gathered.values().map(|new| self.admit(&job.card, new)).collect()
    }

    fn admit(&mut self, card: &JobCard, new: &NewInstance) -> Admission {
        let record = self.record(&new.name);
        let was_in_catalog = record.is_some_and(|record| record.instance(new.stamp).is_some());
        let outcome = judge(record, new, card.condition);
        if outcome == StageOutcome::DropStaged {
            self.unstage(new.name);
        } else if outcome.admitted() {
            self.unstage(new.name);
            let instance = Instance { facts: new.facts.clone(), content: new.content.clone() };
            let record = self.change(new.name);
            record.pending = Some(new.stamp);
            record.pending_was_prior = record.instances.contains_key(&new.stamp);
            record.instances.insert(new.stamp, Arc::new(instance));
            self.changed.insert(CatalogKey::Instance(new.name, new.stamp));
            self.staged.insert(new.name);
            self.staged_bytes += new.content.byte_count();
        }
        Admission { name: new.name, stamp: new.stamp, outcome, was_in_catalog }
    }

    /// Takes everything out of staging. What was only there is gone; a prior instance stays what it was before.
    pub fn empty_staging(&mut self) {
        for name in self.staged.clone() {
            self.unstage(name);
        }
        self.summary.staging_version += 1;
        self.changed.insert(CatalogKey::Summary);
    }

    fn unstage(&mut self, name: ResourceName) {
        let Some(stamp) = self.record(&name).and_then(|record| record.pending) else { return };
        let record = self.change(name);
        record.pending = None;
        let bytes = record.instance(stamp).map_or(0, |instance| instance.content.byte_count());
        if !std::mem::take(&mut record.pending_was_prior) {
            record.instances.remove(&stamp);
        }
        let left = !record.instances.is_empty();
        self.staged.remove(&name);
        self.staged_bytes -= bytes;
        self.changed.insert(CatalogKey::Instance(name, stamp));
        if !left {
            self.changed.insert(CatalogKey::Retention(name));
            self.records.remove(&name);
        }
    }

    /// Makes the planned instances active: the directory passes to its next level, and staging is without them.
    pub fn activate(&mut self, plan: &ImportPlan, retention: Retention, at: Moment) -> Activated {
        let level = self.summary.level.next();
        let mut expired = Vec::new();
        for change in &plan.changes {
            self.activate_one(change.name, change.new, level);
            expired.extend(
                self.expire(change.name, retention, at).into_iter().map(|stamp| (change.name, stamp)),
            );
        }
        self.summary.level = level;
        self.summary.level_since = at;
        self.summary.staging_version += 1;
        self.changed.insert(CatalogKey::Summary);
        Activated { level, expired }
    }

    fn activate_one(&mut self, name: ResourceName, stamp: InstanceStamp, level: DirectoryLevel) {
        let Some(new) = self.record(&name).and_then(|record| record.instance(stamp)).cloned() else { return };
        if new.is_drop() {
            return self.remove(name);
        }
        let old =
            self.record(&name).and_then(Record::active_instance).map(|old| old.facts.references.clone());
        let record = self.change(name);
        record.active = Some(stamp);
        record.active_since = level;
        record.pending.take_if(|pending| *pending == stamp);
        record.pending_was_prior = false;
        if self.staged.remove(&name) {
            self.staged_bytes -= new.content.byte_count();
        }
        self.leave_dbds(name, &old.unwrap_or_default());
        self.use_dbds(name, &new.facts.references);
    }

    /// Takes a dropped definition out of the catalog, with everything that there was of it.
    fn remove(&mut self, name: ResourceName) {
        let Some(record) = self.records.remove(&name) else { return };
        self.changed.extend([CatalogKey::Header(name), CatalogKey::Retention(name)]);
        self.changed.extend(record.instances.keys().map(|stamp| CatalogKey::Instance(name, *stamp)));
        if let Some(active) = record.active_instance() {
            self.leave_dbds(name, &active.facts.references);
        }
        self.staged.remove(&name);
    }

    fn expire(&mut self, name: ResourceName, retention: Retention, at: Moment) -> Vec<InstanceStamp> {
        let expired = self.record(&name).map(|record| record.expired(retention, at)).unwrap_or_default();
        for stamp in &expired {
            self.change(name).instances.remove(stamp);
            self.changed.insert(CatalogKey::Instance(name, *stamp));
        }
        expired
    }

    pub(crate) fn change(&mut self, name: ResourceName) -> &mut Record {
        self.changed.insert(CatalogKey::Header(name));
        Arc::make_mut(self.records.entry(name).or_default())
    }

    pub(crate) fn use_dbds(&mut self, user: ResourceName, dbds: &BTreeSet<DbdName>) {
        for dbd in dbds {
            self.users.entry(*dbd).or_default().insert(user);
        }
    }

    pub(crate) fn leave_dbds(&mut self, user: ResourceName, dbds: &BTreeSet<DbdName>) {
        for dbd in dbds {
            if let Some(users) = self.users.get_mut(dbd) {
                users.remove(&user);
                if users.is_empty() {
                    self.users.remove(dbd);
                }
            }
        }
    }
}
