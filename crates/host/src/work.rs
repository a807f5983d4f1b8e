//! Work that would hold up everything else on the thread that it is asked for on, such as reading or writing a whole
//! snapshot.

use std::io;

/// Does it on another thread.
#[cfg(not(simulated))]
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

/// A simulated world has one thread, and the order of what happens in it follows from its seed.
#[cfg(simulated)]
pub(crate) async fn blocking<T>(work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    tokio::task::yield_now().await;
    work()
}

/// Does it here, while another thread takes over what this one would have served.
#[cfg(not(simulated))]
pub(crate) fn in_place<T>(work: impl FnOnce() -> T) -> T {
    tokio::task::block_in_place(work)
}

/// A simulated world has one thread.
#[cfg(simulated)]
pub(crate) fn in_place<T>(work: impl FnOnce() -> T) -> T {
    work()
}
