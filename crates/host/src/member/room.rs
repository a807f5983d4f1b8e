//! What a member does whose log has no room: it lets another lead, and stops when that lasts.

use crate::consensus::{Consensus, Standing};
use futures::future::pending;
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;
use tokio::time::timeout;

/// How long a master without room waits before it tries again to find a successor.
const HAND_OVER_PAUSE: Duration = Duration::from_secs(1);

/// Why the log has no room, once it had none for so long.
pub(super) async fn without_room_for(span: Duration, mut standing: watch::Receiver<Standing>) -> String {
    while standing.wait_for(|standing| standing.full.is_some()).await.is_ok() {
        let room = timeout(span, standing.wait_for(|standing| standing.full.is_none())).await.is_ok();
        let full = standing.borrow().full.clone();
        if let (false, Some(full)) = (room, full) {
            return full;
        }
    }
    pending().await
}

/// A master whose log has no room can't make a proposal: another one leads until it has.
pub(super) async fn lead_only_with_room(consensus: Arc<Consensus>) {
    let mut standing = consensus.standing();
    while standing.wait_for(|standing| standing.is_master && standing.full.is_some()).await.is_ok() {
        consensus.hand_over().await;
        tokio::time::sleep(HAND_OVER_PAUSE).await;
    }
}
