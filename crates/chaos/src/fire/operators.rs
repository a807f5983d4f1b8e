//! Operators who work all the while, each over connections of its own, and the history of what they were told.

use super::members::{Members, MembersError};
use crate::dice::Dice;
use crate::drafts::{Drafts, list_of_everything};
use crate::history::{Definition, History, Operation, Told, of_import, of_list, of_staging};
use crate::invariants::Broken;
use crate::locked;
use csl::envelope::{OperatorRequest, PopulateRequest};
use csl::om::{Answer, ReturnCode};
use sci::{ClientSettings, OmClient};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::runtime::Runtime;

/// How long an operator waits for an answer, and the member that it asked.
const WAIT: Duration = Duration::from_millis(4_000);
const MEMBER_WAIT_MS: u64 = 3_000;

/// How long an operator pauses between two things, at most.
const PAUSE_MS_MAX: u64 = 120;

/// What operators asked for, and what they were told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) tried: u64,
    pub(super) acknowledged: u64,
    /// There was nothing to do, or it was not done and never will be.
    pub(super) refused: u64,
    /// Nobody was told.
    pub(super) unknown: u64,
}

/// What all of them did.
#[derive(Debug)]
pub(super) struct Ledger {
    drafts: Drafts,
    history: History,
    /// When it was called, and what it would have done: it may have happened, or not.
    untold: Vec<(usize, Operation)>,
    /// The level of the directory when the history began.
    level: u64,
    pub(super) stagings: Tally,
    pub(super) imports: Tally,
    pub(super) lists: Tally,
}

/// What a whole catalog is found to be, and the level of its directory.
pub(super) type Found = (Operation, u64);

/// The members that can be asked, in the order of their coming.
pub(super) type Doors = Mutex<Vec<ClientSettings>>;

/// What operators share.
#[derive(Debug)]
pub(super) struct Office {
    ledger: Mutex<Ledger>,
    pub(super) doors: Doors,
    rests: AtomicBool,
    is_over: AtomicBool,
    busy: AtomicUsize,
}

impl Office {
    pub(super) fn new() -> Self {
        // Jobs of every run have numbers of their own.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let ledger = Ledger {
            drafts: Drafts::after(now.as_millis() as u64 * 1_000),
            history: History::default(),
            untold: Vec::new(),
            level: 0,
            stagings: Tally::default(),
            imports: Tally::default(),
            lists: Tally::default(),
        };
        Self {
            ledger: Mutex::new(ledger),
            doors: Mutex::new(Vec::new()),
            rests: AtomicBool::new(true),
            is_over: AtomicBool::new(false),
            busy: AtomicUsize::new(0),
        }
    }

    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        locked(&self.ledger)
    }

    /// Whom operators can ask.
    pub(super) fn doors(&self) -> Vec<ClientSettings> {
        locked(&self.doors).clone()
    }

    /// Operators can ask this member too.
    pub(super) fn open_door(&self, members: &Members, member: &str) -> Result<(), MembersError> {
        locked(&self.doors).push(members.client(member)?);
        Ok(())
    }

    /// Operators go to work.
    pub(super) fn work(&self) {
        self.rests.store(false, Ordering::SeqCst);
    }

    /// Operators come to rest, once each has an answer or has given up.
    pub(super) fn rest(&self) {
        self.rests.store(true, Ordering::SeqCst);
        while self.busy.load(Ordering::SeqCst) > 0 {
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Operators go home.
    pub(super) fn close(&self) {
        self.is_over.store(true, Ordering::SeqCst);
    }

    /// One operator, until the office closes.
    pub(super) fn operate(&self, seed: u64) {
        let (mut dice, mut desk) = (Dice::of(seed), Desk::new());
        while !self.is_over.load(Ordering::SeqCst) {
            // Said before looking, so that whoever waits for rest finds either.
            self.busy.fetch_add(1, Ordering::SeqCst);
            if !self.rests.load(Ordering::SeqCst) {
                let doors = self.doors();
                let door = dice.up_to(doors.len() as u64 - 1) as usize;
                match dice.up_to(99) {
                    0..35 => drop(self.stage(&mut desk, &doors[door], |drafts| drafts.staging(&mut dice))),
                    35..65 => drop(self.import(&mut desk, &doors[door])),
                    _ => drop(self.list(&mut desk, &doors[door])),
                }
            }
            self.busy.fetch_sub(1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(dice.between(1, PAUSE_MS_MAX)));
        }
    }

    /// Stages something; whether it was acknowledged.
    pub(super) fn stage(
        &self,
        desk: &mut Desk,
        door: &ClientSettings,
        draft: impl FnOnce(&mut Drafts) -> PopulateRequest,
    ) -> bool {
        let (part, called) = {
            let mut ledger = self.ledger();
            (draft(&mut ledger.drafts), ledger.history.moment())
        };
        let (empties, definitions) = (part.delete, definitions_of(&part));
        let told = match desk.ask(door, &OperatorRequest::Populate(part)) {
            Asked::Answered(answer) => of_staging(empties, &answer),
            Asked::NotSent => Told::Refused,
            Asked::Lost => Told::Unknown,
        };
        let mut ledger = self.ledger();
        ledger.stagings.count(&told);
        ledger.note(called, told, Operation::Stage { empties, definitions })
    }

    /// Imports what is staged; whether that was acknowledged.
    pub(super) fn import(&self, desk: &mut Desk, door: &ClientSettings) -> bool {
        let called = self.ledger().history.moment();
        let text = "IMPORT DEFN SOURCE(CATALOG)".to_string();
        let told = match desk.ask(door, &OperatorRequest::Command { text, wait_ms: Some(MEMBER_WAIT_MS) }) {
            Asked::Answered(answer) => of_import(&answer),
            Asked::NotSent => Told::Refused,
            Asked::Lost => Told::Unknown,
        };
        let mut ledger = self.ledger();
        ledger.imports.count(&told);
        ledger.note(called, told, Operation::ImportUntold)
    }

    /// Looks at the whole catalog: what is there, where that was told.
    pub(super) fn list(&self, desk: &mut Desk, door: &ClientSettings) -> Option<Found> {
        let called = self.ledger().history.moment();
        let (told, level) = match desk.ask(door, &list_of_everything()) {
            Asked::Answered(answer) => (of_list(&answer), level_in(&answer)),
            Asked::NotSent | Asked::Lost => (Told::Refused, 0),
        };
        let mut ledger = self.ledger();
        ledger.lists.count(&told);
        let Told::Done(listed) = told else { return None };
        ledger.history.answered(called, listed.clone());
        Some((listed, level))
    }

    /// Fills the empty directory with the bank.
    pub(super) fn set_up(&self, desk: &mut Desk, door: &ClientSettings) -> bool {
        let part = self.ledger().drafts.whole();
        let answered = desk.ask(door, &OperatorRequest::Populate(part));
        matches!(answered, Asked::Answered(answer) if answer.rc == ReturnCode::OK)
    }
}

impl Ledger {
    fn note(&mut self, called: usize, told: Told, untold: Operation) -> bool {
        match told {
            Told::Done(operation) => {
                self.history.answered(called, operation);
                true
            }
            Told::Unknown => {
                self.untold.push((called, untold));
                false
            }
            Told::Refused => false,
        }
    }

    /// Judges the history so far, and begins another one with what was found at its end.
    pub(super) fn judge(&mut self, (found, level): Found) -> Result<(), Broken> {
        let mut history = std::mem::take(&mut self.history);
        let began_at = self.level;
        let mut untold = std::mem::take(&mut self.untold);
        // That nobody will be told is found out later for some than for others that were called after them.
        untold.sort_by_key(|(called, _)| *called);
        self.begin((found, level));
        // What nobody was told of happened at any moment since its call, or not at all: which is as if it had happened
        // after everything else.
        let end = history.moment();
        // Each activation raises the level by one, so it is known how many there were that nobody was told of. What
        // was called first could have happened at any moment at which another of them could.
        let imports = (level - began_at).saturating_sub(history.imports() as u64) as usize;
        let (activating, staging): (Vec<_>, Vec<_>) =
            untold.into_iter().partition(|(_, operation)| *operation == Operation::ImportUntold);
        let staging = staging
            .into_iter()
            .filter_map(|(called, operation)| Some((called, trace_of(operation, &history)?)));
        let happened: Vec<_> = staging.chain(activating.into_iter().take(imports)).collect();
        for (called, operation) in happened {
            history.happened((called, end), operation);
        }
        history.check()
    }

    /// Begins a history with what was found.
    pub(super) fn begin(&mut self, (found, level): Found) {
        (self.history, self.level) = (History::default(), level);
        let called = self.history.moment();
        self.history.answered(called, Operation::begin(found));
    }
}

impl Tally {
    fn count(&mut self, told: &Told) {
        self.tried += 1;
        match told {
            Told::Done(Operation::NothingStaged) | Told::Refused => self.refused += 1,
            Told::Done(_) => self.acknowledged += 1,
            Told::Unknown => self.unknown += 1,
        }
    }
}

/// What came of asking.
enum Asked {
    Answered(Box<Answer>),
    /// No member was reached.
    NotSent,
    /// The connection broke, or the time was over.
    Lost,
}

/// The connections of one operator.
pub(super) struct Desk {
    runtime: Runtime,
    lines: BTreeMap<String, OmClient>,
}

impl Desk {
    pub(super) fn new() -> Self {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        Self { runtime: builder.enable_all().build().unwrap(), lines: BTreeMap::new() }
    }

    fn ask(&mut self, door: &ClientSettings, asked: &OperatorRequest) -> Asked {
        let member = door.members.first().map(|(member, _)| member.to_string()).unwrap_or_default();
        if !self.lines.contains_key(&member) {
            match self.runtime.block_on(OmClient::connect(door)) {
                Ok(line) => drop(self.lines.insert(member.clone(), line)),
                Err(_) => return Asked::NotSent,
            }
        }
        let answer = self.runtime.block_on(self.lines[&member].ask(asked, WAIT, |_| {}));
        match answer {
            Ok(answer) => Asked::Answered(Box::new(answer)),
            Err(_) => {
                self.lines.remove(&member);
                Asked::Lost
            }
        }
    }

    /// Whether a member tells the newest state, which it can't without a master that has a majority.
    pub(super) fn is_served(&mut self, door: &ClientSettings) -> bool {
        let asked = self.ask(door, &list_of_everything());
        matches!(asked, Asked::Answered(answer) if matches!(of_list(&answer), Told::Done(_)))
    }
}

/// The level of the directory: the latest at which anything in it was activated.
fn level_in(answer: &Answer) -> u64 {
    let levels = answer.rows.iter().filter_map(|row| row.get("DIRLVL")?.to_string().parse().ok());
    levels.max().unwrap_or_default()
}

/// What makes a difference of something that was staged, maybe: what somebody saw of it, and that it emptied staging
/// first. Of the definitions of a job some can be refused, which only its operator would have been told.
fn trace_of(operation: Operation, history: &History) -> Option<Operation> {
    let Operation::Stage { empties, mut definitions } = operation else { return Some(operation) };
    definitions.retain(|definition| history.shows(definition));
    (empties || !definitions.is_empty()).then_some(Operation::Stage { empties, definitions })
}

/// What a part of a populate job defines, each in the version that it gives.
fn definitions_of(part: &PopulateRequest) -> Vec<Definition> {
    let Some(stamp) = part.stamp else { return Vec::new() };
    let names = part.sources.iter().filter_map(|source| source.name.split('.').next());
    names.map(|name| (name.to_uppercase(), stamp)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use vocabulary::{InstanceStamp, Moment};

    fn definition(name: &str) -> Definition {
        (name.to_string(), InstanceStamp::at(Moment(7_000_000)))
    }

    #[test]
    fn of_two_imports_that_nobody_was_told_of_the_one_called_first_counts_whichever_was_given_up_first() {
        let office = Office::new();
        let mut ledger = office.ledger();
        let told = |ledger: &mut Ledger, operation| {
            let called = ledger.history.moment();
            ledger.note(called, Told::Done(operation), Operation::ImportUntold);
        };
        told(&mut ledger, Operation::Stage { empties: false, definitions: vec![definition("CLERK")] });
        let first = ledger.history.moment();
        told(&mut ledger, Operation::NothingStaged);
        let second = ledger.history.moment();
        for called in [second, first] {
            ledger.note(called, Told::Unknown, Operation::ImportUntold);
        }
        let one_activation = (Operation::NothingStaged, 1);
        ledger.judge(one_activation).unwrap();
    }

    #[test]
    fn of_a_job_that_nobody_was_told_of_that_counts_which_somebody_saw() {
        let mut history = History::default();
        let called = history.moment();
        history.answered(called, Operation::Import { activated: vec![definition("CLERK")] });
        let staged = |empties| Operation::Stage {
            empties,
            definitions: vec![definition("CLERK"), definition("TELLER")],
        };
        let seen = |empties| Operation::Stage { empties, definitions: vec![definition("CLERK")] };
        assert_eq!(trace_of(staged(false), &history), Some(seen(false)));
        let nobody_saw = |empties| trace_of(staged(empties), &History::default());
        assert_eq!(nobody_saw(false), None);
        assert_eq!(nobody_saw(true), Some(Operation::Stage { empties: true, definitions: Vec::new() }));
    }
}
