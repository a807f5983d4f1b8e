//! What an operator reads about an import: a row for each member, and one for each resource.

use super::import::WaitingImport;
use super::validate::Invalid;
use crate::columns;
use crate::commands;
use csl::om::{Answer, CompletionCode, MBR, MemberMessage, MessageBody, ReasonCode, ReturnCode, Row};
use plex::{AbortReason, CommandToken, Finished, Outcome, Plex, Refusal, RosterEntry};
use std::collections::{BTreeMap, BTreeSet};
use vocabulary::message::{DFS4755E, DFS4756E, DFS4896I, DFS4897I, DFS4898E, DFS4999I, DFS5000I};
use vocabulary::{MemberName, Message, Moment, ResourceName};

fn member_row(member: MemberName, code: CompletionCode) -> Row {
    Row::of(member, code).with("NAME", "").with("TYP", "IMS")
}

fn resource_row(name: ResourceName, master: MemberName, code: CompletionCode) -> Row {
    let typ = match name {
        ResourceName::Dbd(_) => "DB",
        ResourceName::Psb(_) => "PGM",
    };
    Row::of(master, code).with("NAME", name.as_str()).with("TYP", typ)
}

fn new_answer(text: &str, began: Moment, now: Moment, master: MemberName) -> Answer {
    Answer {
        master: Some(master),
        stopped: now,
        columns: columns::of_definitions(),
        ..Answer::new(text, began)
    }
}

/// The answer to an import that has come to its outcome.
pub(crate) fn import_answer(text: &str, began: Moment, now: Moment, finished: &Finished) -> Answer {
    let mut answer = new_answer(text, began, now, finished.master);
    answer.rows = member_rows(finished);
    answer.rows.extend(resource_rows(finished));
    answer.rows.extend(refreshed_rows(finished));
    tell_outcome(&mut answer, finished);
    (answer.rc, answer.rsn) = codes(finished);
    if let Outcome::BackedOut(reason) = &finished.outcome {
        let in_error = matches!(reason, AbortReason::NotAgreed { .. });
        let emptied = in_error && finished.options.delpenderr && finished.options.mode.imports();
        answer.reason_text = nothing_changed(emptied).to_string();
    }
    answer
}

fn nothing_changed(staging_emptied: bool) -> &'static str {
    match staging_emptied {
        true => "the directory is as it was, and staging was emptied",
        false => "directory and staging are as they were",
    }
}

fn member_rows(finished: &Finished) -> Vec<Row> {
    let down =
        |member: &MemberName| finished.participants.get(member).is_some_and(|participant| participant.down);
    let took_part = finished.participants.keys().map(|member| {
        let code = member_code(finished, *member, down(member));
        let row = member_row(*member, code);
        match &finished.outcome {
            Outcome::Committed { completed, .. } => match completed.get(member) {
                Some(completion) => row.with("REFP", names(&completion.refresh_pending)),
                None => row,
            },
            Outcome::BackedOut(_) => row,
        }
    });
    let absent = finished.absent.iter().map(|member| member_row(*member, CompletionCode::IMS_STATE));
    let mut rows: Vec<Row> = took_part.chain(absent).collect();
    rows.sort_by_key(|row| row.get(MBR).cloned());
    rows
}

fn names<T: ToString>(all: &BTreeSet<T>) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

fn member_code(finished: &Finished, member: MemberName, down: bool) -> CompletionCode {
    match &finished.outcome {
        _ if down => CompletionCode::IMS_STATE,
        Outcome::Committed { .. } if had_nothing_to_do(finished, member) => CompletionCode::NO_CHANGE,
        Outcome::Committed { completed, .. } if completed.contains_key(&member) => CompletionCode::OK,
        Outcome::Committed { .. } => CompletionCode::TIMED_OUT,
        Outcome::BackedOut(AbortReason::MasterLost(_)) => CompletionCode::INCOMPLETE,
        Outcome::BackedOut(AbortReason::NotAgreed { in_use, silent }) => {
            if in_use.contains_key(&member) {
                CompletionCode::RESOURCE_STATE
            } else if silent.contains(&member) {
                CompletionCode::TIMED_OUT
            } else {
                CompletionCode::INCOMPLETE
            }
        }
    }
}

/// Whether this member was to refresh, and had nothing that was refresh-pending.
fn had_nothing_to_do(finished: &Finished, member: MemberName) -> bool {
    let refreshes = finished.options.mode.refreshes() && finished.options.targets.contains(&member);
    match &finished.outcome {
        Outcome::Committed { completed, .. } if refreshes && finished.changes.is_empty() => {
            completed.get(&member).is_some_and(|completion| completion.refreshed.is_empty())
        }
        _ => false,
    }
}

/// A refresh is told PSB by PSB and member by member.
fn refreshed_rows(finished: &Finished) -> Vec<Row> {
    let Outcome::Committed { completed, .. } = &finished.outcome else { return Vec::new() };
    let refreshed = completed
        .iter()
        .flat_map(|(member, completion)| completion.refreshed.iter().map(move |psb| (*member, *psb)));
    refreshed.map(|(member, psb)| resource_row(psb.into(), member, CompletionCode::OK)).collect()
}

fn resource_rows(finished: &Finished) -> impl Iterator<Item = Row> {
    let code = match &finished.outcome {
        Outcome::Committed { .. } => CompletionCode::OK,
        Outcome::BackedOut(_) => CompletionCode::INCOMPLETE,
    };
    let in_use = in_use_names(finished);
    finished.changes.iter().map(move |change| {
        let code = if in_use.contains(&change.name) { CompletionCode::RESOURCE_STATE } else { code };
        let prior = change.old.map(|old| old.to_string()).unwrap_or_default();
        resource_row(change.name, finished.master, code)
            .with("TIMESTMP", change.new.to_string())
            .with("PRIOR", prior)
    })
}

fn in_use_names(finished: &Finished) -> BTreeSet<ResourceName> {
    match &finished.outcome {
        Outcome::BackedOut(AbortReason::NotAgreed { in_use, .. }) => {
            in_use.values().flatten().map(|work| work.resource).collect()
        }
        _ => BTreeSet::new(),
    }
}

fn tell_outcome(answer: &mut Answer, finished: &Finished) {
    let (master, token) = (finished.master, finished.token);
    match &finished.outcome {
        Outcome::Committed { level, .. } => {
            answer.say(master, DFS4896I.with(&[&finished.changes.len(), &token]));
            if let Some(takeover) = finished.takeovers.last() {
                answer.say(master, DFS5000I.with(&[&takeover.from, &token]));
            }
            answer.say(master, DFS4897I.with(&[level, &token]));
        }
        Outcome::BackedOut(AbortReason::MasterLost(lost)) => {
            answer.say(master, DFS4999I.with(&[lost, &token]));
        }
        Outcome::BackedOut(AbortReason::NotAgreed { in_use, .. }) => {
            for (member, work) in
                in_use.iter().flat_map(|(member, all)| all.iter().map(move |work| (*member, work)))
            {
                let definition = match work.resource {
                    ResourceName::Dbd(_) => &DFS4755E,
                    ResourceName::Psb(_) => &DFS4756E,
                };
                answer.say(member, definition.with(&[&work.resource.as_str(), &member, &work.by]));
            }
            answer.say(master, DFS4898E.with(&[&token]));
        }
    }
}

fn codes(finished: &Finished) -> (ReturnCode, ReasonCode) {
    let Outcome::Committed { completed, .. } = &finished.outcome else {
        return (ReturnCode::LIST, ReasonCode::NONE_SUCCEEDED);
    };
    let there = finished.participants.iter().filter(|(_, participant)| !participant.down);
    let silent = there.filter(|(member, _)| !completed.contains_key(member)).count();
    let down =
        finished.absent.len() + finished.participants.values().filter(|participant| participant.down).count();
    let idle = finished.participants.keys().filter(|member| had_nothing_to_do(finished, **member)).count();
    match (silent, down + idle) {
        (0, 0) => (ReturnCode::OK, ReasonCode::NONE),
        (0, _) => (ReturnCode::WARNING, ReasonCode::NOT_EVERYWHERE),
        _ => (ReturnCode::LIST, ReasonCode::SOME_SUCCEEDED),
    }
}

/// The answer to an import whose plan or blocks are in error: the master failed, the others were not asked.
pub(crate) fn invalid_answer(
    import: &WaitingImport,
    plex: &Plex,
    master: MemberName,
    now: Moment,
    findings: &[Invalid],
) -> Answer {
    let mut answer = new_answer(&import.text, import.began, now, master);
    let wrong: BTreeMap<ResourceName, CompletionCode> =
        findings.iter().map(|finding| (finding.resource, finding.code)).collect();
    let in_error = wrong.values().any(|code| *code == CompletionCode::DEFINITION_ERROR);
    let (code, advice) = match in_error {
        true => (CompletionCode::DEFINITION_ERROR, "correct what is in error and stage it again"),
        false => (CompletionCode::NOT_ALLOWED, "the messages tell how it can be"),
    };
    answer.rows = not_attempted_rows(plex, master, code);
    answer.rows.extend(wrong.into_iter().map(|(name, code)| resource_row(name, master, code)));
    for finding in findings {
        say_line(&mut answer, master, finding.text.clone());
    }
    answer.say(master, DFS4898E.with(&[&import.token]));
    (answer.rc, answer.rsn) = (ReturnCode::LIST, ReasonCode::NONE_SUCCEEDED);
    answer.reason_text = format!(
        "staging can't be imported as it is; {}; {advice}",
        nothing_changed(import.empties_if_wrong())
    );
    answer
}

/// The same, where somebody staged something while it was not known whether staging was emptied.
pub(crate) fn unknown_whether_emptied(mut answer: Answer) -> Answer {
    answer.reason_text =
        "staging could not be imported as it was, and it is not known whether that was emptied before \
                          something else was staged; list the catalog"
            .to_string();
    answer
}

fn not_attempted_rows(plex: &Plex, master: MemberName, code: CompletionCode) -> Vec<Row> {
    let sharers = plex.roster().iter().filter(|(_, entry)| RosterEntry::takes_part(entry));
    sharers
        .map(|(member, _)| {
            member_row(*member, if *member == master { code } else { CompletionCode::NOT_ATTEMPTED })
        })
        .collect()
}

fn say_line(answer: &mut Answer, member: MemberName, line: String) {
    answer.messages.push(MemberMessage { member: Some(member), body: MessageBody::Line(line) });
}

/// The answer to an import that the plex refused.
pub(crate) fn refusal_answer(
    import: &WaitingImport,
    plex: &Plex,
    master: MemberName,
    now: Moment,
    refusal: &Refusal,
) -> Answer {
    let mut answer = new_answer(&import.text, import.began, now, master);
    let (code, rc, rsn) = match refusal {
        Refusal::ActivationUnderWay { .. } => {
            (CompletionCode::IN_PROGRESS, ReturnCode::STATE, ReasonCode::ACTIVATION_STATE)
        }
        Refusal::NothingStaged => (CompletionCode::NOT_FOUND, ReturnCode::LIST, ReasonCode::NONE_SUCCEEDED),
        Refusal::Problems(_) => {
            (CompletionCode::DEFINITION_ERROR, ReturnCode::LIST, ReasonCode::NONE_SUCCEEDED)
        }
        _ => (CompletionCode::IMS_STATE, ReturnCode::LIST, ReasonCode::NONE_SUCCEEDED),
    };
    match refusal {
        Refusal::TargetsNotActive(targets) => {
            answer.rows = targets.iter().map(|target| member_row(*target, code)).collect();
        }
        _ => answer.rows = not_attempted_rows(plex, master, code),
    }
    if let Refusal::Problems(problems) = refusal {
        for problem in problems {
            say_line(&mut answer, master, problem.to_string());
        }
    }
    (answer.rc, answer.rsn, answer.reason_text) = (rc, rsn, refusal.to_string());
    answer
}

/// The answer to an import that waited for the staging data set in vain.
pub(crate) fn staging_busy_answer(
    import: &WaitingImport,
    master: MemberName,
    now: Moment,
    message: Message,
) -> Answer {
    let mut answer = new_answer(&import.text, import.began, now, master);
    answer.rows.push(member_row(master, CompletionCode::IN_PROGRESS));
    answer.reason_text = "the staging data set was not set free in time; submit the command again when the populate job is over".to_string();
    answer.say(master, message);
    (answer.rc, answer.rsn) = (ReturnCode::LIST, ReasonCode::NONE_SUCCEEDED);
    answer
}

/// The answer of an entry member whose master was lost before anything of the import was in the log.
pub(crate) fn never_begun_answer(text: &str, began: Moment, now: Moment, token: CommandToken) -> Answer {
    let mut answer = Answer { stopped: now, ..Answer::new(text, began) };
    (answer.rc, answer.rsn) = (ReturnCode::OM_ENVIRONMENT, ReasonCode::NO_MASTER);
    let (changed, advice) = match commands::may_empty_staging(text) {
        true => ("it is not known whether staging was emptied", "list the catalog, then submit it again"),
        false => ("nothing was changed", "submit it again"),
    };
    answer.reason_text = format!("the master was lost before command {token} began, and {changed}; {advice}");
    answer
}
