//! What holds for every command and every answer.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use csl::om::grammar::{COMMANDS, COMMON, Form, KeywordRow, Kind, ResourceRow, VerbRow, What, offered};
use csl::om::view::CommandView;
use csl::om::{Answer, Command, CompletionCode, ParameterValue, ReasonCode, ReturnCode, Row};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
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
    words.extend(["SHOW(ALL)", "NAME(", "FOR(IMSID(", "SOURCE(CATALOG)", "ROUTE(", "WAIT("]);
    let piece = prop_oneof![8 => select(words).prop_map(str::to_string), 1 => any::<String>()];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.join(" "))
}

fn what(what: What) -> BoxedStrategy<String> {
    match what {
        What::Flag(set) => select(set).prop_map(str::to_string).boxed(),
        What::Generic => "[A-Z%][A-Z0-9#@$%]{0,6}\\*?".boxed(),
        What::Member => "[A-Z0-9#@$]{1,8}".boxed(),
        What::Number { least, most } => (least..=most).prop_map(|number| number.to_string()).boxed(),
        What::Route => prop_oneof!["[A-Z0-9]{1,8}"].boxed(),
        What::Stamp => "[0-9]{2}[0-2][0-9]{2}1[0-9][0-5][0-9][0-5][0-9]{3}".boxed(),
        What::Wait => prop_oneof!["[1-9][0-9]{0,3}", "[1-9][0-9]{0,2}:[0-5][0-9]"].boxed(),
    }
}

fn keyword(row: &'static KeywordRow) -> BoxedStrategy<String> {
    let content = match row.kind {
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
    let all: Vec<(&VerbRow, &ResourceRow)> = offered().collect();
    select(all).prop_flat_map(|(verb, resource)| {
        // What a type-1 command takes has no parentheses; its stories are told elsewhere.
        let own = if verb.form == Form::Type2 { resource.keywords } else { &[] };
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
        let text = format!("  {} {} {}\n", verb.name, resource.name, keywords.join(" "));
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
        let plain = format!("{} {} {}", verb.name, resource.name, keywords.join(" "));
        let mut turned = keywords.clone();
        turned.rotate_left(if keywords.is_empty() { 0 } else { turns.index(keywords.len()) });
        let form = format!("/{}\t{}\n{}", verb.abbreviation, resource.name, turned.join("  "));
        let form = form.to_lowercase().replace('(', " ( ").replace(',', " , ");
        let form = if envelope { format!("Cmd ({form})") } else { form };
        let (plain, form) = (Command::parse(&plain).unwrap(), Command::parse(&form).unwrap());
        prop_assert_eq!(meaning(&plain), meaning(&form));
    }

    /// Every command of the table has a view: where one is refused, a rule between keywords is broken, and the
    /// command is not unknown to those who carry it out.
    #[test]
    fn every_command_has_a_view((verb, resource, keywords) in command()) {
        let text = format!("{} {} {}", verb.name, resource.name, keywords.join(" "));
        if let Err(error) = CommandView::of(&Command::parse(&text).unwrap()) {
            prop_assert!(matches!(error.reason_code().0, 0x201C | 0x2024), "{}", error);
        }
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
