//! What holds for every command and every answer.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use csl::om::grammar::{COMMANDS, COMMON, Form, KeywordRow, Kind, ResourceRow, VerbRow, What, offered};
use csl::om::render::xml::{self, Control};
use csl::om::render::{Layout, Page, table};
use csl::om::view::CommandView;
use csl::om::{
    Answer, Column, Command, CompletionCode, ParameterValue, ReasonCode, ReturnCode, Row, complete,
};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use quick_xml::Reader;
use quick_xml::events::Event;
use std::collections::BTreeMap;
use vocabulary::{MemberName, Moment};

/// Text that is nearly a command: words of the grammar, punctuation, and anything else.
fn nearly_a_command() -> impl Strategy<Value = String> {
    let mut words = vec!["(", ")", ",", " ", "CMD(", "*", "%", "IMS1", "ACCTDB", "5:30", "é", "\n", "/"];
    for verb in COMMANDS {
        words.extend([verb.name, verb.abbreviation]);
        for resource in verb.resources {
            words.push(resource.name);
            words.extend(resource.keywords.iter().map(|row| row.name));
        }
    }
    words.extend([
        "INIT.DB",
        "LIST.DBDS",
        "CHANGE.NONSENSE",
        ".",
        "SHOW(ALL)",
        "NAME(",
        "FOR(IMSID(",
        "SOURCE(CATALOG)",
        "ROUTE(",
        "WAIT(",
    ]);
    let piece = prop_oneof![8 => select(words).prop_map(str::to_string), 1 => any::<String>()];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.join(" "))
}

fn what(what: What) -> BoxedStrategy<String> {
    match what {
        What::Dbd | What::Dd | What::Group => "[A-Z#@$][A-Z0-9#@$]{0,7}".boxed(),
        What::Pair => "\\([A-Z#@$][A-Z0-9#@$]{0,7},[A-Z#@$][A-Z0-9#@$]{0,7}\\)".boxed(),
        What::Moment => {
            "'20[0-9]{2}\\.[0-2][1-9][0-9] [01][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?'".boxed()
        }
        What::DataSet => "[A-Z][A-Z0-9]{0,7}(\\.[A-Z@][A-Z0-9-]{0,7}){0,3}".boxed(),
        What::Flag(set) => select(set).prop_map(str::to_string).boxed(),
        What::Generic => "[A-Z%][A-Z0-9#@$%]{0,6}\\*?".boxed(),
        What::User => "[A-Za-z0-9_]{1,12}\\*?".boxed(),
        What::Member => "[A-Z0-9#@$]{1,8}".boxed(),
        What::Number { least, most } => (least..=most).prop_map(|number| number.to_string()).boxed(),
        What::Text => "('[^']{1,20}'|[A-Z0-9]{1,9})".boxed(),
        What::Hex => "([0-9A-Fa-f]{2}){1,9}".boxed(),
        What::Rba => "[0-9A-Fa-f]{1,8}".boxed(),
        What::Route => prop_oneof!["[A-Z0-9]{1,8}"].boxed(),
        What::Stamp => "[0-9]{2}[0-2][0-9][1-9]1[0-9][0-5][0-9][0-5][0-9]{3}".boxed(),
        What::Wait => prop_oneof!["[1-9][0-9]{0,3}", "[1-9][0-9]{0,2}:[0-5][0-9]"].boxed(),
    }
}

fn keyword(row: &'static KeywordRow) -> BoxedStrategy<String> {
    let content = match row.kind {
        Kind::Alone => return Just(row.name.to_string()).boxed(),
        Kind::One(one) => what(one),
        Kind::Several(several) => {
            prop::collection::vec(what(several), 1..4).prop_map(|all| all.join(",")).boxed()
        }
        Kind::Nested(rows) => {
            rows.iter().map(keyword).collect::<Vec<_>>().prop_map(|all| all.join(" ")).boxed()
        }
    };
    content.prop_map(move |content| format!("{}({content})", row.name)).boxed()
}

/// A command of the table: its row, and its keywords in the order of the table.
fn command() -> impl Strategy<Value = (&'static VerbRow, &'static ResourceRow, Vec<String>)> {
    let takes_names = |(verb, resource): &(&VerbRow, &ResourceRow)| {
        verb.form == Form::Type1 && resource.keywords.iter().any(|row| row.required)
    };
    let all: Vec<(&VerbRow, &ResourceRow)> = offered().filter(|row| !takes_names(row)).collect();
    select(all).prop_flat_map(|(verb, resource)| {
        // What a type-1 command takes has no parentheses; its stories are told elsewhere.
        let own = if verb.form == Form::Type1 { &[] } else { resource.keywords };
        let rows: Vec<&'static KeywordRow> = own.iter().chain(COMMON).collect();
        let optional: Vec<_> = rows.iter().copied().filter(|row| !row.required).collect();
        let most = optional.len();
        let keywords = subsequence(optional, 0..=most).prop_flat_map(move |chosen| {
            let required = rows.clone().into_iter().filter(|row| row.required);
            required.chain(chosen).map(keyword).collect::<Vec<_>>()
        });
        (Just(verb), Just(resource), keywords)
    })
}

/// What a command means, without the places where its parts stand.
fn meaning(command: &Command) -> impl PartialEq + std::fmt::Debug + use<> {
    let keywords: BTreeMap<String, Vec<ParameterValue>> = command
        .keywords
        .iter()
        .map(|(name, parameters)| (name.clone(), parameters.iter().map(|each| each.value.clone()).collect()))
        .collect();
    (command.verb, command.resource, keywords, command.route.clone(), command.wait_ms)
}

fn answer() -> impl Strategy<Value = Answer> {
    let codes = select(vec![
        (ReturnCode::OK, ReasonCode::NONE),
        (ReturnCode::WARNING, ReasonCode::NOT_EVERYWHERE),
        (ReturnCode::LIST, ReasonCode::SOME_SUCCEEDED),
        (ReturnCode::LIST, ReasonCode::NONE_SUCCEEDED),
        (ReturnCode::STATE, ReasonCode::ACTIVATION_STATE),
        (ReturnCode::OM_SYSTEM, ReasonCode::INTERNAL),
    ]);
    let completions = prop::collection::vec(select(vec![0u32, 0, 0x10, 0xB1]), 0..4);
    (codes, completions).prop_map(|((rc, rsn), completions)| {
        let mut answer = Answer::new("QRY DB", Moment(0));
        (answer.rc, answer.rsn) = (rc, rsn);
        answer.rows = completions.into_iter().map(|code| Row::of(ims(1), CompletionCode(code))).collect();
        answer
    })
}

/// An answer with columns that scroll and columns that don't, and cells of any text.
fn wide_answer() -> impl Strategy<Value = Answer> {
    let cells = prop::collection::vec(prop::collection::vec("[A-Za-z0-9,.]{1,12}", 5), 1..4);
    cells.prop_map(|rows| {
        let mut answer = Answer::new("QRY DB", Moment(0));
        answer.columns = (0..5)
            .map(|at| match at {
                0 => Column::name("C0", "Name", 1),
                3 => Column { scroll: false, ..Column::text("C3", "Kept") },
                at => Column::text(&format!("C{at}"), &format!("Heading{at}")),
            })
            .collect();
        answer.rows = rows
            .into_iter()
            .map(|cells| {
                cells
                    .into_iter()
                    .enumerate()
                    .fold(Row::default(), |row, (at, cell)| row.with(&format!("C{at}"), cell))
            })
            .collect();
        answer
    })
}

/// The names of the elements of a document in which everything that is opened is closed, and the text of each `rsp`.
fn elements(document: &str) -> Result<(Vec<String>, Vec<String>), quick_xml::Error> {
    let mut reader = Reader::from_str(document);
    let (mut names, mut rows, mut text) = (Vec::new(), Vec::new(), String::new());
    loop {
        match reader.read_event()? {
            Event::Start(start) => {
                names.push(start.name().as_ref().to_string());
                text.clear();
            }
            Event::Text(part) => text.push_str(&part),
            Event::End(end) if end.name().as_ref() == "rsp" => rows.push(text.clone()),
            Event::Eof => return Ok((names, rows)),
            _ => {}
        }
    }
}

/// Small letters and more blanks, but for what stands between apostrophes.
fn spread(text: &str) -> String {
    let spread = |(at, piece): (usize, &str)| match at % 2 {
        0 => piece.to_lowercase().replace('(', " ( ").replace(',', " , "),
        _ => piece.to_string(),
    };
    text.split('\'').enumerate().map(spread).collect::<Vec<_>>().join("'")
}

fn ims(number: usize) -> MemberName {
    MemberName::new(&format!("IMS{number}")).unwrap()
}

proptest! {
    /// Every text is parsed, or refused with a place inside it or just behind its end.
    #[test]
    fn parsing_is_total(text in prop_oneof![any::<String>(), nearly_a_command()]) {
        if let Err(error) = Command::parse(&text).and_then(|command| CommandView::of(&command)) {
            prop_assert!(error.offset + error.length <= error.text.len());
            prop_assert!(error.text.get(error.offset..error.offset + error.length).is_some());
            prop_assert_eq!(error.marked().lines().count(), 2);
            prop_assert_eq!(error.reason_code().0 & 0xFFFF_FF00, 0x2000);
        }
    }

    /// A command parsed again from its own text is the same command.
    #[test]
    fn a_command_is_what_its_text_says((verb, resource, keywords) in command()) {
        let text = format!("  {} {}\n", verb.command(resource), keywords.join(" "));
        let first = Command::parse(&text).unwrap();
        prop_assert_eq!(Command::parse(&first.text).unwrap(), first);
    }

    /// Abbreviation, small letters, the slash, blanks, the envelope and the order of keywords change nothing.
    #[test]
    fn form_does_not_change_the_meaning(
        (verb, resource, keywords) in command(),
        turns in any::<prop::sample::Index>(),
        envelope in any::<bool>(),
    ) {
        let plain = format!("{} {}", verb.command(resource), keywords.join(" "));
        let mut turned = keywords.clone();
        turned.rotate_left(if keywords.is_empty() { 0 } else { turns.index(keywords.len()) });
        let short = match verb.form {
            Form::Dbrc => verb.command(resource),
            _ => format!("/{}\t{}", verb.abbreviation, resource.name),
        };
        let form = format!("{short}\n{}", turned.join("  "));
        let form = spread(&form);
        let form = if envelope { format!("Cmd ({form})") } else { form };
        let (plain, form) = (Command::parse(&plain).unwrap(), Command::parse(&form).unwrap());
        prop_assert_eq!(meaning(&plain), meaning(&form));
    }

    /// Every command of the table has a view: where one is refused, a rule between keywords is broken, and the
    /// command is not unknown to those who carry it out.
    #[test]
    fn every_command_has_a_view((verb, resource, keywords) in command()) {
        let text = format!("{} {}", verb.command(resource), keywords.join(" "));
        if let Err(error) = CommandView::of(&Command::parse(&text).unwrap()) {
            prop_assert!(matches!(error.reason_code().0, 0x201C | 0x2024), "{}", error);
        }
    }

    /// However a text ends, there is an offer of what can stand next, in the place of its last word; a word of the
    /// grammar that is offered is understood there.
    #[test]
    fn completion_is_total(text in prop_oneof![any::<String>(), nearly_a_command()]) {
        let completion = complete(&text);
        prop_assert!(text.is_char_boundary(completion.from));
        let partial = text[completion.from..].to_ascii_uppercase();
        for (word, _) in completion.candidates {
            prop_assert!(word.to_ascii_uppercase().starts_with(&partial), "{word} for {partial}");
        }
    }

    /// Whatever the layout and the width, no value is lost, and no line is longer than the page unless it has one
    /// scrolling column only.
    #[test]
    fn a_narrow_page_loses_nothing(answer in wide_answer(), width in 1usize..80) {
        for layout in [Layout::Wrap, Layout::ByColumn, Layout::ByResource] {
            let text = table::render_on(&answer, Page { layout, width: Some(width) });
            for row in &answer.rows {
                for column in &answer.columns {
                    let cell = row.get(&column.short).unwrap().to_string();
                    prop_assert!(text.contains(&cell), "{cell} is not in\n{text}");
                }
            }
            if layout == Layout::Wrap {
                let most = 12 + 1 + 12 + 1 + 12;
                prop_assert!(text.lines().skip(1).all(|line| line.chars().count() <= width.max(most)), "{text}");
            }
        }
    }

    /// Whatever an answer says, its XML is a document that readers accept, and has a row for each of its rows.
    #[test]
    fn xml_is_well_formed(
        answer in wide_answer(), command in any::<String>(), reason in any::<String>(), value in any::<String>()
    ) {
        let mut answer = Answer { command, reason_text: reason, rc: ReturnCode::OM_WARNING, ..answer };
        answer.rows[0] = answer.rows[0].clone().with("C1", value);
        let (names, rows) = elements(&xml::render(&answer, &Control::default())).unwrap();
        prop_assert_eq!(rows.len(), answer.rows.len());
        let parts: Vec<_> = names.iter().map(String::as_str).filter(|name| {
            ["imsout", "ctl", "cmderr", "cmd", "cmdrsphdr", "cmdrspdata", "msgdata"].contains(name)
        }).collect();
        prop_assert_eq!(parts, ["imsout", "ctl", "cmd", "cmdrsphdr", "cmdrspdata"]);
    }

    /// A merged answer keeps every row, and does not look better than the best of what it was made from: 0 means
    /// that all were 0 and none is missing.
    #[test]
    fn a_merge_hides_nothing(answers in prop::collection::vec(answer(), 0..4), missing in 0usize..3) {
        let rows: usize = answers.iter().map(|answer| answer.rows.len()).sum();
        let statuses: Vec<u8> = answers.iter().map(Answer::exit_status).collect();
        let named = answers.into_iter().enumerate().map(|(at, answer)| (ims(at), answer)).collect();
        let merged = Answer::merge(named, (10..10 + missing).map(ims).collect());
        prop_assert_eq!(merged.rows.len(), rows);
        let all_well = !statuses.is_empty() && statuses.iter().all(|&status| status == 0) && missing == 0;
        prop_assert_eq!(merged.exit_status() == 0, all_well);
        let silent = merged.member_errors.iter().filter(|error| error.rsn == ReasonCode::TIMEOUT).count();
        prop_assert_eq!(silent, missing);
    }
}
