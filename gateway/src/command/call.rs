//! A request, read strictly: who, what, and what belongs to it.

use std::{ops::Deref, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::{
        HeaderMap, Uri,
        header::{CONTENT_TYPE, IF_MATCH},
        request::Parts,
    },
};
use domain::access::Access;
use futures::StreamExt as _;
use ledger::{Position, Version};
use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};
use serde_json::Value;
use tokio::time::timeout;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{absent, strict::look_for_arrays};
use crate::{
    access::Caller,
    app::App,
    page::List,
    problem::{Code, Problem, Violation, body_fault},
    texts::Message,
};

/// What belongs to a command besides what it asks.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// Who calls.
    pub caller: Caller,
    /// The command's own id.
    pub command_id: Uuid,
    /// What all commands of one undertaking share: of `X-Request-Id`, else of `traceparent`.
    pub correlation_id: Uuid,
    /// The caller's `Idempotency-Key`.
    pub key: Option<String>,
    /// A keyed hash of method, route and canonical body.
    pub fingerprint: [u8; 32],
    /// The versions of which the thing must stand at one (`If-Match`). Empty: at none that it can have.
    pub if_match: Option<Vec<Version>>,
}

/// A command: a strictly read body of type `B` (JSON; no body at all is `{}`) and its [`Envelope`].
#[derive(Debug, Clone)]
pub struct Call<B = Nothing> {
    /// What belongs to it.
    pub envelope: Envelope,
    /// What it asks.
    pub body: B,
}

/// A command whose body the handler reads itself.
#[derive(Debug, Clone)]
pub struct RawCall {
    /// What belongs to it.
    pub envelope: Envelope,
    /// `Content-Type`, without parameters, in lower case.
    pub content_type: Option<String>,
    /// The body.
    pub bytes: Bytes,
}

/// The body of a command that asks nothing more: none, or `{}`.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

impl Envelope {
    /// The thing stands where `If-Match` says.
    ///
    /// # Errors
    /// 412 when it stands at another version.
    pub(crate) fn expects(&self, version: Version) -> Result<(), Problem> {
        match &self.if_match {
            Some(wanted) if !wanted.contains(&version) => {
                let told = Message::new("detail-stale").with("version", version);
                Err(Problem::new(Code::Stale).detail(told))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Of what a user does before they are signed in.
    ///
    /// # Errors
    /// 404 when there is no such user.
    pub(crate) async fn of_user(
        app: &App,
        business: ledger::BusinessId,
        id: Uuid,
    ) -> Result<Self, Problem> {
        let loaded = app.ledger().load::<Access>(business, id).await?;
        let caller = Caller::joining(business, id, loaded.state.user()?);
        Ok(Self {
            caller,
            ..Self::of_system(app, business)
        })
    }

    /// Of what Daybook itself does, without a request.
    #[must_use]
    pub fn of_system(app: &App, business: ledger::BusinessId) -> Self {
        let command_id = app.new_id();
        Self {
            caller: Caller::system(business),
            command_id,
            correlation_id: command_id,
            key: None,
            fingerprint: [0; 32],
            if_match: None,
        }
    }
}

impl<B> Deref for Call<B> {
    type Target = Envelope;

    fn deref(&self) -> &Envelope {
        &self.envelope
    }
}

impl Deref for RawCall {
    type Target = Envelope;

    fn deref(&self) -> &Envelope {
        &self.envelope
    }
}

impl<B: DeserializeOwned + ToSchema> FromRequest<App> for Call<B> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        RawCall::from_request(request, app).await?.json()
    }
}

impl FromRequest<App> for RawCall {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        Self::up_to(request, app, app.settings().body_limit).await
    }
}

impl RawCall {
    /// A command whose body has at most so many bytes.
    ///
    /// # Errors
    /// 413 when it has more; those of who may not, and of headers that make no sense.
    pub(crate) async fn up_to(request: Request, app: &App, limit: usize) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let caller = Caller::from_request_parts(&mut parts, app).await?;
        if parts.extensions.get::<QueryRead>().is_none() {
            read_query::<Nothing>(&parts.uri)?;
        }
        let key = idempotency_key(&parts.headers)?;
        let if_match = if_match(&parts.headers)?;
        let correlation_id = correlation_id(&parts.headers).unwrap_or_else(|| app.new_id());
        let content_type = content_type(&parts.headers);
        let said = format!("{} {}\n", parts.method, parts.uri);
        let bytes = whole(body, limit).await?;
        let fingerprint = {
            let mut said = said.into_bytes();
            said.extend(canonical(&bytes));
            let business = caller.business().0;
            app.vault().keyed_hash(business, "request", &said)
        };
        Ok(Self {
            envelope: Envelope {
                caller,
                command_id: app.new_id(),
                correlation_id,
                key,
                fingerprint,
                if_match,
            },
            content_type,
            bytes,
        })
    }
}

impl RawCall {
    /// The body as JSON.
    ///
    /// # Errors
    /// 415 for another kind of content, 400 for what is no JSON, 422 for what does not fit `B`.
    pub fn json<B: DeserializeOwned + ToSchema>(self) -> Result<Call<B>, Problem> {
        if !is_json(self.content_type.as_deref()) && !self.bytes.is_empty() {
            return Err(wants("application/json"));
        }
        Ok(Call {
            body: read_json(&self.bytes)?,
            envelope: self.envelope,
        })
    }
}

fn is_json(content_type: Option<&str>) -> bool {
    content_type.is_some_and(|kind| {
        kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
    })
}

/// 415.
pub(crate) fn wants(kinds: &str) -> Problem {
    Problem::new(Code::UnsupportedMediaType)
        .detail(Message::new("detail-wants-type").with("wanted", kinds))
}

/// Reads a body strictly; none at all is `{}`.
pub(crate) fn read_json<B: DeserializeOwned + ToSchema>(bytes: &[u8]) -> Result<B, Problem> {
    let malformed = |detail| Problem::new(Code::Malformed).detail(detail);
    let text = str::from_utf8(bytes).map_err(|_| malformed(Message::new("detail-not-utf8")))?;
    let text = if text.is_empty() { "{}" } else { text };
    let bad =
        |error: &serde_json::Error| malformed(Message::new("detail-bad-json").with("what", error));
    // serde would take the fields of a struct in their order from an array, too. (Below the top, see `strict`.)
    if text.trim_start().starts_with('[') {
        let wrong = Message::new("violation-wrong-type").with("what", "expected an object");
        return Err(Problem::field("", wrong));
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let body = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        // What does not fit may yet be followed by what cannot be read.
        match serde_json::from_str::<IgnoredAny>(text) {
            Ok(_) => Problem::invalid(faults::<B>(&error, text)),
            Err(error) => bad(&error),
        }
    })?;
    json.end().map_err(|error| bad(&error))?;
    if text.contains('[') {
        // Not before: what a value forgets, fields given twice among it, was told above.
        let value = serde_json::from_str(text).map_err(|error| bad(&error))?;
        look_for_arrays::<B>(&value)
            .map_err(|error| Problem::invalid(vec![body_fault(error.path(), error.inner())]))?;
    }
    Ok(body)
}

/// What serde stopped at, and all other fields that are missing or unknown.
fn faults<B: ToSchema>(
    error: &serde_path_to_error::Error<serde_json::Error>,
    text: &str,
) -> Vec<Violation> {
    let mut faults = vec![body_fault(error.path(), error.inner())];
    // A number or a text that nothing can hold is no value: then what serde says must do.
    let whole = serde_json::from_str(text).unwrap_or_default();
    for (field, presence) in absent::look::<B>(&whole) {
        if faults[0].field != field {
            let message = match presence {
                absent::Presence::Missing => "violation-missing",
                absent::Presence::Unknown => "violation-unknown-field",
            };
            faults.push(Violation::new(field, Message::new(message)));
        }
    }
    faults
}

/// Reads a JSON body of a request that is no command: signing in.
pub(crate) async fn read_body<B: DeserializeOwned + ToSchema>(
    request: Request,
    app: &App,
) -> Result<B, Problem> {
    read_query::<Nothing>(request.uri())?;
    let content_type = content_type(request.headers());
    let bytes = whole(request.into_body(), app.settings().body_limit).await?;
    if !is_json(content_type.as_deref()) && !bytes.is_empty() {
        return Err(wants("application/json"));
    }
    read_json(&bytes)
}

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// The whole of a body of at most `limit` bytes. What comes beyond is left to [`unread`](crate::unread).
async fn whole(body: Body, limit: usize) -> Result<Bytes, Problem> {
    let lost = || Problem::new(Code::Malformed).detail(Message::new("detail-body-lost"));
    let mut arriving = body.into_data_stream();
    let reading = async {
        let mut bytes = Vec::new();
        while let Some(chunk) = arriving.next().await {
            let chunk = chunk.map_err(|_| lost())?;
            if bytes.len() + chunk.len() > limit {
                let most = i64::try_from(limit).unwrap_or(i64::MAX);
                let detail = Message::new("detail-too-large").with_number("max", most);
                return Err(Problem::new(Code::TooLarge).detail(detail));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.into())
    };
    timeout(PATIENCE, reading)
        .await
        .unwrap_or_else(|_| Err(lost()))
}

/// The same for bodies that say the same: JSON without its white space and with its members in order; else the bytes.
fn canonical(bytes: &[u8]) -> Vec<u8> {
    fn write(value: &Value, into: &mut String) {
        match value {
            Value::Object(members) => {
                // Whether serde_json keeps the order depends on a feature that any crate may switch on.
                let mut members: Vec<_> = members.iter().collect();
                members.sort_unstable_by_key(|(name, _)| *name);
                into.push('{');
                for (name, value) in members {
                    into.push_str(&Value::from(name.as_str()).to_string());
                    into.push(':');
                    write(value, into);
                    into.push(',');
                }
                into.push('}');
            }
            Value::Array(items) => {
                into.push('[');
                for item in items {
                    write(item, into);
                    into.push(',');
                }
                into.push(']');
            }
            scalar @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
                into.push_str(&scalar.to_string());
            }
        }
    }
    match serde_json::from_slice::<Value>(bytes) {
        Ok(json) => {
            let mut text = String::with_capacity(bytes.len());
            write(&json, &mut text);
            text.into_bytes()
        }
        Err(_) => bytes.to_vec(),
    }
}

fn content_type(headers: &HeaderMap) -> Option<String> {
    let kind = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let kind = kind.split(';').next().unwrap_or_default();
    Some(kind.trim().to_ascii_lowercase())
}

fn bad_header(name: &str) -> Problem {
    let violation = Violation::new(name, Message::new("violation-header"));
    Problem::new(Code::Malformed).violations(vec![violation])
}

/// 1 to 255 visible characters of ASCII.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    const NAME: &str = "Idempotency-Key";
    let Some(value) = headers.get(NAME) else {
        return Ok(None);
    };
    let key = value.to_str().map_err(|_| bad_header(NAME))?.trim();
    let plain = (1..=255).contains(&key.len()) && key.bytes().all(|b| (b' '..=b'~').contains(&b));
    if plain {
        Ok(Some(key.to_owned()))
    } else {
        Err(bad_header(NAME))
    }
}

/// `"7"`, as our ETags are, or several; `*` asks for no version in particular. Weak tags and those that we never gave
/// match nothing (RFC 9110 §13.1.1).
fn if_match(headers: &HeaderMap) -> Result<Option<Vec<Version>>, Problem> {
    const NAME: &str = "If-Match";
    let mut versions = None;
    for value in headers.get_all(IF_MATCH) {
        let text = value.to_str().map_err(|_| bad_header(NAME))?.trim();
        if text == "*" {
            return Ok(None);
        }
        if !text.ends_with('"') {
            return Err(bad_header(NAME));
        }
        let tags = text.split(',').filter_map(|tag| {
            let tag = tag.trim().strip_prefix('"')?.strip_suffix('"')?;
            natural(tag).map(Version)
        });
        versions.get_or_insert_with(Vec::new).extend(tags);
    }
    Ok(versions)
}

/// Digits alone; not `+7` or `-0`.
fn natural(text: &str) -> Option<i64> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

fn correlation_id(headers: &HeaderMap) -> Option<Uuid> {
    let text = |name| headers.get(name)?.to_str().ok();
    if let Some(id) = text("x-request-id") {
        let named = || Uuid::new_v5(&Uuid::NAMESPACE_OID, id.as_bytes());
        return Some(id.parse().unwrap_or_else(|_| named()));
    }
    // version-traceid-parentid-flags (W3C Trace Context)
    text("traceparent")?.split('-').nth(1)?.parse().ok()
}

/// Among a request's extensions: the handler takes a query, and has read it. To a command without one every parameter
/// is unknown.
#[derive(Debug, Clone, Copy)]
struct QueryRead;

/// Reads the parameters of a query strictly.
fn read_query<Q: DeserializeOwned>(uri: &Uri) -> Result<Q, Problem> {
    let query = uri.query().unwrap_or_default();
    let pairs = serde_html_form::Deserializer::from_bytes(query.as_bytes());
    serde_path_to_error::deserialize(pairs)
        .map_err(|error| Problem::invalid(vec![body_fault(error.path(), error.inner())]))
}

/// A query: who asks, from which position on the answer must be, and the parameters, read strictly.
#[derive(Debug, Clone)]
pub struct Ask<Q = Nothing> {
    /// Who asks.
    pub caller: Caller,
    /// Read models must have come to here (`Daybook-Min-Position`).
    pub min_position: Option<Position>,
    /// The query's parameters.
    pub query: Q,
    /// Its address.
    uri: Uri,
}

impl<Q> Ask<Q> {
    /// The list that it asks for, where it asks for one.
    #[must_use]
    pub fn list(&self) -> List {
        List::of(self.caller.business(), &self.uri)
    }

    /// The same with a part of the query, and the rest of it.
    pub(crate) fn split<P, R>(self, split: impl FnOnce(Q) -> (P, R)) -> (Ask<P>, R) {
        let (query, rest) = split(self.query);
        let ask = Ask {
            caller: self.caller,
            min_position: self.min_position,
            query,
            uri: self.uri,
        };
        (ask, rest)
    }
}

impl<Q: DeserializeOwned> FromRequestParts<App> for Ask<Q> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        const NAME: &str = "Daybook-Min-Position";
        let caller = Caller::from_request_parts(parts, app).await?;
        let min_position = match parts.headers.get(NAME) {
            None => None,
            Some(value) => {
                let number = value.to_str().ok().and_then(natural);
                Some(Position(number.ok_or_else(|| bad_header(NAME))?))
            }
        };
        let query = read_query(&parts.uri)?;
        parts.extensions.insert(QueryRead);
        Ok(Self {
            caller,
            min_position,
            query,
            uri: parts.uri.clone(),
        })
    }
}

/// What stands in the path, typed. An id that is none names nothing: 404.
#[derive(Debug, Clone, Copy)]
pub struct At<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for At<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        // Who is not known learns nothing about addresses.
        Caller::from_request_parts(parts, app).await?;
        let path = Path::<T>::from_request_parts(parts, app).await;
        path.map(|Path(at)| Self(at))
            .map_err(|_| Problem::not_found())
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn what_says_the_same_has_one_fingerprint() {
        let one = canonical(br#"{"a": 1, "b": {"d": [1, 2], "c": "x"}}"#);
        let two = canonical(br#"{"b":{"c":"x","d":[1,2]},"a":1}"#);
        assert_eq!(one, two);
        assert_ne!(one, canonical(br#"{"b":{"c":"x","d":[2,1]},"a":1}"#));
        assert_ne!(canonical(b"{\"a\":\"1\"}"), canonical(b"{\"a\":1}"));
    }

    #[test]
    fn if_match_takes_our_tags_and_nothing_else() {
        let read = |value| {
            let mut headers = HeaderMap::new();
            headers.insert(IF_MATCH, HeaderValue::from_static(value));
            if_match(&headers).map_err(|problem| problem.code())
        };
        assert_eq!(read("\"7\""), Ok(Some(vec![Version(7)])));
        assert_eq!(
            read("\"7\", \"a\",\"9\""),
            Ok(Some(vec![Version(7), Version(9)]))
        );
        assert_eq!(read("*"), Ok(None));
        assert_eq!(read("\"abc\""), Ok(Some(vec![])));
        assert_eq!(read("W/\"7\""), Ok(Some(vec![])));
        assert_eq!(read("7"), Err(Code::Malformed));
    }

    #[test]
    fn a_trace_is_an_undertaking() {
        let mut headers = HeaderMap::new();
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        headers.insert("traceparent", HeaderValue::from_static(parent));
        let id = correlation_id(&headers).unwrap();
        assert_eq!(id.simple().to_string(), "0af7651916cd43dd8448eb211c80319c");
    }

    #[test]
    fn a_body_is_read_to_its_end() {
        #[derive(Debug, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        struct Body {
            #[expect(dead_code, reason = "only its reading is looked at")]
            name: String,
        }
        let code = |text: &[u8]| read_json::<Body>(text).unwrap_err().code();
        assert_eq!(code(b"{\"name\": \"a\"} x"), Code::Malformed);
        assert_eq!(code(b"{\"name\": \"\xff\"}"), Code::Malformed);
        assert_eq!(code(b"{\"name\": 1}"), Code::Invalid);
        assert_eq!(code(b""), Code::Invalid);
        assert_eq!(code(b"{\"name\""), Code::Malformed);
        assert_eq!(code(b"[\"a\"]"), Code::Invalid);
    }
}
