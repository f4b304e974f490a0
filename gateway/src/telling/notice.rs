//! Who looks after a business is told when a webhook of theirs was switched off.

use domain::{
    actor::Role,
    webhook::{Off, Webhook},
};
use ledger::BusinessId;
use uuid::Uuid;

use crate::{access::speech_of, app::App, mail::Letter, problem::Problem, texts::Message};

impl App {
    /// Writes to everybody who may switch it on again.
    pub(super) async fn tell_of_webhook_off(
        &self,
        business: BusinessId,
        webhook: Uuid,
        why: Off,
    ) -> Result<(), Problem> {
        let known = self.catalogue(business).await?;
        let settings = known.settings()?;
        let house = settings.name.as_str().to_owned();
        let hook = self.load::<Webhook>(business, webhook).await?;
        let name = hook.state.standing.and_then(|standing| standing.name);
        let name = name.map_or_else(|| webhook.to_string(), |name| name.to_string());
        let why = match why {
            Off::Failing => Message::new("mail-webhook-failing"),
            Off::Gone => Message::new("mail-webhook-gone"),
            // Whoever did it knows.
            Off::ByHand => return Ok(()),
        };
        for loaded in self.users(business).await?.values() {
            let Ok(user) = loaded.state.user() else {
                continue;
            };
            // Erased: there is nobody to write to.
            let Some(to) = user.email.value() else {
                continue;
            };
            if user.disabled || !user.role.reaches(Role::Admin) {
                continue;
            }
            self.post(Letter {
                to: to.clone(),
                from: house.clone(),
                speech: speech_of(user, &known),
                subject: Message::new("mail-webhook-subject").with("business", &house),
                paragraphs: vec![
                    why.clone().with("webhook", &name).with("business", &house),
                    Message::new("mail-webhook-again"),
                ],
            });
        }
        Ok(())
    }
}
