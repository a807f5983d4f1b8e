//! The databases and programs of one member: what is stopped, what is loaded, what is scheduled.
//!
//! A program runs in a dependent region. When a region schedules a PSB, the member builds its block from the
//! active definitions and keeps it loaded for the next time; an activation casts out what it changes. Between a
//! member's vote and the outcome of the activation nothing that changes can be scheduled.

use crate::event::RegionId;
use crate::holder::{HeldBy, Holder};
use crate::library::CatalogLibrary;
use crate::stops::{DatabaseStop, Stops};
use catalog::{Catalog, ImportPlan};
use definitions::acb::{self, PsbBlock};
use definitions::{Definition, Finding};
use plex::{ActivationOptions, CommandToken, Completion};
use std::collections::{BTreeMap, BTreeSet};
use vocabulary::{DbdName, InstanceStamp, Moment, PsbName, ResourceName};

/// A PSB block in memory, and the instances it was built from.
#[derive(Debug, Clone)]
pub struct LoadedPsb {
    /// The instance of the PSB.
    pub stamp: InstanceStamp,
    /// The instances of the DBDs that it depends on: those it names, and those that these are tied to.
    pub dbds: BTreeMap<DbdName, InstanceStamp>,
    /// A later instance is active in the plex and not used here yet: REFP.
    pub refresh_pending: bool,
    // It goes as soon as no region runs it any more.
    outdated: bool,
    /// The block.
    pub block: PsbBlock,
}

/// Why a region may not run a PSB now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// The directory has no such PSB.
    #[error("PSB {0} is not in the directory; stage and import it")]
    NotInDirectory(PsbName),
    /// The program is stopped.
    #[error("program {0} is stopped; UPDATE PGM NAME({0}) START(SCHD) starts it")]
    ProgramStopped(PsbName),
    /// A database that it uses is stopped.
    #[error("database {dbd} of PSB {psb} is stopped; UPDATE DB NAME({dbd}) START(ACCESS) starts it")]
    DatabaseStopped {
        /// The PSB.
        psb: PsbName,
        /// The database.
        dbd: DbdName,
    },
    /// An activation is changing it.
    #[error(
        "PSB {psb} is being changed by the activation with command token {token}; try again when it is over"
    )]
    BeingChanged {
        /// The PSB.
        psb: PsbName,
        /// The activation.
        token: CommandToken,
    },
    /// A region still runs it as it was before an activation that this member missed.
    #[error(
        "PSB {0} still runs here with a definition that is not active any more; try again when it has ended"
    )]
    Outdated(PsbName),
    /// Its block can't be built.
    #[error("the block of PSB {psb} can't be built: {reason}")]
    NoBlock {
        /// The PSB.
        psb: PsbName,
        /// The first finding, or why the definition can't be read.
        reason: String,
    },
}

/// A program in a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Scheduled {
    psb: PsbName,
    since: Moment,
}

/// Resources that may not be scheduled until an activation is over.
#[derive(Debug, Clone)]
struct Hold {
    token: CommandToken,
    psbs: BTreeSet<PsbName>,
    dbds: BTreeSet<DbdName>,
}

/// The local resource table.
#[derive(Debug)]
pub struct Resources {
    stops: Stops,
    loaded: BTreeMap<PsbName, LoadedPsb>,
    regions: BTreeMap<RegionId, Scheduled>,
    hold: Option<Hold>,
}

impl Resources {
    /// Nothing is loaded or scheduled yet.
    pub fn new(stops: Stops) -> Self {
        Self { stops, loaded: BTreeMap::new(), regions: BTreeMap::new(), hold: None }
    }

    /// What is stopped here.
    pub fn stops(&self) -> &Stops {
        &self.stops
    }

    /// What is stopped here, to change it.
    pub fn stops_mut(&mut self) -> &mut Stops {
        &mut self.stops
    }

    /// Lets a region run a PSB, loading its block where it is not loaded.
    pub fn schedule(
        &mut self,
        region: RegionId,
        psb: PsbName,
        now: Moment,
        catalog: &Catalog,
    ) -> Result<(), ScheduleError> {
        if self.stops.is_program_stopped(psb) {
            return Err(ScheduleError::ProgramStopped(psb));
        }
        if let Some(hold) = self.hold.as_ref().filter(|hold| hold.psbs.contains(&psb)) {
            return Err(ScheduleError::BeingChanged { psb, token: hold.token });
        }
        let loaded = match self.loaded.remove(&psb) {
            Some(loaded) => loaded,
            None => load(psb, catalog)?,
        };
        let outdated = loaded.outdated.then_some(ScheduleError::Outdated(psb));
        let (dbds, in_change) = (loaded.dbds.keys().copied().collect::<Vec<_>>(), self.hold.as_ref());
        let changing = in_change.filter(|hold| dbds.iter().any(|dbd| hold.dbds.contains(dbd)));
        let changing = changing.map(|hold| ScheduleError::BeingChanged { psb, token: hold.token });
        let refused = changing.or(outdated).or_else(|| {
            let is_stopped =
                |dbd: &DbdName| self.stops.of_database(*dbd).any(|stop| stop != DatabaseStop::Updates);
            let stopped = dbds.iter().copied().find(is_stopped);
            stopped.map(|dbd| ScheduleError::DatabaseStopped { psb, dbd })
        });
        self.loaded.insert(psb, loaded);
        match refused {
            Some(error) => Err(error),
            None => {
                self.regions.insert(region, Scheduled { psb, since: now });
                Ok(())
            }
        }
    }

    /// A region ended. Gives the PSB it ran.
    pub fn end_region(&mut self, region: RegionId) -> Option<PsbName> {
        let Scheduled { psb, .. } = self.regions.remove(&region)?;
        if self.regions_of(psb).next().is_none() && self.loaded(psb).is_some_and(|loaded| loaded.outdated) {
            self.loaded.remove(&psb);
        }
        Some(psb)
    }

    /// The regions that run a PSB.
    pub fn regions_of(&self, psb: PsbName) -> impl Iterator<Item = RegionId> {
        self.regions.iter().filter(move |(_, running)| running.psb == psb).map(|(region, _)| *region)
    }

    /// How many regions run a PSB.
    pub fn busy_region_count(&self) -> u64 {
        self.regions.len() as u64
    }

    /// The scheduled PSBs whose blocks refer to a DBD.
    pub fn scheduled_users_of(&self, dbd: DbdName) -> BTreeSet<PsbName> {
        self.regions.values().map(|running| running.psb).filter(|psb| self.uses(*psb, dbd)).collect()
    }

    /// Whether the block that is loaded for a PSB refers to a DBD.
    fn uses(&self, psb: PsbName, dbd: DbdName) -> bool {
        self.loaded.get(&psb).is_some_and(|loaded| loaded.dbds.contains_key(&dbd))
    }

    /// The block that is loaded for a PSB.
    pub fn loaded(&self, psb: PsbName) -> Option<&LoadedPsb> {
        self.loaded.get(&psb)
    }

    /// The work here that keeps a plan from being carried out.
    pub fn holders(&self, plan: &ImportPlan) -> Vec<Holder> {
        let psbs: BTreeSet<PsbName> = plan.psbs().collect();
        let programs = self.holding(move |psb| psbs.contains(&psb).then_some(ResourceName::Psb(psb)));
        let databases = plan
            .dbds()
            .flat_map(|dbd| self.holding(move |psb| self.uses(psb, dbd).then_some(ResourceName::Dbd(dbd))));
        programs.chain(databases).collect()
    }

    /// The refresh-pending PSBs that are scheduled: what keeps them from being refreshed.
    pub fn refresh_blockers(&self) -> Vec<Holder> {
        let is_pending = |psb: &PsbName| self.loaded.get(psb).is_some_and(|loaded| loaded.refresh_pending);
        self.holding(move |psb| is_pending(&psb).then_some(ResourceName::Psb(psb))).collect()
    }

    /// What the programs in regions hold, where they hold something.
    fn holding(&self, of: impl Fn(PsbName) -> Option<ResourceName>) -> impl Iterator<Item = Holder> {
        self.regions.iter().filter_map(move |(region, Scheduled { psb, since })| {
            let by = HeldBy::Program { psb: *psb, region: *region };
            Some(Holder { resource: of(*psb)?, by, since: *since })
        })
    }

    /// Keeps what an activation changes from being scheduled until [`Self::release`].
    pub fn hold(&mut self, token: CommandToken, plan: &ImportPlan, refreshes: bool) {
        let mut psbs: BTreeSet<PsbName> = plan.psbs().collect();
        if refreshes {
            psbs.extend(self.loaded.iter().filter(|(_, loaded)| loaded.refresh_pending).map(|(psb, _)| *psb));
        }
        self.hold = Some(Hold { token, psbs, dbds: plan.dbds().collect() });
    }

    /// Whether an activation is about to change a database.
    pub fn is_being_changed(&self, dbd: DbdName) -> bool {
        self.hold.as_ref().is_some_and(|hold| hold.dbds.contains(&dbd))
    }

    /// What an activation changes may be scheduled again.
    pub fn release(&mut self) {
        self.hold = None;
    }

    /// Passes to the definitions that an activation made active. Where it does not concern this member yet
    /// (UPDATEPSB for others), loaded PSBs stay and become refresh-pending.
    pub fn refresh(&mut self, plan: &ImportPlan, options: &ActivationOptions, concerned: bool) -> Completion {
        let mut completion = Completion::default();
        for psb in self.affected(plan) {
            if concerned {
                self.cast_out(psb);
            } else if let Some(loaded) = self.loaded.get_mut(&psb) {
                loaded.refresh_pending = true;
                completion.refresh_pending.insert(psb);
            }
        }
        if concerned && options.mode.refreshes() {
            let pending: Vec<PsbName> = self.refresh_pending().collect();
            for psb in pending {
                self.cast_out(psb);
                completion.refreshed.insert(psb);
            }
        }
        completion
    }

    /// The loaded PSBs that a plan changes, or whose DBDs it changes.
    fn affected(&self, plan: &ImportPlan) -> BTreeSet<PsbName> {
        let users = plan.dbds().flat_map(|dbd| {
            self.loaded.iter().filter(move |(_, loaded)| loaded.dbds.contains_key(&dbd)).map(|(psb, _)| *psb)
        });
        plan.psbs().filter(|psb| self.loaded.contains_key(psb)).chain(users).collect()
    }

    /// The PSBs that are refresh-pending here.
    pub fn refresh_pending(&self) -> impl Iterator<Item = PsbName> {
        self.loaded.iter().filter(|(_, loaded)| loaded.refresh_pending).map(|(psb, _)| *psb)
    }

    /// Casts out every loaded block that is not built from what is active now: after this member was away.
    pub fn reconcile(&mut self, catalog: &Catalog) {
        let stale = |psb: &PsbName, loaded: &LoadedPsb| {
            let active = |name: ResourceName| catalog.record(&name).and_then(|record| record.active);
            active((*psb).into()) != Some(loaded.stamp)
                || loaded.dbds.iter().any(|(dbd, stamp)| active((*dbd).into()) != Some(*stamp))
        };
        let stale: Vec<PsbName> =
            self.loaded.iter().filter(|(psb, loaded)| stale(psb, loaded)).map(|(psb, _)| *psb).collect();
        for psb in stale {
            self.cast_out(psb);
        }
    }

    /// A scheduled block stays until its regions end; it is refresh-pending until then.
    fn cast_out(&mut self, psb: PsbName) {
        if self.regions_of(psb).next().is_none() {
            self.loaded.remove(&psb);
        } else if let Some(loaded) = self.loaded.get_mut(&psb) {
            loaded.refresh_pending = true;
            loaded.outdated = true;
        }
    }
}

fn load(psb: PsbName, catalog: &Catalog) -> Result<LoadedPsb, ScheduleError> {
    let (stamp, instance) = catalog.active(&psb.into()).ok_or(ScheduleError::NotInDirectory(psb))?;
    let no_block = |reason: String| ScheduleError::NoBlock { psb, reason };
    let Definition::Psb(definition) =
        instance.content.definition().map_err(|error| no_block(error.to_string()))?
    else {
        return Err(no_block("the directory holds a DBD under its name".to_string()));
    };
    let library = CatalogLibrary::active(catalog);
    let block = acb::build_psb(&definition, &library)
        .map_err(|findings| no_block(findings.first().map(Finding::to_string).unwrap_or_default()))?;
    let active = |dbd: DbdName| catalog.record(&dbd.into()).and_then(|record| record.active);
    let depends_on = instance.facts.references.iter().copied().chain(library.used());
    let dbds = depends_on.filter_map(|dbd| active(dbd).map(|stamp| (dbd, stamp))).collect();
    Ok(LoadedPsb { stamp, dbds, refresh_pending: false, outdated: false, block })
}
