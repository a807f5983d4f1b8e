//! What an operator reads about a utility that has ended.

use super::{Job, Utility};
use crate::columns;
use catalog::{InstanceKind, Retention};
use csl::om::{Answer, CC, CCTXT, Column, CompletionCode, Generic, ReasonCode, ReturnCode, Row};
use plex::{AbortReason, Activation, Finished, Outcome};
use std::collections::BTreeMap;
use vocabulary::message::{
    DFS4426I, DFS5003I, DFS5004I, DFS5005I, DFS5010I, DFS5011I, DFS7441I, DFS9108I, DFS9112W,
};
use vocabulary::{InstanceStamp, MemberName, Moment, ResourceName};

fn row(name: ResourceName, code: CompletionCode) -> Row {
    let text = if code.is_ok() { "" } else { code.text() };
    let row = Row::default().with("NAME", name.as_str()).with("TYP", name.kind().to_string());
    row.with(CC, code).with(CCTXT, text)
}

fn instance_row(name: ResourceName, stamp: InstanceStamp, kind: InstanceKind, code: CompletionCode) -> Row {
    row(name, code).with("INST", kind.to_string()).with("TIMESTMP", stamp.to_string())
}

impl Job {
    /// The answer to a utility that did all its parts.
    pub(super) fn answer(&self, me: MemberName) -> Answer {
        let mut answer = Answer { columns: columns(), master: Some(me), ..Answer::default() };
        match &self.utility {
            Utility::Purge(purge) if purge.analyse || purge.instance.is_some() => {
                answer.rows = self.instance_rows(purge.delete);
            }
            Utility::Purge(_) => answer.rows = self.definition_rows(),
            Utility::Retain { retention, .. } => answer.rows = self.retained_rows(*retention),
            Utility::Repair(_) => answer.rows = self.repaired_rows(),
            Utility::Rebuild(_) => answer.rows = self.damaged_rows(),
        }
        answer.rows.extend(self.not_found().map(|name| {
            let code = CompletionCode::NOT_FOUND;
            Row::default().with("NAME", name).with("TYP", "").with(CC, code).with(CCTXT, code.text())
        }));
        answer.judge_by_rows();
        self.say(&mut answer, me);
        answer
    }

    /// The names that no definition has; and where an instance was named that none of the others has, those too.
    fn not_found(&self) -> impl Iterator<Item = &str> {
        let surveyed = &self.surveyed;
        let nothing = surveyed.found.is_empty() && surveyed.kept.is_empty();
        let names: &[Generic] = match &self.utility {
            Utility::Purge(purge) if purge.instance.is_some() && nothing => &purge.definitions.names,
            _ => &[],
        };
        let known =
            names.iter().map(Generic::as_str).filter(|name| surveyed.unknown.iter().all(|of| of != name));
        known.chain(surveyed.unknown.iter().map(String::as_str))
    }

    fn say(&self, answer: &mut Answer, me: MemberName) {
        let surveyed = &self.surveyed;
        match &self.utility {
            Utility::Purge(_) => {
                let (looked_at, definitions) = (surveyed.looked_at, surveyed.names.len());
                let (found, deleted) = (surveyed.found.len(), self.deleted.len());
                answer.say(me, DFS4426I.with(&[&looked_at, &definitions, &found, &deleted]));
            }
            Utility::Retain { .. } => {}
            Utility::Repair(_) => {
                let sent = surveyed.names.len() - surveyed.damaged.len();
                answer.say(me, DFS9108I.with(&[&sent, &me]));
            }
            Utility::Rebuild(_) => {
                answer.say(me, DFS7441I.with(&[&surveyed.counts.0, &surveyed.counts.1]));
                answer.say(me, DFS5003I.with(&[]));
            }
        }
        for name in &surveyed.damaged {
            answer.say(me, DFS9112W.with(&[&me, name]));
        }
    }

    fn instance_rows(&self, delete: bool) -> Vec<Row> {
        let found = self.surveyed.found.iter().map(|(name, stamp)| {
            // Between survey and entry an instance may have been staged again, or its retention been set.
            let action = match (delete, self.deleted.contains(&(*name, *stamp))) {
                (false, _) => "EXPIRED",
                (true, true) => "PURGED",
                (true, false) => "KEPT",
            };
            instance_row(*name, *stamp, InstanceKind::Prior, CompletionCode::OK).with("ACT", action)
        });
        let kept = self.surveyed.kept.iter().map(|(name, stamp, kind)| {
            instance_row(*name, *stamp, *kind, CompletionCode::NOT_ALLOWED).with("ACT", "KEPT")
        });
        found.chain(kept).collect()
    }

    fn definition_rows(&self) -> Vec<Row> {
        let mut deleted: BTreeMap<ResourceName, u64> = BTreeMap::new();
        for (name, _) in &self.deleted {
            *deleted.entry(*name).or_default() += 1;
        }
        let touched =
            self.surveyed.had.iter().filter_map(|(name, had)| Some((*name, *had, *deleted.get(name)?)));
        let row = |(name, had, gone): (ResourceName, usize, u64)| {
            row(name, CompletionCode::OK).with("PURGED", gone).with("LEFT", (had as u64).saturating_sub(gone))
        };
        touched.map(row).collect()
    }

    fn retained_rows(&self, retention: Retention) -> Vec<Row> {
        let row = |name: &ResourceName| {
            let row = row(*name, CompletionCode::OK).with("RETINST", u64::from(retention.instances));
            row.with("RETDAYS", u64::from(retention.days))
        };
        self.surveyed.names.iter().map(row).collect()
    }

    fn repaired_rows(&self) -> Vec<Row> {
        let whole = self.surveyed.names.iter().filter(|name| !self.surveyed.damaged.contains(name));
        let sent = whole.map(|name| row(*name, CompletionCode::OK).with("ACT", "SENT"));
        sent.chain(self.damaged_rows()).collect()
    }

    fn damaged_rows(&self) -> Vec<Row> {
        self.surveyed.damaged.iter().map(|name| row(*name, CompletionCode::COPY_DAMAGED)).collect()
    }
}

fn columns() -> Vec<Column> {
    let mut columns = columns::of_instances();
    columns.retain(|column| !matches!(column.short.as_str(), "INST" | "TIMESTMP"));
    columns.extend([
        Column::text("INST", "Instance").skip_blank(),
        Column::text("TIMESTMP", "TimeStamp").skip_blank(),
        Column::text("ACT", "Action").skip_blank(),
        Column::number("PURGED", "Purged").skip_blank(),
        Column::number("LEFT", "Left").skip_blank(),
        Column::number("RETINST", "RetainInst").skip_blank(),
        Column::number("RETDAYS", "RetainDays").skip_blank(),
    ]);
    columns
}

/// An activation is under way: its master finishes it, or backs it out.
pub(super) fn still_under_way(now: Moment, activation: &Activation) -> Answer {
    let (token, master, phase) = (activation.token, activation.master, activation.phase.word());
    let reason = format!(
        "nothing was left behind: the activation with command token {token} is in its {phase} phase, and {master} \
         finishes it or backs it out; /DISPLAY MODIFY tells what it waits for"
    );
    Answer::refused("", now, ReturnCode::STATE, ReasonCode::ACTIVATION_STATE, &reason)
}

/// Nothing is under way: whatever was interrupted last has its outcome.
pub(super) fn clean(me: MemberName, last: Option<&Finished>) -> Answer {
    let mut answer = Answer { master: Some(me), ..Answer::default() };
    if let Some(finished) = last {
        let first = finished.takeovers.first().map_or(finished.master, |takeover| takeover.from);
        let [backed_out, committed] = match finished.options.mode.ddl_job() {
            None => [&DFS5004I, &DFS5010I],
            Some(_) => [&DFS5005I, &DFS5011I],
        };
        match &finished.outcome {
            Outcome::BackedOut(AbortReason::MasterLost(lost)) => {
                answer.say(me, backed_out.with(&[lost, &finished.token]));
            }
            Outcome::Committed { .. } if !finished.takeovers.is_empty() => {
                answer.say(me, committed.with(&[&first, &finished.token]));
            }
            Outcome::Committed { .. } | Outcome::BackedOut(_) => {}
        }
    }
    answer.say(me, DFS5003I.with(&[]));
    answer
}
