//! Many conversations over one connection.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that fails to set the scene fails")]

mod common;

use bytes::Bytes;
use common::connected;
use futures::future::join_all;
use sci::{
    Connection, Lane, Limits, Role,
    mux::{AskError, Caller, Incoming, LostReason, MuxSettings, Responder, TellError, serve},
};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{sync::mpsc, task::JoinHandle};

const SECOND: Duration = Duration::from_secs(1);

/// A peer is missed soon.
fn quick() -> MuxSettings {
    MuxSettings { keepalive_ms: 50, silence_ms: 400, ..MuxSettings::default() }
}

async fn pair(limits: Limits) -> (Connection, Connection) {
    let (dialed, accepted) = connected(Role::Member, Lane::Member, limits).await;
    (dialed, accepted.connection)
}

/// A caller, and the task that serves it.
async fn linked<H, F>(
    settings: MuxSettings,
    limits: Limits,
    handler: H,
) -> (Caller, JoinHandle<sci::mux::LinkLost>)
where
    H: Fn(Incoming) -> F + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let (dialed, accepted) = pair(limits).await;
    let serving = tokio::spawn(serve(accepted, settings, handler));
    (Caller::start(dialed, settings), serving)
}

/// Hands every ask to the test.
fn handing_over() -> (impl Fn(Incoming) -> std::future::Ready<()>, mpsc::UnboundedReceiver<(Bytes, Responder)>)
{
    let (asked, asks) = mpsc::unbounded_channel();
    let handler = move |incoming| {
        if let Incoming::Ask { body, responder } = incoming {
            asked.send((body, responder)).unwrap();
        }
        std::future::ready(())
    };
    (handler, asks)
}

#[tokio::test]
async fn many_asks_at_once_each_get_their_own_answer() {
    let at_work = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let settings = MuxSettings { asks_max: 8, ..MuxSettings::default() };
    let (counted, highest) = (Arc::clone(&at_work), Arc::clone(&most));
    let handler = move |incoming| {
        let (counted, highest) = (Arc::clone(&counted), Arc::clone(&highest));
        async move {
            let Incoming::Ask { body, responder } = incoming else { return };
            highest.fetch_max(counted.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(u64::from(body[0] % 5))).await;
            counted.fetch_sub(1, Ordering::SeqCst);
            responder.answer(body);
        }
    };
    let (caller, _serving) = linked(settings, Limits::default(), handler).await;
    let asks = (0..200u8).map(|number| {
        let caller = caller.clone();
        async move {
            let question = Bytes::from(vec![number; usize::from(number) * 100 + 1]);
            assert_eq!(caller.ask(question.clone(), 5 * SECOND).await.unwrap(), question);
        }
    });
    join_all(asks).await;
    let most = most.load(Ordering::SeqCst);
    assert!((2..=8).contains(&most), "{most} asks were in work at a time");
}

#[tokio::test]
async fn a_slow_ask_does_not_hold_up_a_quick_one() {
    let (handler, mut asks) = handing_over();
    let (caller, _serving) = linked(MuxSettings::default(), Limits::default(), handler).await;
    let slow = caller.clone();
    let slow = tokio::spawn(async move { slow.ask(Bytes::from_static(b"slow"), SECOND).await });
    let (_, slow_responder) = asks.recv().await.unwrap();
    let (quick, ()) = tokio::join!(caller.ask(Bytes::from_static(b"quick"), SECOND), async {
        let (body, responder) = asks.recv().await.unwrap();
        assert_eq!(body, "quick");
        responder.answer(Bytes::from_static(b"done"));
    });
    assert_eq!(quick.unwrap(), "done");
    slow_responder.answer(Bytes::from_static(b"done at last"));
    assert_eq!(slow.await.unwrap().unwrap(), "done at last");
}

#[tokio::test]
async fn progress_comes_in_order_and_before_the_answer() {
    let handler = |incoming| async move {
        let Incoming::Ask { responder, .. } = incoming else { return };
        for phase in ["PREPARE", "COMMIT1", "COMMIT2"] {
            responder.progress(Bytes::from_static(phase.as_bytes()));
        }
        responder.answer(Bytes::from_static(b"COMPLETE"));
    };
    let (caller, _serving) = linked(MuxSettings::default(), Limits::default(), handler).await;
    let mut seen = Vec::new();
    let answer = caller
        .ask_with_progress(Bytes::from_static(b"IMPORT"), SECOND, |report| {
            seen.push(String::from_utf8(report.to_vec()).unwrap());
        })
        .await;
    assert_eq!(answer.unwrap(), "COMPLETE");
    assert_eq!(seen, ["PREPARE", "COMMIT1", "COMMIT2"]);
}

#[tokio::test]
async fn tells_arrive_in_order() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&seen);
    let handler = move |incoming| {
        let told = Arc::clone(&told);
        async move {
            match incoming {
                Incoming::Tell(body) => {
                    // Gives way between taking and noting, where a handler beside this one would get ahead.
                    tokio::task::yield_now().await;
                    told.lock().unwrap().push(body[0]);
                }
                Incoming::Ask { responder, .. } => responder.answer(Bytes::new()),
            }
        }
    };
    let (caller, _serving) = linked(MuxSettings::default(), Limits::default(), handler).await;
    for number in 0..100 {
        caller.tell(Bytes::from(vec![number])).unwrap();
    }
    while seen.lock().unwrap().len() < 100 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(*seen.lock().unwrap(), (0..100).collect::<Vec<u8>>());
}

#[tokio::test]
async fn who_talks_faster_than_the_peer_listens_is_told_so() {
    let settings = MuxSettings { tells_max: 4, ..MuxSettings::default() };
    let handler = |_| std::future::pending();
    let (caller, _serving) = linked(settings, Limits::default(), handler).await;
    let body = Bytes::from(vec![0; 1 << 20]);
    let full = async {
        loop {
            match caller.tell(body.clone()) {
                Ok(()) => tokio::task::yield_now().await,
                Err(error) => return error,
            }
        }
    };
    let full = tokio::time::timeout(3 * SECOND, full).await.unwrap();
    assert!(matches!(full, TellError::Full { tells_max: 4, .. }), "{full}");
}

#[tokio::test]
async fn a_busy_server_is_not_taken_for_a_lost_one() {
    let settings = MuxSettings { asks_max: 1, tells_max: 1, ..quick() };
    let (handler, mut asks) = handing_over();
    let (caller, serving) = linked(settings, Limits::default(), handler).await;
    let patient = caller.clone();
    let patient = tokio::spawn(async move { patient.ask(Bytes::from_static(b"?"), 3 * SECOND).await });
    let (_, responder) = asks.recv().await.unwrap();
    tokio::time::sleep(Duration::from_millis(900)).await;
    assert!(!caller.is_closed() && !serving.is_finished());
    responder.answer(Bytes::from_static(b"!"));
    assert_eq!(patient.await.unwrap().unwrap(), "!");
}

#[tokio::test]
async fn an_ask_does_not_wait_longer_than_it_is_told_to() {
    let (handler, mut asks) = handing_over();
    let (caller, _serving) = linked(MuxSettings::default(), Limits::default(), handler).await;
    let error = caller.ask(Bytes::from_static(b"?"), Duration::from_millis(50)).await.unwrap_err();
    assert!(matches!(error, AskError::TimedOut { waited_ms: 50, .. }), "{error}");
    // The late answer is for nobody, and harms nobody.
    let (_, late) = asks.recv().await.unwrap();
    late.answer(Bytes::from_static(b"too late"));
    let (next, ()) = tokio::join!(caller.ask(Bytes::from_static(b"??"), SECOND), async {
        asks.recv().await.unwrap().1.answer(Bytes::from_static(b"in time"));
    });
    assert_eq!(next.unwrap(), "in time");
}

#[tokio::test]
async fn a_question_that_is_let_go_is_not_waited_for() {
    let handler = |incoming| async move { drop(incoming) };
    let (caller, _serving) = linked(MuxSettings::default(), Limits::default(), handler).await;
    let error = caller.ask(Bytes::from_static(b"?"), 5 * SECOND).await.unwrap_err();
    assert!(matches!(error, AskError::Unanswered { .. }), "{error}");
}

#[tokio::test]
async fn a_handler_that_panics_costs_one_answer_and_not_the_link() {
    let handler = |incoming| async move {
        let Incoming::Ask { body, responder } = incoming else { return };
        assert!(body != "fail", "on purpose");
        responder.answer(body);
    };
    let (caller, _serving) = linked(MuxSettings::default(), Limits::default(), handler).await;
    let error = caller.ask(Bytes::from_static(b"fail"), SECOND).await.unwrap_err();
    assert!(matches!(error, AskError::Unanswered { .. }), "{error}");
    assert_eq!(caller.ask(Bytes::from_static(b"go on"), SECOND).await.unwrap(), "go on");
}

#[tokio::test]
async fn what_is_too_long_is_refused_on_both_sides_and_breaks_nothing() {
    let limits = Limits { frame_bytes_max: 109, ..Limits::default() };
    let handler = |incoming| async move {
        let Incoming::Ask { body, responder } = incoming else { return };
        responder.answer(Bytes::from(vec![0; usize::from(body[0])]));
    };
    let (caller, _serving) = linked(MuxSettings::default(), limits, handler).await;
    let long = Bytes::from(vec![0; 101]);
    let error = caller.ask(long.clone(), SECOND).await.unwrap_err();
    assert!(matches!(error, AskError::TooLong { bytes: 101, bytes_max: 100, .. }), "{error}");
    assert!(matches!(caller.tell(long), Err(TellError::TooLong { .. })));
    let error = caller.ask(Bytes::from_static(&[101]), SECOND).await.unwrap_err();
    assert!(error.to_string().ends_with("the answer has 101 bytes, and 100 is the most"), "{error}");
    assert_eq!(caller.ask(Bytes::from_static(&[100]), SECOND).await.unwrap(), vec![0; 100]);
}

#[tokio::test]
async fn a_peer_that_falls_silent_is_lost_to_the_caller() {
    // The connection stays open, as that of a stopped process does.
    let (dialed, _stopped) = pair(Limits::default()).await;
    let caller = Caller::start(dialed, quick());
    let asked = caller.ask(Bytes::from_static(b"?"), 5 * SECOND);
    let (asked, lost) = tokio::join!(asked, caller.closed());
    assert_eq!(lost.reason, LostReason::Silent { silence_ms: 400 });
    assert_eq!(asked.unwrap_err(), AskError::Lost(lost.clone()));
    assert_eq!(caller.tell(Bytes::new()), Err(TellError::Lost(lost.clone())));
    assert_eq!(caller.ask(Bytes::new(), SECOND).await, Err(AskError::NotSent(lost)));
}

#[tokio::test]
async fn a_peer_that_falls_silent_is_lost_to_the_server() {
    let (_stopped, accepted) = pair(Limits::default()).await;
    let lost = serve(accepted, quick(), |_| async {}).await;
    assert_eq!(lost.reason, LostReason::Silent { silence_ms: 400 });
}

#[tokio::test]
async fn an_idle_link_stays_up() {
    let (caller, serving) = linked(quick(), Limits::default(), |_| async {}).await;
    tokio::time::sleep(Duration::from_millis(900)).await;
    assert!(!caller.is_closed() && !serving.is_finished());
}

#[tokio::test]
async fn the_link_ends_in_order_with_its_last_caller() {
    let (caller, serving) = linked(MuxSettings::default(), Limits::default(), |_| async {}).await;
    drop(caller.clone());
    assert!(!caller.is_closed());
    drop(caller);
    assert_eq!(serving.await.unwrap().reason, LostReason::Ended);
}

#[tokio::test]
async fn work_in_progress_ends_even_when_the_asker_is_gone() {
    let (handler, mut asks) = handing_over();
    let (caller, serving) = linked(MuxSettings::default(), Limits::default(), handler).await;
    let asking = tokio::spawn(async move { caller.ask(Bytes::from_static(b"?"), SECOND).await });
    let (_, responder) = asks.recv().await.unwrap();
    asking.abort();
    serving.await.unwrap();
    responder.progress(Bytes::from_static(b"half"));
    responder.answer(Bytes::from_static(b"nobody hears"));
}

#[tokio::test]
async fn what_is_no_frame_of_this_protocol_ends_the_link() {
    let (mut dialed, accepted) = pair(Limits::default()).await;
    dialed.send(Bytes::from_static(b"short")).await.unwrap();
    let lost = serve(accepted, MuxSettings::default(), |_| async {}).await;
    let text = "a frame of 5 bytes, which is too short";
    assert_eq!(lost.reason, LostReason::Malformed(text.to_string()));
}
