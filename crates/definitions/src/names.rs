//! What stands for a name that could not be read.

use std::str::FromStr;
use vocabulary::NameError;

/// A name that no source should have. What has it was reported, and is kept only so that what follows is checked.
pub(crate) const UNNAMED: &str = "$UNNAMED";

/// The name, or what stands for one that could not be read.
pub(crate) fn or_unnamed<N: FromStr<Err = NameError>>(given: Option<N>) -> Option<N> {
    given.or_else(|| UNNAMED.parse().ok())
}
