//! Who may do what, as one table: the check before each handler and all that is said about rights come from it.
//!
//! An operation (method and route) has one entry; one without is refused to everybody, and a test compares the table
//! with the description of the API, both ways. The entry says which right it needs, over what a staff member's
//! rights reach there, and which module of the business it belongs to.
//!
//! What depends on the body (booking outside hours) or on what is shown (phones, money) is asked of the
//! [`Caller`](super::Caller) where it is known: `caller.needs(Right::OutsideHours)?`, `caller.may(Right::SeePhones)`.
//! Such rights stand in the entry too ([`Entry::also`]), so that they are told.

mod entry;
mod told;

use std::{collections::HashMap, sync::LazyLock};

use domain::access::Right as R;

use self::entry::{anyone, delete, get, open, outside, patch, post, put};
pub(crate) use self::{
    entry::{Entry, Method, Module, Named, Needs},
    told::tell,
};

/// The entry of an operation: its method, and its route as the router matches it.
pub(crate) fn entry_of(method: Method, route: &str) -> Option<&'static Entry> {
    static BY_ROUTE: LazyLock<HashMap<(Method, String), &Entry>> = LazyLock::new(|| {
        let entries = TABLE.iter();
        entries
            .map(|entry| ((entry.method, entry.path()), entry))
            .collect()
    });
    BY_ROUTE.get(&(method, route.to_owned())).copied()
}

/// The table. Routes stand below `/api/v1`, but for those that are [`outside`] of it.
#[rustfmt::skip]
pub(crate) const TABLE: &[Entry] = &[
    // The service itself
    outside("/livez"),
    outside("/readyz"),
    outside("/metrics"),
    outside("/api/docs"),
    outside("/api/v1/openapi.json"),
    outside("/b/assets/{name}"),
    outside("/b/{slug}"),
    outside("/b/{slug}/manage"),
    outside("/b/{slug}/services/{id}"),
    outside("/b/{slug}/staff/{id}"),
    outside("/invitation"),
    outside("/password"),

    // Access
    open(Method::Post, "/sign-in"),
    anyone(Method::Post, "/sign-out"),
    open(Method::Post, "/invitations/accept"),
    open(Method::Post, "/password-reset"),
    open(Method::Post, "/password-reset/confirm"),
    anyone(Method::Get, "/me"),
    anyone(Method::Patch, "/me"),
    anyone(Method::Post, "/me/password"),
    anyone(Method::Post, "/me/totp"),
    anyone(Method::Post, "/me/totp/confirm"),
    anyone(Method::Post, "/me/totp/remove"),
    anyone(Method::Get, "/me/sessions"),
    anyone(Method::Delete, "/me/sessions/{id}"),
    get("/users", R::ManageUsers),
    post("/users", R::ManageUsers),
    get("/users/{id}", R::ManageUsers),
    patch("/users/{id}", R::ManageUsers),
    post("/users/{id}/invite", R::ManageUsers),
    put("/users/{id}/role", R::ChangeRoles),
    put("/users/{id}/rights/{right}", R::ManageUsers),
    delete("/users/{id}/rights/{right}", R::ManageUsers),
    post("/users/{id}/disable", R::ManageUsers),
    post("/users/{id}/enable", R::ManageUsers),
    delete("/users/{id}/totp", R::ManageUsers),
    get("/users/{id}/sessions", R::ManageUsers),
    delete("/users/{id}/sessions/{session_id}", R::ManageUsers),
    get("/api-keys", R::ManageApiKeys),
    post("/api-keys", R::ManageApiKeys),
    get("/api-keys/{id}", R::ManageApiKeys),
    patch("/api-keys/{id}", R::ManageApiKeys),
    delete("/api-keys/{id}", R::ManageApiKeys),

    // The house
    get("/business", R::SeeCatalogue),
    patch("/business", R::ManageSettings),
    put("/business/hours", R::ManageCatalogue),
    delete("/business/hours", R::ManageCatalogue),
    get("/business/closures", R::SeeCatalogue),
    post("/business/closures", R::ManageCatalogue),
    get("/business/closures/{id}", R::SeeCatalogue),
    patch("/business/closures/{id}", R::ManageCatalogue),
    delete("/business/closures/{id}", R::ManageCatalogue),
    get("/settings", R::SeeCatalogue).also(&[R::SeeRevenue]),
    get("/settings/booking-policy", R::SeeCatalogue),
    put("/settings/booking-policy", R::ManageSettings),
    get("/settings/waitlist", R::SeeCatalogue),
    put("/settings/waitlist", R::ManageSettings),
    get("/settings/reports", R::SeeReports).also(&[R::SeeRevenue]),
    put("/settings/reports", R::ManageSettings).also(&[R::SeeRevenue]),

    // What leaves it: whoever says where to and of what hands on what `GET /log` tells, amounts among it
    get("/webhooks", R::ManageSettings),
    post("/webhooks", R::ManageSettings).also(&[R::SeeLog, R::SeeRevenue]),
    get("/webhooks/{id}", R::ManageSettings),
    patch("/webhooks/{id}", R::ManageSettings).also(&[R::SeeLog, R::SeeRevenue]),
    delete("/webhooks/{id}", R::ManageSettings),
    post("/webhooks/{id}/rotate-secret", R::ManageSettings),
    post("/webhooks/{id}/test", R::ManageSettings),
    get("/webhooks/{id}/deliveries", R::ManageSettings),
    get("/webhooks/{id}/deliveries/{delivery_id}", R::ManageSettings),
    post("/webhooks/{id}/deliveries/{delivery_id}/redeliver", R::ManageSettings).also(&[R::SeeLog, R::SeeRevenue]),

    // What it offers
    get("/services", R::SeeCatalogue),
    post("/services", R::ManageCatalogue),
    get("/services/{id}", R::SeeCatalogue),
    patch("/services/{id}", R::ManageCatalogue),
    post("/services/{id}/retire", R::ManageCatalogue),
    get("/staff", R::SeeCatalogue),
    post("/staff", R::ManageCatalogue),
    get("/staff/{id}", R::SeeCatalogue),
    patch("/staff/{id}", R::ManageCatalogue),
    post("/staff/{id}/retire", R::ManageCatalogue),
    get("/staff/{id}/working-hours", R::SeeCatalogue),
    put("/staff/{id}/working-hours", R::ManageSchedule),
    delete("/staff/{id}/working-hours", R::ManageSchedule),
    get("/staff/{id}/absences", R::SeeCatalogue),
    post("/staff/{id}/absences", R::ManageSchedule),
    get("/absences/{id}", R::SeeCatalogue),
    delete("/absences/{id}", R::ManageSchedule),
    get("/absences/{id}/affected", R::SeeBookings).own_bookings().also(&[R::SeeRevenue]),
    post("/absences/{id}/move-bookings", R::ManageSchedule).also(&[R::SeeRevenue]),
    get("/business/closures/{id}/affected", R::SeeBookings).own_bookings().also(&[R::SeeRevenue]),
    post("/business/closures/{id}/move-bookings", R::ManageSchedule).also(&[R::SeeRevenue]),
    get("/desks/{id}/holidays/{holiday_id}/affected", R::SeeBookings).own_bookings().also(&[R::SeeRevenue]),
    post("/desks/{id}/holidays/{holiday_id}/move-bookings", R::ManageSchedule).also(&[R::SeeRevenue]),
    get("/desks", R::SeeCatalogue),
    post("/desks", R::ManageCatalogue),
    get("/desks/{id}", R::SeeCatalogue),
    patch("/desks/{id}", R::ManageCatalogue),
    post("/desks/{id}/retire", R::ManageCatalogue),
    post("/desks/{id}/close", R::ManageSchedule),
    post("/desks/{id}/open", R::ManageSchedule),
    get("/desks/{id}/holidays", R::SeeCatalogue),
    post("/desks/{id}/holidays", R::ManageSchedule),
    get("/desks/{id}/holidays/{holiday_id}", R::SeeCatalogue),
    delete("/desks/{id}/holidays/{holiday_id}", R::ManageSchedule),
    get("/classes", R::SeeCatalogue).module(Module::Classes),
    post("/classes", R::ManageCatalogue).module(Module::Classes),
    get("/classes/{id}", R::SeeCatalogue).module(Module::Classes),
    patch("/classes/{id}", R::ManageCatalogue).module(Module::Classes),
    post("/classes/{id}/retire", R::ManageCatalogue).module(Module::Classes),
    get("/classes/{id}/sessions", R::SeeBookings).own_bookings().module(Module::Classes),
    post("/classes/{id}/sessions", R::ManageSchedule).module(Module::Classes),
    get("/sessions", R::SeeBookings).own_bookings().module(Module::Classes),
    get("/sessions/{id}", R::SeeBookings).own_bookings().module(Module::Classes),
    patch("/sessions/{id}", R::ManageSchedule).own_bookings().module(Module::Classes),
    post("/sessions/{id}/reschedule", R::ManageSchedule).own_bookings().module(Module::Classes),
    post("/sessions/{id}/cancel", R::ManageSchedule).own_bookings().module(Module::Classes),
    get("/sessions/{id}/bookings", R::SeeBookings).own_bookings().also(&[R::SeeRevenue]).module(Module::Classes),
    get("/availability", R::SeeCatalogue),
    get("/availability/next", R::SeeCatalogue),

    // Clients
    get("/clients", R::SeeClients).own_clients().also(&[R::SeePhones]),
    post("/clients", R::ManageClients).also(&[R::SeePhones]),
    get("/clients/{id}", R::SeeClients).own_clients().also(&[R::SeePhones]),
    patch("/clients/{id}", R::ManageClients).own_clients().also(&[R::SeePhones]),
    post("/clients/{id}/block", R::ManageClients).own_clients().also(&[R::SeePhones]),
    post("/clients/{id}/unblock", R::ManageClients).own_clients().also(&[R::SeePhones]),
    patch("/clients/{id}/consents", R::ManageClients).own_clients().also(&[R::SeePhones]),
    put("/clients/{id}/consents", R::ManageClients).own_clients().also(&[R::SeePhones]),
    patch("/clients/{id}/notes", R::ManageClients).own_clients().also(&[R::SeePhones]),
    post("/clients/{id}/notes", R::ManageClients).own_clients().also(&[R::SeePhones]),
    patch("/clients/{id}/preferences", R::ManageClients).own_clients().also(&[R::SeePhones]),
    put("/clients/{id}/preferences", R::ManageClients).own_clients().also(&[R::SeePhones]),
    patch("/clients/{id}/tags", R::ManageClients).own_clients().also(&[R::SeePhones]),
    post("/clients/{id}/tags", R::ManageClients).own_clients().also(&[R::SeePhones]),
    put("/clients/{id}/tags", R::ManageClients).own_clients().also(&[R::SeePhones]),
    get("/clients/export", R::Export).own_clients().also(&[R::SeeClients, R::SeePhones]),
    get("/clients/{id}/card", R::SeeClients).own_clients().also(&[R::SeePhones, R::SeeRevenue]),
    get("/clients/duplicates", R::MergeClients).also(&[R::SeePhones]),
    post("/clients/{id}/merge", R::MergeClients).own_clients().also(&[R::SeePhones]),
    get("/clients/{id}/payments", R::SeeClients).own_clients().also(&[R::SeeRevenue]),
    post("/clients/{id}/payments", R::TakePayments).own_clients().also(&[R::SeeRevenue]),
    get("/clients/{id}/payments/{payment_id}", R::SeeClients).own_clients().also(&[R::SeeRevenue]),

    // Imports: not for who may not see phones, which preview and rows tell
    get("/imports", R::Import),
    post("/imports/clients", R::Import),
    post("/imports/services", R::Import),
    get("/imports/{id}", R::Import),
    delete("/imports/{id}", R::Import),
    put("/imports/{id}/mapping", R::Import),
    get("/imports/{id}/rows", R::Import),
    get("/imports/{id}/result", R::Import),
    post("/imports/{id}/run", R::Import),
    post("/imports/{id}/cancel", R::Import),
    post("/imports/{id}/undo", R::Import),

    // Bookings
    post("/bookings", R::ManageBookings).own_bookings().also(&[R::OutsideHours, R::SeeRevenue]),
    get("/bookings/{id}", R::SeeBookings).own_bookings().also(&[R::SeeRevenue]),
    delete("/bookings/{id}", R::ManageBookings).own_bookings().also(&[R::SeeRevenue]),
    post("/bookings/{id}/arrive", R::ManageBookings).own_bookings().also(&[R::SeeRevenue]),
    post("/bookings/{id}/cancel", R::ManageBookings).own_bookings().also(&[R::SeeRevenue]),
    get("/bookings/{id}/changes", R::SeeChanges).own_bookings().also(&[R::SeePhones, R::SeeRevenue]),
    post("/bookings/{id}/comments", R::ManageBookings).own_bookings().also(&[R::SeeRevenue]),
    post("/bookings/{id}/complete", R::ManageBookings).own_bookings().also(&[R::SeeRevenue]),
    post("/bookings/{id}/confirm", R::ManageBookings).own_bookings().also(&[R::SeeRevenue]),
    post("/bookings/{id}/leave", R::ManageBookings).own_bookings().also(&[R::SeeRevenue]),
    post("/bookings/{id}/no-show", R::ManageBookings).own_bookings().also(&[R::SeeRevenue]),
    post("/bookings/{id}/payments", R::TakePayments).own_bookings().also(&[R::SeeRevenue]),
    post("/bookings/{id}/price", R::ManageBookings).own_bookings().also(&[R::SeeRevenue]),
    post("/bookings/{id}/refunds", R::Refund).own_bookings().also(&[R::SeeRevenue]),
    post("/bookings/{id}/reopen", R::ManageBookings).own_bookings().also(&[R::SeeRevenue]),
    post("/bookings/{id}/repeat", R::ManageBookings).own_bookings().also(&[R::SeeRevenue]),
    post("/bookings/{id}/reschedule", R::ManageBookings).own_bookings().also(&[R::OutsideHours, R::SeeRevenue]),
    post("/bookings/restore", R::Restore).own_bookings().also(&[R::SeeRevenue]),
    post("/bookings/{id}/restore", R::Restore).own_bookings().also(&[R::SeeRevenue]),
    post("/bookings/{id}/review", R::ManageBookings).own_bookings().also(&[R::SeeRevenue]),
    post("/bookings/{id}/service", R::ManageBookings).own_bookings().also(&[R::SeeRevenue]),
    post("/series", R::ManageBookings).own_bookings().also(&[R::OutsideHours, R::SeeRevenue]),
    get("/series/{id}", R::SeeBookings).own_bookings().also(&[R::SeeRevenue]),
    post("/series/{id}/cancel", R::ManageBookings).own_bookings().also(&[R::SeeRevenue]),
    post("/visits", R::ManageBookings).own_bookings().also(&[R::OutsideHours, R::SeeRevenue]),
    get("/visits/{id}", R::SeeBookings).own_bookings().also(&[R::SeeRevenue]),
    post("/visits/{id}/cancel", R::ManageBookings).own_bookings().also(&[R::SeeRevenue]),
    post("/visits/{id}/reschedule", R::ManageBookings).own_bookings().also(&[R::OutsideHours, R::SeeRevenue]),

    // The waitlist: a staff member's own are those who wait for them by name
    get("/waitlist", R::SeeBookings).own_bookings().module(Module::Waitlist),
    post("/waitlist", R::ManageBookings).own_bookings().module(Module::Waitlist),
    get("/waitlist/{id}", R::SeeBookings).own_bookings().module(Module::Waitlist),
    patch("/waitlist/{id}", R::ManageBookings).own_bookings().module(Module::Waitlist),
    post("/waitlist/{id}/convert", R::ManageBookings).own_bookings().also(&[R::OutsideHours, R::SeeRevenue]).module(Module::Waitlist),
    post("/waitlist/{id}/decline", R::ManageBookings).own_bookings().module(Module::Waitlist),
    post("/waitlist/{id}/withdraw", R::ManageBookings).own_bookings().module(Module::Waitlist),

    // Segments
    get("/segments", R::ManageMarketing).module(Module::Marketing),
    post("/segments", R::ManageMarketing).also(&[R::SeeRevenue]).module(Module::Marketing),
    post("/segments/preview", R::ManageMarketing).own_clients().also(&[R::SeeRevenue]).module(Module::Marketing),
    get("/segments/ready-made", R::ManageMarketing).module(Module::Marketing),
    get("/segments/{id}", R::ManageMarketing).module(Module::Marketing),
    patch("/segments/{id}", R::ManageMarketing).also(&[R::SeeRevenue]).module(Module::Marketing),
    delete("/segments/{id}", R::ManageMarketing).module(Module::Marketing),
    get("/segments/{id}/clients", R::ManageMarketing).own_clients().also(&[R::SeeClients, R::SeePhones, R::SeeRevenue]).module(Module::Marketing),
    get("/segments/{id}/export", R::Export).own_clients().also(&[R::ManageMarketing, R::SeeClients, R::SeePhones, R::SeeRevenue]).module(Module::Marketing),

    // Visitors, who sign in nowhere
    open(Method::Get, "/public/{slug}"),
    open(Method::Get, "/public/{slug}/services"),
    open(Method::Get, "/public/{slug}/staff"),
    open(Method::Get, "/public/{slug}/availability"),
    open(Method::Get, "/public/{slug}/availability/next"),
    open(Method::Get, "/public/{slug}/challenge"),
    open(Method::Post, "/public/{slug}/holds"),
    open(Method::Delete, "/public/{slug}/holds/{id}"),
    open(Method::Post, "/public/{slug}/bookings"),
    open(Method::Get, "/public/{slug}/bookings/manage"),
    open(Method::Post, "/public/{slug}/bookings/manage/reschedule"),
    open(Method::Post, "/public/{slug}/bookings/manage/cancel"),
    open(Method::Post, "/public/{slug}/bookings/manage/confirm"),
    open(Method::Post, "/public/{slug}/bookings/manage/resend"),
    open(Method::Get, "/public/{slug}/reviews"),
    open(Method::Post, "/public/{slug}/reviews"),

    // What people look at
    get("/calendar", R::SeeBookings).own_bookings().also(&[R::SeeRevenue]),
    get("/calendar/monitor", R::SeeBookings).own_bookings().also(&[R::SeeRevenue]),
    open(Method::Get, "/calendar/{file}"),
    get("/staff/{id}/calendar-feed", R::SeeBookings).own_bookings(),
    post("/staff/{id}/calendar-feed", R::SeeBookings).own_bookings(),
    delete("/staff/{id}/calendar-feed", R::SeeBookings).own_bookings(),
    get("/history", R::SeeBookings).own_bookings().also(&[R::SeePhones, R::SeeRevenue]),
    get("/search", R::SeeBookings).own_bookings().also(&[R::SeeClients, R::ManageMarketing, R::SeePhones]),
    get("/history/export", R::Export).own_bookings().also(&[R::SeeBookings, R::SeePhones, R::SeeRevenue]),
    get("/changes", R::SeeChanges).own_bookings().also(&[R::SeePhones, R::SeeRevenue]),
    get("/live", R::SeeBookings).own_bookings(),
    get("/log", R::SeeLog).also(&[R::SeeRevenue]),
    // And what it takes to change it in the first place
    post("/changes/{position}/revert", R::Restore).own_bookings().also(&[
        R::ManageBookings, R::ManageClients, R::ManageSchedule, R::ManageCatalogue, R::ManageSettings,
    ]),
    get("/payments", R::SeeRevenue).own_bookings(),
    get("/reports/summary", R::SeeReports).own_bookings().also(&[R::Export, R::ManageMarketing, R::SeeRevenue]),
    get("/reports/revenue", R::SeeReports).own_bookings().also(&[R::Export, R::ManageMarketing, R::SeeRevenue]),
    get("/reports/pending", R::SeeReports).own_bookings().also(&[R::Export, R::ManageMarketing, R::SeeRevenue]),
    get("/reports/clients", R::SeeReports).own_bookings().also(&[R::Export, R::ManageMarketing, R::SeeClients, R::SeeRevenue]),
    get("/reports/retention", R::SeeReports).own_bookings().also(&[R::Export, R::ManageMarketing, R::SeeRevenue]),
    get("/reports/returning", R::SeeReports).own_bookings().also(&[R::Export, R::ManageMarketing, R::SeeRevenue]),
    get("/reports/trends", R::SeeReports).own_bookings().also(&[R::Export, R::ManageMarketing, R::SeeRevenue]),
    get("/reports/till", R::SeeReports).own_bookings().also(&[R::Export, R::ManageMarketing, R::SeeRevenue]),
    get("/reports/staff-load", R::SeeReports).own_bookings().also(&[R::Export, R::ManageMarketing, R::SeeRevenue]),
    get("/reports/peak-hours", R::SeeReports).own_bookings().also(&[R::Export, R::ManageMarketing, R::SeeRevenue]),
    get("/reports/services", R::SeeReports).own_bookings().also(&[R::Export, R::ManageMarketing, R::SeeRevenue]),
    get("/reports/staff", R::SeeReports).own_bookings().also(&[R::Export, R::ManageMarketing, R::SeeRevenue]),
    get("/reports/campaigns", R::SeeReports).own_bookings().also(&[R::Export, R::ManageMarketing, R::SeeRevenue]),
    get("/reports/notifications", R::SeeReports).own_bookings().also(&[R::Export, R::ManageMarketing]),
    get("/reports/time-saved", R::SeeReports).own_bookings().also(&[R::Export, R::ManageMarketing, R::SeeRevenue]),
];

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    /// What the router has, beside the description itself and its page, which it does not speak of.
    fn described() -> BTreeSet<(Method, String)> {
        let (_, description) = crate::router::routes().split_for_parts();
        let items = description.paths.paths.into_iter();
        let described = items.flat_map(|(path, item)| {
            let methods = [
                (Method::Get, item.get.is_some()),
                (Method::Post, item.post.is_some()),
                (Method::Put, item.put.is_some()),
                (Method::Patch, item.patch.is_some()),
                (Method::Delete, item.delete.is_some()),
            ];
            let there = methods.into_iter().filter(|(_, is_there)| *is_there);
            there
                .map(|(method, _)| (method, path.clone()))
                .collect::<Vec<_>>()
        });
        let undescribed = [
            "/api/docs",
            "/api/v1/openapi.json",
            "/b/assets/{name}",
            "/b/{slug}",
            "/b/{slug}/manage",
            "/b/{slug}/services/{id}",
            "/b/{slug}/staff/{id}",
            "/invitation",
            "/password",
        ];
        described
            .chain(undescribed.map(|path| (Method::Get, path.to_owned())))
            .collect()
    }

    #[test]
    fn every_operation_has_one_entry_and_every_entry_an_operation() {
        let entries: Vec<_> = TABLE.iter().map(|e| (e.method, e.path())).collect();
        let in_table: BTreeSet<_> = entries.iter().cloned().collect();
        assert_eq!(in_table.len(), entries.len(), "an operation stands twice");
        let described = described();
        let missing: Vec<_> = described.difference(&in_table).collect();
        assert!(missing.is_empty(), "without an entry: {missing:?}");
        let idle: Vec<_> = in_table.difference(&described).collect();
        assert!(idle.is_empty(), "entries of nothing: {idle:?}");
    }

    #[test]
    fn the_page_about_rights_is_the_table() {
        let page = told::page(TABLE);
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/rights.md");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, &page).unwrap();
        }
        let agreed = fs::read_to_string(&golden).unwrap_or_default();
        assert!(
            page == agreed,
            "docs/rights.md is behind the table: run `UPDATE_GOLDEN=1 cargo test -p gateway --lib rights`"
        );
    }
}
