//! What can stand next in a command that is being typed: verbs, resource types, keywords and their words, from the
//! grammar.

use super::grammar::{
    COMMANDS, COMMON, Form, KeywordRow, Kind, ResourceRow, VerbRow, What, command_of, dbrc_words, offered,
    verb_of,
};
use super::lexer::{Lexeme, Token, lexemes};

/// What can take the place of the word before the cursor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Completion {
    /// Where that word begins: bytes into the text.
    pub from: usize,
    /// What can stand there, each with what it is for.
    pub candidates: Vec<(String, &'static str)>,
    /// What else can stand there, which the grammar does not know.
    pub names: Option<Names>,
}

/// Names of a plex that can stand in a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// Of databases, programs and other resources.
    Resources,
    /// Of members.
    Members,
}

/// What can stand at the end of a text.
pub fn complete(text: &str) -> Completion {
    let mut typed = lexemes(text);
    // A word that the text ends with is not complete yet.
    let partial = match typed.last() {
        Some(Lexeme { token: Token::Word(word), span, .. }) if span.offset + span.length == text.len() => {
            *word
        }
        _ => "",
    };
    if !partial.is_empty() {
        typed.pop();
    }
    let slash = usize::from(partial.starts_with('/') && typed.is_empty());
    let partial = &partial[slash..];
    let (all, names) = candidates(&without_envelope(&typed));
    let fitting = all.into_iter().filter(|(word, _)| begins(word, partial));
    let small = partial.chars().any(|c| c.is_ascii_lowercase());
    let cased = fitting.map(|(word, says)| (if small { word.to_lowercase() } else { word }, says));
    Completion { from: text.len() - partial.len(), candidates: cased.collect(), names }
}

fn begins(word: &str, partial: &str) -> bool {
    word.get(..partial.len()).is_some_and(|start| start.eq_ignore_ascii_case(partial))
}

fn without_envelope<'t>(typed: &[Lexeme<'t>]) -> Vec<Lexeme<'t>> {
    match typed {
        [cmd, open, rest @ ..] if cmd.source.eq_ignore_ascii_case("CMD") && open.token == Token::Open => {
            rest.to_vec()
        }
        all => all.to_vec(),
    }
}

type Candidates = Vec<(String, &'static str)>;

fn candidates(typed: &[Lexeme<'_>]) -> (Candidates, Option<Names>) {
    let words = |at: usize| match typed.get(at) {
        Some(Lexeme { token: Token::Word(word), .. }) => Some(*word),
        _ => None,
    };
    let Some(word) = typed.first().map(|_| words(0).unwrap_or_default()) else { return (verbs(), None) };
    if dbrc_words(word).is_some() {
        let command = command_of(COMMANDS, word, None);
        return command.map_or_else(Default::default, |(verb, resource)| within(verb, resource, &typed[1..]));
    }
    let Some(verb) = verb_of(COMMANDS, word.strip_prefix('/').unwrap_or(word)) else {
        return Default::default();
    };
    let Some(word) = typed.get(1).map(|_| words(1).unwrap_or_default()) else {
        return (resources(verb), None);
    };
    let resource = verb.offered().find(|row| row.is_called(word, verb.form));
    resource.map_or_else(Default::default, |resource| within(verb, resource, &typed[2..]))
}

fn verbs() -> Candidates {
    let is_dbrc = |verb: &VerbRow| verb.form == Form::Dbrc;
    let verbs = COMMANDS.iter().filter(|verb| !is_dbrc(verb) && verb.offered().next().is_some());
    let verbs =
        verbs.flat_map(|verb| [(verb.name.to_string(), ""), (verb.abbreviation.to_string(), verb.name)]);
    let of_dbrc = offered().filter(|(verb, _)| is_dbrc(verb));
    verbs.chain(of_dbrc.map(|(verb, resource)| (verb.command(resource), resource.says))).collect()
}

fn resources(verb: &VerbRow) -> Candidates {
    verb.offered().map(|row| (row.name.to_string(), row.says)).collect()
}

/// What can stand behind keywords and parameters: the keywords of where they end, or what its keyword takes.
fn within(
    verb: &VerbRow,
    resource: &'static ResourceRow,
    typed: &[Lexeme<'_>],
) -> (Candidates, Option<Names>) {
    let own = if verb.form == Form::Type1 { &[] } else { resource.keywords };
    let all: Vec<&'static KeywordRow> = own.iter().chain(COMMON).collect();
    // Each parenthesis that is open, with the keyword that it follows.
    let mut open: Vec<Option<&'static KeywordRow>> = Vec::new();
    let mut last: Option<&'static KeywordRow> = None;
    let mut given: Vec<&str> = Vec::new();
    for lexeme in typed {
        match lexeme.token {
            Token::Word(word) => {
                let rows = rows_of(open.last().copied(), &all);
                last = rows.into_iter().find(|row| word.eq_ignore_ascii_case(row.name));
                given.extend(last.map(|row| row.name));
            }
            Token::Open => open.push(last.take()),
            Token::Close => drop(open.pop()),
            Token::Quoted(_) | Token::Unclosed | Token::Comma | Token::Equals => {}
        }
    }
    match open.last() {
        Some(Some(KeywordRow { kind: Kind::One(what) | Kind::Several(what), .. })) => parameters(*what),
        inside => {
            let rows = rows_of(inside.copied(), &all).into_iter().filter(|row| !given.contains(&row.name));
            let opened = |row: &KeywordRow| if matches!(row.kind, Kind::Alone) { "" } else { "(" };
            (rows.map(|row| (format!("{}{}", row.name, opened(row)), row.says)).collect(), None)
        }
    }
}

/// The keywords that can stand inside a keyword, or in the command where none is open.
fn rows_of(
    inside: Option<Option<&'static KeywordRow>>,
    all: &[&'static KeywordRow],
) -> Vec<&'static KeywordRow> {
    match inside {
        None => all.to_vec(),
        Some(Some(KeywordRow { kind: Kind::Nested(rows), .. })) => rows.iter().collect(),
        Some(_) => Vec::new(),
    }
}

fn parameters(what: What) -> (Candidates, Option<Names>) {
    match what {
        What::Flag(words) => (words.iter().map(|word| ((*word).to_string(), "")).collect(), None),
        What::Route => {
            let all = [("*", "every member"), ("%", "any one member")];
            (all.map(|(word, says)| (word.to_string(), says)).to_vec(), Some(Names::Members))
        }
        What::Member => (Vec::new(), Some(Names::Members)),
        What::Dbd | What::Generic => (Vec::new(), Some(Names::Resources)),
        What::Dd
        | What::DataSet
        | What::Group
        | What::Moment
        | What::Pair
        | What::Text
        | What::Hex
        | What::Rba
        | What::Number { .. }
        | What::Stamp
        | What::User
        | What::Wait => Default::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(text: &str) -> String {
        let completion = complete(text);
        assert!(completion.from <= text.len());
        let words: Vec<_> = completion.candidates.iter().map(|(word, _)| word.as_str()).collect();
        words.join(" ")
    }

    #[test]
    fn what_can_stand_next_is_offered() {
        for (text, expected) in [
            ("E", "EXPORT EXP"),
            (
                "list.",
                "list.bkout list.cagrp list.db list.dbds list.dbdsgrp list.log list.part list.recon list.subsys",
            ),
            ("LIST.DB DBD(ACCTDB) ", "ALL DBDS NODBDS ROUTE( WAIT("),
            ("change.db no", "nonrecov noauth noback"),
            ("LIST.NONSENSE ", ""),
            ("/up", "update upd"),
            ("QRY ", "AUDIT CATALOG DB IMS IMSPLEX MASTER MEMBER OLC PGM"),
            ("qry me", "member"),
            ("QRY DB ", "NAME( SHOW( STATUS( TYPE( ROUTE( WAIT("),
            ("QRY DB NAME(ACCT*) S", "SHOW( STATUS("),
            ("QRY DB SHOW(STATUS) ", "NAME( STATUS( TYPE( ROUTE( WAIT("),
            ("QRY DB SHOW(", "ACCTYPE ALL DEFN LOCAL PGM STATUS TIMESTAMP WORK"),
            ("QRY DB SHOW(ALL,ST", "STATUS"),
            ("QRY DB NAME(", ""),
            ("CMD(IMP DEFN FOR(", "IMSID("),
            ("IMP DEFN FOR(IMSID(IMS1)", ""),
            ("IMP DEFN FOR(IMSID(IMS1)) O", "OPTION("),
            ("QRY DB ROUTE(", "* %"),
            ("UPD DIRECTORY ", "START( ROUTE( WAIT("),
            ("NONSENSE ", ""),
            ("( ", ""),
        ] {
            assert_eq!(offered(text), expected, "{text}");
        }
    }

    #[test]
    fn where_names_can_stand_it_is_told_whose() {
        let names = |text: &str| complete(text).names;
        assert_eq!(names("QRY DB NAME(ACCTDB,L"), Some(Names::Resources));
        assert_eq!(names("QRY DB ROUTE("), Some(Names::Members));
        assert_eq!(names("IMP DEFN FOR(IMSID("), Some(Names::Members));
        assert_eq!(names("QRY DB WAIT("), None);
        assert_eq!(names("QRY DB "), None);
    }

    #[test]
    fn the_word_before_the_cursor_is_replaced_and_the_slash_stays() {
        assert_eq!(complete("/qu").from, 1);
        assert_eq!(complete("QRY DB SH").from, 7);
        assert_eq!(complete("QRY DB ").from, 7);
    }
}
