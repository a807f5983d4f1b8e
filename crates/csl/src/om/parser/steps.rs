//! One step over the words of a command: what comes next, or what is wrong there.

use super::Parser;
use crate::om::error::{CommandError, CommandProblem, quoted};
use crate::om::lexer::{Lexeme, Span, Token};

impl<'t> Parser<'t> {
    pub(super) fn close(&mut self, open: Span) -> Result<(), CommandError> {
        let lexeme = self.take_or_never_closed(open)?;
        match lexeme.token {
            Token::Close => Ok(()),
            _ => Err(self.unexpected(lexeme, "a keyword or a closing parenthesis")),
        }
    }

    pub(super) fn end(&self) -> Result<(), CommandError> {
        match self.peek(0) {
            None => Ok(()),
            Some(Lexeme { token: Token::Close, span, .. }) => {
                Err(self.error(span, CommandProblem::NeverOpened))
            }
            Some(lexeme) => Err(self.unexpected(lexeme, "a keyword")),
        }
    }

    pub(super) fn peek(&self, ahead: usize) -> Option<Lexeme<'t>> {
        self.lexemes.get(self.at + ahead).copied()
    }

    pub(super) fn take(&mut self) -> Option<Lexeme<'t>> {
        let lexeme = self.peek(0)?;
        self.at += 1;
        Some(lexeme)
    }

    pub(super) fn take_or_never_closed(&mut self, open: Span) -> Result<Lexeme<'t>, CommandError> {
        self.take().ok_or_else(|| self.error(open, CommandProblem::NeverClosed))
    }

    /// The next lexeme if it is a word.
    pub(super) fn word(&mut self) -> Option<(&'t str, Span)> {
        let Lexeme { token: Token::Word(word), span, .. } = self.peek(0)? else { return None };
        self.at += 1;
        Some((word, span))
    }

    pub(super) fn skip_comma(&mut self) {
        if self.peek(0).is_some_and(|lexeme| lexeme.token == Token::Comma) {
            self.at += 1;
        }
    }

    pub(super) fn unexpected(&self, lexeme: Lexeme<'t>, expected: &'static str) -> CommandError {
        self.error(lexeme.span, CommandProblem::Unexpected { word: quoted(lexeme.source), expected })
    }

    /// At the next lexeme, or behind the end.
    pub(super) fn error_here(&self, problem: CommandProblem) -> CommandError {
        let end = Span { offset: self.text.len(), length: 0 };
        self.error(self.peek(0).map_or(end, |lexeme| lexeme.span), problem)
    }

    pub(super) fn error(&self, span: Span, problem: CommandProblem) -> CommandError {
        CommandError::at(self.text, span, problem)
    }
}
