//! A member does not do for others what their user may not ask, whatever the member where it came in let pass.

use crate::bank;
use crate::drafts::command;
use crate::world::cluster::{Cluster, Sight};
use control_region::{CallId, Event, Letter};
use csl::envelope::{PopulateCondition, PopulateMode, PopulateRequest, User};
use csl::om::{CompletionCode, OperatorRole};
use plex::{CommandToken, Incarnation};
use vocabulary::MemberName;

const MEMBERS: [&str; 2] = ["IMS1", "IMS2"];

fn name(text: &str) -> MemberName {
    MemberName::new(text).unwrap()
}

/// The letters by which a member that did not look would pass on what may not be asked.
fn letters() -> Vec<Letter> {
    let user = User { name: "eve".to_string(), role: OperatorRole::Read, address: "192.0.2.9:1".to_string() };
    let part = PopulateRequest {
        job: 7,
        mode: PopulateMode::Setup,
        condition: PopulateCondition::Latest,
        delete: false,
        sources: vec![bank::source("dbd/CUSTDB/1").unwrap()],
        last: true,
        stamp: None,
    };
    let stop = command("UPDATE PGM NAME(*) STOP(SCHD)");
    let (token, text) = (CommandToken(5), "DELETE MEMBER NAME(IMS2)".to_string());
    vec![
        Letter::Execute { call: CallId(1), user: user.clone(), asked: stop, at_least: 0 },
        Letter::Coordinate { call: CallId(2), token, user: user.clone(), text, applied: u64::MAX },
        Letter::Populate { call: CallId(3), user, part, first: true },
    ]
}

#[test]
fn what_a_user_may_not_ask_is_not_done_for_another_member_either() {
    let mut cluster = Cluster::new();
    cluster.found(&MEMBERS.map(name));
    cluster.run(5_000);
    let node = cluster.node(name("IMS1")).settings.node;
    cluster.groups[0].lead(node);
    cluster.run(1_000);
    cluster.sights.clear();
    for letter in letters() {
        cluster.tell(name("IMS1"), Event::Letter { from: name("IMS2"), incarnation: Incarnation(9), letter });
    }
    cluster.run(2_000);
    let refused = cluster.sights.iter().filter(
        |sight| matches!(sight, Sight::Issued(by, message) if *by == name("IMS1") && message.number() == "AUTH301E"),
    );
    assert_eq!(refused.count(), 3, "{:?}", cluster.sights);
    let plex = cluster.node(name("IMS1")).region.as_ref().unwrap().plex();
    assert_eq!(plex.roster().len(), MEMBERS.len(), "nobody was deleted");
    assert_eq!(plex.catalog().records().count(), 0, "nothing was populated");
    let asked = cluster.ask(name("IMS1"), command("QUERY PGM STATUS(STOSCHD)"));
    cluster.run(1_000);
    let (_, answer) = &cluster.requests[&asked].answers[0];
    assert!(
        answer.rows.iter().all(|row| row.completion() != Some(CompletionCode::OK)),
        "nothing was stopped: {answer:?}"
    );
}
