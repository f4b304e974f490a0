//! The check before each handler, from the table of [`rights`](super::rights).

use axum::{
    extract::{FromRequestParts as _, MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use domain::access::Right;
use metrics::counter;
use tracing::Instrument as _;

use super::{
    Caller, Sender,
    masking::Hidden,
    narrowing::is_theirs,
    rights::{Entry, Method, Needs, entry_of},
};
use crate::{
    app::App,
    limits::Meter,
    problem::{Code, Problem},
    texts::Message,
};

/// Lets a request through to its handler if the table says so, and those who ask do not do so too often.
pub(crate) async fn check(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let meter = Meter::default();
    request.extensions_mut().insert(meter.clone());
    let answer = let_in(&app, request, next, &meter).await;
    let mut response = answer.into_response();
    meter.tell(&mut response);
    response
}

async fn let_in(
    app: &App,
    request: Request,
    next: Next,
    meter: &Meter,
) -> Result<Response, Problem> {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("", MatchedPath::as_str);
    let entry = Method::of(request.method()).and_then(|method| entry_of(method, route));
    // What nobody has thought about is nobody's.
    let Some(entry) = entry else {
        denied(route, "none");
        return Err(Problem::new(Code::Forbidden));
    };
    let is_safe = request.method().is_safe();
    if entry.needs == Needs::Nothing {
        return match is_safe {
            true => Ok(next.run(request).await),
            false => to_its_end(async { Ok(next.run(request).await) }).await,
        };
    }
    let (mut parts, body) = request.into_parts();
    // Kept among the extensions, where the handler finds it.
    let mut caller = match Caller::from_request_parts(&mut parts, app).await {
        Ok(caller) => caller,
        Err(problem) => {
            if problem.code() == Code::Unauthenticated {
                app.callers().stranger(Sender::of(app, &parts), meter)?;
            }
            return Err(problem);
        }
    };
    app.callers().known(&caller, meter)?;
    caller.route = Some(entry);
    parts.extensions.insert(caller.clone());
    if let Needs::Right(right) = entry.needs {
        caller.needs(right)?;
    }
    switched_on(app, &caller, entry).await?;
    is_theirs(app, &caller, entry, &mut parts).await?;
    let hidden = Hidden::from(&caller, entry);
    let request = Request::from_parts(parts, body);
    match is_safe {
        true => hidden.answered(next, request).await,
        false => to_its_end(hidden.answered(next, request)).await,
    }
}

/// Has a command's handler run to its end, even if whoever asked hangs up or the answer is late: what a handler does
/// after its append (keeping a key's hash, bringing a table up to date) must not depend on somebody's line.
async fn to_its_end(
    handling: impl Future<Output = Result<Response, Problem>> + Send + 'static,
) -> Result<Response, Problem> {
    match tokio::spawn(handling.in_current_span()).await {
        Ok(answer) => answer,
        Err(broken) => match broken.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The service is ending.
            Err(ended) => Err(Problem::unavailable(ended)),
        },
    }
}

async fn switched_on(app: &App, caller: &Caller, entry: &Entry) -> Result<(), Problem> {
    let Some(module) = entry.module else {
        return Ok(());
    };
    let known = app.catalogue_now(caller.business()).await?;
    module.must_be_on(known.settings()?)
}

impl Caller {
    /// Whether they have this right.
    #[must_use]
    pub fn may(&self, right: Right) -> bool {
        self.rights().has(right)
    }

    /// They have this right.
    ///
    /// # Errors
    /// 403 when they have not. It is counted by route and right; who it was is nobody's business there.
    pub fn needs(&self, right: Right) -> Result<(), Problem> {
        if self.may(right) {
            return Ok(());
        }
        let path = self.route.map(Entry::path);
        denied(path.as_deref().unwrap_or_default(), right.word());
        let told = Message::new("detail-needs-right").with("right", right.word());
        Err(Problem::new(Code::Forbidden).detail(told))
    }
}

pub(super) fn denied(route: &str, right: &'static str) {
    let labels = [("route", route.to_owned()), ("right", right.to_owned())];
    counter!("access_denied_total", &labels).increment(1);
}
