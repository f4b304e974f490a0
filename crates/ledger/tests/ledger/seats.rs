//! Claims, seats, holds and overlaps: some told one by one, then random histories against a model that counts
//! on its fingers.

use futures::future::join_all;
use jiff::Timestamp;
use ledger::{AppendError, BusinessId, Claim, ClaimSet, Ledger, Position, Refused, Span};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use uuid::Uuid;

use crate::trade::{
    a_business, append, claim, command, id, minute, minutes, refused, seat, set, take,
};

fn soon() -> Timestamp {
    "2200-01-01T00:00:00Z".parse().unwrap()
}

fn long_past() -> Timestamp {
    "2020-01-01T00:00:00Z".parse().unwrap()
}

fn hold(business: BusinessId, owner: Uuid, claims: Vec<Claim>, until: Timestamp) -> ledger::Append {
    let mut append = ledger::Append::new(business, command());
    append.claims.push(ClaimSet {
        owner,
        claims,
        hold_until: Some(until),
    });
    append
}

#[tokio::test]
async fn touching_times_are_free_and_a_gap_in_the_middle_too() {
    let db = testbed::database().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let (business, anna, desk) = (a_business(), id(), id());
    let with_gap = vec![claim(anna, 0, 20), claim(anna, 50, 60), claim(desk, 0, 60)];
    append(&ledger, take(business, id(), with_gap)).await;
    append(&ledger, take(business, id(), vec![claim(anna, 20, 50)])).await;
    append(
        &ledger,
        take(
            business,
            id(),
            vec![claim(anna, 60, 61), claim(anna, -1, 0)],
        ),
    )
    .await;
    for taken in [
        claim(anna, 19, 20),
        claim(anna, 59, 60),
        claim(desk, 30, 31),
    ] {
        refused(&ledger, take(business, id(), vec![taken])).await;
    }
    // An empty time claims nothing.
    append(&ledger, take(business, id(), vec![claim(anna, 10, 10)])).await;
}

#[tokio::test]
async fn who_looks_for_free_time_is_told_what_is_taken_but_for_their_own() {
    let db = testbed::database().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let (business, anna, ben, desk, ours) = (a_business(), id(), id(), id(), id());
    let theirs = vec![claim(anna, 0, 20), seat(desk, 2, 0, 20)];
    append(&ledger, take(business, id(), theirs)).await;
    append(&ledger, take(business, id(), vec![seat(desk, 2, 10, 30)])).await;
    append(&ledger, take(business, ours, vec![claim(anna, 20, 40)])).await;
    append(&ledger, take(business, id(), vec![claim(anna, 200, 220)])).await;
    append(&ledger, take(a_business(), id(), vec![claim(ben, 0, 20)])).await;
    let held = vec![claim(anna, 40, 50)];
    append(&ledger, hold(business, id(), held, soon())).await;
    let forgotten = vec![claim(anna, 50, 60)];
    append(&ledger, hold(business, id(), forgotten, long_past())).await;

    let all = [anna, ben, desk];
    let besides = [ours];
    let taken = ledger.taken(business, &all, minutes(0, 100), &besides);
    let mut taken = taken.await.unwrap().to_vec();
    taken.sort_by_key(|taken| taken.resource);
    taken.iter_mut().for_each(|taken| taken.times.sort());
    assert_eq!(
        taken,
        [
            ledger::Taken {
                resource: anna,
                times: vec![minutes(0, 20), minutes(40, 50)],
            },
            ledger::Taken {
                resource: desk,
                times: vec![minutes(0, 20), minutes(10, 30)],
            },
        ]
    );
}

#[tokio::test]
async fn a_hold_that_ends_is_free_again_though_nothing_was_appended() {
    let db = testbed::database().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let (business, anna) = (a_business(), id());
    let until = Timestamp::now() + jiff::SignedDuration::from_millis(1_500);
    append(
        &ledger,
        hold(business, id(), vec![claim(anna, 0, 20)], until),
    )
    .await;
    let resources = [anna];
    let all = || ledger.taken(business, &resources, Span::from(minute(-1)), &[]);
    let mut looks = 0;
    while !all().await.unwrap().is_empty() {
        looks += 1;
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(looks > 0, "it was never held");
    assert!(Timestamp::now() >= until);
}

#[tokio::test]
async fn ones_own_claim_is_not_in_ones_way() {
    let db = testbed::database().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let (business, anna, owner) = (a_business(), id(), id());
    append(&ledger, take(business, owner, vec![claim(anna, 0, 60)])).await;
    let mut moved = ledger::Append::new(business, command());
    moved.claims.push(set(owner, vec![claim(anna, 30, 90)]));
    append(&ledger, moved).await;
    let busy = ledger
        .busy(business, &[anna], minutes(-100, 1000))
        .await
        .unwrap();
    assert_eq!(busy.len(), 1);
    assert_eq!(busy[0].during, minutes(30, 90));
    // Two owners trade places in one append.
    let other = id();
    append(&ledger, take(business, other, vec![claim(anna, 0, 30)])).await;
    let mut traded = ledger::Append::new(business, command());
    traded.claims.push(set(owner, vec![claim(anna, 0, 30)]));
    traded.claims.push(set(other, vec![claim(anna, 30, 90)]));
    append(&ledger, traded).await;
}

#[tokio::test]
async fn who_sits_already_is_seated_anew_to_make_room() {
    let db = testbed::database().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let (business, desk) = (a_business(), id());
    // Seats 0: [0,20) [40,60); 1: [20, 40). Nowhere is [0, 60) free throughout, though one seat always is:
    // so it must be for two that never have three at once.
    let (a, b, c) = (id(), id(), id());
    append(&ledger, take(business, a, vec![seat(desk, 2, 0, 20)])).await;
    let blocker = id();
    append(
        &ledger,
        take(business, blocker, vec![seat(desk, 2, 15, 25)]),
    )
    .await;
    append(&ledger, take(business, b, vec![seat(desk, 2, 25, 40)])).await;
    append(&ledger, take(business, c, vec![seat(desk, 2, 20, 30)])).await;
    let mut gone = ledger::Append::new(business, command());
    gone.claims.push(set(blocker, vec![]));
    append(&ledger, gone).await;
    let before = ledger
        .busy(business, &[desk], minutes(0, 60))
        .await
        .unwrap();
    let seats: Vec<_> = before.iter().map(|busy| (busy.owner, busy.seat)).collect();
    assert_eq!(
        seats,
        [(a, 0), (c, 0), (b, 1)],
        "the scene is not what it should be"
    );

    // Three at once for [25, 30): refused. Until 25 there are never more than one beside it.
    refused(&ledger, take(business, id(), vec![seat(desk, 2, 0, 26)])).await;
    append(&ledger, take(business, id(), vec![seat(desk, 2, 30, 60)])).await;
    append(&ledger, take(business, id(), vec![seat(desk, 2, 0, 25)])).await;
    let after = ledger
        .busy(business, &[desk], minutes(0, 60))
        .await
        .unwrap();
    assert_eq!(after.len(), 5);
    assert!(after.iter().all(|busy| busy.seat < 2));
}

#[tokio::test]
async fn what_was_brought_in_overlapping_stands_above_and_counts_as_busy() {
    let db = testbed::database().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let (business, anna, moved) = (a_business(), id(), id());
    let imported = |from, to| Claim {
        overlaps: true,
        ..claim(anna, from, to)
    };
    append(&ledger, take(business, id(), vec![imported(0, 60)])).await;
    append(&ledger, take(business, moved, vec![imported(30, 90)])).await;
    append(&ledger, take(business, id(), vec![imported(50, 70)])).await;
    let busy = ledger
        .busy(business, &[anna], minutes(0, 90))
        .await
        .unwrap();
    assert_eq!(
        busy.iter().map(|busy| busy.seat).collect::<Vec<_>>(),
        [0, 1, 2]
    );
    for taken in [claim(anna, 80, 85), claim(anna, 0, 1)] {
        refused(&ledger, take(business, id(), vec![taken])).await;
    }
    // Moved, it finds free time like any other.
    let mut again = ledger::Append::new(business, command());
    again.claims.push(set(moved, vec![claim(anna, 40, 100)]));
    refused(&ledger, again.clone()).await;
    again.claims = vec![set(moved, vec![claim(anna, 70, 100)])];
    append(&ledger, again).await;
}

#[tokio::test]
async fn a_hold_keeps_the_time_until_it_is_past_and_may_be_used_late() {
    let db = testbed::database().await;
    let ledger = Ledger::new(db.service_pool().await, vec![]);
    let (business, anna) = (a_business(), id());
    let (held, expired) = (id(), id());
    let done = append(
        &ledger,
        hold(business, held, vec![claim(anna, 0, 30)], soon()),
    )
    .await;
    assert_eq!((done.first, done.last), (Position(1), Position(0)));
    let eager = id();
    assert_eq!(
        refused(&ledger, take(business, eager, vec![claim(anna, 0, 10)])).await,
        Refused::TimeTaken {
            owner: eager,
            resource: anna,
            during: minutes(0, 10),
            by: vec![held],
        }
    );
    // Its owner turns it into a claim, in its own name or in another's.
    append(&ledger, take(business, held, vec![claim(anna, 0, 30)])).await;

    append(
        &ledger,
        hold(business, expired, vec![claim(anna, 60, 90)], long_past()),
    )
    .await;
    assert_eq!(
        ledger
            .busy(business, &[anna], minutes(60, 90))
            .await
            .unwrap(),
        []
    );
    let mut used_late = take(business, id(), vec![claim(anna, 60, 90)]);
    used_late.claims.push(set(expired, vec![]));
    append(&ledger, used_late).await;

    // Nobody used this one: whoever wants the time deletes it.
    append(
        &ledger,
        hold(business, expired, vec![claim(anna, 120, 150)], long_past()),
    )
    .await;
    append(&ledger, take(business, id(), vec![claim(anna, 140, 150)])).await;
    assert_eq!(ledger.claims_of(business, &[expired]).await.unwrap(), []);
    refused(
        &ledger,
        take(business, expired, vec![claim(anna, 120, 150)]),
    )
    .await;
}

/// One step of a random history: an owner's claims are replaced.
#[derive(Clone, Debug)]
struct Step {
    owner: usize,
    claims: Vec<(usize, i64, i64, bool)>,
    hold: Hold,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Hold {
    No,
    Live,
    Past,
}

const OWNERS: usize = 6;
/// One resource of each.
const CAPACITIES: [u16; 3] = [1, 2, 3];
const MINUTES: i64 = 10;

fn steps() -> impl Strategy<Value = Vec<Vec<Step>>> {
    let claim = (
        0..CAPACITIES.len(),
        0..MINUTES,
        1..5_i64,
        prop::bool::weighted(0.1),
    )
        .prop_map(|(resource, from, length, overlaps)| (resource, from, from + length, overlaps));
    let hold = prop_oneof![
        8 => Just(Hold::No),
        1 => Just(Hold::Live),
        1 => Just(Hold::Past),
    ];
    let step =
        (0..OWNERS, prop::collection::vec(claim, 0..4), hold).prop_map(|(owner, claims, hold)| {
            Step {
                owner,
                claims,
                hold,
            }
        });
    // Those of one inner list are sent together: all but the first go as one group.
    prop::collection::vec(prop::collection::vec(step, 1..6), 1..12)
}

/// Who holds what, minute by minute.
#[derive(Default)]
struct Model {
    claims: [Vec<(usize, i64, i64)>; OWNERS],
    past: [bool; OWNERS],
}

impl Model {
    /// Whether the step is accepted; if so, it is done.
    fn take(&mut self, step: &Step) -> bool {
        let wanted = || {
            step.claims
                .iter()
                .map(|(resource, from, to, _)| (*resource, *from, *to))
        };
        let others = || {
            (0..OWNERS)
                .filter(|owner| *owner != step.owner && !self.past[*owner])
                .flat_map(|owner| self.claims[owner].iter().copied())
        };
        let fits =
            step.claims
                .iter()
                .filter(|(.., overlaps)| !overlaps)
                .all(|(resource, from, to, _)| {
                    (*from..*to).all(|minute| {
                        let here = others().chain(wanted()).filter(|(other, from, to)| {
                            other == resource && (*from..*to).contains(&minute)
                        });
                        here.count() <= usize::from(CAPACITIES[*resource])
                    })
                });
        if fits {
            self.claims[step.owner] = wanted().collect();
            self.past[step.owner] = step.hold == Hold::Past;
        }
        fits
    }

    fn live(&self) -> Vec<(usize, usize, i64, i64)> {
        let mut live: Vec<_> = (0..OWNERS)
            .filter(|owner| !self.past[*owner])
            .flat_map(|owner| {
                let claims = self.claims[owner].iter();
                claims.map(move |(resource, from, to)| (owner, *resource, *from, *to))
            })
            .collect();
        live.sort_unstable();
        live
    }
}

#[test]
fn random_histories_come_out_as_counted_on_fingers() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let (_db, ledger) = runtime.block_on(async {
        let db = testbed::database().await;
        let ledger = Ledger::new(db.service_pool().await, vec![]);
        (db, ledger)
    });
    let config = Config {
        cases: 96,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&steps(), |groups| {
            runtime.block_on(history(&ledger, groups))
        })
        .unwrap();
}

async fn history(ledger: &Ledger, groups: Vec<Vec<Step>>) -> Result<(), TestCaseError> {
    let business = a_business();
    let owners: Vec<Uuid> = (0..OWNERS).map(|_| id()).collect();
    let resources: Vec<Uuid> = CAPACITIES.iter().map(|_| id()).collect();
    let mut model = Model::default();
    for group in groups {
        let answers = join_all(group.iter().map(|step| {
            let mut append = ledger::Append::new(business, command());
            append.claims.push(ClaimSet {
                owner: owners[step.owner],
                claims: step
                    .claims
                    .iter()
                    .map(|(resource, from, to, overlaps)| Claim {
                        overlaps: *overlaps,
                        ..seat(resources[*resource], CAPACITIES[*resource], *from, *to)
                    })
                    .collect(),
                hold_until: match step.hold {
                    Hold::No => None,
                    Hold::Live => Some(soon()),
                    Hold::Past => Some(long_past()),
                },
            });
            ledger.append(append)
        }))
        .await;
        for (step, answer) in group.iter().zip(answers) {
            match (model.take(step), answer) {
                (true, Ok(_)) | (false, Err(AppendError::Refused(Refused::TimeTaken { .. }))) => {}
                (fits, answer) => {
                    return Err(TestCaseError::fail(format!(
                        "{step:?} should fit: {fits}, and came out as {answer:?}"
                    )));
                }
            }
        }
        let mut busy = Vec::new();
        for taken in ledger
            .busy(business, &resources, Span::from(minute(-1)))
            .await
            .unwrap()
        {
            let place = |all: &[Uuid], one| all.iter().position(|other| *other == one).unwrap();
            let minutes = |at: Timestamp| (at - minute(0)).get_seconds() / 60;
            busy.push((
                place(&owners, taken.owner),
                place(&resources, taken.resource),
                minutes(taken.during.start),
                minutes(taken.during.end.unwrap()),
            ));
        }
        busy.sort_unstable();
        prop_assert_eq!(&busy, &model.live());

        // Told without their owners they are the same, when asked for anew and when remembered.
        let mut times: Vec<_> = busy
            .iter()
            .map(|(_, of, from, to)| (resources[*of], minutes(*from, *to)))
            .collect();
        times.sort_unstable();
        for _ in 0..2 {
            let taken = ledger
                .taken(business, &resources, Span::from(minute(-1)), &[])
                .await
                .unwrap();
            let each = taken
                .iter()
                .flat_map(|taken| taken.times.iter().map(|time| (taken.resource, *time)));
            let mut each: Vec<_> = each.collect();
            each.sort_unstable();
            prop_assert_eq!(&each, &times);
        }
    }
    Ok(())
}
