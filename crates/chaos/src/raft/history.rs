//! What operators wrote and read, and whether there is one order of it that explains every answer.

use std::collections::{BTreeMap, BTreeSet};
use todc_utils::linearizability::{WGLChecker, history::Action, history::History as Recorded};
use todc_utils::specifications::register::{RegisterOperation, RegisterSpecification};

type Operation = RegisterOperation<u64>;

/// One operation on a register.
#[derive(Debug, Clone)]
struct Entry {
    operator: usize,
    register: u8,
    called: usize,
    /// `None` where its operator was not told what came of it.
    answered: Option<usize>,
    operation: Operation,
}

/// All operations of a run.
#[derive(Debug, Default)]
pub(super) struct History {
    entries: Vec<Entry>,
    moments: usize,
    /// Values that operators were told are not written, and never will be.
    refused: BTreeSet<u64>,
    pub(super) answers: u64,
}

impl History {
    /// Something was asked; which that is, for what it comes to. Of a read the value is not known yet.
    pub(super) fn called(&mut self, operator: usize, register: u8, write: Option<u64>) -> usize {
        self.moments += 1;
        let operation = write.map_or(Operation::Read(None), Operation::Write);
        self.entries.push(Entry { operator, register, called: self.moments, answered: None, operation });
        self.entries.len() - 1
    }

    /// It was done; of a read, this is what was told.
    pub(super) fn answered(&mut self, nth: usize, value: u64) {
        self.moments += 1;
        self.answers += 1;
        let entry = &mut self.entries[nth];
        entry.answered = Some(self.moments);
        if let Operation::Read(found) = &mut entry.operation {
            *found = Some(value);
        }
    }

    /// It was not done, and never will be.
    pub(super) fn refused(&mut self, nth: usize) {
        if let Operation::Write(value) = self.entries[nth].operation {
            self.refused.insert(value);
        }
    }

    /// **What was acknowledged is there, in one order for all.** A write that nobody was told of counts where it is in
    /// the log of the world, which `written` says.
    pub(super) fn check(&self, written: &BTreeSet<u64>) -> Result<(), String> {
        if let Some(value) = self.refused.intersection(written).next() {
            return Err(format!("an operator was told that {value} is not written, and it was"));
        }
        let mut registers: BTreeMap<u8, Vec<&Entry>> = BTreeMap::new();
        for entry in &self.entries {
            let counts = match entry.operation {
                Operation::Write(value) => entry.answered.is_some() || written.contains(&value),
                Operation::Read(value) => value.is_some(),
            };
            if counts {
                registers.entry(entry.register).or_default().push(entry);
            }
        }
        for (register, entries) in registers {
            if !WGLChecker::<RegisterSpecification<u64>>::is_linearizable(self.recorded(&entries)) {
                let told: Vec<String> = entries.iter().map(|entry| entry.told()).collect();
                return Err(format!(
                    "no order explains what was written to and read from register {register}:\n{}",
                    told.join("\n")
                ));
            }
        }
        Ok(())
    }

    fn recorded(&self, entries: &[&Entry]) -> Recorded<Operation> {
        let mut actions = Vec::new();
        for (process, entry) in entries.iter().enumerate() {
            actions.push((entry.called, process, Action::Call(entry.operation)));
            let end = self.moments + 1 + process;
            actions.push((entry.answered.unwrap_or(end), process, Action::Response(entry.operation)));
        }
        actions.sort_by_key(|(moment, ..)| *moment);
        Recorded::from_actions(actions.into_iter().map(|(_, process, action)| (process, action)).collect())
    }
}

impl Entry {
    fn told(&self) -> String {
        let Self { operator, called, operation, .. } = self;
        let until = self.answered.map_or_else(|| "?".to_string(), |answered| answered.to_string());
        format!("  {called}..{until} operator {operator} {operation:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_value_that_is_read_after_a_write_is_not_explained() {
        let mut history = History::default();
        let write = history.called(1, 0, Some(7));
        history.answered(write, 0);
        let read = history.called(2, 0, None);
        history.answered(read, 0);
        assert!(history.check(&BTreeSet::from([7])).unwrap_err().contains("no order explains"));
    }

    #[test]
    fn a_write_that_nobody_was_told_of_may_be_seen_late_or_never() {
        for (seen, written) in [(7, BTreeSet::from([7])), (0, BTreeSet::from([7])), (0, BTreeSet::new())] {
            let mut history = History::default();
            history.called(1, 0, Some(7));
            let read = history.called(2, 0, None);
            history.answered(read, seen);
            history.check(&written).unwrap();
        }
    }

    #[test]
    fn a_write_that_was_refused_and_took_effect_is_found() {
        let mut history = History::default();
        let write = history.called(1, 0, Some(7));
        history.refused(write);
        history.check(&BTreeSet::new()).unwrap();
        assert!(history.check(&BTreeSet::from([7])).is_err());
    }
}
