//! Text in records of eighty columns.

use crate::ddl::lexer::RECORD_COLUMNS;

/// How much further to the right a line goes on.
const CONTINUED_INDENT: usize = 4;

/// DDL as it is written, line by line.
#[derive(Debug, Default)]
pub(super) struct Writer {
    text: String,
}

impl Writer {
    /// Adds a line. What does not fit on it goes on further to the right on the next. A text that does not fit on any
    /// goes on in column 1, as records do.
    pub(super) fn line(&mut self, indent: usize, text: &str) {
        let mut rest: Vec<char> = format!("{:indent$}{text}", "").chars().collect();
        // The quote that a text is in which began on a line before.
        let mut quote = None;
        while rest.len() >= RECORD_COLUMNS {
            let Some(blank) = last_blank(&rest, indent + CONTINUED_INDENT, quote) else {
                let tail = rest.split_off(RECORD_COLUMNS);
                quote = rest.iter().fold(quote, |quote, &character| quote_after(quote, character));
                self.push(&rest);
                rest = tail;
                continue;
            };
            quote = None;
            let tail = rest.split_off(blank + 1);
            rest.pop();
            self.push(&rest);
            rest = " ".repeat(indent + CONTINUED_INDENT).chars().chain(tail).collect();
        }
        self.push(&rest);
    }

    fn push(&mut self, line: &[char]) {
        self.text.extend(line);
        self.text.push('\n');
    }

    /// Adds to the end of the last line, which is none that fills its record.
    pub(super) fn append(&mut self, text: &str) {
        let end = self.text.trim_end_matches('\n').len();
        let last = self.text[..end].rfind('\n').map_or(0, |at| at + 1);
        let length = self.text[last..end].chars().count();
        self.text.truncate(end);
        if length >= RECORD_COLUMNS {
            self.text.push('\n');
        }
        self.text.push_str(text);
        self.text.push('\n');
    }

    /// What was written.
    pub(super) fn into_text(self) -> String {
        self.text
    }
}

/// The last blank that fits on a record, stands outside of quotes, and leaves more than blanks before it.
fn last_blank(line: &[char], indent: usize, mut quote: Option<char>) -> Option<usize> {
    let mut blank = None;
    for (at, &character) in line.iter().enumerate().take(RECORD_COLUMNS - 1) {
        quote = quote_after(quote, character);
        if quote.is_none() && character == ' ' && at > indent {
            blank = Some(at);
        }
    }
    blank
}

/// The quote that is open behind this character. A doubled quote closes a text and opens it again.
fn quote_after(quote: Option<char>, character: char) -> Option<char> {
    match (character, quote) {
        ('\'' | '"', None) => Some(character),
        (_, Some(open)) if character == open => None,
        _ => quote,
    }
}

/// A name: plain where it reads back so, else in double quotes.
pub(super) fn name(name: &str) -> String {
    let letter = |byte: u8| byte.is_ascii_uppercase() || b"@#$_".contains(&byte);
    let plain = name.bytes().next().is_some_and(letter)
        && name.bytes().all(|byte| letter(byte) || byte.is_ascii_digit());
    match plain {
        true => name.to_string(),
        false => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

/// The name of a column, which must not read as another thing that a table has.
pub(super) fn column_name(column: &str) -> String {
    match column {
        "PRIMARY" | "FOREIGN" | "MAP" | "LCHILD" | "XDFLD" => format!("\"{column}\""),
        _ => name(column),
    }
}

/// A text in single quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Names in parentheses.
pub(super) fn names<'a>(list: impl IntoIterator<Item = &'a str>) -> String {
    let list: Vec<String> = list.into_iter().map(name).collect();
    format!("({})", list.join(", "))
}

/// Words with a number behind each, for those numbers that there are.
pub(super) fn numbers(pairs: &[(&str, Option<u32>)]) -> String {
    let given = pairs.iter().filter_map(|(word, number)| Some(format!("{word} {}", (*number)?)));
    given.collect::<Vec<_>>().join(" ")
}
