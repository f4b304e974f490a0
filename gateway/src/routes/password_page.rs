//! Where the links of letters lead: `/invitation` and `/password`. Both ask for a password, and tell it to the API with
//! the secret that stands behind `#`, which browsers send to no server by themselves.

use axum::{
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde_json::json;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::booking_page::{answer, escaped, head};
use crate::{
    access::PASSWORD_MIN,
    app::App,
    texts::{Message, Speech},
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(invitation))
        .routes(routes!(forgotten))
}

/// The page on which somebody who was invited chooses a password; the invitation's token stands behind `#`.
#[utoipa::path(get, path = "/invitation", tag = "pages",
    responses((status = 200, body = String, content_type = "text/html")))]
async fn invitation(headers: HeaderMap) -> Response {
    page(&headers, "/api/v1/invitations/accept")
}

/// The page on which a new password is chosen; the token out of the letter stands behind `#`.
#[utoipa::path(get, path = "/password", tag = "pages",
    responses((status = 200, body = String, content_type = "text/html")))]
async fn forgotten(headers: HeaderMap) -> Response {
    page(&headers, "/api/v1/password-reset/confirm")
}

fn page(headers: &HeaderMap, told_to: &str) -> Response {
    let speech = Speech::of(headers);
    let least = i64::try_from(PASSWORD_MIN).unwrap_or(i64::MAX);
    let hint = Message::new("page-password-hint").with_number("least", least);
    let say = |id| escaped(&Message::new(id).say(speech));
    let data = json!({
        "to": told_to,
        "set": Message::new("page-password-set").say(speech),
        "spent": Message::new("page-password-spent").say(speech),
        "trouble": Message::new("page-trouble").say(speech),
    });
    // Inside of a script element only `<` could end it early; JSON has its own way to write that.
    let data = data.to_string().replace('<', "\\u003c");
    let title = Message::new("page-password-choose").say(speech);
    let html = format!(
        "{head}<script src=\"/b/assets/password.js\" defer></script></head><body><header><h1>{title}</h1></header>\
         <main><p id=\"said\" role=\"alert\" aria-live=\"assertive\"></p><form class=\"card\">\
         <div class=\"field\"><label for=\"password\">{new}</label>\
         <input id=\"password\" type=\"password\" autocomplete=\"new-password\" minlength=\"{least}\" required \
         aria-describedby=\"hint\"><p class=\"soft\" id=\"hint\">{hint}</p></div>\
         <button class=\"main\">{save}</button></form></main>\
         <script type=\"application/json\" id=\"data\">{data}</script></body></html>",
        head = head(&title, speech),
        title = escaped(&title),
        new = say("page-password-new"),
        hint = escaped(&hint.say(speech)),
        save = say("page-password-save"),
    );
    answer(StatusCode::OK, html, speech, "none", &[])
}
