//! What each event of a user or API key changed.

use domain::access::AccessEvent;

use super::{Told, fields::Fields};

pub(super) fn tell(event: &AccessEvent) -> Told {
    use AccessEvent as E;
    let fields = Fields::default();
    Told::fields(match event {
        E::UserInvited {
            email,
            name,
            role,
            staff_id,
            language,
        } => fields
            .made("email", email)
            .made("name", name)
            .made("role", role)
            .made("staff_id", staff_id)
            .made("language", language),
        E::UserJoined {} => fields.between("joined", false, true),
        E::ProfileChanged {
            name,
            email,
            language,
        } => fields
            .told("name", name.as_ref())
            .told("email", email.as_ref())
            .told("language", language.as_ref()),
        E::StaffTied { from, to } => fields.between("staff_id", from, to),
        E::RoleGranted { from, to } => fields.between("role", from, to),
        E::RightGiven { right } => fields.made("right", right),
        E::RightTaken { right } => fields.gone("right", right),
        E::UserDisabled {} => fields.between("disabled", false, true),
        E::UserEnabled {} => fields.between("disabled", true, false),
        E::SecondFactorRemoved {} => fields.between("second_factor", true, false),
        E::ApiKeyIssued {
            name,
            role,
            staff_id,
            expires_at,
            scopes,
        } => fields
            .made("name", name)
            .made("role", role)
            .made("staff_id", staff_id)
            .made("expires_at", expires_at)
            .made("scopes", scopes),
        E::ApiKeyRenamed { from, to } => fields.between("name", from, to),
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
        E::ApiKeyIssued { name, .. } | E::ApiKeyRenamed { to: name, .. } => {
            Some(Some(name.as_str()))
        }
        E::ProfileChanged {
            name: Some(name), ..
        } => Some(name.to.as_ref().and_then(|n| n.value()).map(|n| n.as_str())),
        E::ProfileChanged { name: None, .. }
        | E::UserJoined {}
        | E::StaffTied { .. }
        | E::RoleGranted { .. }
        | E::RightGiven { .. }
        | E::RightTaken { .. }
        | E::UserDisabled {}
        | E::UserEnabled {}
        | E::SecondFactorRemoved {}
        | E::ApiKeyRevoked {} => None,
    }
}
