//! Who comes without signing in: the business that they visit, and how much they may ask for.

use std::collections::HashMap;

use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use ledger::BusinessId;

use crate::{
    access::{Caller, Sender},
    app::App,
    problem::Problem,
    texts::Speech,
};

/// A visitor of a business's public side. Stands before `Ask` and `Call` among a handler's extractors: these take the
/// caller that it leaves behind.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    pub(crate) business: BusinessId,
    pub(crate) slug: String,
    pub(crate) sender: Sender,
    /// The language that their browser asks for.
    pub(crate) speech: Speech,
    path: HashMap<String, String>,
}

impl Visitor {
    /// What stands in the address besides the business.
    pub(crate) fn path(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let sender = Sender::of(app, parts);
        let meter = parts.extensions.get().cloned().unwrap_or_default();
        app.visitors()
            .passes(sender, parts.method.is_safe(), &meter)?;
        let path = Path::<HashMap<String, String>>::from_request_parts(parts, app).await;
        let Path(path) = path.map_err(|_| Problem::not_found())?;
        let slug = path.get("slug").cloned().unwrap_or_default();
        let business = app.business_of(&slug).await?;
        let business = business.ok_or_else(Problem::not_found)?;
        parts.extensions.insert(Caller::visitor(business));
        Ok(Self {
            business,
            slug,
            sender,
            speech: Speech::of(&parts.headers),
            path,
        })
    }
}
