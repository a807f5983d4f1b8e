//! Words of IMS that are no part of this language, and what takes their place. Whoever types one knows what it means, and is
//! told what to type here; nobody is left to guess whether it was mistyped.

use super::begins;

/// A verb of IMS: in full, and what takes its place. A beginning of three letters is understood.
type OtherVerb = (&'static str, &'static str);

const RESTART: &str = "a member is started as a process, `ims member`; it finds out by itself how";
const NO_TRANSACTIONS: &str = "there are no transactions, terminals or message queues";
const DBRC: &str = "commands of DBRC are typed as they are, such as LIST.DB DBD(name)";
const OLREORG: &str = "databases are not reorganized while they are in use";
const FAST_PATH: &str = "there is no Fast Path";

/// The verbs, which are type-1 all.
const VERBS: &[OtherVerb] = &[
    ("ASSIGN", NO_TRANSACTIONS),
    ("BROADCAST", NO_TRANSACTIONS),
    (
        "CHANGE",
        "there are no transactions, terminals or message queues; CHANGE.DB and its like change records of RECON",
    ),
    ("CHECKPOINT", "a member stops in order on SIGTERM; its log is forced by itself"),
    ("DEQUEUE", NO_TRANSACTIONS),
    ("ERESTART", RESTART),
    ("EXCLUSIVE", NO_TRANSACTIONS),
    ("EXIT", "leave the terminal with exit"),
    (
        "LOCK",
        "UPDATE DB NAME(name) STOP(ACCESS) keeps everybody from a database, UPDATE PGM NAME(name) STOP(SCHD) from a program",
    ),
    ("LOG", "what an operator asks is in the audit record: QUERY AUDIT"),
    ("MODIFY", "definitions are activated by IMPORT DEFN SOURCE(CATALOG)"),
    ("NRESTART", RESTART),
    ("PSTOP", NO_TRANSACTIONS),
    (
        "PURGE",
        "DELETE CATALOG NAME(name) MODE(PURGE) purges instances of definitions; there are no message queues",
    ),
    ("RECOVER", "a database is made whole by the member that opens it"),
    ("RMCHANGE", DBRC),
    ("RMDELETE", DBRC),
    ("RMGENJCL", DBRC),
    ("RMINIT", DBRC),
    ("RMLIST", DBRC),
    ("RMNOTIFY", DBRC),
    ("RSTART", NO_TRANSACTIONS),
    ("STOP", "UPDATE DB NAME(name) STOP(SCHD) stops a database, UPDATE PGM NAME(name) STOP(SCHD) a program"),
    ("SWITCH", "a survivor leads by itself when a master is lost; stop the master, and another leads"),
    ("TRACE", "what a member does is in its log"),
    (
        "UNLOCK",
        "UPDATE DB NAME(name) START(ACCESS) lets everybody to a database, UPDATE PGM NAME(name) START(SCHD) to a program",
    ),
];

/// What takes the place of a verb of IMS, with its name in full.
pub fn instead_of_verb(word: &str) -> Option<(&'static str, &'static str)> {
    VERBS.iter().find(|(name, _)| begins(name, word, 3)).copied()
}

/// Resource types of START.
pub(super) const START: &[(&str, &str)] = &[
    ("AREA", FAST_PATH),
    ("LINE", NO_TRANSACTIONS),
    ("LTERM", NO_TRANSACTIONS),
    ("NODE", NO_TRANSACTIONS),
    ("OLDS", "a member keeps its log data sets by itself"),
    ("PGM", "UPDATE PGM NAME(name) START(SCHD) starts a program"),
    ("PROGRAM", "UPDATE PGM NAME(name) START(SCHD) starts a program"),
    ("REGION", "a dependent region is started as a process of its own, such as ims ddlt0"),
    ("TRANSACTION", NO_TRANSACTIONS),
];

/// Resource types of CREATE.
pub(super) const CREATE: &[(&str, &str)] = &[
    ("DB", "spoc populate or spoc ddl defines it, and IMPORT DEFN SOURCE(CATALOG) makes it ready for use"),
    ("PGM", "spoc populate or spoc ddl defines it, and IMPORT DEFN SOURCE(CATALOG) makes it ready for use"),
    ("TRAN", NO_TRANSACTIONS),
];

/// Resource types of DELETE.
pub(super) const DELETE: &[(&str, &str)] = &[
    ("DB", "DROP DATABASE in spoc ddl takes a database out of the catalog"),
    ("DEFN", "there is no repository; DELETE CATALOG purges instances of definitions"),
    ("PGM", "DROP PROGRAMVIEW in spoc ddl takes a program out of the catalog"),
    ("TRAN", NO_TRANSACTIONS),
];

/// Resource types of DISPLAY; a beginning of three letters is understood.
pub(super) const DISPLAY: &[(&str, &str)] = &[
    (
        "ACTIVE",
        "QUERY PGM SHOW(WORK) shows which programs run in which regions, QUERY IMS how many regions are busy",
    ),
    ("AREA", FAST_PATH),
    ("CONVERSATION", NO_TRANSACTIONS),
    ("CQS", NO_TRANSACTIONS),
    ("DATABASE", "QUERY DB NAME(name) SHOW(STATUS,WORK) shows a database"),
    ("DB", "QUERY DB NAME(name) SHOW(STATUS,WORK) shows a database"),
    ("HSB", "QUERY MASTER shows who leads and why, QUERY MEMBER TYPE(IMS) how far each member is"),
    ("LINE", NO_TRANSACTIONS),
    ("LTERM", NO_TRANSACTIONS),
    ("NODE", NO_TRANSACTIONS),
    ("OLDS", "a member tells in its log of its log data sets"),
    ("OTMA", NO_TRANSACTIONS),
    ("PGM", "QUERY PGM NAME(name) SHOW(STATUS,WORK) shows a program"),
    ("POOL", "members have no pools of a fixed size"),
    ("PROGRAM", "QUERY PGM NAME(name) SHOW(STATUS,WORK) shows a program"),
    ("PSB", "QUERY PGM NAME(name) SHOW(ALL) shows a program by the name of its PSB"),
    ("QUEUE", NO_TRANSACTIONS),
    ("SHUTDOWN", "QUERY IMS SHOW(STATUS) shows a member that is stopping"),
    (
        "STATUS",
        "QUERY DB SHOW(STATUS) and QUERY PGM SHOW(STATUS) show what is stopped, `spoc status` the plex",
    ),
    ("TRANSACTION", NO_TRANSACTIONS),
    ("USER", NO_TRANSACTIONS),
];

const BY_IMPORT: &str = "definitions are activated by IMPORT DEFN SOURCE(CATALOG)";
const BACKED_OUT: &str =
    "an activation that fails before its commit point backs itself out, and one behind it is finished";

/// Resource types of INITIATE.
pub(super) const INITIATE: &[(&str, &str)] = &[("OLC", BY_IMPORT), ("OLREORG", OLREORG)];

/// Resource types of QUERY.
pub(super) const QUERY: &[(&str, &str)] = &[
    ("AREA", FAST_PATH),
    ("DBDESC", "there are no descriptors; a definition is whole in itself"),
    ("LTERM", NO_TRANSACTIONS),
    ("NODE", NO_TRANSACTIONS),
    ("OLREORG", OLREORG),
    ("PGMDESC", "there are no descriptors; a definition is whole in itself"),
    ("POOL", "members have no pools of a fixed size"),
    ("RTC", FAST_PATH),
    (
        "STRUCTURE",
        "there is no coupling facility, and no structure; QUERY MASTER shows the group that takes its place",
    ),
    ("TRAN", NO_TRANSACTIONS),
    ("USER", NO_TRANSACTIONS),
];

/// Resource types of QUEUE.
pub(super) const QUEUE: &[(&str, &str)] = &[("LTERM", NO_TRANSACTIONS), ("TRAN", NO_TRANSACTIONS)];

/// Resource types of TERMINATE.
pub(super) const TERMINATE: &[(&str, &str)] = &[("OLC", BACKED_OUT), ("OLREORG", OLREORG)];

/// Resource types of UPDATE.
pub(super) const UPDATE: &[(&str, &str)] =
    &[("AREA", FAST_PATH), ("OLREORG", OLREORG), ("RTC", FAST_PATH), ("TRAN", NO_TRANSACTIONS)];

/// Keywords, by the command or keyword that they would stand in.
pub(in crate::om) const KEYWORDS: &[(&str, &str, &str)] = &[
    (
        "EXPORT DEFN",
        "TARGET",
        "there is no repository and no RDDS; SOURCE(CATALOG) gives the source to whoever asks for it",
    ),
    (
        "IMPORT DEFN",
        "NAME",
        "everything that is staged is activated together; stage what is to be activated, and nothing else",
    ),
    ("IMPORT DEFN", "SCOPE", "every sharer activates together, whomever the command is routed to"),
    (
        "IMPORT DEFN",
        "TYPE",
        "everything that is staged is activated together; OPTION(UPDATEPSB) is for programs alone",
    ),
    (
        "SET",
        "PLEXPARM",
        "the plex has no parameters of its own: each member has its limits, SET(LCLPARM()) sets them on all that the \
         command is routed to, and what is stopped is kept by each member for itself",
    ),
    (
        "SET(LCLPARM)",
        "LOCKTIME",
        "no program waits for a lock here: one that updates a database has it for itself",
    ),
    ("UPDATE DB", "AREA", FAST_PATH),
    ("UPDATE PGM", "SET", "what a program is follows from its definition: change it, then IMPORT DEFN"),
];

/// Words of keywords, whatever the command is.
pub(in crate::om) const PARAMETERS: &[(&str, &[&str], &str)] = &[
    (
        "SCOPE",
        &["ALL"],
        "what is stopped is kept by each member for itself; SCOPE(ACTIVE) is what the command does without SCOPE",
    ),
    ("SHOW", &["RESIDENT"], "nothing is resident here: a program's block loads what it needs"),
    (
        "SHOW",
        &["BMPTYPE", "FP", "GPSB", "LANG", "SCHDTYPE", "TRANSTAT"],
        "it belongs to transactions or to Fast Path, which there are none of",
    ),
    (
        "SHOW",
        &["DEFNTYPE", "EXPORTNEEDED", "IMSID", "MODEL"],
        "there are no runtime definitions beside the catalog: DEFN and TIMESTAMP show which instance is in use",
    ),
    ("SHOW", &["GLOBAL"], "there is no global status: LOCAL shows that of each member"),
    ("SHOW", &["RTC", "TRAN"], "there are no transactions and no routing codes"),
    ("SOURCE", &["RDDS", "REPO"], "there is no repository and no RDDS: SOURCE(CATALOG) is what there is"),
    ("START", &["QUIESCE"], "databases are not quiesced: STOP(SCHD) keeps new work out while the rest ends"),
    (
        "START",
        &["REFRESH"],
        "a program is refreshed by IMPORT DEFN SOURCE(CATALOG), and where it is REFP with OPTION(REFRESHPSB)",
    ),
    ("START", &["TRACE"], "what a member does is in its log"),
    ("STOP", &["QUIESCE"], "databases are not quiesced: STOP(SCHD) keeps new work out while the rest ends"),
    ("STOP", &["TRACE"], "what a member does is in its log"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::om::grammar::{COMMANDS, KeywordRow, Kind, What, verb_of};

    #[test]
    fn what_is_told_of_as_not_used_is_no_part_of_the_language() {
        for (name, _) in VERBS {
            assert!(verb_of(COMMANDS, name).is_none(), "{name}");
            assert_eq!(instead_of_verb(name).map(|row| row.0), Some(*name));
        }
        for verb in COMMANDS {
            for (name, _) in verb.instead {
                assert!(
                    !verb.resources.iter().any(|row| row.is_called(name, verb.form)),
                    "{} {name}",
                    verb.name
                );
            }
        }
    }

    #[test]
    fn what_is_told_of_as_not_used_is_no_keyword_where_it_would_stand_and_no_word_of_one() {
        let rows = every_keyword();
        for (owner, name, _) in KEYWORDS {
            let mut beside = rows.iter().filter(|row| row.owner == *owner).peekable();
            assert!(beside.peek().is_some(), "nothing takes keywords that is called {owner}");
            assert!(!beside.any(|row| row.name == *name), "{owner} {name}");
        }
        for (keyword, words, _) in PARAMETERS {
            let takes: Vec<_> =
                rows.iter().filter(|row| row.name == *keyword || row.path == *keyword).collect();
            assert!(!takes.is_empty(), "nothing is called {keyword}");
            for word in *words {
                assert!(!takes.iter().any(|row| row.words.contains(word)), "{keyword}({word})");
            }
        }
    }

    /// A keyword, and where it stands.
    struct Placed {
        owner: String,
        name: &'static str,
        path: String,
        words: &'static [&'static str],
    }

    /// The keywords of all commands, nested ones too.
    fn every_keyword() -> Vec<Placed> {
        let mut found = Vec::new();
        for verb in COMMANDS {
            for resource in verb.resources {
                below(&format!("{} {}", verb.name, resource.name), "", resource.keywords, &mut found);
            }
        }
        found
    }

    fn below(owner: &str, outside: &str, rows: &'static [KeywordRow], found: &mut Vec<Placed>) {
        for row in rows {
            let open = outside.trim_end_matches(')');
            let path = match open {
                "" => row.name.to_string(),
                _ => format!("{open}({}){}", row.name, &outside[open.len()..]),
            };
            let words = match row.kind {
                Kind::One(What::Flag(words)) | Kind::Several(What::Flag(words)) => words,
                _ => &[][..],
            };
            if let Kind::Nested(rows) = row.kind {
                below(&path, &path, rows, found);
            }
            found.push(Placed { owner: owner.to_string(), name: row.name, path, words });
        }
    }

    #[test]
    fn a_beginning_of_three_letters_is_the_verb() {
        assert_eq!(instead_of_verb("sto").map(|row| row.0), Some("STOP"));
        assert_eq!(instead_of_verb("ERE").map(|row| row.0), Some("ERESTART"));
        assert_eq!(instead_of_verb("ST"), None);
        assert_eq!(instead_of_verb("STOPS"), None);
    }
}
