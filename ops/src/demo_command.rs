//! `daybook demo`: `serve` with a made-up business in it, if the books are new.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use domain::{
    actor::{Actor, ActorKind, Role},
    contact::Email,
};
use gateway::{
    App,
    access::{NewBusiness, NewUser, add_user, create_business},
};
use jiff::{Timestamp, civil::Date};
use ledger::BusinessId;
use rand::{RngExt, distr::Alphanumeric};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    business_create,
    demo::{self, Kind, TWO_YEARS},
    failure::{Remedy, failure},
    interrupt::Interrupts,
    output::Output,
    progress,
    service::Service,
    settings::Settings,
};

/// Where the sign-ins of the demo are kept, in the data dir: they are told again at each start.
const FILE: &str = "demo.json";
const PASSWORD_CHARS: usize = 14;
/// How often it is looked whether another process has made the demo.
const LOOKS_EVERY: Duration = Duration::from_millis(200);

/// Serves a demo business with two years behind it; makes it up if the data dir is new.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What kind of business to make up.
    #[arg(long, value_enum, default_value = "salon")]
    kind: Kind,
    /// The same kind and seed on the same day make up the same business.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub(crate) async fn run(
    arguments: &Arguments,
    settings: &Settings,
    output: &mut Output,
) -> anyhow::Result<()> {
    let mut interrupts = Interrupts::listen()?;
    let begun = async {
        let service = Service::open(settings).await?;
        let demo = Demo::of(arguments, settings, &service).await?;
        Ok::<_, anyhow::Error>((service, demo))
    };
    let (service, demo) = tokio::select! {
        begun = begun => begun?,
        _ = interrupts.next() => return Demo::broken_off(settings),
    };
    tell(demo.as_ref(), service.address().as_deref(), output)?;
    service.run(settings, interrupts).await
}

/// Who may come in to the demo, and how.
#[derive(Debug, Serialize, Deserialize)]
struct Demo {
    name: String,
    slug: String,
    time_zone: String,
    owner_email: String,
    owner_password: String,
    api_key: String,
    /// Who else signs in.
    #[serde(default)]
    people: Vec<Person>,
    /// All of its history is written.
    finished: bool,
}

/// Somebody below the owner.
#[derive(Debug, Serialize, Deserialize)]
struct Person {
    role: String,
    email: String,
    password: String,
}

impl Demo {
    /// The one that is there, or a new one; none where the books are somebody's own.
    async fn of(
        arguments: &Arguments,
        settings: &Settings,
        service: &Service,
    ) -> anyhow::Result<Option<Self>> {
        let path = settings.data_dir.join(FILE);
        let _alone = alone(&settings.data_dir).await?;
        let Some(known) = Self::read(&path)? else {
            let businesses = service.books.ledger.businesses().await;
            let businesses =
                businesses.remedy("the ledger could not be read", "see the causes told here")?;
            return match businesses.is_empty() {
                true => Ok(Some(Self::make(arguments, path, service).await?)),
                false => Ok(None),
            };
        };
        if !known.finished {
            return Err(half_made(settings));
        }
        // The file may lie beside another database than the one it was made in.
        service.books.business(&known.slug).await?;
        Ok(Some(known))
    }

    async fn make(arguments: &Arguments, path: PathBuf, service: &Service) -> anyhow::Result<Self> {
        let books = &service.books;
        let (kind, seed, now) = (arguments.kind, arguments.seed, Timestamp::now());
        // The diary names its owner, whom only the opening of the business makes; what the business is opened with
        // does not depend on them.
        let opening = demo::opening(kind);
        let mut made = Self {
            name: opening.name.as_str().to_owned(),
            slug: opening.slug.as_str().to_owned(),
            time_zone: opening.time_zone.name().to_owned(),
            owner_email: format!("owner@{}.example", opening.slug.as_str()),
            owner_password: password(),
            api_key: String::new(),
            people: vec![],
            finished: false,
        };
        made.write(&path)?;
        let app = books.app();
        let opened = create_business(
            &app,
            NewBusiness {
                name: opening.name,
                slug: opening.slug,
                time_zone: opening.time_zone,
                currency: opening.currency,
                country: Some(opening.country),
                owner_email: Email::parse(&made.owner_email)?,
                owner_password: SecretString::from(made.owner_password.clone()),
            },
        );
        let opened = opened.await.map_err(business_create::told)?;
        made.api_key = opened.api_key;

        let owner = Actor {
            kind: ActorKind::User,
            id: Some(opened.owner_id),
            role: Some(Role::Owner),
        };
        let lived = owner.clone();
        let living = move || demo::keep(kind, seed, now, TWO_YEARS, &lived);
        let diary = tokio::task::spawn_blocking(living)
            .await
            .context("the demo could not be made up")?;
        let bar = progress::bar("writing two years of history", "events");
        bar.set_length(diary.facts.len() as u64);
        let business = BusinessId(opened.business_id.uuid());
        demo::write(
            &books.ledger,
            &books.vault,
            business,
            &diary,
            &owner,
            now,
            |written| {
                bar.set_position(written as u64);
            },
        )
        .await
        .remedy(
            "the demo's history could not be written",
            "see the causes told here",
        )?;
        bar.set_message("taking it in to the read models");
        books.projector.catch_up().await.remedy(
            "the read models could not be filled",
            "see the causes told here",
        )?;
        bar.finish_and_clear();
        made.people = people(&app, business, &made.slug).await?;
        made.finished = true;
        made.write(&path)?;
        Ok(made)
    }

    /// Told to stop before it was there: whoever said so should know what they have now.
    fn broken_off(settings: &Settings) -> anyhow::Result<()> {
        match Self::read(&settings.data_dir.join(FILE))? {
            Some(known) if !known.finished => Err(half_made(settings)),
            Some(_) | None => Ok(()),
        }
    }

    fn read(path: &Path) -> anyhow::Result<Option<Self>> {
        match fs::read(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            read => read
                .map_err(anyhow::Error::from)
                .and_then(|text| Ok(serde_json::from_slice(&text)?))
                .remedy(
                    format!("{} could not be read", path.display()),
                    "it keeps the demo's sign-ins; remove it to serve the books without telling them",
                )
                .map(Some),
        }
    }

    fn write(&self, path: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_vec_pretty(self)?;
        let file = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(path);
        file.and_then(|mut file| file.write_all(&text)).remedy(
            format!("{} could not be written", path.display()),
            "see that the data dir is yours and the disk not full",
        )
    }

    fn today(&self) -> Date {
        let zone = jiff::tz::TimeZone::get(&self.time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
        Timestamp::now().to_zoned(zone).date()
    }
}

/// Lets a manager in, and the first staff member.
async fn people(app: &App, business: BusinessId, slug: &str) -> anyhow::Result<Vec<Person>> {
    let known = app.catalogue_now(business).await?;
    let staff = known.catalogue.staff.keys().min().copied();
    let mut people = vec![];
    for (word, role, staff_id) in [
        ("manager", Role::Manager, None),
        ("staff", Role::Staff, staff),
    ] {
        let person = Person {
            role: word.to_owned(),
            email: format!("{word}@{slug}.example"),
            password: password(),
        };
        let new = NewUser {
            email: Email::parse(&person.email)?,
            name: None,
            role,
            staff_id,
            password: SecretString::from(person.password.clone()),
        };
        let added = add_user(app, business, new).await;
        added.map_err(business_create::told)?;
        people.push(person);
    }
    Ok(people)
}

fn password() -> String {
    let letters = rand::rng().sample_iter(Alphanumeric).take(PASSWORD_CHARS);
    letters.map(char::from).collect()
}

fn half_made(settings: &Settings) -> anyhow::Error {
    failure(
        "the demo business is half-made: its making was broken off",
        format!("remove {} and start again", settings.data_dir.display()),
    )
}

/// One process at a time looks for the demo and makes it, as long as the answer lives: whoever comes second finds it
/// made.
async fn alone(data_dir: &Path) -> anyhow::Result<File> {
    let dir = File::open(data_dir).remedy(
        format!("{} could not be used", data_dir.display()),
        "name another with --data-dir, or make it yours",
    )?;
    let mut told = false;
    loop {
        match dir.try_lock() {
            Ok(()) => return Ok(dir),
            Err(TryLockError::WouldBlock) if !told => {
                tracing::info!("another process is making the demo business; waiting for it");
                told = true;
            }
            Err(TryLockError::WouldBlock) => {}
            // Some file systems lock no folders. Two at once are rare; then the slug stops the second.
            Err(TryLockError::Error(_)) => return Ok(dir),
        }
        tokio::time::sleep(LOOKS_EVERY).await;
    }
}

fn tell(demo: Option<&Demo>, address: Option<&str>, output: &mut Output) -> anyhow::Result<()> {
    let Some(demo) = demo else {
        output.say(
            "The books here are not new: they are served as they are, without a demo business.",
        )?;
        return output.json(&json!({ "address": address }));
    };
    if output.json_only() {
        return output.json(&json!({
            "address": address,
            "slug": demo.slug,
            "owner_email": demo.owner_email,
            "owner_password": demo.owner_password,
            "api_key": demo.api_key,
            "people": demo.people,
        }));
    }
    let address = address.unwrap_or("(nothing listens: --roles has no api)");
    let (key, today) = (&demo.api_key, demo.today());
    output.say(format!("{} ({}) is open.\n", demo.name, demo.slug))?;
    output.say(format!("  address    {address}"))?;
    output.say(format!("  described  {address}/api/docs"))?;
    output.say(format!(
        "  sign in    {} with {}",
        demo.owner_email, demo.owner_password
    ))?;
    for Person {
        role,
        email,
        password,
    } in &demo.people
    {
        output.say(format!("  as {role:<8}{email} with {password}"))?;
    }
    output.say(format!("  API key    {key}\n"))?;
    output.say(format!(
        "Today's bookings:\n  curl -H 'Authorization: Bearer {key}' '{address}/api/v1/calendar?from={today}&to={today}'\n"
    ))?;
    output.say("Ctrl-C stops it; started again, it is as it was.")
}
