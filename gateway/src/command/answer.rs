//! What goes back: a thing as it stands, its version, and how far the ledger has come.

use axum::{
    Json,
    http::{
        HeaderName, HeaderValue, StatusCode,
        header::{ETAG, LOCATION},
    },
    response::{IntoResponse, Response},
};
use ledger::{BusinessId, Position, Version};
use serde::Serialize;
use uuid::Uuid;

use super::{
    kind::Kind,
    send::{Done, Loaded},
};
use crate::{app::App, problem::Problem};

/// A thing as the API shows it, rendered from one stream: for the command that made or changed it, for that command's
/// replay, and for `GET`.
pub trait View: Serialize + Sized + Send {
    /// What the stream folds to.
    type Of: Kind;

    /// Where one of them is found: `/api/v1/services`.
    const HOME: &'static str;

    /// Shows the thing `id`, which is the stream itself or something in it. None: it is not (or no longer) there.
    fn of(loaded: &Loaded<Self::Of>, id: Uuid) -> Option<Self>;
}

/// A successful answer. Without a body it is 204.
#[derive(Debug, Clone)]
pub struct Answer<T = ()> {
    status: StatusCode,
    position: Option<Position>,
    version: Option<Version>,
    location: Option<String>,
    body: T,
}

impl<T> Answer<T> {
    /// 200 with a body.
    pub const fn ok(body: T) -> Self {
        Self {
            status: StatusCode::OK,
            position: None,
            version: None,
            location: None,
            body,
        }
    }

    /// The answer to a command, with a body made elsewhere.
    pub fn to(done: &Done, body: T) -> Self {
        let status = StatusCode::from_u16(done.outcome.status).unwrap_or(StatusCode::OK);
        Self {
            status,
            position: Some(done.position),
            ..Self::ok(body)
        }
    }

    /// With another status.
    #[must_use]
    pub const fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// With how far the ledger has come.
    #[must_use]
    pub const fn position(mut self, position: Position) -> Self {
        self.position = Some(position);
        self
    }

    /// With the thing's version as its `ETag`.
    #[must_use]
    pub const fn version(mut self, version: Version) -> Self {
        self.version = Some(version);
        self
    }

    /// With the address of what was made.
    #[must_use]
    pub fn location(mut self, location: String) -> Self {
        self.location = Some(location);
        self
    }

    /// The body, and the answer without it: to add to it what is looked up beside the stream.
    #[must_use]
    pub fn part(self) -> (Answer, T) {
        let (answer, body) = (
            Answer {
                status: self.status,
                position: self.position,
                version: self.version,
                location: self.location,
                body: (),
            },
            self.body,
        );
        (answer, body)
    }
}

impl Answer {
    /// 204: the command was done, and there is nothing to show.
    #[must_use]
    pub fn nothing(done: &Done) -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            position: Some(done.position),
            version: None,
            location: None,
            body: (),
        }
    }

    /// With another body.
    #[must_use]
    pub fn with<T>(self, body: T) -> Answer<T> {
        Answer {
            status: self.status,
            position: self.position,
            version: self.version,
            location: self.location,
            body,
        }
    }
}

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        let mut response = if self.status == StatusCode::NO_CONTENT {
            self.status.into_response()
        } else {
            (self.status, Json(self.body)).into_response()
        };
        let headers = response.headers_mut();
        if let Some(position) = self.position {
            let name = HeaderName::from_static("daybook-position");
            headers.insert(name, HeaderValue::from(position.0));
        }
        if let Some(Ok(tag)) = self
            .version
            .map(|v| HeaderValue::try_from(format!("\"{v}\"")))
        {
            headers.insert(ETAG, tag);
        }
        if let Some(Ok(location)) = self.location.map(HeaderValue::try_from) {
            headers.insert(LOCATION, location);
        }
        response
    }
}

impl App {
    /// The answer to a command: the thing as the command left it, whatever has happened to it since.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn answer<V: View>(
        &self,
        business: BusinessId,
        done: &Done,
    ) -> Result<Answer<V>, Problem> {
        let (stream, version) = done.stream::<V::Of>().ok_or_else(Problem::not_found)?;
        let loaded = self.after::<V::Of>(business, done, stream, version).await?;
        let id = done.id();
        let view = V::of(&loaded, id).ok_or_else(Problem::not_found)?;
        let answer = Answer::to(done, view).version(version);
        Ok(if done.outcome.status == 201 {
            answer.location(format!("{}/{id}", V::HOME))
        } else {
            answer
        })
    }

    /// The thing `id` of the stream `stream` as it stands now.
    ///
    /// # Errors
    /// 404 when it is not there, or another business's.
    pub async fn show<V: View>(
        &self,
        business: BusinessId,
        stream: Uuid,
        id: Uuid,
    ) -> Result<Answer<V>, Problem> {
        let loaded = self.load::<V::Of>(business, stream).await?;
        if loaded.version == Version::NEW {
            return Err(Problem::not_found());
        }
        let view = V::of(&loaded, id).ok_or_else(Problem::not_found)?;
        Ok(Answer::ok(view).version(loaded.version))
    }
}
