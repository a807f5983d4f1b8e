//! Waiting for something, with a limit and a name.

use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(20);

/// It did not come about in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("waited {} s in vain until {description}", limit.as_secs_f64())]
pub struct TimedOut {
    description: String,
    limit: Duration,
}

/// Asks again and again until the condition holds. The description ends the sentence "waited until".
pub fn until(
    description: &str,
    limit: Duration,
    mut condition: impl FnMut() -> bool,
) -> Result<(), TimedOut> {
    let start = Instant::now();
    while !condition() {
        if start.elapsed() > limit {
            return Err(TimedOut { description: description.into(), limit });
        }
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_that_comes_to_hold_ends_the_wait() {
        let mut left = 3;
        let result = until("it is so", Duration::from_secs(10), || {
            left -= 1;
            left == 0
        });
        assert_eq!(result, Ok(()));
    }

    #[test]
    fn a_condition_that_never_holds_is_named() {
        let error = until("pigs fly", Duration::from_millis(50), || false).unwrap_err();
        assert_eq!(error.to_string(), "waited 0.05 s in vain until pigs fly");
    }
}
