//! The plex on one page, made of the answers to five commands: who is there, who leads and since when, what an activation
//! waits for, and what happened last.

use crate::ha::Change;
use crate::rows::{known, number, remarks, rendered, text};
use csl::om::render::Page;
use csl::om::{Answer, Column, Row};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What is asked, in the order that [`Status::of`] takes the answers in.
pub(crate) const COMMANDS: [&str; 5] = [
    "QUERY MEMBER TYPE(IMS) SHOW(STATUS)",
    "QUERY IMS SHOW(STATUS)",
    "/DISPLAY MODIFY",
    "QUERY OLC SHOW(HISTORY)",
    "QUERY MASTER LAST(1)",
];

/// How many seconds each answer is waited for where the operator does not say.
pub(crate) const WAIT_S: u64 = 5;

/// What is on the page.
#[derive(Debug, Default)]
pub(crate) struct Status {
    /// When the members were asked.
    at: String,
    quorum: bool,
    /// Who leads; since when, where it could be asked.
    master: Option<(String, String)>,
    level: String,
    level_since: String,
    staged: String,
    members: Vec<Member>,
    /// What the activation under way waits for, or what an import would.
    waits: Vec<Row>,
    wait_columns: Vec<Column>,
    last_activation: Option<Activation>,
    last_takeover: Option<Activation>,
    last_change: Option<Change>,
    /// Why this may not be all.
    remarks: BTreeSet<String>,
}

/// What is known of a member.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Member {
    name: String,
    status: String,
    level: String,
    since: String,
    regions: String,
    refresh_pending: String,
}

/// An activation that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Activation {
    outcome: String,
    level: String,
    ended: String,
    master: String,
    reason: String,
    takeover: String,
    token: String,
}

impl Status {
    /// The page that these answers make.
    pub(crate) fn of(answers: &[Answer]) -> Self {
        let mut status = Self { quorum: true, ..Self::default() };
        let [members, ims, modify, history, master] = answers else { return status };
        status.at = members.stopped.to_string();
        status.take_members(members);
        status.take_ims(ims);
        status.take_modify(modify);
        status.take_history(history);
        status.last_change = master.rows.last().filter(|row| text(row, "TYP") == "CHANGE").map(Change::of);
        for answer in answers {
            status.remarks.extend(remarks(answer));
        }
        status
    }

    fn take_members(&mut self, answer: &Answer) {
        for row in &answer.rows {
            // The row of the plex is the one that has a global status.
            if row.get("STT").is_some() {
                self.quorum = !text(row, "STT").split(',').any(|word| word == "NOQUORUM");
                (self.level, self.level_since) = (text(row, "DIRLVL"), text(row, "SINCE"));
                continue;
            }
            let name = text(row, "MBR");
            let mut words = text(row, "LSTT");
            if words.is_empty() {
                words = "ACTIVE".to_string();
            }
            if words.split(',').any(|word| word == "MASTER") {
                self.master = Some((name.clone(), String::new()));
            }
            let (level, since) = (text(row, "DIRLVL"), text(row, "SINCE"));
            self.members.push(Member { name, status: words, level, since, ..Member::default() });
        }
        let silent = answer.member_errors.iter().map(|error| Member {
            name: error.member.to_string(),
            status: "NO ANSWER".to_string(),
            ..Member::default()
        });
        self.members.extend(silent);
        self.members.sort_by(|left, right| left.name.cmp(&right.name));
    }

    fn take_ims(&mut self, answer: &Answer) {
        let rows: BTreeMap<String, &Row> = answer.rows.iter().map(|row| (text(row, "MBR"), row)).collect();
        for member in &mut self.members {
            let Some(row) = rows.get(&member.name) else { continue };
            member.regions = text(row, "RGNS");
            member.refresh_pending = text(row, "REFP");
        }
        if let Some((master, since)) = &mut self.master {
            *since = rows.get(master).map(|row| text(row, "LDSINCE")).unwrap_or_default();
        }
        let staged = rows.values().max_by_key(|row| row.get("DIRLVL").cloned());
        self.staged = staged.map(|row| text(row, "STAGED")).unwrap_or_default();
    }

    fn take_modify(&mut self, answer: &Answer) {
        let pending = answer.rows.iter().filter(|row| text(row, "WRK") != "NO WORK PENDING");
        self.waits = pending.cloned().collect();
        self.wait_columns.clone_from(&answer.columns);
    }

    fn take_history(&mut self, answer: &Answer) {
        let finished: Vec<Activation> = answer.rows.iter().map(Activation::of).collect();
        self.last_takeover = finished.iter().rev().find(|one| !one.takeover.is_empty()).cloned();
        self.last_activation = finished.into_iter().next_back();
    }

    /// The page as people read it.
    pub(crate) fn text(&self, page: Page) -> String {
        let mut text = String::new();
        for (label, value) in self.lines() {
            text.push_str(&format!("{label:<16} {value}\n"));
        }
        let members = self.members.iter().map(Member::row).collect();
        text.push('\n');
        text.push_str(&rendered(Member::columns(), members, page));
        if !self.waits.is_empty() {
            text.push('\n');
            text.push_str(&rendered(self.wait_columns.clone(), self.waits.clone(), page));
        }
        for (at, remark) in self.remarks.iter().enumerate() {
            text.push_str(if at == 0 { "\n" } else { "" });
            text.push_str(&format!("{remark}\n"));
        }
        text
    }

    fn lines(&self) -> [(&'static str, String); 9] {
        let master = match &self.master {
            None => "none".to_string(),
            Some((master, since)) if since.is_empty() => master.clone(),
            Some((master, since)) => format!("{master} since {since}"),
        };
        let last_change =
            self.last_change.as_ref().map_or("none that the plex remembers".to_string(), Change::told);
        let quorum = if self.quorum { "there" } else { "LOST: a majority of the members is out of reach" };
        let activation = self.activation().map_or("none under way".to_string(), |row| {
            format!("{} since {}, master {}", text(row, "WRK"), text(row, "SINCE"), text(row, "MBR"))
        });
        let last = |one: &Option<Activation>, told: fn(&Activation) -> String| {
            one.as_ref().map_or("none that the plex remembers".to_string(), told)
        };
        [
            ("Status at", self.at.clone()),
            ("Quorum", quorum.to_string()),
            ("Master", master),
            ("Last change", last_change),
            ("Directory level", format!("{} since {}", self.level, self.level_since)),
            ("Staged", self.staged.clone()),
            ("Activation", activation),
            ("Last activation", last(&self.last_activation, Activation::told)),
            ("Last takeover", last(&self.last_takeover, Activation::takeover_told)),
        ]
    }

    /// The row of the activation under way.
    fn activation(&self) -> Option<&Row> {
        self.waits.iter().find(|row| text(row, "TYP") == "OLC")
    }

    /// The page as one JSON object with names that stay.
    pub(crate) fn json(&self, exit_status: u8) -> Value {
        let waits = self.waits.iter().filter(|row| text(row, "TYP") != "OLC");
        json!({
            "at": self.at,
            "quorum": self.quorum,
            "master": self.master.as_ref().map(|(name, since)| json!({ "member": name, "since": known(since) })),
            "last_master_change": self.last_change.as_ref().map(Change::json),
            "directory": { "level": number(&self.level), "since": known(&self.level_since) },
            "staged": number(&self.staged),
            "members": self.members.iter().map(Member::json).collect::<Vec<_>>(),
            "activation": self.activation().map(wait_json),
            "waits": waits.map(wait_json).collect::<Vec<_>>(),
            "last_activation": self.last_activation.as_ref().map(Activation::json),
            "last_takeover": self.last_takeover.as_ref().map(Activation::json),
            "remarks": self.remarks,
            "exit_status": exit_status,
        })
    }
}

impl Member {
    fn columns() -> Vec<Column> {
        vec![
            Column::member(),
            Column::text("LSTT", "Status"),
            Column::number("DIRLVL", "DirLevel"),
            Column::text("SINCE", "Since"),
            Column::number("RGNS", "Regions"),
            Column::text("REFP", "RefreshPending").skip_blank(),
        ]
    }

    fn row(&self) -> Row {
        Row::default()
            .with("MBR", self.name.as_str())
            .with("LSTT", self.status.as_str())
            .with("DIRLVL", self.level.as_str())
            .with("SINCE", self.since.as_str())
            .with("RGNS", self.regions.as_str())
            .with("REFP", self.refresh_pending.as_str())
    }

    fn json(&self) -> Value {
        json!({
            "member": self.name,
            "status": listed(&self.status),
            "level": number(&self.level),
            "since": known(&self.since),
            "regions": number(&self.regions),
            "refresh_pending": listed(&self.refresh_pending),
        })
    }
}

impl Activation {
    fn of(row: &Row) -> Self {
        Self {
            outcome: text(row, "STT"),
            level: text(row, "DIRLVL"),
            ended: text(row, "ENDED"),
            master: text(row, "MASTER"),
            reason: text(row, "REASON"),
            takeover: text(row, "TKOV"),
            token: text(row, "TOKEN"),
        }
    }

    fn told(&self) -> String {
        let how = match (self.level.as_str(), self.reason.as_str()) {
            ("", "") => String::new(),
            ("", reason) => format!(", {reason}"),
            (level, _) => format!(" AT LEVEL {level}"),
        };
        format!("{}{how}, {}, master {}", self.outcome, self.ended, self.master)
    }

    /// A takeover has one cause: the master was lost.
    fn takeover_told(&self) -> String {
        format!("{}, BECAUSE THE MASTER WAS LOST; THEN {}", self.takeover, self.outcome)
    }

    fn json(&self) -> Value {
        json!({
            "outcome": self.outcome,
            "level": number(&self.level),
            "ended": known(&self.ended),
            "master": self.master,
            "reason": known(&self.reason),
            "takeover": known(&self.takeover),
            "token": self.token,
        })
    }
}

fn wait_json(row: &Row) -> Value {
    json!({
        "name": known(&text(row, "NAME")),
        "type": text(row, "TYP"),
        "member": text(row, "MBR"),
        "work": text(row, "WRK"),
        "since": known(&text(row, "SINCE")),
        "until": known(&text(row, "UNTIL")),
        "released_by": known(&text(row, "RELEASE")),
    })
}

fn listed(text: &str) -> Vec<&str> {
    text.split(',').filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use csl::om::{CompletionCode, ReasonCode, ReturnCode};
    use vocabulary::{MemberName, Moment};

    fn row(member: &str, values: &[(&str, &str)]) -> Row {
        let row = Row::of(MemberName::new(member).unwrap(), CompletionCode::OK);
        values.iter().fold(row, |row, (short, value)| row.with(short, *value))
    }

    fn answer(rows: Vec<Row>) -> Answer {
        Answer { rows, ..Answer::new("", Moment(0)) }
    }

    /// IMS1 leads, IMS2 keeps an old copy of TELLER, and IMS3 is silent.
    fn answers() -> [Answer; 5] {
        let level = [("DIRLVL", "3"), ("SINCE", "S3")];
        let mut members = answer(vec![
            row("IMS1", &[("STT", "OLC"), level[0], level[1]]),
            row("IMS1", &[("LSTT", "MASTER,OLCMSTR"), level[0], ("SINCE", "S1")]),
            row("IMS2", &[("LSTT", ""), level[0], ("SINCE", "S2")]),
        ]);
        members = Answer::merge(
            vec![(MemberName::new("IMS1").unwrap(), members)],
            vec![MemberName::new("IMS3").unwrap()],
        );
        let ims = answer(vec![
            row("IMS1", &[("LDSINCE", "S0"), ("RGNS", "0"), ("REFP", ""), ("STAGED", "2"), level[0]]),
            row("IMS2", &[("RGNS", "1"), ("REFP", "TELLER"), ("STAGED", "2"), level[0]]),
        ]);
        let mut modify = answer(vec![
            row(
                "IMS1",
                &[("NAME", ""), ("TYP", "OLC"), ("WRK", "PREPARE, COMMAND TOKEN=T2"), ("SINCE", "S4")],
            ),
            row("IMS3", &[("NAME", ""), ("TYP", "IMS"), ("WRK", "VOTE"), ("SINCE", "S4"), ("UNTIL", "S9")]),
        ]);
        modify.columns =
            ["TYP", "MBR", "WRK", "SINCE", "UNTIL"].map(|short| Column::text(short, short)).to_vec();
        let history = answer(vec![
            row(
                "IMS1",
                &[
                    ("STT", "BACKED OUT"),
                    ("ENDED", "S2"),
                    ("MASTER", "IMS1"),
                    ("TKOV", "IMS1 FROM IMS2 AT S2 BEFORE THE COMMIT POINT"),
                    ("REASON", "MASTER IMS2 WAS LOST"),
                    ("TOKEN", "T0"),
                ],
            ),
            row(
                "IMS1",
                &[("STT", "COMMITTED"), level[0], ("ENDED", "S3"), ("MASTER", "IMS1"), ("TOKEN", "T1")],
            ),
        ]);
        let change = [("STT", "STOPPED"), ("SINCE", "S0"), ("TERM", "4"), ("PRIOR", "IMS2"), ("EVID", "S9")];
        let change = row("IMS1", &change).with("TYP", "CHANGE").with("NAME", "IMS1").with("HEARD", "");
        [members, ims, modify, history, answer(vec![change])]
    }

    #[test]
    fn the_page_tells_who_is_there_what_is_waited_for_and_what_was_last() {
        let page = Status::of(&answers()).text(Page::default());
        let expected = "\
Status at        1970.001 00:00:00.000000
Quorum           there
Master           IMS1 since S0
Last change      IMS1 after IMS2, S0: IMS2 stopped in order at S9, and gave the lead away
Directory level  3 since S3
Staged           2
Activation       PREPARE, COMMAND TOKEN=T2 since S4, master IMS1
Last activation  COMMITTED AT LEVEL 3, S3, master IMS1
Last takeover    IMS1 FROM IMS2 AT S2 BEFORE THE COMMIT POINT, BECAUSE THE MASTER WAS LOST; THEN BACKED OUT

MbrName Status         DirLevel Since Regions RefreshPending
IMS1    MASTER,OLCMSTR        3 S1          0
IMS2    ACTIVE                3 S2          1 TELLER
IMS3    NO ANSWER

TYP MBR  WRK                       SINCE UNTIL
OLC IMS1 PREPARE, COMMAND TOKEN=T2 S4
IMS IMS3 VOTE                      S4    S9

IMS3: no answer in time
";
        assert_eq!(page, expected, "{page}");
    }

    #[test]
    fn the_page_as_json_tells_the_same_under_names_that_stay() {
        let page = Status::of(&answers()).json(4);
        assert_eq!(page["master"], json!({ "member": "IMS1", "since": "S0" }));
        assert_eq!(page["directory"], json!({ "level": 3, "since": "S3" }));
        assert_eq!(page["members"][1]["refresh_pending"], json!(["TELLER"]));
        assert_eq!(page["members"][2]["status"], json!(["NO ANSWER"]));
        assert_eq!(page["activation"]["work"], "PREPARE, COMMAND TOKEN=T2");
        assert_eq!(page["waits"][0]["member"], "IMS3");
        assert_eq!(page["last_activation"]["outcome"], "COMMITTED");
        assert_eq!(page["last_takeover"]["reason"], "MASTER IMS2 WAS LOST");
        assert_eq!((&page["quorum"], &page["exit_status"]), (&json!(true), &json!(4)));
    }

    #[test]
    fn a_plex_without_quorum_or_master_is_told_as_such() {
        let mut members = answer(vec![
            row("IMS2", &[("STT", "NOQUORUM"), ("DIRLVL", "1"), ("SINCE", "S1")]),
            row("IMS1", &[("LSTT", "ABENDED"), ("DIRLVL", "1"), ("SINCE", "S2")]),
        ]);
        (members.rc, members.rsn) = (ReturnCode::OM_WARNING, ReasonCode::WARNINGS);
        members.reason_text = "it may be old".to_string();
        let idle = answer(vec![row("IMS2", &[("TYP", "IMS"), ("WRK", "NO WORK PENDING")])]);
        let page = Status::of(&[members, answer(Vec::new()), idle, answer(Vec::new()), answer(Vec::new())])
            .text(Page::default());
        assert!(
            page.contains("Quorum           LOST: a majority of the members is out of reach\n"),
            "{page}"
        );
        assert!(page.contains("Master           none\n"), "{page}");
        assert!(page.contains("Activation       none under way\n"), "{page}");
        assert!(page.contains("Last takeover    none that the plex remembers\n"), "{page}");
        assert!(page.ends_with("IMS1    ABENDED        1 S2\n\nit may be old\n"), "{page}");
    }
}
