//! Time that came free: what a slot must need for the waitlist to be asked.

use crate::{
    booking::{Claim, Plan, Resource},
    time::Span,
};

/// Time of somebody or something that was taken, or closed, and is so no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Freed {
    /// Whose; none: everyone's, for the house was closed.
    pub resource: Option<Resource>,
    /// When.
    pub during: Span,
}

impl Freed {
    /// Whether these plans need some of it: without it they could not be had before.
    #[must_use]
    pub fn is_needed_by(&self, plans: &[Plan]) -> bool {
        plans.iter().flat_map(Plan::claims).any(|claim| {
            self.resource
                .is_none_or(|resource| resource == claim.resource)
                && self.during.overlaps(claim.during)
        })
    }
}

/// What claims give back when others take their place.
#[must_use]
pub fn given_back(before: &[Claim], after: &[Claim]) -> Vec<Freed> {
    let mut freed = vec![];
    for claim in before {
        let mut kept: Vec<Span> = after
            .iter()
            .filter(|other| other.resource == claim.resource)
            .map(|other| other.during)
            .collect();
        kept.sort_unstable();
        let mut from = claim.during.start();
        let mut free = |start, end| {
            if start < end
                && let Ok(during) = Span::new(start, end)
            {
                freed.push(Freed {
                    resource: Some(claim.resource),
                    during,
                });
            }
        };
        for other in kept {
            free(from, other.start().min(claim.during.end()));
            from = from.max(other.end());
        }
        free(from, claim.during.end());
    }
    freed
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::id::Id;

    fn span(from: &str, to: &str) -> Span {
        let at = |hour: &str| format!("2026-12-01T{hour}:00Z").parse().unwrap();
        Span::new(at(from), at(to)).unwrap()
    }

    fn staff(n: u128, from: &str, to: &str) -> Claim {
        Claim {
            resource: Resource::Staff(Id::new(Uuid::from_u128(n))),
            during: span(from, to),
            body: span(from, to),
        }
    }

    fn told(before: &[Claim], after: &[Claim]) -> Vec<(Option<Resource>, Span)> {
        let freed = given_back(before, after).into_iter();
        freed.map(|f| (f.resource, f.during)).collect()
    }

    #[test]
    fn what_is_called_off_gives_all_of_it_back() {
        let was = staff(1, "10:00", "11:00");
        assert_eq!(
            told(&[was], &[]),
            [(Some(was.resource), span("10:00", "11:00"))]
        );
    }

    #[test]
    fn what_moves_a_little_gives_back_what_it_no_longer_covers() {
        let was = staff(1, "10:00", "11:00");
        let moved = [staff(1, "10:30", "11:30")];
        assert_eq!(
            told(&[was], &moved),
            [(Some(was.resource), span("10:00", "10:30"))]
        );
        let in_the_middle = [staff(1, "10:15", "10:30"), staff(1, "10:40", "10:50")];
        let left = [("10:00", "10:15"), ("10:30", "10:40"), ("10:50", "11:00")];
        let left = left.map(|(from, to)| (Some(was.resource), span(from, to)));
        assert_eq!(told(&[was], &in_the_middle), left);
    }

    #[test]
    fn another_persons_time_makes_up_for_nothing() {
        let was = staff(1, "10:00", "11:00");
        assert_eq!(told(&[was], &[staff(2, "10:00", "11:00")]).len(), 1);
        assert_eq!(told(&[], &[was]), []);
    }
}
