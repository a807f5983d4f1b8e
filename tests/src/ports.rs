//! Ports that nobody else takes: below those that the system gives to outgoing connections, so that a member that is
//! down for a while finds its port free when it comes back.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

const FIRST: u16 = 15_000;
const COUNT: u16 = 15_000;

/// So many ports of the loopback address on which nobody listens, none given twice by this process.
pub fn free(count: usize) -> Vec<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Test programs that run side by side begin at different places.
    let start = (std::process::id() % u32::from(COUNT)) as u16;
    let candidates = (0..COUNT).map(|_| {
        let offset = NEXT.fetch_add(1, Ordering::Relaxed);
        FIRST + start.wrapping_add(offset) % COUNT
    });
    candidates.filter(|&port| TcpListener::bind(("127.0.0.1", port)).is_ok()).take(count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ports_are_given_once_and_never_one_that_is_taken() {
        let first = free(3);
        let taken = TcpListener::bind(("127.0.0.1", first[2] + 1));
        let mut seen: BTreeSet<_> = first.iter().copied().collect();
        let second = free(3);
        assert!(taken.is_err() || !second.contains(&(first[2] + 1)));
        seen.extend(second);
        assert_eq!(seen.len(), 6);
    }
}
