//! An answer as the TSO SPOC shows it: the command, headings, rows; then messages, and what went wrong.

use super::layout::{Page, one_line, rows};
use crate::om::answer::{Answer, MemberError, MemberMessage};
use crate::om::code::meaning;

/// The answer as text, each line with its end and as long as it needs to be.
pub fn render(answer: &Answer) -> String {
    render_on(answer, Page::default())
}

/// The answer as text on a page, each line with its end. Only rows are fitted to the page: what is said in
/// sentences goes on as long as it needs to.
pub fn render_on(answer: &Answer, page: Page) -> String {
    let mut text = String::new();
    if !answer.command.is_empty() {
        line(&mut text, &format!("Response for: {}", one_line(&answer.command)));
    }
    if !answer.rows.is_empty() {
        text.push_str(&rows(answer, page));
    }
    paragraph(&mut text, answer.messages.iter().map(message));
    paragraph(&mut text, answer.member_errors.iter().map(member_error));
    paragraph(&mut text, closing(answer).into_iter());
    text
}

fn line(text: &mut String, line: &str) {
    text.push_str(line.trim_end());
    text.push('\n');
}

/// Lines with an empty one before them, if there are any.
fn paragraph(text: &mut String, lines: impl Iterator<Item = String>) {
    for (at, content) in lines.enumerate() {
        if at == 0 && !text.is_empty() {
            text.push('\n');
        }
        line(text, &content);
    }
}

fn message(message: &MemberMessage) -> String {
    match message.member {
        Some(member) => format!("{member:<8} {}", message.body),
        None => message.body.to_string(),
    }
}

fn member_error(error: &MemberError) -> String {
    format!("{:<8} rc={} rsn={} {}", error.member, error.rc, error.rsn, one_line(&error.text))
}

/// What the codes mean, and what they can't say; nothing where all is well.
fn closing(answer: &Answer) -> Option<String> {
    let (rc, rsn) = (answer.rc, answer.rsn);
    if (rc.0, rsn.0) == (0, 0) {
        return None;
    }
    let text = match answer.reason_text.as_str() {
        "" => meaning(rc, rsn).to_string(),
        text => format!("{}: {}", meaning(rc, rsn), one_line(text)),
    };
    Some(format!("rc={rc} rsn={rsn} {text}"))
}
