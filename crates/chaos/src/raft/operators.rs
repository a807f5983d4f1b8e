//! Operators: what they ask of members, and what they note of the answers.

use super::facts::Facts;
use super::member::{OPERATOR_PORT, named};
use crate::dice::Dice;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use turmoil::net::TcpStream;

/// How many operators there are.
pub(super) const OPERATORS: u64 = 4;

/// How many registers there are. Few, so that operators meet.
const REGISTERS: u64 = 4;

/// How long an operator waits for a connection, and for an answer.
const CONNECT_WITHIN: Duration = Duration::from_millis(400);
const ANSWER_WITHIN: Duration = Duration::from_millis(3_000);

/// What a member can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    Write {
        register: u8,
        value: u64,
    },
    Read {
        register: u8,
    },
    /// Of the master: up to which entry a read has to wait.
    Barrier,
    HandOver,
    Add {
        node: u64,
    },
    Replace {
        old: u64,
        new: u64,
    },
    Remove {
        node: u64,
    },
}

/// What a member answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reply {
    Done(u64),
    /// It was not done, and never will be.
    Refused,
    Unknown,
}

/// Asks a member over a connection of its own.
pub(super) async fn ask(member: &str, ask: Ask) -> io::Result<Reply> {
    let connected = timeout(CONNECT_WITHIN, TcpStream::connect((member, OPERATOR_PORT))).await;
    ask_over(&mut connected.map_err(|_| io::ErrorKind::TimedOut)??, ask).await
}

async fn ask_over(stream: &mut TcpStream, ask: Ask) -> io::Result<Reply> {
    stream.write_all(&ask.to_bytes()).await?;
    let mut answer = [0; 9];
    timeout(ANSWER_WITHIN, stream.read_exact(&mut answer)).await.map_err(|_| io::ErrorKind::TimedOut)??;
    let mut value = [0; 8];
    value.copy_from_slice(&answer[1..]);
    Ok(match answer[0] {
        0 => Reply::Done(u64::from_be_bytes(value)),
        1 => Reply::Refused,
        _ => Reply::Unknown,
    })
}

/// What is asked next on a connection.
pub(super) async fn asked(stream: &mut TcpStream) -> io::Result<Ask> {
    let mut bytes = [0; 17];
    stream.read_exact(&mut bytes).await?;
    Ask::from_bytes(&bytes).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

pub(super) async fn reply(stream: &mut TcpStream, reply: Reply) -> io::Result<()> {
    let (kind, value) = match reply {
        Reply::Done(value) => (0, value),
        Reply::Refused => (1, 0),
        Reply::Unknown => (2, 0),
    };
    stream.write_all(&[&[kind][..], &value.to_be_bytes()].concat()).await
}

impl Ask {
    fn to_bytes(self) -> Vec<u8> {
        let (kind, one, other) = match self {
            Self::Write { register, value } => (0u8, u64::from(register), value),
            Self::Read { register } => (1, u64::from(register), 0),
            Self::Barrier => (2, 0, 0),
            Self::HandOver => (3, 0, 0),
            Self::Add { node } => (4, node, 0),
            Self::Replace { old, new } => (5, old, new),
            Self::Remove { node } => (6, node, 0),
        };
        [&[kind][..], &one.to_be_bytes(), &other.to_be_bytes()].concat()
    }

    fn from_bytes(bytes: &[u8; 17]) -> Option<Self> {
        let number = |at: usize| bytes[at..at + 8].try_into().ok().map(u64::from_be_bytes);
        let (one, other) = (number(1)?, number(9)?);
        Some(match bytes[0] {
            0 => Self::Write { register: one as u8, value: other },
            1 => Self::Read { register: one as u8 },
            2 => Self::Barrier,
            3 => Self::HandOver,
            4 => Self::Add { node: one },
            5 => Self::Replace { old: one, new: other },
            6 => Self::Remove { node: one },
            _ => return None,
        })
    }
}

/// Works at whatever member, until the world ends.
pub(super) async fn operate(nth: u64, seed: u64, facts: Facts) -> turmoil::Result {
    let mut dice = Dice::of(seed.wrapping_mul(1_000).wrapping_add(nth + 1));
    let mut written = 0;
    let mut at: Option<(String, TcpStream)> = None;
    loop {
        tokio::time::sleep(Duration::from_millis(dice.between(1, 40))).await;
        let (member, mut stream) = match at.take() {
            Some(connected) => connected,
            None => {
                let nodes = facts.with(|known| known.standings.len() as u64);
                let member = named(dice.between(1, nodes.max(1)));
                let connected = timeout(CONNECT_WITHIN, TcpStream::connect((&*member, OPERATOR_PORT))).await;
                match connected {
                    Ok(Ok(stream)) => (member, stream),
                    _ => continue,
                }
            }
        };
        let register = dice.up_to(REGISTERS - 1) as u8;
        let write = dice.happens(500).then(|| {
            written += 1;
            written * OPERATORS + nth
        });
        let request = write.map_or(Ask::Read { register }, |value| Ask::Write { register, value });
        let called = facts.with(|known| known.history.called(nth as usize, register, write));
        let answer = ask_over(&mut stream, request).await;
        note(&facts, &member, called, write.is_some(), &answer);
        // Who was not served goes elsewhere.
        if matches!(answer, Ok(Reply::Done(_))) && dice.happens(900) {
            at = Some((member, stream));
        }
    }
}

fn note(facts: &Facts, member: &str, called: usize, is_write: bool, answer: &io::Result<Reply>) {
    facts.with(|known| match answer {
        Ok(Reply::Done(value)) => {
            known.history.answered(called, *value);
            match is_write {
                true => known.took_write = true,
                false => drop(known.served.insert(member.to_string())),
            }
        }
        Ok(Reply::Refused) => known.history.refused(called),
        Ok(Reply::Unknown) | Err(_) => {}
    });
}

/// Asks for a change of who takes part, of one member after the other, until one does it.
pub(super) async fn administer(
    request: Ask,
    of: Vec<String>,
    facts: Facts,
    done: impl FnOnce(Reply),
) -> turmoil::Result {
    let mut outcome = Reply::Refused;
    for member in of {
        outcome = ask(&member, request).await.unwrap_or(Reply::Unknown);
        if outcome != Reply::Refused {
            break;
        }
    }
    facts.tell(&format!("{request:?}: {outcome:?}"));
    done(outcome);
    Ok(())
}
