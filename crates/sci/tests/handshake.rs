//! What strangers can't do to a member that listens, and what a connection does.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that fails to set the scene fails")]

mod common;

use bytes::Bytes;
use common::{Certificates, connected, dial_as, logged, member};
use futures::{SinkExt, StreamExt};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use sci::{
    BindError, Connection, DialError, IdentityFiles, Lane, Limits, Listener, ReceiveError, Role, SendError,
};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use vocabulary::encoding;

/// TLS to a member without any of this crate: with the certificate of `who`, or without one.
async fn raw_tls(
    certificates: &Certificates,
    address: SocketAddr,
    who: Option<&str>,
) -> TlsStream<TcpStream> {
    let folder = certificates.folder.path();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(folder.join("ca.pem")).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match who {
        None => config.with_no_client_auth(),
        Some(who) => {
            let files = IdentityFiles::in_folder(folder, who);
            let certificate = CertificateDer::from_pem_file(files.certificate).unwrap();
            let key = PrivateKeyDer::from_pem_file(files.key).unwrap();
            config.with_client_auth_cert(vec![certificate], key).unwrap()
        }
    };
    let tcp = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, tcp).await.unwrap()
}

/// Accepts until a member comes, which shows that everyone before it got nowhere.
async fn only_a_member_gets_in(certificates: &Certificates, mut listener: Listener) {
    let identity = certificates.identity(Role::Member, "IMS2");
    let address = listener.address();
    let (dialed, accepted) = tokio::join!(
        dial_as(&identity, address, Lane::Member),
        timeout(Duration::from_secs(3), listener.accept())
    );
    dialed.unwrap();
    assert_eq!(accepted.unwrap().peer.name, "IMS2");
}

/// Everything that comes until the peer closes, in order or not.
async fn all_of(stream: &mut (impl AsyncReadExt + Unpin)) -> Vec<u8> {
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    answer
}

#[tokio::test]
async fn a_client_without_a_certificate_gets_nowhere() {
    let certificates = Certificates::new();
    let mut listener = certificates.listener("IMS1", Limits::default()).await;
    let address = listener.address();
    let client = async {
        let mut tls = raw_tls(&certificates, address, None).await;
        let _ = tls.write_all(b"let me in").await;
        tls.read(&mut [0; 64]).await.unwrap_err().to_string()
    };
    let refused = tokio::select! {
        refused = client => refused,
        accepted = listener.accept() => panic!("{accepted:?}"),
    };
    assert!(refused.contains("CertificateRequired"), "{refused}");
    only_a_member_gets_in(&certificates, listener).await;
    assert!(logged().contains("LINK206W") && logged().contains("it shows no certificate"), "{}", logged());
}

#[tokio::test]
async fn garbage_instead_of_tls_is_closed_and_logged_with_its_address() {
    let certificates = Certificates::new();
    let mut listener = certificates.listener("IMS1", Limits::default()).await;
    let mut client = TcpStream::connect(listener.address()).await.unwrap();
    let own = client.local_addr().unwrap();
    client.write_all(b"GET / HTTP/1.1\r\nHost: ims\r\n\r\n").await.unwrap();
    tokio::select! {
        _ = all_of(&mut client) => {}
        accepted = listener.accept() => panic!("{accepted:?}"),
    }
    drop(client);
    only_a_member_gets_in(&certificates, listener).await;
    assert!(logged().contains(&format!("address={own}")), "{}", logged());
    assert!(
        logged().contains(&format!("A CONNECTION FROM {own} IS REFUSED: it does not speak TLS")),
        "{}",
        logged()
    );
}

#[tokio::test]
async fn garbage_after_tls_is_refused_with_a_reason() {
    let certificates = Certificates::new();
    let mut listener = certificates.listener("IMS1", Limits::default()).await;
    certificates.identity(Role::ADMINISTRATOR, "jane");
    let address = listener.address();
    let client = async {
        let mut tls = raw_tls(&certificates, address, Some("jane")).await;
        tls.write_all(b"\0\0\0\x0bno hello..!").await.unwrap();
        all_of(&mut tls).await
    };
    let answer = tokio::select! {
        answer = client => answer,
        accepted = listener.accept() => panic!("{accepted:?}"),
    };
    let text = String::from_utf8_lossy(&answer);
    assert!(text.contains("not a SCI conversation: it does not begin as one"), "{text}");
    only_a_member_gets_in(&certificates, listener).await;
}

/// A first frame: this protocol at this version, and a hello.
fn hello(version: u8, plex: &str, from: &str) -> Vec<u8> {
    let body = encoding::encode(&(plex, from, 2u8));
    let length = u8::try_from(10 + body.len()).unwrap();
    [&[0, 0, 0, length], &b"IMSSCI\0\0\0"[..], &[version], &body].concat()
}

#[tokio::test]
async fn a_client_that_does_not_check_what_it_should_is_checked_all_the_same() {
    let certificates = Certificates::new();
    let mut listener = certificates.listener("IMS1", Limits::default()).await;
    certificates.identity(Role::ADMINISTRATOR, "jane");
    let subject = ["spy", "PLEX9", "operator"];
    common::forge(certificates.folder.path(), "spy", subject, (2000, 2900)).unwrap();
    let address = listener.address();
    let cases = [
        ("spy", hello(1, "PLEX9", "spy"), "the certificate is that of operator spy of plex PLEX9"),
        ("spy", hello(1, "PLEX1", "jane"), "the certificate is that of operator spy of plex PLEX9"),
        ("jane", hello(1, "PLEX1", "john"), "the hello is of john of plex PLEX1"),
        ("jane", hello(1, "PLEX9", "jane"), "the hello is of jane of plex PLEX9"),
        ("jane", hello(2, "PLEX1", "jane"), "is of format 2, and this program reads formats up to 1"),
    ];
    for (who, hello, expected) in cases {
        let client = async {
            let mut tls = raw_tls(&certificates, address, Some(who)).await;
            tls.write_all(&hello).await.unwrap();
            all_of(&mut tls).await
        };
        let answer = tokio::select! {
            answer = client => String::from_utf8_lossy(&answer).to_string(),
            accepted = listener.accept() => panic!("{accepted:?}"),
        };
        assert!(answer.contains(expected), "{expected} is not in {answer}");
    }
    only_a_member_gets_in(&certificates, listener).await;
}

#[tokio::test]
async fn a_hello_that_says_to_be_longer_than_any_is_not_waited_for() {
    let certificates = Certificates::new();
    let mut listener = certificates.listener("IMS1", Limits::default()).await;
    certificates.identity(Role::ADMINISTRATOR, "jane");
    let address = listener.address();
    let client = async {
        let mut tls = raw_tls(&certificates, address, Some("jane")).await;
        tls.write_all(&[0xff; 4]).await.unwrap();
        all_of(&mut tls).await
    };
    tokio::select! {
        _ = client => {}
        accepted = listener.accept() => panic!("{accepted:?}"),
    }
    only_a_member_gets_in(&certificates, listener).await;
    assert!(logged().contains("its hello could not be read: frame size too big"), "{}", logged());
}

#[tokio::test]
async fn a_silent_client_keeps_nobody_waiting() {
    let certificates = Certificates::new();
    let listener = certificates.listener("IMS1", Limits::default()).await;
    let _silent = TcpStream::connect(listener.address()).await.unwrap();
    only_a_member_gets_in(&certificates, listener).await;
}

#[tokio::test]
async fn a_crowd_of_silent_clients_is_thrown_out_the_oldest_first_for_one_who_speaks() {
    let certificates = Certificates::new();
    let limits = Limits { handshakes_max: 2, ..Limits::default() };
    let listener = certificates.listener("IMS1", limits).await;
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(TcpStream::connect(listener.address()).await.unwrap());
    }
    let oldest = silent[0].local_addr().unwrap();
    only_a_member_gets_in(&certificates, listener).await;
    assert_eq!(all_of(&mut silent[0]).await, b"");
    let line = format!(
        "A CONNECTION FROM {oldest} IS REFUSED: it had not shown who it is when too many others came"
    );
    assert!(logged().contains(&line), "{}", logged());
}

#[tokio::test]
async fn a_silent_client_is_thrown_out_in_time() {
    let certificates = Certificates::new();
    let limits = Limits { handshake_ms: 100, ..Limits::default() };
    let mut listener = certificates.listener("IMS1", limits).await;
    let mut silent = TcpStream::connect(listener.address()).await.unwrap();
    tokio::select! {
        answer = all_of(&mut silent) => assert_eq!(answer, b""),
        accepted = listener.accept() => panic!("{accepted:?}"),
    }
    only_a_member_gets_in(&certificates, listener).await;
    assert!(logged().contains("nothing came within 100 ms"), "{}", logged());
}

#[tokio::test]
async fn both_ends_know_each_other_and_frames_go_both_ways() {
    let (mut dialed, accepted) = connected(Role::ADMINISTRATOR, Lane::Operator, Limits::default()).await;
    assert_eq!(dialed.peer().to_string(), "member IMS1 of plex PLEX1");
    assert_eq!(accepted.peer.to_string(), "operator PEER of plex PLEX1");
    assert_eq!((dialed.lane(), accepted.lane), (Lane::Operator, Lane::Operator));
    let mut accepting = accepted.connection;
    dialed.send(Bytes::from_static(b"QRY DB")).await.unwrap();
    assert_eq!(accepting.recv().await.unwrap().unwrap(), "QRY DB");
    let (mut sender, mut receiver) = accepting.split();
    sender.send(Bytes::new()).await.unwrap();
    assert_eq!(dialed.recv().await.unwrap().unwrap(), "");
    sender.close().await.unwrap();
    assert!(dialed.recv().await.unwrap().is_none());
    drop(dialed);
    assert!(!matches!(receiver.recv().await, Ok(Some(_))));
}

#[tokio::test]
async fn a_frame_beyond_the_limit_is_not_sent_and_breaks_nothing() {
    let limits = Limits { frame_bytes_max: 100, ..Limits::default() };
    let (mut dialed, mut accepted) = connected(Role::Member, Lane::Member, limits).await;
    let refused = dialed.send(Bytes::from(vec![0; 101])).await;
    assert!(matches!(refused, Err(SendError::TooLong { bytes: 101, bytes_max: 100, .. })), "{refused:?}");
    dialed.send(Bytes::from(vec![7; 100])).await.unwrap();
    assert_eq!(accepted.connection.recv().await.unwrap().unwrap(), vec![7; 100]);
}

#[tokio::test]
async fn a_length_beyond_the_limit_closes_the_connection_and_says_whose_it_was() {
    let (dialed, mut accepted) = connected(Role::ADMINISTRATOR, Lane::Operator, Limits::default()).await;
    let mut frames = dialed.into_frames();
    frames.get_mut().write_all(&[0x7f, 0xff, 0xff, 0xff]).await.unwrap();
    frames.get_mut().flush().await.unwrap();
    let received = accepted.connection.recv().await;
    assert!(
        matches!(received, Err(ReceiveError::TooLong { bytes_max, .. }) if bytes_max == 8 << 20),
        "{received:?}"
    );
    let text = received.unwrap_err().to_string();
    assert!(text.contains("operator PEER of plex PLEX1 at 127.0.0.1:"), "{text}");
    assert!(text.contains("announced a frame of more than 8388608 bytes"), "{text}");
}

#[tokio::test]
async fn consensus_has_longer_frames_and_its_own_way_with_them() {
    let limits = Limits { frame_bytes_max: 100, raft_frame_bytes_max: 200_000, ..Limits::default() };
    let (dialed, accepted) = connected(Role::Member, Lane::Raft, limits).await;
    let (mut here, mut there) = (dialed.into_frames(), accepted.connection.into_frames());
    let sent = Bytes::from(vec![3; 200_000]);
    let (result, received) = tokio::join!(here.send(sent.clone()), there.next());
    result.unwrap();
    assert_eq!(received.unwrap().unwrap(), sent);
}

#[tokio::test]
async fn a_killed_peer_is_not_mistaken_for_an_orderly_end() {
    let (dialed, mut accepted) = connected(Role::Member, Lane::Member, Limits::default()).await;
    drop(dialed);
    let received = accepted.connection.recv().await;
    assert!(matches!(received, Err(ReceiveError::Broken { .. })), "{received:?}");
}

#[tokio::test]
async fn a_connection_can_run_over_any_stream() {
    let (here, there) = tokio::io::duplex(1_024);
    let peer = |name| sci::Peer::new(Role::Member, name, "PLEX1".parse().unwrap()).unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], 1));
    let mut here = Connection::over(here, peer("IMS2"), Lane::Member, address, 100);
    let mut there = Connection::over(there, peer("IMS1"), Lane::Member, address, 100);
    here.send(Bytes::from_static(b"vote")).await.unwrap();
    assert_eq!(there.recv().await.unwrap().unwrap(), "vote");
}

#[tokio::test]
async fn a_port_that_can_not_be_opened_is_named() {
    let certificates = Certificates::new();
    let first = certificates.listener("IMS1", Limits::default()).await;
    let identity = certificates.identity(Role::Member, "IMS2");
    let address = first.address().to_string();
    let again = Listener::bind(&address, &identity, Limits::default()).await.unwrap_err();
    assert!(matches!(again, BindError::InUse { .. }));
    assert!(again.to_string().starts_with(&format!("{address} is in use by another program")), "{again}");
    let elsewhere = Listener::bind("192.0.2.1:7001", &identity, Limits::default()).await.unwrap_err();
    assert!(matches!(elsewhere, BindError::NotHere { .. }), "{elsewhere}");
    let nowhere = Listener::bind("7001", &identity, Limits::default()).await.unwrap_err();
    assert!(matches!(nowhere, BindError::Failed { .. }), "{nowhere}");
}

#[tokio::test]
async fn the_member_that_is_expected_is_the_one_that_is_reached() {
    let certificates = Certificates::new();
    let mut listener = certificates.listener("IMS1", Limits::default()).await;
    let identity = certificates.identity(Role::Member, "IMS2");
    let address = listener.address().to_string();
    let limits = Limits::default();
    let dialing = sci::dial(&identity, &address, Some(member("IMS3")), Lane::Raft, &limits);
    let error = tokio::select! {
        dialed = dialing => dialed.unwrap_err(),
        accepted = listener.accept() => panic!("{accepted:?}"),
    };
    assert!(matches!(error, DialError::WrongMember { expected, .. } if expected == member("IMS3")));
}
