//! Whole conversations, over real sockets, with a member that knows its answers by heart.

use crate::args::Args;
use crate::log::{self, KeptWanted, News, Shown, Wanted};
use crate::operate::{names_at_first, operate, preferences, style};
use crate::printer::Printer;
use crate::session::client_settings;
use clap::Parser;
use csl::envelope::{
    ListInstances, LogPage, LogRequest, LoggedMessage, OperatorRequest, PopulateMode, Progress,
};
use csl::om::{Answer, Column, CompletionCode, ReasonCode, ReturnCode, Row};
use sci::certificates::Authority;
use sci::mux::{Incoming, MuxSettings, serve};
use sci::{Identity, IdentityFiles, Limits, Listener, Role};
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use vocabulary::encoding::{decode, encode};
use vocabulary::{MemberName, Moment, PlexName, ResourceKind, Severity};

/// A plex on this machine with one member, IMS1, that is up, and one, IMS0, that is not and comes first.
struct Plex {
    folder: TempDir,
    asked: Arc<Mutex<Vec<OperatorRequest>>>,
    runtime: Runtime,
}

impl Plex {
    fn start() -> Self {
        Self::saying(|asked| Some(page(asked)))
    }

    /// With a member that gives its messages so, or an answer that nobody can read.
    fn saying(page: fn(&LogRequest) -> Option<LogPage>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::create(PlexName::new("PLEX1").unwrap()).unwrap();
        authority.write(folder.path()).unwrap();
        authority.issue(Role::Member, "IMS1", &[]).unwrap().write(folder.path(), "IMS1").unwrap();
        authority.issue(Role::ADMINISTRATOR, "OPER", &[]).unwrap().write(folder.path(), "OPER").unwrap();
        let identity = Identity::load(&IdentityFiles::in_folder(folder.path(), "IMS1")).unwrap();
        let runtime = Runtime::new().unwrap();
        let mut listener =
            runtime.block_on(Listener::bind("127.0.0.1:0", &identity, Limits::default())).unwrap();
        let settings = format!(
            "plex = 'PLEX1'\n[tls]\nauthority = 'ca.pem'\ncertificate = 'OPER.pem'\nkey = 'OPER-key.pem'\n\
             [[members]]\nname = 'IMS0'\naddress = '127.0.0.1:1'\n[[members]]\nname = 'IMS1'\naddress = '{}'\n",
            listener.address()
        );
        fs::write(folder.path().join("spoc.toml"), settings).unwrap();
        let asked: Arc<Mutex<Vec<OperatorRequest>>> = Arc::default();
        let heard = Arc::clone(&asked);
        runtime.spawn(async move {
            loop {
                let accepted = listener.accept().await;
                let heard = Arc::clone(&heard);
                let handler = move |incoming| {
                    hear(incoming, &heard, page);
                    std::future::ready(())
                };
                tokio::spawn(serve(accepted.connection, MuxSettings::default(), handler));
            }
        });
        Self { folder, asked, runtime }
    }

    /// Exit status, stdout and stderr of a call of `spoc`.
    fn spoc(&self, words: &[&str]) -> (u8, String, String) {
        let config = self.path("spoc.toml");
        let all = ["spoc", "--config", config.to_str().unwrap()].into_iter().chain(words.iter().copied());
        let args = Args::try_parse_from(all).unwrap();
        let preferences = preferences(&args);
        let mut printer = Printer::memory(style(&args, &preferences).format);
        let status = operate(&args, &preferences, &mut printer);
        let (answers, remarks) = printer.printed();
        (status, answers, remarks)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn asked(&self) -> Vec<OperatorRequest> {
        self.asked.lock().unwrap().clone()
    }
}

fn hear(incoming: Incoming, heard: &Mutex<Vec<OperatorRequest>>, page: fn(&LogRequest) -> Option<LogPage>) {
    let Incoming::Ask { body, responder } = incoming else { return };
    let request: OperatorRequest = decode("request", &body).unwrap();
    heard.lock().unwrap().push(request.clone());
    if let OperatorRequest::Log(asked) = &request {
        let page = page(asked).map_or_else(|| b"\xff\xff".to_vec(), |page| encode(&page));
        return responder.answer(page.into());
    }
    if let OperatorRequest::Command { .. } = &request {
        responder.progress(encode(&Progress { text: "PREPARE, waiting for IMS2".to_string() }).into());
    }
    responder.answer(encode(&answer(&request)).into());
}

/// Two messages after a thousand that are gone.
fn page(asked: &LogRequest) -> LogPage {
    let message = |at: u64, number: &str, severity| LoggedMessage {
        at: Moment(at),
        number: number.to_string(),
        severity,
        text: "IT HAPPENED".to_string(),
    };
    let all = [
        message(1_000_000, "LINK202I", Severity::Information),
        message(2_000_000, "LINK201W", Severity::Warning),
    ];
    let member = MemberName::new("IMS1").unwrap();
    let (lost, messages) = if asked.from == 0 { (1_000, all.to_vec()) } else { (0, Vec::new()) };
    LogPage { member, run: 7, messages, lost, next: 1_002 }
}

fn answer(request: &OperatorRequest) -> Answer {
    let ims1 = MemberName::new("IMS1").unwrap();
    match request {
        OperatorRequest::Command { text, .. } => {
            let mut answer = Answer::new(text, Moment(0));
            answer.columns = vec![Column::member(), Column::completion(), Column::completion_text()];
            answer.rows =
                [CompletionCode::OK, CompletionCode::IMS_STATE].map(|cc| Row::of(ims1, cc)).to_vec();
            answer.judge_by_rows();
            answer
        }
        OperatorRequest::Populate(chunk) => {
            let bad = chunk.sources.iter().any(|source| source.bytes.starts_with(b"BAD"));
            let (rc, rsn) = (ReturnCode::STATE, ReasonCode::ACTIVATION_STATE);
            if bad { Answer::refused("", Moment(0), rc, rsn, "bad source") } else { Answer::default() }
        }
        OperatorRequest::List(list) => {
            let mut answer = Answer::new("LIST", Moment(0));
            if list.instances == ListInstances::Active {
                answer.columns = vec![Column::name("NAME", "Name", 0)];
                answer.rows = vec![Row::default().with("NAME", "ACCTDB")];
            }
            answer
        }
        OperatorRequest::Ddl(_) => Answer::new("DDL", Moment(0)),
        OperatorRequest::Log(_) => panic!("messages are no answer"),
    }
}

#[test]
fn a_command_is_passed_on_to_the_first_member_that_answers() {
    let plex = Plex::start();
    let (status, answers, remarks) = plex.spoc(&["qry", "db", "--wait", "20"]);
    assert_eq!(status, 4);
    assert!(
        answers.starts_with("Response for: qry db\nMbrName CC CCText\nIMS1     0\nIMS1    B2 "),
        "{answers}"
    );
    assert_eq!(remarks, "PREPARE, waiting for IMS2\n");
    assert_eq!(
        plex.asked(),
        [OperatorRequest::Command { text: "qry db".to_string(), wait_ms: Some(20_000) }]
    );
}

#[test]
fn a_terminal_learns_the_names_of_the_plex_before_anything_is_typed() {
    let plex = Plex::start();
    let config = plex.path("spoc.toml");
    let args = Args::try_parse_from(["spoc", "--config", config.to_str().unwrap()]).unwrap();
    let mut printer = Printer::memory(style(&args, &preferences(&args)).format);
    let known = format!("{:?}", names_at_first(&args, &mut printer));
    assert!(known.contains("members: {\"IMS1\"}") && known.contains("resources: {\"ACCTDB\"}"), "{known}");
    let [OperatorRequest::List(_), OperatorRequest::Command { text, .. }] = &plex.asked()[..] else {
        panic!("{:?}", plex.asked())
    };
    assert!(csl::om::Command::parse(text).is_ok(), "{text}");
    let (answers, _) = printer.printed();
    assert_eq!(answers, "", "what is asked for completion is not shown");
}

#[test]
fn the_exit_status_is_that_of_the_answer_in_every_format() {
    let plex = Plex::start();
    for (format, begin) in [("table", "Response for: "), ("json", "{"), ("xml", "<?xml ")] {
        let (status, answers, remarks) = plex.spoc(&["--output", format, "QRY DB"]);
        assert_eq!((status, remarks.as_str()), (4, "PREPARE, waiting for IMS2\n"), "{format}");
        assert!(answers.starts_with(begin), "{answers}");
    }
    let (_, document, _) = plex.spoc(&["--output", "xml", "QRY DB"]);
    assert!(document.contains("<omname>IMS1OM  </omname>"), "{document}");
    assert!(
        document.contains("<userid>OPER    </userid><verb>QRY </verb><kwd>DB              </kwd>"),
        "{document}"
    );
}

#[test]
fn a_file_of_commands_is_issued_in_order_and_the_worst_counts() {
    let plex = Plex::start();
    let file = plex.path("commands");
    fs::write(&file, "/* both */ QRY DB +\n  NAME(A*)\nQRY PGMM\nQRY PGM /* the last */\n").unwrap();
    let (status, _, _) = plex.spoc(&["batch", file.to_str().unwrap()]);
    assert_eq!(status, 8);
    let texts: Vec<_> = plex
        .asked()
        .into_iter()
        .map(|request| match request {
            OperatorRequest::Command { text, .. } => text,
            other => panic!("{other:?} is no command"),
        })
        .collect();
    assert_eq!(texts, ["QRY DB NAME(A*)", "QRY PGM"]);
}

#[test]
fn contexts_are_listed_and_chosen() {
    let plex = Plex::start();
    let (_, answers, _) = plex.spoc(&["contexts"]);
    assert_eq!(answers, "  Context          Plex     Members\n* (unnamed)        PLEX1    IMS0,IMS1\n");
    let settings = fs::read_to_string(plex.path("spoc.toml")).unwrap();
    let live =
        settings.replace("[tls]", "[contexts.live.tls]").replace("[[members]]", "[[contexts.live.members]]");
    let live = live.replace("plex = 'PLEX1'", "context = 'live'\n[contexts.live]\nplex = 'PLEX1'");
    fs::write(plex.path("spoc.toml"), live).unwrap();
    let (status, answers, _) = plex.spoc(&["contexts"]);
    assert_eq!(status, 0);
    assert_eq!(answers.lines().nth(1), Some("* live             PLEX1    IMS0,IMS1"));
    assert_eq!(plex.spoc(&["QRY DB"]).0, 4);
    let (status, _, remarks) = plex.spoc(&["--context", "test", "QRY DB"]);
    assert_eq!(status, 8);
    assert!(remarks.ends_with("there is no context test: the file has live\n"), "{remarks}");
}

#[test]
fn the_wait_of_a_command_goes_before_that_of_the_arguments() {
    let plex = Plex::start();
    plex.spoc(&["QRY DB WAIT(1:00)", "--wait", "20"]);
    plex.spoc(&["QRY DB"]);
    let waits: Vec<_> = plex
        .asked()
        .into_iter()
        .map(|request| match request {
            OperatorRequest::Command { wait_ms, .. } => wait_ms,
            other => panic!("{other:?} is no command"),
        })
        .collect();
    assert_eq!(waits, [Some(60_000), Some(300_000)]);
}

#[test]
fn a_pinned_member_that_is_down_is_not_replaced_by_another() {
    let plex = Plex::start();
    let (status, answers, remarks) = plex.spoc(&["QRY DB", "--member", "IMS0"]);
    assert_eq!((status, answers.as_str()), (16, ""));
    assert!(remarks.contains("IMS0") && !remarks.contains("IMS1"), "{remarks}");
    assert!(plex.asked().is_empty());
}

#[test]
fn a_populate_job_arrives_whole_and_in_order() {
    let plex = Plex::start();
    fs::create_dir(plex.path("dbd")).unwrap();
    for name in ["A", "B", "C"] {
        fs::write(plex.path("dbd").join(name), vec![b' '; 700_000]).unwrap();
    }
    let folder = plex.path("dbd");
    let (status, _, remarks) = plex.spoc(&["populate", "--delete", folder.to_str().unwrap()]);
    assert_eq!((status, remarks.as_str()), (0, ""));
    let chunks: Vec<_> = plex
        .asked()
        .into_iter()
        .map(|request| match request {
            OperatorRequest::Populate(chunk) => chunk,
            other => panic!("{other:?} is no chunk"),
        })
        .collect();
    let last: Vec<bool> = chunks.iter().map(|chunk| chunk.last).collect();
    assert_eq!(last, [false, false, true]);
    assert!(chunks.iter().all(|chunk| chunk.job == chunks[0].job && chunk.delete));
    assert!(chunks.iter().all(|chunk| chunk.mode == PopulateMode::Stage));
    let names: Vec<_> = chunks.iter().map(|chunk| chunk.sources[0].name.clone()).collect();
    assert_eq!(names, ["A", "B", "C"].map(|name| folder.join(name).display().to_string()));
}

#[test]
fn a_populate_job_ends_with_the_first_chunk_that_is_refused() {
    let plex = Plex::start();
    fs::write(plex.path("A"), [b"BAD".as_slice(), &vec![b' '; 700_000]].concat()).unwrap();
    fs::write(plex.path("B"), vec![b' '; 700_000]).unwrap();
    let [a, b] = ["A", "B"].map(|name| plex.path(name).display().to_string());
    let (status, answers, _) = plex.spoc(&["populate", &a, &b]);
    assert_eq!(status, 16);
    assert!(answers.ends_with(": bad source\n"), "{answers}");
    assert_eq!(plex.asked().len(), 1);
}

#[test]
fn a_listing_asks_for_what_the_arguments_say() {
    let plex = Plex::start();
    let (status, answers, _) = plex.spoc(&["list", "--kind", "psb", "--name", "tell*", "--pending"]);
    assert_eq!((status, answers.as_str()), (0, "Response for: LIST\n"));
    let [OperatorRequest::List(list)] = &plex.asked()[..] else { panic!("one listing was asked for") };
    assert_eq!((list.kind, list.name.as_str()), (Some(ResourceKind::Psb), "TELL*"));
    assert_eq!(list.instances, ListInstances::Pending);
}

#[test]
fn the_status_is_made_of_the_answers_to_five_commands_that_are_not_waited_for_long() {
    let plex = Plex::start();
    let (status, page, _) = plex.spoc(&["status"]);
    assert_eq!(status, 4);
    assert!(page.starts_with("Status at "), "{page}");
    let asked: Vec<_> = plex.asked();
    assert_eq!(asked.len(), 5);
    for request in asked {
        let OperatorRequest::Command { text, wait_ms } = request else { panic!("{request:?}") };
        assert!(csl::om::Command::parse(&text).is_ok(), "{text}");
        assert_eq!(wait_ms, Some(5_000));
    }
    let (status, page, _) = plex.spoc(&["--output", "json", "status"]);
    let page: serde_json::Value = serde_json::from_str(&page).unwrap();
    assert_eq!((status, &page["exit_status"]), (4, &serde_json::json!(4)));
    let (_, documents, _) = plex.spoc(&["--output", "xml", "status"]);
    assert_eq!(documents.matches("<?xml ").count(), 5);
}

#[test]
fn ddl_goes_in_chunks_with_the_options_of_the_job() {
    let plex = Plex::start();
    let (first, second) = (plex.path("first.ddl"), plex.path("second.ddl"));
    fs::write(&first, vec![b' '; 1 << 20]).unwrap();
    fs::write(&second, "COMMIT DDL;").unwrap();
    let (first, second) = (first.to_str().unwrap(), second.to_str().unwrap());
    let (status, answers, _) = plex.spoc(&["ddl", "--simulate", first, second]);
    assert_eq!((status, answers.lines().next()), (0, Some("Response for: DDL")));
    let asked = plex.asked();
    let [OperatorRequest::Ddl(one), OperatorRequest::Ddl(other)] = &asked[..] else {
        panic!("{}", asked.len())
    };
    assert_eq!((one.job, one.last, other.last), (other.job, false, true));
    assert!(one.options.simulate && one.options == other.options && !one.options.auto_activate);
    assert_eq!(
        (one.sources[0].name.as_str(), other.sources[0].bytes.as_slice()),
        (first, &b"COMMIT DDL;"[..])
    );
}

#[test]
fn the_messages_of_all_members_are_read_and_who_is_silent_is_named() {
    let plex = Plex::start();
    let (status, lines, remarks) = plex.spoc(&["log"]);
    assert_eq!(status, 4);
    assert_eq!(
        lines,
        "-- 1000 messages of IMS1 were lost: they came too fast\n\
         1970.001 00:00:01.000000 IMS1     LINK202I IT HAPPENED\n\
         1970.001 00:00:02.000000 IMS1     LINK201W IT HAPPENED\n"
    );
    assert!(remarks.starts_with("spoc: IMS0 can't be read: "), "{remarks}");
    let [OperatorRequest::Log(first), OperatorRequest::Log(second)] = plex.asked()[..] else { panic!() };
    assert_eq!((first.run, first.from, second.run, second.from), (0, 0, 7, 1_002));
}

#[test]
fn what_was_read_of_a_member_is_shown_though_the_rest_can_not_be_read() {
    let plex = Plex::saying(|asked| (asked.from == 0).then(|| page(asked)));
    let (status, lines, remarks) = plex.spoc(&["--member", "IMS1", "log"]);
    assert_eq!((status, lines.lines().count()), (16, 3), "{lines}");
    assert!(remarks.starts_with("spoc: IMS1 can't be read: "), "{remarks}");
}

/// The member's clock may be behind that of whoever reads, and behind itself.
#[test]
fn what_a_member_goes_on_to_say_is_shown_whatever_the_clocks_say() {
    let plex = Plex::saying(|asked| match (asked.from, asked.wait_ms) {
        (1_002, 1..) => Some(LogPage { next: 1_003, ..page(&LogRequest { from: 0, ..*asked }) }),
        _ => Some(page(asked)),
    });
    let config = plex.path("spoc.toml");
    let words = ["spoc", "--config", config.to_str().unwrap(), "--member", "IMS1", "log"];
    let settings = client_settings(&Args::try_parse_from(words).unwrap()).unwrap();
    let wanted = Wanted { severity: Severity::Warning, kept: KeptWanted::Since(Moment(3_000_000)) };
    plex.runtime.block_on(async {
        let kept = log::kept(&settings, wanted).await;
        assert!(matches!(&kept.shown[..], [Shown::Lost(..)]), "{:?}", kept.shown);
        let mut news = kept.follow(wanted);
        assert!(matches!(news.recv().await, Some(News::Shown(Shown::Lost(..)))));
        let Some(News::Shown(Shown::Message(_, message))) = news.recv().await else { panic!() };
        assert_eq!((message.at, message.severity), (Moment(2_000_000), Severity::Warning));
    });
}

#[test]
fn messages_are_chosen_by_member_severity_and_time_and_told_as_json() {
    let plex = Plex::start();
    let (status, lines, _) = plex.spoc(&["--member", "IMS1", "--output", "json", "log", "--severity", "w"]);
    assert_eq!(status, 0);
    let last: serde_json::Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    assert_eq!((&last["number"], &last["severity"]), (&"LINK201W".into(), &"W".into()));
    assert_eq!(lines.lines().count(), 2);
    let (_, lines, _) = plex.spoc(&["--member", "IMS1", "log", "--since", "1970-01-01T00:00:02Z"]);
    assert!(lines.contains("LINK201W") && !lines.contains("LINK202I"), "{lines}");
    let (status, _, remarks) = plex.spoc(&["--output", "xml", "log"]);
    assert_eq!(status, 8);
    assert!(remarks.contains("not as XML"), "{remarks}");
}
