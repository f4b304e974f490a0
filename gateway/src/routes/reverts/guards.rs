//! What must be free of bookings before a change of the catalogue is put back: what must be when it is made.

use domain::{
    business::{Business, BusinessCommand, BusinessError},
    client::{Client, ClientCommand},
    desk::{Desk, DeskCommand},
    revert::Revert,
    service::{Service, ServiceCommand},
    staff::{Staff, StaffCommand},
};
use ledger::{ClaimSet, Guard};
use uuid::Uuid;

use crate::{
    command::{Deciding, Kind},
    guarding::{ahead, from_now_on, must_be_free},
    problem::Problem,
    routes::{business, closures, desks, staff},
};

/// A thing whose changes are put back by commands on it alone.
pub(super) trait Guarded: Kind + Revert {
    /// What must be free for this command, which is told what it cannot know.
    fn guards(
        on: &Deciding<Self>,
        id: Uuid,
        command: &mut Self::Command,
    ) -> Result<Vec<Guard>, Problem>;

    /// What others take with it, in place of what they took.
    fn claims(_: &Deciding<Self>, _: Uuid, _: &Self::Command) -> Vec<ClaimSet> {
        vec![]
    }
}

impl Guarded for Client {
    fn guards(_: &Deciding<Self>, _: Uuid, _: &mut ClientCommand) -> Result<Vec<Guard>, Problem> {
        Ok(vec![])
    }
}

impl Guarded for Service {
    fn guards(_: &Deciding<Self>, _: Uuid, _: &mut ServiceCommand) -> Result<Vec<Guard>, Problem> {
        Ok(vec![])
    }
}

impl Guarded for Staff {
    fn guards(
        on: &Deciding<Self>,
        id: Uuid,
        command: &mut StaffCommand,
    ) -> Result<Vec<Guard>, Problem> {
        match command {
            StaffCommand::SetWorkingHours(to) => staff::hours_guards(on, id, to.as_ref()),
            StaffCommand::PlanAbsence { span, .. } => {
                let zone = &on.known.settings()?.time_zone;
                Ok(must_be_free(vec![id], ahead([&*span], zone, on.now)))
            }
            StaffCommand::Leave => Ok(must_be_free(vec![id], from_now_on(on.now))),
            StaffCommand::Join(_)
            | StaffCommand::Change(_)
            | StaffCommand::CancelAbsence(_)
            | StaffCommand::OpenFeed(_)
            | StaffCommand::CloseFeed => Ok(vec![]),
        }
    }
}

impl Guarded for Desk {
    fn guards(
        on: &Deciding<Self>,
        id: Uuid,
        command: &mut DeskCommand,
    ) -> Result<Vec<Guard>, Problem> {
        match command {
            DeskCommand::Change(to) => match &to.working_hours {
                Some(hours) => desks::hours_guards(on, id, hours.as_ref()),
                None => Ok(vec![]),
            },
            DeskCommand::PlanHoliday { span, .. } => {
                let zone = &on.known.settings()?.time_zone;
                Ok(must_be_free(vec![id], ahead([&*span], zone, on.now)))
            }
            DeskCommand::Close | DeskCommand::Retire => {
                Ok(must_be_free(vec![id], from_now_on(on.now)))
            }
            DeskCommand::Add(_) | DeskCommand::Open | DeskCommand::CancelHoliday(_) => Ok(vec![]),
        }
    }

    fn claims(on: &Deciding<Self>, id: Uuid, command: &DeskCommand) -> Vec<ClaimSet> {
        match command {
            DeskCommand::Change(to) => desks::grown(on, id, to),
            DeskCommand::Add(_)
            | DeskCommand::Close
            | DeskCommand::Open
            | DeskCommand::PlanHoliday { .. }
            | DeskCommand::CancelHoliday(_)
            | DeskCommand::Retire => vec![],
        }
    }
}

impl Guarded for Business {
    fn guards(
        on: &Deciding<Self>,
        _: Uuid,
        command: &mut BusinessCommand,
    ) -> Result<Vec<Guard>, Problem> {
        let zone = &on.state.settings()?.time_zone;
        match command {
            BusinessCommand::ChangeSettings { priced, .. } => {
                *priced = on.known.catalogue.is_priced();
                Ok(vec![])
            }
            BusinessCommand::SetHours(to) => business::hours_guards(on, to.as_ref()),
            BusinessCommand::PlanClosure { span, .. } => {
                Ok(must_be_free(vec![], ahead([&*span], zone, on.now)))
            }
            BusinessCommand::ChangeClosure {
                closure_id, span, ..
            } => {
                let now = on.state.closures.get(closure_id);
                let now = now.ok_or(BusinessError::NoSuchClosure)?;
                let to = span.unwrap_or(now.span);
                Ok(closures::newly_closed(now.span, to, zone, on.now))
            }
            BusinessCommand::Open { .. }
            | BusinessCommand::CancelClosure(_)
            | BusinessCommand::SetWaitlistRules(_)
            | BusinessCommand::SetReportRules(_)
            | BusinessCommand::SetPolicy(_) => Ok(vec![]),
        }
    }
}
