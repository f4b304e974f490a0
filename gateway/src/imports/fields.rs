//! What a column can hold.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What an import brings in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ImportKind)]
pub(crate) enum Kind {
    Clients,
    Services,
}

impl Kind {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Clients => "clients",
            Self::Services => "services",
        }
    }

    pub(crate) fn of_word(word: &str) -> Self {
        if word == "services" {
            Self::Services
        } else {
            Self::Clients
        }
    }
}

/// What a column holds. Of clients: `name` or its parts, `company` (their name where no other is told), `phone`, `email`,
/// `birthday`, `tags`, `note`, `warning`, `language`, `source`, `telegram`, `fiscal_code`, `consent_…`, `created_at`. Of
/// services: `name`, `category`, `duration_min`, `price`, `description`, `color`, `active`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[schema(as = ImportField)]
pub(crate) enum Field {
    Name,
    GivenName,
    MiddleName,
    FamilyName,
    Company,
    Phone,
    Email,
    Birthday,
    Tags,
    Note,
    Warning,
    Language,
    Source,
    Telegram,
    FiscalCode,
    ConsentDataProcessing,
    ConsentReminders,
    ConsentMarketing,
    ConsentPhotos,
    CreatedAt,
    Category,
    DurationMin,
    Price,
    Description,
    Color,
    Active,
}

impl Field {
    /// Whether things of this kind have it.
    pub(crate) const fn is_of(self, kind: Kind) -> bool {
        let of_services = matches!(
            self,
            Self::Name
                | Self::Category
                | Self::DurationMin
                | Self::Price
                | Self::Description
                | Self::Color
                | Self::Active
        );
        match kind {
            Kind::Services => of_services,
            Kind::Clients => !of_services || matches!(self, Self::Name),
        }
    }

    /// Whether several columns may hold it.
    pub(crate) const fn may_repeat(self) -> bool {
        matches!(
            self,
            Self::Phone
                | Self::Email
                | Self::Tags
                | Self::Note
                | Self::Warning
                | Self::Category
                | Self::Description
        )
    }

    /// What faults of it are told under.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Name | Self::GivenName | Self::MiddleName | Self::FamilyName | Self::Company => {
                "name"
            }
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Birthday => "birthday",
            Self::Tags => "tags",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Language => "language",
            Self::Source => "source",
            Self::Telegram => "telegram",
            Self::FiscalCode => "fiscal_code",
            Self::ConsentDataProcessing => "consent_data_processing",
            Self::ConsentReminders => "consent_reminders",
            Self::ConsentMarketing => "consent_marketing",
            Self::ConsentPhotos => "consent_photos",
            Self::CreatedAt => "created_at",
            Self::Category => "category",
            Self::DurationMin => "duration_min",
            Self::Price => "price",
            Self::Description => "description",
            Self::Color => "color",
            Self::Active => "active",
        }
    }
}
