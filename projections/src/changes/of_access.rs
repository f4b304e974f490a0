//! What each event of a user or API key changed.

use domain::access::AccessEvent;

use super::{Told, fields::Fields};

pub(super) fn tell(event: &AccessEvent) -> Told {
    use AccessEvent as E;
    let fields = Fields::default();
    Told::fields(match event {
        E::UserInvited { email, name, role } => fields
            .made("email", email)
            .made("name", name)
            .made("role", role),
        E::ApiKeyIssued {
            name,
            role,
            staff_id,
            expires_at,
        } => fields
            .made("name", name)
            .made("role", role)
            .made("staff_id", staff_id)
            .made("expires_at", expires_at),
        E::ApiKeyRevoked {} => fields.between("revoked", false, true),
    })
}

/// What the user or key is called from this event on, a user by their address if by nothing else. The outer none: it
/// does not say; the inner: it was erased.
pub(super) fn name(event: &AccessEvent) -> Option<Option<&str>> {
    use AccessEvent as E;
    match event {
        E::UserInvited { email, name, .. } => {
            let name = name.as_ref().and_then(|n| n.value());
            let email = email.value().map(|e| e.as_str());
            Some(name.map(|n| n.as_str()).or(email))
        }
        E::ApiKeyIssued { name, .. } => Some(Some(name.as_str())),
        E::ApiKeyRevoked {} => None,
    }
}
