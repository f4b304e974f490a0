//! Who may sign in, as what, and what of it they decide themselves.

mod keys;
mod secrets;
mod users;

use axum::http::Method;
use axum_test::{TestRequest, TestResponse};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Salon, id_of};

pub(crate) const CHOSEN: &str = "a password of my own";

/// Somebody who signed in.
pub(crate) struct Somebody {
    pub(crate) id: Uuid,
    pub(crate) email: String,
    pub(crate) token: String,
}

impl Salon {
    /// A request with a token.
    pub(crate) fn by(&self, token: &str, method: Method, path: &str) -> TestRequest {
        self.bare(method, path).authorization_bearer(token)
    }

    /// Somebody new, who took their invitation up.
    pub(crate) async fn somebody(&self, role: &str, staff: Option<Uuid>) -> Somebody {
        let email = format!("{role}-{}@example.org", Uuid::now_v7());
        let wanted = json!({"email": email, "role": role, "staff_id": staff});
        let invited = self.post("/users", &wanted).await;
        let id = id_of(&invited);
        let invited: Value = invited.json();
        let link = invited["invitation"]["token"].as_str().unwrap();
        let joined = self.accept(link, CHOSEN).await;
        Somebody {
            id,
            email,
            token: token_of(&joined),
        }
    }

    pub(crate) async fn accept(&self, link: &str, password: &str) -> TestResponse {
        let chosen = json!({"token": link, "password": password});
        self.bare(Method::POST, "/invitations/accept")
            .json(&chosen)
            .await
    }

    pub(crate) async fn sign_in(&self, body: &Value) -> TestResponse {
        self.bare(Method::POST, "/sign-in").json(body).await
    }
}

/// The token of a session that has begun.
#[track_caller]
pub(crate) fn token_of(begun: &TestResponse) -> String {
    assert_eq!(begun.status_code(), 200, "{}", begun.text());
    begun.json::<Value>()["token"].as_str().unwrap().to_owned()
}
