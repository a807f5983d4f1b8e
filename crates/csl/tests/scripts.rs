//! The stories of this crate: what operators type, what they are told, how answers come together and look.

use csl::om::render::xml::Control;
use csl::om::render::{Layout, Page};
use csl::om::view::CommandView;
use csl::om::{
    Answer, Column, Command, CommandError, CompletionCode, Generic, MemberError, MemberMessage, MessageBody,
    ReasonCode, ReturnCode, Row, render,
};
use std::collections::BTreeMap;
use std::error::Error;
use vocabulary::message::{DFS4755E, DFS4896I};
use vocabulary::{MemberName, Moment};

const NOON: Moment = Moment(1_356_091_200_000_000);

/// What a story about commands can do.
#[derive(goldenscript::Command)]
enum CommandStory {
    /// Shows what a command means.
    Parse(String),
    /// Shows the answer to a command that is wrong, as a table.
    Refuse(String),
    /// Tells which names a generic name matches.
    Match { generic: String, names: Vec<String> },
}

struct Commands;

impl goldenscript::Runner for Commands {
    type Command = CommandStory;

    fn run(&mut self, command: &CommandStory, _: &goldenscript::Context) -> Result<String, Box<dyn Error>> {
        match command {
            CommandStory::Parse(text) => {
                Ok(understood(text).unwrap_or_else(|error| format!("{}\n{error}\n", error.marked())))
            }
            CommandStory::Refuse(text) => match understood(text) {
                Ok(_) => Err("the command is right".into()),
                Err(error) => Ok(render::table::render(&Answer::of_error(&error, NOON))),
            },
            CommandStory::Match { generic, names } => {
                let generic = Generic::new(generic)?;
                let matching: Vec<&str> =
                    names.iter().map(String::as_str).filter(|name| generic.matches(name)).collect();
                Ok(format!("{}\n", matching.join(" ")))
            }
        }
    }
}

fn understood(text: &str) -> Result<String, CommandError> {
    let command = Command::parse(text)?;
    let mut output = format!("{:?}\n", CommandView::of(&command)?);
    if command.route != Default::default() {
        output += &format!("route {:?}\n", command.route);
    }
    if let Some(wait_ms) = command.wait_ms {
        output += &format!("wait {wait_ms} ms\n");
    }
    Ok(output)
}

/// What a story about answers can do. Members build answers row by row; then OM merges them.
#[derive(goldenscript::Command)]
enum AnswerStory {
    /// A member begins its answer, with return and reason codes where it has its own.
    Member {
        member: String,
        #[arg(key)]
        rc: Option<String>,
        #[arg(key)]
        rsn: Option<String>,
        #[arg(key, optional)]
        text: String,
        #[arg(key)]
        master: Option<String>,
    },
    /// Adds a row about a database to a member's answer.
    Row {
        member: String,
        database: String,
        #[arg(key, optional)]
        cc: String,
        #[arg(key)]
        status: Option<String>,
        #[arg(key)]
        regions: Option<u64>,
    },
    /// Adds a message to a member's answer.
    Say { member: String, resource: String },
    /// Adds a text line of OM's own.
    Line { member: String, text: String },
    /// Adds a member error that a member tells of.
    Error { member: String, about: String },
    /// The member takes its codes from its rows.
    Judge(String),
    /// Merges what there is, with the silence of those missing, and shows it as a table.
    Merge(#[arg(optional)] Vec<String>),
    /// As `merge`, shown on a page so wide, in the layout `wrap`, `bycol` or `byrsc`.
    Page { layout: String, width: usize },
    /// As `merge`, shown as JSON.
    Json(#[arg(optional)] Vec<String>),
    /// As `merge`, shown as OM's XML, for an operator with a token.
    Xml(#[arg(optional)] Vec<String>),
    /// The answer of a real OM to `QUERY IMSPLEX`, as XML.
    Real,
}

#[derive(Default)]
struct Answers {
    answers: BTreeMap<MemberName, Answer>,
}

impl Answers {
    fn of(&mut self, member: &str) -> Result<&mut Answer, Box<dyn Error>> {
        Ok(self.answers.get_mut(&MemberName::new(member)?).ok_or("this member has not begun")?)
    }

    fn begin(&mut self, member: MemberName) -> &mut Answer {
        let mut answer = Answer::new("QRY DB SHOW(STATUS)", NOON.plus_ms(self.answers.len() as u64));
        answer.stopped = NOON.plus_ms(500);
        answer.columns = vec![
            Column::name("DB", "DBName", 1),
            Column::member(),
            Column::completion(),
            Column::completion_text(),
            Column::text("LSTT", "LclStat").skip_blank(),
            Column::number("RGN", "Regions").skip_blank(),
        ];
        self.answers.entry(member).insert_entry(answer).into_mut()
    }

    fn merged(&mut self, missing: &[String]) -> Result<Answer, Box<dyn Error>> {
        let missing = missing.iter().map(|name| MemberName::new(name)).collect::<Result<_, _>>()?;
        Ok(Answer::merge(std::mem::take(&mut self.answers).into_iter().collect(), missing))
    }
}

impl goldenscript::Runner for Answers {
    type Command = AnswerStory;

    fn run(&mut self, command: &AnswerStory, _: &goldenscript::Context) -> Result<String, Box<dyn Error>> {
        match command {
            AnswerStory::Member { member, rc, rsn, text, master } => {
                let master = master.as_deref().map(MemberName::new).transpose()?;
                let answer = self.begin(MemberName::new(member)?);
                answer.rc = ReturnCode(hex(rc.as_deref().unwrap_or("0"))?);
                answer.rsn = ReasonCode(hex(rsn.as_deref().unwrap_or("0"))?);
                answer.reason_text.clone_from(text);
                answer.master = master;
            }
            AnswerStory::Row { member, database, cc, status, regions } => {
                let completion = CompletionCode(if cc.is_empty() { 0 } else { hex(cc)? });
                let mut row = Row::of(MemberName::new(member)?, completion).with("DB", database.as_str());
                if let Some(status) = status {
                    row = row.with("LSTT", status.as_str());
                }
                if let Some(regions) = regions {
                    row = row.with("RGN", *regions);
                }
                self.of(member)?.rows.push(row);
            }
            AnswerStory::Say { member, resource } => {
                let message = match resource.as_str() {
                    "prepared" => DFS4896I.with(&[&2, &"00000000000000A1"]),
                    database => DFS4755E.with(&[&database, &member, &"PSB TELLER, REGION 3"]),
                };
                let name = MemberName::new(member)?;
                self.of(member)?.say(name, message);
            }
            AnswerStory::Line { member, text } => {
                let body = MessageBody::Line(text.clone());
                self.of(member)?.messages.push(MemberMessage { member: None, body });
            }
            AnswerStory::Error { member, about } => {
                let error = MemberError {
                    member: MemberName::new(about)?,
                    member_type: "IMS".to_string(),
                    subtype: "DBCTL".to_string(),
                    rc: ReturnCode::OM_WARNING,
                    rsn: ReasonCode::NOT_MASTER,
                    text: "is not the master".to_string(),
                };
                self.of(member)?.member_errors.push(error);
            }
            AnswerStory::Judge(member) => self.of(member)?.judge_by_rows(),
            AnswerStory::Merge(missing) => {
                let answer = self.merged(missing)?;
                let table = render::table::render(&answer);
                return Ok(format!("{table}exit status {}\n", answer.exit_status()));
            }
            AnswerStory::Page { layout, width } => {
                let page = Page { layout: layout_of(layout)?, width: Some(*width) };
                return Ok(render::table::render_on(&self.merged(&[])?, page));
            }
            AnswerStory::Xml(missing) => {
                let control = Control {
                    om: "IMS1OM".to_string(),
                    user: "OPER".to_string(),
                    token: Some("T0000001".to_string()),
                };
                return Ok(render::xml::render(&self.merged(missing)?, &control));
            }
            AnswerStory::Real => return Ok(render::xml::render(&real(), &real_control())),
            AnswerStory::Json(missing) => return Ok(render::json::render(&self.merged(missing)?)),
        }
        Ok(String::new())
    }
}

fn layout_of(name: &str) -> Result<Layout, Box<dyn Error>> {
    match name {
        "wrap" => Ok(Layout::Wrap),
        "bycol" => Ok(Layout::ByColumn),
        "byrsc" => Ok(Layout::ByResource),
        other => Err(format!("{other} is no layout").into()),
    }
}

fn real_control() -> Control {
    Control {
        om: "OM1OM".to_string(),
        user: "RACFUID".to_string(),
        token: Some("16439672........".to_string()),
    }
}

/// Two rows of what OM 1.5.0 answered at 18:16:10 on 2012-12-21.
fn real() -> Answer {
    let taken = Moment(NOON.0 + 22_570_374_274);
    let mut answer = Answer::new("QUERY IMSPLEX NAME(*) SHOW(ALL) ", taken);
    answer.stopped = Moment(taken.0 + 346);
    let text = |short, long| Column { len: Some(8), ..Column::text(short, long) };
    answer.columns = vec![
        Column::name("IMSPLX", "IMSplex", 1),
        text("MBR", "MbrName"),
        Column::completion(),
        text("IMSMBR", "Member"),
        text("JOB", "JobName"),
        text("TYP", "Type"),
        text("STYP", "Subtype"),
        text("VER", "Version"),
        text("OS", "OSName"),
        Column::text("STT", "Status"),
    ];
    let row = |member: &str, kind: &str, subtype: &str| {
        Row::default()
            .with("IMSPLX", "CSLPLEX1")
            .with("MBR", "OM1OM")
            .with("CC", CompletionCode::OK)
            .with("IMSMBR", member)
            .with("JOB", member)
            .with("TYP", kind)
            .with("STYP", subtype)
            .with("VER", "12.1.0")
            .with("OS", "CSDMEC20")
            .with("STT", "READY,ACTIVE")
    };
    answer.rows = vec![row("IMS1", "IMS", "DBDC"), row("SCI1", "SCI", "")];
    answer
}

fn hex(text: &str) -> Result<u32, Box<dyn Error>> {
    Ok(u32::from_str_radix(text, 16)?)
}

#[test]
fn commands_that_are_right() {
    goldenscript::run(&mut Commands, "scripts/command/right").unwrap();
}

#[test]
fn commands_that_are_wrong() {
    goldenscript::run(&mut Commands, "scripts/command/wrong").unwrap();
}

#[test]
fn route_and_wait() {
    goldenscript::run(&mut Commands, "scripts/command/route_and_wait").unwrap();
}

#[test]
fn generic_names() {
    goldenscript::run(&mut Commands, "scripts/command/generic_names").unwrap();
}

#[test]
fn commands_of_ims() {
    goldenscript::run(&mut Commands, "scripts/command/of_ims").unwrap();
}

#[test]
fn commands_of_dbrc() {
    goldenscript::run(&mut Commands, "scripts/command/dbrc").unwrap();
}

#[test]
fn answers_merge() {
    goldenscript::run(&mut Answers::default(), "scripts/answer/merge").unwrap();
}

#[test]
fn answers_as_tables() {
    goldenscript::run(&mut Answers::default(), "scripts/answer/table").unwrap();
}

#[test]
fn answers_as_json() {
    goldenscript::run(&mut Answers::default(), "scripts/answer/json").unwrap();
}

#[test]
fn wide_answers_on_narrow_pages() {
    goldenscript::run(&mut Answers::default(), "scripts/answer/layout").unwrap();
}

#[test]
fn answers_as_xml() {
    goldenscript::run(&mut Answers::default(), "scripts/answer/xml").unwrap();
}
