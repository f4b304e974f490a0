//! A visitor books.

use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::State;
use cqrs_es::Aggregate as _;
use domain::{
    booking::{
        Booking, BookingCommand, BookingEvent, Comment, Online, Placement, Plan, Reference, Status,
    },
    business::{Accepted, Confirmation, Policy},
    contact::{Email, Language},
    id::{Id, Visit},
    planning::Wish,
    sealed::{KeyId, Sealed},
    session::Session,
    text::{FreeText, Origin, PersonName},
};
use jiff::Timestamp;
use ledger::{Attempt, NameClaim, Version};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    client::{Booker, By, Contact},
    holds::{CHOICES, ServiceWish, nothing_of, pinned, wishes},
    limits::{Taking, not_online},
    times::wish,
    token::{Hold, Subject},
    view::VisitorBooking,
    visitor::Visitor,
};
use crate::{
    app::App,
    catalogue::Known,
    checks::Checks,
    command::{Answer, Call, Decision, Done, Outcome},
    problem::{Code, Problem},
    routes::{clients::ConsentField, visits},
    texts::Message,
    timekeeping::claim_set,
};

/// A booking that a visitor wants.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PublicBookingFields)]
pub(super) struct BookingFields {
    /// The service; of a visit, `services`; of a seat in a class, `session_id`.
    service_id: Option<Uuid>,
    /// By whom; absent: by anyone who does it, the least loaded first.
    staff_id: Option<Uuid>,
    /// Several services in a row, all or none.
    services: Option<Vec<ServiceWish>>,
    /// A seat in this session of a class, which says what, when and by whom.
    session_id: Option<Uuid>,
    /// When the first begins; needed unless `session_id` says so.
    #[schema(value_type = Option<String>, format = DateTime)]
    start: Option<Timestamp>,
    /// The hold that kept the time.
    hold: Option<String>,
    client: VisitorFields,
    /// What the visitor agrees to. All that the business requires must be among them.
    #[serde(default)]
    consents: Vec<AcceptedFields>,
    /// In which they are written to (BCP 47); absent: that of `Accept-Language`.
    language: Option<String>,
    /// A word to those who serve.
    comment: Option<String>,
    /// Where a challenge is asked for: `CHALLENGE:NUMBER` of a proof of work, or the captcha's response.
    challenge: Option<String>,
}

/// Who books. A phone or an e-mail address is needed; the address, where bookings are confirmed by e-mail.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VisitorFields {
    name: String,
    /// National numbers are of the business's country.
    phone: Option<String>,
    #[schema(format = "email")]
    email: Option<String>,
}

/// A consent, and the wording that it is given to.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AcceptedFields {
    consent: ConsentField,
    version: u32,
}

/// What a visitor wants, looked at.
struct Wanted {
    wishes: Vec<Wish>,
    /// A seat in it, rather than time of somebody's.
    session: Option<Id<Session>>,
    start: Timestamp,
    hold: Option<Hold>,
    contact: Contact,
    consents: Vec<Accepted>,
    language: Language,
    comment: Option<FreeText>,
    /// What is made: a booking, or a visit of several.
    subject: Subject,
    bookings: Vec<Uuid>,
    /// Whoever is not known becomes so by this id.
    new_client: Uuid,
}

/// Books for a visitor. Whoever comes second is told what is free instead.
#[utoipa::path(post, path = "/public/{slug}/bookings", tag = "public", params(("slug" = String, Path)),
    request_body = BookingFields, responses((status = 201, body = VisitorBooking)))]
pub(super) async fn book(
    State(app): State<App>,
    visitor: Visitor,
    mut call: Call<BookingFields>,
) -> Result<Answer<VisitorBooking>, Problem> {
    let business = visitor.business;
    let known = app.catalogue(business).await?;
    let wanted = call.body.clone().wanted(&app, &visitor, &known)?;
    let hashes = wanted.contact.hashes(&app, business);
    let named = hashes.first().map(hex::encode).unwrap_or_default();
    call.envelope.caller = call.envelope.caller.clone().acting_for(None, &named);
    let done = match app.book_anew(&visitor, &call, &wanted, &hashes).await {
        Ok(done) => done,
        // What the same request did before is not undone by what has happened since.
        Err(refused) => app.recalled(&call, refused).await?,
    };
    if let (Some(hold), false) = (&wanted.hold, done.replayed) {
        app.visitors().let_go(visitor.sender, hold.id);
    }
    let id = done.id();
    let subject = Subject::of(id, done.outcome.ids.len() > 1);
    app.show_booked(&visitor, &done, subject).await
}

impl BookingFields {
    /// What is wished for, and when it begins. A session says both; what is said beside it must be the same.
    fn what(&self, app: &App, known: &Known) -> Result<(Vec<Wish>, Timestamp), Problem> {
        let Some(session) = self.session_id else {
            let wishes = wishes(self.service_id, self.staff_id, self.services.as_deref())?;
            let missing = || Problem::field("start", Message::new("violation-missing"));
            return Ok((wishes, self.start.ok_or_else(missing)?));
        };
        let seat = app.seat_for_visitor(known, Id::new(session))?;
        let differs = |given: Option<Uuid>, is: Option<Uuid>| given.is_some() && given != is;
        let mut checks = Checks::default();
        for (field, differs) in [
            (
                "service_id",
                differs(self.service_id, seat.service_id.map(Id::uuid)),
            ),
            (
                "staff_id",
                differs(self.staff_id, seat.staff_id.map(Id::uuid)),
            ),
            ("start", self.start.is_some_and(|start| start != seat.start)),
            ("services", self.services.is_some()),
            // Seats are not held: the first who books has one.
            ("hold", self.hold.is_some()),
        ] {
            if differs {
                checks.fault(field, Message::new("violation-not-of-session"));
            }
        }
        checks.done()?;
        let service = seat.service_id.map(Id::uuid).unwrap_or_default();
        Ok((vec![wish(service, seat.staff_id.map(Id::uuid))], seat.start))
    }

    fn wanted(self, app: &App, visitor: &Visitor, known: &Known) -> Result<Wanted, Problem> {
        let (wishes, start) = self.what(app, known)?;
        let hold = app.held_before(visitor, "hold", self.hold.as_deref())?;
        let settings = known.settings()?;
        let policy = &known.catalogue.business.policy;
        let mut checks = Checks::default();
        let name = checks.take("client.name", PersonName::parse(&self.client.name));
        let phone = self.client.phone.as_deref();
        let phone = phone.and_then(|text| checks.phone("client.phone", text, settings.country));
        let email = self.client.email.as_deref();
        let email = checks.maybe("client.email", email, Email::parse);
        if policy.confirmation != Confirmation::None && self.client.email.is_none() {
            checks.fault("client.email", Message::new("violation-missing"));
        } else if self.client.phone.is_none() && self.client.email.is_none() {
            checks.fault("client.phone", Message::new("violation-phone-or-email"));
        }
        let consents = accepted(&mut checks, policy, &self.consents);
        let language = self.language.as_deref().unwrap_or(visitor.speech.tag());
        let language = checks.take("language", Language::parse(language));
        let comment = checks.maybe("comment", self.comment.as_deref(), FreeText::parse);
        let is_clean = checks.is_clean();
        let (Some(name), Some(language), true) = (name, language, is_clean) else {
            return Err(checks.into());
        };
        let visit = wishes.len() > 1;
        let bookings: Vec<_> = wishes.iter().map(|_| app.new_id()).collect();
        let first = bookings.first().copied().unwrap_or_default();
        let subject = if visit { app.new_id() } else { first };
        Ok(Wanted {
            wishes,
            session: self.session_id.map(Id::new),
            start,
            hold,
            contact: Contact { name, phone, email },
            consents,
            language,
            comment,
            subject: Subject::of(subject, visit),
            bookings,
            new_client: app.new_id(),
        })
    }
}

/// The consents given, each to the wording that stands now.
fn accepted(checks: &mut Checks, policy: &Policy, given: &[AcceptedFields]) -> Vec<Accepted> {
    let mut consents: Vec<Accepted> = vec![];
    for (n, field) in given.iter().enumerate() {
        let consent = field.consent.into();
        let at = format!("consents[{n}]");
        if consents.iter().any(|given| given.consent == consent) {
            checks.fault(format!("{at}.consent"), Message::new("violation-twice"));
        }
        match policy.consent(consent) {
            None => checks.fault(format!("{at}.consent"), Message::new("violation-not-found")),
            Some(text) if text.version != field.version => {
                let stands = Message::new("violation-consent-version");
                let stands = stands.with_number("version", text.version);
                checks.fault(format!("{at}.version"), stands);
            }
            Some(text) => consents.push(Accepted {
                consent,
                version: text.version,
            }),
        }
    }
    let is_missing = |required: domain::client::Consent| {
        !given.iter().any(|field| required == field.consent.into())
    };
    let mut required = policy.consents.iter().filter(|text| text.required);
    if required.any(|text| is_missing(text.consent)) {
        checks.fault("consents", Message::new("violation-consent-required"));
    }
    consents
}

impl App {
    async fn book_anew(
        &self,
        visitor: &Visitor,
        call: &Call<BookingFields>,
        wanted: &Wanted,
        hashes: &[[u8; 32]],
    ) -> Result<Done, Problem> {
        let business = visitor.business;
        if self.was_done(call).await? {
            // Neither counted nor challenged again.
            return self.recalled(call, Problem::not_found()).await;
        }
        self.meets_challenge(visitor, call.body.challenge.as_deref())
            .await?;
        let counted = Counted::default();
        let mut tried = 0;
        loop {
            tried += 1;
            let new = Id::new(wanted.new_client);
            let known = self.catalogue(business).await?;
            let policy = &known.catalogue.business.policy;
            let by = By::of(policy.confirmation);
            let booker = self.booker(business, &wanted.contact, by, new).await?;
            // In their name, that it may be told in the book.
            let mut call = call.clone();
            let named = hashes.first().map(hex::encode).unwrap_or_default();
            let caller = call.envelope.caller.clone();
            call.envelope.caller = caller.acting_for(Some(booker.id.uuid()), &named);
            let wishes = wanted.as_held();
            let online = wanted.online(self, policy);
            // One moment for both: what is not confirmed by then is found by it.
            if let Some(confirm_by) = online.confirm_by {
                self.expect_confirmation(business, wanted.subject, &wanted.contact, confirm_by)
                    .await?;
            }
            let who = Who {
                booker: &booker,
                online: &online,
                hashes,
                counted: &counted,
                too_late: tried - 1,
            };
            let (call_, who_, wishes_) = (&call, &who, &wishes);
            let made = self.execute(call_, move |attempt| {
                self.decide_booking(visitor, call_, wanted, who_, wishes_, attempt)
            });
            let refused = match made.await {
                Ok(done) => {
                    if let (Some(email), false) = (&wanted.contact.email, done.replayed) {
                        let booked = self.booked(business, wanted.subject).await?;
                        self.write_to_confirm(
                            visitor,
                            &known,
                            &booked,
                            1,
                            email,
                            &wanted.language,
                        )?;
                    }
                    return Ok(done);
                }
                Err(problem) => problem,
            };
            // Somebody was made known, or took the last place, at the same moment: who it is, is asked again.
            if refused.detail_id() == Some("detail-name-taken") && tried < CHOICES {
                continue;
            }
            if let Some(session) = wanted.session {
                let taken = refused.code() == Code::SlotTaken;
                return Err(match self.seat_for_visitor(&known, session) {
                    Ok(seat) if taken => {
                        self.with_next_sessions(business, &known, &seat, refused)
                            .await
                    }
                    _ => refused,
                });
            }
            let (start, hold) = (wanted.start, wanted.held());
            let choice = self
                .another_choice(visitor, &known, &wishes, start, hold, refused, tried)
                .await;
            if let Some(refused) = choice {
                return Err(refused);
            }
        }
    }

    async fn decide_booking(
        &self,
        visitor: &Visitor,
        call: &Call<BookingFields>,
        wanted: &Wanted,
        who: &Who<'_>,
        wishes: &[Wish],
        attempt: Attempt,
    ) -> Result<Decision, Problem> {
        let business = visitor.business;
        let known = self.catalogue_for(call, &attempt).await?;
        let policy = &known.catalogue.business.policy;
        let settings = known.settings()?;
        let visit = wanted.subject.is_visit();
        let plans = if let Some(session) = wanted.session {
            vec![self.seat_for_visitor(&known, session)?]
        } else {
            let inquiry = self.inquire_for_visitor(business, &known, wishes, visit)?;
            let inquiry = inquiry
                .instead_of(wanted.held().map(Id::new))
                .drawn(who.too_late, wanted.subject.id());
            inquiry.plan(wanted.start, inquiry.terms()).await?
        };
        // Asked for what is not to be had, nobody's allowance is spent.
        who.count(self, &wanted.contact)?;
        let (booker, online) = (who.booker, who.online);
        let ids = std::iter::once(wanted.subject.id())
            .filter(|_| visit)
            .chain(wanted.bookings.iter().copied());
        let mut decision = Decision::new(Outcome {
            status: 201,
            ids: ids.collect(),
        });
        booker.make_known(self, &mut decision, &wanted.contact, online)?;
        // Whose address it is, is not known before they confirm: until then nothing hangs on who they are.
        if online.confirm_by.is_none() {
            if booker.is_blocked() {
                return Err(not_online());
            }
            let first = wanted.bookings.first().copied().unwrap_or_default();
            let taking = Taking {
                client: booker.id,
                booking: first,
                start: wanted.start,
            };
            self.take_places(
                business,
                &mut decision,
                &taking,
                policy,
                &settings.time_zone,
            )
            .await?;
        }
        let differs = booker.differs(&wanted.contact, settings);
        for (number, (plan, id)) in plans.into_iter().zip(&wanted.bookings).enumerate() {
            let mut name = |kind, name| {
                decision.names.push(NameClaim {
                    kind,
                    name,
                    owner: *id,
                });
            };
            if let Subject::Visit(visit) = wanted.subject {
                name(visits::NAME, visits::name_of(visit.uuid(), number));
            }
            let reference = Reference::from_random(rand::random());
            name("reference", reference.to_string());
            let comments = [differs.as_ref(), wanted.comment.as_ref()];
            let comments = comments.into_iter().flatten().filter(|_| number == 0);
            let placing = Placing {
                reference,
                plan,
                online: online.clone(),
                visit: match wanted.subject {
                    Subject::Visit(id) => Some(id),
                    Subject::Booking(_) => None,
                },
            };
            let events = placing.events(self, call, booker, policy, comments)?;
            let mut booking = Booking::default();
            events.iter().cloned().for_each(|e| booking.apply(e));
            decision
                .claims
                .push(claim_set(&known, Id::new(*id), &booking));
            decision.write::<Booking>(self, *id, Version::NEW, &events)?;
        }
        decision.claims.extend(wanted.held().map(nothing_of));
        decision.saw_catalogue = Some(known.position);
        Ok(decision)
    }
}

impl Wanted {
    /// The claim that keeps the time.
    fn held(&self) -> Option<Uuid> {
        self.hold.as_ref().map(|hold| hold.id)
    }

    /// With a hold, whoever was held is whom the visitor gets.
    fn as_held(&self) -> Vec<Wish> {
        match &self.hold {
            Some(hold) => pinned(&self.wishes, hold),
            None => self.wishes.clone(),
        }
    }

    fn online(&self, app: &App, policy: &Policy) -> Online {
        let timeout = policy.confirmation_timeout_min.to_duration();
        let confirm_by = app.now().saturating_add(timeout).ok();
        Online {
            language: self.language.clone(),
            consents: self.consents.clone(),
            confirm_by: confirm_by.filter(|_| policy.confirmation != Confirmation::None),
        }
    }
}

/// For whom a visitor books, as far as it is known.
struct Who<'a> {
    booker: &'a Booker,
    online: &'a Online,
    hashes: &'a [[u8; 32]],
    counted: &'a Counted,
    /// How often somebody else took what was chosen for them.
    too_late: usize,
}

/// A request counts once, however often it is decided.
#[derive(Default)]
struct Counted(AtomicBool);

impl Who<'_> {
    /// One more booking with their phone and address, and one more letter where they are to confirm.
    fn count(&self, app: &App, contact: &Contact) -> Result<(), Problem> {
        if self.counted.0.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        for hash in self.hashes {
            app.visitors().books_with(*hash)?;
        }
        match (&contact.email, self.online.confirm_by) {
            (Some(email), Some(_)) => app.visitors().writes_to(app.letters_hash(email)),
            (None, _) | (_, None) => Ok(()),
        }
    }
}

/// One booking to be placed.
struct Placing {
    reference: Reference,
    plan: Plan,
    online: Online,
    visit: Option<Id<Visit>>,
}

impl Placing {
    fn events<'c>(
        self,
        app: &App,
        call: &Call<BookingFields>,
        booker: &Booker,
        policy: &Policy,
        comments: impl Iterator<Item = &'c FreeText>,
    ) -> Result<Vec<BookingEvent>, Problem> {
        let at = app.now();
        let confirmed = policy.auto_confirm && self.online.confirm_by.is_none();
        let placement = Placement {
            reference: self.reference,
            visit_id: self.visit,
            series_id: None,
            client_id: Some(booker.id),
            plan: self.plan,
            status: if confirmed {
                Status::Confirmed
            } else {
                Status::Requested
            },
            source: Origin::parse(call.caller.source()).map_err(Problem::internal)?,
            at,
            imported: None,
            online: Some(Box::new(self.online)),
        };
        let mut booking = Booking::default();
        let mut events = booking.decide(BookingCommand::Place(Box::new(placement)))?;
        events.iter().cloned().for_each(|e| booking.apply(e));
        for text in comments {
            let comment = Comment {
                comment_id: Id::new(app.new_id()),
                text: Sealed::open(KeyId::from(booker.id), text.clone()),
                at,
                by: call.caller.actor().clone(),
                note: None,
            };
            events.extend(booking.decide(BookingCommand::Comment(comment))?);
        }
        Ok(events)
    }
}
