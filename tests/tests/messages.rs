//! Messages that reach people: what members keep of them, what is followed, and what an operator sees while he types.

use end_to_end::Cluster;
use end_to_end::bank::IMPORT;
use end_to_end::terminal::Terminal;
use serde_json::Value;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);
const MEMBERS: [&str; 3] = ["IMS1", "IMS2", "IMS3"];

/// The messages in lines of JSON.
fn messages(lines: &str) -> Vec<Value> {
    let whole = lines.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Which members issued a message.
fn issuers<'a>(messages: &'a [Value], number: &str) -> Vec<&'a str> {
    let of_number = messages.iter().filter(|message| message["number"] == number);
    let mut members: Vec<_> = of_number.filter_map(|message| message["member"].as_str()).collect();
    members.sort_unstable();
    members
}

#[test]
fn whoever_follows_sees_an_activation_as_every_member_tells_it() {
    let mut cluster = Cluster::start(3);
    cluster.set_up_bank();
    cluster.stage_change();
    let follower = cluster.spoc_aside(["--output", "json", "log", "--follow"]);
    cluster.wait_until("what was said before is shown", LIMIT, || {
        issuers(&messages(&follower.printed()), "DFS810I") == MEMBERS
    });
    let before = messages(&follower.printed());
    assert!(before.is_sorted_by_key(|message| message["time"].to_string()), "in the order of time");

    cluster.spoc([IMPORT]).well();
    cluster.wait_until("all members tell that it is complete", LIMIT, || {
        issuers(&messages(&follower.printed()), "DFS4897I") == MEMBERS
    });
    let told = messages(&follower.printed());
    assert_eq!(issuers(&told, "DFS4896I"), MEMBERS);
    assert!(told.iter().all(|message| message["severity"].is_string() && message["text"].is_string()));

    // A member that goes and comes back is read again.
    let gone = if cluster.master() == "IMS3" { "IMS2" } else { "IMS3" };
    cluster.kill(gone);
    cluster
        .wait_until("it is missed", LIMIT, || follower.reported().contains(&format!("{gone} can't be read")));
    cluster.restart(gone);
    cluster.wait_until("what it says is shown again", LIMIT, || {
        let told = messages(&follower.printed());
        issuers(&told, "DFS810I").iter().filter(|member| **member == gone).count() == 2
    });
    cluster.finish();
}

#[test]
fn what_was_said_is_chosen_by_member_severity_and_time() {
    let mut cluster = Cluster::start(3);
    let all = cluster.spoc(["log"]);
    all.well();
    for member in MEMBERS {
        assert!(all.stdout.contains(&format!("{member:<8} DFS810I {member} IS READY")), "{}", all.stdout);
    }
    let one = cluster.spoc(["--member", "IMS2", "log"]).stdout;
    assert!(one.contains("IMS2     DFS810I") && !one.contains("IMS1     DFS810I"), "{one}");
    assert_eq!(cluster.spoc(["log", "--since", "2020-01-01T00:00:00Z"]).stdout, cluster.spoc(["log"]).stdout);
    assert_eq!(cluster.spoc(["log", "--since", "2100-01-01T00:00:00Z"]).stdout, "");
    assert_eq!(cluster.spoc(["log", "--since", "yesterday"]).status, Some(8));
    let gone = if cluster.master() == "IMS3" { "IMS2" } else { "IMS3" };
    cluster.kill(gone);
    cluster.wait_until("the others warn of the link", LIMIT, || {
        let warnings = cluster.spoc(["log", "--severity", "w"]);
        assert_eq!(warnings.status, Some(4), "who is gone can't be asked");
        !warnings.stdout.contains("DFS810I")
            && warnings.stdout.lines().filter(|line| line.contains("LINK201W")).count() == 2
    });
    cluster.finish();
}

#[test]
fn messages_come_between_the_lines_of_an_operator_who_asked_for_them() {
    let cluster = Cluster::start(3);
    cluster.set_up_bank();
    cluster.stage_change();
    let mut terminal = Terminal::spoc(&cluster, &["--messages"]).unwrap();
    cluster.wait_until("the prompt is there", LIMIT, || terminal.shown().contains("SPOC> "));
    terminal.type_in("QRY MEM").unwrap();
    cluster.wait_until("what was typed is shown", LIMIT, || terminal.shown().contains("QRY MEM"));
    let before = terminal.shown().len();
    cluster.spoc([IMPORT]).well();
    cluster.wait_until("every member is heard while a line is half typed", LIMIT, || {
        let shown = terminal.shown();
        MEMBERS.iter().all(|member| shown.contains(&format!("{member:<8} DFS4897I")))
    });
    assert!(
        terminal.shown()[before..].contains("SPOC> QRY MEM"),
        "the line is shown again: {}",
        terminal.shown()
    );
    terminal.type_in("BER TYPE(IMS)\r").unwrap();
    cluster.wait_until("the command is carried out whole", LIMIT, || {
        terminal.shown().contains("Response for: QRY MEMBER TYPE(IMS)")
    });
    terminal.type_in("exit\r").unwrap();
    assert_eq!(terminal.ended().unwrap(), Some(0));
    cluster.finish();
}
