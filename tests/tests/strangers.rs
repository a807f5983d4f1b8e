//! What strangers and broken programs send to the port of a member: they are refused, it is said who they were, and
//! the member goes on to serve.

use end_to_end::{Binaries, Cluster};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::error::Error;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(30);

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What a connection is for, as a hello says it.
const RAFT: u8 = 0;
const OPERATOR: u8 = 2;

fn port(cluster: &Cluster) -> Outcome<SocketAddr> {
    let config = std::fs::read_to_string(cluster.layout().config("IMS1"))?;
    let address = config.split("address = \"").nth(1).and_then(|rest| rest.split('"').next());
    Ok(address.ok_or("no address")?.parse()?)
}

fn dial(cluster: &Cluster) -> Outcome<TcpStream> {
    let tcp = TcpStream::connect(port(cluster)?)?;
    tcp.set_read_timeout(Some(LIMIT))?;
    Ok(tcp)
}

/// TLS to the member with the certificate of somebody, or with none.
fn dial_tls(
    cluster: &Cluster,
    certificates: &Path,
    who: Option<&str>,
) -> Outcome<StreamOwned<ClientConnection, TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(cluster.layout().folder.join("certs/ca.pem"))?)?;
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots);
    let config = match who {
        None => config.with_no_client_auth(),
        Some(who) => config.with_client_auth_cert(
            vec![CertificateDer::from_pem_file(certificates.join(format!("{who}.pem")))?],
            PrivateKeyDer::from_pem_file(certificates.join(format!("{who}-key.pem")))?,
        )?,
    };
    let connection = ClientConnection::new(Arc::new(config), ServerName::try_from("localhost")?)?;
    Ok(StreamOwned::new(connection, dial(cluster)?))
}

/// The first frame of somebody who comes for a lane, as members and operators send it.
fn hello(who: &str, lane: u8) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap_or(0)], text.as_bytes()].concat();
    let body = [&b"IMSSCI\0\0\0\x01"[..], &text("PLEX1"), &text(who), &[lane]].concat();
    frame(&body)
}

fn frame(body: &[u8]) -> Vec<u8> {
    [&u32::try_from(body.len()).unwrap_or(0).to_be_bytes(), body].concat()
}

/// Sends this, and gives what comes until the member closes the connection.
fn send(stream: &mut (impl Read + Write), bytes: &[u8]) -> Vec<u8> {
    // It may be closed before all is sent, and in whatever way.
    let _ = stream.write_all(bytes).and_then(|()| stream.flush());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    answer
}

/// Waits until the member has said this, in one line, of somebody else than before.
fn said(cluster: &Cluster, number: &str, texts: &[&str]) {
    cluster.wait_until(&format!("{number} says {texts:?}"), LIMIT, || {
        let lines = cluster.log("IMS1").lines_with(number);
        lines.iter().any(|line| texts.iter().all(|text| line.contains(text)))
    });
}

fn still_serves(cluster: &Cluster) {
    let begin = Instant::now();
    cluster.spoc(["QUERY MEMBER TYPE(IMS)"]).well();
    assert!(begin.elapsed() < Duration::from_secs(4), "it took {:?}", begin.elapsed());
}

#[test]
fn strangers_are_refused_by_name_and_keep_nobody_from_being_served() -> Outcome<()> {
    let cluster = Cluster::start(1);
    let own = cluster.layout().folder.join("certs");
    let strangers = tempfile::tempdir()?;
    let made = Command::new(&Binaries::for_stories().ims)
        .args(["certificates", "--plex", "PLEX1", "IMS1", "--operator", "operator", "--out"])
        .arg(strangers.path())
        .status()?;
    assert!(made.success());

    let mut tcp = dial(&cluster)?;
    let from = tcp.local_addr()?.to_string();
    send(&mut tcp, b"GET / HTTP/1.1\r\nHost: ims\r\n\r\n");
    said(&cluster, "LINK206W", &[&from, "it does not speak TLS"]);
    still_serves(&cluster);

    send(&mut dial_tls(&cluster, &own, None)?, b"let me in");
    said(&cluster, "LINK206W", &["it shows no certificate"]);

    // The same names, from another authority.
    for who in ["operator", "IMS1"] {
        let mut tls = dial_tls(&cluster, strangers.path(), Some(who))?;
        let from = tls.sock.local_addr()?.to_string();
        send(&mut tls, &hello(who, OPERATOR));
        said(&cluster, "LINK206W", &[&from, "issued by another authority"]);
    }
    still_serves(&cluster);

    // A certificate of this plex, and a first frame that is no hello, or too long for one.
    let answer = send(&mut dial_tls(&cluster, &own, Some("operator"))?, &frame(b"no hello at all"));
    assert!(String::from_utf8_lossy(&answer).contains("not a SCI conversation"), "{answer:?}");
    send(&mut dial_tls(&cluster, &own, Some("operator"))?, &[0xff; 4]);
    said(&cluster, "LINK206W", &["hello could not be read: frame size too big"]);
    let answer = send(&mut dial_tls(&cluster, &own, Some("operator"))?, &hello("operator", RAFT));
    assert!(String::from_utf8_lossy(&answer).contains("may not use the raft lane"), "{answer:?}");
    still_serves(&cluster);
    cluster.finish();
    Ok(())
}

#[test]
fn frames_that_nobody_sends_close_their_connection_and_no_other() -> Outcome<()> {
    let mut cluster = Cluster::start(1);
    cluster.set_up_bank();
    let own = cluster.layout().folder.join("certs");
    let region = cluster.spoc_aside(["region", "--psb", "TELLER"]);
    cluster.wait_until("TELLER is scheduled", LIMIT, || region.printed().contains("SCHEDULED"));

    // (who, lane, what is sent after the hello, what the log says it was)
    let huge = [&0x7fff_ffff_u32.to_be_bytes()[..], b"and so on"].concat();
    let cases: [(&str, u8, Vec<u8>, &str); 5] = [
        ("operator", OPERATOR, huge.clone(), "a frame of more than 8388608 bytes"),
        ("operator", OPERATOR, frame(&[99; 20]), "99"),
        ("operator", OPERATOR, frame(&[1]), "1 byte"),
        ("IMS1", RAFT, huge, "what consensus can't read"),
        ("IMS1", RAFT, frame(b"GET / HTTP/1.1"), "what consensus can't read"),
    ];
    for (who, lane, bytes, what) in cases {
        let mut tls = dial_tls(&cluster, &own, Some(who))?;
        let from = tls.sock.local_addr()?.to_string();
        let begin = Instant::now();
        send(&mut tls, &[hello(who, lane), bytes].concat());
        assert!(begin.elapsed() < Duration::from_secs(4), "{what}: it took {:?}", begin.elapsed());
        said(&cluster, "LINK205W", &[&from, who, what]);
        still_serves(&cluster);
    }
    let rows = cluster.rows(&["QUERY PGM NAME(TELLER) SHOW(WORK)"]);
    assert!(rows.iter().any(|row| row["Work"] != ""), "the region lost its place: {rows:?}");
    drop(region);
    cluster.expect_error(end_to_end::bank::NOT_OPENED);
    cluster.finish();
    Ok(())
}

#[test]
fn a_crowd_that_says_nothing_shuts_nobody_out_and_does_not_fill_the_log() -> Outcome<()> {
    let cluster = Cluster::start(1);
    let own = cluster.layout().folder.join("certs");
    let mut crowd = Vec::new();
    for _ in 0..300 {
        crowd.push(dial(&cluster)?);
    }
    still_serves(&cluster);
    // The same again, one of them in the middle of TLS: with a certificate, and without a word.
    let mut half = dial_tls(&cluster, &own, Some("operator"))?;
    while half.conn.is_handshaking() {
        half.conn.complete_io(&mut half.sock)?;
    }
    for _ in 0..100 {
        crowd.push(dial(&cluster)?);
    }
    still_serves(&cluster);
    said(&cluster, "LINK206W", &["too many others"]);
    // Those that are left are thrown out in time, and nobody is told of each of them.
    let mut last = crowd.pop().ok_or("no crowd")?;
    assert_eq!(send(&mut last, b""), b"");
    let lines = cluster.log("IMS1").lines_with("LINK206W").len();
    assert!((1..=45).contains(&lines), "{lines} lines for a crowd of 400");
    cluster.finish();
    Ok(())
}
