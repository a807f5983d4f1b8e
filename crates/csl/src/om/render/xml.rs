//! An answer as OM's XML: an `imsout` document.
//!
//! Elements stand in OM's order: `ctl`, `cmderr`, `cmdsecerr`, `cmd`, `cmdrsphdr`, `cmdrspdata`, `msgdata`. What an answer does not
//! have is left out. A row is a list of `SHORT(value)`; a value with a parenthesis or a quote in it stands in quotes,
//! and a quote in it is doubled.

use crate::om::answer::{Answer, MemberError, MemberMessage, MessageBody, Row, Value};
use crate::om::code::{ReasonCode, ReturnCode, meaning};
use crate::om::column::{Align, Column, DataType, Scope, Sort};
use crate::om::grammar::{COMMANDS, command_of};
use crate::om::lexer::{Token, lexemes};
use quick_xml::Writer;
use quick_xml::escape::partial_escape;
use quick_xml::events::{BytesDecl, BytesText, Event};
use std::io;
use vocabulary::{MemberName, Moment};

/// The version of the XML that OM writes.
const XML_VERSION: &str = "20  ";

/// Microseconds from 1900, where the clock of the mainframe begins, to 1970.
const CLOCK_BEGIN_US: u64 = 2_208_988_800_000_000;

/// What the control block says that the answer does not know. Its times are those of the answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Control {
    /// The OM that answers.
    pub om: String,
    /// Who asked.
    pub user: String,
    /// The request token of the asker; left out where there is none.
    pub token: Option<String>,
}

/// The answer as an XML document, with a line end.
pub fn render(answer: &Answer, control: &Control) -> String {
    let mut writer = Writer::new(Vec::new());
    writer.config_mut().add_space_before_slash_in_empty_elements = true;
    // Writing into memory does not fail.
    let _ = document(&mut writer, answer, control);
    String::from_utf8_lossy(&writer.into_inner()).into_owned()
}

type Xml = Writer<Vec<u8>>;

fn document(xml: &mut Xml, answer: &Answer, control: &Control) -> io::Result<()> {
    xml.write_event(Event::Decl(BytesDecl::new("1.0", None, None)))?;
    xml.write_event(Event::DocType(BytesText::from_escaped("imsout SYSTEM \"imsout.dtd\"")))?;
    line_end(xml)?;
    xml.create_element("imsout").write_inner_content(|xml| {
        line_end(xml)?;
        ctl(xml, answer, control)?;
        if !answer.member_errors.is_empty() {
            block(xml, "cmderr", |xml| {
                answer.member_errors.iter().try_for_each(|error| member_error(xml, error))
            })?;
        }
        if (answer.rc, answer.rsn) == (ReturnCode::OM_ENVIRONMENT, ReasonCode::NOT_AUTHORIZED) {
            security_error(xml)?;
        }
        cmd(xml, answer, control)?;
        if !answer.columns.is_empty() {
            block(xml, "cmdrsphdr", |xml| answer.columns.iter().try_for_each(|column| header(xml, column)))?;
        }
        if !answer.rows.is_empty() {
            block(xml, "cmdrspdata", |xml| {
                answer.rows.iter().try_for_each(|row| rsp(xml, &answer.columns, row))
            })?;
        }
        if !answer.messages.is_empty() {
            block(xml, "msgdata", |xml| messages(xml, &answer.messages, control))?;
        }
        Ok(())
    })?;
    line_end(xml)
}

/// An element whose parts stand on lines of their own.
fn block(xml: &mut Xml, name: &str, parts: impl FnOnce(&mut Xml) -> io::Result<()>) -> io::Result<()> {
    xml.create_element(name).write_inner_content(|xml| {
        line_end(xml)?;
        parts(xml)
    })?;
    line_end(xml)
}

fn line_end(xml: &mut Xml) -> io::Result<()> {
    xml.write_event(Event::Text(BytesText::from_escaped("\n")))
}

fn element(xml: &mut Xml, name: &str, text: &str) -> io::Result<()> {
    let escaped = partial_escape(printable(text)).into_owned();
    xml.create_element(name).write_text_content(BytesText::from_escaped(escaped)).map(drop)
}

/// XML has no way to write most control characters, nor the two that are none.
fn printable(text: &str) -> String {
    let is_none = |c: char| c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}');
    text.chars().map(|c| if is_none(c) { ' ' } else { c }).collect()
}

fn ctl(xml: &mut Xml, answer: &Answer, control: &Control) -> io::Result<()> {
    xml.create_element("ctl").write_inner_content(|xml| {
        element(xml, "omname", &format!("{:<8}", control.om))?;
        element(xml, "omvsn", env!("CARGO_PKG_VERSION"))?;
        element(xml, "xmlvsn", XML_VERSION)?;
        line_end(xml)?;
        element(xml, "statime", &answer.started.to_string())?;
        element(xml, "stotime", &answer.stopped.to_string())?;
        line_end(xml)?;
        element(xml, "staseq", &sequence(answer.started))?;
        element(xml, "stoseq", &sequence(answer.stopped))?;
        line_end(xml)?;
        if let Some(token) = &control.token {
            element(xml, "rqsttkn1", token)?;
        }
        codes(xml, answer.rc, answer.rsn)?;
        reason(xml, answer)
    })?;
    line_end(xml)
}

/// What the security product says of an operator who may not: 8, not authorized. Certificates take its place here.
fn security_error(xml: &mut Xml) -> io::Result<()> {
    block(xml, "cmdsecerr", |xml| {
        xml.create_element("saf").write_inner_content(|xml| {
            element(xml, "rc", "00000008")?;
            element(xml, "racfrc", "00000008")?;
            element(xml, "racfrsn", "00000000")
        })?;
        line_end(xml)
    })
}

/// The moment as the mainframe's clock has it: bit 51 counts microseconds. Later moments are greater.
fn sequence(moment: Moment) -> String {
    format!("{:016X}", moment.0.saturating_add(CLOCK_BEGIN_US) << 12)
}

fn codes(xml: &mut Xml, rc: ReturnCode, rsn: ReasonCode) -> io::Result<()> {
    element(xml, "rc", &rc.to_string())?;
    element(xml, "rsn", &rsn.to_string())
}

fn reason(xml: &mut Xml, answer: &Answer) -> io::Result<()> {
    if (answer.rc.0, answer.rsn.0) == (0, 0) {
        return Ok(());
    }
    let meaning = meaning(answer.rc, answer.rsn);
    match answer.reason_text.as_str() {
        "" => element(xml, "rsntxt", meaning),
        text => element(xml, "rsntxt", &format!("{meaning}: {text}")),
    }
}

fn member_error(xml: &mut Xml, error: &MemberError) -> io::Result<()> {
    let name = format!("{:<8}", error.member);
    xml.create_element("mbr").with_attribute(("name", name.as_str())).write_inner_content(|xml| {
        element(xml, "typ", &error.member_type)?;
        element(xml, "styp", &error.subtype)?;
        codes(xml, error.rc, error.rsn)?;
        element(xml, "rsntxt", &error.text)
    })?;
    line_end(xml)
}

fn cmd(xml: &mut Xml, answer: &Answer, control: &Control) -> io::Result<()> {
    let (verb, keyword) = words(&answer.command);
    xml.create_element("cmd").write_inner_content(|xml| {
        if let Some(master) = answer.master {
            element(xml, "master", &format!("{master:<8}"))?;
        }
        element(xml, "userid", &format!("{:<8}", control.user))?;
        if !verb.is_empty() {
            element(xml, "verb", &format!("{verb:<4}"))?;
            element(xml, "kwd", &format!("{keyword:<16}"))?;
        }
        element(xml, "input", &answer.command)
    })?;
    line_end(xml)
}

/// The short form of the verb and the resource type that a command begins with; blank for what is none.
fn words(text: &str) -> (&'static str, &'static str) {
    let mut words = lexemes(text).into_iter().filter_map(|lexeme| match lexeme.token {
        Token::Word(word) if !word.eq_ignore_ascii_case("CMD") => Some(word),
        _ => None,
    });
    let (first, second) = (words.next(), words.next());
    let found = first.and_then(|first| command_of(COMMANDS, first, second));
    found.map(|(verb, resource)| (verb.abbreviation, resource.name)).unwrap_or_default()
}

fn header(xml: &mut Xml, column: &Column) -> io::Result<()> {
    let (key, len) = (column.key.to_string(), column.len.map_or("*".to_string(), |len| len.to_string()));
    let attributes = [
        ("slbl", column.short.as_str()),
        ("llbl", &column.long),
        ("scope", if column.scope == Scope::Local { "LCL" } else { "GBL" }),
        (
            "sort",
            match column.sort {
                Sort::Ascending => "A",
                Sort::Descending => "D",
                Sort::None => "N",
            },
        ),
        ("key", &key),
        ("scroll", if column.scroll { "YES" } else { "NO" }),
        ("len", &len),
        ("dtype", if column.dtype == DataType::Int { "INT" } else { "CHAR" }),
        ("align", if column.align == Align::Right { "right" } else { "left" }),
    ];
    let skip = column.skipb.then_some(("skipb", "yes"));
    xml.create_element("hdr").with_attributes(attributes.into_iter().chain(skip)).write_empty()?;
    line_end(xml)
}

/// A row has its values in the order of the columns; one that it lacks is left out.
fn rsp(xml: &mut Xml, columns: &[Column], row: &Row) -> io::Result<()> {
    let values = columns.iter().filter_map(|column| Some((column, row.get(&column.short)?)));
    let values = values.map(|(column, value)| format!("{}({})", column.short, written(value)));
    element(xml, "rsp", &values.collect::<Vec<_>>().join(" "))?;
    line_end(xml)
}

fn written(value: &Value) -> String {
    match value {
        Value::Completion(code) => format!("{code:>4}"),
        Value::Number(number) => number.to_string(),
        Value::Text(text) if text.contains(['(', ')', '\'']) => format!("'{}'", text.replace('\'', "''")),
        Value::Text(text) => text.clone(),
    }
}

/// Lines that follow each other from one member are one `mbr`; what nobody else says, OM says.
fn messages(xml: &mut Xml, messages: &[MemberMessage], control: &Control) -> io::Result<()> {
    for said in messages.chunk_by(|one, next| one.member == next.member) {
        let member: Option<MemberName> = said.first().and_then(|message| message.member);
        let name = member.map_or(control.om.clone(), |member| member.to_string());
        let name = format!("{name:<8}");
        xml.create_element("mbr").with_attribute(("name", name.as_str())).write_inner_content(|xml| {
            line_end(xml)?;
            said.iter().try_for_each(|message| {
                element(xml, "msg", &spoken(&message.body))?;
                line_end(xml)
            })
        })?;
        line_end(xml)?;
    }
    Ok(())
}

fn spoken(body: &MessageBody) -> String {
    match body {
        MessageBody::Message(message) => message.to_string(),
        MessageBody::Line(line) => line.clone(),
    }
}
