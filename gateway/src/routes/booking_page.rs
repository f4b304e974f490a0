//! The booking page: `/b/{slug}`, narrowed to somebody or to a service, and the page that manages what was booked.
//!
//! The service writes the house, its price list and its contacts into the page; a small script of our own books
//! through the public API, like any other program. Nothing is loaded from elsewhere.

use std::{collections::BTreeMap, fmt::Write as _};

use axum::{
    Router,
    extract::{Path, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{
            ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY,
            CONTENT_TYPE, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
        },
    },
    response::{IntoResponse, Response},
    routing::get,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;
use uuid::Uuid;

use super::public::house::{PublicBusiness, PublicService, all_services, all_staff, of_business};
use crate::{
    access::Sender,
    app::App,
    limits::Meter,
    problem::Problem,
    texts::{Message, Speech},
};

const SCRIPT: &str = include_str!("../../web/book.js");
const STYLE: &str = include_str!("../../web/book.css");

/// What the script says.
const TEXTS: &[&str] = &[
    "page-loading",
    "page-trouble",
    "page-your-time",
    "page-no-times",
    "page-next-free",
    "page-earlier",
    "page-later",
    "page-when",
    "page-times-in",
    "page-back",
    "page-next",
    "page-what",
    "page-what-hint",
    "page-minutes",
    "page-who",
    "page-anyone",
    "page-name",
    "page-phone",
    "page-phone-or-email",
    "page-email",
    "page-email-hint",
    "page-comment",
    "page-required",
    "page-book",
    "page-you",
    "page-price",
    "page-held",
    "page-consent-missing",
    "page-check-mail",
    "page-requested",
    "page-confirmed",
    "page-completed",
    "page-no-show",
    "page-cancelled",
    "page-done",
    "page-reference",
    "page-keep-link",
    "page-manage",
    "page-your-booking",
    "page-no-booking",
    "page-superseded",
    "page-confirm",
    "page-code",
    "page-change-until",
    "page-move",
    "page-cancel",
    "page-too-late",
    "page-cancel-sure",
    "page-reason",
];

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/b/assets/book.js", get(script))
        .route("/b/assets/book.css", get(style))
        .route("/b/{slug}", get(whole))
        .route("/b/{slug}/staff/{id}", get(of_staff))
        .route("/b/{slug}/services/{id}", get(of_service))
        .route("/b/{slug}/manage", get(manage))
}

/// What of the house a page is about.
#[derive(Clone, Copy, Default)]
struct About {
    staff: Option<Uuid>,
    service: Option<Uuid>,
    manages: bool,
}

async fn script() -> Response {
    asset("text/javascript; charset=utf-8", SCRIPT)
}

async fn style() -> Response {
    asset("text/css; charset=utf-8", STYLE)
}

fn asset(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (headers, text).into_response()
}

async fn whole(
    State(app): State<App>,
    sender: Sender,
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    page(&app, sender, &slug, &headers, About::default()).await
}

async fn of_staff(
    State(app): State<App>,
    sender: Sender,
    Path((slug, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let about = About {
        staff: Some(id.parse().unwrap_or_default()),
        ..About::default()
    };
    page(&app, sender, &slug, &headers, about).await
}

async fn of_service(
    State(app): State<App>,
    sender: Sender,
    Path((slug, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let about = About {
        service: Some(id.parse().unwrap_or_default()),
        ..About::default()
    };
    page(&app, sender, &slug, &headers, about).await
}

async fn manage(
    State(app): State<App>,
    sender: Sender,
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let about = About {
        manages: true,
        ..About::default()
    };
    page(&app, sender, &slug, &headers, about).await
}

async fn page(
    app: &App,
    sender: Sender,
    slug: &str,
    headers: &HeaderMap,
    about: About,
) -> Result<Response, Problem> {
    app.visitors().passes(sender, true, &Meter::default())?;
    let Some(business) = app.business_of(slug).await? else {
        return Ok(nowhere(Speech::of(headers)));
    };
    let known = app.catalogue_now(business).await?;
    let speech = if headers.contains_key(ACCEPT_LANGUAGE) {
        Speech::of(headers)
    } else {
        let languages = &known.settings()?.languages;
        let mut languages = languages.iter();
        languages
            .find_map(|language| Speech::named(language.as_str()))
            .unwrap_or_default()
    };
    let (services, staff) = (all_services(&known), all_staff(&known));
    // A page of somebody who is not there, or of a service that cannot be booked, is none.
    let is_gone = about
        .staff
        .is_some_and(|id| staff.iter().all(|who| who.id != id))
        || about
            .service
            .is_some_and(|id| services.iter().all(|service| service.id != id));
    if is_gone {
        return Ok(nowhere(speech));
    }
    let house = of_business(app, &known, speech)?;
    let texts: BTreeMap<_, _> = TEXTS
        .iter()
        .map(|id| (*id, Message::new(id).say(speech)))
        .collect();
    let data = json!({
        "slug": slug,
        "lang": speech.tag(),
        "page": if about.manages { "manage" } else { "book" },
        "house": house,
        "services": services,
        "staff": staff,
        "narrow": {"staff": about.staff, "service": about.service},
        "texts": texts,
    });
    let nonce = STANDARD.encode(rand::random::<[u8; 16]>());
    let html = written(&house, &services, &data.to_string(), speech, &nonce);
    Ok(answer(StatusCode::OK, html, speech, &nonce))
}

fn written(
    house: &PublicBusiness,
    services: &[PublicService],
    data: &str,
    speech: Speech,
    nonce: &str,
) -> String {
    let title = Message::new("page-book-at").with("business", &house.name);
    let mut html = head(&title.say(speech), speech);
    if let Some(color) = house.colors.get("primary") {
        // A colour is `#` and digits: the domain reads no other.
        let _ = write!(
            html,
            "<style nonce=\"{nonce}\">:root{{--primary:{}}}</style>",
            escaped(color)
        );
    }
    html.push_str("<script src=\"/b/assets/book.js\" defer></script></head><body><header>");
    let _ = write!(html, "<h1>{}</h1>", escaped(&house.name));
    if let Some(welcome) = house.texts.get("welcome") {
        let _ = write!(html, "<p class=\"lines\">{}</p>", escaped(welcome));
    }
    html.push_str(
        "</header><main><p id=\"said\" role=\"alert\" aria-live=\"assertive\"></p><div id=\"app\">",
    );
    // For whoever reads without the script: a price list, and whom to call.
    html.push_str("<section class=\"card\"><ul class=\"choices\">");
    for service in services {
        let _ = write!(
            html,
            "<li><p><strong>{}</strong> <span class=\"soft\">{} {} · {} {}</span></p></li>",
            escaped(&service.name),
            service.duration_min,
            Message::new("page-minutes").say(speech),
            escaped(&service.price),
            escaped(&house.currency),
        );
    }
    let no_script = Message::new("page-no-script").say(speech);
    let _ = write!(
        html,
        "</ul></section></div><noscript><p class=\"card notice\">{}</p></noscript></main><footer>",
        escaped(&no_script)
    );
    let contacts = [&house.address, &house.phone, &house.email];
    let contacts: Vec<_> = contacts.into_iter().flatten().map(|c| escaped(c)).collect();
    if !contacts.is_empty() {
        let contact = Message::new("page-contact").say(speech);
        let _ = write!(
            html,
            "<p class=\"lines\"><strong>{}</strong>\n{}</p>",
            escaped(&contact),
            contacts.join("\n")
        );
    }
    if let Some(terms) = house.texts.get("terms") {
        let _ = write!(html, "<p class=\"lines\">{}</p>", escaped(terms));
    }
    // Inside of a script element only `<` could end it early; JSON has its own way to write that.
    let data = data.replace('<', "\\u003c");
    let _ = write!(
        html,
        "</footer><script type=\"application/json\" id=\"data\">{data}</script></body></html>"
    );
    html
}

fn nowhere(speech: Speech) -> Response {
    let told = Message::new("page-no-house").say(speech);
    let mut html = head(&told, speech);
    let _ = write!(
        html,
        "</head><body><main><p class=\"card\">{}</p></main></body></html>",
        escaped(&told)
    );
    answer(StatusCode::NOT_FOUND, html, speech, "none")
}

fn head(title: &str, speech: Speech) -> String {
    format!(
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{}</title>\
         <link rel=\"stylesheet\" href=\"/b/assets/book.css\">",
        speech.tag(),
        escaped(title)
    )
}

fn answer(status: StatusCode, html: String, speech: Speech, nonce: &str) -> Response {
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; connect-src 'self'; \
         img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
    );
    let mut response = (status, html).into_response();
    let headers = response.headers_mut();
    let mut put = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    };
    put(CONTENT_TYPE, "text/html; charset=utf-8");
    put(CONTENT_LANGUAGE, speech.tag());
    put(VARY, "Accept-Language");
    put(CONTENT_SECURITY_POLICY, &policy);
    put(X_CONTENT_TYPE_OPTIONS, "nosniff");
    // A manage link must not be told to whoever is linked to.
    put(REFERRER_POLICY, "no-referrer");
    put(CACHE_CONTROL, "no-cache");
    response
}

/// As HTML writes text, in elements and in attributes.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_says_what_it_is_told_to_and_nothing_else() {
        let mut said: Vec<&str> = SCRIPT
            .split('"')
            .filter(|literal| literal.starts_with("page-"))
            .collect();
        said.sort_unstable();
        said.dedup();
        let mut told = TEXTS.to_vec();
        told.sort_unstable();
        assert_eq!(said, told);
    }

    #[test]
    fn no_text_ends_its_element() {
        assert_eq!(
            escaped("<b>\"Łąka\" & 'co'</b>"),
            "&lt;b&gt;&quot;Łąka&quot; &amp; &#39;co&#39;&lt;/b&gt;"
        );
    }
}
