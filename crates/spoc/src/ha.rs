//! Why the master changed, or why nothing happened: what the plex wrote down and what the member that answers sees of the
//! others, told in sentences.
//!
//! Nothing is concluded here that the evidence does not say: a member whose connection broke may have ended or may be cut
//! off, and where the two look alike they are told alike.

use crate::rows::{known, listed_columns, number, remarks, rendered, text};
use csl::om::render::Page;
use csl::om::{Answer, Row};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What is asked, in the order that [`Account::of`] takes the answers in.
pub(crate) const COMMANDS: [&str; 2] = ["QUERY MASTER", "QUERY OLC SHOW(ALL)"];

/// The columns of the table of changes, with their labels.
const CHANGES: &[(&str, &str)] = &[
    ("SINCE", "Since"),
    ("TERM", "Term"),
    ("NAME", "Master"),
    ("PRIOR", "PriorMaster"),
    ("STT", "Cause"),
    ("EVID", "EvidenceSince"),
    ("HEARD", "LastHeard"),
];

/// What is known.
#[derive(Debug, Default)]
pub(crate) struct Account {
    /// Who answered, and when.
    witness: String,
    at: String,
    /// Whether a majority is in touch with the witness, and since when that is so.
    quorum: Option<(bool, String)>,
    leader: Leader,
    members: Vec<Member>,
    changes: Vec<Change>,
    /// The activation under way.
    activation: Option<Activation>,
    /// The activations that a survivor took over.
    takeovers: Vec<Activation>,
    remarks: BTreeSet<String>,
}

#[derive(Debug, Default)]
struct Leader {
    name: String,
    status: String,
    since: String,
    term: String,
}

#[derive(Debug)]
struct Member {
    name: String,
    status: String,
    since: String,
    link: String,
    link_since: String,
    heard: String,
}

#[derive(Debug)]
struct Activation {
    token: String,
    status: String,
    since: String,
    takeover: String,
}

/// A change of the master, as QUERY MASTER tells it.
#[derive(Debug)]
pub(crate) struct Change {
    row: Row,
    member: String,
    term: String,
    since: String,
    prior: String,
    cause: String,
    evidence: String,
    heard: String,
}

impl Account {
    /// What these answers tell.
    pub(crate) fn of(answers: &[Answer]) -> Self {
        let mut account = Self::default();
        let [master, olc] = answers else { return account };
        account.at = master.stopped.to_string();
        for row in &master.rows {
            account.take(row);
        }
        let under_way = |row: &&Row| matches!(text(row, "STT").as_str(), "PREPARE" | "COMMIT");
        account.activation = olc.rows.iter().find(under_way).map(Activation::of);
        let taken_over = olc.rows.iter().filter(|row| !text(row, "TKOV").is_empty());
        account.takeovers = taken_over.map(Activation::of).collect();
        account.remarks = answers.iter().flat_map(remarks).collect();
        account
    }

    fn take(&mut self, row: &Row) {
        self.witness = text(row, "MBR");
        let (name, status, since) = (text(row, "NAME"), text(row, "STT"), text(row, "SINCE"));
        match text(row, "TYP").as_str() {
            "QUORUM" => self.quorum = Some((status == "THERE", since)),
            "LEADER" => self.leader = Leader { name, status, since, term: text(row, "TERM") },
            "IMS" => self.members.push(Member {
                name,
                status,
                since,
                link: text(row, "LINK"),
                link_since: text(row, "LNKSINCE"),
                heard: text(row, "HEARD"),
            }),
            "CHANGE" => self.changes.push(Change::of(row)),
            _ => {}
        }
    }

    /// The account as people read it.
    pub(crate) fn text(&self, page: Page) -> String {
        let mut text = String::new();
        for (label, value) in self.lines() {
            text.push_str(&format!("{label:<16} {value}\n"));
        }
        text.push('\n');
        for sentence in self.explanation() {
            text.push_str(&format!("- {sentence}\n"));
        }
        if !self.changes.is_empty() {
            let rows = self.changes.iter().map(|change| change.row.clone()).collect();
            text.push('\n');
            text.push_str(&rendered(listed_columns(CHANGES), rows, page));
        }
        for (at, remark) in self.remarks.iter().enumerate() {
            text.push_str(if at == 0 { "\n" } else { "" });
            text.push_str(&format!("{remark}\n"));
        }
        text
    }

    fn lines(&self) -> [(&'static str, String); 3] {
        let quorum = match &self.quorum {
            Some((true, since)) => format!("there since {since}"),
            Some((false, since)) => format!("LOST since {since}"),
            None => "not known".to_string(),
        };
        let Leader { name, since, term, .. } = &self.leader;
        let master = match self.leads() {
            true => {
                format!("{name} since {}, term {term}", self.own_change().map_or(since, |own| &own.since))
            }
            false => format!("none since {since}"),
        };
        [("As seen by", format!("{} at {}", self.witness, self.at)), ("Quorum", quorum), ("Master", master)]
    }

    fn leads(&self) -> bool {
        self.leader.status == "LEADS"
    }

    /// The change that made the present master one.
    fn own_change(&self) -> Option<&Change> {
        self.changes.last().filter(|change| change.member == self.leader.name)
    }

    /// Sentence by sentence: how it is, how it came to that, and what did not follow.
    fn explanation(&self) -> Vec<String> {
        let mut sentences = Vec::new();
        if self.quorum.as_ref().is_some_and(|(there, _)| !there) {
            sentences.extend(self.without_quorum());
        } else if !self.leads() {
            sentences.push(format!(
                "{} is in touch with a majority, and knows of no master since {}: an election is under way. It takes a \
                 second or two; where it does not end, look at the logs of the members for links that come and go.",
                self.witness, self.leader.since
            ));
        }
        sentences.extend(self.changes.last().map(|change| change.sentence()));
        sentences.extend(self.afterwards());
        sentences.extend(self.members.iter().filter_map(|member| self.of_no_account(member)));
        sentences.extend(self.activation.as_ref().map(|activation| self.under_way(activation)));
        sentences.extend(self.takeovers.iter().map(Activation::taken_over));
        sentences
    }

    fn without_quorum(&self) -> Vec<String> {
        let since = self.quorum.as_ref().map_or("", |(_, since)| since);
        let (reached, all) =
            (self.members.iter().filter(|member| member.is_reached()).count(), self.members.len());
        let majority = all / 2 + 1;
        let mut sentences = vec![match reached >= majority {
            true => format!(
                "{} hears of no master since {since}, though it has links to {reached} of {all} members, itself among \
                 them: an election is under way, or members that are linked do not answer.",
                self.witness
            ),
            false => format!(
                "Nobody can be master, and nothing was taken over: it takes {majority} of {all} members to decide, and \
                 {} reaches {reached}, itself among them, since {since}.",
                self.witness
            ),
        }];
        sentences.extend(self.members.iter().filter(|member| !member.is_reached()).map(Member::missing));
        if reached < majority {
            let needed = majority - reached;
            sentences.push(format!(
                "Open databases are worked with as before; imports, starts of members and a change of the master wait \
                 for a majority. Start {needed} of the members that are missing, or mend the network to them."
            ));
        }
        sentences
    }

    /// What became of the master before, as the roster says.
    fn afterwards(&self) -> Option<String> {
        let last = self.changes.last().filter(|last| last.prior != last.member)?;
        let prior = self.members.iter().find(|member| member.name == last.prior)?;
        match prior.status.as_str() {
            "ABENDED" => Some(format!("{} was taken for lost at {}, and is down.", prior.name, prior.since)),
            "ACTIVE" if prior.since > last.since => Some(format!(
                "{} is back since {}; who leads does not change for that.",
                prior.name, prior.since
            )),
            _ => None,
        }
    }

    /// Why nothing followed from a member that is down.
    fn of_no_account(&self, member: &Member) -> Option<String> {
        let led_before = self.changes.last().is_some_and(|last| last.prior == member.name);
        let down = matches!(member.status.as_str(), "ABENDED" | "SHUTDOWN");
        (down && !led_before && self.leads()).then(|| {
            format!(
                "{} is down ({}) since {}. It was not master then, so the master did not change.",
                member.name, member.status, member.since
            )
        })
    }

    fn under_way(&self, activation: &Activation) -> String {
        let Activation { token, status, since, .. } = activation;
        let rest = match self.leads() {
            true => "/DISPLAY MODIFY tells what it waits for",
            false => "it stands still until there is a master",
        };
        format!("The activation with command token {token} is in its {status} phase since {since}; {rest}.")
    }

    /// The account as one JSON object with names that stay.
    pub(crate) fn json(&self, exit_status: u8) -> Value {
        let leader = self.leads().then(|| {
            let since = self.own_change().map_or(&self.leader.since, |own| &own.since);
            json!({ "member": self.leader.name, "since": known(since), "term": number(&self.leader.term) })
        });
        json!({
            "witness": self.witness,
            "at": self.at,
            "quorum": self.quorum.as_ref().map(|(there, since)| json!({ "there": there, "since": known(since) })),
            "master": leader,
            "explanation": self.explanation(),
            "changes": self.changes.iter().map(Change::json).collect::<Vec<_>>(),
            "members": self.members.iter().map(Member::json).collect::<Vec<_>>(),
            "activation": self.activation.as_ref().map(Activation::json),
            "takeovers": self.takeovers.iter().map(Activation::json).collect::<Vec<_>>(),
            "remarks": self.remarks,
            "exit_status": exit_status,
        })
    }
}

impl Member {
    fn is_reached(&self) -> bool {
        matches!(self.link.as_str(), "UP" | "SELF")
    }

    fn missing(&self) -> String {
        let Self { name, status, since, link, link_since, heard } = self;
        let mut sentence = match (status.as_str(), link.as_str()) {
            ("SHUTDOWN", _) => format!("{name} stopped in order at {since}."),
            ("NOTSTARTED", _) => format!("{name} was never started."),
            (_, "REFUSED") => format!(
                "{name} is gone: the link to it broke at {link_since}, and nobody listens at its address, so its \
                 process has ended."
            ),
            _ => format!(
                "{name} is out of reach since {link_since}: no connection can be had. Its machine may be down, or the \
                 network to it."
            ),
        };
        if !heard.is_empty() {
            sentence.push_str(&format!(" It was heard last at {heard}."));
        }
        sentence
    }

    fn json(&self) -> Value {
        json!({
            "member": self.name,
            "status": self.status,
            "since": known(&self.since),
            "link": self.link,
            "link_since": known(&self.link_since),
            "last_heard": known(&self.heard),
        })
    }
}

impl Activation {
    fn of(row: &Row) -> Self {
        let [token, status, since, takeover] =
            ["TOKEN", "STT", "BEGAN", "TKOV"].map(|short| text(row, short));
        Self { token, status, since, takeover }
    }

    fn taken_over(&self) -> String {
        let Self { token, status, takeover, .. } = self;
        let outcome = match status.as_str() {
            "PREPARE" | "COMMIT" => format!("is in its {status} phase"),
            _ => format!("ended: {status}"),
        };
        format!("The activation with command token {token} was taken over ({takeover}), and {outcome}.")
    }

    fn json(&self) -> Value {
        json!({
            "token": self.token,
            "status": self.status,
            "began": known(&self.since),
            "takeover": known(&self.takeover),
        })
    }
}

impl Change {
    pub(crate) fn of(row: &Row) -> Self {
        let [member, term, since, prior] = ["NAME", "TERM", "SINCE", "PRIOR"].map(|short| text(row, short));
        let [cause, evidence, heard] = ["STT", "EVID", "HEARD"].map(|short| text(row, short));
        Self { row: row.clone(), member, term, since, prior, cause, evidence, heard }
    }

    fn sentence(&self) -> String {
        let Self { member, term, since, .. } = self;
        format!("{member} became master at {since}, in term {term}: {}.", self.reason())
    }

    /// Who, when and why, on a line.
    pub(crate) fn told(&self) -> String {
        let Self { member, prior, since, .. } = self;
        let from = match prior.as_str() {
            "" => String::new(),
            prior if prior == member => " again".to_string(),
            prior => format!(" after {prior}"),
        };
        format!("{member}{from}, {since}: {}", self.reason())
    }

    fn reason(&self) -> String {
        let Self { prior, evidence, heard, .. } = self;
        let reason = match self.cause.as_str() {
            "FORMED" => "the plex was formed".to_string(),
            "FIRSTRECORDED" => "there were masters before, and no record of them".to_string(),
            "PLEXSTARTED" => {
                format!(
                    "the plex was started again, no majority was at work just before; {prior} was master then"
                )
            }
            "ELECTEDAGAIN" => {
                "it was master before, lost touch with a majority for a moment, and was elected again"
                    .to_string()
            }
            "STOPPED" => format!("{prior} stopped in order at {evidence}, and gave the lead away"),
            "LEFT" => format!("{prior} was deleted from the plex, or came back with another data folder"),
            "ABENDED" => format!("the plex had taken {prior} for lost at {evidence}"),
            "ENDED" => format!(
                "the process of {prior} had ended; the link to it broke at {evidence}, and nobody listened at its \
                 address any more"
            ),
            "UNREACHABLE" => {
                format!("{prior} was out of reach since {evidence}, and no connection to it could be had")
            }
            "SILENT" => format!(
                "{prior} was silent since {evidence}, though the connection to it was there; its process or its machine \
                 stood still"
            ),
            "STARTEDAGAIN" => format!("{prior} had ended, and was started again as another run of itself"),
            "LINKED" => format!(
                "{prior} was still linked, and no majority heard its heartbeats in time, or it gave the lead away; its \
                 process may have stood still for a moment, or the network been slow"
            ),
            other => format!("the reason is told as {other}, which this release of spoc does not know"),
        };
        if heard.is_empty() { reason } else { format!("{reason}; it was heard last at {heard}") }
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "member": self.member,
            "term": number(&self.term),
            "since": known(&self.since),
            "prior": known(&self.prior),
            "cause": self.cause,
            "evidence_since": known(&self.evidence),
            "last_heard": known(&self.heard),
            "reason": self.reason(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use csl::om::CompletionCode;
    use vocabulary::{MemberName, Moment};

    fn row(values: &[(&str, &str)]) -> Row {
        let row = Row::of(MemberName::new("IMS2").unwrap(), CompletionCode::OK);
        values.iter().fold(row, |row, (short, value)| row.with(short, *value))
    }

    fn state(typ: &str, name: &str, status: &str, since: &str) -> Row {
        row(&[("TYP", typ), ("NAME", name), ("STT", status), ("SINCE", since), ("TERM", "3")])
    }

    fn member(name: &str, status: &str, since: &str, link: &str, link_since: &str) -> Row {
        state("IMS", name, status, since).with("LINK", link).with("LNKSINCE", link_since).with("HEARD", "")
    }

    fn change(name: &str, cause: &str, since: &str, prior: &str, evidence: &str) -> Row {
        state("CHANGE", name, cause, since).with("PRIOR", prior).with("EVID", evidence).with("HEARD", "H1")
    }

    fn account(master: Vec<Row>, olc: Vec<Row>) -> Account {
        let answer = |rows| Answer { rows, ..Answer::new("", Moment(0)) };
        Account::of(&[answer(master), answer(olc)])
    }

    #[test]
    fn a_change_is_told_with_its_evidence_and_with_what_did_not_follow() {
        let account = account(
            vec![
                state("QUORUM", "PLEX1", "THERE", "T3"),
                state("LEADER", "IMS2", "LEADS", "T4"),
                member("IMS1", "ABENDED", "T5", "REFUSED", "T2"),
                member("IMS2", "ACTIVE", "T0", "SELF", ""),
                member("IMS3", "SHUTDOWN", "T6", "REFUSED", "T6"),
                change("IMS1", "FORMED", "T0", "", ""),
                change("IMS2", "ENDED", "T3", "IMS1", "T2"),
            ],
            vec![row(&[
                ("STT", "BACKED OUT"),
                ("TOKEN", "A1"),
                ("TKOV", "IMS2 FROM IMS1 AT T4 BEFORE THE COMMIT POINT"),
            ])],
        );
        let expected = "\
As seen by       IMS2 at 1970.001 00:00:00.000000
Quorum           there since T3
Master           IMS2 since T3, term 3

- IMS2 became master at T3, in term 3: the process of IMS1 had ended; the link to it broke at T2, and nobody listened \
at its address any more; it was heard last at H1.
- IMS1 was taken for lost at T5, and is down.
- IMS3 is down (SHUTDOWN) since T6. It was not master then, so the master did not change.
- The activation with command token A1 was taken over (IMS2 FROM IMS1 AT T4 BEFORE THE COMMIT POINT), and ended: \
BACKED OUT.

Since Term Master PriorMaster Cause  EvidenceSince LastHeard
T0    3    IMS1               FORMED               H1
T3    3    IMS2   IMS1        ENDED  T2            H1
";
        let page = account.text(Page::default());
        assert_eq!(page, expected, "{page}");
    }

    #[test]
    fn without_a_majority_it_is_told_who_is_missing_and_what_would_help() {
        let account = account(
            vec![
                state("QUORUM", "PLEX1", "LOST", "T3"),
                state("LEADER", "", "NONE", "T3"),
                member("IMS1", "ACTIVE", "T0", "REFUSED", "T2").with("HEARD", "T1"),
                member("IMS2", "ACTIVE", "T0", "SELF", ""),
                member("IMS3", "ACTIVE", "T0", "DOWN", "T3"),
                change("IMS1", "FORMED", "T0", "", ""),
            ],
            vec![row(&[("STT", "PREPARE"), ("TOKEN", "A1"), ("BEGAN", "T1"), ("TKOV", "")])],
        );
        let told = account.explanation().join("\n");
        for expected in [
            "it takes 2 of 3 members to decide, and IMS2 reaches 1, itself among them, since T3.",
            "IMS1 is gone: the link to it broke at T2, and nobody listens at its address, so its process has ended. It was heard last at T1.",
            "IMS3 is out of reach since T3: no connection can be had.",
            "Start 1 of the members that are missing, or mend the network to them.",
            "IMS1 became master at T0, in term 3: the plex was formed",
            "command token A1 is in its PREPARE phase since T1; it stands still until there is a master.",
        ] {
            assert!(told.contains(expected), "{expected} is missing:\n{told}");
        }
        assert!(account.text(Page::default()).contains("\nMaster           none since T3\n"));
        let json = account.json(4);
        assert_eq!((&json["master"], &json["quorum"]["there"]), (&Value::Null, &Value::Bool(false)));
        assert_eq!(json["members"][0]["last_heard"], "T1");
    }

    #[test]
    fn every_cause_that_a_member_can_tell_has_a_sentence() {
        for cause in [
            "FORMED",
            "FIRSTRECORDED",
            "PLEXSTARTED",
            "ELECTEDAGAIN",
            "STOPPED",
            "LEFT",
            "ABENDED",
            "ENDED",
            "UNREACHABLE",
            "SILENT",
            "STARTEDAGAIN",
            "LINKED",
        ] {
            let told = Change::of(&change("IMS2", cause, "T3", "IMS1", "T2")).told();
            assert!(!told.contains("does not know"), "{told}");
        }
        let told = Change::of(&change("IMS2", "NEWER", "T3", "IMS1", "T2")).told();
        assert!(told.contains("told as NEWER"), "{told}");
    }
}
