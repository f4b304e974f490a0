//! The description of the API: what is the same for all routes is said here once and added to each.

mod examples;
mod hidden;
mod problems;
mod tags;

#[cfg(test)]
pub(crate) use self::hidden::gather;

use utoipa::{
    OpenApi, ToSchema,
    openapi::{
        Components, HeaderBuilder, Info, ObjectBuilder, OpenApi as Description, RefOr, Required,
        Response, Server,
        info::LicenseBuilder,
        path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem},
        request_body::RequestBody,
        schema::{KnownFormat, Schema, SchemaFormat, SchemaType, Type},
        security::{
            ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
        },
    },
};

use crate::{
    access::{
        COOKIE_NAME,
        rights::{Method, Needs, entry_of, tell},
    },
    problem::Code,
};

/// What a problem looks like (RFC 9457).
#[derive(ToSchema)]
#[schema(as = Problem)]
#[expect(
    dead_code,
    reason = "only its schema is used: `problem::Problem` writes the JSON"
)]
struct ProblemSchema {
    /// Which kind of problem: a place in this API's documentation.
    #[schema(value_type = String, format = "uri-reference", example = "/api/docs#problem-invalid")]
    r#type: String,
    /// The kind of problem, in the language of `Accept-Language`.
    title: String,
    /// The HTTP status.
    status: u16,
    /// The kind of problem, for programs: one of `x-problems`, where it says what to do.
    #[schema(example = "invalid")]
    code: String,
    /// What is particular to this case; where nothing is, the title again.
    detail: String,
    /// Which fields are at fault; empty where it is no field's fault.
    violations: Vec<ViolationSchema>,
}

/// A field at fault.
#[derive(ToSchema)]
#[schema(as = Violation)]
#[expect(dead_code, reason = "only its schema is used")]
struct ViolationSchema {
    /// Its path in the body (`phones[0].number`), a query parameter, or a header.
    field: String,
    /// What is wrong, for programs.
    code: String,
    /// What is wrong, in the language of `Accept-Language`.
    message: String,
}

/// The description that the routes are added to.
pub(crate) fn frame() -> Description {
    // The conditions of a segment are met only inside of a filter, which stands in itself: there nobody looks further.
    #[derive(OpenApi)]
    #[openapi(components(schemas(
        ProblemSchema,
        ViolationSchema,
        crate::routes::segments::SegmentCondition
    )))]
    struct Frame;
    let mut frame = Frame::openapi();
    frame.info = Info::new("Daybook", env!("CARGO_PKG_VERSION"));
    frame.info.license = Some(
        LicenseBuilder::new()
            .name("Apache-2.0")
            .identifier(Some("Apache-2.0"))
            .build(),
    );
    frame.info.extensions = Some(problems::list());
    frame.servers = Some(vec![Server::new("/")]);
    frame.tags = Some(tags::chapters());
    frame.info.description = Some(
        "Bookings, clients and staff of a business, every change an immutable event. Ids are UUIDv7; instants are \
         RFC 3339, in UTC in answers; money is a string in the business's currency; unknown fields are refused. \
         Every answer carries X-Request-Id; every refusal is a problem (RFC 9457) whose code is one of x-problems. \
         Who is counted is told so by RateLimit-Policy and RateLimit; API keys are not, unless the operator says so."
            .to_owned(),
    );
    frame
}

/// What begins so writes no event, but for a person's joining: signing in, links, secrets.
const NO_COMMANDS: [&str; 9] = [
    "/api/v1/sign-in",
    "/api/v1/sign-out",
    "/api/v1/invitations",
    "/api/v1/password-reset",
    "/api/v1/me/sessions",
    "/api/v1/users/{id}/sessions",
    "/api/v1/me/password",
    "/api/v1/me/totp",
    QUESTION,
];

/// Asked with a body: what it reads may be waited for.
const QUESTION: &str = "/api/v1/segments/preview";

/// Adds to every route what it shares with the others: who may call, headers, problems.
pub(crate) fn complete(mut description: Description) -> Description {
    hidden::tell(&mut description);
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("An API key, or the token of a session"))
        .build();
    let components = description.components.get_or_insert_with(Components::new);
    let cookie = ApiKeyValue::with_description(
        COOKIE_NAME,
        "The session of a browser, from signing in; of requests that change something only those of our own pages \
         are taken (Sec-Fetch-Site, else Origin)",
    );
    let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(cookie));
    for (name, scheme) in [("bearer", SecurityScheme::Http(bearer)), ("cookie", cookie)] {
        let scheme = RefOr::T(scheme);
        components.security_schemes.insert(name.to_owned(), scheme);
    }
    problems::describe(components);
    describe_headers(components);
    for (path, item) in &mut description.paths.paths {
        for (method, operation) in operations(item) {
            complete_one(path, method, operation);
        }
    }
    description
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    [
        (Method::Get, item.get.as_mut()),
        (Method::Post, item.post.as_mut()),
        (Method::Put, item.put.as_mut()),
        (Method::Patch, item.patch.as_mut()),
        (Method::Delete, item.delete.as_mut()),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation?)))
}

fn complete_one(path: &str, method: Method, operation: &mut Operation) {
    let entry = entry_of(method, path);
    let open = entry.is_some_and(|entry| entry.needs == Needs::Nothing);
    let is_api = path.starts_with("/api/v1/") && path != "/api/v1/openapi.json";
    let is_session = NO_COMMANDS.iter().any(|begin| path.starts_with(begin));
    let is_question = path == QUESTION;
    let is_write = method != Method::Get;
    let is_command = is_write && !is_session;
    let names_something = path.contains('{');
    let scopes: [&str; 0] = [];
    operation.security = Some(match open {
        // Said, since otherwise a linter cannot tell it from forgotten.
        true => vec![],
        false => ["bearer", "cookie"]
            .map(|scheme| SecurityRequirement::new(scheme, scopes))
            .into(),
    });
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response {
            complete_response(status, response);
        }
    }
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        say_if_absent(body);
    }
    let id = operation_id(path, method);
    if !is_api {
        operation.operation_id = Some(id);
        if path.starts_with("/b/") {
            let code = Code::TooManyRequests.status();
            let responses = &mut operation.responses.responses;
            responses.insert(code.as_u16().to_string(), problems::refer(code));
        }
        return;
    }

    if let Some(entry) = entry {
        tell(entry, operation);
    }
    // Handlers are called alike in every module; here their names must tell them apart.
    operation.operation_id = Some(id.clone());
    let parameters = operation.parameters.get_or_insert_default();
    parameters.push(header_parameter(
        "Accept-Language",
        "Text for people is in the first of en, pl, fr, uk, sv, it that is named; else in English.",
        ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)),
    ));
    if is_command {
        parameters.push(header_parameter(
            "Idempotency-Key",
            "1 to 255 visible ASCII characters. The same key with the same request again is answered as the first \
             time, for 30 days, and done once.",
            ObjectBuilder::new()
                .schema_type(SchemaType::Type(Type::String))
                .pattern(Some(r"^[!-~]([ -~]*[!-~])?$"))
                .max_length(Some(255)),
        ));
    }
    let is_public = path.starts_with("/api/v1/public/");
    // A visitor's link names the edition that it is of; nothing else does.
    if is_command && !is_public && (names_something || method != Method::Post) {
        parameters.push(header_parameter(
            "If-Match",
            "The ETag that the thing must still have; else 412.",
            ObjectBuilder::new()
                .schema_type(SchemaType::Type(Type::String))
                .pattern(Some(r#"^(\*|(W/)?"[!#-~]*")$"#)),
        ));
    }
    if method == Method::Get || is_question {
        parameters.push(header_parameter(
            "Daybook-Min-Position",
            "What is shown must have come to this position; waited for at most 5 seconds, then 503.",
            ObjectBuilder::new()
                .schema_type(SchemaType::Type(Type::Integer))
                .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
                .minimum(Some(0)),
        ));
    }

    let mut problems = vec![
        Code::Malformed,
        Code::TooManyRequests,
        Code::Internal,
        Code::Unavailable,
    ];
    if !open {
        problems.extend([Code::Unauthenticated, Code::Forbidden]);
    }
    if entry.is_some_and(|entry| entry.module.is_some()) {
        problems.push(Code::ModuleOff);
    }
    let asks_by_id = operation.parameters.iter().flatten().any(
        |parameter| matches!(parameter, RefOr::T(parameter) if parameter.name.ends_with("_id")),
    );
    if names_something || asks_by_id || path.ends_with("/business") || is_command {
        problems.push(Code::NotFound);
    }
    if method != Method::Get {
        problems.extend([Code::TooLarge, Code::UnsupportedMediaType]);
    }
    problems.push(Code::Invalid);
    if is_command {
        problems.push(Code::Conflict);
    }
    if is_command && !is_public {
        problems.push(Code::Stale);
    }
    if is_public {
        problems.push(Code::TooManyRequests);
    }
    if path.starts_with("/api/v1/clients/{") {
        problems.push(Code::Merged);
    }
    if is_public && is_command {
        problems.extend([Code::LinkSuperseded, Code::ChallengeFailed]);
    }
    if path == "/api/v1/sign-in" {
        problems.extend([Code::BadCredentials, Code::Forbidden]);
    }
    if open && is_session {
        problems.push(Code::Forbidden);
    }
    if path == "/api/v1/invitations/accept" || path == "/api/v1/password-reset/confirm" {
        problems.extend([Code::NotFound, Code::WrongState]);
    }
    if path.starts_with("/api/v1/users/") && is_write {
        problems.push(Code::WrongState);
    }
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else {
            continue;
        };
        if is_command && status.starts_with('2') {
            add_command_headers(status, response);
        }
        if method == Method::Get && status == "200" && shows_one_thing(path) {
            add_header(response, "ETag");
        }
        if path == "/api/v1/sign-out" && status.starts_with('2') {
            add_header(response, "Set-Cookie");
        }
    }
    for code in problems {
        let status = code.status().as_u16().to_string();
        let responses = &mut operation.responses.responses;
        responses
            .entry(status)
            .or_insert_with(|| problems::refer(code.status()));
    }
    examples::add(path, &id, operation);
}

/// A body that may be absent is not null where it is there, as `Option` is elsewhere.
fn say_if_absent(body: &mut RequestBody) {
    if body.required == Some(Required::True) {
        return;
    }
    for content in body.content.values_mut() {
        let RefOr::T(content) = content else {
            continue;
        };
        let Some(RefOr::T(Schema::OneOf(choice))) = &content.schema else {
            continue;
        };
        if let [one @ RefOr::Ref(_), _] | [_, one @ RefOr::Ref(_)] = choice.items.as_slice() {
            content.schema = Some(one.clone());
        }
    }
}

/// What every answer tells.
fn complete_response(status: &str, response: &mut Response) {
    if response.description.is_empty() {
        response.description = match status {
            "200" => "Done, or shown",
            "201" => "Made",
            "202" => "Taken, and being done",
            "204" => "Done; there is nothing to show",
            _ => "See the body",
        }
        .to_owned();
    }
    let name = "X-Request-Id";
    let header = problems::header(name);
    response.headers.entry(name.to_owned()).or_insert(header);
}

/// `get_staff_id_absences` for `GET /api/v1/staff/{id}/absences`.
fn operation_id(path: &str, method: Method) -> String {
    let method = match method {
        Method::Get => "get",
        Method::Post => "post",
        Method::Put => "put",
        Method::Patch => "patch",
        Method::Delete => "delete",
    };
    let path = path.trim_start_matches("/api/v1/");
    let words = path.split(|c: char| !c.is_ascii_alphanumeric());
    let words = words.filter(|word| !word.is_empty());
    words.fold(method.to_owned(), |id, word| id + "_" + word)
}

fn header_parameter(name: &str, description: &str, schema: ObjectBuilder) -> RefOr<Parameter> {
    let parameter = ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(schema));
    RefOr::T(parameter.build())
}

/// Whether its `GET` tells the version of what it shows.
fn shows_one_thing(path: &str) -> bool {
    const ALSO: [&str; 6] = [
        "/api/v1/me",
        "/api/v1/business",
        "/api/v1/settings/booking-policy",
        "/api/v1/settings/waitlist",
        "/api/v1/clients/{id}/card",
        "/api/v1/staff/{id}/working-hours",
    ];
    let is_public = path.starts_with("/api/v1/public/");
    ALSO.contains(&path) || path.ends_with('}') && !is_public
}

fn add_header(response: &mut Response, name: &str) {
    let header = problems::header(name);
    response.headers.entry(name.to_owned()).or_insert(header);
}

fn add_command_headers(status: &str, response: &mut Response) {
    add_header(response, "Daybook-Position");
    if status != "204" {
        add_header(response, "ETag");
    }
    if status == "201" {
        add_header(response, "Location");
    }
}

/// The headers of answers, each described once.
fn describe_headers(components: &mut Components) {
    let mut add = |name: &str, kind: Type, description: &str| {
        let mut schema = ObjectBuilder::new().schema_type(SchemaType::Type(kind.clone()));
        if kind == Type::Integer {
            schema = schema.format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)));
        }
        let header = HeaderBuilder::new()
            .schema(Some(schema))
            .description(Some(description));
        components
            .headers
            .insert(name.to_owned(), RefOr::T(header.build()));
    };
    add(
        "Daybook-Position",
        Type::Integer,
        "The position of the last event written: a query that sends it as Daybook-Min-Position shows the change.",
    );
    add(
        "ETag",
        Type::String,
        "The version of the thing, for If-Match.",
    );
    add(
        "Location",
        Type::String,
        "Where the thing that was made is found; of a client who was merged, where they are now.",
    );
    add(
        "Retry-After",
        Type::Integer,
        "Seconds after which another try is worth it.",
    );
    add(
        "RateLimit-Policy",
        Type::String,
        "Which allowance counts, how many requests it gives (`q`), and in how many seconds they come back (`w`).",
    );
    add(
        "RateLimit",
        Type::String,
        "How many requests are left of it (`r`), and in how many seconds all are back (`t`).",
    );
    add(
        "WWW-Authenticate",
        Type::String,
        "How one signs in: `Bearer`.",
    );
    add(
        "Content-Language",
        Type::String,
        "The language of its texts: the first of `Accept-Language` that is one of the six.",
    );
    add(
        "Set-Cookie",
        Type::String,
        "A browser's session: begun, or taken away.",
    );
    add(
        "X-Request-Id",
        Type::String,
        "Names this request in the log: the caller's own, if one was sent.",
    );
}
