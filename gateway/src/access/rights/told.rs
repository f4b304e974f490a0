//! The table in words: in the description of each operation, and as the page `docs/rights.md`.

use std::fmt::Write as _;

use domain::{
    access::{Right, Rights},
    actor::Role,
};
use serde_json::json;
use utoipa::openapi::{extensions::Extensions, path::Operation};

use super::entry::{Entry, Needs, Reach};
use crate::access::role_word;

/// Says in an operation's description who may do it: in words, and for programs as `x-daybook-rights`.
pub(crate) fn tell(entry: &Entry, operation: &mut Operation) {
    let description = operation.description.get_or_insert_default();
    if !description.is_empty() {
        description.push_str("\n\n");
    }
    description.push_str(&sentence(entry));
    let (needs, roles) = match entry.needs {
        Needs::Nothing => ("nothing", vec![]),
        Needs::Anyone => ("anyone", roles_with(None)),
        Needs::Right(right) => (right.word(), roles_with(Some(right))),
    };
    let rights = json!({
        "needs": needs,
        "roles": roles,
        "staff": reach_word(entry.reach),
        "also": entry.also.iter().map(|right| right.word()).collect::<Vec<_>>(),
        "module": entry.module.map(super::Module::word),
    });
    let told = Extensions::builder()
        .add("x-daybook-rights", rights)
        .build();
    match &mut operation.extensions {
        Some(extensions) => extensions.merge(told),
        None => operation.extensions = Some(told),
    }
}

fn roles_with(right: Option<Right>) -> Vec<&'static str> {
    let roles = Role::ALL.into_iter();
    let having = roles.filter(|role| right.is_none_or(|right| Rights::of(*role).has(right)));
    having.map(role_word).collect()
}

const fn reach_word(reach: Reach) -> &'static str {
    match reach {
        Reach::Whole => "whole",
        Reach::OwnBookings => "own_bookings",
        Reach::OwnClients => "own_clients",
    }
}

fn sentence(entry: &Entry) -> String {
    let mut told = match entry.needs {
        Needs::Nothing => "Open to everybody.".to_owned(),
        Needs::Anyone => "For everybody who is signed in, and for API keys.".to_owned(),
        Needs::Right(right) => {
            let roles = roles_with(Some(right)).join(", ");
            format!(
                "Needs the right `{}` (of itself with: {roles}).",
                right.word()
            )
        }
    };
    if let Needs::Right(right) = entry.needs
        && Rights::of(Role::Staff).has(right)
    {
        told.push_str(match entry.reach {
            Reach::Whole => "",
            Reach::OwnBookings => {
                " For a staff member: their own bookings alone; others' are as if they were not there."
            }
            Reach::OwnClients => {
                " For a staff member: the clients of their own bookings alone; others are as if they were not there."
            }
        });
    }
    if !entry.also.is_empty() {
        let also: Vec<_> = entry
            .also
            .iter()
            .map(|right| format!("`{}`", right.word()))
            .collect();
        let _ = write!(
            told,
            " What is asked or shown depends on {} too.",
            also.join(", ")
        );
    }
    if let Some(module) = entry.module {
        let _ = write!(
            told,
            " Where the module `{}` is off: 403 `module_off`.",
            module.word()
        );
    }
    told
}

/// What a right is for.
#[cfg(test)]
const fn meaning(right: Right) -> &'static str {
    match right {
        Right::SeeCatalogue => "see services, staff, desks, classes, hours and free times",
        Right::ManageSchedule => "plan working hours, absences, desks' days, class sessions",
        Right::ManageCatalogue => {
            "change services, staff, desks and classes, the house's hours and closures"
        }
        Right::SeeBookings => "see bookings, in the calendar and in history",
        Right::ManageBookings => "book, move, cancel, and all that has no right of its own",
        Right::OutsideHours => "book outside working hours, or off the grid",
        Right::Restore => "bring back what was deleted or cancelled; put a change back",
        Right::TakePayments => "take money",
        Right::Refund => "give money back",
        Right::SeeRevenue => "see amounts: prices agreed, paid, due, and the money in reports",
        Right::SeeClients => "see clients",
        Right::SeePhones => "see clients' phones and addresses, and search by them",
        Right::ManageClients => "register clients, change what is known of them",
        Right::MergeClients => "make one of two clients",
        Right::PersonalData => "hand out all that is held of a person, and erase it",
        Right::Import => "bring in clients and services from files",
        Right::Export => "take lists away as files",
        Right::SendMessages => "write to clients",
        Right::ManageMarketing => "work with segments, campaigns and loyalty",
        Right::SeeReports => "see reports",
        Right::SeeChanges => "see who changed what",
        Right::SeeLog => "read the ledger itself",
        Right::ManageSettings => "change settings and policy, and what leaves the house",
        Right::ManageUsers => {
            "invite, disable and enable users, give and take single rights, end their sessions, take second factors away"
        }
        Right::ManageApiKeys => "issue and revoke API keys",
        Right::ChangeRoles => "change roles",
    }
}

/// The page about rights.
#[cfg(test)]
pub(super) fn page(table: &[Entry]) -> String {
    let mut page = HEAD.to_owned();
    page.push_str("| right | is to | owner | admin | manager | staff | single |\n");
    page.push_str("| --- | --- | --- | --- | --- | --- | --- |\n");
    for right in Right::ALL.iter().copied() {
        let _ = write!(page, "| `{}` | {} |", right.word(), meaning(right));
        for role in Role::ALL {
            let has = Rights::of(role).has(right);
            page.push_str(if has { " yes |" } else { " |" });
        }
        let single = Right::SINGLE.contains(&right);
        page.push_str(if single { " yes |\n" } else { " |\n" });
    }
    page.push_str(OPERATIONS);
    page.push_str("| operation | needs | for staff | also | module |\n");
    page.push_str("| --- | --- | --- | --- | --- |\n");
    for entry in table {
        let needs = match entry.needs {
            Needs::Nothing => "nothing".to_owned(),
            Needs::Anyone => "to be known".to_owned(),
            Needs::Right(right) => format!("`{}`", right.word()),
        };
        let reach = match (entry.needs, entry.reach) {
            (Needs::Right(right), _) if !Rights::of(Role::Staff).has(right) => {
                let single = Right::SINGLE.contains(&right);
                if single { "only if given" } else { "no" }
            }
            (_, Reach::Whole) => "",
            (_, Reach::OwnBookings) => "own bookings",
            (_, Reach::OwnClients) => "own clients",
        };
        let also: Vec<_> = entry
            .also
            .iter()
            .map(|r| format!("`{}`", r.word()))
            .collect();
        let module = entry.module.map_or("", super::Module::word);
        let _ = writeln!(
            page,
            "| `{} {}` | {needs} | {reach} | {} | {module} |",
            entry.method.word(),
            entry.path(),
            also.join(", "),
        );
    }
    page
}

#[cfg(test)]
const HEAD: &str = "\
# Who may do what

This page is made from the table that the check runs from (`gateway/src/access/rights.rs`); a test keeps the two alike.

A user or an API key acts in one business in one of four roles: `owner`, `admin`, `manager`, `staff`. Each has all that
the ones below it have. Over the role, single rights are given to a user or taken from one (the column *single*); from an
owner none can be taken. Nobody lets anybody in, or gets at the account of somebody, who may what they may not.

An API key has the rights of its role, fewer if it was issued with `scopes`, and never more than who issued it. One that was
issued with another key is good for as long as that one is: revoked with it, expired with it. (`daybook api-key create`
issues one that hangs on nobody.)

Whose role is `staff` sees and changes their own bookings and the clients of those. What is not theirs answers 404, as if
it were not there. A right that is missing answers 403 `forbidden`, a module that is switched off 403 `module_off`.

## Rights

";

#[cfg(test)]
const OPERATIONS: &str = "
## Operations

*Also*: rights that decide what may be asked there besides, or what is shown.

";
