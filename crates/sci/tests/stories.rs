//! The stories of this crate: who gets in where, and what those are told who don't.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that fails to set the scene fails")]

mod common;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use sci::{Connection, Identity, IdentityFiles, Lane, Limits, Listener, certificates::Authority, dial};
use std::{
    collections::BTreeMap,
    error::Error,
    fs,
    io::Write as _,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    runtime::Runtime,
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;
use vocabulary::{MemberName, PlexName, encoding};

/// What a story can do. Files are named as `FOLDER/NAME`, and so are identities.
#[derive(goldenscript::Command)]
enum Story {
    /// Makes an authority for a plex, in a folder of that name.
    Authority(String),
    /// Has the authority of a folder issue a certificate.
    Issue { identity: String, role: String },
    /// Signs a certificate of any subject with the key of an authority; `valid` is now, past or future.
    Forge {
        identity: String,
        #[arg(key)]
        cn: String,
        #[arg(key)]
        o: String,
        #[arg(key)]
        ou: String,
        #[arg(key, optional)]
        valid: Option<String>,
    },
    /// Writes text to a file.
    Put { file: String, text: String },
    /// Writes one file after the other into a third.
    Join { file: String, parts: Vec<String> },
    /// Loads an identity.
    Load { ca: String, certificate: String, key: String },
    /// Opens the port of a member.
    Listen {
        identity: String,
        #[arg(key, optional)]
        connections_max: Option<usize>,
    },
    /// Opens a port where something else answers: http, nonsense, end, silence; with a certificate it does so
    /// inside TLS, and knows also newer (a later protocol) and other (the hello of another member).
    Impostor {
        name: String,
        speaks: String,
        #[arg(key, optional)]
        certificate: Option<String>,
    },
    /// Closes a port.
    Close(String),
    /// Dials a port that was opened.
    Dial {
        to: String,
        #[arg(key)]
        by: String,
        #[arg(key)]
        lane: String,
        #[arg(key, optional)]
        expect: Option<String>,
        #[arg(key, optional)]
        ca: Option<String>,
    },
    /// Ends the connection that somebody dialed.
    HangUp {
        by: String,
        to: String,
        #[arg(key)]
        lane: String,
    },
}

struct World {
    runtime: Runtime,
    folder: TempDir,
    ports: BTreeMap<String, (SocketAddr, JoinHandle<()>)>,
    connections: BTreeMap<[String; 3], Connection>,
    let_in: Seen,
    let_go: Seen,
}

/// What members that listen have seen, oldest first.
type Seen = Arc<Mutex<Vec<String>>>;

impl goldenscript::Runner for World {
    type Command = Story;

    fn run(&mut self, story: &Story, _: &goldenscript::Context) -> Result<String, Box<dyn Error>> {
        let output = match story {
            Story::Authority(plex) => self.authority(plex),
            Story::Issue { identity, role } => self.issue(identity, role),
            Story::Forge { identity, cn, o, ou, valid } => {
                self.forge(identity, [cn, o, ou], valid.as_deref().unwrap_or("now"))
            }
            Story::Put { file, text } => Ok(fs::write(self.path(file), text).map(|()| String::new())?),
            Story::Join { file, parts } => self.join(file, parts),
            Story::Load { ca, certificate, key } => self.load(ca, certificate, key),
            Story::Listen { identity, connections_max } => self.listen(identity, *connections_max),
            Story::Impostor { name, speaks, certificate } => {
                self.impostor(name, speaks, certificate.as_deref())
            }
            Story::Close(name) => self.close(name),
            Story::Dial { to, by, lane, expect, ca } => {
                self.dial(to, by, lane, expect.as_deref(), ca.as_deref())
            }
            Story::HangUp { by, to, lane } => self.hang_up([by, to, lane]),
        };
        match output {
            Ok(text) => Ok(self.without_places(&text)),
            Err(error) => Err(self.without_places(&error.to_string()).into()),
        }
    }
}

type Output = Result<String, Box<dyn Error>>;

impl World {
    fn new() -> Self {
        Self {
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap(),
            folder: tempfile::tempdir().unwrap(),
            ports: BTreeMap::new(),
            connections: BTreeMap::new(),
            let_in: Arc::default(),
            let_go: Arc::default(),
        }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// Where an identity is: its folder, and its name in it.
    fn place(&self, identity: &str) -> (PathBuf, String) {
        let (folder, name) = identity.split_once('/').expect("FOLDER/NAME");
        (self.path(folder), name.to_string())
    }

    fn identity(&self, identity: &str, ca: Option<&str>) -> Result<Identity, Box<dyn Error>> {
        let (folder, name) = self.place(identity);
        let mut files = IdentityFiles::in_folder(&folder, &name);
        if let Some(ca) = ca {
            files.ca = self.path(ca);
        }
        Ok(Identity::load(&files)?)
    }

    fn authority(&self, plex: &str) -> Output {
        Authority::create(PlexName::new(plex)?)?.write(&self.path(plex))?;
        Ok(String::new())
    }

    fn issue(&self, identity: &str, role: &str) -> Output {
        let (folder, name) = self.place(identity);
        let authority = Authority::load(&folder)?;
        authority.issue(role.parse()?, &name, &[])?.write(&folder, &name)?;
        Ok(String::new())
    }

    fn forge(&self, identity: &str, subject: [&str; 3], valid: &str) -> Output {
        let years = match valid {
            "past" => (2000, 2001),
            "future" => (2900, 2901),
            _ => (2000, 2901),
        };
        let (folder, name) = self.place(identity);
        common::forge(&folder, &name, subject, years)?;
        Ok(String::new())
    }

    fn join(&self, file: &str, parts: &[String]) -> Output {
        let mut joined = fs::File::create(self.path(file))?;
        for part in parts {
            joined.write_all(&fs::read(self.path(part))?)?;
        }
        Ok(String::new())
    }

    fn load(&self, ca: &str, certificate: &str, key: &str) -> Output {
        let files =
            IdentityFiles { ca: self.path(ca), certificate: self.path(certificate), key: self.path(key) };
        Ok(match Identity::load(&files) {
            Ok(identity) => format!("{}\n", identity.peer()),
            Err(error) => format!("{}: {error}\n", variant(&error)),
        })
    }

    fn listen(&mut self, identity: &str, connections_max: Option<usize>) -> Output {
        let mut limits = Limits::default();
        limits.connections_max = connections_max.unwrap_or(limits.connections_max);
        let (_, name) = self.place(identity);
        let identity = self.identity(identity, None)?;
        let bound = self.runtime.block_on(Listener::bind("127.0.0.1:0", &identity, limits));
        let listener = match bound {
            Ok(listener) => listener,
            Err(error) => return Ok(format!("{}: {error}\n", variant(&error))),
        };
        let address = listener.address();
        let (let_in, let_go) = (Arc::clone(&self.let_in), Arc::clone(&self.let_go));
        let task = self.runtime.spawn(keep_listening(listener, let_in, let_go));
        self.ports.insert(name, (address, task));
        Ok(String::new())
    }

    fn impostor(&mut self, name: &str, speaks: &str, certificate: Option<&str>) -> Output {
        let acceptor = certificate.map(|identity| self.acceptor(identity)).transpose()?;
        let socket = self.runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let address = socket.local_addr()?;
        let task = self.runtime.spawn(pretend(socket, acceptor, speaks.to_string()));
        self.ports.insert(name.to_string(), (address, task));
        Ok(String::new())
    }

    fn close(&mut self, name: &str) -> Output {
        let (_, task) = self.ports.get_mut(name).ok_or("no such port")?;
        task.abort();
        // An aborted task ends with an error, which is what is wanted here.
        let _ = self.runtime.block_on(task);
        Ok(String::new())
    }

    fn dial(&mut self, to: &str, by: &str, lane: &str, expect: Option<&str>, ca: Option<&str>) -> Output {
        let identity = self.identity(by, ca)?;
        let address = self.ports[to].0.to_string();
        let expected = expect.map(MemberName::new).transpose()?;
        let limits = Limits { handshake_ms: 1_000, ..Limits::default() };
        // Silence is told from a slow answer by waiting only: the shorter the better.
        let limits = if to == "MUTE" { Limits { handshake_ms: 100, ..limits } } else { limits };
        let dialed = self.runtime.block_on(dial(&identity, &address, expected, self::lane(lane), &limits));
        match dialed {
            Ok(connection) => {
                let seen = self.runtime.block_on(next(&self.let_in));
                let text = format!("reached {}, lane {}\n{seen}\n", connection.peer(), connection.lane());
                self.connections.insert([by, to, lane].map(str::to_string), connection);
                Ok(text)
            }
            Err(error) => Ok(format!("{}: {error}\n", variant(&error))),
        }
    }

    fn hang_up(&mut self, which: [&str; 3]) -> Output {
        drop(self.connections.remove(&which.map(str::to_string)).ok_or("no such connection")?);
        Ok(format!("{}\n", self.runtime.block_on(next(&self.let_go))))
    }

    /// TLS as a server that asks for no certificate.
    fn acceptor(&self, identity: &str) -> Result<TlsAcceptor, Box<dyn Error>> {
        let (folder, name) = self.place(identity);
        let files = IdentityFiles::in_folder(&folder, &name);
        let chain = CertificateDer::pem_file_iter(&files.certificate)?.collect::<Result<_, _>>()?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, PrivateKeyDer::from_pem_file(&files.key)?)?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// Ports and folders are others in every run.
    fn without_places(&self, text: &str) -> String {
        let folder = format!("{}/", self.folder.path().display());
        let text = text.replace(&folder, "");
        self.ports
            .iter()
            .fold(text, |text, (name, (address, _))| text.replace(&address.to_string(), &format!("<{name}>")))
    }
}

async fn next(seen: &Seen) -> String {
    while seen.lock().unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    seen.lock().unwrap().remove(0)
}

async fn keep_listening(mut listener: Listener, let_in: Seen, let_go: Seen) {
    loop {
        let mut accepted = listener.accept().await;
        let_in.lock().unwrap().push(format!("let in {}, lane {}", accepted.peer, accepted.lane));
        let let_go = Arc::clone(&let_go);
        tokio::spawn(async move {
            while let Ok(Some(_)) = accepted.connection.recv().await {}
            drop(accepted.connection);
            let_go.lock().unwrap().push(format!("let go {}, lane {}", accepted.peer, accepted.lane));
        });
    }
}

async fn pretend(socket: TcpListener, acceptor: Option<TlsAcceptor>, speaks: String) {
    loop {
        let (stream, _) = socket.accept().await.unwrap();
        match &acceptor {
            None => answer(stream, &speaks).await,
            Some(acceptor) => {
                if let Ok(stream) = acceptor.accept(stream).await {
                    answer(stream, &speaks).await;
                }
            }
        }
    }
}

/// Reads something, answers, and keeps the line unless it is to end.
async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, speaks: &str) {
    let mut some = [0; 2_048];
    let _ = stream.read(&mut some).await;
    let _ = stream.write_all(&said(speaks)).await;
    let _ = stream.flush().await;
    if speaks != "end" {
        tokio::spawn(async move { while stream.read(&mut some).await.is_ok_and(|count| count > 0) {} });
    }
}

fn said(speaks: &str) -> Vec<u8> {
    match speaks {
        "http" => b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
        "nonsense" => frame(b"nonsense of a good length"),
        "newer" => frame(b"IMSSCI\0\0\0\x07whatever that is"),
        "other" => {
            let hello = encoding::encode(&(0u8, "PLEX1", "IMS7", 2u8));
            frame(&[&b"IMSSCI\0\0\0\x01"[..], &hello].concat())
        }
        _ => Vec::new(),
    }
}

fn frame(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&length[..], body].concat()
}

fn lane(text: &str) -> Lane {
    match text {
        "raft" => Lane::Raft,
        "member" => Lane::Member,
        "operator" => Lane::Operator,
        "region" => Lane::Region,
        other => panic!("no lane {other}"),
    }
}

/// The name of an error's variant.
fn variant(error: &impl std::fmt::Debug) -> String {
    format!("{error:?}").chars().take_while(|character| character.is_alphanumeric()).collect()
}

fn tell(script: &str) {
    goldenscript::run(&mut World::new(), format!("scripts/{script}")).unwrap();
}

#[test]
fn members_operators_and_regions_get_in_where_their_role_allows() {
    tell("roles");
}

#[test]
fn who_is_not_of_the_plex_gets_nowhere_and_is_told_why() {
    tell("strangers");
}

#[test]
fn what_is_no_member_is_told_from_one() {
    tell("impostors");
}

#[test]
fn an_identity_that_can_not_be_used_is_told_with_its_file() {
    tell("identities");
}
