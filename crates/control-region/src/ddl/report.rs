//! What an operator reads about a DDL job: a row for each definition of each unit of work, and messages.

use super::compile::{Activation, Fate, ReadyUnit};
use catalog::{Catalog, PlannedChange};
use csl::om::{
    Answer, CC, CCTXT, Column, CompletionCode, MBR, MemberMessage, MessageBody, ReasonCode, ReturnCode, Row,
};
use plex::{AbortReason, Finished, MemberState, Outcome, Plex};
use std::collections::BTreeMap;
use vocabulary::message::{
    DDL201I, DDL202I, DDL203I, DDL204E, DDL205E, DDL206I, DDL207I, DDL209W, DDL212I, DFS4145I, DFS4326E,
    DFS4329I, DFS4369I, DFS4372I, DFS4387I, DFS4755E, DFS4756E, DFS4781I, DFS4880W, DFS4997I, DFS4998I,
};
use vocabulary::{DirectoryLevel, InstanceStamp, MemberName, Message, Moment, ResourceName, Severity};

/// What is told of a job so far.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// What was found, line by line.
    pub(super) lines: Vec<String>,
    pub(super) worst: Option<Severity>,
    rows: Vec<Row>,
    messages: Vec<(Option<MemberName>, Message)>,
    committed: usize,
    pending: usize,
    refused: usize,
    /// Why a unit could not be carried out although nothing is wrong with it.
    failure: Option<String>,
    /// Somebody did not take part in an activation.
    not_everywhere: bool,
}

/// What becomes of each definition of a unit.
struct State {
    word: &'static str,
    code: CompletionCode,
}

const PENDING: State = State { word: "PENDING", code: CompletionCode::OK };
const GONE: State = State { word: "NOT STAGED", code: CompletionCode::OK };
const ACTIVE: State = State { word: "ACTIVE", code: CompletionCode::OK };
const SIMULATED: State = State { word: "SIMULATED", code: CompletionCode::OK };
const ROLLED_BACK: State = State { word: "ROLLED BACK", code: CompletionCode::OK };
const REFUSED: State = State { word: "REFUSED", code: CompletionCode::DEFINITION_ERROR };
const BACKED_OUT: State = State { word: "BACKED OUT", code: CompletionCode::INCOMPLETE };
const NOT_ATTEMPTED: State = State { word: "NOT DONE", code: CompletionCode::NOT_ATTEMPTED };

fn columns() -> Vec<Column> {
    vec![
        Column::number("UNIT", "Unit"),
        Column::name("NAME", "Name", 0),
        Column::text("TYP", "Type"),
        Column::member(),
        Column::completion(),
        Column::completion_text(),
        Column::text("ACT", "Action").skip_blank(),
        Column::text("STT", "Status"),
        Column::text("TIMESTMP", "TimeStamp").skip_blank(),
        Column::text("PRIOR", "PriorTimeStamp").skip_blank(),
    ]
}

fn row(unit: usize, name: ResourceName, state: &State) -> Row {
    let text = if state.code.is_ok() { "" } else { state.code.text() };
    Row::default()
        .with("UNIT", unit as u64)
        .with("NAME", name.as_str())
        .with("TYP", name.kind().to_string())
        .with(CC, state.code)
        .with(CCTXT, text)
        .with("STT", state.word)
}

/// The instances that the directory has of what a unit changes.
pub(super) type Prior = BTreeMap<ResourceName, InstanceStamp>;

impl Report {
    pub(super) fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    fn say(&mut self, message: Message) {
        self.worst = self.worst.max(Some(message.severity()));
        self.messages.push((None, message));
    }

    fn add_rows(&mut self, unit: &ReadyUnit, prior: &Prior, state: &State) {
        self.rows.extend(unit.changes.iter().map(|change| {
            let instance = &change.instance;
            // What was never active has nothing to wait for.
            let gone = instance.content.is_none() && !prior.contains_key(&instance.name);
            let state = if gone && state.word == PENDING.word { &GONE } else { state };
            let row = row(unit.number, instance.name, state).with("ACT", change.action);
            let row = match instance.content.is_none() {
                true => row,
                false => row.with("TIMESTMP", instance.stamp.to_string()),
            };
            match prior.get(&instance.name) {
                Some(prior) => row.with("PRIOR", prior.to_string()),
                None => row,
            }
        }));
        for name in &unit.unchanged {
            self.rows.push(row(unit.number, *name, state).with("ACT", "UNCHANGED"));
        }
    }

    fn add_touched(&mut self, unit: &ReadyUnit, state: &State) {
        self.rows.extend(unit.touched.iter().map(|name| row(unit.number, *name, state)));
    }

    /// A unit that has nothing to commit.
    pub(super) fn without_changes(&mut self, unit: &ReadyUnit) {
        match unit.fate {
            Fate::RolledBack => {
                self.add_touched(unit, &ROLLED_BACK);
                self.say(DDL203I.with(&[&unit.number]));
            }
            Fate::Refused => {
                self.refused += 1;
                self.add_touched(unit, &REFUSED);
                self.say(DDL204E.with(&[&unit.number]));
            }
            Fate::Commit => {
                self.committed += 1;
                self.add_rows(unit, &Prior::new(), &State { word: "UNCHANGED", ..ACTIVE });
                unit.unchanged.iter().for_each(|name| self.say(DFS4387I.with(&[name])));
                self.say(DDL207I.with(&[&unit.number]));
            }
        }
    }

    pub(super) fn simulated(&mut self, unit: &ReadyUnit) {
        self.committed += 1;
        self.add_rows(unit, &Prior::new(), &SIMULATED);
        self.say(DDL206I.with(&[&unit.number, &unit.changes.len()]));
    }

    pub(super) fn not_carried_out(&mut self, unit: &ReadyUnit) {
        self.refused += 1;
        self.add_rows(unit, &Prior::new(), &NOT_ATTEMPTED);
        self.say(DDL205E.with(&[&unit.number]));
    }

    pub(super) fn pending(&mut self, unit: &ReadyUnit, prior: &Prior) -> Message {
        self.committed += 1;
        self.pending += 1;
        self.add_rows(unit, prior, &PENDING);
        unit.unchanged.iter().for_each(|name| self.say(DFS4387I.with(&[name])));
        let message = DDL201I.with(&[&unit.number, &unit.changes.len()]);
        self.say(message.clone());
        if unit.activation == Activation::NotYet {
            self.say(DDL209W.with(&[&unit.number]));
        }
        message
    }

    /// A unit could not be carried out, and nothing of it is left; the units behind it are not carried out either.
    pub(super) fn failed(&mut self, unit: Option<&ReadyUnit>, message: Option<Message>, reason: &str) {
        if let Some(unit) = unit {
            self.refused += 1;
            self.add_rows(unit, &Prior::new(), &BACKED_OUT);
        }
        if let Some(message) = message {
            self.say(message);
        }
        self.failure = Some(reason.to_string());
    }

    /// The activation of a unit is over. Gives what its operator is told at once where it was committed.
    pub(super) fn activated(
        &mut self,
        unit: &ReadyUnit,
        prior: &Prior,
        finished: &Finished,
        plex: &Plex,
    ) -> Option<Message> {
        let messages = outcome_messages(finished, plex);
        match &finished.outcome {
            Outcome::Committed { level, .. } => {
                self.committed += 1;
                self.not_everywhere |= messages.iter().any(|message| message.number() == DFS4880W.number);
                self.add_rows(unit, prior, &ACTIVE);
                let message = DDL202I.with(&[&unit.number, level, &unit.changes.len()]);
                self.say(message.clone());
                messages.into_iter().for_each(|message| self.say(message));
                Some(message)
            }
            Outcome::BackedOut(reason) => {
                let (failed, reason) = backed_out(finished, reason);
                failed.into_iter().for_each(|(member, message)| {
                    self.worst = self.worst.max(Some(message.severity()));
                    self.messages.push((Some(member), message));
                });
                messages.into_iter().for_each(|message| self.say(message));
                self.failed(Some(unit), None, &reason);
                None
            }
        }
    }

    /// Whether something waits for an IMPORT now.
    pub(super) fn leaves_pending(&self) -> bool {
        self.pending > 0
    }

    /// The answer to a job that is over.
    pub(super) fn answer(self, master: MemberName) -> Answer {
        let mut answer = Answer { columns: columns(), master: Some(master), ..Answer::default() };
        let line = |line| MemberMessage { member: None, body: MessageBody::Line(line) };
        (answer.rc, answer.rsn, answer.reason_text) = self.codes();
        answer.messages = self.lines.into_iter().map(line).collect();
        for (member, message) in self.messages {
            answer.say(member.unwrap_or(master), message);
        }
        answer.rows = self.rows.into_iter().map(|row| row.with(MBR, master.as_str())).collect();
        answer
    }

    /// Severity decides: nothing done is worse than something refused, and that is worse than a warning.
    fn codes(&self) -> (ReturnCode, ReasonCode, String) {
        let reason = |otherwise: &str| self.failure.clone().unwrap_or(otherwise.to_string());
        let in_error = self.refused > 0 || self.has_failed() || self.worst >= Some(Severity::Error);
        if in_error && self.committed == 0 {
            let text = reason("no unit of work was committed; the findings tell why");
            (ReturnCode::LIST, ReasonCode::NONE_SUCCEEDED, text)
        } else if in_error {
            let text = reason("some units of work were not committed; the findings tell why");
            (ReturnCode::OM_PARAMETER, ReasonCode::SOME_SUCCEEDED, text)
        } else if self.not_everywhere {
            (ReturnCode::WARNING, ReasonCode::NOT_EVERYWHERE, String::new())
        } else if self.worst >= Some(Severity::Warning) {
            let text = "the findings tell what deserves a look".to_string();
            (ReturnCode::OM_WARNING, ReasonCode::WARNINGS, text)
        } else {
            (ReturnCode::OK, ReasonCode::NONE, String::new())
        }
    }
}

/// Who kept an activation from being committed, and what the operator can do.
fn backed_out(finished: &Finished, reason: &AbortReason) -> (Vec<(MemberName, Message)>, String) {
    match reason {
        AbortReason::MasterLost(lost) => {
            (Vec::new(), format!("{lost}, which was master, was lost; submit the DDL again"))
        }
        AbortReason::NotAgreed { in_use, silent } => {
            let busy = in_use.iter().flat_map(|(member, all)| all.iter().map(move |work| (*member, work)));
            let told = busy.map(|(member, work)| {
                let definition = match work.resource {
                    ResourceName::Dbd(_) => &DFS4755E,
                    ResourceName::Psb(_) => &DFS4756E,
                };
                (member, definition.with(&[&work.resource.as_str(), &member, &work.by]))
            });
            let silent: Vec<String> = silent.iter().map(ToString::to_string).collect();
            let reason = match silent.is_empty() {
                true => "what the DDL changes is in use; directory and staging are as they were".to_string(),
                false => format!(
                    "no vote in time from {}; directory and staging are as they were, command token {}",
                    silent.join(","),
                    finished.token
                ),
            };
            (told.collect(), reason)
        }
    }
}

/// What is told of every resource that an activation has changed.
pub(crate) fn change_messages(changes: &[PlannedChange], catalog: &Catalog) -> Vec<Message> {
    let told = changes.iter().map(|PlannedChange { name, old, new }| match (name, old) {
        (_, Some(old)) if catalog.record(name).is_none() => DDL212I.with(&[name, old]),
        (ResourceName::Dbd(_), None) => DFS4329I.with(&[name, new]),
        (ResourceName::Psb(_), None) => DFS4145I.with(&[name, new]),
        (ResourceName::Dbd(_), Some(old)) => DFS4369I.with(&[name, new, old]),
        (ResourceName::Psb(_), Some(old)) => DFS4372I.with(&[name, new, old]),
    });
    told.collect()
}

/// What is told of the sharers that an activation was not done on.
pub(crate) fn away_messages(finished: &Finished, plex: &Plex) -> Vec<Message> {
    let down = finished.participants.iter().filter(|(_, participant)| participant.down);
    let away = finished.absent.iter().chain(down.map(|(member, _)| member));
    let told = away.map(|member| {
        let state = plex.roster().get(member).map(|entry| entry.state);
        let reason = if state == Some(MemberState::Stopped) { "SHUTDOWN" } else { "ABENDED" };
        DFS4880W.with(&[member, &reason, &finished.token])
    });
    told.collect()
}

fn outcome_messages(finished: &Finished, plex: &Plex) -> Vec<Message> {
    let token = finished.token;
    match &finished.outcome {
        Outcome::Committed { level, .. } => {
            let taken_over =
                finished.takeovers.last().map(|takeover| DFS4998I.with(&[&takeover.from, &token]));
            taken_over
                .into_iter()
                .chain(change_messages(&finished.changes, plex.catalog()))
                .chain(complete_messages(finished, *level))
                .chain(away_messages(finished, plex))
                .collect()
        }
        Outcome::BackedOut(AbortReason::MasterLost(lost)) => vec![DFS4997I.with(&[lost, &token])],
        Outcome::BackedOut(AbortReason::NotAgreed { .. }) => vec![DFS4326E.with(&[&token])],
    }
}

fn complete_messages(finished: &Finished, level: DirectoryLevel) -> impl Iterator<Item = Message> {
    let there = finished.participants.iter().filter(|(_, participant)| !participant.down);
    there.map(move |(member, _)| DFS4781I.with(&[member, &level, &finished.token]))
}

/// What the entry member answers where the master that ran a job was lost while a unit of it was activated: how that
/// ended. What came before it the operator was told as it happened; what came behind it was not begun.
pub(crate) fn taken_over_answer(
    text: &str,
    began: Moment,
    now: Moment,
    finished: &Finished,
    plex: &Plex,
) -> Answer {
    let mut answer = Answer {
        master: Some(finished.master),
        stopped: now,
        columns: columns(),
        ..Answer::new(text, began)
    };
    let committed = matches!(finished.outcome, Outcome::Committed { .. });
    let state = if committed { &ACTIVE } else { &BACKED_OUT };
    answer.rows = finished
        .changes
        .iter()
        .map(|change| {
            let row = row(0, change.name, state).with("UNIT", "").with(MBR, finished.master.as_str());
            // What was dropped has no instance any more.
            let is_dropped = committed && plex.catalog().record(&change.name).is_none();
            let row = if is_dropped { row } else { row.with("TIMESTMP", change.new.to_string()) };
            change.old.map_or(row.clone(), |old| row.with("PRIOR", old.to_string()))
        })
        .collect();
    for message in outcome_messages(finished, plex) {
        answer.say(finished.master, message);
    }
    (answer.rc, answer.rsn) = match committed {
        true => (ReturnCode::OM_WARNING, ReasonCode::WARNINGS),
        false => (ReturnCode::LIST, ReasonCode::NONE_SUCCEEDED),
    };
    answer.reason_text = match committed {
        true => "the master was lost, and the activation under way was committed; units of work behind it were not \
                 begun: list the catalog, then submit those"
            .to_string(),
        false => "the master was lost, and the unit of work under way was backed out; list the catalog, then submit it \
                  and those behind it again"
            .to_string(),
    };
    answer
}
