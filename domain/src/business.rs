//! A business: its name, zone and money, the hours and closures of the whole house, its booking policy.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};
use thiserror::Error;

use crate::{
    bridge::bridge,
    change::Change,
    client::Consent,
    contact::{Country, Email, Language, Phone},
    hours::WorkingHours,
    id::Id,
    money::{Currency, Money},
    reporting::ReportRules,
    text::{Color, Description, Label, Slug},
    time::{LocalSpan, Zone},
    waitlist::WaitlistRules,
};

pub use crate::policy::{Accepted, Confirmation, ConsentText, Policy};

/// What can have happened to a business.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum BusinessEvent {
    /// It began to keep its daybook.
    Opened {
        /// What it is called.
        name: Label,
        /// Its name in addresses.
        slug: Slug,
        /// Where its clocks stand.
        time_zone: Zone,
        /// What it charges in.
        #[cfg_attr(feature = "schema", schemars(with = "String"))]
        currency: Currency,
        /// Settles national phone numbers.
        country: Country,
    },
    /// Some settings changed.
    SettingsChanged(Box<SettingsChanged>),
    /// The hours of the whole house were set; they bound everyone's.
    HoursSet {
        /// Before; none: unbounded.
        from: Option<WorkingHours>,
        /// After.
        to: Option<WorkingHours>,
    },
    /// The whole house will be closed.
    ClosurePlanned {
        /// Which closure.
        closure_id: Id<crate::id::Closure>,
        /// What it is called: a holiday's name.
        name: Option<Label>,
        /// When, by the wall clock.
        span: LocalSpan,
    },
    /// A closure was renamed or moved.
    ClosureChanged {
        /// Which closure.
        closure_id: Id<crate::id::Closure>,
        /// Its name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<Change<Option<Label>>>,
        /// When it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        span: Option<Change<LocalSpan>>,
    },
    /// The house will be open after all.
    ClosureCancelled {
        /// Which closure.
        closure_id: Id<crate::id::Closure>,
    },
    /// The rules for booking were set.
    PolicySet {
        /// Before.
        from: Box<Policy>,
        /// After.
        to: Box<Policy>,
    },
    /// The rules of the waitlist were set.
    WaitlistRulesSet {
        /// Before.
        from: WaitlistRules,
        /// After.
        to: WaitlistRules,
    },
    /// What reports reckon with was set.
    ReportRulesSet {
        /// Before.
        from: ReportRules,
        /// After.
        to: ReportRules,
    },
}

/// Which settings changed, from what to what.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct SettingsChanged {
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Change<Label>>,
    /// Where its clocks stand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<Change<Zone>>,
    /// What it charges in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Change<String>>"))]
    pub currency: Option<Change<Currency>>,
    /// Where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<Change<Country>>,
    /// The languages it speaks to clients, the first one by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub languages: Option<Change<Vec<Language>>>,
    /// Its postal address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Change<Option<Description>>>,
    /// Its public phone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<Change<Option<Phone>>>,
    /// Its public e-mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Change<Option<Email>>>,
    /// Address of its logo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo: Option<Change<Option<Label>>>,
    /// Its colours by role (`primary`, `accent`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub colors: Option<Change<BTreeMap<Label, Color>>>,
    /// Its texts by place (`welcome`, `terms`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub texts: Option<Change<BTreeMap<Label, Description>>>,
    /// What is switched on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modules: Option<Change<Modules>>,
}

/// Parts of Daybook that a business can switch off; all are on at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Modules {
    /// Segments and campaigns.
    pub marketing: bool,
    /// Classes with seats.
    pub classes: bool,
    /// Waitlist.
    pub waitlist: bool,
    /// Packages and points.
    pub loyalty: bool,
}

impl Default for Modules {
    fn default() -> Self {
        Self {
            marketing: true,
            classes: true,
            waitlist: true,
            loyalty: true,
        }
    }
}

/// What may be asked of a business.
#[derive(Debug, Clone, PartialEq)]
pub enum BusinessCommand {
    /// Begin.
    Open {
        /// What it is called.
        name: Label,
        /// Its name in addresses.
        slug: Slug,
        /// Where its clocks stand.
        time_zone: Zone,
        /// What it charges in.
        currency: Currency,
        /// Settles national phone numbers.
        country: Country,
    },
    /// Change some settings.
    ChangeSettings {
        /// What is to be; none: as it is.
        to: Box<SettingsWanted>,
        /// Something has a price already, so that the currency must stay.
        priced: bool,
    },
    /// Set the hours of the house; none: unbounded.
    SetHours(Option<WorkingHours>),
    /// Close the house for a while.
    PlanClosure {
        /// Its new id.
        closure_id: Id<crate::id::Closure>,
        /// What it is called.
        name: Option<Label>,
        /// When.
        span: LocalSpan,
    },
    /// Rename or move a closure.
    ChangeClosure {
        /// Which.
        closure_id: Id<crate::id::Closure>,
        /// A new name; `Some(None)` takes it away.
        name: Option<Option<Label>>,
        /// A new time.
        span: Option<LocalSpan>,
    },
    /// Open after all.
    CancelClosure(Id<crate::id::Closure>),
    /// Set the rules of the waitlist.
    SetWaitlistRules(WaitlistRules),
    /// Set what reports reckon with.
    SetReportRules(ReportRules),
    /// Set the rules for booking. The versions of its consents are counted here.
    SetPolicy(Box<Policy>),
}

/// The settings that are to be; none: as it is.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(missing_docs, reason = "each field is told in `SettingsChanged`")]
pub struct SettingsWanted {
    pub name: Option<Label>,
    pub time_zone: Option<Zone>,
    pub currency: Option<Currency>,
    pub country: Option<Country>,
    pub languages: Option<Vec<Language>>,
    pub address: Option<Option<Description>>,
    pub phone: Option<Option<Phone>>,
    pub email: Option<Option<Email>>,
    pub logo: Option<Option<Label>>,
    pub colors: Option<BTreeMap<Label, Color>>,
    pub texts: Option<BTreeMap<Label, Description>>,
    pub modules: Option<Modules>,
}

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BusinessError {
    /// There is no such business.
    #[error("the business has not been opened")]
    NotOpened,
    /// It was opened before.
    #[error("the business is open already")]
    AlreadyOpened,
    /// Prices stand in the old currency.
    #[error("the currency cannot change once something has a price")]
    CurrencyInUse,
    /// A business speaks at least one language.
    #[error("at least one language is needed")]
    NoLanguage,
    /// A policy's number lies outside its range.
    #[error("{field} must lie between {least} and {most}")]
    OutOfRange {
        /// Which number.
        field: &'static str,
        /// The least.
        least: u32,
        /// The most.
        most: u32,
    },
    /// There is no such closure.
    #[error("there is no such closure")]
    NoSuchClosure,
    /// Two would confirm: the client and the house.
    #[error("clients confirm only where the house does not")]
    ConfirmedTwice,
    /// A consent is asked for twice.
    #[error("a consent is asked for twice")]
    ConsentTwice(Consent),
    /// An hour costs less than nothing, or is told in money that is not the house's.
    #[error("an hour costs nothing or more, in the currency of the house")]
    BadCost,
}

/// A business as its events leave it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Business {
    /// None until it is opened.
    pub settings: Option<Settings>,
    /// The hours of the house; none: unbounded.
    pub hours: Option<WorkingHours>,
    /// Planned closures.
    pub closures: BTreeMap<Id<crate::id::Closure>, PlannedClosure>,
    /// The rules for booking.
    pub policy: Policy,
    /// The rules of the waitlist.
    #[serde(default)]
    pub waitlist: WaitlistRules,
    /// What its reports reckon with.
    #[serde(default)]
    pub reports: ReportRules,
    /// The last version of each consent's wording that there ever was.
    #[serde(default)]
    pub wordings: BTreeMap<Consent, u32>,
}

/// A business's settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each field is told in `SettingsChanged`")]
pub struct Settings {
    pub name: Label,
    pub slug: Slug,
    pub time_zone: Zone,
    pub currency: Currency,
    pub country: Country,
    pub languages: Vec<Language>,
    pub address: Option<Description>,
    pub phone: Option<Phone>,
    pub email: Option<Email>,
    pub logo: Option<Label>,
    pub colors: BTreeMap<Label, Color>,
    pub texts: BTreeMap<Label, Description>,
    pub modules: Modules,
}

/// A closure of the whole house.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedClosure {
    /// What it is called.
    pub name: Option<Label>,
    /// When, by the wall clock.
    pub span: LocalSpan,
}

impl Business {
    /// What follows from a command.
    ///
    /// # Errors
    /// The reason why nothing does.
    pub fn decide(&self, command: BusinessCommand) -> Result<Vec<BusinessEvent>, BusinessError> {
        use BusinessCommand as C;
        match command {
            C::Open {
                name,
                slug,
                time_zone,
                currency,
                country,
            } => {
                if self.settings.is_some() {
                    return Err(BusinessError::AlreadyOpened);
                }
                Ok(vec![BusinessEvent::Opened {
                    name,
                    slug,
                    time_zone,
                    currency,
                    country,
                }])
            }
            C::ChangeSettings { to, priced } => self.change_settings(&to, priced),
            C::SetHours(hours) => self.set_hours(hours),
            C::PlanClosure {
                closure_id,
                name,
                span,
            } => {
                self.settings()?;
                Ok(vec![BusinessEvent::ClosurePlanned {
                    closure_id,
                    name,
                    span,
                }])
            }
            C::ChangeClosure {
                closure_id,
                name,
                span,
            } => self.change_closure(closure_id, name, span),
            C::CancelClosure(closure_id) => {
                self.closure(closure_id)?;
                Ok(vec![BusinessEvent::ClosureCancelled { closure_id }])
            }
            C::SetWaitlistRules(rules) => self.set_waitlist_rules(rules),
            C::SetReportRules(rules) => self.set_report_rules(rules),
            C::SetPolicy(policy) => self.set_policy(*policy),
        }
    }

    /// Its settings.
    ///
    /// # Errors
    /// When it has not been opened.
    pub fn settings(&self) -> Result<&Settings, BusinessError> {
        self.settings.as_ref().ok_or(BusinessError::NotOpened)
    }

    fn closure(&self, id: Id<crate::id::Closure>) -> Result<&PlannedClosure, BusinessError> {
        self.closures.get(&id).ok_or(BusinessError::NoSuchClosure)
    }

    fn change_settings(
        &self,
        to: &SettingsWanted,
        priced: bool,
    ) -> Result<Vec<BusinessEvent>, BusinessError> {
        let now = self.settings()?;
        let changed = SettingsChanged {
            name: Change::asked(&now.name, to.name.as_ref()),
            time_zone: Change::asked(&now.time_zone, to.time_zone.as_ref()),
            currency: Change::asked(&now.currency, to.currency.as_ref()),
            country: Change::asked(&now.country, to.country.as_ref()),
            languages: Change::asked(&now.languages, to.languages.as_ref()),
            address: Change::asked(&now.address, to.address.as_ref()),
            phone: Change::asked(&now.phone, to.phone.as_ref()),
            email: Change::asked(&now.email, to.email.as_ref()),
            logo: Change::asked(&now.logo, to.logo.as_ref()),
            colors: Change::asked(&now.colors, to.colors.as_ref()),
            texts: Change::asked(&now.texts, to.texts.as_ref()),
            modules: Change::asked(&now.modules, to.modules.as_ref()),
        };
        if changed.currency.is_some() && priced {
            return Err(BusinessError::CurrencyInUse);
        }
        if changed.languages.as_ref().is_some_and(|l| l.to.is_empty()) {
            return Err(BusinessError::NoLanguage);
        }
        if changed == SettingsChanged::default() {
            return Ok(vec![]);
        }
        Ok(vec![BusinessEvent::SettingsChanged(Box::new(changed))])
    }

    fn set_hours(&self, to: Option<WorkingHours>) -> Result<Vec<BusinessEvent>, BusinessError> {
        self.settings()?;
        if self.hours == to {
            return Ok(vec![]);
        }
        Ok(vec![BusinessEvent::HoursSet {
            from: self.hours.clone(),
            to,
        }])
    }

    fn change_closure(
        &self,
        closure_id: Id<crate::id::Closure>,
        name: Option<Option<Label>>,
        span: Option<LocalSpan>,
    ) -> Result<Vec<BusinessEvent>, BusinessError> {
        let now = self.closure(closure_id)?;
        let name = Change::asked(&now.name, name.as_ref());
        let span = Change::asked(&now.span, span.as_ref());
        if name.is_none() && span.is_none() {
            return Ok(vec![]);
        }
        Ok(vec![BusinessEvent::ClosureChanged {
            closure_id,
            name,
            span,
        }])
    }

    fn set_policy(&self, to: Policy) -> Result<Vec<BusinessEvent>, BusinessError> {
        self.settings()?;
        to.check()
            .map_err(|(field, least, most)| BusinessError::OutOfRange { field, least, most })?;
        if to.confirmation != Confirmation::None && !to.auto_confirm {
            return Err(BusinessError::ConfirmedTwice);
        }
        for (n, text) in to.consents.iter().enumerate() {
            if to.consents[..n].iter().any(|o| o.consent == text.consent) {
                return Err(BusinessError::ConsentTwice(text.consent));
            }
        }
        let to = to.counted(&self.policy, &self.wordings);
        if self.policy == to {
            return Ok(vec![]);
        }
        Ok(vec![BusinessEvent::PolicySet {
            from: Box::new(self.policy.clone()),
            to: Box::new(to),
        }])
    }

    fn set_waitlist_rules(&self, to: WaitlistRules) -> Result<Vec<BusinessEvent>, BusinessError> {
        self.settings()?;
        for (field, number, least, most) in to.numbers() {
            if !(least..=most).contains(&number.get()) {
                return Err(BusinessError::OutOfRange { field, least, most });
            }
        }
        Ok(if self.waitlist == to {
            vec![]
        } else {
            vec![BusinessEvent::WaitlistRulesSet {
                from: self.waitlist,
                to,
            }]
        })
    }

    fn set_report_rules(&self, to: ReportRules) -> Result<Vec<BusinessEvent>, BusinessError> {
        let currency = self.settings()?.currency;
        for (field, number, least, most) in to.numbers() {
            if !(least..=most).contains(&number) {
                return Err(BusinessError::OutOfRange { field, least, most });
            }
        }
        let fits = |cost: Money| cost.currency() == currency && !cost.is_negative();
        if !to.cost_per_hour.is_none_or(fits) {
            return Err(BusinessError::BadCost);
        }
        Ok(if self.reports == to {
            vec![]
        } else {
            vec![BusinessEvent::ReportRulesSet {
                from: self.reports,
                to,
            }]
        })
    }

    fn remember(&mut self, event: BusinessEvent) {
        match event {
            BusinessEvent::Opened {
                name,
                slug,
                time_zone,
                currency,
                country,
            } => {
                self.settings = Some(Settings {
                    name,
                    slug,
                    time_zone,
                    currency,
                    country,
                    languages: Language::parse("en").into_iter().collect(),
                    address: None,
                    phone: None,
                    email: None,
                    logo: None,
                    colors: BTreeMap::new(),
                    texts: BTreeMap::new(),
                    modules: Modules::default(),
                });
            }
            BusinessEvent::SettingsChanged(changed) => {
                if let Some(settings) = &mut self.settings {
                    settings.remember(&changed);
                }
            }
            BusinessEvent::HoursSet { to, .. } => self.hours = to,
            BusinessEvent::ClosurePlanned {
                closure_id,
                name,
                span,
            } => {
                self.closures
                    .insert(closure_id, PlannedClosure { name, span });
            }
            BusinessEvent::ClosureChanged {
                closure_id,
                name,
                span,
            } => {
                if let Some(closure) = self.closures.get_mut(&closure_id) {
                    Change::put(name.as_ref(), &mut closure.name);
                    Change::put(span.as_ref(), &mut closure.span);
                }
            }
            BusinessEvent::ClosureCancelled { closure_id } => {
                self.closures.remove(&closure_id);
            }
            BusinessEvent::WaitlistRulesSet { to, .. } => self.waitlist = to,
            BusinessEvent::ReportRulesSet { to, .. } => self.reports = to,
            BusinessEvent::PolicySet { to, .. } => {
                for text in &to.consents {
                    let last = self.wordings.entry(text.consent).or_default();
                    *last = text.version.max(*last);
                }
                self.policy = *to;
            }
        }
    }
}

impl Settings {
    fn remember(&mut self, changed: &SettingsChanged) {
        Change::put(changed.name.as_ref(), &mut self.name);
        Change::put(changed.time_zone.as_ref(), &mut self.time_zone);
        Change::put(changed.currency.as_ref(), &mut self.currency);
        Change::put(changed.country.as_ref(), &mut self.country);
        Change::put(changed.languages.as_ref(), &mut self.languages);
        Change::put(changed.address.as_ref(), &mut self.address);
        Change::put(changed.phone.as_ref(), &mut self.phone);
        Change::put(changed.email.as_ref(), &mut self.email);
        Change::put(changed.logo.as_ref(), &mut self.logo);
        Change::put(changed.colors.as_ref(), &mut self.colors);
        Change::put(changed.texts.as_ref(), &mut self.texts);
        Change::put(changed.modules.as_ref(), &mut self.modules);
    }
}

bridge!(
    Business,
    "business",
    BusinessCommand,
    BusinessEvent,
    BusinessError
);

mod revert;
#[cfg(test)]
mod specs;
