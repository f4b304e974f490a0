//! A time kept for a visitor while they type.

use std::collections::BTreeMap;

use axum::extract::State;
use domain::{booking::Plan, id::Id, money::Money, planning::Wish};
use jiff::Timestamp;
use ledger::ClaimSet;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    times::{MOST_SERVICES, local, wish},
    token::Hold,
    visitor::Visitor,
};
use crate::{
    app::App,
    catalogue::Known,
    checks::Checks,
    command::{Answer, Call, Decision, Done, Envelope, Outcome},
    problem::{Code, Problem},
    routes::bookings::{Named, Names},
    texts::Message,
    timekeeping::hold_set,
};

/// Who races for the last free chair tries again with the next one; so often at most.
pub(super) const CHOICES: usize = 12;

/// One service of a visit.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceWish {
    service_id: Uuid,
    /// By whom; absent: by anyone who does it, the least loaded first.
    staff_id: Option<Uuid>,
}

/// A time to be held.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HoldFields {
    /// The service; of a visit, `services`.
    service_id: Option<Uuid>,
    /// By whom; absent: by anyone who does it, the least loaded first.
    staff_id: Option<Uuid>,
    /// Several services in a row.
    services: Option<Vec<ServiceWish>>,
    /// When the first begins.
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    /// A hold that is given back for it: the visitor thought better of it.
    instead_of: Option<String>,
}

/// A time that is held.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HoldView {
    /// What the booking brings along; so does whoever lets it go.
    id: String,
    /// Until then nobody else gets the time. Later it can still be used, if nobody took it.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    /// By the business's clock.
    #[schema(example = "2026-11-24T10:00")]
    local_start: String,
    /// What is held, in its order: with the hold, the visitor gets these people at these prices.
    services: Vec<HeldService>,
    /// What it all costs.
    #[schema(example = "120.00")]
    price: String,
    /// ISO 4217.
    currency: String,
}

/// One service whose time is held.
#[derive(Debug, Serialize, ToSchema)]
struct HeldService {
    service: Named,
    staff: Named,
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    end: Timestamp,
    #[schema(example = "120.00")]
    price: String,
}

/// What was held when it was: a hold has no stream, and by a replay it may be over.
#[derive(Debug, Serialize, Deserialize)]
struct Held {
    until: Timestamp,
    plans: Vec<Plan>,
}

/// Holds a time for as long as the booking policy says. 409 `slot_taken` where somebody else has it.
#[utoipa::path(post, path = "/public/{slug}/holds", tag = "public", params(("slug" = String, Path)),
    request_body = HoldFields, responses((status = 201, body = HoldView)))]
pub(super) async fn hold(
    State(app): State<App>,
    visitor: Visitor,
    mut call: Call<HoldFields>,
) -> Result<Answer<HoldView>, Problem> {
    // Their idempotency keys are told from those of visitors elsewhere.
    let named = app.sender_name(&visitor);
    call.envelope.caller = call.envelope.caller.acting_for(None, &named);
    let (business, asked) = (visitor.business, &call.body);
    let wishes = wishes(asked.service_id, asked.staff_id, asked.services.as_deref())?;
    let before = app.held_before(&visitor, "instead_of", asked.instead_of.as_deref())?;
    let known = app.catalogue(business).await?;
    let length = known.catalogue.business.policy.hold_min.to_duration();
    // By the clock on the wall: it is the database's that ends a hold.
    let now = Timestamp::now();
    let until = now.saturating_add(length).map_err(Problem::internal)?;
    // As the database keeps it.
    let until = Timestamp::from_microsecond(until.as_microsecond()).map_err(Problem::internal)?;
    let id = app.new_id();
    let sender = visitor.sender;
    let before = before.map(|hold| hold.id);
    if before.is_none() && !app.was_done(&call).await? {
        app.visitors().may_hold(sender, now)?;
    }
    let done = app
        .take_hold(&visitor, &call, &wishes, id, before, until)
        .await?;
    if !done.replayed {
        if let Some(before) = before {
            app.visitors().let_go(sender, before);
        }
        // Counted once it is had: of many who race for one time all but one hold nothing.
        if let Err(refused) = app.visitors().holds(sender, id, until, now) {
            let ours = Envelope::of_system(&app, business);
            app.give_back(&ours, id).await?;
            return Err(refused);
        }
    }
    let hold = Hold::of(&done.outcome.ids).ok_or_else(Problem::not_found)?;
    let held = serde_json::from_value(done.told.clone()).map_err(Problem::internal)?;
    let view = app.show_hold(&visitor, &hold, &held).await?;
    let home = format!("/api/v1/public/{}/holds/{}", visitor.slug, view.id);
    Ok(Answer::to(&done, view).location(home))
}

/// Gives a held time back. Again: nothing happens.
#[utoipa::path(delete, path = "/public/{slug}/holds/{id}", tag = "public",
    params(("slug" = String, Path), ("id" = String, Path)), responses((status = 204)))]
pub(super) async fn let_go(
    State(app): State<App>,
    visitor: Visitor,
    call: Call,
) -> Result<Answer, Problem> {
    let hold = app
        .hold_of(visitor.business, visitor.path("id"))
        .ok_or_else(Problem::not_found)?;
    app.visitors().let_go(visitor.sender, hold.id);
    let done = app.give_back(&call, hold.id).await?;
    Ok(Answer::nothing(&done))
}

/// A hold gives back all that it holds.
pub(super) const fn nothing_of(hold: Uuid) -> ClaimSet {
    ClaimSet {
        owner: hold,
        claims: vec![],
        hold_until: None,
    }
}

/// The same wishes, of the people who are held.
pub(super) fn pinned(wishes: &[Wish], hold: &Hold) -> Vec<Wish> {
    let mut staff = hold.staff.iter().copied();
    let held = |wish: &Wish| Wish {
        staff_id: wish.staff_id.or(staff.next()),
        ..*wish
    };
    wishes.iter().map(held).collect()
}

/// What is wished for: one service, or several in a row.
pub(super) fn wishes(
    service_id: Option<Uuid>,
    staff_id: Option<Uuid>,
    services: Option<&[ServiceWish]>,
) -> Result<Vec<Wish>, Problem> {
    let mut checks = Checks::default();
    let wishes = match (service_id, services) {
        (Some(service_id), None) => vec![wish(service_id, staff_id)],
        (None, None) => {
            checks.fault("service_id", Message::new("violation-missing"));
            vec![]
        }
        (Some(_), Some(_)) => {
            checks.fault("services", Message::new("violation-service-or-services"));
            vec![]
        }
        (None, Some(services)) => {
            checks.at_most("services", services, MOST_SERVICES);
            if services.is_empty() {
                checks.fault("services", Message::new("violation-empty"));
            }
            if staff_id.is_some() {
                checks.fault("staff_id", Message::new("violation-service-or-services"));
            }
            let wishes = services.iter();
            wishes
                .map(|asked| wish(asked.service_id, asked.staff_id))
                .collect()
        }
    };
    checks.done()?;
    Ok(wishes)
}

impl App {
    /// The hold that a token is of.
    pub(super) fn held_before(
        &self,
        visitor: &Visitor,
        field: &str,
        token: Option<&str>,
    ) -> Result<Option<Hold>, Problem> {
        let Some(token) = token else { return Ok(None) };
        let hold = self.hold_of(visitor.business, token);
        let unknown = || Problem::field(field, Message::new("violation-not-found"));
        hold.map(Some).ok_or_else(unknown)
    }

    /// A keyed hash of where a visitor comes from.
    fn sender_name(&self, visitor: &Visitor) -> String {
        let address = visitor.sender.counted().map(|address| address.to_string());
        let address = address.unwrap_or_default();
        let hash = self
            .vault()
            .keyed_hash(visitor.business.0, "sender", address.as_bytes());
        hex::encode(hash)
    }

    async fn give_back(&self, call: &Envelope, hold: Uuid) -> Result<Done, Problem> {
        self.execute(call, move |_| async move {
            let mut decision = Decision::new(Outcome {
                status: 204,
                ids: vec![hold],
            });
            decision.claims.push(nothing_of(hold));
            Ok(decision)
        })
        .await
    }

    /// What is held, as the visitor is shown it before they book.
    async fn show_hold(
        &self,
        visitor: &Visitor,
        hold: &Hold,
        held: &Held,
    ) -> Result<HoldView, Problem> {
        let (business, Held { until, plans }) = (visitor.business, held);
        let known = self.catalogue(business).await?;
        let settings = known.settings()?;
        let names = Names::around(&known, BTreeMap::new());
        let start = plans.first().map(|plan| plan.start);
        let start = start.ok_or_else(|| Problem::internal("a hold of nothing"))?;
        let price = plans
            .iter()
            .try_fold(Money::zero(settings.currency), |sum, plan| {
                sum.plus(plan.price)
            });
        let services = plans.iter().filter_map(|plan| {
            Some(HeldService {
                service: names.service(plan.service_id?),
                staff: names.staff(plan.staff_id?),
                start: plan.start,
                end: plan.end(),
                price: plan.price.to_string(),
            })
        });
        Ok(HoldView {
            id: self.hold_token(business, hold),
            expires_at: *until,
            start,
            local_start: local(&settings.time_zone, start),
            services: services.collect(),
            price: price.map_err(Problem::internal)?.to_string(),
            currency: settings.currency.code().to_owned(),
        })
    }

    async fn take_hold(
        &self,
        visitor: &Visitor,
        call: &Call<HoldFields>,
        wishes: &[Wish],
        id: Uuid,
        before: Option<Uuid>,
        until: Timestamp,
    ) -> Result<Done, Problem> {
        let (business, start) = (visitor.business, call.body.start);
        let visit = wishes.len() > 1;
        let mut tried = 0;
        loop {
            let held = self.execute(call, move |attempt| async move {
                let known = self.catalogue_for(call, &attempt).await?;
                let inquiry = self
                    .inquire_for_visitor(business, &known, wishes, visit)?
                    .instead_of(before.map(Id::new))
                    .drawn(tried, id);
                let plans = inquiry.plan(start, inquiry.terms()).await?;
                let staff = plans.iter().filter_map(|plan| plan.staff_id);
                let ids = std::iter::once(id).chain(staff.map(Id::uuid));
                let mut decision = Decision::new(Outcome {
                    status: 201,
                    ids: ids.collect(),
                });
                decision.claims.push(hold_set(&known, id, &plans, until));
                decision.told =
                    serde_json::to_value(Held { until, plans }).map_err(Problem::internal)?;
                decision.claims.extend(before.map(nothing_of));
                decision.saw_catalogue = Some(known.position);
                Ok(decision)
            });
            let refused = match held.await {
                Ok(done) => return Ok(done),
                Err(problem) => problem,
            };
            tried += 1;
            let known = self.catalogue(business).await?;
            match self
                .another_choice(visitor, &known, wishes, start, before, refused, tried)
                .await
            {
                None => {}
                Some(refused) => return Err(refused),
            }
        }
    }

    /// Whether somebody else may still be free at that very time; else the refusal, with the next times that are free.
    #[expect(
        clippy::too_many_arguments,
        reason = "one question, asked in two places"
    )]
    pub(super) async fn another_choice(
        &self,
        visitor: &Visitor,
        known: &Known,
        wishes: &[Wish],
        start: Timestamp,
        hold: Option<Uuid>,
        refused: Problem,
        tried: usize,
    ) -> Option<Problem> {
        if refused.code() != Code::SlotTaken {
            return Some(refused);
        }
        let visit = wishes.len() > 1;
        let Ok(inquiry) = self.inquire_for_visitor(visitor.business, known, wishes, visit) else {
            return Some(refused);
        };
        let inquiry = inquiry.instead_of(hold.map(Id::new));
        if tried < CHOICES
            && inquiry.enquiry.has_choice()
            && inquiry.plan(start, inquiry.terms()).await.is_ok()
        {
            return None;
        }
        Some(inquiry.with_next_free(refused, start).await)
    }
}
