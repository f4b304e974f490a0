//! What each event of a webhook changed.

use domain::webhook::WebhookEvent;

use super::{Told, fields::Fields};

pub(super) fn tell(event: &WebhookEvent) -> Told {
    use WebhookEvent as E;
    let fields = Fields::default();
    Told::fields(match event {
        E::SetUp(wanted) => fields
            .made("name", &wanted.name)
            .made("url", &wanted.url)
            .made("event_types", &wanted.event_types)
            .made("active", true),
        E::Changed {
            name,
            url,
            event_types,
        } => fields
            .told("name", name.as_ref())
            .told("url", url.as_ref())
            .told("event_types", event_types.as_ref()),
        E::SecretRotated { old_until } => fields.made("old_secret_until", old_until),
        E::SwitchedOff { why } => fields
            .between("active", true, false)
            .made("off_because", why),
        E::SwitchedOn {} => fields.between("active", false, true),
        E::Tested { delivery_id } => fields.made("delivery_id", delivery_id),
        E::Redelivered {
            delivery_id,
            position,
        } => fields
            .made("delivery_id", delivery_id)
            .made("position", position),
        E::Removed {} => fields.between("removed", false, true),
    })
}
