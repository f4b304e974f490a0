//! What undoes each event of a business.

use jiff::Timestamp;

use super::{Business, BusinessCommand as C, BusinessEvent, SettingsChanged, SettingsWanted};
use crate::revert::{Back, Irreversible, Revert, still};

impl Revert for Business {
    fn revert(
        &self,
        before: &Self,
        event: &BusinessEvent,
        _: Timestamp,
    ) -> Result<Vec<C>, Irreversible> {
        use BusinessEvent as E;
        let mut back = Back::default();
        let command = match event {
            E::Opened { .. } => return Err(Irreversible::Beginning),
            E::SettingsChanged(changed) => C::ChangeSettings {
                to: Box::new(self.settings_back(&mut back, changed)?),
                // Who asks knows whether there are no prices yet.
                priced: true,
            },
            E::HoursSet { from, to } => {
                let hours = back.field("hours", &self.hours, from, to)?;
                C::SetHours(hours.unwrap_or_else(|| self.hours.clone()))
            }
            E::ClosurePlanned { closure_id, .. } => {
                still(self.closures.contains_key(closure_id))?;
                return Ok(vec![C::CancelClosure(*closure_id)]);
            }
            E::ClosureChanged {
                closure_id,
                name,
                span,
            } => {
                let now = self.closures.get(closure_id);
                let now = now.ok_or_else(|| Irreversible::ChangedSince {
                    field: "closure_id".to_owned(),
                })?;
                C::ChangeClosure {
                    closure_id: *closure_id,
                    name: back.change("name", &now.name, name.as_ref())?,
                    span: back.change("span", &now.span, span.as_ref())?,
                }
            }
            E::ClosureCancelled { closure_id } => {
                still(!self.closures.contains_key(closure_id))?;
                let was = before.closures.get(closure_id);
                let was = was.ok_or(Irreversible::AsBefore)?;
                return Ok(vec![C::PlanClosure {
                    closure_id: *closure_id,
                    name: was.name.clone(),
                    span: was.span,
                }]);
            }
            E::PolicySet { from, to } => {
                C::SetPolicy(Box::new(back.fields(&self.policy, from, to)?))
            }
            E::WaitlistRulesSet { from, to } => {
                C::SetWaitlistRules(back.fields(&self.waitlist, from, to)?)
            }
            E::ReportRulesSet { from, to } => {
                C::SetReportRules(back.fields(&self.reports, from, to)?)
            }
        };
        back.done()?;
        Ok(vec![command])
    }
}

impl Business {
    fn settings_back(
        &self,
        back: &mut Back,
        changed: &SettingsChanged,
    ) -> Result<SettingsWanted, Irreversible> {
        let now = self.settings.as_ref().ok_or(Irreversible::Beginning)?;
        Ok(SettingsWanted {
            name: back.change("name", &now.name, changed.name.as_ref())?,
            time_zone: back.change("time_zone", &now.time_zone, changed.time_zone.as_ref())?,
            currency: back.change("currency", &now.currency, changed.currency.as_ref())?,
            country: back.change("country", &now.country, changed.country.as_ref())?,
            languages: back.change("languages", &now.languages, changed.languages.as_ref())?,
            address: back.change("address", &now.address, changed.address.as_ref())?,
            phone: back.change("phone", &now.phone, changed.phone.as_ref())?,
            email: back.change("email", &now.email, changed.email.as_ref())?,
            logo: back.change("logo", &now.logo, changed.logo.as_ref())?,
            colors: back.change("colors", &now.colors, changed.colors.as_ref())?,
            texts: back.change("texts", &now.texts, changed.texts.as_ref())?,
            modules: match &changed.modules {
                Some(modules) => Some(back.fields(&now.modules, &modules.from, &modules.to)?),
                None => None,
            },
        })
    }
}
