//! Clients: how they are reached, what they like, what they agreed to.

pub(crate) mod card;
mod duplicates;
mod export;
mod life;
mod merge;
mod sales;
mod shown;

use axum::extract::State;
use domain::{
    access::Right,
    client::{Client, Consent, Note, Preferences, TookIn},
};
use jiff::Timestamp;
use projections::{ReadModel, clients, history};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use self::card::{ClientChange, KindedPhoneFields, NewClient};
use super::{history::question, staff::open_text};
use crate::{
    access::Caller,
    app::App,
    checks::Checks,
    command::{Answer, Ask, At, Call, Loaded, Target, View},
    page::{Page, limit},
    problem::Problem,
    schema,
};
use domain::{
    contact::{Email, FiscalCode, Phone, Telegram},
    hours::DayInterval,
    id::Id,
    sealed::Sealed,
    text::FreeText,
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, register))
        .routes(routes!(show, change))
        .merge(export::routes())
        .merge(shown::routes())
        .merge(merge::routes())
        .merge(duplicates::routes())
        .merge(life::routes())
        .merge(sales::routes())
}

/// A client.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Client)]
pub(crate) struct ClientView {
    id: Uuid,
    /// Null: erased.
    name: Option<String>,
    /// The phone to ring first (E.164).
    phone: Option<String>,
    /// All their phones that have a kind.
    phones: Vec<KindedPhoneFields>,
    email: Option<String>,
    telegram: Option<String>,
    /// `YYYY-MM-DD`, or `--MM-DD` where the year is not known.
    #[schema(pattern = r"^([0-9]{4}|-)-[0-9]{2}-[0-9]{2}$")]
    birthday: Option<String>,
    language: Option<String>,
    tags: Vec<String>,
    /// Oldest first.
    notes: Vec<NoteView>,
    source: Option<String>,
    fiscal_code: Option<String>,
    consents: Vec<ConsentField>,
    /// What staff must see before they serve them.
    warning: Option<String>,
    preferences: PreferencesFields,
    /// They can't book online.
    blocked: bool,
    /// Who turned out to be them, as they were known.
    merged: Vec<FormerView>,
    version: i64,
}

/// Who turned out to be somebody else.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MergedClient)]
struct FormerView {
    id: Uuid,
    /// Null: erased.
    name: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    telegram: Option<String>,
    birthday: Option<String>,
    warning: Option<String>,
}

impl From<&TookIn> for FormerView {
    fn from(took: &TookIn) -> Self {
        let card = &took.card;
        let birthday = card.birthday.as_ref().and_then(Sealed::value);
        Self {
            id: took.client_id.uuid(),
            name: card.name.value().map(ToString::to_string),
            phone: open_text(card.phone.as_ref(), Phone::as_str),
            email: open_text(card.email.as_ref(), Email::as_str),
            telegram: open_text(card.telegram.as_ref(), Telegram::as_str),
            birthday: birthday.map(ToString::to_string),
            warning: open_text(card.warning.as_ref(), FreeText::as_str),
        }
    }
}

/// Something written about a client.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Note)]
struct NoteView {
    id: Uuid,
    /// Null: erased.
    text: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    actor: ActorView,
}

/// Who did it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Actor)]
pub(crate) struct ActorView {
    /// `user`, `api_key`, `client`, `import`, `system`.
    kind: &'static str,
    id: Option<Uuid>,
    role: Option<&'static str>,
}

impl From<&domain::actor::Actor> for ActorView {
    fn from(actor: &domain::actor::Actor) -> Self {
        Self {
            kind: crate::access::actor_word(actor.kind),
            id: actor.id,
            role: actor.role.map(crate::access::role_word),
        }
    }
}

/// What a client can agree to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Consent)]
pub(crate) enum ConsentField {
    /// Their data being kept.
    DataProcessing,
    /// Being reminded of bookings.
    Reminders,
    /// Being sent campaigns.
    Marketing,
    /// Pictures of them being shown.
    Photos,
}

/// What a client likes.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Preferences)]
struct PreferencesFields {
    /// By whom they like to be served.
    #[serde(default)]
    staff_ids: Vec<Uuid>,
    /// What they like to have done.
    #[serde(default)]
    service_ids: Vec<Uuid>,
    /// When of day they like to come.
    #[serde(default)]
    #[schema(value_type = Vec<schema::DayInterval>)]
    hours: Vec<DayInterval>,
}

impl View for ClientView {
    type Of = Client;
    const HOME: &'static str = "/api/v1/clients";

    fn of(loaded: &Loaded<Client>, id: Uuid) -> Option<Self> {
        let client = &loaded.state;
        // Whose becoming known was taken back is not there.
        let card = client.known().ok()?;
        let phones = card.phones.as_ref().and_then(Sealed::value);
        let birthday = card.birthday.as_ref().and_then(Sealed::value);
        Some(Self {
            id,
            name: card.name.value().map(ToString::to_string),
            phone: open_text(card.phone.as_ref(), Phone::as_str),
            phones: phones.into_iter().flatten().map(Into::into).collect(),
            email: open_text(card.email.as_ref(), Email::as_str),
            telegram: open_text(card.telegram.as_ref(), Telegram::as_str),
            birthday: birthday.map(ToString::to_string),
            language: card.language.as_ref().map(|l| l.as_str().to_owned()),
            tags: client
                .tags
                .iter()
                .map(|tag| tag.as_str().to_owned())
                .collect(),
            notes: client.notes.iter().map(Into::into).collect(),
            source: card.source.as_ref().map(|s| s.as_str().to_owned()),
            fiscal_code: open_text(card.fiscal_code.as_ref(), FiscalCode::as_str),
            consents: client
                .consents
                .iter()
                .map(|consent| (*consent).into())
                .collect(),
            warning: open_text(card.warning.as_ref(), FreeText::as_str),
            preferences: (&client.preferences).into(),
            blocked: client.blocked,
            merged: client.taken_in.iter().map(Into::into).collect(),
            version: loaded.version.0,
        })
    }
}

impl ClientView {
    /// Without what the reader may not see: how the client is reached.
    fn seen_by(mut self, caller: &Caller) -> Self {
        if !caller.may(Right::SeePhones) {
            self.phone = None;
            self.phones.clear();
            self.email = None;
            self.telegram = None;
            for former in &mut self.merged {
                former.phone = None;
                former.email = None;
                former.telegram = None;
            }
        }
        self
    }
}

/// Makes a client known.
#[utoipa::path(post, path = "/clients", tag = "clients", request_body = NewClient,
    responses((status = 201, body = ClientView)))]
async fn register(
    State(app): State<App>,
    call: Call<NewClient>,
) -> Result<Answer<ClientView>, Problem> {
    let (id, note_id) = (app.new_id(), app.new_id());
    let actor = call.caller.actor();
    let done = app
        .send(&call, Target::new(id), |on| {
            call.body.asked(on, Id::new(id), Id::new(note_id), actor)
        })
        .await?;
    app.answer(call.caller.business(), &done).await
}

/// Which clients.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ClientsQuery {
    /// Words, each in any part of a name, phone, e-mail or fiscal code; where nobody has them, misspelt too.
    q: Option<String>,
    /// Items on a page: 50, at most 500.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
    /// The cursor that the page before gave as `next`.
    after: Option<String>,
    /// `true`: tells the `total`.
    #[serde(default)]
    count: bool,
}

/// What a list of clients is read from.
fn read_by(caller: &Caller) -> &'static [&'static ReadModel] {
    match caller.own() {
        // Whose bookings are theirs makes the clients theirs.
        Some(_) => &[&clients::READ_MODEL, &history::READ_MODEL],
        None => &[&clients::READ_MODEL],
    }
}

/// All clients by name, or those that are asked for, the closest first.
#[utoipa::path(get, path = "/clients", tag = "clients", params(ClientsQuery),
    responses((status = 200, body = Page<ClientView>)))]
async fn list(
    State(app): State<App>,
    ask: Ask<ClientsQuery>,
) -> Result<Answer<Page<ClientView>>, Problem> {
    let mut checks = Checks::default();
    question(&mut checks, "q", ask.query.q.as_deref());
    checks.done()?;
    let page = clients::Page {
        after: ask.list().place(ask.query.after.as_deref())?,
        limit: u16::try_from(limit(ask.query.limit)?).map_err(Problem::internal)?,
        count: ask.query.count,
    };
    app.wait_for(&ask, read_by(&ask.caller)).await?;
    let (scope, q) = (ask.caller.scope(), ask.query.q.as_deref());
    let among = app.clients_of(&ask.caller).await?;
    let found = clients::find_among(app.pool(), &scope, among.as_deref(), q, page).await?;
    let items = found.items.into_iter().filter_map(|entry| {
        let loaded = Loaded {
            state: entry.client,
            version: entry.version,
        };
        ClientView::of(&loaded, entry.client_id.uuid())
    });
    Ok(Answer::ok(Page {
        items: items.collect(),
        next: found
            .next
            .map(|place| ask.list().cursor(&place))
            .transpose()?,
        total: found.total.and_then(|total| u64::try_from(total).ok()),
    }))
}

/// One client.
#[utoipa::path(get, path = "/clients/{id}", tag = "clients", params(("id" = Uuid, Path)),
    responses((status = 200, body = ClientView)))]
async fn show(
    State(app): State<App>,
    At(id): At<Uuid>,
    ask: Ask,
) -> Result<Answer<ClientView>, Problem> {
    let loaded = app.load::<Client>(ask.caller.business(), id).await?;
    loaded.state.known()?;
    let view = ClientView::of(&loaded, id).ok_or_else(Problem::not_found)?;
    Ok(Answer::ok(view).version(loaded.version))
}

/// Changes what is told of a client.
#[utoipa::path(patch, path = "/clients/{id}", tag = "clients", params(("id" = Uuid, Path)),
    request_body = ClientChange, responses((status = 200, body = ClientView)))]
async fn change(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<ClientChange>,
) -> Result<Answer<ClientView>, Problem> {
    let done = app
        .send(&call, Target::at(id), |on| call.body.asked(on, Id::new(id)))
        .await?;
    app.answer(call.caller.business(), &done).await
}

impl From<&Note> for NoteView {
    fn from(note: &Note) -> Self {
        Self {
            id: note.note_id.uuid(),
            text: note.text.value().map(ToString::to_string),
            at: note.at,
            actor: (&note.by).into(),
        }
    }
}

impl From<&Preferences> for PreferencesFields {
    fn from(preferences: &Preferences) -> Self {
        Self {
            staff_ids: preferences.staff_ids.iter().map(|id| id.uuid()).collect(),
            service_ids: preferences.service_ids.iter().map(|id| id.uuid()).collect(),
            hours: preferences.hours.clone(),
        }
    }
}

impl ConsentField {
    /// As in JSON.
    const fn word(self) -> &'static str {
        match self {
            Self::DataProcessing => "data_processing",
            Self::Reminders => "reminders",
            Self::Marketing => "marketing",
            Self::Photos => "photos",
        }
    }
}

impl From<ConsentField> for Consent {
    fn from(consent: ConsentField) -> Self {
        match consent {
            ConsentField::DataProcessing => Self::DataProcessing,
            ConsentField::Reminders => Self::Reminders,
            ConsentField::Marketing => Self::Marketing,
            ConsentField::Photos => Self::Photos,
        }
    }
}

impl From<Consent> for ConsentField {
    fn from(consent: Consent) -> Self {
        match consent {
            Consent::DataProcessing => Self::DataProcessing,
            Consent::Reminders => Self::Reminders,
            Consent::Marketing => Self::Marketing,
            Consent::Photos => Self::Photos,
        }
    }
}
