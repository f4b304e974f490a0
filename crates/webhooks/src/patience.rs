//! When to try again, and when to give up.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

/// The first pause; each one after it is about twice as long.
pub const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// No pause is longer, chance apart.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(4 * 60 * 60);
/// Whom nothing could be told for this long is switched off.
pub const GIVE_UP_AFTER: Duration = Duration::from_secs(3 * 24 * 60 * 60);
/// Doublings beyond this make no difference.
const MOST_DOUBLINGS: usize = 40;

/// How long to wait after the `failed`th attempt in a row that failed, with chance in it: whoever failed together shall
/// not come back together. `asked` is what the receiver asked for (`Retry-After`).
#[must_use]
pub fn pause(first: Duration, failed: u32, asked: Option<Duration>) -> Duration {
    let doublings = usize::try_from(failed.saturating_sub(1)).unwrap_or(MOST_DOUBLINGS);
    let pauses = ExponentialBuilder::default()
        .with_factor(2.0)
        .with_min_delay(first)
        .with_max_delay(LONGEST_PAUSE)
        .with_jitter()
        .without_max_times();
    let own = pauses.build().nth(doublings.min(MOST_DOUBLINGS));
    let asked = asked.unwrap_or_default().min(LONGEST_PAUSE);
    own.unwrap_or(LONGEST_PAUSE).max(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound_and_differ() {
        for failed in 1..60 {
            let least = FIRST_PAUSE
                .saturating_mul(2_u32.saturating_pow(failed - 1))
                .min(LONGEST_PAUSE);
            for _ in 0..20 {
                let pause = pause(FIRST_PAUSE, failed, None);
                assert!(pause >= least, "{failed}: {pause:?} < {least:?}");
                assert!(pause <= LONGEST_PAUSE * 2, "{failed}: {pause:?}");
            }
        }
        let some: Vec<_> = (0..20).map(|_| pause(FIRST_PAUSE, 10, None)).collect();
        assert!(some.iter().any(|one| *one != some[0]), "{some:?}");
    }

    #[test]
    fn in_three_days_there_are_a_few_dozen_attempts() {
        let (mut waited, mut failed) = (Duration::ZERO, 0);
        while waited < GIVE_UP_AFTER {
            failed += 1;
            waited += pause(FIRST_PAUSE, failed, None);
        }
        assert!((15..60).contains(&failed), "{failed}");
    }

    #[test]
    fn who_asks_for_time_gets_it_within_reason() {
        let asked = |seconds| pause(FIRST_PAUSE, 1, Some(Duration::from_secs(seconds)));
        assert_eq!(asked(600), Duration::from_secs(600));
        assert_eq!(asked(u64::MAX), LONGEST_PAUSE);
    }
}
