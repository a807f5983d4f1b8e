//! The trace of an activation: one tree of spans, to which every member adds what it saw.
//!
//! ```text
//!   activation                         the master, from the command to the end
//!   ├─ prepare                         from the command to the Prepare entry
//!   │  └─ vote                          as below, of members that were asked before that entry
//!   ├─ commit1                         from there to the commit point
//!   │  ├─ vote (one for each member)   until the master heard it
//!   │  └─ participant commit1          each other member: from the Prepare entry to the commit point, applied there
//!   └─ commit2                         from the commit point to the end
//!      ├─ completion (one each)        until the master heard it
//!      └─ participant commit2          each other member: from the commit point to the end, applied there
//! ```
//!
//! The context of the trace is the command token, which the log and every letter about the activation carry: identifiers
//! of trace and spans follow from it, so that members need not wait for each other, no letter can lose the context, and
//! a survivor goes on with the trace of the master it takes over from.

use crate::monitoring::meters::phases;
use control_region::Course;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::{Span, Status, span::SpanKind, status::StatusCode};
use plex::CommandToken;
use vocabulary::{MemberName, Moment};

/// The whole of an activation.
const WHOLE: &str = "activation";

/// What one member saw of an activation, as spans. `plex` tells plexes apart whose tokens may be the same.
pub(super) fn of(course: &Course, member: MemberName, plex: u64) -> Vec<Span> {
    let tree = Tree { plex, token: course.token };
    if course.coordinated { tree.of_master(course) } else { tree.of_participant(course, member) }
}

/// Makes the spans of one trace.
struct Tree {
    plex: u64,
    token: CommandToken,
}

impl Tree {
    fn of_master(&self, course: &Course) -> Vec<Span> {
        let mut spans = Vec::new();
        for (phase, from, until) in phases(course) {
            match phase {
                "total" => spans.push(self.whole(course, from, until)),
                _ => spans.push(self.span(phase, phase, WHOLE, (from, until))),
            }
        }
        let votes =
            course.votes.iter().map(|heard| match course.taken.filter(|_| *heard.1 < course.prepared) {
                Some(taken) => ("vote", "prepare", taken, heard),
                None => ("vote", "commit1", course.prepared, heard),
            });
        let committed = course.committed.unwrap_or(course.prepared);
        let completions = course.completions.iter().map(|heard| ("completion", "commit2", committed, heard));
        for (name, parent, from, (member, at)) in votes.chain(completions) {
            spans.push(self.of_member(name, parent, *member, (from, *at)));
        }
        spans
    }

    fn of_participant(&self, course: &Course, member: MemberName) -> Vec<Span> {
        let until = course.committed.unwrap_or(course.ended);
        let mut spans =
            vec![self.of_member("participant commit1", "commit1", member, (course.prepared, until))];
        if let Some(committed) = course.committed {
            spans.push(self.of_member("participant commit2", "commit2", member, (committed, course.ended)));
        }
        spans
    }

    fn whole(&self, course: &Course, from: Moment, until: Moment) -> Span {
        let mut whole = self.span(WHOLE, WHOLE, "", (from, until));
        let (outcome, code) = match course.level {
            Some(level) => {
                whole.attributes.push(attribute("imsplex.directory_level", Value::IntValue(level.0 as i64)));
                ("committed", StatusCode::Ok)
            }
            None => ("backed_out", StatusCode::Error),
        };
        whole.attributes.push(text("imsplex.outcome", outcome));
        whole.attributes.push(text("imsplex.command_token", &course.token.to_string()));
        whole.status = Some(Status { message: String::new(), code: code.into() });
        whole
    }

    fn of_member(&self, name: &str, parent: &str, member: MemberName, time: (Moment, Moment)) -> Span {
        let mut span = self.span(name, &format!("{name} {member}"), parent, time);
        span.attributes.push(text("imsplex.member", member.as_str()));
        span
    }

    /// `key` tells the span from the others of the trace; the whole has no parent.
    fn span(&self, name: &str, key: &str, parent: &str, (from, until): (Moment, Moment)) -> Span {
        let nanoseconds = |moment: Moment| moment.0.saturating_mul(1_000);
        Span {
            trace_id: [self.plex.to_be_bytes(), self.token.0.to_be_bytes()].concat(),
            span_id: self.span_id(key),
            parent_span_id: if parent.is_empty() { Vec::new() } else { self.span_id(parent) },
            name: name.to_string(),
            kind: SpanKind::Internal.into(),
            start_time_unix_nano: nanoseconds(from),
            // A clock that was set back must not make a span that ends before it begins.
            end_time_unix_nano: nanoseconds(until.max(from)),
            ..Span::default()
        }
    }

    /// FNV-1a over the token and the key: the same at every member.
    fn span_id(&self, key: &str) -> Vec<u8> {
        let bytes = self.token.0.to_be_bytes().into_iter().chain(key.bytes());
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        // All zeros would be no identifier.
        hash.max(1).to_be_bytes().to_vec()
    }
}

pub(super) fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.to_string()))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_string(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};
    use vocabulary::DirectoryLevel;

    fn member(name: &str) -> MemberName {
        MemberName::new(name).unwrap()
    }

    fn course(coordinated: bool) -> Course {
        let heard = |at| BTreeMap::from([(member("IMS1"), Moment(at)), (member("IMS2"), Moment(at + 5))]);
        Course {
            token: CommandToken(7),
            master: member("IMS1"),
            coordinated,
            taken: coordinated.then_some(Moment(10)),
            prepared: Moment(20),
            committed: Some(Moment(40)),
            ended: Moment(60),
            level: Some(DirectoryLevel(3)),
            votes: heard(25),
            completions: heard(45),
        }
    }

    #[test]
    fn what_members_saw_fits_into_one_tree() {
        let mut spans = of(&course(true), member("IMS1"), 99);
        spans.extend(of(&course(false), member("IMS2"), 99));
        let ids: BTreeSet<_> = spans.iter().map(|span| span.span_id.clone()).collect();
        assert_eq!(ids.len(), spans.len(), "no two spans are the same");
        let roots: Vec<_> = spans.iter().filter(|span| span.parent_span_id.is_empty()).collect();
        assert_eq!(roots.len(), 1);
        assert_eq!((roots[0].name.as_str(), roots[0].start_time_unix_nano), ("activation", 10_000));
        for span in &spans {
            assert_eq!(span.trace_id, roots[0].trace_id);
            assert!(span.parent_span_id.is_empty() || ids.contains(&span.parent_span_id), "{}", span.name);
        }
        let names: Vec<_> = spans.iter().map(|span| span.name.as_str()).collect();
        let expected = [
            "prepare",
            "commit1",
            "commit2",
            "activation",
            "vote",
            "vote",
            "completion",
            "completion",
            "participant commit1",
            "participant commit2",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn what_was_said_before_the_prepare_entry_belongs_to_the_prepare_phase() {
        let early = Course { votes: BTreeMap::from([(member("IMS2"), Moment(15))]), ..course(true) };
        let spans = of(&early, member("IMS1"), 99);
        let named = |name: &str| spans.iter().find(|span| span.name == name).unwrap();
        assert_eq!(named("vote").parent_span_id, named("prepare").span_id);
        assert_eq!((named("vote").start_time_unix_nano, named("vote").end_time_unix_nano), (10_000, 15_000));
    }

    #[test]
    fn another_activation_is_another_trace() {
        let other = Course { token: CommandToken(8), ..course(true) };
        let (this, other) = (of(&course(true), member("IMS1"), 99), of(&other, member("IMS1"), 99));
        assert_ne!(this[0].trace_id, other[0].trace_id);
        assert_ne!(this[0].span_id, other[0].span_id);
    }
}
