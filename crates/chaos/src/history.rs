//! What operators did and were told, and whether there is one order of it that explains every answer.
//!
//! The catalog that operators see is one object: staging and directory of every name. A history of it is linearizable
//! where each operation can be given a moment between its call and its answer, so that all answers are those of one
//! catalog that does one thing after the other. Of an operation whose outcome its operator was not told, the world knows
//! whether and when it happened. So it does of every unit of work that DDL defines, which is staged or activated alone; what
//! the operators of DDL were told has to be among these.

use crate::invariants::{Broken, admitted_in, definitions_in, says};
use catalog::Record;
use csl::om::{Answer, ReasonCode, ReturnCode, Row, Value};
use std::collections::BTreeMap;
use todc_utils::linearizability::{WGLChecker, history::Action, history::History as Recorded};
use todc_utils::specifications::Specification;
use vocabulary::InstanceStamp;

/// Name and version of a definition.
pub(crate) type Definition = (String, InstanceStamp);

/// Staging and directory under one name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Seen {
    active: Option<InstanceStamp>,
    pending: Option<InstanceStamp>,
    /// What is pending takes the name away.
    drops: bool,
}

/// Staging and directory, by name. A name without either is not in it.
pub(crate) type Catalog = BTreeMap<String, Seen>;

/// One operation, with what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operation {
    /// The catalog is found so, before anything else.
    Begin(Catalog),
    /// These were staged, after staging was emptied where it says so.
    Stage { empties: bool, definitions: Vec<Definition> },
    /// Everything staged was activated, which was these.
    Import { activated: Vec<Definition> },
    /// Everything staged was activated, and nobody was told which that was.
    ImportUntold,
    /// There was nothing to import.
    NothingStaged,
    /// A unit of work of DDL was staged or activated: its names were as the first, and are as the second.
    Unit { before: Catalog, after: Catalog },
    /// An operator of DDL was told that this was staged or activated, and it was not.
    Unmade(Definition),
    /// The catalog was seen so.
    List(Catalog),
}

/// The catalog as one object that does one thing after the other.
struct OneCatalog;

impl Specification for OneCatalog {
    type State = Catalog;
    type Operation = Operation;

    fn init() -> Catalog {
        Catalog::new()
    }

    fn apply(operation: &Operation, catalog: &Catalog) -> (bool, Catalog) {
        let mut after = catalog.clone();
        let explained = match operation {
            Operation::Begin(found) => {
                after = found.clone();
                true
            }
            Operation::Stage { empties, definitions } => {
                if *empties {
                    after.values_mut().for_each(Seen::is_unstaged);
                }
                for (name, stamp) in definitions {
                    let seen = after.entry(name.clone()).or_default();
                    (seen.pending, seen.drops) = (Some(*stamp), false);
                }
                true
            }
            Operation::Import { activated } => {
                activate(&mut after);
                sorted(activated) == staged_in(catalog)
            }
            Operation::ImportUntold => {
                activate(&mut after);
                true
            }
            Operation::NothingStaged => staged_in(catalog).is_empty(),
            Operation::Unit { before, after: made } => {
                let names = || before.keys().chain(made.keys());
                let as_before = names().all(|name| seen_in(catalog, name) == seen_in(before, name));
                for name in names() {
                    after.insert(name.clone(), seen_in(made, name));
                }
                as_before
            }
            Operation::Unmade(_) => false,
            Operation::List(listed) => *listed == without_empty(catalog),
        };
        (explained, after)
    }
}

fn seen_in(catalog: &Catalog, name: &str) -> Seen {
    catalog.get(name).copied().unwrap_or_default()
}

/// Whether a definition is staged or active.
pub(crate) fn has(catalog: &Catalog, (name, stamp): &Definition) -> bool {
    let seen = seen_in(catalog, name);
    [seen.active, seen.pending].contains(&Some(*stamp))
}

fn activate(catalog: &mut Catalog) {
    for seen in catalog.values_mut() {
        let active = if seen.drops { None } else { seen.pending.or(seen.active) };
        *seen = Seen { active, ..Seen::default() };
    }
}

fn staged_in(catalog: &Catalog) -> Vec<Definition> {
    catalog.iter().filter_map(|(name, seen)| Some((name.clone(), seen.pending?))).collect()
}

fn sorted(definitions: &[Definition]) -> Vec<Definition> {
    let mut sorted = definitions.to_vec();
    sorted.sort();
    sorted
}

fn without_empty(catalog: &Catalog) -> Catalog {
    let full = catalog.iter().filter(|(_, seen)| **seen != Seen::default());
    full.map(|(name, seen)| (name.clone(), *seen)).collect()
}

/// The operations of a run, in the order of their calls.
#[derive(Debug, Default)]
pub(crate) struct History {
    operations: Vec<Entry>,
    moments: usize,
}

#[derive(Debug)]
struct Entry {
    operation: Operation,
    called: usize,
    answered: usize,
}

impl History {
    /// A moment of its own, later than all before.
    pub(crate) fn moment(&mut self) -> usize {
        self.moments += 1;
        self.moments
    }

    /// An operation that was called then and answered now.
    pub(crate) fn answered(&mut self, called: usize, operation: Operation) {
        let answered = self.moment();
        self.happened((called, answered), operation);
    }

    /// An operation that happened between these moments.
    pub(crate) fn happened(&mut self, (called, answered): (usize, usize), operation: Operation) {
        self.operations.push(Entry { operation, called, answered });
    }

    /// How many operators were told that what was staged is activated.
    pub(crate) fn imports(&self) -> usize {
        let imported = |entry: &&Entry| matches!(entry.operation, Operation::Import { .. });
        self.operations.iter().filter(imported).count()
    }

    /// Whether anybody was shown this definition, in staging or in the directory.
    pub(crate) fn shows(&self, (name, stamp): &Definition) -> bool {
        self.operations.iter().any(|entry| match &entry.operation {
            Operation::Begin(seen) | Operation::List(seen) => {
                seen.get(name).is_some_and(|seen| [seen.active, seen.pending].contains(&Some(*stamp)))
            }
            Operation::Import { activated } => activated.contains(&(name.clone(), *stamp)),
            Operation::Stage { .. }
            | Operation::ImportUntold
            | Operation::NothingStaged
            | Operation::Unit { .. }
            | Operation::Unmade(_) => false,
        })
    }

    /// Looks for an order that explains every answer.
    pub(crate) fn check(&self) -> Result<(), Broken> {
        if self.operations.is_empty() || WGLChecker::<OneCatalog>::is_linearizable(self.recorded()) {
            return Ok(());
        }
        Err(Broken {
            name: "histories_are_linearizable",
            sentence: "What operators staged, imported and listed, at whatever member, can be explained by one \
                       catalog that did one thing after the other.",
            source_of_rule: "all members share one catalog, docs/architecture.md",
            found: format!("no order explains these answers:\n{}", self.told()),
        })
    }

    /// Each operation is a process of its own, so that one that took long does not hold back the next.
    fn recorded(&self) -> Recorded<Operation> {
        let mut actions: Vec<(usize, usize, Action<Operation>)> = Vec::new();
        for (process, entry) in self.operations.iter().enumerate() {
            actions.push((entry.called, process, Action::Call(entry.operation.clone())));
            actions.push((entry.answered, process, Action::Response(entry.operation.clone())));
        }
        actions.sort_by_key(|(moment, process, _)| (*moment, *process));
        Recorded::from_actions(actions.into_iter().map(|(_, process, action)| (process, action)).collect())
    }

    fn told(&self) -> String {
        let lines = self
            .operations
            .iter()
            .map(|Entry { operation, called, answered }| format!("  {called}..{answered} {operation:?}"));
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// What an answer tells of what was asked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// It was done so.
    Done(Operation),
    /// It was not done, and never will be.
    Refused,
    /// It may have been done, or may be yet.
    Unknown,
}

/// What the answer to a populate job tells.
pub(crate) fn of_staging(empties: bool, answer: &Answer) -> Told {
    if says(answer, "DFS4536I") {
        return Told::Done(Operation::Stage { empties, definitions: admitted_in(answer).collect() });
    }
    refused_or_unknown(answer)
}

/// What the answer to an IMPORT of everything tells.
pub(crate) fn of_import(answer: &Answer) -> Told {
    if says(answer, "DFS4897I") {
        return Told::Done(Operation::Import { activated: definitions_in(answer).collect() });
    }
    if answer.reason_text.contains("nothing is staged") {
        return Told::Done(Operation::NothingStaged);
    }
    if answer.reason_text.contains("staging was emptied") && !is_unknown(answer) {
        return Told::Done(Operation::EMPTY);
    }
    refused_or_unknown(answer)
}

/// What a listing of everything tells; nothing where it may be an old state.
pub(crate) fn of_list(answer: &Answer) -> Told {
    if (answer.rc, answer.rsn) != (ReturnCode::OK, ReasonCode::NONE) {
        return Told::Refused;
    }
    let mut catalog = Catalog::new();
    for row in &answer.rows {
        let text = |column| row.get(column).map(Value::to_string).unwrap_or_default();
        let (name, stamp) = (text("NAME"), text("TIMESTMP").parse().ok());
        match text("INST").as_str() {
            "ACTIVE" => catalog.entry(name).or_default().active = stamp,
            "PENDING" => catalog.entry(name).or_default().pending = stamp,
            "PENDING DROP" => {
                let seen = catalog.entry(name).or_default();
                (seen.pending, seen.drops) = (stamp, true);
            }
            _ => {}
        }
    }
    Told::Done(Operation::List(catalog))
}

/// The definitions of which an operator of DDL is told that they are staged or active now.
pub(crate) fn made_by_ddl(answer: &Answer) -> Vec<Definition> {
    let is_made = |row: &&Row| {
        let text = |column| row.get(column).map(Value::to_string).unwrap_or_default();
        ["ACTIVE", "PENDING"].contains(&text("STT").as_str()) && text("ACT") != "UNCHANGED"
    };
    let made = Answer { rows: answer.rows.iter().filter(is_made).cloned().collect(), ..Answer::default() };
    definitions_in(&made).collect()
}

fn refused_or_unknown(answer: &Answer) -> Told {
    if is_unknown(answer) { Told::Unknown } else { Told::Refused }
}

/// Whether an answer leaves open what came of what was asked.
pub(crate) fn is_unknown(answer: &Answer) -> bool {
    answer.rsn == ReasonCode::TIMEOUT
        || answer.reason_text.contains("not known")
        || answer.reason_text.contains("was lost, and")
}

impl Seen {
    /// As a catalog has a name.
    pub(crate) fn of(record: &Record) -> Self {
        let pending = record.pending.and_then(|stamp| record.instance(stamp));
        let drops = pending.is_some_and(|instance| instance.is_drop());
        Self { active: record.active, pending: record.pending, drops }
    }

    fn is_unstaged(&mut self) {
        (self.pending, self.drops) = (None, false);
    }
}

impl Operation {
    /// Staging was emptied.
    pub(crate) const EMPTY: Self = Self::Stage { empties: true, definitions: Vec::new() };

    /// The catalog that a listing shows, as the state that a history begins with.
    pub(crate) fn begin(listed: Self) -> Self {
        match listed {
            Self::List(catalog) => Self::Begin(catalog),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vocabulary::Moment;

    fn definition(name: &str, seconds: u64) -> Definition {
        (name.to_string(), InstanceStamp::at(Moment(seconds * 1_000_000)))
    }

    fn stage(name: &str, seconds: u64) -> Operation {
        Operation::Stage { empties: false, definitions: vec![definition(name, seconds)] }
    }

    fn list(name: &str, pending: Option<u64>) -> Operation {
        let pending = pending.map(|seconds| definition(name, seconds).1);
        let seen = Seen { pending, ..Seen::default() };
        Operation::List(
            Catalog::from([(name.to_string(), seen)])
                .into_iter()
                .filter(|(_, seen)| *seen != Seen::default())
                .collect(),
        )
    }

    #[test]
    fn a_listing_that_misses_what_was_staged_before_is_not_explained() {
        let mut history = History::default();
        let called = history.moment();
        history.answered(called, stage("TELLER", 1));
        let called = history.moment();
        history.answered(called, list("TELLER", None));
        assert_eq!(history.check().unwrap_err().name, "histories_are_linearizable");
    }

    #[test]
    fn what_overlaps_may_be_seen_or_not() {
        for seen in [None, Some(2)] {
            let mut history = History::default();
            let staging = history.moment();
            let listing = history.moment();
            history.answered(listing, list("TELLER", seen));
            history.answered(staging, stage("TELLER", 2));
            history.check().unwrap();
        }
    }

    #[test]
    fn an_import_activates_everything_that_is_staged_and_nothing_else() {
        for (activated, explained) in [(vec![definition("TELLER", 1)], true), (vec![], false)] {
            let mut history = History::default();
            let called = history.moment();
            history.answered(called, stage("TELLER", 1));
            let called = history.moment();
            history.answered(called, Operation::Import { activated });
            assert_eq!(history.check().is_ok(), explained);
        }
    }

    fn catalog_of(name: &str, seen: Seen) -> Catalog {
        Catalog::from([(name.to_string(), seen)])
    }

    /// A unit of work of DDL that stages a drop of what was active.
    fn drop_staged(name: &str) -> [Operation; 2] {
        let active = Some(definition(name, 1).1);
        let before = catalog_of(name, Seen { active, ..Seen::default() });
        let pending = Some(definition(name, 2).1);
        let after = catalog_of(name, Seen { active, pending, drops: true });
        [Operation::Begin(before.clone()), Operation::Unit { before, after }]
    }

    fn in_order(operations: impl IntoIterator<Item = Operation>) -> History {
        let mut history = History::default();
        for operation in operations {
            let called = history.moment();
            history.answered(called, operation);
        }
        history
    }

    #[test]
    fn what_ddl_drops_is_gone_with_the_next_import() {
        let import = Operation::Import { activated: vec![definition("LOANS", 2)] };
        for (listed, explained) in [
            (Catalog::new(), true),
            (catalog_of("LOANS", Seen { active: Some(definition("LOANS", 1).1), ..Seen::default() }), false),
        ] {
            let after = [import.clone(), Operation::List(listed)];
            let history = in_order(drop_staged("LOANS").into_iter().chain(after));
            assert_eq!(history.check().is_ok(), explained);
        }
    }

    #[test]
    fn a_unit_of_work_that_finds_something_else_than_was_there_is_not_explained() {
        let [begin, unit] = drop_staged("LOANS");
        in_order([begin.clone(), unit.clone()]).check().unwrap();
        let twice = in_order([begin, unit.clone(), unit]);
        assert_eq!(twice.check().unwrap_err().name, "histories_are_linearizable");
    }

    #[test]
    fn what_an_operator_of_ddl_was_told_and_is_not_so_is_not_explained() {
        let told = Operation::Unmade(definition("LOANS", 1));
        assert_eq!(in_order([told]).check().unwrap_err().name, "histories_are_linearizable");
    }
}
