//! From text to [`Command`], by the table of [`grammar`](super::grammar).
//!
//! A program may put the command into an envelope, `CMD(QUERY DB) ROUTE(IMS1)`, a type-1 command with the form of its
//! answer beside it, `CMD((DIS MODIFY) OPTION=AOPOUTPUT) ROUTE(IMS1)`; an operator leaves it out.

mod steps;

use super::command::{Command, Parameter, ParameterValue, Route};
use super::error::{Choice, CommandError, CommandProblem, quoted};
use super::grammar::{
    COMMON, Form, KeywordRow, Kind, OTHER_KEYWORDS, OTHER_PARAMETERS, Resource, ResourceRow, Verb, VerbRow,
    What, dbrc_verb_of, dbrc_words, instead_of_verb, verb_of,
};
use super::lexer::{Lexeme, Span, Token, lexemes};
use super::parameter::parameter_value;
use std::collections::BTreeMap;

type Keywords = BTreeMap<String, Vec<Parameter>>;

/// The command that a text is in some grammar, of which these commands are carried out.
pub(super) fn parse(
    grammar: &'static [VerbRow],
    served: &[(Verb, Resource)],
    text: &str,
) -> Result<Command, CommandError> {
    // What a terminal or a file adds around a command is no part of it.
    let text = text.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    Parser { text, served, lexemes: lexemes(text), at: 0 }.command(grammar)
}

struct Parser<'t> {
    text: &'t str,
    served: &'t [(Verb, Resource)],
    lexemes: Vec<Lexeme<'t>>,
    at: usize,
}

/// Where an envelope opens, and where the parentheses within it do that part a type-1 command from its option.
#[derive(Clone, Copy)]
struct Envelope {
    outer: Span,
    inner: Option<Span>,
}

/// A place where keywords can stand.
struct Place {
    /// The command or keyword whose keywords they are.
    owner: String,
    rows: Vec<&'static KeywordRow>,
    /// How the name of a nested keyword is completed to its path.
    nested: bool,
    /// Whether commas may stand between keywords.
    commas: bool,
}

impl Place {
    fn command(verb: &VerbRow, resource: &ResourceRow) -> Self {
        let owner = verb.command(resource);
        // What a type-1 command takes stands without parentheses.
        let own = if verb.form == Form::Type1 { &[] } else { resource.keywords };
        let commas = verb.form == Form::Dbrc;
        Self { owner, rows: own.iter().chain(COMMON).collect(), nested: false, commas }
    }

    fn envelope() -> Self {
        Self { owner: "CMD".to_string(), rows: COMMON.iter().collect(), nested: false, commas: false }
    }

    fn nested(path: &str, rows: &'static [KeywordRow]) -> Self {
        Self { owner: path.to_string(), rows: rows.iter().collect(), nested: true, commas: true }
    }

    fn path(&self, row: &KeywordRow) -> String {
        if !self.nested {
            return row.name.to_string();
        }
        // `SET` and `LCLPARM` are `SET(LCLPARM)`; with `STEPTIME` they are `SET(LCLPARM(STEPTIME))`.
        let open = self.owner.trim_end_matches(')');
        format!("{open}({}){}", row.name, &self.owner[open.len()..])
    }
}

fn no_keyword(place: &Place, word: &str) -> CommandProblem {
    let owner = place.owner.clone();
    let of_ims = OTHER_KEYWORDS.iter().find(|(of, name, _)| *of == owner && word.eq_ignore_ascii_case(name));
    if let Some(&(_, word, instead)) = of_ims {
        return CommandProblem::InsteadOfKeyword { word, owner, instead };
    }
    let choice = Choice::near(word, place.rows.iter().map(|row| row.name));
    CommandProblem::UnknownKeyword { word: quoted(word), owner, choice }
}

/// What takes the place of a parameter that IMS has.
fn of_ims(keyword: &str, word: &str) -> Option<CommandProblem> {
    let mut of_keyword = OTHER_PARAMETERS.iter().filter(|(of, _, _)| *of == keyword);
    of_keyword.find_map(|(of, words, instead)| {
        let word = words.iter().find(|other| word.eq_ignore_ascii_case(other))?;
        Some(CommandProblem::InsteadOfParameter { word, keyword: of, instead })
    })
}

/// Whether a keyword was given, or one nested in it.
fn is_given(keywords: &Keywords, path: &str) -> bool {
    let nested = format!("{}(", path.trim_end_matches(')'));
    keywords.keys().any(|given| given == path || given.starts_with(&nested))
}

impl<'t> Parser<'t> {
    fn command(mut self, grammar: &'static [VerbRow]) -> Result<Command, CommandError> {
        self.refuse_unended()?;
        let envelope = self.envelope();
        let (verb, resource) = match self.dbrc_command(grammar)? {
            Some(command) => command,
            None => {
                let verb = self.verb(grammar)?;
                (verb, self.resource(verb)?)
            }
        };
        let mut keywords = Keywords::new();
        if verb.form == Form::Type1 {
            self.type_1_parameters(resource, &mut keywords)?;
        }
        self.keywords(&Place::command(verb, resource), &mut keywords)?;
        if let Some(Envelope { outer, inner }) = envelope {
            if let Some(inner) = inner {
                self.close(inner)?;
                self.skip_option();
            }
            self.close(outer)?;
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

    fn refuse_unended(&self) -> Result<(), CommandError> {
        match self.lexemes.last() {
            Some(Lexeme { token: Token::Unclosed, span, .. }) => {
                Err(self.error(*span, CommandProblem::NeverEnded))
            }
            _ => Ok(()),
        }
    }

    /// The envelope that the command is in, if it is in one.
    fn envelope(&mut self) -> Option<Envelope> {
        let [first, second] = [self.peek(0)?, self.peek(1)?];
        if !first.source.eq_ignore_ascii_case("CMD") || second.token != Token::Open {
            return None;
        }
        self.at += 2;
        let inner = self.peek(0).filter(|lexeme| lexeme.token == Token::Open).map(|lexeme| lexeme.span);
        self.at += usize::from(inner.is_some());
        Some(Envelope { outer: second.span, inner })
    }

    /// `OPTION=AOPOUTPUT` asks for an answer that programs can read, which every answer is.
    fn skip_option(&mut self) {
        let is_option =
            |at, word: &str| self.peek(at).is_some_and(|lexeme| lexeme.source.eq_ignore_ascii_case(word));
        if is_option(0, "OPTION") && is_option(1, "=") && is_option(2, "AOPOUTPUT") {
            self.at += 3;
        }
    }

    fn is_served(&self, verb: &VerbRow, resource: &ResourceRow) -> bool {
        self.served.contains(&(verb.verb, resource.resource))
    }

    /// The names of the commands of a verb that are carried out.
    fn served_names(&self, verb: &'static VerbRow) -> impl Iterator<Item = &'static str> {
        verb.resources.iter().filter(move |row| self.is_served(verb, row)).map(|row| row.name)
    }

    /// The verbs with a command that is carried out, but for those of DBRC.
    fn served_verbs(&self, grammar: &'static [VerbRow]) -> impl Iterator<Item = &'static VerbRow> {
        grammar.iter().filter(|row| row.form != Form::Dbrc && self.served_names(row).next().is_some())
    }

    /// The verb and the kind of record of a command of DBRC, if the next word has both.
    fn dbrc_command(
        &mut self,
        grammar: &'static [VerbRow],
    ) -> Result<Option<(&'static VerbRow, &'static ResourceRow)>, CommandError> {
        let Some(Lexeme { token: Token::Word(word), span, .. }) = self.peek(0) else { return Ok(None) };
        let Some((verb, record)) = dbrc_words(word) else { return Ok(None) };
        self.at += 1;
        let Some(verb) = dbrc_verb_of(grammar, verb) else {
            let verbs = grammar.iter().filter(|row| row.form == Form::Dbrc);
            let choice = Choice::near(verb, verbs.map(|row| row.name));
            return Err(self.error(span, CommandProblem::UnknownVerb { word: quoted(verb), choice }));
        };
        Ok(Some((verb, self.served_resource(verb, record, span)?)))
    }

    fn verb(&mut self, grammar: &'static [VerbRow]) -> Result<&'static VerbRow, CommandError> {
        let Some((word, span)) = self.word() else {
            let choice = Choice::of(self.served_verbs(grammar).map(|row| row.name));
            return Err(self.error_here(CommandProblem::Empty { choice }));
        };
        // OM takes a command with or without its recognition character.
        let bare = word.strip_prefix('/').unwrap_or(word);
        verb_of(grammar, bare).ok_or_else(|| {
            if let Some((word, instead)) = instead_of_verb(bare) {
                return self.error(span, CommandProblem::InsteadOfVerb { word, instead });
            }
            let all = self.served_verbs(grammar).flat_map(|row| [row.name, row.abbreviation]);
            let choice = match Choice::near(bare, all) {
                near if near.nearest().is_some() => near,
                _ => Choice::of(self.served_verbs(grammar).map(|row| row.name)),
            };
            self.error(span, CommandProblem::UnknownVerb { word: quoted(word), choice })
        })
    }

    fn resource(&mut self, verb: &'static VerbRow) -> Result<&'static ResourceRow, CommandError> {
        let Some((word, span)) = self.word() else {
            let choice = Choice::of(self.served_names(verb));
            return Err(self.error_here(CommandProblem::MissingResource { verb: verb.name, choice }));
        };
        self.served_resource(verb, self.without_period(verb.form, word), span)
    }

    fn served_resource(
        &self,
        verb: &'static VerbRow,
        word: &str,
        span: Span,
    ) -> Result<&'static ResourceRow, CommandError> {
        let found = verb.resources.iter().find(|row| row.is_called(word, verb.form));
        match found {
            Some(row) if self.is_served(verb, row) => Ok(row),
            Some(row) => {
                let choice = Choice::of(self.served_names(verb));
                Err(self.error(span, CommandProblem::NotServed { verb: verb.name, word: row.name, choice }))
            }
            None => Err(self.error(span, self.no_resource(verb, word))),
        }
    }

    fn no_resource(&self, verb: &'static VerbRow, word: &str) -> CommandProblem {
        match verb.instead_of(word) {
            Some((word, instead)) => CommandProblem::Instead { verb: verb.name, word, instead },
            None => {
                let choice = Choice::near(word, self.served_names(verb));
                CommandProblem::UnknownResource { word: quoted(word), verb: verb.name, choice }
            }
        }
    }

    /// A period ends a type-1 command, and stands at the end of its last word or behind it.
    fn without_period(&self, form: Form, word: &'t str) -> &'t str {
        match word.strip_suffix('.') {
            Some(bare) if form == Form::Type1 && self.is_at_end() => bare,
            _ => word,
        }
    }

    /// Whether nothing follows, within the envelope.
    fn is_at_end(&self) -> bool {
        self.peek(0).is_none_or(|lexeme| lexeme.token == Token::Close)
    }

    /// The parameters of a type-1 command: up to its end, a parenthesis, or a keyword that OM takes.
    fn type_1_parameters(
        &mut self,
        resource: &'static ResourceRow,
        keywords: &mut Keywords,
    ) -> Result<(), CommandError> {
        let Some(row) = resource.keywords.first() else { return Ok(()) };
        let (Kind::One(what) | Kind::Several(what)) = row.kind else { return Ok(()) };
        let mut parameters = Vec::new();
        while let Some(lexeme) = self.peek(0) {
            match lexeme.token {
                Token::Comma | Token::Equals => self.at += 1,
                Token::Word(_) if self.is_followed_by_open() => break,
                Token::Word(word) if self.is_keyword(resource, word) => {
                    self.type_1_keyword(resource, word, keywords)?;
                }
                Token::Word(word) => {
                    self.at += 1;
                    let word = self.without_period(Form::Type1, word);
                    if word.is_empty() {
                        break;
                    }
                    parameters.push(self.value(what, row.name, word, lexeme.span)?);
                }
                _ => break,
            }
        }
        if !parameters.is_empty() {
            keywords.insert(row.name.to_string(), parameters);
        } else if row.required {
            let (owner, keyword) = (resource.name.to_string(), row.name.to_string());
            return Err(self.error_here(CommandProblem::MissingKeyword { owner, keyword }));
        }
        Ok(())
    }

    /// Whether a word is a keyword of a type-1 command, with an equals sign behind it.
    fn is_keyword(&self, resource: &'static ResourceRow, word: &str) -> bool {
        let equals = self.peek(1).is_some_and(|lexeme| lexeme.token == Token::Equals);
        equals && resource.keywords.iter().skip(1).any(|row| word.eq_ignore_ascii_case(row.name))
    }

    fn type_1_keyword(
        &mut self,
        resource: &'static ResourceRow,
        word: &str,
        keywords: &mut Keywords,
    ) -> Result<(), CommandError> {
        let row = resource.keywords.iter().skip(1).find(|row| word.eq_ignore_ascii_case(row.name));
        let Some((row, Kind::One(what))) = row.map(|row| (row, row.kind)) else { return Ok(()) };
        self.at += 2;
        let Some((value, span)) = self.word() else {
            let keyword = row.name.to_string();
            return Err(self.error_here(CommandProblem::EmptyParameter { keyword }));
        };
        let parameter = self.value(what, row.name, self.without_period(Form::Type1, value), span)?;
        keywords.insert(row.name.to_string(), vec![parameter]);
        Ok(())
    }

    fn is_followed_by_open(&self) -> bool {
        self.peek(1).is_some_and(|lexeme| lexeme.token == Token::Open)
    }

    /// Keywords up to whatever is none, which is left where it stands.
    fn keywords(&mut self, place: &Place, keywords: &mut Keywords) -> Result<(), CommandError> {
        while let Some((word, span)) = self.word() {
            let Some(row) = place.rows.iter().find(|row| word.eq_ignore_ascii_case(row.name)) else {
                return Err(self.error(span, no_keyword(place, word)));
            };
            self.keyword(row, place.path(row), span, keywords)?;
            if place.commas {
                self.skip_comma();
            }
        }
        self.require(place, keywords)
    }

    fn require(&self, place: &Place, keywords: &Keywords) -> Result<(), CommandError> {
        let missing = place.rows.iter().find(|row| row.required && !is_given(keywords, &place.path(row)));
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
        if is_given(keywords, &path) {
            return Err(self.error(span, CommandProblem::Duplicate { keyword: path }));
        }
        let parameters = match row.kind {
            Kind::Alone => vec![Parameter { value: ParameterValue::Flag(row.name), span }],
            Kind::One(what) => {
                let open = self.open(&path, span)?;
                vec![self.one(what, &path, open)?]
            }
            Kind::Several(what) => {
                let open = self.open(&path, span)?;
                self.several(what, &path, open)?
            }
            Kind::Nested(rows) => {
                let open = self.open(&path, span)?;
                self.refuse_empty(&path)?;
                self.keywords(&Place::nested(&path, rows), keywords)?;
                return self.close(open);
            }
        };
        keywords.insert(path, parameters);
        Ok(())
    }

    /// The parenthesis behind a keyword.
    fn open(&mut self, keyword: &str, span: Span) -> Result<Span, CommandError> {
        match self.take() {
            Some(Lexeme { token: Token::Open, span, .. }) => Ok(span),
            _ => Err(self.error(span, CommandProblem::MissingParenthesis { keyword: keyword.to_string() })),
        }
    }

    fn refuse_empty(&self, keyword: &str) -> Result<(), CommandError> {
        match self.peek(0) {
            Some(Lexeme { token: Token::Close, span, .. }) => {
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
        match lexeme.token {
            Token::Open if matches!(what, What::Pair) => self.pair(keyword, lexeme.span),
            // Small letters are meant where a text is quoted, as anywhere in DBRC.
            Token::Word(word) if matches!(what, What::Text) => {
                self.value(what, keyword, &word.to_uppercase(), lexeme.span)
            }
            Token::Word(word) | Token::Quoted(word) => self.value(what, keyword, word, lexeme.span),
            Token::Close | Token::Comma => {
                Err(self.error(lexeme.span, CommandProblem::EmptyParameter { keyword: keyword.to_string() }))
            }
            Token::Open | Token::Equals | Token::Unclosed => Err(self.unexpected(lexeme, "a parameter")),
        }
    }

    /// The two names of a pair, behind its parenthesis.
    fn pair(&mut self, keyword: &str, open: Span) -> Result<Parameter, CommandError> {
        let dbd = self.parameter(What::Dbd, keyword, open)?;
        let comma = self.take_or_never_closed(open)?;
        if comma.token != Token::Comma {
            return Err(self.unexpected(comma, "a comma"));
        }
        let ddn = self.parameter(What::Dd, keyword, open)?;
        self.close(open)?;
        match (dbd.value, ddn.value) {
            (ParameterValue::Dbd(dbd), ParameterValue::Dd(ddn)) => {
                Ok(Parameter { value: ParameterValue::Pair(dbd, ddn), span: open })
            }
            _ => Err(self.error(open, CommandProblem::EmptyParameter { keyword: keyword.to_string() })),
        }
    }

    fn value(&self, what: What, keyword: &str, word: &str, span: Span) -> Result<Parameter, CommandError> {
        let value = parameter_value(what, keyword, word)
            .map_err(|problem| self.error(span, of_ims(keyword, word).unwrap_or(problem)))?;
        Ok(Parameter { value, span })
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
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A command with the kinds of keyword that no command of this release has.
    const OTHER: &[VerbRow] = &[VerbRow {
        verb: Verb::Initiate,
        form: Form::Type2,
        name: "INITIATE",
        abbreviation: "INIT",
        resources: &[ResourceRow {
            resource: Resource::Db,
            name: "OLREORG",
            says: "reorganizes",
            keywords: &[KeywordRow {
                name: "SET",
                kind: Kind::Nested(&[
                    KeywordRow {
                        name: "RATE",
                        kind: Kind::One(What::Number { least: 1, most: 100 }),
                        required: true,
                        says: "how fast",
                    },
                    KeywordRow {
                        name: "OPTION",
                        kind: Kind::One(What::Flag(&["DEL"])),
                        required: false,
                        says: "what becomes of the old data sets",
                    },
                ]),
                required: false,
                says: "how",
            }],
        }],
        instead: &[],
    }];
    const SERVED: &[(Verb, Resource)] = &[(Verb::Initiate, Resource::Db)];

    fn rate(text: &str) -> Result<Option<u64>, String> {
        parse(OTHER, SERVED, text)
            .map(|command| command.number("SET(RATE)"))
            .map_err(|error| error.to_string())
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
