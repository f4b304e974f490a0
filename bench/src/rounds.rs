//! What is done in a round, and in which order.

use std::{
    fmt,
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use domain::{
    contact::Email,
    money::Currency,
    text::{Label, Slug},
    time::Zone,
};
use gateway::access::{NewBusiness, create_business};
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use secrecy::SecretString;
use serde_json::Value;
use testbed::Postgres;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::{
    Amount,
    bare::{self, Bare},
    door,
    line::{Line, Shot, Took, all, count, load},
    machine::{self, Spent},
    month::{self, Month},
    past,
    scene::{Database, House, Size},
    service::{Program, Service},
    table::{Row, Sample},
    told::{Told, all_told},
};

/// How many clients at a time.
const CLIENTS: [usize; 3] = [1, 8, 32];
const FEW: Size = Size { staff: 5, days: 60 };
/// The one business that all want something of.
const HOT: Size = Size {
    staff: 40,
    days: 365,
};
/// How long a stream of bookings is before it is appended to.
const STREAM: usize = 50;
/// With the read models.
const WHOLE: &str = "api,projector";
/// As it ships.
const TELLING: &str = "api,projector,herald";
/// Read models that have not caught up by then never will.
const PATIENCE: Duration = Duration::from_secs(600);

/// Who does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    /// `pgbench`.
    Bare,
    /// The service with the role `api` alone.
    Door,
    /// The service with the projector.
    Whole,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// Bookings, spread over all businesses.
    Many(Who, usize),
    /// Bookings of one business.
    One(Who, usize),
    /// Comments on bookings with fifty events.
    Stream,
    /// History brought in.
    Import,
    /// The slot finder, without the service.
    Finder,
    /// The slot finder, over HTTP.
    Availability,
    /// Bookings, and when a subscriber hears of them.
    Told,
    /// One client of the one business.
    Read(Who),
    /// Bookings, while passwords are checked.
    BesideSignIns,
}

/// Everything set up.
pub(crate) struct Bench {
    amount: Amount,
    program: Program,
    postmaster: Option<u32>,
    bare: Bare,
    bare_database: Database,
    door: Scene,
    whole: Scene,
    month: Month,
    /// Bookings with fifty events, each with its house among `door`'s.
    streams: Vec<(usize, Uuid)>,
    history: PathBuf,
    plan: Vec<(What, Row)>,
    at_rest: Row,
    after: Vec<Row>,
    live: Row,
    catch_up: Row,
    rebuilt: Row,
    transactions: Row,
    telling: Option<Telling>,
}

/// A service that publishes.
struct Telling {
    told: Told,
    scene: Scene,
    heard: Row,
    retold: Row,
    bare: Row,
}

/// A database with its service.
struct Scene {
    database: Database,
    service: Service,
    houses: Vec<House>,
    hot: House,
}

fn row(what: impl fmt::Display, clients: Option<usize>, unit: &'static str) -> Row {
    Row {
        what: what.to_string(),
        clients,
        unit,
        samples: Vec::new(),
    }
}

fn plan() -> Vec<(What, Row)> {
    let mut plan = Vec::new();
    for (who, what) in [
        (Who::Bare, "bookings, pgbench: the same rows in one call"),
        (Who::Door, "bookings over HTTP, API alone"),
        (Who::Whole, "bookings over HTTP, API and projector"),
    ] {
        for clients in CLIENTS {
            plan.push((What::Many(who, clients), row(what, Some(clients), "")));
        }
    }
    for (who, what) in [
        (Who::Bare, "one business, pgbench"),
        (Who::Door, "one business over HTTP, API alone"),
        (Who::Whole, "one business over HTTP, API and projector"),
    ] {
        for clients in [1, 32] {
            plan.push((What::One(who, clients), row(what, Some(clients), "")));
        }
    }
    let stream = "comment on a booking with 50 events, API alone";
    plan.push((What::Stream, row(stream, Some(8), "")));
    let beside = format!(
        "bookings over HTTP while {} sign in, API alone",
        door::SIGN_INS
    );
    plan.push((What::BesideSignIns, row(beside, Some(8), "")));
    let read = "one client of a business";
    let bare = format!("{read}, the query in process");
    plan.push((What::Read(Who::Bare), row(bare, Some(1), "")));
    let authenticated = format!("{read}, authenticated over HTTP");
    plan.push((What::Read(Who::Whole), row(authenticated, Some(1), "")));
    plan.push((What::Import, row("import of history, lines", None, "")));
    let month = "slots of 20 staff, 31 days, 10,000 bookings";
    plan.push((What::Finder, row(format!("{month}, in process"), None, "")));
    plan.push((
        What::Told,
        row(
            "bookings over HTTP, API, projector and herald",
            Some(32),
            "",
        ),
    ));
    plan.push((
        What::Availability,
        row(format!("{month}, over HTTP"), Some(1), ""),
    ));
    plan
}

impl Bench {
    pub(crate) async fn set_up(
        server: &Postgres,
        program: Program,
        told: Option<Told>,
        amount: Amount,
        only: &str,
    ) -> anyhow::Result<Self> {
        let mut plan = plan();
        plan.retain(|(_, row)| row.what.contains(only) || row.what.contains("pgbench"));
        let door = Scene::new(server, &program, "door", "api", amount).await?;
        let whole = Scene::new(server, &program, "whole", WHOLE, amount).await?;
        eprintln!("opened {} businesses twice", amount.businesses);

        let month = Size {
            staff: month::STAFF,
            days: 1,
        };
        let mut opened = whole.database.open(1, month).await?;
        let month = Month::new(opened.pop().context("no house")?, amount.month)?;
        all(whole.service.address()?, month.bookings()).await?;
        eprintln!("booked the slot finder's month");

        let mut streams = Vec::new();
        let mut line = Line::open(door.service.address()?).await?;
        for number in 0..amount.streams {
            let at = number % door.houses.len();
            let booking = line.ask(door.house(at)?.booking()?).await?;
            streams.push((at, booking["id"].as_str().context("no id")?.parse()?));
        }
        // Round by round, so that no two are written to one stream at a time.
        let mut comments = Vec::new();
        for _ in 1..STREAM {
            for (house, id) in &streams {
                comments.push(door.house(*house)?.comment(*id));
            }
        }
        all(door.service.address()?, comments).await?;
        eprintln!("wrote streams of {STREAM}");

        let wanted = plan.iter().any(|(what, _)| *what == What::Told);
        let telling = match told.filter(|_| wanted) {
            Some(told) => {
                let scene = Scene::new(server, &program, "told", TELLING, amount).await?;
                all_told(&scene.database.owner).await?;
                eprintln!("told of {} businesses", amount.businesses);
                Some(Telling::new(told, scene))
            }
            None => {
                plan.retain(|(what, _)| *what != What::Told);
                None
            }
        };
        let bare_database = Database::new(server, &program, bare::DATABASE).await?;
        let like = &whole.database.owner;
        let bare = Bare::new(server, &bare_database.owner, like, amount.businesses).await?;
        let history = program.dir.join("history.ndjson");
        std::fs::write(&history, past::lines(amount.lines)?)?;
        Ok(Self {
            postmaster: machine::postmaster(&program.dir),
            amount,
            program,
            bare,
            bare_database,
            door,
            whole,
            month,
            streams,
            history,
            plan,
            at_rest: row("memory of the service at rest", None, "MB"),
            after: Vec::new(),
            live: row("projector live, under 32 clients: events", Some(32), ""),
            catch_up: row("projector catching up: events", None, ""),
            rebuilt: row("rebuild of all read models: events", None, ""),
            transactions: row("transactions for each booking, API alone", Some(32), "each"),
            telling,
        })
    }

    pub(crate) async fn run(&mut self) -> anyhow::Result<()> {
        self.whole.caught_up().await?;
        // What set the scene is not measured.
        self.door.catch_up(&self.program).await?;
        sleep(Duration::from_secs(2)).await;
        // As it is after its start, not after the scene was set.
        self.whole.restart(&self.program, WHOLE).await?;
        sleep(Duration::from_secs(2)).await;
        self.at_rest.samples.extend(self.whole.resident());
        for round in 1..=self.amount.rounds {
            let mut order: Vec<usize> = (0..self.plan.len()).collect();
            order.shuffle(&mut rand::rng());
            for at in order {
                let what = self.plan.get(at).context("no such thing")?.0;
                let sample = self.measure(what, round).await?;
                let (_, row) = self.plan.get_mut(at).context("no such thing")?;
                row.samples.push(sample);
                eprintln!("round {round}: {} {:?}", row.what, row.clients);
            }
            self.compare();
            let caught_up = self.door.catch_up(&self.program).await?;
            self.catch_up.samples.push(Sample::figure(caught_up));
            if let Some(telling) = &mut self.telling {
                telling.tell_again(&self.program).await?;
            }
            self.whole.caught_up().await?;
            let mut after = row(format!("… after {round} rounds"), None, "MB");
            after.samples.extend(self.whole.resident());
            self.after.push(after);
            for database in [
                &self.bare_database,
                &self.door.database,
                &self.whole.database,
            ] {
                sqlx::query("vacuum analyze")
                    .execute(&database.owner)
                    .await?;
            }
        }
        self.rebuild().await
    }

    /// Stops everything; what is left are the rows.
    pub(crate) async fn close(self) -> anyhow::Result<Vec<Row>> {
        for scene in [self.door, self.whole] {
            scene.service.stop().await?;
            scene.database.close().await;
        }
        self.bare_database.close().await;
        let mut rows: Vec<Row> = self.plan.into_iter().map(|(_, row)| row).collect();
        if let Some(telling) = self.telling {
            telling.scene.service.stop().await?;
            telling.scene.database.close().await;
            telling.told.stop().await;
            rows.extend([telling.heard, telling.retold, telling.bare]);
        }
        rows.extend([
            self.live,
            self.catch_up,
            self.rebuilt,
            self.transactions,
            self.at_rest,
        ]);
        rows.extend(self.after);
        Ok(rows)
    }

    async fn measure(&mut self, what: What, round: usize) -> anyhow::Result<Sample> {
        let length = self.amount.length;
        match what {
            What::Many(Who::Bare, clients) => self.pgbench(self.amount.businesses, clients).await,
            What::One(Who::Bare, clients) => self.pgbench(1, clients).await,
            What::Many(Who::Door, clients) => {
                let database = &self.door.database;
                settle().await;
                let before = database.transactions().await?;
                let (took, sample) = self.bookings(&self.door, clients, Scene::any).await?;
                if clients == 32 {
                    settle().await;
                    let after = database.transactions().await?;
                    let each = (after - before) / count(took.each.len()).max(1.0);
                    self.transactions.samples.push(Sample::figure(each));
                }
                Ok(sample)
            }
            What::Many(Who::Whole, clients) => {
                let (behind, _) = self.whole.database.behind().await?;
                let begun = Instant::now();
                let (took, sample) = self.bookings(&self.whole, clients, Scene::any).await?;
                self.whole.caught_up().await?;
                if clients == 32 && behind == 0 {
                    let live = count(took.each.len()) / begun.elapsed().as_secs_f64();
                    self.live.samples.push(Sample::figure(live));
                }
                Ok(sample)
            }
            What::One(Who::Door, clients) => {
                let done = self.bookings(&self.door, clients, |scene| Ok(&scene.hot));
                Ok(done.await?.1)
            }
            What::One(Who::Whole, clients) => {
                let done = self.bookings(&self.whole, clients, |scene| Ok(&scene.hot));
                let (_, sample) = done.await?;
                self.whole.caught_up().await?;
                Ok(sample)
            }
            What::Stream => {
                // Briefly: each of them makes a stream longer.
                let length = length.min(Duration::from_secs(2));
                let shot = || {
                    let (house, id) = self.streams.choose(&mut rand::rng()).context("no stream")?;
                    Ok(self.door.house(*house)?.comment(*id))
                };
                Ok(self.spent(&self.door, 8, length, shot).await?.1)
            }
            What::BesideSignIns => {
                // As long as the passwords take, and a little more.
                let length = length.min(Duration::from_secs(1));
                let address = self.door.service.address()?;
                let (bookings, ()) = tokio::try_join!(
                    self.spent(&self.door, 8, length, || self.door.any()?.booking()),
                    door::sign_ins(&self.door.database, address)
                )?;
                Ok(bookings.1)
            }
            What::Read(Who::Bare) => {
                let whole = &self.whole;
                let took = door::bare_reads(&whole.database, &whole.hot, length).await?;
                Ok(Sample::of(&took, Spent::default()).without_spent())
            }
            What::Read(Who::Door | Who::Whole) => {
                let shot = || Ok(self.whole.hot.read());
                Ok(self.spent(&self.whole, 1, length, shot).await?.1)
            }
            What::Import => self.import(round).await,
            What::Told => {
                let telling = self.telling.as_mut().context("nobody is told")?;
                let listening = telling.told.listen().await?;
                let scene = &telling.scene;
                let pid = scene.service.pid();
                let before = Spent::now(pid, self.postmaster);
                let shot = || scene.any()?.booking();
                let took = load(scene.service.address()?, 32, length, shot).await?;
                let spent = Spent::now(pid, self.postmaster).since(before);
                let heard = listening.await??;
                anyhow::ensure!(
                    heard.each.len() >= took.each.len(),
                    "{} bookings, {} events heard",
                    took.each.len(),
                    heard.each.len()
                );
                let heard = Sample::of(&heard, Spent::default()).without_spent();
                telling.heard.samples.push(heard);
                scene.caught_up().await?;
                Ok(Sample::of(&took, spent))
            }
            What::Finder => {
                let took = self.month.find(&self.whole.database.app, length).await?;
                Ok(Sample::of(&took, Spent::default()).without_spent())
            }
            What::Availability => {
                let month = &self.month;
                let shot = || Ok(month.house.availability(month.first, month.last));
                Ok(self.spent(&self.whole, 1, length, shot).await?.1)
            }
        }
    }

    async fn pgbench(&self, businesses: usize, clients: usize) -> anyhow::Result<Sample> {
        let length = self.amount.length;
        let before = Spent::now(None, self.postmaster);
        let figure = self.bare.per_second(businesses, clients, length).await?;
        // Until the ended backends are counted.
        sleep(Duration::from_millis(200)).await;
        let spent = Spent::now(None, self.postmaster).since(before);
        Ok(Sample {
            spent: Some(spent.each(figure * length.as_secs_f64())),
            ..Sample::figure(figure)
        })
    }

    async fn bookings<'a>(
        &self,
        scene: &'a Scene,
        clients: usize,
        of: impl Fn(&'a Scene) -> anyhow::Result<&'a House> + Sync,
    ) -> anyhow::Result<(Took, Sample)> {
        let shot = || of(scene)?.booking();
        self.spent(scene, clients, self.amount.length, shot).await
    }

    async fn spent(
        &self,
        scene: &Scene,
        clients: usize,
        length: Duration,
        shot: impl Fn() -> anyhow::Result<Shot> + Sync,
    ) -> anyhow::Result<(Took, Sample)> {
        let pid = scene.service.pid();
        let before = Spent::now(pid, self.postmaster);
        let took = load(scene.service.address()?, clients, length, shot).await?;
        let spent = Spent::now(pid, self.postmaster).since(before);
        let sample = Sample::of(&took, spent);
        Ok((took, sample))
    }

    /// History comes into a new business, by the command that a person would use.
    async fn import(&self, round: usize) -> anyhow::Result<Sample> {
        let database = &self.door.database;
        let slug = format!("past-{round}");
        let new = NewBusiness {
            name: Label::parse("Past")?,
            slug: Slug::parse(&slug)?,
            time_zone: Zone::named("Europe/Warsaw")?,
            currency: Currency::PLN,
            country: None,
            owner_email: Email::parse("owner@example.com")?,
            owner_password: SecretString::from("bench bench bench"),
        };
        create_business(&database.app, new).await?;
        let file = self.history.to_str().context("a strange folder")?;
        let arguments = ["import-history", "--business", slug.as_str(), file];
        let begun = Instant::now();
        let said = self
            .program
            .run(database.name, &database.url, &arguments)
            .await?;
        let took = begun.elapsed();
        let report: Value = serde_json::from_str(said.lines().last().unwrap_or_default())?;
        let imported = report["imported"].as_u64().context("no report")?;
        let imported = count(usize::try_from(imported)?);
        anyhow::ensure!(imported > 0.0, "nothing was brought in: {report}");
        Ok(Sample::figure(imported / took.as_secs_f64()))
    }

    /// All read models of everything that was written, built anew by the command that a person would use.
    async fn rebuild(&mut self) -> anyhow::Result<()> {
        let database = &self.whole.database;
        let begun = Instant::now();
        let run = self.program.run(database.name, &database.url, &["rebuild"]);
        let said = run.await?;
        let report: Value = serde_json::from_str(said.lines().last().unwrap_or_default())?;
        let events = report["events"].as_u64().context("no report")?;
        let figure = count(usize::try_from(events)?) / begun.elapsed().as_secs_f64();
        self.rebuilt.samples.push(Sample::figure(figure));
        Ok(())
    }

    /// Sets what was measured last in proportion to the bare database.
    fn compare(&mut self) {
        let last = |plan: &[(What, Row)], what: What| {
            let (_, row) = plan.iter().find(|(this, _)| *this == what)?;
            row.samples.last()?.figure
        };
        let figures: Vec<Option<f64>> = self
            .plan
            .iter()
            .map(|(what, _)| match what {
                What::Many(_, clients) => last(&self.plan, What::Many(Who::Bare, *clients)),
                What::One(_, clients) => last(&self.plan, What::One(Who::Bare, *clients)),
                What::Told => last(&self.plan, What::Many(Who::Bare, 32)),
                What::BesideSignIns => last(&self.plan, What::Many(Who::Bare, 8)),
                What::Read(_) => last(&self.plan, What::Read(Who::Bare)),
                What::Stream | What::Import | What::Finder | What::Availability => None,
            })
            .collect();
        for ((_, row), bare) in self.plan.iter_mut().zip(figures) {
            if let Some(sample) = row.samples.last_mut() {
                sample.of_bare = sample.figure.zip(bare).map(|(ours, bare)| ours / bare);
            }
        }
    }
}

impl Telling {
    fn new(told: Told, scene: Scene) -> Self {
        Self {
            told,
            scene,
            heard: row(
                "events heard by a subscriber; lag since they were recorded",
                Some(32),
                "",
            ),
            retold: row("herald catching up: events", None, ""),
            bare: row(
                "bare NATS publisher, the same messages, as many on their way",
                None,
                "",
            ),
        }
    }

    /// Takes the stream away and lets a herald tell everything again; then the same by a bare publisher.
    async fn tell_again(&mut self, program: &Program) -> anyhow::Result<()> {
        let database = &self.scene.database;
        let api = program.serve(database.name, &database.url, WHOLE).await?;
        std::mem::replace(&mut self.scene.service, api)
            .stop()
            .await?;
        self.told.forget().await?;
        sqlx::query("delete from herald_position")
            .execute(&database.owner)
            .await?;
        let begun = Instant::now();
        let herald = program
            .serve(database.name, &database.url, "herald")
            .await?;
        let events = all_told(&database.owner).await?;
        let retold = count(events) / begun.elapsed().as_secs_f64();
        herald.stop().await?;
        let bare = self.told.bare(events).await?;
        self.retold.samples.push(Sample {
            of_bare: Some(retold / bare),
            ..Sample::figure(retold)
        });
        self.bare.samples.push(Sample {
            of_bare: Some(1.0),
            ..Sample::figure(bare)
        });
        self.scene.restart(program, TELLING).await
    }
}

/// Backends tell the statistics what they did within a second after it.
async fn settle() {
    sleep(Duration::from_millis(1_200)).await;
}

impl Scene {
    async fn new(
        server: &Postgres,
        program: &Program,
        name: &'static str,
        roles: &str,
        amount: Amount,
    ) -> anyhow::Result<Self> {
        let database = Database::new(server, program, name).await?;
        let houses = database.open(amount.businesses, FEW).await?;
        let mut hot = database.open(1, HOT).await?;
        let service = program.serve(name, &database.url, roles).await?;
        Ok(Self {
            database,
            service,
            houses,
            hot: hot.pop().context("no house")?,
        })
    }

    fn house(&self, at: usize) -> anyhow::Result<&House> {
        self.houses.get(at).context("no such house")
    }

    fn any(&self) -> anyhow::Result<&House> {
        self.houses.choose(&mut rand::rng()).context("no house")
    }

    async fn restart(&mut self, program: &Program, roles: &str) -> anyhow::Result<()> {
        let database = &self.database;
        let next = program.serve(database.name, &database.url, roles).await?;
        std::mem::replace(&mut self.service, next).stop().await
    }

    /// What the service holds in memory.
    fn resident(&self) -> Option<Sample> {
        let pid = self.service.pid()?;
        machine::resident(pid).map(Sample::figure)
    }

    /// Waits until the read models have taken everything in.
    async fn caught_up(&self) -> anyhow::Result<()> {
        let waited = timeout(PATIENCE, async {
            while self.database.behind().await?.0 > 0 {
                sleep(Duration::from_millis(20)).await;
            }
            anyhow::Ok(())
        });
        waited.await.context("the read models do not catch up")?
    }

    /// Lets a projector take in all that was written since it last did; events a second.
    async fn catch_up(&self, program: &Program) -> anyhow::Result<f64> {
        let database = &self.database;
        let (behind, _) = database.behind().await?;
        let begun = Instant::now();
        let projector = program.serve(database.name, &database.url, "projector");
        let projector = projector.await?;
        self.caught_up().await?;
        let took = begun.elapsed().as_secs_f64();
        projector.stop().await?;
        Ok(count(usize::try_from(behind)?) / took)
    }
}
