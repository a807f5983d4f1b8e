//! Operators who stage, import, purge and query, each one thing after the other, at whatever member.

use crate::dice::Dice;
use crate::drafts::{Drafts, command, list_of_everything};
use crate::history::{
    Catalog, Definition, History, Operation, Told, has, made_by_ddl, of_import, of_list, of_staging,
};
use crate::invariants::tokens_in;
use crate::world::facts::Fact;
use crate::world::workplace::Workplace;
use catalog::job::JobId;
use control_region::RequestId;
use csl::envelope::OperatorRequest;
use csl::om::Answer;
use plex::CommandToken;
use std::collections::{BTreeMap, BTreeSet};
use vocabulary::{MemberName, Moment};

/// Commands that change nothing of what is staged and what is active.
const COMMANDS: [&str; 21] = [
    "QUERY MEMBER TYPE(IMS) SHOW(STATUS)",
    "QUERY PGM NAME(*) SHOW(ALL)",
    "QUERY DB NAME(*) SHOW(ALL)",
    "QUERY OLC LIBRARY(ACBSHR)",
    "QUERY CATALOG NAME(*)",
    "UPDATE PGM NAME(TELLER) STOP(SCHD)",
    "UPDATE PGM NAME(TELLER) START(SCHD)",
    "UPDATE DB NAME(BRANCH) STOP(SCHD)",
    "UPDATE CATALOG NAME(*) SET(RETENTION(INSTANCES(1) DAYS(0)))",
    "UPDATE CATALOG NAME(*) SET(TIMESTAMP(CHECK))",
    "DELETE CATALOG NAME(*) MODE(PURGE)",
    "UPDATE DIRECTORY START(CLEANUP)",
    "IMPORT DEFN SOURCE(CATALOG) OPTION(REFRESHPSB) FOR(IMSID(IMS1,IMS2))",
    "INIT.DB DBD(CUSTDB) SHARELVL(1)",
    "INIT.DBDS DBD(CUSTDB) DDN(CUSTDD) DSN(IMS.CUSTDB) GENMAX(3)",
    "CHANGE.DB DBD(CUSTDB) NOAUTH",
    "CHANGE.DBDS DBD(CUSTDB) DDN(CUSTDD) ICON",
    "CHANGE.DBDS DBD(CUSTDB) DDN(CUSTDD) ICOFF",
    "DELETE.DBDS DBD(CUSTDB) DDN(CUSTDD)",
    "DELETE.DB DBD(CUSTDB)",
    "LIST.DB DBD(CUSTDB) DBDS",
];

/// How staging is imported. What is named more often is asked for more often.
const IMPORTS: [&str; 9] = [
    "IMPORT DEFN SOURCE(CATALOG)",
    "IMPORT DEFN SOURCE(CATALOG)",
    "IMPORT DEFN SOURCE(CATALOG)",
    "IMPORT DEFN SOURCE(CATALOG)",
    "IMPORT DEFN SOURCE(CATALOG)",
    "IMPORT DEFN SOURCE(CATALOG)",
    "IMPORT DEFN SOURCE(CATALOG) OPTION(DELPENDERR)",
    "IMPORT DEFN SOURCE(CATALOG) OPTION(UPDATEPSB) FOR(IMSID(IMS1,IMS2))",
    "IMPORT DEFN SOURCE(CATALOG) OPTION(UPDATEPSB,DELPENDERR) FOR(IMSID(IMS2))",
];

/// How long an operator waits before giving up.
const PATIENCE_MS: u64 = 35_000;

/// What an operator asked for.
#[derive(Debug, Clone)]
enum Asked {
    Stage { job: JobId, empties: bool },
    Import,
    List,
    Ddl,
    Other,
}

#[derive(Debug)]
struct Waiting {
    request: RequestId,
    asked: Asked,
    called: usize,
    since: Moment,
}

/// What the world knows of operations, whose operators may not have been told: between which moments they happened.
#[derive(Debug, Default)]
struct Known {
    staged: BTreeMap<JobId, ((usize, usize), Vec<Definition>)>,
    activated: BTreeMap<CommandToken, ((usize, usize), Vec<Definition>)>,
    /// When staging was emptied for an import that found something in error in it, by the entry that did so.
    emptied: BTreeMap<u64, (usize, usize)>,
    /// Units of work of DDL, by the entry that staged or activated each.
    units: BTreeMap<u64, ((usize, usize), Catalog, Catalog)>,
    /// What operators of DDL were told is staged or active now, and between which moments that has to have happened.
    made: Vec<((usize, usize), Definition)>,
    /// The activations that operators were told of.
    told: BTreeSet<CommandToken>,
    /// Jobs of which operators were not told what came of them, and whether they empty staging first.
    open: Vec<(JobId, bool)>,
    until: usize,
}

/// All operators of a world, and what they did.
#[derive(Debug)]
pub(crate) struct Operators {
    waiting: Vec<Option<Waiting>>,
    pub(crate) history: History,
    known: Known,
    drafts: Drafts,
}

impl Operators {
    pub(crate) fn new(count: usize) -> Self {
        let waiting = std::iter::repeat_with(|| None).take(count).collect();
        Self { waiting, history: History::default(), known: Known::default(), drafts: Drafts::after(0) }
    }

    /// Fills an empty directory with the bank, and notes what the history begins with.
    pub(crate) fn begin(&mut self, world: &mut impl Workplace, at: MemberName) {
        let part = self.drafts.whole();
        world.ask(at, OperatorRequest::Populate(part));
        world.run(1_000);
        let called = self.history.moment();
        let listed = self.list(world, at);
        self.history.answered(called, Operation::begin(listed));
    }

    /// Looks at the whole catalog in a world that is calm.
    pub(crate) fn look(&mut self, world: &mut impl Workplace, at: MemberName) {
        let called = self.history.moment();
        let listed = self.list(world, at);
        self.history.answered(called, listed);
    }

    fn list(&mut self, world: &mut impl Workplace, at: MemberName) -> Operation {
        let request = world.ask(at, list_of_everything());
        world.run(1_000);
        let (_, answer) = world.requests()[&request].answers.first().unwrap();
        match of_list(answer) {
            Told::Done(listed) => listed,
            other => panic!("a calm plex does not list its catalog: {other:?} {answer:?}"),
        }
    }

    /// Whoever was answered takes note of it, and whoever waits for nothing may ask for something.
    pub(crate) fn act(&mut self, world: &mut impl Workplace, dice: &mut Dice) {
        self.hear(world);
        for nth in 0..self.waiting.len() {
            if self.waiting[nth].is_none() && dice.happens(600) {
                let at = dice.pick(&world.sharers());
                self.waiting[nth] = Some(self.ask(world, dice, at));
            }
        }
        self.hear(world);
    }

    /// Takes note of what happened, since this was called last, whoever was told of it.
    pub(crate) fn learn(&mut self, facts: &[Fact]) {
        let since = (self.known.until, self.history.moment());
        self.known.until = since.1;
        for fact in facts {
            match fact {
                Fact::Staged { job, admitted } => {
                    self.known.staged.entry(*job).or_insert_with(|| (since, admitted.clone()));
                }
                Fact::Committed { token, activated, .. } => {
                    self.known.activated.entry(*token).or_insert_with(|| (since, activated.clone()));
                }
                Fact::Unit { index, token, before, after } => {
                    // It is in the history as a unit of work.
                    self.known.told.extend(*token);
                    let unit = || (since, before.clone(), after.clone());
                    self.known.units.entry(*index).or_insert_with(unit);
                }
                Fact::Emptied { index } => {
                    self.known.emptied.entry(*index).or_insert(since);
                }
                Fact::Applied { .. }
                | Fact::Ready { .. }
                | Fact::Started { .. }
                | Fact::Admitted { .. }
                | Fact::Wrote { .. } => {}
            }
        }
    }

    /// Nobody waits any more, and what happened without anybody being told goes into the history.
    pub(crate) fn give_up(&mut self, world: &impl Workplace) {
        self.hear(world);
        for waiting in self.waiting.iter_mut().filter_map(Option::take) {
            note(&mut self.history, &mut self.known, &waiting, None);
        }
        for (job, empties) in std::mem::take(&mut self.known.open) {
            if let Some((when, definitions)) = self.known.staged.remove(&job) {
                self.history.happened(when, Operation::Stage { empties, definitions });
            }
        }
        for (token, (when, activated)) in std::mem::take(&mut self.known.activated) {
            // Refreshing programs activates nothing.
            if !activated.is_empty() && !self.known.told.contains(&token) {
                self.history.happened(when, Operation::Import { activated });
            }
        }
        for (when, definition) in std::mem::take(&mut self.known.made) {
            let mut units = self.known.units.values();
            let is_made = units.any(|((since, until), _, after)| {
                *since < when.1 && *until > when.0 && has(after, &definition)
            });
            if !is_made {
                self.history.happened(when, Operation::Unmade(definition));
            }
        }
        for (when, before, after) in std::mem::take(&mut self.known.units).into_values() {
            self.history.happened(when, Operation::Unit { before, after });
        }
        // To whoever was told of it, it happened once more.
        for when in std::mem::take(&mut self.known.emptied).into_values() {
            self.history.happened(when, Operation::EMPTY);
        }
    }

    fn hear(&mut self, world: &impl Workplace) {
        for slot in &mut self.waiting {
            let done = slot.take_if(|waiting| {
                let request = &world.requests()[&waiting.request];
                let gave_up = world.now().ms_since(waiting.since) >= PATIENCE_MS;
                request.cut_off || gave_up || !request.answers.is_empty()
            });
            if let Some(waiting) = done {
                let answer = world.requests()[&waiting.request].answers.first();
                note(&mut self.history, &mut self.known, &waiting, answer.map(|(_, answer)| answer));
            }
        }
    }

    fn ask(&mut self, world: &mut impl Workplace, dice: &mut Dice, at: MemberName) -> Waiting {
        let (called, since) = (self.history.moment(), world.now());
        let (asked, envelope) = match dice.up_to(99) {
            0..40 => {
                let part = self.drafts.staging(dice);
                let asked = Asked::Stage { job: JobId(part.job), empties: part.delete };
                (asked, OperatorRequest::Populate(part))
            }
            40..72 => (Asked::Import, command(dice.pick(&IMPORTS))),
            72..86 => (Asked::List, list_of_everything()),
            86..91 => (Asked::Ddl, OperatorRequest::Ddl(self.drafts.ddl(dice))),
            _ => (Asked::Other, command(dice.pick(&COMMANDS))),
        };
        let request = world.ask(at, envelope);
        Waiting { request, asked, called, since }
    }

    /// Stages a program in the name of somebody who wants to see the plex serve.
    pub(crate) fn stage_clerk(&mut self, world: &mut impl Workplace, at: MemberName) -> RequestId {
        let part = self.drafts.clerk();
        world.ask(at, OperatorRequest::Populate(part))
    }
}

/// Writes into the history what came of what was asked.
fn note(history: &mut History, known: &mut Known, waiting: &Waiting, answer: Option<&Answer>) {
    let told = match (&waiting.asked, answer) {
        (Asked::Stage { empties, .. }, Some(answer)) => of_staging(*empties, answer),
        (Asked::Import, Some(answer)) => {
            known.told.extend(tokens_in(answer));
            of_import(answer)
        }
        (Asked::List, Some(answer)) => of_list(answer),
        (Asked::Ddl, Some(answer)) => {
            let when = (waiting.called, history.moment());
            known.made.extend(made_by_ddl(answer).into_iter().map(|made| (when, made)));
            Told::Refused
        }
        (Asked::List | Asked::Ddl | Asked::Other, _) => Told::Refused,
        (_, None) => Told::Unknown,
    };
    match (told, &waiting.asked) {
        (Told::Done(operation), _) => history.answered(waiting.called, operation),
        (Told::Unknown, Asked::Stage { job, empties }) => known.open.push((*job, *empties)),
        _ => {}
    }
}
