//! A file out of a form.

use axum::{
    body::Body,
    extract::{DefaultBodyLimit, FromRequest as _, Multipart, Request},
    http::{HeaderMap, header::CONTENT_TYPE},
};

use super::call::RawCall;
use crate::{
    problem::{Code, Problem},
    texts::Message,
};

/// The field `file` of a form (`multipart/form-data`): its name, and what is in it.
///
/// # Errors
/// 400 for what is no form, 422 where it holds anything else, or no file.
pub(crate) async fn file_of(
    headers: &HeaderMap,
    call: &RawCall,
) -> Result<(Option<String>, Vec<u8>), Problem> {
    let malformed = || Problem::new(Code::Malformed).detail(Message::new("detail-bad-form"));
    let mut request = Request::new(Body::from(call.bytes.clone()));
    if let Some(kind) = headers.get(CONTENT_TYPE) {
        request.headers_mut().insert(CONTENT_TYPE, kind.clone());
    }
    // What came is all here, and was held to its limit.
    DefaultBodyLimit::disable().apply(&mut request);
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|_| malformed())?;
    let mut found = None;
    while let Some(field) = form.next_field().await.map_err(|_| malformed())? {
        let field_name = field.name().unwrap_or_default().to_owned();
        if field_name != "file" {
            return Err(Problem::field(
                field_name,
                Message::new("violation-unknown-field"),
            ));
        }
        if found.is_some() {
            return Err(Problem::field("file", Message::new("violation-twice")));
        }
        let name = field
            .file_name()
            .map(|name| name.chars().take(200).collect::<String>());
        let file = field.bytes().await.map_err(|_| malformed())?;
        found = Some((name, file.to_vec()));
    }
    found.ok_or_else(|| Problem::field("file", Message::new("violation-missing")))
}
