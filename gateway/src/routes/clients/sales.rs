//! What a client pays for without a booking.

use axum::extract::State;
use domain::{
    client::{Client, ClientCommand, Sale},
    id::{self, Id},
    sealed::Sealed,
    text::{FreeText, Label},
};
use jiff::Timestamp;
use ledger::BusinessId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::ActorView;
use crate::{
    app::App,
    as_of::AsOf,
    checks::Checks,
    command::{Answer, Ask, Asked, At, Call, Deciding, Loaded, Target, View},
    page::{Page, PageQuery, page_of},
    problem::Problem,
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, sell))
        .routes(routes!(show))
}

/// A payment without a booking.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewSale {
    /// More than nothing, in the business's currency.
    #[schema(pattern = r"^\d+(\.\d+)?$", example = "35.00")]
    amount: String,
    /// How: `cash`, `card`.
    #[schema(example = "cash")]
    method: String,
    /// For what.
    text: Option<String>,
    /// When; now, if absent.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
}

/// A payment of a client for something without a booking.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Sale)]
struct SaleView {
    id: Uuid,
    amount: String,
    method: String,
    text: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    taken_by: ActorView,
}

impl View for SaleView {
    type Of = Client;
    // Never asked for: the address hangs on the client, and is told by the handler.
    const HOME: &'static str = "/api/v1/clients";

    fn of(loaded: &Loaded<Client>, id: Uuid) -> Option<Self> {
        let mut sales = loaded.state.sales.iter();
        sales
            .find(|sale| sale.payment_id.uuid() == id)
            .map(Into::into)
    }
}

impl From<&Sale> for SaleView {
    fn from(sale: &Sale) -> Self {
        Self {
            id: sale.payment_id.uuid(),
            amount: sale.amount.to_string(),
            method: sale.method.to_string(),
            text: sale
                .text
                .as_ref()
                .and_then(Sealed::value)
                .map(ToString::to_string),
            at: sale.at,
            taken_by: (&sale.by).into(),
        }
    }
}

/// Takes a payment for something without a booking.
#[utoipa::path(post, path = "/clients/{id}/payments", tag = "clients", params(("id" = Uuid, Path)),
    request_body = NewSale, responses((status = 201, body = SaleView)))]
async fn sell(
    State(app): State<App>,
    At(client): At<Uuid>,
    call: Call<NewSale>,
) -> Result<Answer<SaleView>, Problem> {
    let payment_id = Id::<id::Payment>::new(app.new_id());
    let sell = |on: &Deciding<Client>| {
        on.state.known()?;
        let currency = on.known.settings()?.currency;
        let mut checks = Checks::default();
        let amount = checks.amount("amount", &call.body.amount, currency);
        let method = checks.take("method", Label::parse(&call.body.method));
        let text = checks.maybe("text", call.body.text.as_deref(), FreeText::parse);
        let at = call.body.at.unwrap_or(on.now);
        checks.moment("at", at);
        let (Some(amount), Some(method), true) = (amount, method, checks.is_clean()) else {
            return Err(checks.into());
        };
        Ok(Asked::of(ClientCommand::Sell {
            sale: Sale {
                payment_id,
                amount,
                method,
                text: text.map(|text| Sealed::open(Id::<Client>::new(client), text)),
                at,
                by: call.caller.actor().clone(),
                staff_id: None,
                service_id: None,
                note: None,
            },
            imported: false,
        })
        .making(payment_id.uuid()))
    };
    let done = app.send(&call, Target::at(client), sell).await?;
    let answer = app.answer(call.caller.business(), &done).await?;
    Ok(answer.location(format!("/api/v1/clients/{client}/payments/{}", done.id())))
}

/// What a client paid for without a booking, the first recorded first.
#[utoipa::path(get, path = "/clients/{id}/payments", tag = "clients", params(("id" = Uuid, Path), PageQuery),
    responses((status = 200, body = Page<SaleView>)))]
async fn list(
    State(app): State<App>,
    At(client): At<Uuid>,
    ask: Ask<PageQuery>,
) -> Result<Answer<Page<SaleView>>, Problem> {
    let loaded = app.load::<Client>(ask.caller.business(), client).await?;
    loaded.state.known()?;
    let sales = app
        .sales_of(ask.caller.business(), Id::new(client), &loaded)
        .await?;
    let sales = sales
        .iter()
        .map(|sale| (sale.payment_id.uuid(), sale.into()));
    Ok(Answer::ok(page_of(sales, &ask.query, &ask.list())?))
}

/// One payment of a client.
#[utoipa::path(get, path = "/clients/{id}/payments/{payment_id}", tag = "clients",
    params(("id" = Uuid, Path), ("payment_id" = Uuid, Path)), responses((status = 200, body = SaleView)))]
async fn show(
    State(app): State<App>,
    At((client, id)): At<(Uuid, Uuid)>,
    ask: Ask,
) -> Result<Answer<SaleView>, Problem> {
    let business = ask.caller.business();
    let loaded = app.load::<Client>(business, client).await?;
    loaded.state.known()?;
    let sales = app.sales_of(business, Id::new(client), &loaded).await?;
    let sale = sales.iter().find(|sale| sale.payment_id.uuid() == id);
    let view = sale.map(SaleView::from).ok_or_else(Problem::not_found)?;
    Ok(Answer::ok(view).version(loaded.version))
}

impl App {
    /// What a client bought without a booking, and what those bought who turned out to be them.
    pub(super) async fn sales_of(
        &self,
        business: BusinessId,
        id: Id<Client>,
        client: &Loaded<Client>,
    ) -> Result<Vec<Sale>, Problem> {
        self.sales_as_of(business, id, client, None).await
    }

    /// The same as it was.
    pub(super) async fn sales_as_of(
        &self,
        business: BusinessId,
        id: Id<Client>,
        client: &Loaded<Client>,
        as_of: Option<AsOf>,
    ) -> Result<Vec<Sale>, Problem> {
        let mut sales = client.state.sales.clone();
        for other in client.state.ids(id).into_iter().skip(1) {
            let other = match as_of {
                None => self.load::<Client>(business, other.uuid()).await?,
                Some(as_of) => self.load_as_of(business, other.uuid(), as_of).await?,
            };
            sales.extend(other.state.sales);
        }
        if !client.state.taken_in.is_empty() {
            // Ids tell in which order they were recorded.
            sales.sort_by_key(|sale| sale.payment_id);
        }
        Ok(sales)
    }
}
