//! What the table says of one operation.

use domain::{
    access::Right,
    business::{Modules, Settings},
};

use crate::{
    problem::{Code, Problem},
    texts::Message,
};

/// The methods that operations have. (`HEAD` is `GET` without a body.)
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// As which a request is looked up.
    pub(crate) fn of(method: &axum::http::Method) -> Option<Self> {
        Some(match method.as_str() {
            "GET" | "HEAD" => Self::Get,
            "POST" => Self::Post,
            "PUT" => Self::Put,
            "PATCH" => Self::Patch,
            "DELETE" => Self::Delete,
            _ => return None,
        })
    }

    /// As descriptions of APIs name it.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
            Self::Put => "put",
            Self::Patch => "patch",
            Self::Delete => "delete",
        }
    }

    /// As requests name it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// Who is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Everybody, known or not.
    Nothing,
    /// Everybody who is known.
    Anyone,
    /// Who has this right.
    Right(Right),
}

/// Over what a staff member's rights reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Over everything, as those of others do.
    Whole,
    /// Over their own bookings; others' are as if they were not there.
    OwnBookings,
    /// Over the clients of their own bookings; others are as if they were not there.
    OwnClients,
}

/// A thing named by `{id}` whose operations are for a staff member only if it is their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named {
    Booking,
    Visit,
    Client,
}

/// A part of Daybook that a business can switch off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "the routes of each module come with it")]
pub(crate) enum Module {
    Marketing,
    Classes,
    Waitlist,
    Loyalty,
}

impl Module {
    /// Whether the business has it switched on.
    pub(crate) const fn is_on(self, modules: &Modules) -> bool {
        match self {
            Self::Marketing => modules.marketing,
            Self::Classes => modules.classes,
            Self::Waitlist => modules.waitlist,
            Self::Loyalty => modules.loyalty,
        }
    }

    /// The business has it switched on.
    ///
    /// # Errors
    /// 403 `module_off`.
    pub(crate) fn must_be_on(self, settings: &Settings) -> Result<(), Problem> {
        if self.is_on(&settings.modules) {
            return Ok(());
        }
        let told = Message::new("detail-module-off").with("module", self.word());
        Err(Problem::new(Code::ModuleOff).detail(told))
    }

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Marketing => "marketing",
            Self::Classes => "classes",
            Self::Waitlist => "waitlist",
            Self::Loyalty => "loyalty",
        }
    }
}

/// What the table says of one operation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) method: Method,
    route: &'static str,
    outside: bool,
    pub(crate) needs: Needs,
    pub(crate) reach: Reach,
    /// Rights that it asks for besides, according to what is asked of it, and those that decide what it shows.
    pub(crate) also: &'static [Right],
    pub(crate) module: Option<Module>,
}

impl Entry {
    const fn at(method: Method, route: &'static str, needs: Needs) -> Self {
        Self {
            method,
            route,
            outside: false,
            needs,
            reach: Reach::Whole,
            also: &[],
            module: None,
        }
    }

    /// The whole route, as the router matches it.
    pub(crate) fn path(&self) -> String {
        if self.outside {
            self.route.to_owned()
        } else {
            format!("/api/v1{}", self.route)
        }
    }

    /// What `{id}` names, where that must be a staff member's own. (Sessions, series and the waitlist see to it
    /// themselves.)
    pub(crate) fn named(&self) -> Option<Named> {
        if self.reach == Reach::Whole {
            return None;
        }
        let begins = |begin| self.route.starts_with(begin);
        match () {
            () if begins("/bookings/{id}") => Some(Named::Booking),
            () if begins("/visits/{id}") => Some(Named::Visit),
            () if begins("/clients/{id}") => Some(Named::Client),
            () => None,
        }
    }

    /// Staff members' rights reach over their own bookings there.
    pub(super) const fn own_bookings(mut self) -> Self {
        self.reach = Reach::OwnBookings;
        self
    }

    /// Staff members' rights reach over the clients of their own bookings there.
    pub(super) const fn own_clients(mut self) -> Self {
        self.reach = Reach::OwnClients;
        self
    }

    /// Besides, these decide what may be asked or is shown.
    pub(super) const fn also(mut self, rights: &'static [Right]) -> Self {
        self.also = rights;
        self
    }

    /// It belongs to a module: 403 `module_off` where that is switched off.
    #[allow(dead_code, reason = "the routes of each module come with it")]
    pub(super) const fn module(mut self, module: Module) -> Self {
        self.module = Some(module);
        self
    }
}

pub(super) const fn get(route: &'static str, right: Right) -> Entry {
    Entry::at(Method::Get, route, Needs::Right(right))
}

pub(super) const fn post(route: &'static str, right: Right) -> Entry {
    Entry::at(Method::Post, route, Needs::Right(right))
}

pub(super) const fn put(route: &'static str, right: Right) -> Entry {
    Entry::at(Method::Put, route, Needs::Right(right))
}

pub(super) const fn patch(route: &'static str, right: Right) -> Entry {
    Entry::at(Method::Patch, route, Needs::Right(right))
}

pub(super) const fn delete(route: &'static str, right: Right) -> Entry {
    Entry::at(Method::Delete, route, Needs::Right(right))
}

/// For everybody who is known, whatever their rights.
pub(super) const fn anyone(method: Method, route: &'static str) -> Entry {
    Entry::at(method, route, Needs::Anyone)
}

/// For everybody, known or not.
pub(super) const fn open(method: Method, route: &'static str) -> Entry {
    Entry::at(method, route, Needs::Nothing)
}

/// As [`open`], to be read, and not below `/api/v1`: the route stands there whole.
pub(super) const fn outside(route: &'static str) -> Entry {
    let mut entry = Entry::at(Method::Get, route, Needs::Nothing);
    entry.outside = true;
    entry
}
