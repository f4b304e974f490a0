//! Moving what lies in time that is closed.

use std::collections::BTreeSet;

use cqrs_es::Aggregate as _;
use domain::{
    booking::{Booking, BookingCommand, Plan},
    id::Id,
    planning::{Move, Taken},
    slots::Freedom,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Closed, Gap, Inside, Moved, staying};
use crate::{
    app::App,
    catalogue::Known,
    checks::Checks,
    command::{Answer, Call, Decision, Done, Outcome},
    problem::{Code, Problem},
    routes::bookings::{BookingView, show_all},
    texts::Message,
    timekeeping::{SlotView, Terms, claim_set},
};

/// The most bookings that are moved at once.
const MOST: usize = 200;

/// Which bookings are to be moved, and where: `moves` or `all`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MoveBookings)]
pub(super) struct MovesFields {
    /// Each as it is told, all of them or none.
    moves: Option<Vec<MoveFields>>,
    /// All by one rule. Those that it does not fit stay, and are told.
    all: Option<RuleFields>,
    /// Only says what would become of each.
    #[serde(default)]
    preview: bool,
}

/// Where one booking is to go; what is not named stays.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MoveBooking)]
struct MoveFields {
    booking_id: Uuid,
    #[schema(value_type = Option<String>, format = DateTime)]
    start: Option<Timestamp>,
    staff_id: Option<Uuid>,
    desk_id: Option<Uuid>,
}

/// One of these.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MoveRule)]
struct RuleFields {
    /// At the same time, by this staff member.
    to_staff_id: Option<Uuid>,
    /// At the same time, at this desk.
    to_desk_id: Option<Uuid>,
    /// By the same staff member, at the next free start once it is over.
    #[serde(default)]
    next_free: bool,
}

/// What became of the bookings that lay in time that is closed, or would.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = MovedBookings)]
pub(super) struct MovedView {
    /// Nothing was written.
    preview: bool,
    /// Those that were moved as they stand now, then those that are left, by start.
    bookings: Vec<VerdictView>,
}

/// What became of one booking, or would.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = MoveVerdict)]
struct VerdictView {
    booking: BookingView,
    /// `moved`; `movable` in a preview; `stuck` where the rule does not fit it; `left` where nothing was asked of it.
    verdict: &'static str,
    /// Where it went, or would go.
    to: Option<SlotView>,
    /// Why it is stuck, as the code of a problem or of a violation: `slot_taken`, `does_not_do_it`.
    why: Option<String>,
}

/// What is asked, once it has been looked at.
enum Asked {
    Each(Vec<MoveFields>),
    All(Rule),
}

#[derive(Clone, Copy)]
enum Rule {
    Staff(Uuid),
    Desk(Uuid),
    NextFree,
}

impl MovesFields {
    fn read(&self) -> Result<Asked, Problem> {
        let mut checks = Checks::default();
        let asked = match (&self.moves, &self.all) {
            (Some(moves), None) => {
                checks.at_most("moves", moves, MOST);
                if moves.is_empty() {
                    checks.fault("moves", Message::new("violation-empty"));
                }
                let mut seen = BTreeSet::new();
                for (n, one) in moves.iter().enumerate() {
                    if !seen.insert(one.booking_id) {
                        let field = format!("moves[{n}].booking_id");
                        checks.fault(field, Message::new("violation-twice"));
                    }
                    if one.start.is_none() && one.staff_id.is_none() && one.desk_id.is_none() {
                        let field = format!("moves[{n}].start");
                        checks.fault(field, Message::new("violation-missing"));
                    }
                }
                Some(Asked::Each(moves.clone()))
            }
            (None, Some(rule)) => {
                let rules = [
                    rule.to_staff_id.map(Rule::Staff),
                    rule.to_desk_id.map(Rule::Desk),
                    rule.next_free.then_some(Rule::NextFree),
                ];
                let mut rules = rules.into_iter().flatten();
                match (rules.next(), rules.next()) {
                    (Some(rule), None) => Some(Asked::All(rule)),
                    (None | Some(_), _) => {
                        checks.fault("all", Message::new("violation-one-of-these"));
                        None
                    }
                }
            }
            (None, None) => {
                checks.fault("moves", Message::new("violation-missing"));
                None
            }
            (Some(_), Some(_)) => {
                checks.fault("all", Message::new("violation-one-of-these"));
                None
            }
        };
        match asked {
            Some(asked) if checks.is_clean() => Ok(asked),
            Some(_) | None => Err(checks.into()),
        }
    }
}

/// Bookings on their way out of a gap, one after the other: each finds the time of those before it taken.
struct Mover<'a> {
    app: &'a App,
    call: &'a Call<MovesFields>,
    known: &'a Known,
    gap: &'a Gap,
    /// Those that go, and where.
    going: Vec<(&'a Inside, Plan)>,
    about: Vec<Taken>,
}

impl<'a> Mover<'a> {
    /// Where one could go. It is not going yet.
    async fn place(
        &self,
        (id, loaded): &Inside,
        to: Move,
        start: Option<Timestamp>,
        next_free: bool,
    ) -> Result<Plan, Problem> {
        let held = loaded.state.held()?;
        let agreed = &held.plan;
        // Whether the step fits its life comes first.
        loaded.state.decide(BookingCommand::Reschedule {
            to: Box::new(agreed.clone()),
            imported: None,
        })?;
        let business = self.call.caller.business();
        let going = self.going.iter().map(|((id, _), _)| *id);
        let inquiry = self
            .app
            .inquire_again(business, self.known, &[(agreed, to)], false)?
            .instead_of(going.chain([*id]));
        let stays = start.is_none_or(|start| start == agreed.start) && !next_free;
        let freedom = if stays { staying() } else { Freedom::default() };
        let terms = Terms::of_the_house(freedom, self.app.now());
        let start = if next_free {
            let found = inquiry.next_beside(self.gap.end, 1, &self.about).await?;
            let first = found.first().map(domain::slots::Slot::start);
            first.ok_or_else(|| Problem::new(Code::SlotTaken))?
        } else {
            start.unwrap_or(agreed.start)
        };
        match inquiry.plan_now(start, terms, &self.about).await {
            Ok(mut plans) => plans
                .pop()
                .ok_or_else(|| Problem::internal("one service, no plan")),
            Err(refused) if refused.code() == Code::SlotTaken => {
                Err(inquiry.with_next_free(refused, start).await)
            }
            Err(refused) => Err(refused),
        }
    }

    fn go(&mut self, inside: &'a Inside, to: Plan) {
        let taken = to.claims().into_iter().map(|claim| Taken {
            resource: claim.resource,
            during: claim.during,
        });
        self.about.extend(taken);
        self.going.push((inside, to));
    }

    async fn by_rule(&self, inside: &Inside, rule: Rule) -> Result<Plan, Problem> {
        let to = match rule {
            Rule::Staff(id) => Move {
                staff_id: Some(Id::new(id)),
                ..Move::default()
            },
            Rule::Desk(id) => Move {
                desk_id: Some(Id::new(id)),
                ..Move::default()
            },
            Rule::NextFree => Move::default(),
        };
        let next_free = matches!(rule, Rule::NextFree);
        self.place(inside, to, None, next_free).await
    }

    /// What would become of each, in their order; what can go, is going then.
    async fn plan(
        &mut self,
        inside: &'a [Inside],
        asked: &Asked,
    ) -> Result<Vec<Result<(), Problem>>, Problem> {
        match asked {
            Asked::All(rule) => {
                let mut verdicts = vec![];
                for one in inside.iter().take(MOST) {
                    let placed = self.by_rule(one, *rule).await;
                    verdicts.push(match placed {
                        Ok(plan) => {
                            self.go(one, plan);
                            Ok(())
                        }
                        Err(problem) if is_verdict(&problem) => Err(problem),
                        Err(problem) => return Err(problem),
                    });
                }
                Ok(verdicts)
            }
            Asked::Each(moves) => {
                for (n, one) in moves.iter().enumerate() {
                    let at = inside.iter().find(|(id, _)| id.uuid() == one.booking_id);
                    let at = at.ok_or_else(|| {
                        let field = format!("moves[{n}].booking_id");
                        Problem::field(field, Message::new("violation-not-affected"))
                    })?;
                    let to = Move {
                        staff_id: one.staff_id.map(Id::new),
                        desk_id: one.desk_id.map(Id::new),
                        duration_min: None,
                    };
                    let plan = self.place(at, to, one.start, false).await;
                    let plan = plan.map_err(|problem| {
                        let problem = problem.under(&format!("moves[{n}]"));
                        problem.with("booking_id", serde_json::json!(one.booking_id))
                    })?;
                    self.go(at, plan);
                }
                Ok(vec![])
            }
        }
    }

    fn decide(&self, decision: &mut Decision) -> Result<(), Problem> {
        for ((id, loaded), to) in &self.going {
            let command = BookingCommand::Reschedule {
                to: Box::new(to.clone()),
                imported: None,
            };
            let events = loaded.state.decide(command)?;
            let mut after = loaded.state.clone();
            events.iter().cloned().for_each(|event| after.apply(event));
            decision.write::<Booking>(self.app, id.uuid(), loaded.version, &events)?;
            decision.claims.push(claim_set(self.known, *id, &after));
            decision.leaves_booking(*id, loaded, events.len(), after);
        }
        decision.saw_catalogue = Some(self.known.position);
        Ok(())
    }
}

/// Whether a refusal says something of one booking, and not of the whole request.
fn is_verdict(problem: &Problem) -> bool {
    matches!(
        problem.code(),
        Code::SlotTaken | Code::Invalid | Code::WrongState
    )
}

impl App {
    pub(super) async fn move_affected(&self, call: &Call<MovesFields>, closed: Closed) -> Moved {
        let asked = &call.body.read()?;
        if call.body.preview {
            return self.preview(call, closed, asked).await;
        }
        let done = self
            .execute(call, move |attempt| async move {
                let known = self.catalogue_for(call, &attempt).await?;
                let gap = closed.gap(&known, &call.caller, self.now())?;
                let (inside, _) = self.inside(&call.caller, &known, &gap).await?;
                let mut mover = Mover {
                    app: self,
                    call,
                    known: &known,
                    gap: &gap,
                    going: vec![],
                    about: vec![],
                };
                mover.plan(&inside, asked).await?;
                let ids = mover.going.iter().map(|((id, _), _)| id.uuid());
                let mut decision = Decision::new(Outcome {
                    status: 200,
                    ids: ids.collect(),
                });
                mover.decide(&mut decision)?;
                Ok(decision)
            })
            .await?;
        self.show_moved(call, closed, asked, &done).await
    }

    async fn preview(&self, call: &Call<MovesFields>, closed: Closed, asked: &Asked) -> Moved {
        let business = call.caller.business();
        let known = self.catalogue_now(business).await?;
        let gap = closed.gap(&known, &call.caller, self.now())?;
        let (inside, _) = self.inside(&call.caller, &known, &gap).await?;
        let bookings = self
            .left(call, &known, &gap, &inside, asked, "movable")
            .await?;
        let position = self.ledger().head(business).await?;
        let view = MovedView {
            preview: true,
            bookings,
        };
        Ok(Answer::ok(view).position(position))
    }

    /// What would become of those that lie in the gap now.
    async fn left(
        &self,
        call: &Call<MovesFields>,
        known: &Known,
        gap: &Gap,
        inside: &[Inside],
        asked: &Asked,
        could: &'static str,
    ) -> Result<Vec<VerdictView>, Problem> {
        let business = call.caller.business();
        let mut mover = Mover {
            app: self,
            call,
            known,
            gap,
            going: vec![],
            about: vec![],
        };
        let verdicts = mover.plan(inside, asked).await?;
        let views = show_all(self, business, known, inside, None).await?;
        let views = inside.iter().zip(views).enumerate();
        let told = views.map(|(n, ((id, _), booking))| {
            let to = mover.going.iter().find(|((going, _), _)| going == id);
            let stuck = verdicts.get(n).and_then(|verdict| verdict.as_ref().err());
            VerdictView {
                booking,
                verdict: match (to, stuck) {
                    (Some(_), _) => could,
                    (None, Some(_)) => "stuck",
                    (None, None) => "left",
                },
                to: to.map(|(_, plan)| plan.into()),
                why: stuck.map(Problem::word),
            }
        });
        Ok(told.collect())
    }

    /// The bookings as the command left them, and those that lie there still.
    async fn show_moved(
        &self,
        call: &Call<MovesFields>,
        closed: Closed,
        asked: &Asked,
        done: &Done,
    ) -> Moved {
        let business = call.caller.business();
        let mut moved = vec![];
        for id in &done.outcome.ids {
            let written = done.versions.iter().find(|(stream, _)| stream.id == *id);
            let (_, version) = written.ok_or_else(Problem::not_found)?;
            let loaded = self.after::<Booking>(business, done, *id, *version).await?;
            moved.push((Id::new(*id), loaded));
        }
        let known = self.catalogue_now(business).await?;
        let views = show_all(self, business, &known, &moved, Some(done)).await?;
        let mut bookings = vec![];
        for ((_, loaded), booking) in moved.iter().zip(views) {
            bookings.push(VerdictView {
                booking,
                verdict: "moved",
                to: Some((&loaded.state.held()?.plan).into()),
                why: None,
            });
        }
        // A closure that is no more by now holds nothing.
        if let Ok(gap) = closed.gap(&known, &call.caller, self.now()) {
            let (inside, _) = self.inside(&call.caller, &known, &gap).await?;
            let asked = match asked {
                Asked::All(rule) => Asked::All(*rule),
                Asked::Each(_) => Asked::Each(vec![]),
            };
            let left = self.left(call, &known, &gap, &inside, &asked, "left");
            bookings.extend(left.await?);
        }
        Ok(Answer::to(
            done,
            MovedView {
                preview: false,
                bookings,
            },
        ))
    }
}
