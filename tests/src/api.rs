//! The API as a program uses it.

use std::sync::Once;

use reqwest::{Client, Method, RequestBuilder, header::HeaderMap};
use serde_json::Value;

/// The API of a running service, called with a key.
#[derive(Debug, Clone)]
pub struct Api {
    client: Client,
    base: String,
    key: String,
}

/// An answer, whatever it is.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; null if there was none.
    pub body: Value,
}

impl Api {
    pub(crate) fn new(address: &str, key: &str) -> Self {
        Self {
            client: client(),
            base: format!("{address}/api/v1"),
            key: key.to_owned(),
        }
    }

    /// A request that can still be added to; `path` begins with a slash.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(&self.key)
    }

    /// Sends it.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn send(request: RequestBuilder) -> reqwest::Result<Answer> {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Answer {
            status,
            headers,
            body,
        })
    }

    /// Asks.
    ///
    /// # Panics
    /// When no answer came.
    pub async fn get(&self, path: &str) -> Answer {
        Self::send(self.request(Method::GET, path))
            .await
            .expect("it answers")
    }

    /// Commands.
    ///
    /// # Panics
    /// When no answer came.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.with_body(Method::POST, path, body).await
    }

    /// Commands.
    ///
    /// # Panics
    /// When no answer came.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.with_body(Method::PUT, path, body).await
    }

    async fn with_body(&self, method: Method, path: &str, body: Value) -> Answer {
        let request = self.request(method, path).json(&body);
        Self::send(request).await.expect("it answers")
    }

    /// Asks for what a command of before has changed: waits until it is shown.
    ///
    /// # Panics
    /// When no answer came.
    pub async fn get_after(&self, position: i64, path: &str) -> Answer {
        let request = self
            .request(Method::GET, path)
            .header("Daybook-Min-Position", position);
        Self::send(request).await.expect("it answers")
    }
}

/// A client of its own. Somebody has to choose a TLS provider first, once for all.
fn client() -> Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        rustls::crypto::ring::default_provider()
            .install_default()
            .expect("nobody else has chosen one");
    });
    Client::new()
}

impl Answer {
    pub(crate) async fn from_open(address: &str, path: &str) -> Self {
        let request = client().get(format!("{address}{path}"));
        Api::send(request).await.expect("it answers")
    }

    /// The body of an answer with this status.
    ///
    /// # Panics
    /// When it has another one.
    #[track_caller]
    #[must_use]
    pub fn body_of(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{:#}", self.body);
        self.body
    }

    /// Up to where the ledger has come with this command.
    ///
    /// # Panics
    /// When the answer does not tell: it is none to a command that was taken.
    #[track_caller]
    #[must_use]
    pub fn position(&self) -> i64 {
        let position = self
            .headers
            .get("Daybook-Position")
            .and_then(|header| header.to_str().ok());
        let position = position.and_then(|position| position.parse().ok());
        position.unwrap_or_else(|| panic!("{}: {:#}", self.status, self.body))
    }
}
