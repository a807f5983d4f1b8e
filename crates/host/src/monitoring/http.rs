//! The port: three pages, and nothing that changes anything.

use super::health;
use super::meters::Meters;
use super::readings;
use super::sight::Sight;
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Connections that are served at a time. Further ones wait to be accepted.
const CONNECTIONS_MAX: usize = 64;

/// How long a request may take to arrive.
const REQUEST: Duration = Duration::from_secs(5);

/// How long a connection is kept. Whoever asks more often than that makes another; whoever does not read his answer must
/// not hold a place for ever.
const CONNECTION: Duration = Duration::from_secs(120);

/// How long to wait when the system has no socket to give.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

const PLAIN: &str = "text/plain; charset=utf-8";
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// An open port.
pub(crate) struct MonitoringPort {
    socket: TcpListener,
    address: SocketAddr,
}

impl MonitoringPort {
    /// Opens `address` (`host:port`).
    pub(crate) async fn open(address: &str) -> io::Result<Self> {
        let socket = TcpListener::bind(address).await?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address })
    }

    /// The address that is open.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

/// What the pages are made of.
struct Pages {
    sight: Sight,
    meters: Meters,
}

/// Answers whoever asks, until it is dropped.
pub(crate) async fn serve(port: MonitoringPort, sight: Sight, meters: Meters) {
    let pages = Arc::new(Pages { sight, meters });
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        match port.socket.accept().await {
            Ok((stream, _)) => {
                let pages = Arc::clone(&pages);
                tokio::spawn(async move {
                    converse(stream, pages).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::debug!("no connection to the monitoring port could be accepted: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn converse(stream: TcpStream, pages: Arc<Pages>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = pages.answer(&request);
        async move { Ok::<_, Infallible>(answer) }
    });
    let mut connection = http1::Builder::new();
    connection.timer(TokioTimer::new()).header_read_timeout(REQUEST);
    let served = timeout(CONNECTION, connection.serve_connection(TokioIo::new(stream), service)).await;
    if let Ok(Err(error)) = served {
        tracing::debug!("a connection to the monitoring port ended: {error}");
    }
}

impl Pages {
    fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return page(StatusCode::METHOD_NOT_ALLOWED, PLAIN, "only GET is served here\n".to_string());
        }
        let verbose = request.uri().query().is_some_and(|query| query.split('&').any(is_verbose));
        match request.uri().path() {
            "/livez" => checked(&health::live(self.sight.stood_still()), verbose),
            "/readyz" => checked(&health::ready(&self.sight.look()), verbose),
            "/metrics" => self.metrics(),
            _ => page(
                StatusCode::NOT_FOUND,
                PLAIN,
                "there are /livez, /readyz and /metrics here\n".to_string(),
            ),
        }
    }

    fn metrics(&self) -> Response<Full<Bytes>> {
        let seen = readings::of(&self.sight, &self.sight.look());
        let mut text = String::new();
        let written = encode_registry(&mut text, &seen)
            .and_then(|()| encode_registry(&mut text, self.meters.registry()))
            .and_then(|()| encode_eof(&mut text));
        match written {
            Ok(()) => page(StatusCode::OK, OPEN_METRICS, text),
            Err(error) => page(StatusCode::INTERNAL_SERVER_ERROR, PLAIN, format!("{error}\n")),
        }
    }
}

fn is_verbose(parameter: &str) -> bool {
    parameter.split('=').next() == Some("verbose")
}

fn checked(checks: &[health::Check], verbose: bool) -> Response<Full<Bytes>> {
    let well = health::all_well(checks);
    let status = if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    page(status, PLAIN, health::told(checks, verbose))
}

fn page(status: StatusCode, content_type: &'static str, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
