//! Certificates that change while the member runs: looked for, checked, taken for new connections.
//!
//! A certificate and its key are two files, so there is a moment in which they do not belong together. Only what stays
//! wrong from one look to the next is complained of, once; what was in force stays in force.

use super::check_certificate;
use crate::config::Config;
use crate::logging;
use sci::Identity;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::signal::unix::Signal;
use tokio::sync::watch;
use tokio::task::block_in_place;
use vocabulary::message::{CERT401I, CERT402E, CERT403W};

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(2);
/// How often an end that is near is told.
const REMIND: Duration = Duration::from_secs(86_400);
const DAY_S: i64 = 86_400;

/// What tells a file from the one that was there before: where it is, when it was changed, how long it is.
pub(super) type Mark = Option<(u64, i64, i64, u64)>;

/// Keeps the identity of a member as its files are.
pub(super) struct Rotation {
    config: Config,
    identities: watch::Sender<Identity>,
    /// The files that were taken, or refused, last.
    settled: [Mark; 3],
    /// The files as they were at the last look.
    seen: [Mark; 3],
}

impl Rotation {
    /// For a member that has loaded this identity from files that had these marks.
    pub(super) fn new(config: Config, marks: [Mark; 3], identities: watch::Sender<Identity>) -> Self {
        Self { config, identities, settled: marks, seen: marks }
    }

    /// Looks every few seconds, and at once when the signal comes.
    pub(super) async fn run(mut self, mut signal: Signal) {
        let (mut looks, mut reminders) = (tokio::time::interval(LOOK), tokio::time::interval(REMIND));
        loop {
            tokio::select! {
                _ = looks.tick() => self.look(false),
                _ = reminders.tick() => self.remind(),
                _ = signal.recv() => self.look(true),
            }
        }
    }

    fn look(&mut self, asked: bool) {
        // The disk may take long, and this thread has more to do.
        let marks = block_in_place(|| marks(&self.config));
        if marks == self.settled && !asked {
            return;
        }
        let stays = marks == self.seen || asked;
        self.seen = marks;
        match block_in_place(|| self.load()) {
            Ok(identity) => {
                self.settled = marks;
                self.take(identity);
            }
            Err(reason) if stays => {
                self.settled = marks;
                logging::issue(&CERT402E.with(&[&self.config.member, &reason]));
            }
            Err(_) => {}
        }
    }

    fn load(&self) -> Result<Identity, String> {
        let identity = Identity::load(&self.config.tls).map_err(|error| error.to_string())?;
        check_certificate(&self.config, &identity).map_err(|error| error.to_string())?;
        Ok(identity)
    }

    fn take(&self, identity: Identity) {
        let file = self.config.tls.certificate.display();
        let until = identity.ends().first().map(|end| end.at.clone()).unwrap_or_default();
        logging::issue(&CERT401I.with(&[&self.config.member, &file, &until, &identity.authorities()]));
        self.identities.send_replace(identity);
        self.remind();
    }

    /// Tells what ends soon.
    fn remind(&self) {
        let now_s = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let now_s = i64::try_from(now_s).unwrap_or(i64::MAX);
        for end in self.identities.borrow().ends() {
            let days = end.at_s.saturating_sub(now_s) / DAY_S;
            if days < i64::from(self.config.warn_days) {
                logging::issue(&CERT403W.with(&[&end.path.display(), &end.at, &days]));
            }
        }
    }
}

/// What tells the certificate files of a member from later ones.
pub(super) fn marks(config: &Config) -> [Mark; 3] {
    [&config.tls.ca, &config.tls.certificate, &config.tls.key].map(|path| {
        let found = fs::metadata(path).ok()?;
        Some((found.ino(), found.mtime(), found.mtime_nsec(), found.len()))
    })
}
