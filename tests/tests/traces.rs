//! Traces of activations, as a collector of OpenTelemetry receives them from real members.

use end_to_end::bank::IMPORT;
use end_to_end::{Binaries, Cluster};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);
const MEMBERS: [&str; 3] = ["IMS1", "IMS2", "IMS3"];

/// A collector that keeps the spans it is sent, with the member that sent each.
struct Collector {
    address: String,
    spans: Arc<Mutex<Vec<(String, Span)>>>,
}

impl Collector {
    fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?.to_string();
        let spans: Arc<Mutex<Vec<(String, Span)>>> = Arc::default();
        let kept = Arc::clone(&spans);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if let Ok(request) = receive(stream) {
                    kept.lock().unwrap().extend(spans_of(request));
                }
            }
        });
        Ok(Self { address, spans })
    }

    fn spans(&self) -> Vec<(String, Span)> {
        self.spans.lock().unwrap().clone()
    }
}

/// Reads one request of OTLP over HTTP, and answers that all is well.
fn receive(stream: TcpStream) -> io::Result<ExportTraceServiceRequest> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    assert!(head.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{head}");
    let head = head.to_ascii_lowercase();
    assert!(head.contains("content-type: application/x-protobuf\r\n"), "{head}");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body)?;
    reader.into_inner().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
    ExportTraceServiceRequest::decode(body.as_slice()).map_err(io::Error::other)
}

fn spans_of(request: ExportTraceServiceRequest) -> Vec<(String, Span)> {
    let mut spans = Vec::new();
    for of_resource in request.resource_spans {
        let attributes = of_resource.resource.unwrap_or_default().attributes;
        assert_eq!(text(&attributes, "service.name"), "imsplex");
        let member = text(&attributes, "service.instance.id");
        let sent = of_resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
        spans.extend(sent.map(|span| (member.clone(), span)));
    }
    spans
}

fn text(attributes: &[KeyValue], key: &str) -> String {
    let value =
        attributes.iter().find(|attribute| attribute.key == key).and_then(|found| found.value.clone());
    match value.and_then(|value| value.value) {
        Some(Value::StringValue(text)) => text,
        _ => String::new(),
    }
}

#[test]
fn an_activation_is_one_trace_over_all_members() {
    let collector = Collector::start().unwrap();
    let endpoint = format!("[monitoring]\notlp_endpoint = \"http://{}\"\n", collector.address);
    let cluster = Cluster::start_configured(Binaries::for_stories().clone(), 3, &endpoint);
    cluster.set_up_bank();
    cluster.stage_change();
    cluster.spoc([IMPORT]).well();
    cluster.wait_until("all members have sent what they saw", LIMIT, || {
        let senders: BTreeSet<String> = collector.spans().into_iter().map(|(member, _)| member).collect();
        senders.iter().eq(MEMBERS.iter())
    });
    let spans = collector.spans();
    let traces: BTreeSet<_> = spans.iter().map(|(_, span)| span.trace_id.clone()).collect();
    assert_eq!(traces.len(), 1, "one trace");
    let by_id: BTreeMap<_, _> = spans.iter().map(|(_, span)| (span.span_id.clone(), span)).collect();
    assert_eq!(by_id.len(), spans.len(), "no two spans are the same");

    let whole: Vec<_> = spans.iter().filter(|(_, span)| span.parent_span_id.is_empty()).collect();
    assert_eq!(whole.len(), 1, "one root");
    let (sender, whole) = whole[0];
    assert_eq!((sender, whole.name.as_str()), (&cluster.master(), "activation"));
    assert_eq!(text(&whole.attributes, "imsplex.outcome"), "committed");
    let token = text(&whole.attributes, "imsplex.command_token");
    assert!(cluster.log("IMS1").text_since(0).contains(&format!("COMMAND TOKEN={token}")), "{token}");

    for (_, span) in spans.iter().filter(|(_, span)| !span.parent_span_id.is_empty()) {
        assert!(by_id.contains_key(&span.parent_span_id), "{} hangs in the air", span.name);
        assert!(span.start_time_unix_nano <= span.end_time_unix_nano, "{}", span.name);
    }
    let count = |name: &str| spans.iter().filter(|(_, span)| span.name == name).count();
    let names =
        ["prepare", "commit1", "commit2", "vote", "completion", "participant commit1", "participant commit2"];
    assert_eq!(names.map(count), [1, 1, 1, 3, 3, 2, 2]);
    cluster.finish();
}

#[test]
fn a_collector_that_is_gone_is_named_once_and_holds_nothing_up() {
    let collector = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let endpoint = format!("[monitoring]\notlp_endpoint = \"http://{collector}\"\n");
    let cluster = Cluster::start_configured(Binaries::for_stories().clone(), 1, &endpoint);
    cluster.set_up_bank();
    cluster.stage_change();
    cluster.spoc([IMPORT]).well();
    cluster.wait_until("the operator is told", LIMIT, || cluster.message_count("IMS1", "OTEL301W") == 1);
    cluster.finish();
}
