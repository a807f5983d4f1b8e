//! Command text into words, quoted text and punctuation, each with its place. Comments, `/* like this */`, are
//! blanks.

/// A stretch of the command text, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) offset: usize,
    pub(super) length: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'t> {
    Word(&'t str),
    /// What stands between quotes; a quote in it is doubled still.
    Quoted(&'t str),
    /// A quote or comment that is never closed. It is the last token, and stands where that was opened.
    Unclosed,
    Open,
    Close,
    Comma,
    Equals,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lexeme<'t> {
    pub(super) token: Token<'t>,
    pub(super) span: Span,
    /// As it stands in the text.
    pub(super) source: &'t str,
}

const COMMENT: &str = "/*";
const COMMENT_END: &str = "*/";

/// The lexemes of a text. Every text has some: what is neither blank nor punctuation belongs to a word.
pub(super) fn lexemes(text: &str) -> Vec<Lexeme<'_>> {
    let mut lexemes = Vec::new();
    let mut offset = 0;
    while let Some(first) = text[offset..].chars().next() {
        let (token, length) = next(&text[offset..], first);
        let source = &text[offset..offset + length];
        lexemes.extend(token.map(|token| Lexeme {
            token,
            span: Span { offset, length: shown(token, length) },
            source,
        }));
        offset += length;
    }
    lexemes
}

/// What a rest of the text begins with, and how many bytes of it that is.
fn next(rest: &str, first: char) -> (Option<Token<'_>>, usize) {
    match first {
        '(' => (Some(Token::Open), 1),
        ')' => (Some(Token::Close), 1),
        ',' => (Some(Token::Comma), 1),
        '=' => (Some(Token::Equals), 1),
        '\'' => quoted(rest),
        blank if separates(blank) => (None, blank.len_utf8()),
        _ if rest.starts_with(COMMENT) => comment(rest),
        _ => {
            let end = rest.find(|c| separates(c) || matches!(c, '(' | ')' | ',' | '=' | '\''));
            let length = [end, rest.find(COMMENT)].into_iter().flatten().min().unwrap_or(rest.len());
            (Some(Token::Word(&rest[..length])), length)
        }
    }
}

fn comment(rest: &str) -> (Option<Token<'_>>, usize) {
    match rest[COMMENT.len()..].find(COMMENT_END) {
        Some(inside) => (None, COMMENT.len() + inside + COMMENT_END.len()),
        None => (Some(Token::Unclosed), rest.len()),
    }
}

fn quoted(rest: &str) -> (Option<Token<'_>>, usize) {
    let mut from = 1;
    while let Some(at) = rest[from..].find('\'').map(|at| from + at) {
        if !rest[at + 1..].starts_with('\'') {
            return (Some(Token::Quoted(&rest[1..at])), at + 1);
        }
        from = at + 2;
    }
    (Some(Token::Unclosed), rest.len())
}

/// How much of a token an error marks.
fn shown(token: Token<'_>, length: usize) -> usize {
    if token == Token::Unclosed { 1 } else { length }
}

fn separates(character: char) -> bool {
    character.is_whitespace() || character.is_control()
}
