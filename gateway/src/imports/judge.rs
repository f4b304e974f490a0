//! What is to become of each row, beside the rows above it and beside whom the house knows already.

use std::collections::{HashMap, HashSet};

use domain::{catalogue::Catalogue, id::Id, service::Service};
use projections::{clients::Contact, folding::fold};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    clients::ClientDraft,
    index::{Index, Reached},
    mapping::Duplicates,
    prepared::{Drafted, Drafts, Read},
    services::ServiceDraft,
};

/// What becomes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ImportVerdict)]
pub(crate) enum Verdict {
    /// It becomes a new client or service.
    Create,
    /// One that is there takes over what it tells.
    Update,
    /// Nothing; `violations` say why.
    Skip,
    /// It cannot be taken; `violations` say why.
    Error,
}

impl Verdict {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Skip => "skip",
            Self::Error => "error",
        }
    }

    pub(crate) fn of_word(word: &str) -> Self {
        match word {
            "create" => Self::Create,
            "update" => Self::Update,
            "skip" => Self::Skip,
            _ => Self::Error,
        }
    }
}

/// A row judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Judged {
    pub(crate) verdict: Verdict,
    /// The client or service that it is, or will be.
    pub(crate) thing: Option<Uuid>,
    pub(crate) reason: Option<Reason>,
}

/// Why a row is a duplicate, or could not be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    /// An earlier row tells of the same.
    InFile {
        /// By which field.
        by: By,
        /// Which row, as a spreadsheet numbers it.
        row: u32,
    },
    /// It is known already.
    Known {
        /// By which field.
        by: By,
    },
    /// Whom it would change was erased meanwhile.
    Erased,
    /// What it asks for does not fit what is there.
    Refused,
}

/// By what two are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum By {
    Phone,
    Email,
    Name,
}

impl By {
    pub(crate) const fn field(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Name => "name",
        }
    }
}

/// Whom and what the house knows.
#[derive(Debug, Default)]
pub(crate) struct Ground {
    people: Index<Uuid>,
    /// Of those whom nothing else tells apart.
    by_name: HashMap<String, Uuid>,
    services: HashMap<String, Uuid>,
    /// Whom the import's own rows make: if it goes on after a crash, some are there already.
    own: HashSet<Uuid>,
}

impl Ground {
    pub(crate) fn of_clients(contacts: Vec<Contact>, own: HashSet<Uuid>) -> Self {
        let mut ground = Self {
            own,
            ..Self::default()
        };
        contacts
            .into_iter()
            .for_each(|contact| ground.learn(&contact));
        ground
    }

    /// A client became known, or is reached otherwise than before. What was known stays: who once had a number may
    /// well be meant by it.
    pub(crate) fn learn(&mut self, contact: &Contact) {
        let reached = Reached {
            name: contact.name.as_deref().map(fold).unwrap_or_default(),
            phones: contact.phones.iter().map(String::as_str).collect(),
            email: contact.email.as_deref().map(str::to_lowercase),
        };
        self.people.add(&reached, contact.client_id);
        // Within the file, rows that only a name tells apart stay apart.
        let own = self.own.contains(&contact.client_id);
        let nothing_else = reached.phones.is_empty() && reached.email.is_none();
        if nothing_else && !own && !reached.name.is_empty() {
            self.by_name
                .entry(reached.name)
                .or_insert(contact.client_id);
        }
    }

    pub(crate) fn of_services(catalogue: &Catalogue) -> Self {
        let standing = catalogue.services.iter();
        let standing = standing.filter_map(|(id, service): (&Id<Service>, _)| {
            let offer = service.standing().ok()?;
            Some((fold(offer.name.as_str()), id.uuid()))
        });
        let mut services = HashMap::new();
        for (name, id) in standing {
            services.entry(name).or_insert(id);
        }
        Self {
            services,
            ..Self::default()
        }
    }

    /// Whom the house knows by a row; by name alone where neither side has anything else.
    fn client(&self, draft: &ClientDraft) -> Option<(Uuid, By)> {
        let reached = Reached::of(draft);
        let found = self.people.find(&reached);
        found.or_else(|| {
            let nothing_else = reached.phones.is_empty() && reached.email.is_none();
            let id = self.by_name.get(&reached.name).filter(|_| nothing_else)?;
            Some((*id, By::Name))
        })
    }
}

/// Judges all rows in their order. `own` gives the id that a row's client or service gets when it is made.
pub(crate) fn judge(
    drafts: &Drafts,
    ground: &Ground,
    duplicates: Duplicates,
    own: impl Fn(usize) -> Uuid,
) -> Vec<Judged> {
    match drafts {
        Drafts::Clients(rows) => judge_all(rows, ground, duplicates, own),
        Drafts::Services(rows) => judge_all(rows, ground, duplicates, own),
    }
}

fn judge_all<D: Same>(
    rows: &[Drafted<D>],
    ground: &Ground,
    duplicates: Duplicates,
    own: impl Fn(usize) -> Uuid,
) -> Vec<Judged> {
    let mut above = D::Above::default();
    let judged = rows.iter().enumerate().map(|(ordinal, row)| {
        let draft = match &row.read {
            Read::Draft(draft) => draft,
            Read::Passed => return plain(Verdict::Skip),
            Read::Failed => return plain(Verdict::Error),
        };
        let own = own(ordinal);
        let same = match draft.above(&above) {
            Some((id, by, row)) => Some((id, Reason::InFile { by, row })),
            None => draft
                .known(ground)
                .map(|(id, by)| (id, Reason::Known { by })),
        };
        match (same, duplicates) {
            (None, _) | (Some(_), Duplicates::Create) => {
                draft.remember(&mut above, own, row.number);
                Judged {
                    verdict: Verdict::Create,
                    thing: Some(own),
                    reason: None,
                }
            }
            (Some((id, reason)), duplicates) => {
                // Whoever is met again by another number below is the same one.
                draft.remember(&mut above, id, row.number);
                Judged {
                    verdict: if duplicates == Duplicates::Update {
                        Verdict::Update
                    } else {
                        Verdict::Skip
                    },
                    thing: Some(id),
                    reason: Some(reason),
                }
            }
        }
    });
    judged.collect()
}

const fn plain(verdict: Verdict) -> Judged {
    Judged {
        verdict,
        thing: None,
        reason: None,
    }
}

/// How rows of one kind are the same.
trait Same {
    /// What the rows above tell.
    type Above: Default;

    /// The row above that is the same: what it is, by what, and its number.
    fn above(&self, above: &Self::Above) -> Option<(Uuid, By, u32)>;
    /// The one that the house knows.
    fn known(&self, ground: &Ground) -> Option<(Uuid, By)>;
    /// This row is above the others from now on.
    fn remember(&self, above: &mut Self::Above, id: Uuid, row: u32);
}

impl Same for ClientDraft {
    type Above = Index<(Uuid, u32)>;

    fn above(&self, above: &Self::Above) -> Option<(Uuid, By, u32)> {
        let ((id, row), by) = above.find(&Reached::of(self))?;
        Some((id, by, row))
    }

    fn known(&self, ground: &Ground) -> Option<(Uuid, By)> {
        ground.client(self)
    }

    fn remember(&self, above: &mut Self::Above, id: Uuid, row: u32) {
        above.add(&Reached::of(self), (id, row));
    }
}

impl Same for ServiceDraft {
    type Above = HashMap<String, (Uuid, u32)>;

    fn above(&self, above: &Self::Above) -> Option<(Uuid, By, u32)> {
        let (id, row) = above.get(&self.folded_name())?;
        Some((*id, By::Name, *row))
    }

    fn known(&self, ground: &Ground) -> Option<(Uuid, By)> {
        let id = ground.services.get(&self.folded_name())?;
        Some((*id, By::Name))
    }

    fn remember(&self, above: &mut Self::Above, id: Uuid, row: u32) {
        above.entry(self.folded_name()).or_insert((id, row));
    }
}
