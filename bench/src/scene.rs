//! Databases with businesses in them, opened in process and without HTTP: a thousand take a few seconds.

use std::{
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::Context as _;
use domain::{
    actor::Role,
    business::{Business, BusinessCommand},
    client::{Card, Client, ClientCommand},
    contact::Country,
    hours::{SlotGrid, WeeklyInterval, WorkingHours},
    id::Id,
    money::{Currency, Money},
    sealed::Sealed,
    service::{Offer, Service, ServiceCommand, ServiceState, Timing},
    staff::{Grid, Member, Staff, StaffCommand},
    text::{Label, PersonName, Slug},
    time::{Minutes, Weekday, Zone},
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use gateway::{
    App, Parts,
    access::{NewKey, issue_api_key},
    command::{Decision, Envelope, Kind, Outcome},
};
use hyper::{Method, StatusCode};
use jiff::{SignedDuration, Timestamp, ToSpan as _, civil::Date};
use ledger::{BusinessId, Ledger, Version};
use projections::{Projector, ProjectorSettings};
use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use testbed::Postgres;
use uuid::Uuid;
use vault::{MasterKey, Vault};

use crate::{
    line::Shot,
    service::{MASTER_KEY, Program},
};

/// Opened at a time.
const AT_A_TIME: usize = 8;

/// A database, and the gateway's way to it.
pub(crate) struct Database {
    pub(crate) name: &'static str,
    pub(crate) url: String,
    pub(crate) owner: PgPool,
    pub(crate) app: App,
}

/// A business with everything that a booking needs.
pub(crate) struct House {
    pub(crate) id: Uuid,
    key: String,
    pub(crate) service: Uuid,
    pub(crate) staff: Vec<Uuid>,
    client: Uuid,
    /// Bookings made so far.
    booked: AtomicU64,
    /// Over how many days they are spread.
    days: u64,
    /// In how many days the first of these is.
    ahead: i64,
}

/// What a booking asks of a business.
pub(crate) struct Known {
    pub(crate) id: Uuid,
    pub(crate) service: Uuid,
    /// All of whom provide it.
    pub(crate) staff: Vec<Uuid>,
    pub(crate) client: Uuid,
}

/// How a business is to be.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) staff: usize,
    pub(crate) days: u64,
}

impl Database {
    /// Makes and migrates it.
    pub(crate) async fn new(
        server: &Postgres,
        program: &Program,
        name: &'static str,
    ) -> anyhow::Result<Self> {
        server.ensure_database(name).await?;
        let url = server.url(name);
        program.run(name, &url, &["migrate"]).await?;
        Self::at(name, url, server.options(name), MASTER_KEY).await
    }

    /// One that is there and migrated.
    pub(crate) async fn at(
        name: &'static str,
        url: String,
        options: PgConnectOptions,
        master_key: &str,
    ) -> anyhow::Result<Self> {
        let owner = PgPoolOptions::new()
            .max_connections(4)
            .connect_with(options.clone())
            .await?;
        let pool = PgPoolOptions::new()
            .max_connections(u32::try_from(AT_A_TIME * 2)?)
            .test_before_acquire(false)
            .connect_lazy_with(ledger::connect_options(options));
        let vault = Vault::new(&master_key.parse::<MasterKey>()?, pool.clone());
        vault.check_master().await?;
        let ledger = Ledger::new(pool.clone(), Vec::new());
        let projector = Projector::new(
            pool.clone(),
            ledger.clone(),
            vault.clone(),
            ProjectorSettings::new(env!("CARGO_PKG_VERSION")),
        );
        let app = App::new(Parts {
            ledger,
            vault,
            pool,
            settings: gateway::Settings::default(),
            clock: Arc::new(Timestamp::now),
            projector,
            probes: Vec::new(),
        });
        Ok(Self {
            name,
            url,
            owner,
            app,
        })
    }

    /// Opens businesses of one size.
    pub(crate) async fn open(&self, many: usize, size: Size) -> anyhow::Result<Vec<House>> {
        let opening = (0..many).map(|_| House::open(&self.app, size));
        stream::iter(opening)
            .buffer_unordered(AT_A_TIME)
            .try_collect()
            .await
    }

    /// How many events the read models have still to take in, and how many there are.
    pub(crate) async fn behind(&self) -> anyhow::Result<(u64, u64)> {
        let (behind, all, parked): (i64, i64, i64) = sqlx::query_as(
            "select coalesce(sum(h.position - least(coalesce(c.position, 0), coalesce(a.position, c.position))), 0)::bigint,
                    coalesce(sum(h.position), 0)::bigint, count(a.parked)::bigint
             from ledger_head h
             left join projection_checkpoint c using (business_id)
             left join (select business_id, min(position) as position, max(parked_at) as parked
                        from projection_apart group by business_id) a using (business_id)",
        )
        .fetch_one(&self.owner)
        .await?;
        anyhow::ensure!(
            parked == 0,
            "{parked} businesses have a read model that is parked"
        );
        Ok((u64::try_from(behind)?, u64::try_from(all)?))
    }

    /// Transactions so far, reads among them.
    pub(crate) async fn transactions(&self) -> anyhow::Result<f64> {
        let query =
            "select xact_commit::float8 from pg_stat_database where datname = current_database()";
        Ok(sqlx::query_scalar(query).fetch_one(&self.owner).await?)
    }

    pub(crate) async fn close(self) {
        self.app.pool().close().await;
        self.owner.close().await;
    }
}

impl House {
    async fn open(app: &App, size: Size) -> anyhow::Result<Self> {
        let business = app.new_id();
        let service = app.new_id();
        let client = Id::<Client>::new(app.new_id());
        let staff: Vec<Uuid> = (0..size.staff).map(|_| app.new_id()).collect();
        let currency = Currency::PLN;
        let open = BusinessCommand::Open {
            name: Label::parse("Bench")?,
            slug: Slug::parse(&format!("bench-{}", business.simple()))?,
            time_zone: Zone::named("Europe/Warsaw")?,
            currency,
            country: Country::parse("PL")?,
        };
        let offer = ServiceCommand::Offer(Offer {
            name: Label::parse("Cut")?,
            timing: Timing {
                duration_min: Minutes::new(30),
                buffer_before_min: Minutes::ZERO,
                buffer_after_min: Minutes::ZERO,
                processing: None,
            },
            price: Money::parse("120.00", currency)?,
            per_staff: Vec::new(),
            state: ServiceState::Active,
            color: None,
            description: None,
        });
        let weekly = Weekday::ALL.into_iter().map(|weekday| {
            Ok(WeeklyInterval {
                weekday,
                from: "09:00".parse()?,
                to: "19:00".parse()?,
            })
        });
        let hours = WorkingHours {
            weekly: weekly.collect::<anyhow::Result<_>>()?,
            overrides: Vec::new(),
        };
        let (name, client_name) = (
            PersonName::parse("Eva Nowak")?,
            PersonName::parse("Ada Kowalska")?,
        );
        let join = |id: Uuid| {
            StaffCommand::Join(Member {
                name: Sealed::open(Id::<Staff>::new(id), name.clone()),
                email: None,
                phone: None,
                grid: Grid {
                    slot_interval_min: Minutes::new(30),
                    slot_grid: SlotGrid::Interval,
                },
                service_ids: vec![Id::new(service)],
                working_hours: Some(hours.clone()),
            })
        };
        let register = ClientCommand::Register(Box::new(Card {
            name: Sealed::open(client, client_name),
            phone: None,
            phones: None,
            email: None,
            telegram: None,
            birthday: None,
            language: None,
            source: None,
            fiscal_code: None,
            warning: None,
        }));

        let call = Envelope::of_system(app, BusinessId(business));
        let decide = || {
            let mut decision = Decision::new(Outcome::made(business));
            let events = Kind::decide(&Business::default(), open.clone())?;
            decision.write::<Business>(app, business, Version::NEW, &events)?;
            let events = Kind::decide(&Service::default(), offer.clone())?;
            decision.write::<Service>(app, service, Version::NEW, &events)?;
            for id in &staff {
                let events = Kind::decide(&Staff::default(), join(*id))?;
                decision.write::<Staff>(app, *id, Version::NEW, &events)?;
            }
            let events = Kind::decide(&Client::default(), register.clone())?;
            decision.write::<Client>(app, client.uuid(), Version::NEW, &events)?;
            Ok(decision)
        };
        app.execute(&call, |_| std::future::ready(decide())).await?;
        let key = NewKey {
            name: Label::parse("bench")?,
            role: Role::Owner,
            staff_id: None,
            scopes: None,
            expires_at: None,
        };
        let (_, key) = issue_api_key(app, BusinessId(business), key).await?;
        Ok(Self {
            id: business,
            key,
            service,
            staff,
            client: client.uuid(),
            booked: AtomicU64::new(0),
            days: size.days,
            ahead: A_WEEK,
        })
    }

    /// One that was made otherwise, with nothing booked from so many days ahead on.
    pub(crate) fn made(key: &str, known: Known, ahead: i64) -> Self {
        Self {
            id: known.id,
            key: key.to_owned(),
            service: known.service,
            staff: known.staff,
            client: known.client,
            booked: AtomicU64::new(0),
            days: 365,
            ahead,
        }
    }

    /// A booking at a time that nobody has: by each of the staff in turn, on day after day.
    pub(crate) fn booking(&self) -> anyhow::Result<Shot> {
        let number = self.booked.fetch_add(1, Ordering::Relaxed);
        let many = NonZeroUsize::new(self.staff.len()).context("no staff")?;
        let turn = number / u64::try_from(many.get())?;
        let staff = usize::try_from(number)? % many;
        let (day, slot) = (turn % self.days, turn / self.days);
        anyhow::ensure!(slot < 48, "a business is booked out: open a larger one");
        let start = midnight(self.ahead)
            + SignedDuration::from_hours(i64::try_from(day * 24)?)
            + SignedDuration::from_mins(i64::try_from(slot * 30)?);
        Ok(self.at(staff, start))
    }

    /// A booking of one of its staff at a start.
    pub(crate) fn at(&self, staff: usize, start: Timestamp) -> Shot {
        let staff = self.staff.get(staff).copied().unwrap_or_default();
        Shot {
            method: Method::POST,
            path: "/api/v1/bookings".to_owned(),
            key: self.key.clone(),
            body: format!(
                r#"{{"service_id":"{}","staff_id":"{staff}","client_id":"{}","start":"{start}","outside_hours":true,"off_grid":true}}"#,
                self.service, self.client
            ),
            wanted: StatusCode::CREATED,
        }
    }

    /// One client, by name.
    pub(crate) fn read(&self) -> Shot {
        Shot {
            method: Method::GET,
            path: "/api/v1/clients?limit=1".to_owned(),
            key: self.key.clone(),
            body: String::new(),
            wanted: StatusCode::OK,
        }
    }

    /// A comment on one of its bookings.
    pub(crate) fn comment(&self, booking: Uuid) -> Shot {
        Shot {
            method: Method::POST,
            path: format!("/api/v1/bookings/{booking}/comments"),
            key: self.key.clone(),
            body: r#"{"text":"Rang to say that she comes ten minutes later, and brings her sister along."}"#.to_owned(),
            wanted: StatusCode::OK,
        }
    }

    /// What is free between two dates, by anybody.
    pub(crate) fn availability(&self, from: Date, to: Date) -> Shot {
        Shot {
            method: Method::GET,
            path: format!(
                "/api/v1/availability?service_id={}&from={from}&to={to}",
                self.service
            ),
            key: self.key.clone(),
            body: String::new(),
            wanted: StatusCode::OK,
        }
    }
}

/// What is booked lies so far ahead.
const A_WEEK: i64 = 7;

/// Midnight, so many days from now.
fn midnight(ahead: i64) -> Timestamp {
    let today = Timestamp::now().as_second() / 86_400;
    Timestamp::from_second((today + ahead) * 86_400).unwrap_or(Timestamp::MAX)
}

/// The first of the dates that the slot finder is asked for, and where its bookings lie.
pub(crate) fn first_date() -> anyhow::Result<(Date, Zone)> {
    let zone = Zone::named("Europe/Warsaw")?;
    Ok((zone.date_of(Timestamp::now()) + A_WEEK.days(), zone))
}
