//! Where chance comes from that openraft, tokio or anybody else asks the machine for.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::cell::RefCell;

thread_local! {
    static CHANCE: RefCell<ChaCha8Rng> = RefCell::new(ChaCha8Rng::seed_from_u64(0));
}

/// From now on what is random on this thread follows from `seed`.
pub(super) fn begin(seed: u64) {
    CHANCE.set(ChaCha8Rng::seed_from_u64(seed));
}

/// What the crate getrandom hands out in a program that was built with `--cfg getrandom_backend="custom"`. Elsewhere
/// nobody calls it.
///
/// # Safety
///
/// `into` has to be valid for writing `length` bytes.
#[expect(unsafe_code, reason = "getrandom calls it by this name, with a pointer and a length")]
#[unsafe(no_mangle)]
unsafe extern "Rust" fn __getrandom_v03_custom(into: *mut u8, length: usize) -> Result<(), getrandom::Error> {
    // SAFETY: getrandom gives a place of that length, which need not hold anything yet; bytes of any value may be in it.
    let into = unsafe {
        into.write_bytes(0, length);
        std::slice::from_raw_parts_mut(into, length)
    };
    CHANCE.with_borrow_mut(|chance| chance.fill_bytes(into));
    Ok(())
}
