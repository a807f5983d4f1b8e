//! Real processes under fire: members of their own, real disks, a real network, and operators who work all the while.
//!
//! A run is a row of rounds. Each has a storm of faults and then a calm, in which everybody has to come back, to serve,
//! and to show the same catalog; and one order has to explain all that operators were told in it. Chance comes from a
//! seed, but time does not: the same seed gives the same kinds of faults in the same order, at about the same moments.

mod faults;
mod hosts;
mod members;
mod operators;
mod report;
mod watch;

use crate::dice::Dice;
use crate::drafts::Drafts;
use faults::Storm;
use members::{Members, MembersError};
use operators::{Desk, Found, Office};
pub use report::FireReport;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use watch::Watch;

/// How long a storm lasts, where the whole run is not shorter.
const STORM_MAX: Duration = Duration::from_secs(14);

/// How long a calm plex may take until it serves, on a machine that is busy.
const CALM_LIMIT: Duration = Duration::from_secs(90);

/// How many operators there are.
const OPERATORS: u64 = 4;

/// How often the storm is looked after.
const STEP: Duration = Duration::from_millis(20);

/// What a run is to be.
#[derive(Debug, Clone, Copy)]
pub struct FireSettings {
    /// How many members it begins with.
    pub members: usize,
    /// How long it goes on.
    pub length: Duration,
    /// What chance comes from.
    pub seed: u64,
}

/// Runs this program once more within namespaces of its own, where members can be cut off from each other there, and
/// gives what that came to. Nothing where this run is the one.
pub fn enter_namespaces() -> std::io::Result<Option<ExitCode>> {
    hosts::enter()
}

/// Has members work under fire. `say` is given a line for each thing that happens.
pub fn under_fire(settings: FireSettings, say: &(dyn Fn(&str) + Sync)) -> FireReport {
    let began = Instant::now();
    let mut report = FireReport { members: settings.members, ..FireReport::default() };
    match Members::start(settings.members) {
        Err(error) => report.wrong = Some(error.to_string()),
        Ok(mut members) => {
            let outcome = Fire { members: &mut members, settings, began, say, report: &mut report }.burn();
            report.wrong = outcome.err().map(|error| {
                let folder = members.keep_folder();
                format!("{error}\nwhat the members left is in {}", folder.display())
            });
        }
    }
    report.took = began.elapsed();
    report
}

/// What a run ends with that does not go well.
#[derive(Debug, thiserror::Error)]
enum FireError {
    #[error(transparent)]
    Members(#[from] MembersError),
    #[error(transparent)]
    Broken(#[from] crate::invariants::Broken),
    #[error("{0}")]
    Wrong(String),
}

struct Fire<'a> {
    members: &'a mut Members,
    settings: FireSettings,
    began: Instant,
    say: &'a (dyn Fn(&str) + Sync),
    report: &'a mut FireReport,
}

impl Fire<'_> {
    fn burn(&mut self) -> Result<(), FireError> {
        let (office, watch) = (Office::new(), Watch::new());
        let first = self.members.names();
        for member in &first {
            self.members.give_small_disk(member)?;
        }
        for member in &first {
            office.open_door(self.members, member)?;
        }
        let outcome = std::thread::scope(|scope| {
            for nth in 0..OPERATORS {
                let seed = self.settings.seed.wrapping_mul(1_000).wrapping_add(nth);
                let office = &office;
                scope.spawn(move || office.operate(seed));
            }
            scope.spawn(|| watch.look(&office.doors));
            let outcome = self.rounds(&office, &watch);
            office.close();
            watch.close();
            outcome
        });
        self.tell(&office, &watch);
        outcome?;
        let stuck = self.members.end();
        match stuck.is_empty() {
            true => Ok(()),
            false => Err(FireError::Wrong(format!("{} did not end in good order", stuck.join(", ")))),
        }
    }

    fn rounds(&mut self, office: &Office, watch: &Watch) -> Result<(), FireError> {
        let (mut dice, mut storm, mut desk) = (Dice::of(self.settings.seed), Storm::new(), Desk::new());
        if !office.set_up(&mut desk, &office.doors()[0]) {
            return Err(FireError::Wrong("the bank could not be set up".to_string()));
        }
        if let Some(found) = self.found(office, &mut desk)? {
            office.ledger().begin(found);
        }
        watch.begin();
        let first = Instant::now();
        for round in 1.. {
            if first.elapsed() >= self.settings.length {
                break;
            }
            office.work();
            let outcome = self.storm(&mut storm, &mut dice, office);
            office.rest();
            self.report.faults.clone_from(&storm.faults);
            outcome?;
            self.calm(&mut storm, office, &mut desk)?;
            self.tell(office, watch);
            let (faults, imports) = (self.report.faults_total(), self.report.imports);
            (self.say)(&format!("round {round} is over, {faults} faults so far, activations {imports}"));
        }
        Ok(())
    }

    fn storm(&mut self, storm: &mut Storm, dice: &mut Dice, office: &Office) -> Result<(), FireError> {
        let (began, known) = (Instant::now(), self.members.names().len());
        if dice.happens(300) {
            let names = self.members.names();
            let member = &names[dice.up_to(names.len() as u64 - 1) as usize];
            let line = storm.replace(member, self.members)?;
            self.line(&line);
        }
        let length = self.settings.length.min(STORM_MAX);
        while began.elapsed() < length {
            if let Some(line) = storm.act(self.members, dice)? {
                self.line(&line);
            }
            if let Some(wrong) = storm.look_after(self.members)? {
                return Err(FireError::Wrong(wrong));
            }
            std::thread::sleep(STEP);
        }
        for member in &self.members.names()[known..] {
            office.open_door(self.members, member)?;
        }
        Ok(())
    }

    /// The faults stop. Everybody has to come back, to serve, and to have the same catalog; and one order has to explain
    /// what operators were told since the last calm.
    fn calm(&mut self, storm: &mut Storm, office: &Office, desk: &mut Desk) -> Result<(), FireError> {
        self.line("the faults stop");
        storm.end(self.members)?;
        let until = Instant::now() + CALM_LIMIT;
        let doors = office.doors();
        let (mut staged, mut served) = (false, false);
        while !(self.everybody_is_there(storm)? && served) {
            if Instant::now() >= until {
                let seconds = CALM_LIMIT.as_secs();
                return Err(FireError::Wrong(format!(
                    "the plex does not serve {seconds} s after the faults"
                )));
            }
            // What is staged at one member is imported at another.
            staged = staged || office.stage(desk, &doors[0], Drafts::clerk);
            served = served || (staged && office.import(desk, &doors[doors.len() - 1]));
            std::thread::sleep(Duration::from_millis(100));
        }
        storm.is_calm();
        match self.found(office, desk)? {
            Some(found) => Ok(office.ledger().judge(found)?),
            None => Ok(()),
        }
    }

    fn everybody_is_there(&mut self, storm: &mut Storm) -> Result<bool, FireError> {
        if let Some(wrong) = storm.look_after(self.members)? {
            return Err(FireError::Wrong(wrong));
        }
        Ok(self.members.names().iter().all(|member| self.members.is_ready(member)))
    }

    /// The catalog, which every member has to tell alike.
    fn found(&self, office: &Office, desk: &mut Desk) -> Result<Option<Found>, FireError> {
        let mut found: Option<Found> = None;
        for door in office.doors() {
            let until = Instant::now() + CALM_LIMIT;
            let listed = loop {
                if let Some(listed) = office.list(desk, &door) {
                    break listed;
                }
                if Instant::now() >= until {
                    return Err(FireError::Wrong(format!("{:?} does not tell its catalog", door.members)));
                }
                std::thread::sleep(Duration::from_millis(100));
            };
            match &found {
                Some(other) if *other != listed => {
                    return Err(FireError::Wrong(format!("two catalogs:\n{other:?}\n{listed:?}")));
                }
                _ => found = Some(listed),
            }
        }
        Ok(found)
    }

    fn line(&self, line: &str) {
        (self.say)(&format!("{:>8.3} s  {line}", self.began.elapsed().as_secs_f64()));
    }

    /// Brings the report up to now.
    fn tell(&mut self, office: &Office, watch: &Watch) {
        let ledger = office.ledger();
        (self.report.stagings, self.report.imports) = (ledger.stagings, ledger.imports);
        self.report.lists = ledger.lists;
        self.report.members = self.members.names().len();
        self.report.masterless_longest = watch.longest();
        self.report.taken_over = self.members.count("DFS4999I") + self.members.count("DFS5000I");
    }
}
