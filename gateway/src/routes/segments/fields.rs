//! What is asked of segments.

use domain::{
    access::Right,
    id::Id,
    sealed::Sealed,
    segment::{Filter, Saying, Segment, SegmentCommand},
    text::Label,
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::schema::SegmentFilter;
use crate::{
    access::Caller,
    catalogue::Known,
    checks::{Checks, given},
    problem::{Problem, Violation},
    texts::Message,
};

/// A filter to be saved under a name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewSegment {
    name: String,
    /// Whom it holds.
    #[schema(value_type = SegmentFilter)]
    filter: Value,
}

/// What is to change of a segment; absent fields stay as they are.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SegmentChange {
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    name: Option<String>,
    /// The whole of it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<SegmentFilter>, nullable = false)]
    filter: Option<Value>,
}

/// A filter to be tried.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SegmentPreviewQuery, example = json!({"filter": {"field": "absent", "days": 60}}))]
pub(super) struct Preview {
    #[schema(value_type = SegmentFilter)]
    filter: Value,
}

impl NewSegment {
    pub(super) fn read(&self, id: Uuid, known: &Known, caller: &Caller) -> Result<Saying, Problem> {
        let mut checks = Checks::default();
        let name = checks.take("name", Label::parse(&self.name));
        let filter = filter(&mut checks, &self.filter, known);
        let (Some(name), Some(filter), true) = (name, filter, checks.is_clean()) else {
            return Err(checks.into());
        };
        may_ask(&filter, caller)?;
        let filter = sealed(id, filter);
        Ok(Saying { name, filter })
    }
}

impl SegmentChange {
    pub(super) fn read(
        &self,
        id: Uuid,
        known: &Known,
        caller: &Caller,
    ) -> Result<SegmentCommand, Problem> {
        let mut checks = Checks::default();
        let name = checks.maybe("name", self.name.as_deref(), Label::parse);
        let json = self.filter.as_ref();
        let filter = json.and_then(|json| filter(&mut checks, json, known));
        checks.done()?;
        if let Some(filter) = &filter {
            may_ask(filter, caller)?;
        }
        Ok(SegmentCommand::Change {
            name,
            filter: filter.map(|filter| Box::new(sealed(id, filter))),
        })
    }
}

impl Preview {
    pub(super) fn read(&self, known: &Known, caller: &Caller) -> Result<Filter, Problem> {
        let mut checks = Checks::default();
        let filter = filter(&mut checks, &self.filter, known);
        let (Some(filter), true) = (filter, checks.is_clean()) else {
            return Err(checks.into());
        };
        may_ask(&filter, caller)?;
        Ok(filter)
    }
}

/// Who does not see money does not learn it by asking who spent more.
pub(super) fn may_ask(filter: &Filter, caller: &Caller) -> Result<(), Problem> {
    if filter.asks_for_money() {
        caller.needs(Right::SeeRevenue)?;
    }
    Ok(())
}

fn sealed(id: Uuid, filter: Filter) -> Sealed<Filter> {
    Sealed::open(Id::<Segment>::new(id), filter)
}

/// A filter whose services and staff members there are, or were once.
fn filter(checks: &mut Checks, json: &Value, known: &Known) -> Option<Filter> {
    let filter = match Filter::read(json) {
        Ok(filter) => filter,
        Err(faults) => {
            for fault in faults {
                let Violation { field, message } = fault.into();
                checks.fault(field, message);
            }
            return None;
        }
    };
    let catalogue = &known.catalogue;
    let mut missing = vec![];
    for (path, condition) in filter.conditions() {
        let services = condition.service_ids().iter().enumerate();
        let unknown = services.filter(|(_, id)| !catalogue.services.contains_key(id));
        missing.extend(unknown.map(|(n, _)| format!("{path}.service_ids[{n}]")));
        let staff = condition.staff_ids().iter().enumerate();
        let unknown = staff.filter(|(_, id)| !catalogue.staff.contains_key(id));
        missing.extend(unknown.map(|(n, _)| format!("{path}.staff_ids[{n}]")));
    }
    for path in missing {
        checks.fault(path, Message::new("violation-not-found"));
    }
    Some(filter)
}
