//! The booking page: `/b/{slug}`, narrowed to somebody or to a service, and the page that manages what was booked.
//!
//! The service writes the house, its price list and its contacts into the page; a small script of our own books
//! through the public API, like any other program. Nothing is loaded from elsewhere.

use std::{collections::BTreeMap, fmt::Write as _};

use axum::{
    extract::{Path, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{
            ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY,
            CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
        },
    },
    response::{IntoResponse, Response},
    routing::get,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::public::house::{PublicBusiness, PublicService, all_services, all_staff, of_business};
use crate::{
    access::Sender,
    app::App,
    limits::Meter,
    problem::Problem,
    texts::{Message, Speech},
};

/// What the page is made of besides itself, by name.
const ASSETS: &[(&str, &str, &str)] = &[
    ("book.css", CSS, include_str!("../../web/book.css")),
    ("book.js", SCRIPT, include_str!("../../web/book.js")),
    ("manage.js", SCRIPT, include_str!("../../web/manage.js")),
    ("page.js", SCRIPT, include_str!("../../web/page.js")),
    ("password.js", SCRIPT, include_str!("../../web/password.js")),
    ("times.js", SCRIPT, include_str!("../../web/times.js")),
    ("work.js", SCRIPT, include_str!("../../web/work.js")),
];
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

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
    "page-again",
    "page-seats",
    "page-resend",
    "page-resent",
    "page-review",
    "page-review-text",
    "page-reviewed",
    "page-send",
];

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/b/assets/{name}", get(asset))
        .routes(routes!(whole))
        .routes(routes!(of_staff))
        .routes(routes!(of_service))
        .routes(routes!(manage))
}

/// What of the house a page is about.
#[derive(Clone, Copy, Default)]
struct About {
    staff: Option<Uuid>,
    service: Option<Uuid>,
    manages: bool,
}

async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let found = ASSETS.iter().find(|(known, ..)| *known == name);
    let Some((_, kind, text)) = found else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = format!("\"{}\"", hex::encode(Sha256::digest(text.as_bytes())));
    let is_known = headers
        .get(IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        text.into_response()
    };
    put(&mut response, CONTENT_TYPE, kind);
    put(&mut response, ETAG, &tag);
    put(&mut response, CACHE_CONTROL, "no-cache");
    put(&mut response, X_CONTENT_TYPE_OPTIONS, "nosniff");
    response
}

/// The booking page of a business, in the first language of `Accept-Language` that we speak, else in the house's.
#[utoipa::path(get, path = "/b/{slug}", tag = "pages", params(("slug" = String, Path)),
    responses((status = 200, body = String, content_type = "text/html"),
        (status = 404, body = String, content_type = "text/html", description = "A page that says so")))]
async fn whole(
    State(app): State<App>,
    sender: Sender,
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    page(&app, sender, &slug, &headers, About::default()).await
}

/// The booking page narrowed to what one staff member does.
#[utoipa::path(get, path = "/b/{slug}/staff/{id}", tag = "pages",
    params(("slug" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = String, content_type = "text/html"),
        (status = 404, body = String, content_type = "text/html", description = "A page that says so")))]
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

/// The booking page narrowed to one service.
#[utoipa::path(get, path = "/b/{slug}/services/{id}", tag = "pages",
    params(("slug" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = String, content_type = "text/html"),
        (status = 404, body = String, content_type = "text/html", description = "A page that says so")))]
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

/// The page on which a visitor manages what they booked; the token of the booking stands behind `#`.
#[utoipa::path(get, path = "/b/{slug}/manage", tag = "pages", params(("slug" = String, Path)),
    responses((status = 200, body = String, content_type = "text/html"),
        (status = 404, body = String, content_type = "text/html", description = "A page that says so")))]
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
    // Who manages a booking must see where they are: inside of another's page they could be led astray.
    let frames: &[String] = if about.manages {
        &[]
    } else {
        &app.settings().public.frames
    };
    let html = written(&house, &services, &data.to_string(), speech, &nonce);
    Ok(answer(StatusCode::OK, html, speech, &nonce, frames))
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
            "<style nonce=\"{nonce}\">:root{{--primary:{};--on-primary:{}}}</style>",
            escaped(color),
            readable_on(color),
        );
    }
    html.push_str(
        "<script type=\"module\" src=\"/b/assets/book.js\"></script></head><body><header>",
    );
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
    answer(StatusCode::NOT_FOUND, html, speech, "none", &[])
}

pub(super) fn head(title: &str, speech: Speech) -> String {
    format!(
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{}</title>\
         <link rel=\"stylesheet\" href=\"/b/assets/book.css\">",
        speech.tag(),
        escaped(title)
    )
}

/// `frames`: whose pages may show it inside of them.
pub(super) fn answer(
    status: StatusCode,
    html: String,
    speech: Speech,
    nonce: &str,
    frames: &[String],
) -> Response {
    let frames: String = frames.iter().map(|origin| format!(" {origin}")).collect();
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; connect-src 'self'; \
         img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'self'{frames}"
    );
    let mut response = (status, html).into_response();
    put(&mut response, CONTENT_TYPE, "text/html; charset=utf-8");
    put(&mut response, CONTENT_LANGUAGE, speech.tag());
    put(&mut response, VARY, "Accept-Language");
    put(&mut response, CONTENT_SECURITY_POLICY, &policy);
    put(&mut response, X_CONTENT_TYPE_OPTIONS, "nosniff");
    // A manage link must not be told to whoever is linked to.
    put(&mut response, REFERRER_POLICY, "no-referrer");
    put(&mut response, CACHE_CONTROL, "no-cache");
    response
}

fn put(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value) {
        response.headers_mut().insert(name, value);
    }
}

/// Black or white, whichever is easier to read on a colour (WCAG 2.2, relative luminance).
fn readable_on(color: &str) -> &'static str {
    let digits: Vec<_> = color.trim_start_matches('#').chars().collect();
    let channel = |number: usize| -> f64 {
        let hex: String = match digits.len() {
            3 => digits.iter().skip(number).take(1).cycle().take(2).collect(),
            _ => digits.iter().skip(2 * number).take(2).collect(),
        };
        let value = f64::from(u8::from_str_radix(&hex, 16).unwrap_or(0)) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    let luminance = 0.2126 * channel(0) + 0.7152 * channel(1) + 0.0722 * channel(2);
    if luminance > 0.179 { "#000" } else { "#fff" }
}

/// As HTML writes text, in elements and in attributes.
pub(super) fn escaped(text: &str) -> String {
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
    fn what_stands_on_a_colour_can_be_read() {
        for (color, on) in [
            ("#ffffff", "#000"),
            ("#ffe066", "#000"),
            ("#000000", "#fff"),
            ("#2f5d62", "#fff"),
            ("#fff", "#000"),
            ("#008", "#fff"),
        ] {
            assert_eq!(readable_on(color), on, "{color}");
        }
    }

    #[test]
    fn the_script_says_what_it_is_told_to_and_nothing_else() {
        let mut said: Vec<&str> = ASSETS
            .iter()
            .flat_map(|(_, _, text)| text.split('"'))
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
