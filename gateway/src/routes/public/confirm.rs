//! Where the booking policy wants it, a visitor confirms by what a letter to them says: a link, or a code.
//!
//! Until then the booking is requested and holds its time; when the time is up it is cancelled, by whichever process
//! looks first. Codes go by e-mail alone as long as there is no channel to phones.

use std::time::Duration;

use axum::{extract::State, http::StatusCode};
use domain::{
    booking::{BookingCommand, Status, Told},
    business::Confirmation,
    client::Client,
    contact::{Email, Language},
    sealed::{KeyId, Sealed},
    text::FreeText,
};
use jiff::Timestamp;
use ledger::BusinessId;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    client::{Contact, house_speech},
    limits::{Taking, not_online},
    manage::TokenQuery,
    moves::{Acting, write_step},
    tables::{self, Waiting},
    times::local,
    token::{Link, Subject, same},
    view::{Booked, VisitorBooking},
    visitor::Visitor,
};
use crate::{
    app::App,
    catalogue::Known,
    checks::Checks,
    command::{Answer, Ask, Call, Decision, Envelope, Outcome},
    mail::Letter,
    problem::{Code, Problem},
    texts::{Message, Speech},
};

/// Wrong codes for each letter.
const TRIES: i16 = 5;
/// Letters for each booking.
const LETTERS: i16 = 3;
/// How often it is looked for bookings whose time is up.
const LOOK: Duration = Duration::from_secs(5);

/// What the letter said.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfirmFields {
    /// The six digits of the last letter.
    code: Option<String>,
    /// What the letter's link brought along.
    proof: Option<String>,
}

/// Where to write again.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ResendFields {
    /// The address that it was booked with.
    #[schema(format = "email")]
    email: String,
}

/// Confirms what was booked, by what the letter said. Confirmed already: nothing happens.
#[utoipa::path(post, path = "/public/{slug}/bookings/manage/confirm", tag = "public",
    params(("slug" = String, Path), TokenQuery), request_body = ConfirmFields,
    responses((status = 200, body = VisitorBooking)))]
pub(super) async fn confirm(
    State(app): State<App>,
    visitor: Visitor,
    ask: Ask<TokenQuery>,
    call: Call<ConfirmFields>,
) -> Result<Answer<VisitorBooking>, Problem> {
    let business = visitor.business;
    let acting = Acting::of(&app, &visitor, &ask.query.token, call.envelope).await?;
    let waiting = Waiting {
        business,
        subject: acting.link.subject,
    };
    let unsure = waits(&app.booked(business, waiting.subject).await?);
    if unsure && !app.was_done(&acting.call).await? {
        app.check_said(waiting, &call.body).await?;
    }
    let (app, acting) = (&app, &acting);
    let done = app
        .execute(&acting.call, move |attempt| async move {
            let known = app.catalogue_for(&acting.call, &attempt).await?;
            let mut booked = app.booked(business, waiting.subject).await?;
            // Who has nothing to confirm has shown no letter: their link alone speaks for them.
            if !waits(&booked) {
                booked = acting.booked(app).await?;
            }
            app.decide_confirming(business, &known, &booked).await
        })
        .await?;
    tables::forget(app.pool(), waiting).await?;
    app.show_booked(&visitor, &done, waiting.subject).await
}

/// Writes the letter again, to the address that it was booked with. To another one, nothing is written, nor told.
#[utoipa::path(post, path = "/public/{slug}/bookings/manage/resend", tag = "public",
    params(("slug" = String, Path), TokenQuery), request_body = ResendFields,
    responses((status = 204)))]
pub(super) async fn resend(
    State(app): State<App>,
    visitor: Visitor,
    ask: Ask<TokenQuery>,
    call: Call<ResendFields>,
) -> Result<StatusCode, Problem> {
    let business = visitor.business;
    let mut checks = Checks::default();
    let email = checks.take("email", Email::parse(&call.body.email));
    checks.done()?;
    let email = email.ok_or_else(Problem::not_found)?;
    let (link, booked) = app.by_link(business, &ask.query.token).await?;
    let hash = app.address_hash(business, &email);
    app.visitors().books_with(hash)?;
    let waiting = Waiting {
        business,
        subject: link.subject,
    };
    // What is not written counts for nobody: else any booking's link would shut any mailbox.
    if !tables::is_to(app.pool(), waiting, hash, LETTERS).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    app.visitors().writes_to(app.letters_hash(&email))?;
    let letter = tables::write_again(app.pool(), waiting, hash, LETTERS).await?;
    let online = booked
        .parts
        .iter()
        .find_map(|(_, loaded)| loaded.state.held().ok()?.online.clone());
    if let (Some(letter), Some(online)) = (letter, online) {
        let known = app.catalogue(business).await?;
        app.write_to_confirm(&visitor, &known, &booked, letter, &email, &online.language)?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// It waits for its visitor's word.
fn waits(booked: &Booked) -> bool {
    booked.open().any(|(_, loaded)| {
        loaded.state.held().is_ok_and(|held| {
            let online = held.online.as_ref();
            held.status == Status::Requested
                && online.is_some_and(|online| online.confirm_by.is_some())
        })
    })
}

impl App {
    /// A booking is about to be made that is to be confirmed. Written first: none is forgotten.
    pub(super) async fn expect_confirmation(
        &self,
        business: BusinessId,
        subject: Subject,
        contact: &Contact,
        due_at: Timestamp,
    ) -> Result<(), Problem> {
        let email = contact.email.as_ref();
        let hash = email.map(|email| self.address_hash(business, email));
        let waiting = Waiting { business, subject };
        tables::wait_for(self.pool(), waiting, due_at, hash.unwrap_or_default()).await?;
        Ok(())
    }

    fn address_hash(&self, business: BusinessId, email: &Email) -> [u8; 32] {
        let email = email.as_str().to_lowercase();
        self.vault()
            .keyed_hash(business.0, "letter to", email.as_bytes())
    }

    /// The same address in every business, since it is one mailbox that fills.
    pub(super) fn letters_hash(&self, email: &Email) -> [u8; 32] {
        let email = email.as_str().to_lowercase();
        self.vault()
            .keyed_hash(Uuid::nil(), "letters to", email.as_bytes())
    }

    /// Writes the letter that asks to confirm.
    pub(super) fn write_to_confirm(
        &self,
        visitor: &Visitor,
        known: &Known,
        booked: &Booked,
        letter: i16,
        email: &Email,
        language: &Language,
    ) -> Result<(), Problem> {
        let (business, subject) = (visitor.business, booked.subject);
        let settings = known.settings()?;
        let zone = &settings.time_zone;
        let house = settings.name.to_string();
        let when = local(zone, booked.start()).replace('T', " ");
        let asks = match known.catalogue.business.policy.confirmation {
            Confirmation::None => return Ok(()),
            Confirmation::Link => {
                let link = Link {
                    subject,
                    edition: booked.edition(),
                };
                let token = self.manage_token(business, link);
                let proof = self.proof_token(business, subject);
                let place = format!("b/{}/manage", visitor.slug);
                let link = self.link(&place, &format!("token={token}&proof={proof}"));
                Message::new("mail-confirm-link").with("link", link)
            }
            Confirmation::Code => {
                let code = self.code(business, subject, letter);
                Message::new("mail-confirm-code").with("code", code)
            }
        };
        let speech = Speech::named(language.as_str()).unwrap_or_else(|| house_speech(settings));
        self.post(Letter {
            to: email.clone(),
            from: house.clone(),
            speech,
            subject: Message::new("mail-confirm-subject").with("business", &house),
            paragraphs: vec![
                Message::new("mail-confirm-body")
                    .with("business", &house)
                    .with("when", when),
                asks,
                Message::new("mail-confirm-ignore"),
            ],
        });
        Ok(())
    }

    /// What was said is what the letter said.
    async fn check_said(&self, waiting: Waiting, said: &ConfirmFields) -> Result<(), Problem> {
        let (business, subject) = (waiting.business, waiting.subject);
        match (&said.proof, &said.code) {
            (Some(proof), None) => {
                if self.proves(business, proof, subject) {
                    return Ok(());
                }
                Err(Problem::field("proof", Message::new("violation-not-found")))
            }
            (None, Some(code)) => {
                let letter = tables::try_code(self.pool(), waiting, TRIES).await?;
                let Some(letter) = letter else {
                    return Err(Problem::field("code", Message::new("violation-code-spent")));
                };
                let wanted = self.code(business, subject, letter);
                let digits: String = code.chars().filter(char::is_ascii_digit).collect();
                if same(wanted.as_bytes(), digits.as_bytes()) {
                    return Ok(());
                }
                Err(Problem::field("code", Message::new("violation-code")))
            }
            (None, None) | (Some(_), Some(_)) => {
                Err(Problem::field("code", Message::new("violation-missing")))
            }
        }
    }

    /// From here on it is known whose address it is: what hangs on who they are is looked at now.
    async fn decide_confirming(
        &self,
        business: BusinessId,
        known: &Known,
        booked: &Booked,
    ) -> Result<Decision, Problem> {
        let mut decision = Decision::new(Outcome::changed(booked.subject.id()));
        if !waits(booked) {
            if booked.open().next().is_none() {
                return Err(Problem::new(Code::WrongState));
            }
            return Ok(decision);
        }
        let first = booked.parts.first().ok_or_else(Problem::not_found)?;
        let client = first.1.state.held()?.client_id;
        if let Some(client) = client {
            let loaded = self
                .ledger()
                .load::<Client>(business, client.uuid())
                .await?;
            if loaded.state.blocked {
                return Err(not_online());
            }
            let policy = &known.catalogue.business.policy;
            let zone = &known.settings()?.time_zone;
            let taking = Taking {
                client,
                booking: first.0.uuid(),
                start: booked.start(),
            };
            self.take_places(business, &mut decision, &taking, policy, zone)
                .await?;
        }
        for (id, loaded) in booked.open() {
            let told = Told {
                at: self.now(),
                note: None,
            };
            let command = BookingCommand::Confirm(told);
            write_step(self, &mut decision, Some(known), *id, loaded, command)?;
        }
        decision.saw_catalogue = Some(known.position);
        Ok(decision)
    }

    /// Cancels what nobody confirmed in time, until told to stop.
    pub(crate) async fn watch_unconfirmed(&self, stop: &CancellationToken) {
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while stop.run_until_cancelled(looks.tick()).await.is_some() {
            if let Err(problem) = self.cancel_unconfirmed().await {
                tracing::warn!(error = %problem, "could not look for bookings that nobody confirmed");
            }
        }
    }

    /// Cancels what nobody confirmed in time. Any number of processes may: what one has cancelled, the other finds so.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn cancel_unconfirmed(&self) -> Result<(), Problem> {
        let now = self.now();
        for waiting in tables::due(self.pool(), now).await? {
            match self.cancel_one(waiting).await {
                Ok(true) => tables::forget(self.pool(), waiting).await?,
                // By another clock it is not over yet.
                Ok(false) => {}
                Err(problem) => {
                    tracing::warn!(error = %problem, booking.id = %waiting.subject.id(),
                        "could not cancel what nobody confirmed; tried again");
                }
            }
        }
        tables::clear_challenges(self.pool(), now).await?;
        Ok(())
    }

    /// Whether nothing of it waits any more.
    async fn cancel_one(&self, waiting: Waiting) -> Result<bool, Problem> {
        let call = Envelope::of_system(self, waiting.business);
        let call = &call;
        let cancelled = self
            .execute(call, move |attempt| async move {
                let known = self.catalogue_for(call, &attempt).await?;
                let booked = self.booked(waiting.business, waiting.subject).await?;
                let speech = house_speech(known.settings()?);
                let why = Message::new("word-not-confirmed").say(speech);
                let why = FreeText::parse(&why).map_err(Problem::internal)?;
                let mut decision = Decision::new(Outcome::changed(waiting.subject.id()));
                for (id, loaded) in &booked.parts {
                    let held = loaded.state.held()?;
                    if !held.is_unconfirmed_at(self.now()) {
                        continue;
                    }
                    let key = held.client_id.map_or_else(|| (*id).into(), KeyId::from);
                    let command = BookingCommand::Cancel {
                        at: self.now(),
                        reason: Some(Sealed::open(key, why.clone())),
                        note: None,
                    };
                    write_step(self, &mut decision, Some(&known), *id, loaded, command)?;
                }
                decision.saw_catalogue = Some(known.position);
                Ok(decision)
            })
            .await;
        match cancelled {
            // Made it was not, or it is gone since.
            Err(problem) if problem.code() == Code::NotFound => Ok(true),
            Err(problem) => Err(problem),
            Ok(_) => {
                let booked = self.booked(waiting.business, waiting.subject).await?;
                Ok(!waits(&booked))
            }
        }
    }
}
