//! Where the work is done that would keep the core from its turns: one piece after the other, off the way of consensus.

use super::core::Core;
use super::performer::Ended;
use crate::work::blocking;
use control_region::{Event, Work, WorkId};
use std::sync::Arc;
use tokio::sync::{mpsc::UnboundedReceiver, watch};

/// A piece of work and its name.
pub(super) type Order = (WorkId, Work);

/// Does what is ordered, and tells the core what came of it.
pub(super) async fn work(
    core: Arc<Core>,
    mut orders: UnboundedReceiver<Order>,
    ended: watch::Sender<Option<Ended>>,
) {
    while let Some((work, task)) = orders.recv().await {
        match blocking(move || Ok(task.perform())).await {
            Ok(done) => core.tell(Event::Worked { work, done }),
            // Whoever waits for it would wait for ever.
            Err(error) => {
                ended.send_replace(Some(Ended::Broken(format!("work on definitions broke off: {error}"))));
                return;
            }
        }
    }
}
