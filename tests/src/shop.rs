//! A business to tell stories about: one service of an hour, one stylist who works every day.

use serde_json::{Value, json};

use crate::{Api, DataDir, Service, daybook};

/// A business that was opened, with what can be booked there.
#[derive(Debug, Clone)]
pub struct Shop {
    /// Its API, with the owner's key.
    pub api: Api,
    /// The owner's key.
    pub key: String,
    /// What can be booked.
    pub service: String,
    /// With whom.
    pub staff: String,
}

impl Shop {
    /// What it is called in commands.
    pub const SLUG: &str = "shop";
    /// Where its clocks stand.
    pub const ZONE: &str = "Europe/Warsaw";

    /// Opens it on the command line.
    ///
    /// # Panics
    /// When that is refused.
    #[must_use]
    pub fn create(dir: &DataDir) -> String {
        let words = [
            "business",
            "create",
            "--name",
            "Corner Shop",
            "--slug",
            Self::SLUG,
            "--time-zone",
            Self::ZONE,
            "--currency",
            "PLN",
            "--owner-email",
            "owner@shop.example",
            "--owner-password",
            "correct horse",
        ];
        let opened = daybook(dir, &words).json();
        assert_eq!(opened["slug"], Self::SLUG);
        text(&opened["api_key"])
    }

    /// Opens it, and fits it out over HTTP.
    ///
    /// # Panics
    /// When something is refused.
    pub async fn open(dir: &DataDir, service: &Service) -> Self {
        let key = Self::create(dir);
        let api = service.api(&key);
        let offered = api
            .post(
                "/services",
                json!({ "name": "Cut", "duration_min": 60, "price": "120.00" }),
            )
            .await
            .body_of(201);
        let weekly: Vec<_> = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
            .iter()
            .map(|weekday| json!({ "weekday": weekday, "from": "09:00", "to": "17:00" }))
            .collect();
        let joined = api
            .post(
                "/staff",
                json!({
                    "name": "Ola", "slot_interval_min": 30, "service_ids": [offered["id"]],
                    "working_hours": { "weekly": weekly, "overrides": [] },
                }),
            )
            .await
            .body_of(201);
        Self {
            key,
            service: text(&offered["id"]),
            staff: text(&joined["id"]),
            api,
        }
    }

    /// The same one in a service that was started anew.
    #[must_use]
    pub fn at(&self, service: &Service) -> Self {
        Self {
            api: service.api(&self.key),
            ..self.clone()
        }
    }

    /// Every start that is offered between two local dates.
    ///
    /// # Panics
    /// When the question is refused.
    pub async fn slots(&self, from: &str, to: &str) -> Vec<String> {
        let path = format!(
            "/availability?service_id={}&from={from}&to={to}",
            self.service
        );
        let body = self.api.get(&path).await.body_of(200);
        let slots = body["slots"].as_array().cloned().unwrap_or_default();
        slots.iter().map(|slot| text(&slot["start"])).collect()
    }

    /// What a booking at `start` is asked for with.
    #[must_use]
    pub fn wish(&self, start: &str, client: &str) -> Value {
        json!({
            "service_id": self.service, "staff_id": self.staff, "start": start,
            "client": { "name": client },
        })
    }
}

/// The text that a JSON value is.
///
/// # Panics
/// When it is none.
#[track_caller]
fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
        .to_owned()
}
