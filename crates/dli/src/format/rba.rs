//! Where a segment is.

use std::num::NonZeroU32;

/// The place of a segment in its data set: a relative byte address.
///
/// Segments begin on halfwords, so the address is kept halved, and four bytes reach eight gigabytes. Address zero lies
/// in the control block, where there are no segments; in a pointer it means that there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rba(NonZeroU32);

impl Rba {
    /// The largest data set, in bytes.
    pub const SET_BYTES_MAX: u64 = 1 << 33;

    /// The address of this byte; none for odd bytes, byte zero and those out of reach.
    pub fn of_byte(byte: u64) -> Option<Self> {
        let halved = u32::try_from(byte / 2).ok()?;
        NonZeroU32::new(halved).filter(|_| byte.is_multiple_of(2)).map(Self)
    }

    /// The byte.
    pub fn byte(self) -> u64 {
        u64::from(self.0.get()) * 2
    }

    /// As a pointer has it.
    pub(crate) fn stored(self) -> [u8; 4] {
        self.0.get().to_be_bytes()
    }

    /// The pointer in these four bytes.
    pub(crate) fn load(bytes: [u8; 4]) -> Option<Self> {
        NonZeroU32::new(u32::from_be_bytes(bytes)).map(Self)
    }
}

/// What a pointer has for an address, or for none.
pub(crate) fn stored(rba: Option<Rba>) -> [u8; 4] {
    rba.map_or([0; 4], Rba::stored)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_even_and_reaches_eight_gigabytes() {
        assert_eq!(Rba::of_byte(0), None);
        assert_eq!(Rba::of_byte(4097), None);
        let last = Rba::of_byte(Rba::SET_BYTES_MAX - 2).unwrap();
        assert_eq!(Rba::load(last.stored()), Some(last));
        assert_eq!(last.byte(), Rba::SET_BYTES_MAX - 2);
        assert_eq!(Rba::of_byte(Rba::SET_BYTES_MAX), None);
        assert_eq!(Rba::load(stored(None)), None);
    }
}
