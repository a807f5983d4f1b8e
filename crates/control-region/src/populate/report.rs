//! What an operator reads about a populate job: a row and messages for each definition.

use super::job::Job;
use crate::columns;
use catalog::{Admission, StageOutcome};
use csl::envelope::PopulateMode;
use csl::om::{Answer, CompletionCode, MemberMessage, MessageBody, ReasonCode, ReturnCode, Row};
use vocabulary::message::{DFS4533I, DFS4534I, DFS4536I};
use vocabulary::{MemberName, Message, ResourceName, Severity};

impl Job {
    /// The answer to a job that has ended.
    pub(super) fn answer(&self, master: MemberName, admissions: &[Admission]) -> Answer {
        let mut answer =
            Answer { columns: columns::of_definitions(), master: Some(master), ..Answer::default() };
        answer.messages = self.line_messages();
        for admission in admissions {
            answer.rows.push(admission_row(admission, master));
            for message in admission.messages(self.card.mode) {
                answer.say(master, message);
            }
        }
        answer.rows.extend(self.found.rejected.iter().map(|name| rejected_row(*name, master)));
        let admitted = admissions.iter().filter(|admission| admission.outcome.admitted()).count();
        answer.say(master, self.closing(admitted));
        self.judge(&mut answer, admissions);
        answer
    }

    /// What is left to say of an UPDATE where the import fails that it goes over into.
    pub(super) fn failed_messages(&self, master: MemberName, admissions: &[Admission]) -> Vec<MemberMessage> {
        let refused = admissions.iter().filter(|admission| !admission.outcome.admitted());
        let messages = refused.flat_map(|admission| admission.messages(self.card.mode));
        let messages = messages
            .map(|message| MemberMessage { member: Some(master), body: MessageBody::Message(message) });
        self.line_messages().into_iter().chain(messages).collect()
    }

    fn line_messages(&self) -> Vec<MemberMessage> {
        let lines = self.found.lines.iter().cloned();
        lines.map(|line| MemberMessage { member: None, body: MessageBody::Line(line) }).collect()
    }

    fn closing(&self, admitted: usize) -> Message {
        match self.card.mode {
            PopulateMode::Setup => DFS4533I.with(&[&admitted]),
            PopulateMode::Update => DFS4534I.with(&[&admitted]),
            PopulateMode::Stage => DFS4536I.with(&[&admitted]),
        }
    }

    fn judge(&self, answer: &mut Answer, admissions: &[Admission]) {
        let (forged, taken): (Vec<_>, Vec<_>) =
            admissions.iter().partition(|admission| admission.outcome == StageOutcome::OtherContent);
        let older = taken.iter().filter(|admission| {
            matches!(admission.outcome, StageOutcome::DirectoryIsLater(_) | StageOutcome::StagingIsLater(_))
        });
        let (older, left_out) = (older.count(), self.found.rejected_count + forged.len());
        if left_out > 0 || self.found.worst >= Some(Severity::Error) {
            answer.rc = ReturnCode::LIST;
            answer.rsn =
                if taken.is_empty() { ReasonCode::NONE_SUCCEEDED } else { ReasonCode::SOME_SUCCEEDED };
            answer.reason_text = match left_out {
                0 => "some of the input gave no definition; the findings tell why".to_string(),
                count => format!(
                    "definitions in error: {count}; they were left out: correct them and populate again"
                ),
            };
        } else if older > 0 || self.found.worst >= Some(Severity::Warning) {
            (answer.rc, answer.rsn) = (ReturnCode::OM_WARNING, ReasonCode::WARNINGS);
            answer.reason_text = match older {
                0 => "the findings tell what deserves a look".to_string(),
                count => format!("instances older than what is there: {count}; they were left out"),
            };
        }
    }
}

fn rejected_row(name: ResourceName, master: MemberName) -> Row {
    Row::of(master, CompletionCode::DEFINITION_ERROR)
        .with("NAME", name.as_str())
        .with("TYP", name.kind().to_string())
        .with("ACT", "REJECTED")
}

fn admission_row(admission: &Admission, master: MemberName) -> Row {
    let (action, code, prior) = match &admission.outcome {
        StageOutcome::Insert => ("INSERT", CompletionCode::OK, None),
        StageOutcome::Replace(old) => ("REPLACE", CompletionCode::OK, Some(*old)),
        StageOutcome::SameInDirectory => ("UNCHANGED", CompletionCode::OK, None),
        StageOutcome::DirectoryIsLater(later) | StageOutcome::StagingIsLater(later) => {
            ("OLDER", CompletionCode::OK, Some(*later))
        }
        StageOutcome::OtherContent => ("REFUSED", CompletionCode::ALREADY_EXISTS, None),
        // Populate drops nothing.
        StageOutcome::Drop(old) => ("DROP", CompletionCode::OK, Some(*old)),
        StageOutcome::DropStaged | StageOutcome::NothingToDrop => ("DROP", CompletionCode::OK, None),
    };
    Row::of(master, code)
        .with("NAME", admission.name.as_str())
        .with("TYP", admission.name.kind().to_string())
        .with("ACT", action)
        .with("TIMESTMP", admission.stamp.to_string())
        .with("PRIOR", prior.map(|stamp| stamp.to_string()).unwrap_or_default())
}
