//! The parameters of reports, and what they ask of the read model.

use domain::{
    access::Right,
    id::Id,
    time::{Zone, local_date},
};
use jiff::civil::Date;
use projections::{
    GroupBy, Period, ReadModel,
    reports::{self, Asked, Filter},
    segments,
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::report::{Question, Report};
use crate::{
    access::rights::Module,
    app::App,
    command::Ask,
    problem::Problem,
    routes::{calendar, history::StatusField},
    sheet::FileField,
    texts::Message,
};

/// So many groups can be told one by one.
const MOST_GROUPS: usize = 366;

/// Of which dates, which bookings, and how it is told.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ReportQuery {
    /// The first local date.
    #[serde(with = "local_date")]
    #[param(value_type = String, format = Date)]
    pub(super) from: Date,
    /// The last one, inclusive.
    #[serde(with = "local_date")]
    #[param(value_type = String, format = Date)]
    pub(super) to: Date,
    pub(super) staff_id: Option<Uuid>,
    pub(super) service_id: Option<Uuid>,
    pub(super) desk_id: Option<Uuid>,
    pub(super) client_id: Option<Uuid>,
    /// May be repeated.
    #[serde(default)]
    #[param(inline)]
    pub(super) status: Vec<StatusField>,
    pub(super) source: Option<String>,
    /// Of the clients whom this segment holds now.
    pub(super) segment_id: Option<Uuid>,
    /// Each day, week or month by itself too, at most 366 of them. Passed over by reports that have no such parts.
    #[param(inline)]
    pub(super) group_by: Option<GroupField>,
    /// `json` (the default), or a file: `csv`, `xlsx`. It has a row for each day, week or month that is asked for, else
    /// one for the whole, unless the report says otherwise.
    #[param(inline)]
    pub(super) format: Option<FormatField>,
}

/// As what a report is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum FormatField {
    #[default]
    Json,
    Csv,
    Xlsx,
}

/// By what it is grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum GroupField {
    Day,
    Week,
    Month,
}

impl App {
    /// What is asked, once the read models have come as far as the caller wants.
    pub(super) async fn report<R: Report>(
        &self,
        ask: &Ask<ReportQuery>,
    ) -> Result<Question, Problem> {
        let (business, caller, query) = (ask.caller.business(), &ask.caller, &ask.query);
        let file = match query.format.unwrap_or_default() {
            FormatField::Json => None,
            FormatField::Csv => Some(FileField::Csv),
            FormatField::Xlsx => Some(FileField::Xlsx),
        };
        if file.is_some() {
            caller.needs(Right::Export)?;
        }
        let mut models: Vec<&ReadModel> = vec![&reports::READ_MODEL];
        models.extend(R::READS);
        if query.segment_id.is_some() {
            models.push(&segments::READ_MODEL);
        }
        self.wait_for(ask, &models).await?;
        let known = self.catalogue_now(business).await?;
        let settings = known.settings()?;
        let zone = &settings.time_zone;
        // Says what is wrong with the dates, if anything is.
        calendar::days_up_to(R::MOST_DAYS, zone, query.from, query.to)?;
        let whole = Period::new(zone, query.from, query.to)
            .ok_or_else(|| Problem::field("from", Message::new("violation-date")))?;
        let by = query.group_by.or(R::GROUPED_BY);
        let groups = match by {
            Some(by) => groups(whole, by, zone)?,
            None => vec![],
        };
        let clients = match query.segment_id {
            None => None,
            Some(segment) => {
                caller.needs(Right::ManageMarketing)?;
                Module::Marketing.must_be_on(settings)?;
                let question = self.question(ask, segment).await?;
                Some(segments::ids(self.pool(), &caller.scope(), &question).await?)
            }
        };
        let filter = Filter {
            staff_id: query.staff_id.map(Id::new),
            service_id: query.service_id.map(Id::new),
            desk_id: query.desk_id.map(Id::new),
            client_id: self.client_id_now(business, query.client_id).await?,
            clients,
            statuses: query.status.iter().map(|status| (*status).into()).collect(),
            source: query.source.clone(),
        };
        let asked = Asked {
            scope: caller.scope(),
            filter,
            whole,
            by: by.map(GroupBy::from),
            groups,
            zone: zone.clone(),
            now: self.now(),
            currency: settings.currency,
        };
        Ok(Question {
            asked,
            known,
            names: caller.may(Right::SeeClients),
            file,
        })
    }
}

/// The groups of a period.
fn groups(whole: Period, by: GroupField, zone: &Zone) -> Result<Vec<Period>, Problem> {
    let too_many = || {
        let most = i64::try_from(MOST_GROUPS).unwrap_or(i64::MAX);
        let message = Message::new("violation-too-many-groups").with_number("max", most);
        Problem::field("group_by", message)
    };
    // Not one by one: of centuries there would be many.
    let days = whole
        .first
        .until(whole.last)
        .map_or(i32::MAX, |span| span.get_days());
    let fewest = days / by.most_days();
    if usize::try_from(fewest).map_or(true, |fewest| fewest > MOST_GROUPS) {
        return Err(too_many());
    }
    let groups = whole.by(zone, by.into());
    if groups.len() > MOST_GROUPS {
        return Err(too_many());
    }
    Ok(groups)
}

impl GroupField {
    /// The longest that one can be.
    const fn most_days(self) -> i32 {
        match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 31,
        }
    }
}

impl From<GroupField> for GroupBy {
    fn from(by: GroupField) -> Self {
        match by {
            GroupField::Day => Self::Day,
            GroupField::Week => Self::Week,
            GroupField::Month => Self::Month,
        }
    }
}
