//! What OM does with the answers of several members: one answer.

use super::answer::{Answer, MemberError, Row, Tally};
use super::code::{ReasonCode, ReturnCode, meaning};
use super::column::{Column, Sort};
use std::cmp::Ordering;
use vocabulary::MemberName;

/// What kind of IMS every member is.
pub const SUBTYPE: &str = "DBCTL";

impl Answer {
    /// One answer from the answers of members, and from the silence of those that are `missing`.
    ///
    /// Rows are sorted by the key columns; rows that are equal there keep the order of their members' names. The
    /// codes are those of the worst case:
    ///
    /// | case | rc | rsn |
    /// |---|---|---|
    /// | somebody is missing: nobody knows whether it worked there | 02000004 | 00001000 |
    /// | everybody says the same | theirs | theirs |
    /// | nothing failed, and some have warnings | of the worst warning | of the worst warning |
    /// | some succeeded, some failed | 0000000C | 00003000 |
    /// | none succeeded | 0000000C | 00003004 |
    pub fn merge(mut answers: Vec<(MemberName, Self)>, mut missing: Vec<MemberName>) -> Self {
        answers.sort_by_key(|(member, _)| *member);
        missing.sort_unstable();
        let (rc, rsn) = merged_codes(&answers, &missing);
        let mut merged = Self { rc, rsn, ..Self::default() };
        for (member, answer) in answers {
            merged.absorb(member, answer);
        }
        merged.member_errors.extend(missing.into_iter().map(no_answer));
        let columns = std::mem::take(&mut merged.columns);
        merged.rows.sort_by(|left, right| by_keys(&columns, left, right));
        merged.columns = columns;
        merged
    }

    fn absorb(&mut self, member: MemberName, answer: Self) {
        if self.command.is_empty() {
            (self.command, self.started) = (answer.command.clone(), answer.started);
        }
        self.started = self.started.min(answer.started);
        self.stopped = self.stopped.max(answer.stopped);
        self.master = self.master.or(answer.master);
        if self.reason_text.is_empty() && (answer.rc, answer.rsn) == (self.rc, self.rsn) {
            self.reason_text.clone_from(&answer.reason_text);
        }
        // Its messages tell who failed and why, the codes of the whole answer the rest.
        let codes_are_told = (answer.rc, answer.rsn) == (self.rc, self.rsn) && answer.reason_text.is_empty();
        let is_told = !answer.rows.is_empty() || (codes_are_told && !answer.messages.is_empty());
        // A failure that nothing else tells of would be lost otherwise.
        if !is_told && answer.tally().failed > 0 && answer.member_errors.is_empty() {
            self.member_errors.push(own_error(member, &answer));
        }
        self.member_errors.extend(answer.member_errors);
        for column in answer.columns {
            if !self.columns.iter().any(|known| known.short == column.short) {
                self.columns.push(column);
            }
        }
        self.rows.extend(answer.rows);
        self.messages.extend(answer.messages);
    }
}

fn merged_codes(answers: &[(MemberName, Answer)], missing: &[MemberName]) -> (ReturnCode, ReasonCode) {
    if !missing.is_empty() {
        return (ReturnCode::OM_WARNING, ReasonCode::TIMEOUT);
    }
    let codes = || answers.iter().map(|(_, answer)| (answer.rc, answer.rsn));
    let Some(first) = codes().next() else { return (ReturnCode::OM_ENVIRONMENT, ReasonCode::NO_MEMBER) };
    let tally = answers.iter().fold(Tally::default(), |sum, (_, answer)| sum.plus(answer.tally()));
    let told = first.0.severity() > 0 || tally.failed == 0;
    if told && codes().all(|code| code == first) {
        return first;
    }
    match tally {
        Tally { failed: 0, .. } => codes().max_by_key(|(rc, _)| rc.severity()).unwrap_or(first),
        _ => tally.codes(),
    }
}

fn no_answer(member: MemberName) -> MemberError {
    MemberError {
        member,
        member_type: "IMS".to_string(),
        subtype: SUBTYPE.to_string(),
        rc: ReturnCode::OM_WARNING,
        rsn: ReasonCode::TIMEOUT,
        text: "no answer in time".to_string(),
    }
}

fn own_error(member: MemberName, answer: &Answer) -> MemberError {
    let text = match answer.reason_text.as_str() {
        "" => meaning(answer.rc, answer.rsn),
        text => text,
    };
    MemberError {
        member,
        member_type: "IMS".to_string(),
        subtype: SUBTYPE.to_string(),
        rc: answer.rc,
        rsn: answer.rsn,
        text: text.to_string(),
    }
}

fn by_keys(columns: &[Column], left: &Row, right: &Row) -> Ordering {
    let mut keys: Vec<&Column> = columns.iter().filter(|column| column.key > 0).collect();
    keys.sort_by_key(|column| column.key);
    keys.into_iter().fold(Ordering::Equal, |so_far, column| {
        let order = left.get(&column.short).cmp(&right.get(&column.short));
        so_far.then(match column.sort {
            Sort::Ascending => order,
            Sort::Descending => order.reverse(),
            Sort::None => Ordering::Equal,
        })
    })
}
