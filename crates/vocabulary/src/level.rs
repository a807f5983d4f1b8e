//! Counters that only rise.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! level {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub u64);

        impl $name {
            /// The one after this.
            #[must_use]
            pub fn next(self) -> Self {
                Self(self.0 + 1)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

level! {
    /// How many activations the directory has seen. Every successful activation raises it by one; a member that
    /// holds a lower one than the plex works with old definitions.
    DirectoryLevel
}
level! {
    /// How many takeovers a resource has seen. A writer with a lower epoch than its data set is refused.
    Epoch
}
level! {
    /// The place of a record in a member's log. Record numbers start at 1 and have no gaps.
    LogSequence
}
