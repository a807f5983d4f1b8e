//! Command text into words, parentheses and commas, each with its place.

/// A stretch of the command text, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) offset: usize,
    pub(super) length: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'t> {
    Word(&'t str),
    Open,
    Close,
    Comma,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lexeme<'t> {
    pub(super) token: Token<'t>,
    pub(super) span: Span,
}

impl<'t> Lexeme<'t> {
    /// As it stands in the text.
    pub(super) fn source(&self) -> &'t str {
        match self.token {
            Token::Word(word) => word,
            Token::Open => "(",
            Token::Close => ")",
            Token::Comma => ",",
        }
    }
}

/// The lexemes of a text. Every text has some: what is neither blank nor punctuation belongs to a word.
pub(super) fn lexemes(text: &str) -> Vec<Lexeme<'_>> {
    let mut lexemes = Vec::new();
    let mut offset = 0;
    while let Some(first) = text[offset..].chars().next() {
        let rest = &text[offset..];
        let (token, length) = match first {
            '(' => (Some(Token::Open), 1),
            ')' => (Some(Token::Close), 1),
            ',' => (Some(Token::Comma), 1),
            blank if separates(blank) => (None, blank.len_utf8()),
            _ => {
                let length =
                    rest.find(|c| separates(c) || matches!(c, '(' | ')' | ',')).unwrap_or(rest.len());
                (Some(Token::Word(&rest[..length])), length)
            }
        };
        lexemes.extend(token.map(|token| Lexeme { token, span: Span { offset, length } }));
        offset += length;
    }
    lexemes
}

fn separates(character: char) -> bool {
    character.is_whitespace() || character.is_control()
}
