//! From text to [`Command`], by the table of [`grammar`](super::grammar).
//!
//! A program may put the command into an envelope, `CMD(QUERY DB) ROUTE(IMS1)`; an operator leaves it out.

use super::command::{Command, Parameter, ParameterValue, Route};
use super::error::{Choice, CommandError, CommandProblem, quoted};
use super::grammar::{COMMON, KeywordRow, Kind, ResourceRow, VerbRow, What};
use super::lexer::{Lexeme, Span, Token, lexemes};
use super::parameter::parameter_value;
use std::collections::BTreeMap;

type Keywords = BTreeMap<String, Vec<Parameter>>;

/// The command that a text is in some grammar.
pub(super) fn parse(grammar: &'static [VerbRow], text: &str) -> Result<Command, CommandError> {
    // What a terminal or a file adds around a command is no part of it.
    let text = text.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    Parser { text, lexemes: lexemes(text), at: 0 }.command(grammar)
}

struct Parser<'t> {
    text: &'t str,
    lexemes: Vec<Lexeme<'t>>,
    at: usize,
}

/// A place where keywords can stand.
struct Place {
    /// The command or keyword whose keywords they are.
    owner: String,
    rows: Vec<&'static KeywordRow>,
    /// How the name of a nested keyword is completed to its path.
    nested: bool,
}

impl Place {
    fn command(verb: &VerbRow, resource: &ResourceRow) -> Self {
        let owner = format!("{} {}", verb.name, resource.name);
        Self { owner, rows: resource.keywords.iter().chain(COMMON).collect(), nested: false }
    }

    fn envelope() -> Self {
        Self { owner: "CMD".to_string(), rows: COMMON.iter().collect(), nested: false }
    }

    fn nested(path: &str, rows: &'static [KeywordRow]) -> Self {
        Self { owner: path.to_string(), rows: rows.iter().collect(), nested: true }
    }

    fn path(&self, row: &KeywordRow) -> String {
        if self.nested { format!("{}({})", self.owner, row.name) } else { row.name.to_string() }
    }
}

impl<'t> Parser<'t> {
    fn command(mut self, grammar: &'static [VerbRow]) -> Result<Command, CommandError> {
        let envelope = self.envelope();
        let verb = self.verb(grammar)?;
        let resource = self.resource(verb)?;
        let mut keywords = Keywords::new();
        self.keywords(&Place::command(verb, resource), &mut keywords)?;
        if let Some(open) = envelope {
            self.close(open)?;
            self.keywords(&Place::envelope(), &mut keywords)?;
        }
        self.end()?;
        let route = self.route(&mut keywords)?;
        let wait_ms = keywords.remove("WAIT").and_then(|parameters| match parameters.first()?.value {
            ParameterValue::Number(wait_ms) => Some(wait_ms),
            _ => None,
        });
        let (verb, resource, text) = (verb.verb, resource.resource, self.text.to_string());
        Ok(Command { verb, resource, keywords, route, wait_ms, text })
    }

    /// Where `CMD(` opens, if the command is in an envelope.
    fn envelope(&mut self) -> Option<Span> {
        let [first, second] = [self.peek(0)?, self.peek(1)?];
        let opens = first.source().eq_ignore_ascii_case("CMD") && second.token == Token::Open;
        self.at += if opens { 2 } else { 0 };
        opens.then_some(second.span)
    }

    fn verb(&mut self, grammar: &'static [VerbRow]) -> Result<&'static VerbRow, CommandError> {
        let names = || grammar.iter().filter(|row| !row.resources.is_empty()).map(|row| row.name);
        let Some((word, span)) = self.word() else {
            return Err(self.error_here(CommandProblem::Empty { choice: Choice::of(names()) }));
        };
        // OM takes a command with or without its recognition character.
        let bare = word.strip_prefix('/').unwrap_or(word);
        let is = |name: &str| bare.eq_ignore_ascii_case(name);
        grammar.iter().find(|row| is(row.name) || is(row.abbreviation)).ok_or_else(|| {
            let all = grammar.iter().flat_map(|row| [row.name, row.abbreviation]);
            let choice = match Choice::near(bare, all) {
                near if near.nearest().is_some() => near,
                _ => Choice::of(names()),
            };
            self.error(span, CommandProblem::UnknownVerb { word: quoted(word), choice })
        })
    }

    fn resource(&mut self, verb: &'static VerbRow) -> Result<&'static ResourceRow, CommandError> {
        let names = || verb.resources.iter().map(|row| row.name);
        let Some((word, span)) = self.word() else {
            let choice = Choice::of(names());
            return Err(self.error_here(CommandProblem::MissingResource { verb: verb.name, choice }));
        };
        verb.resources.iter().find(|row| word.eq_ignore_ascii_case(row.name)).ok_or_else(|| {
            let choice = Choice::near(word, names());
            let problem = CommandProblem::UnknownResource { word: quoted(word), verb: verb.name, choice };
            self.error(span, problem)
        })
    }

    /// Keywords up to whatever is none, which is left where it stands.
    fn keywords(&mut self, place: &Place, keywords: &mut Keywords) -> Result<(), CommandError> {
        while let Some((word, span)) = self.word() {
            let Some(row) = place.rows.iter().find(|row| word.eq_ignore_ascii_case(row.name)) else {
                let choice = Choice::near(word, place.rows.iter().map(|row| row.name));
                let owner = place.owner.clone();
                let problem = CommandProblem::UnknownKeyword { word: quoted(word), owner, choice };
                return Err(self.error(span, problem));
            };
            self.keyword(row, place.path(row), span, keywords)?;
            if place.nested {
                self.skip_comma();
            }
        }
        self.require(place, keywords)
    }

    fn require(&self, place: &Place, keywords: &Keywords) -> Result<(), CommandError> {
        let missing = place.rows.iter().find(|row| row.required && !keywords.contains_key(&place.path(row)));
        missing.map_or(Ok(()), |row| {
            let problem =
                CommandProblem::MissingKeyword { owner: place.owner.clone(), keyword: row.name.to_string() };
            Err(self.error_here(problem))
        })
    }

    fn keyword(
        &mut self,
        row: &'static KeywordRow,
        path: String,
        span: Span,
        keywords: &mut Keywords,
    ) -> Result<(), CommandError> {
        let nested = format!("{path}(");
        if keywords.keys().any(|given| *given == path || given.starts_with(&nested)) {
            return Err(self.error(span, CommandProblem::Duplicate { keyword: path }));
        }
        let open = match self.take() {
            Some(Lexeme { token: Token::Open, span }) => span,
            _ => return Err(self.error(span, CommandProblem::MissingParenthesis { keyword: path })),
        };
        let parameters = match row.kind {
            Kind::One(what) => vec![self.one(what, &path, open)?],
            Kind::Several(what) => self.several(what, &path, open)?,
            Kind::Nested(rows) => {
                self.refuse_empty(&path)?;
                self.keywords(&Place::nested(&path, rows), keywords)?;
                return self.close(open);
            }
        };
        keywords.insert(path, parameters);
        Ok(())
    }

    fn refuse_empty(&self, keyword: &str) -> Result<(), CommandError> {
        match self.peek(0) {
            Some(Lexeme { token: Token::Close, span }) => {
                Err(self.error(span, CommandProblem::EmptyParameter { keyword: keyword.to_string() }))
            }
            _ => Ok(()),
        }
    }

    fn one(&mut self, what: What, keyword: &str, open: Span) -> Result<Parameter, CommandError> {
        let parameter = self.parameter(what, keyword, open)?;
        let lexeme = self.take_or_never_closed(open)?;
        match lexeme.token {
            Token::Close => Ok(parameter),
            _ => Err(self.error(lexeme.span, CommandProblem::TooMany { keyword: keyword.to_string() })),
        }
    }

    fn several(&mut self, what: What, keyword: &str, open: Span) -> Result<Vec<Parameter>, CommandError> {
        let mut parameters = Vec::new();
        loop {
            parameters.push(self.parameter(what, keyword, open)?);
            let lexeme = self.take_or_never_closed(open)?;
            match lexeme.token {
                Token::Close => return Ok(parameters),
                Token::Comma => {}
                _ => return Err(self.unexpected(lexeme, "a comma or a closing parenthesis")),
            }
        }
    }

    fn parameter(&mut self, what: What, keyword: &str, open: Span) -> Result<Parameter, CommandError> {
        let lexeme = self.take_or_never_closed(open)?;
        let Lexeme { token, span } = lexeme;
        match token {
            Token::Word(word) => {
                let value =
                    parameter_value(what, keyword, word).map_err(|problem| self.error(span, problem))?;
                Ok(Parameter { value, span })
            }
            Token::Open => Err(self.unexpected(lexeme, "a parameter")),
            Token::Close | Token::Comma => {
                Err(self.error(span, CommandProblem::EmptyParameter { keyword: keyword.to_string() }))
            }
        }
    }

    fn route(&self, keywords: &mut Keywords) -> Result<Route, CommandError> {
        let mut members = Vec::new();
        let mut whole = None;
        let parameters = keywords.remove("ROUTE").unwrap_or_default();
        let alone = parameters.len() == 1;
        for Parameter { value, span } in parameters {
            match value {
                ParameterValue::Flag(flag) if !alone => {
                    let (first, second) = ("another parameter of ROUTE".to_string(), flag.to_string());
                    return Err(self.error(span, CommandProblem::Exclusive { first, second }));
                }
                ParameterValue::Flag("%") => whole = Some(Route::AnyOne),
                ParameterValue::Member(member) if !members.contains(&member) => members.push(member),
                _ => {}
            }
        }
        Ok(whole.unwrap_or(if members.is_empty() { Route::All } else { Route::Members(members) }))
    }

    fn close(&mut self, open: Span) -> Result<(), CommandError> {
        let lexeme = self.take_or_never_closed(open)?;
        match lexeme.token {
            Token::Close => Ok(()),
            _ => Err(self.unexpected(lexeme, "a keyword or a closing parenthesis")),
        }
    }

    fn end(&self) -> Result<(), CommandError> {
        match self.peek(0) {
            None => Ok(()),
            Some(Lexeme { token: Token::Close, span }) => Err(self.error(span, CommandProblem::NeverOpened)),
            Some(lexeme) => Err(self.unexpected(lexeme, "a keyword")),
        }
    }

    fn peek(&self, ahead: usize) -> Option<Lexeme<'t>> {
        self.lexemes.get(self.at + ahead).copied()
    }

    fn take(&mut self) -> Option<Lexeme<'t>> {
        let lexeme = self.peek(0)?;
        self.at += 1;
        Some(lexeme)
    }

    fn take_or_never_closed(&mut self, open: Span) -> Result<Lexeme<'t>, CommandError> {
        self.take().ok_or_else(|| self.error(open, CommandProblem::NeverClosed))
    }

    /// The next lexeme if it is a word.
    fn word(&mut self) -> Option<(&'t str, Span)> {
        let Lexeme { token: Token::Word(word), span } = self.peek(0)? else { return None };
        self.at += 1;
        Some((word, span))
    }

    fn skip_comma(&mut self) {
        if self.peek(0).is_some_and(|lexeme| lexeme.token == Token::Comma) {
            self.at += 1;
        }
    }

    fn unexpected(&self, lexeme: Lexeme<'t>, expected: &'static str) -> CommandError {
        self.error(lexeme.span, CommandProblem::Unexpected { word: quoted(lexeme.source()), expected })
    }

    /// At the next lexeme, or behind the end.
    fn error_here(&self, problem: CommandProblem) -> CommandError {
        let end = Span { offset: self.text.len(), length: 0 };
        self.error(self.peek(0).map_or(end, |lexeme| lexeme.span), problem)
    }

    fn error(&self, span: Span, problem: CommandProblem) -> CommandError {
        CommandError::at(self.text, span, problem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::om::grammar::{Resource, Verb};

    /// A command with the kinds of keyword that no command of this release has.
    const OTHER: &[VerbRow] = &[VerbRow {
        verb: Verb::Initiate,
        name: "INITIATE",
        abbreviation: "INIT",
        resources: &[ResourceRow {
            resource: Resource::Db,
            name: "OLREORG",
            keywords: &[KeywordRow {
                name: "SET",
                kind: Kind::Nested(&[
                    KeywordRow {
                        name: "RATE",
                        kind: Kind::One(What::Number { least: 1, most: 100 }),
                        required: true,
                    },
                    KeywordRow { name: "OPTION", kind: Kind::One(What::Flag(&["DEL"])), required: false },
                ]),
                required: false,
            }],
        }],
    }];

    fn rate(text: &str) -> Result<Option<u64>, String> {
        parse(OTHER, text).map(|command| command.number("SET(RATE)")).map_err(|error| error.to_string())
    }

    #[test]
    fn a_new_command_is_a_row() {
        assert_eq!(rate("INIT OLREORG SET(RATE(50))"), Ok(Some(50)));
        assert_eq!(rate("INIT OLREORG SET(OPTION(DEL),RATE(100))"), Ok(Some(100)));
        assert_eq!(rate("INIT OLREORG"), Ok(None));
    }

    #[test]
    fn numbers_have_a_range_and_nested_keywords_can_be_required() {
        let refused = |text| rate(text).unwrap_err();
        assert_eq!(refused("INIT OLREORG SET(RATE(0))"), "0 is not a number that SET(RATE) takes: 1 to 100");
        assert_eq!(
            refused("INIT OLREORG SET(RATE(-1))"),
            "-1 is not a number that SET(RATE) takes: 1 to 100"
        );
        assert_eq!(refused("INIT OLREORG SET(OPTION(DEL))"), "SET needs RATE");
    }
}
