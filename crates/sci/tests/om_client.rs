//! An operator reaches a member and asks it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that fails to set the scene fails")]

mod common;

use common::{Certificates, member};
use csl::{
    envelope::{OperatorRequest, Progress},
    om::Answer,
};
use sci::{
    ClientSettings, Identity, Lane, Limits, Listener, OmClient, OmError, Role,
    mux::{Incoming, MuxSettings, serve},
};
use std::time::Duration;
use vocabulary::{Moment, encoding};

fn settings(identity: Identity, members: &[(&str, &str)]) -> ClientSettings {
    ClientSettings {
        plex: "PLEX1".parse().unwrap(),
        identity,
        members: members.iter().map(|(name, address)| (member(name), address.to_string())).collect(),
        connect_timeout_ms: 1_000,
    }
}

fn query() -> OperatorRequest {
    OperatorRequest::Command { text: "QRY MEMBER TYPE(IMS)".to_string(), wait_ms: None }
}

/// A member that says what it does, and answers with the command that it got.
async fn answer_commands(mut listener: Listener) {
    loop {
        let accepted = listener.accept().await;
        assert_eq!(accepted.lane, Lane::Operator);
        tokio::spawn(serve(accepted.connection, MuxSettings::default(), |incoming| async move {
            let Incoming::Ask { body, responder } = incoming else { return };
            let request = encoding::decode("request", &body).unwrap();
            let OperatorRequest::Command { text, .. } = request else { return };
            let progress = Progress { text: "ASKING 3 MEMBERS".to_string() };
            responder.progress(encoding::encode(&progress).into());
            responder.answer(encoding::encode(&Answer::new(&text, Moment(7))).into());
        }));
    }
}

#[tokio::test]
async fn the_first_member_that_answers_is_asked() {
    let certificates = Certificates::new();
    let listener = certificates.listener("IMS2", Limits::default()).await;
    let address = listener.address().to_string();
    tokio::spawn(answer_commands(listener));
    let jane = certificates.identity(Role::ADMINISTRATOR, "jane");
    let client =
        OmClient::connect(&settings(jane, &[("IMS1", "127.0.0.1:1"), ("IMS2", &address)])).await.unwrap();
    assert_eq!(client.member().name, "IMS2");
    let mut seen = Vec::new();
    let answer =
        client.ask(&query(), Duration::from_secs(1), |progress| seen.push(progress.text)).await.unwrap();
    assert_eq!(answer.command, "QRY MEMBER TYPE(IMS)");
    assert_eq!(seen, ["ASKING 3 MEMBERS"]);
}

#[tokio::test]
async fn when_no_member_is_reached_each_one_says_why() {
    let certificates = Certificates::new();
    let listener = certificates.listener("IMS2", Limits::default()).await;
    let address = listener.address().to_string();
    tokio::spawn(answer_commands(listener));
    let jane = certificates.identity(Role::ADMINISTRATOR, "jane");
    let error =
        OmClient::connect(&settings(jane, &[("IMS1", "127.0.0.1:1"), ("IMS3", &address)])).await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("no member of plex PLEX1 could be reached:\n  IMS1: no member answers at"),
        "{text}"
    );
    assert!(text.contains("\n  IMS3: IMS3 was to be at"), "{text}");
}

#[tokio::test]
async fn settings_that_can_lead_nowhere_are_told_before_anything_is_dialed() {
    let certificates = Certificates::new();
    let jane = certificates.identity(Role::ADMINISTRATOR, "jane");
    let error = OmClient::connect(&settings(jane.clone(), &[])).await.unwrap_err();
    assert!(matches!(error, OmError::NoMembers { .. }), "{error}");
    let elsewhere =
        ClientSettings { plex: "PLEX2".parse().unwrap(), ..settings(jane, &[("IMS1", "127.0.0.1:1")]) };
    let error = OmClient::connect(&elsewhere).await.unwrap_err();
    assert!(matches!(error, OmError::OtherPlex { .. }), "{error}");
}

#[tokio::test]
async fn an_answer_that_can_not_be_read_is_told_from_none() {
    let certificates = Certificates::new();
    let mut listener = certificates.listener("IMS1", Limits::default()).await;
    let address = listener.address().to_string();
    tokio::spawn(async move {
        let accepted = listener.accept().await;
        serve(accepted.connection, MuxSettings::default(), |incoming| async move {
            let Incoming::Ask { responder, .. } = incoming else { return };
            responder.progress(b"\xff\xff".as_slice().into());
            responder.answer(b"\xff\xff".as_slice().into());
        })
        .await
    });
    let jane = certificates.identity(Role::ADMINISTRATOR, "jane");
    let client = OmClient::connect(&settings(jane, &[("IMS1", &address)])).await.unwrap();
    let error = client.ask(&query(), Duration::from_secs(1), |_| panic!("no progress")).await.unwrap_err();
    assert!(matches!(error, OmError::BadAnswer { .. }), "{error}");
}
