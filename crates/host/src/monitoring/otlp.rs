//! Sends traces to a collector, over OTLP with protobuf and plain HTTP.
//!
//! Nothing waits for it: what can't be sent in time is dropped, and the operator told once.

use super::spans;
use crate::logging;
use bytes::Bytes;
use control_region::Course;
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use std::io;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::timeout;
use vocabulary::message::OTEL301W;
use vocabulary::{MemberName, PlexName};

/// Where traces go below the endpoint, as OTLP has it.
const PATH: &str = "/v1/traces";
/// How many activations wait to be sent. They are rare.
const WAITING_MAX: usize = 64;
/// How long the collector may take.
const SENT_WITHIN: Duration = Duration::from_secs(10);
/// How often it is tried, and the pause before it is tried again.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(2);

/// Where a collector is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtlpEndpoint {
    address: String,
    path: String,
}

impl OtlpEndpoint {
    /// Reads `http://host:port`, with a path before that of OTLP if there is one.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no endpoint of OTLP over plain HTTP; write http://host:4318");
        let uri: Uri = text.parse().map_err(|_| wrong())?;
        let authority = uri.authority().filter(|_| uri.scheme_str() == Some("http")).ok_or_else(wrong)?;
        let address = format!("{}:{}", authority.host(), authority.port_u16().unwrap_or(4318));
        Ok(Self { address, path: format!("{}{PATH}", uri.path().trim_end_matches('/')) })
    }
}

/// Who the spans are of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) member: MemberName,
    pub(crate) plex: PlexName,
}

/// Takes what is to be sent. Without an endpoint it takes nothing.
#[derive(Debug, Clone)]
pub(crate) struct Traces {
    origin: Origin,
    waiting: Option<Sender<Vec<Span>>>,
}

impl Traces {
    /// Begins to send to this endpoint, in a task of the current runtime, if there is one.
    pub(crate) fn to(endpoint: Option<OtlpEndpoint>, origin: Origin) -> Self {
        let waiting = endpoint.map(|endpoint| {
            let (sender, waiting) = channel(WAITING_MAX);
            tokio::spawn(send_all(endpoint, origin, waiting));
            sender
        });
        Self { origin, waiting }
    }

    /// Sends how an activation went. `plex` is the number of the plex.
    pub(crate) fn activation_ended(&self, course: &Course, plex: u64) {
        if let Some(waiting) = &self.waiting {
            // A collector that is gone for so long loses traces, and holds nothing up.
            let _ = waiting.try_send(spans::of(course, self.origin.member, plex));
        }
    }
}

async fn send_all(endpoint: OtlpEndpoint, origin: Origin, mut waiting: Receiver<Vec<Span>>) {
    let mut told = false;
    while let Some(spans) = waiting.recv().await {
        let body = Bytes::from(request(origin, spans).encode_to_vec());
        match send_insistently(&endpoint, &body).await {
            Ok(()) => told = false,
            Err(error) if !told => {
                logging::issue(&OTEL301W.with(&[&endpoint.address, &error]));
                told = true;
            }
            Err(error) => tracing::debug!("a trace was not sent: {error}"),
        }
    }
}

async fn send_insistently(endpoint: &OtlpEndpoint, body: &Bytes) -> Result<(), SendError> {
    let mut tries = 1;
    loop {
        match timeout(SENT_WITHIN, send(endpoint, body.clone())).await.unwrap_or(Err(SendError::Silent)) {
            Err(error) if tries < TRIES && error.may_pass() => {
                tries += 1;
                tokio::time::sleep(PAUSE).await;
            }
            outcome => return outcome,
        }
    }
}

/// A trace that was not taken.
#[derive(Debug, thiserror::Error)]
enum SendError {
    #[error("it can't be reached: {0}")]
    NotReached(#[from] io::Error),
    #[error("the connection broke: {0}")]
    Broken(#[from] hyper::Error),
    #[error("the request can't be written: {0}")]
    NoRequest(#[from] hyper::http::Error),
    #[error("it answered {0}")]
    Refused(StatusCode),
    #[error("it did not answer in time")]
    Silent,
}

impl SendError {
    /// Whether it is worth another try. OTLP names the answers that are.
    fn may_pass(&self) -> bool {
        match self {
            Self::Refused(status) => matches!(status.as_u16(), 429 | 502 | 503 | 504),
            Self::NoRequest(_) => false,
            Self::NotReached(_) | Self::Broken(_) | Self::Silent => true,
        }
    }
}

async fn send(endpoint: &OtlpEndpoint, body: Bytes) -> Result<(), SendError> {
    let stream = TcpStream::connect(&endpoint.address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let carried = tokio::spawn(connection);
    let request = Request::post(&endpoint.path)
        .header(HOST, &endpoint.address)
        .header(CONTENT_TYPE, "application/x-protobuf")
        .body(Full::new(body))?;
    let answer = sender.send_request(request).await;
    carried.abort();
    match answer?.status() {
        status if status.is_success() => Ok(()),
        status => Err(SendError::Refused(status)),
    }
}

fn request(origin: Origin, spans: Vec<Span>) -> ExportTraceServiceRequest {
    let attributes = vec![
        spans::text("service.name", "imsplex"),
        spans::text("service.instance.id", origin.member.as_str()),
        spans::text("service.version", env!("CARGO_PKG_VERSION")),
        spans::text("imsplex.plex", origin.plex.as_str()),
    ];
    let scope = InstrumentationScope { name: "imsplex".to_string(), ..InstrumentationScope::default() };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource { attributes, ..Resource::default() }),
            scope_spans: vec![ScopeSpans { scope: Some(scope), spans, ..ScopeSpans::default() }],
            ..ResourceSpans::default()
        }],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_http_with_a_host() {
        let endpoint = OtlpEndpoint::parse("http://collector:4318").unwrap();
        assert_eq!(endpoint, OtlpEndpoint { address: "collector:4318".into(), path: "/v1/traces".into() });
        let below = OtlpEndpoint::parse("http://gate/otel/").unwrap();
        assert_eq!(below, OtlpEndpoint { address: "gate:4318".into(), path: "/otel/v1/traces".into() });
        for wrong in ["https://collector:4318", "collector:4318", "", "http://"] {
            let refused = OtlpEndpoint::parse(wrong).unwrap_err();
            assert!(refused.contains("write http://host:4318"), "{refused}");
        }
    }
}
