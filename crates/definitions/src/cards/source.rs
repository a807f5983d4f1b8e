//! Bytes into lines: which character set the file is in, where its lines end.

use super::ebcdic::CodePage;
use super::members::{Copied, copied_member};
use super::place::Place;
use std::collections::BTreeMap;

/// Columns of a card; a file without line ends is a row of these.
const CARD_COLUMNS: usize = 80;

/// What a file turned out to be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CharacterSet {
    /// ASCII or UTF-8.
    Utf8,
    /// ISO 8859-1: neither EBCDIC nor valid UTF-8.
    Latin1,
    /// EBCDIC in this code page.
    Ebcdic(CodePage),
}

/// One file, decoded and cut into lines.
#[derive(Debug)]
pub(crate) struct Source {
    /// The name it goes by in messages.
    pub(crate) name: String,
    text: String,
    /// Start and end of each line in `text`, without the line end.
    lines: Vec<(usize, usize)>,
    /// Where members were copied: from which line on which file goes on, and at which of its lines.
    stretches: Vec<Stretch>,
    /// What came of the COPY statement on a line.
    copies: BTreeMap<u32, Copied>,
}

/// Lines that stand in one file, one after the other.
#[derive(Debug)]
struct Stretch {
    first: u32,
    file: String,
    file_line: u32,
}

impl Source {
    /// The lines of these bytes.
    pub(crate) fn new(name: &str, bytes: &[u8]) -> Self {
        let text = decode(bytes);
        let lines = lines_of(&text);
        Self { text, lines, ..Self::blank(name) }
    }

    /// No lines yet.
    pub(super) fn blank(name: &str) -> Self {
        let (stretches, copies) = (Vec::new(), BTreeMap::new());
        Self { name: name.to_string(), text: String::new(), lines: Vec::new(), stretches, copies }
    }

    /// Adds a line of a file.
    pub(super) fn push_line(&mut self, file: &str, file_line: u32, text: &str) {
        let line = self.line_count() + 1;
        let goes_on = self.stretches.last().is_some_and(|stretch| {
            stretch.file == file && stretch.file_line + (line - stretch.first) == file_line
        });
        if !goes_on {
            self.stretches.push(Stretch { first: line, file: file.to_string(), file_line });
        }
        let start = self.text.len();
        self.text.push_str(text);
        self.lines.push((start, self.text.len()));
    }

    /// Keeps what came of the COPY statement on a line.
    pub(super) fn note_copy(&mut self, line: u32, copied: Copied) {
        self.copies.insert(line, copied);
    }

    /// What came of the COPY statement on a line.
    pub(super) fn copied(&self, line: u32) -> Copied {
        self.copies.get(&line).copied().unwrap_or(Copied::Missing)
    }

    /// The members that lines copy, each with its line. A line that continues a statement copies nothing.
    pub(crate) fn copied_members(&self) -> impl Iterator<Item = (u32, &str)> {
        let continued = |line: u32| line > 1 && super::card::Card::new(1, self.line(line - 1)).is_continued();
        let lines = (1..=self.line_count()).filter_map(|line| Some((line, copied_member(self.line(line))?)));
        lines.filter(move |(line, _)| !continued(*line))
    }

    /// The file that a line stands in, and its number there.
    pub(crate) fn file_and_line(&self, line: u32) -> (&str, u32) {
        let after = self.stretches.partition_point(|stretch| stretch.first <= line);
        match after.checked_sub(1).and_then(|at| self.stretches.get(at)) {
            Some(stretch) => (&stretch.file, stretch.file_line + (line - stretch.first)),
            None => (&self.name, line),
        }
    }

    /// How many lines there are.
    pub(crate) fn line_count(&self) -> u32 {
        u32::try_from(self.lines.len()).unwrap_or(u32::MAX)
    }

    /// The text of a line, counted from 1; empty when there is no such line.
    pub(crate) fn line(&self, number: u32) -> &str {
        let index = (number as usize).wrapping_sub(1);
        self.lines.get(index).and_then(|&(start, end)| self.text.get(start..end)).unwrap_or_default()
    }

    /// Nothing but blanks, or nothing at all.
    pub(crate) fn is_blank(&self) -> bool {
        self.text.chars().all(|character| character.is_whitespace() || character.is_control())
    }

    /// The beginning of the file, where findings about the whole of it point.
    pub(crate) fn start(&self) -> Place {
        Place { line: 1, column: 1, width: 1 }
    }
}

/// The character set that makes most sense of the bytes.
pub(crate) fn character_set(bytes: &[u8]) -> CharacterSet {
    if std::str::from_utf8(bytes).is_ok() {
        return CharacterSet::Utf8;
    }
    let (mut ebcdic, mut ascii) = (0usize, 0usize);
    for byte in bytes {
        match byte {
            0x40 | 0x15 | 0x5c | 0x80.. => ebcdic += 1,
            0x20 | 0x0a | 0x2a | 0x30..=0x39 => ascii += 1,
            _ => {}
        }
    }
    match ebcdic > ascii {
        true => CharacterSet::Ebcdic(CodePage::detect(bytes)),
        false => CharacterSet::Latin1,
    }
}

fn decode(bytes: &[u8]) -> String {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match character_set(bytes) {
        CharacterSet::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
        CharacterSet::Latin1 => bytes.iter().map(|&byte| char::from(byte)).collect(),
        CharacterSet::Ebcdic(page) => {
            let characters = page.characters();
            let mut text = String::with_capacity(bytes.len() + bytes.len() / 64);
            text.extend(bytes.iter().map(|&byte| characters[usize::from(byte)]));
            text
        }
    }
}

/// Cuts at CR LF, LF, CR and NEL (which X'15' is); without any of them, at every eighty columns.
fn lines_of(text: &str) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut lines = Vec::with_capacity(bytes.len() / 60 + 1);
    let (mut start, mut at) = (0, 0);
    while at < bytes.len() {
        let length = match bytes[at..] {
            [b'\r', b'\n', ..] | [0xc2, 0x85, ..] => 2,
            [b'\r' | b'\n', ..] => 1,
            _ => {
                at += 1;
                continue;
            }
        };
        lines.push((start, at));
        at += length;
        start = at;
    }
    if lines.is_empty() && text.chars().count() > CARD_COLUMNS {
        return card_images(text);
    }
    if start < bytes.len() {
        lines.push((start, bytes.len()));
    }
    lines
}

fn card_images(text: &str) -> Vec<(usize, usize)> {
    let mut starts: Vec<usize> = text.char_indices().step_by(CARD_COLUMNS).map(|(at, _)| at).collect();
    starts.push(text.len());
    starts.windows(2).map(|pair| (pair[0], pair[1])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8]) -> Vec<String> {
        let source = Source::new("test", bytes);
        (1..=source.line_count()).map(|number| source.line(number).to_string()).collect()
    }

    #[test]
    fn every_kind_of_line_end_ends_a_line() {
        assert_eq!(lines(b"A\nB\r\nC\rD"), ["A", "B", "C", "D"]);
        assert_eq!(lines("A\u{85}B\n\nC\n".as_bytes()), ["A", "B", "", "C"]);
        assert_eq!(lines(&[0xc1, 0x15, 0xc2, 0x25, 0xc3, 0x0d, 0x25, 0xc4]), ["A", "B", "C", "D"]);
        assert_eq!(lines(b""), Vec::<String>::new());
    }

    #[test]
    fn a_file_without_line_ends_is_a_row_of_cards() {
        let mut bytes = vec![0x40; 170];
        bytes[0] = 0xc1;
        bytes[80] = 0xc2;
        bytes[160] = 0xc3;
        let lines = lines(&bytes);
        assert_eq!(lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>(), ["A", "B", "C"]);
        assert_eq!(lines[1].len(), 80);
    }

    #[test]
    fn the_character_set_is_seen_from_the_bytes() {
        assert_eq!(character_set(b" DBD NAME=A"), CharacterSet::Utf8);
        assert_eq!(character_set("* Prüfung".as_bytes()), CharacterSet::Utf8);
        assert_eq!(character_set(b"* Pr\xfcfung 1 2 3"), CharacterSet::Latin1);
        let ebcdic = [0x40, 0xc4, 0xc2, 0xc4, 0x40, 0xd5, 0xc1, 0xd4, 0xc5, 0x7e, 0xc1];
        assert_eq!(character_set(&ebcdic), CharacterSet::Ebcdic(CodePage::Cp1047));
        assert_eq!(lines(&ebcdic), [" DBD NAME=A"]);
    }
}
