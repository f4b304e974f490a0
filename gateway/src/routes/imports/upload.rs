//! A file comes in.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
};
use ledger::Version;
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::ImportView;
use crate::{
    app::App,
    command::{Answer, RawCall, file_of, wants},
    imports::{
        LARGEST_FILE,
        fields::Kind,
        mapping::{Defaults, Mapping},
        store::Upload,
    },
    problem::{Code, Problem, Violation},
    texts::{Message, Speech},
};

/// What stands around a file in a form.
const FORM: usize = 64 << 10;

/// A file in a form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) struct FileForm {
    /// CSV in any encoding, or XLSX; at most 20 MiB.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Takes a list of clients: tells its columns, what they seem to hold, and what would become of each row. Nothing is
/// written before `run`.
#[utoipa::path(post, path = "/imports/clients", tag = "imports",
    request_body(content = FileForm, content_type = "multipart/form-data"),
    responses((status = 201, body = ImportView)))]
pub(super) async fn clients(
    State(app): State<App>,
    headers: HeaderMap,
    request: Request,
) -> Result<Answer<ImportView>, Problem> {
    take(&app, Kind::Clients, &headers, request).await
}

/// Takes a price list, as `POST /imports/clients` takes clients.
#[utoipa::path(post, path = "/imports/services", tag = "imports",
    request_body(content = FileForm, content_type = "multipart/form-data"),
    responses((status = 201, body = ImportView)))]
pub(super) async fn services(
    State(app): State<App>,
    headers: HeaderMap,
    request: Request,
) -> Result<Answer<ImportView>, Problem> {
    take(&app, Kind::Services, &headers, request).await
}

async fn take(
    app: &App,
    kind: Kind,
    headers: &HeaderMap,
    request: Request,
) -> Result<Answer<ImportView>, Problem> {
    let call = RawCall::up_to(request, app, LARGEST_FILE + FORM)
        .await
        .map_err(told)?;
    if call.content_type.as_deref() != Some("multipart/form-data") {
        return Err(wants("multipart/form-data"));
    }
    let business = call.caller.business();
    let (name, file) = file_of(headers, &call).await?;
    if file.len() > LARGEST_FILE {
        return Err(told(Problem::new(Code::TooLarge)));
    }
    let known = app.catalogue(business).await?;
    let (house, mapping) = (app.house(&known)?, Mapping::default());
    let prepared = app.prepare(file.clone(), kind, mapping, house).await?;
    // Of the file, not of the form around it: a form's boundary is another one each time.
    let fingerprint = {
        let name = name.as_deref().unwrap_or_default();
        let mut said = format!("{} {} {name}\n", kind.word(), name.len()).into_bytes();
        said.extend_from_slice(&file);
        app.vault().keyed_hash(business.0, "import.file", &said)
    };
    let id = match &call.key {
        // The same request again is the same import again.
        Some(key) => {
            let said = format!("{} {key}", call.caller.name());
            let hash = app
                .vault()
                .keyed_hash(business.0, "import", said.as_bytes());
            let mut bytes = [0; 16];
            bytes.copy_from_slice(&hash[..16]);
            keyed_id(bytes)
        }
        None => app.new_id(),
    };
    let store = app.import_store();
    let upload = Upload {
        id,
        kind,
        file_name: name.as_deref(),
        file: &file,
        fingerprint,
        mapping: &prepared.suggested,
        total: prepared.rows.len(),
        actor: call.caller.actor(),
    };
    if !store.keep(business, &upload, app.now()).await?
        && store.fingerprint(business, id).await?.as_deref() != Some(&fingerprint[..])
    {
        return Err(Problem::new(Code::IdempotencyKeyReused));
    }
    // With what the suggestion adds for columns that are absent it is another reading.
    if prepared.suggested.defaults == Defaults::default() {
        app.keep_prepared(id, &prepared, &house)?;
    }
    let import = store.one(business, id).await?;
    let view = ImportView::of(app, &import, Speech::of(headers)).await?;
    Ok(Answer::ok(view)
        .status(StatusCode::CREATED)
        .position(app.ledger().head(business).await?)
        .version(Version(import.version))
        .location(format!("/api/v1/imports/{id}")))
}

/// An id that follows from a key alone: of no time in particular.
fn keyed_id(bytes: [u8; 16]) -> Uuid {
    uuid::Builder::from_bytes(bytes)
        .with_version(uuid::Version::SortRand)
        .with_variant(uuid::Variant::RFC4122)
        .into_uuid()
}

/// A file that is too large is told as the field that it is.
fn told(problem: Problem) -> Problem {
    if problem.code() == Code::TooLarge {
        let most = i64::try_from(LARGEST_FILE >> 20).unwrap_or(i64::MAX);
        let message = Message::new("violation-file-too-large").with_number("max", most);
        return problem.violations(vec![Violation::new("file", message)]);
    }
    problem
}
