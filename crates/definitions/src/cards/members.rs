//! COPY, ++INCLUDE and -INC: the text of other members put where they are named.
//!
//! It is done before statements are read, as the assembler and the library managers do it: a member may hold any
//! stretch of a definition. Every line keeps the file and the number that it has there.

use super::card::{Card, blank};
use super::operation::Operation;
use super::source::Source;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The most members that one source may copy, counted as often as they are copied.
pub(crate) const COPIES_MAX: usize = 1000;

/// Sources that others may copy, each under its member name: the last part of its path, up to a period, in capitals.
#[derive(Debug, Clone, Default)]
pub struct Members {
    by_name: BTreeMap<String, Arc<Source>>,
}

/// What came of a COPY statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Copied {
    /// Its member follows.
    Whole,
    /// There is no such member.
    Missing,
    /// Its member is being copied already.
    Circular,
    /// There are more than [`COPIES_MAX`].
    TooMany,
}

impl Members {
    /// The members that these sources are: names, as findings are to call them, and contents. Of two with one member
    /// name the first counts, as in a concatenation of libraries.
    pub fn new<'a>(sources: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        Self::of(sources.into_iter().map(|(name, bytes)| Arc::new(Source::new(name, bytes))))
    }

    pub(crate) fn of(sources: impl IntoIterator<Item = Arc<Source>>) -> Self {
        let mut by_name = BTreeMap::new();
        for source in sources {
            by_name.entry(member_name(&source.name)).or_insert(source);
        }
        Self { by_name }
    }

    fn source(&self, name: &str) -> Option<&Arc<Source>> {
        self.by_name.get(&name.to_ascii_uppercase())
    }
}

/// `dbd/CUSTKEYS.cpy` is the member CUSTKEYS.
fn member_name(file_name: &str) -> String {
    let file = file_name.rsplit(['/', '\\']).next().unwrap_or(file_name);
    file.split('.').next().unwrap_or(file).to_ascii_uppercase()
}

/// The member that a line copies, if that is what it says.
pub(super) fn copied_member(line: &str) -> Option<&str> {
    if !["COPY", "INC", "copy", "inc", "Copy", "Inc"].iter().any(|word| line.contains(word)) {
        return None;
    }
    let card = Card::new(1, line);
    let mut words = card.text_from(1).split(blank).filter(|word| !word.is_empty());
    let first = words.next().filter(|_| !card.is_comment())?;
    let is_copy = |word: &str| Operation::parse(word) == Some(Operation::Copy);
    let labelled = card.first_column() == Some(1) && !is_copy(first);
    let operation = if labelled { words.next()? } else { first };
    is_copy(operation).then(|| words.next().unwrap_or_default())
}

/// The sources that no other one copies. Of some that copy each other in a circle, the first is taken.
pub(crate) fn not_copied(sources: &[Arc<Source>]) -> Vec<Arc<Source>> {
    let names: Vec<String> = sources.iter().map(|source| member_name(&source.name)).collect();
    let copies: Vec<BTreeSet<String>> = sources
        .iter()
        .zip(&names)
        .map(|(source, own)| {
            let members = source.copied_members().map(|(_, member)| member.to_ascii_uppercase());
            members.filter(|member| member != own).collect()
        })
        .collect();
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, name) in names.iter().enumerate() {
        places.entry(name).or_default().push(at);
    }
    let copied: BTreeSet<&String> = copies.iter().flatten().collect();
    let mut roots: Vec<usize> = (0..sources.len()).filter(|&at| !copied.contains(&names[at])).collect();
    let mut reached = BTreeSet::new();
    roots.iter().for_each(|&root| reach(root, &places, &copies, &mut reached));
    for at in 0..sources.len() {
        if !reached.contains(&at) {
            roots.push(at);
            reach(at, &places, &copies, &mut reached);
        }
    }
    roots.sort_unstable();
    roots.into_iter().map(|at| Arc::clone(&sources[at])).collect()
}

/// Adds a source and all that it copies, directly or not.
fn reach(
    root: usize,
    places: &BTreeMap<&str, Vec<usize>>,
    copies: &[BTreeSet<String>],
    reached: &mut BTreeSet<usize>,
) {
    let mut next = vec![root];
    while let Some(at) = next.pop() {
        if reached.insert(at) {
            next.extend(copies[at].iter().filter_map(|member| places.get(member.as_str())).flatten());
        }
    }
}

/// The source with every member in its place. One that copies none is left as it is.
pub(crate) fn expanded(source: Arc<Source>, members: &Members) -> Arc<Source> {
    if source.copied_members().next().is_none() {
        return source;
    }
    let mut expansion =
        Expansion { members, whole: Source::blank(&source.name), open: Vec::new(), copies: 0 };
    expansion.add(&source);
    Arc::new(expansion.whole)
}

struct Expansion<'a> {
    members: &'a Members,
    whole: Source,
    /// The members whose lines are being added, the outermost first.
    open: Vec<String>,
    copies: usize,
}

impl Expansion<'_> {
    fn add(&mut self, source: &Source) {
        let mut copied = source.copied_members().peekable();
        for line in 1..=source.line_count() {
            self.whole.push_line(&source.name, line, source.line(line));
            if let Some((_, member)) = copied.next_if(|(at, _)| *at == line) {
                let place = self.whole.line_count();
                let outcome = self.copy(member);
                self.whole.note_copy(place, outcome);
            }
        }
    }

    fn copy(&mut self, name: &str) -> Copied {
        let name = name.to_ascii_uppercase();
        let Some(source) = self.members.source(&name).cloned() else { return Copied::Missing };
        if self.open.contains(&name) || self.whole.name == source.name {
            return Copied::Circular;
        }
        self.copies += 1;
        if self.copies > COPIES_MAX {
            return Copied::TooMany;
        }
        self.open.push(name);
        self.add(&source);
        self.open.pop();
        Copied::Whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_named_by_the_file_without_folders_and_extension() {
        assert_eq!(member_name("a/b/Keys.cpy"), "KEYS");
        assert_eq!(member_name("KEYS"), "KEYS");
    }

    #[test]
    fn a_copy_statement_is_seen_in_any_of_its_forms() {
        assert_eq!(copied_member(" COPY KEYS"), Some("KEYS"));
        assert_eq!(copied_member("++INCLUDE KEYS"), Some("KEYS"));
        assert_eq!(copied_member("LABEL COPY KEYS  A REMARK"), Some("KEYS"));
        assert_eq!(copied_member("-INC keys"), Some("keys"));
        assert_eq!(copied_member(" COPY"), Some(""));
        for other in ["* COPY KEYS", " FIELD NAME=COPY", " TITLE 'COPY KEYS'", "COPYING IS NO LABEL"] {
            assert_eq!(copied_member(other), None, "{other}");
        }
    }

    #[test]
    fn members_that_copy_each_other_end() {
        let members = Members::new([
            ("A", b" COPY B\n COPY B\n".as_slice()),
            ("B", b" COPY A\n COPY C\n"),
            ("C", b"* C\n"),
        ]);
        let source = expanded(Arc::new(Source::new("main", b" COPY A\n* END\n")), &members);
        let lines: Vec<&str> = (1..=source.line_count()).map(|line| source.line(line)).collect();
        let b = [" COPY B", " COPY A", " COPY C", "* C"];
        assert_eq!(lines, [[" COPY A"].as_slice(), &b, &b, &["* END"]].concat());
        assert_eq!(source.copied(3), Copied::Circular);
        assert_eq!(source.copied(4), Copied::Whole);
        assert_eq!(source.file_and_line(4), ("B", 2));
    }
}
