//! Refs of the other system, and what each is in the ledger: found by its name, or about to be made.

use std::collections::{HashMap, HashSet};

use domain::{booking::Booking, client::Client, id::Id, service::Service, staff::Staff};
use ledger::{BusinessId, Ledger, ReadError};
use uuid::Uuid;

use super::{
    identity::{self, Naming},
    line::Line,
};

/// How many names are asked about at a time.
const BATCH: usize = 10_000;

/// What a ref stands for.
#[derive(Debug, Clone)]
pub(super) struct Ref {
    pub(super) id: Uuid,
    /// The ledger had it before this run.
    pub(super) known: bool,
    /// Under which it is kept in the ledger.
    pub(super) name: String,
}

/// All refs of a file.
#[derive(Debug)]
pub(super) struct Refs<'f> {
    bookings: HashMap<&'f str, Ref>,
    clients: HashMap<&'f str, Ref>,
    staff: HashMap<&'f str, Ref>,
    services: HashMap<&'f str, Ref>,
    /// The one client of everybody who paid without being known.
    walk_in: Ref,
    own: HashSet<Uuid>,
    known: HashSet<Uuid>,
}

impl<'f> Refs<'f> {
    pub(super) async fn of(
        lines: &'f [Line],
        naming: &Naming<'_>,
        ledger: &Ledger,
    ) -> Result<Self, ReadError> {
        let find = async |kind, refs: HashSet<&'f str>| find(kind, refs, naming, ledger).await;
        let all = |get: fn(&Line) -> &Option<String>| -> HashSet<&'f str> {
            lines
                .iter()
                .filter_map(|line| get(line).as_deref())
                .collect()
        };
        let bookings = find(identity::BOOKING, all(|line| &line.booking_ref)).await?;
        let clients = find(identity::CLIENT, all(|line| &line.client_ref)).await?;
        let staff = find(identity::STAFF, all(|line| &line.staff_ref)).await?;
        let services = find(identity::SERVICE, all(|line| &line.service)).await?;
        // No ref is empty, so this is nobody's.
        let mut walk_in = find(identity::CLIENT, HashSet::from([""])).await?;
        let walk_in = walk_in.remove("").unwrap_or_else(|| Ref {
            id: Uuid::now_v7(),
            known: false,
            name: naming.of(identity::CLIENT, b""),
        });
        let known = [&bookings, &clients, &staff, &services]
            .into_iter()
            .flat_map(HashMap::values)
            .chain([&walk_in])
            .filter(|found| found.known)
            .map(|found| found.id)
            .collect();
        Ok(Self {
            own: bookings.values().map(|found| found.id).collect(),
            known,
            bookings,
            clients,
            staff,
            services,
            walk_in,
        })
    }

    pub(super) fn booking(&self, line: &Line) -> Option<Id<Booking>> {
        of(&self.bookings, &line.booking_ref).map(|found| Id::new(found.id))
    }

    pub(super) fn client(&self, line: &Line) -> Option<Id<Client>> {
        of(&self.clients, &line.client_ref).map(|found| Id::new(found.id))
    }

    pub(super) fn staff(&self, line: &Line) -> Option<Id<Staff>> {
        of(&self.staff, &line.staff_ref).map(|found| Id::new(found.id))
    }

    pub(super) fn service(&self, line: &Line) -> Option<Id<Service>> {
        of(&self.services, &line.service).map(|found| Id::new(found.id))
    }

    pub(super) fn booking_ref(&self, line: &Line) -> Option<&Ref> {
        of(&self.bookings, &line.booking_ref)
    }

    pub(super) fn client_ref(&self, line: &Line) -> Option<&Ref> {
        of(&self.clients, &line.client_ref)
    }

    pub(super) fn staff_ref(&self, line: &Line) -> Option<&Ref> {
        of(&self.staff, &line.staff_ref)
    }

    pub(super) fn service_ref(&self, line: &Line) -> Option<&Ref> {
        of(&self.services, &line.service)
    }

    pub(super) fn walk_in(&self) -> &Ref {
        &self.walk_in
    }

    /// Services that the ledger had before this run.
    pub(super) fn known_services(&self) -> impl Iterator<Item = Uuid> {
        self.services
            .values()
            .filter(|found| found.known)
            .map(|found| found.id)
    }

    /// The ledger had it before this run.
    pub(super) fn was_known(&self, id: Uuid) -> bool {
        self.known.contains(&id)
    }

    /// It is one of the file's bookings.
    pub(super) fn is_own(&self, booking: Uuid) -> bool {
        self.own.contains(&booking)
    }
}

fn of<'a>(refs: &'a HashMap<&str, Ref>, asked: &Option<String>) -> Option<&'a Ref> {
    refs.get(asked.as_deref()?)
}

async fn find<'f>(
    kind: &'static str,
    refs: HashSet<&'f str>,
    naming: &Naming<'_>,
    ledger: &Ledger,
) -> Result<HashMap<&'f str, Ref>, ReadError> {
    let named: Vec<(&str, String)> = refs
        .into_iter()
        .map(|told| (told, naming.of(kind, told.as_bytes())))
        .collect();
    let names: Vec<String> = named.iter().map(|(_, name)| name.clone()).collect();
    let owners = owners(ledger, BusinessId(naming.business), kind, &names).await?;
    Ok(named
        .into_iter()
        .map(|(told, name)| {
            let owner = owners.get(&name).copied();
            let found = Ref {
                id: owner.unwrap_or_else(Uuid::now_v7),
                known: owner.is_some(),
                name,
            };
            (told, found)
        })
        .collect())
}

/// Who has these names.
pub(super) async fn owners(
    ledger: &Ledger,
    business: BusinessId,
    kind: &str,
    names: &[String],
) -> Result<HashMap<String, Uuid>, ReadError> {
    let mut owners = HashMap::new();
    for names in names.chunks(BATCH) {
        owners.extend(ledger.name_owners(business, kind, names).await?);
    }
    Ok(owners)
}
