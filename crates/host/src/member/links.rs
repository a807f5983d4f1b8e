//! Links to the other members: dialed, kept, dialed again.

use super::addresses::AddressBook;
use super::core::Core;
use super::link_news::LinkNews;
use super::reach::Reach;
use super::wire::{Envelope, Question, Reply};
use crate::logging;
use bytes::Bytes;
use control_region::{Event, Letter, LinkState};
use plex::{Incarnation, MemberState};
use sci::DialError;
use sci::mux::{Caller, TellError};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{io, time::Duration};
use tokio::task::JoinHandle;
use vocabulary::message::LINK208I;
use vocabulary::{MemberName, encoding};

/// The pause before a member that was not reached is dialed again.
const REDIAL: Duration = Duration::from_millis(100);
/// How many letters wait for a link.
const WAITING_MAX: usize = 256;
/// How long a host waits for the answer of another.
const QUESTION: Duration = Duration::from_secs(5);

/// Keeps the links that the control region wants. Clones are the same keeper.
#[derive(Debug, Clone)]
pub(super) struct LinkKeeper {
    reach: Reach,
    core: Arc<Core>,
    book: AddressBook,
    links: Arc<Mutex<BTreeMap<MemberName, Link>>>,
}

#[derive(Debug)]
struct Link {
    address: String,
    end: Arc<Mutex<End>>,
    task: JoinHandle<()>,
}

/// Our end of a link.
#[derive(Debug, Default)]
struct End {
    caller: Option<Caller>,
    /// Letters for a member that is there and not linked yet: one that has just started asks before it is dialed.
    waiting: VecDeque<Bytes>,
}

impl End {
    fn send(&mut self, letter: Bytes) -> Result<(), TellError> {
        match &self.caller {
            Some(caller) => caller.tell(letter),
            None => {
                if self.waiting.len() == WAITING_MAX {
                    self.waiting.pop_front();
                }
                self.waiting.push_back(letter);
                Ok(())
            }
        }
    }

    fn up(&mut self, caller: Caller) {
        for letter in self.waiting.drain(..) {
            // A link that is lost again by now loses its letters, as letters may be lost.
            let _ = caller.tell(letter);
        }
        self.caller = Some(caller);
    }
}

impl LinkKeeper {
    pub(super) fn new(reach: Reach, core: Arc<Core>, book: AddressBook) -> Self {
        Self { reach, core, book, links: Arc::default() }
    }

    /// Keeps exactly these links from now on.
    pub(super) fn keep(&self, wanted: &BTreeMap<MemberName, String>) {
        let place = |(member, address): (&MemberName, &String)| (*member, self.book.of(*member, address));
        let wanted: BTreeMap<_, _> = wanted.iter().map(place).collect();
        let mut links = lock(&self.links);
        links.retain(|member, link| {
            let stays = wanted.get(member) == Some(&link.address);
            if !stays {
                link.task.abort();
            }
            stays
        });
        for (member, address) in wanted {
            links.entry(member).or_insert_with(|| self.open(member, address));
        }
    }

    /// A member says that it listens elsewhere now. Refused while it is linked where it was: then it runs twice.
    pub(super) fn moved(&self, member: MemberName, from: &str, to: &str) -> Result<(), String> {
        let mut links = lock(&self.links);
        let link = links.get(&member);
        if let Some(link) = link.filter(|link| link.address != to && lock(&link.end).caller.is_some()) {
            return Err(format!("{member} is at work at {}; stop that one first", link.address));
        }
        if self.book.note(member, from, to) {
            logging::issue(&LINK208I.with(&[&member, &to, &from]));
        }
        if let Some(earlier) = links.remove(&member) {
            if earlier.address == to {
                links.insert(member, earlier);
            } else {
                earlier.task.abort();
                links.insert(member, self.open(member, to.to_string()));
            }
        }
        Ok(())
    }

    fn open(&self, member: MemberName, address: String) -> Link {
        let end = Arc::new(Mutex::new(End::default()));
        let task = tokio::spawn(self.clone().keep_link(member, address.clone(), Arc::clone(&end)));
        Link { address, end, task }
    }

    /// Sends a letter, as soon as the link is up. It may be lost; whoever is owed an answer asks again.
    pub(super) fn send(&self, to: MemberName, incarnation: Incarnation, letter: Letter) {
        let body = Bytes::from(encoding::encode(&Envelope { incarnation, letter }));
        let links = lock(&self.links);
        let Some(link) = links.get(&to) else { return };
        match lock(&link.end).send(body) {
            Ok(()) | Err(TellError::Lost(_)) => {}
            Err(error) => tracing::warn!(to = %to, "a letter was not sent: {error}"),
        }
    }

    /// Asks another host.
    pub(super) async fn ask(&self, to: MemberName, question: &Question) -> Option<Reply> {
        ask(&self.caller(to)?, question).await
    }

    /// The members whose links are up.
    pub(super) fn up(&self) -> Vec<MemberName> {
        let links = lock(&self.links);
        links.iter().filter(|(_, link)| lock(&link.end).caller.is_some()).map(|(member, _)| *member).collect()
    }

    fn caller(&self, to: MemberName) -> Option<Caller> {
        let links = lock(&self.links);
        lock(&links.get(&to)?.end).caller.clone()
    }

    /// Dials the member, and again whenever the link is lost.
    async fn keep_link(self, member: MemberName, address: String, end: Arc<Mutex<End>>) {
        let mut news = LinkNews::new(member, &address);
        loop {
            match self.reach.call(member, &address).await {
                Ok(caller) => {
                    news.up();
                    lock(&end).up(caller.clone());
                    self.core.tell(Event::Link { member, state: LinkState::Up });
                    let lost = caller.closed().await;
                    news.lost(lost.reason.to_string());
                    lock(&end).caller = None;
                    self.core.tell(Event::Link { member, state: LinkState::Down { refused: false } });
                }
                Err(error) => {
                    let refused = nobody_listens(&error);
                    if refused {
                        lock(&end).waiting.clear();
                    }
                    news.not_reached(&error, refused, ended_in_order(&self.core, member));
                    self.core.tell(Event::Link { member, state: LinkState::Down { refused } });
                    tokio::time::sleep(REDIAL).await;
                }
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Asks a host over a link.
pub(super) async fn ask(caller: &Caller, question: &Question) -> Option<Reply> {
    let body = caller.ask(Bytes::from(encoding::encode(question)), QUESTION).await.ok()?;
    encoding::decode("reply of a host", &body).ok()
}

/// Whether the plex knows that the member ended in order.
fn ended_in_order(core: &Core, member: MemberName) -> bool {
    core.look(|region| {
        let entry = region.plex().roster().get(&member);
        entry.is_some_and(|entry| entry.state == MemberState::Stopped)
    })
}

/// A live host holds its address open, so that a refusal means its process is gone.
fn nobody_listens(error: &DialError) -> bool {
    matches!(error, DialError::NotReached { source, .. } if source.kind() == io::ErrorKind::ConnectionRefused)
}
