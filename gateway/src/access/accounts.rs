//! Opening a business, issuing and revoking API keys: what the `daybook` command does without HTTP, and the routes
//! with it.

use domain::{
    access::{Access, AccessCommand, By, Rights},
    actor::Role,
    business::{Business, BusinessCommand},
    contact::{Country, Email},
    id::Id,
    money::Currency,
    sealed::Sealed,
    staff::Staff,
    text::{Label, Slug},
    time::Zone,
};
use jiff::Timestamp;
use ledger::{BusinessId, NameClaim, Version};
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use super::{
    country::country_of,
    tables::{NewApiKey, NewSignIn},
    tokens::{Token, random},
};
use crate::{
    app::App,
    command::{Asked, Decision, Envelope, Kind, Outcome, Target},
    problem::{Code, Problem},
};

/// The least length of a password, in characters (NIST SP 800-63B).
pub(crate) const PASSWORD_MIN: usize = 8;

/// Under this kind of name an address is one user's of a business. Who signs in is found by it: the tables of the
/// gateway spell it out, for the sake of an index.
pub(crate) const EMAIL_NAME: &str = "user_email";

/// What a business is opened with.
pub struct NewBusiness {
    /// What it is called.
    pub name: Label,
    /// Its name in addresses, unique among all businesses.
    pub slug: Slug,
    /// Where its clocks stand.
    pub time_zone: Zone,
    /// What it charges in.
    pub currency: Currency,
    /// Settles national phone numbers; none: the country of its time zone.
    pub country: Option<Country>,
    /// With which its owner signs in.
    pub owner_email: Email,
    /// With which, too. At least 8 characters.
    pub owner_password: SecretString,
}

/// A business that was opened.
#[derive(Debug, Clone)]
pub struct OpenedBusiness {
    /// The business.
    pub business_id: Id<Business>,
    /// Its name in addresses.
    pub slug: Slug,
    /// Its owner.
    pub owner_id: Uuid,
    /// The first key, with the owner's role. Shown this once.
    pub api_key: String,
}

/// Why no business was opened.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Another business has the slug.
    #[error("the slug {0:?} is taken")]
    SlugTaken(String),
    /// The time zone lies in no country.
    #[error("the time zone {0} lies in no country: say which")]
    WhichCountry(String),
    /// Too short.
    #[error("a password has at least {PASSWORD_MIN} characters")]
    PasswordTooShort,
    /// There is no such business or key.
    #[error("there is no such business or key")]
    NotFound,
    /// Something else.
    #[error(transparent)]
    Problem(#[from] Problem),
}

/// Which secret a new key is to have.
pub(crate) enum KeySecret {
    /// 256 random bits.
    Random,
    /// The same for the same idempotency key of the same caller, so that a replay can tell it again though nobody
    /// has kept it. Nobody else can compute it: it hangs on the master key.
    Of(String),
}

/// A key whose fact is written, and whose hash is to be kept.
pub(crate) struct Issued {
    pub(crate) id: Uuid,
    pub(crate) new: NewKey,
    /// The user or key on whom it hangs.
    pub(crate) issued_by: Option<Uuid>,
    /// It was revoked meanwhile.
    pub(crate) is_revoked: bool,
}

/// Opens a business, with its owner and a first API key.
///
/// # Errors
/// See [`AccountError`]; nothing was opened then.
pub async fn create_business(app: &App, new: NewBusiness) -> Result<OpenedBusiness, AccountError> {
    if new.owner_password.expose_secret().chars().count() < PASSWORD_MIN {
        return Err(AccountError::PasswordTooShort);
    }
    let which = || AccountError::WhichCountry(new.time_zone.name().to_owned());
    let country = new.country.or_else(|| country_of(&new.time_zone));
    let country = country.ok_or_else(which)?;
    let business = Id::<Business>::new(app.new_id());
    let owner = Id::<Access>::new(app.new_id());
    let key = Id::<Access>::new(app.new_id());
    let token = Token::key(random());
    let sign_in = NewSignIn {
        user_id: owner.uuid(),
        password_hash: app.passwords().hash(new.owner_password.clone()).await?,
    };
    let key_row = NewApiKey {
        id: key.uuid(),
        hash: token.hash(),
        name: "first".to_owned(),
        role: Role::Owner,
        staff_id: None,
        expires_at: None,
        scopes: None,
        issued_by: None,
        is_revoked: false,
    };

    // The secrets first: should this process die before the append, there is a slug without a business, which the
    // next one who wants it clears away.
    let tables = app.tables();
    let reserve = || tables.reserve(business, &new.slug, &sign_in, &key_row, app.now());
    if !reserve().await.map_err(Problem::from)? {
        app.clear_if_never_opened(&new.slug).await?;
        if !reserve().await.map_err(Problem::from)? {
            return Err(AccountError::SlugTaken(new.slug.as_str().to_owned()));
        }
    }

    let id = BusinessId(business.uuid());
    let open = BusinessCommand::Open {
        name: new.name,
        slug: new.slug.clone(),
        time_zone: new.time_zone,
        currency: new.currency,
        country,
    };
    let invite = AccessCommand::InviteUser {
        email: Sealed::open(owner, new.owner_email.clone()),
        name: None,
        role: Role::Owner,
        staff_id: None,
        language: None,
        by: By::House,
    };
    let issue = AccessCommand::IssueApiKey {
        name: Label::parse("first").map_err(Problem::internal)?,
        role: Role::Owner,
        staff_id: None,
        expires_at: None,
        scopes: None,
        by: By::House,
    };
    let name = app.email_name(app.email_hash(&new.owner_email), owner.uuid());
    let name = &name;
    let call = Envelope::of_system(app, id);
    let (open, invite, issue) = (&open, &invite, &issue);
    let opened = app.execute(&call, move |_| async move {
        let mut decision = Decision::new(Outcome::made(business.uuid()));
        let events = Kind::decide(&Business::default(), open.clone())?;
        decision.write::<Business>(app, business.uuid(), Version::NEW, &events)?;
        let events = Kind::decide(&Access::default(), invite.clone())?;
        decision.write::<Access>(app, owner.uuid(), Version::NEW, &events)?;
        let events = Kind::decide(&Access::default(), issue.clone())?;
        decision.write::<Access>(app, key.uuid(), Version::NEW, &events)?;
        decision.names.push(name.clone());
        Ok(decision)
    });
    if let Err(problem) = opened.await {
        // Whether the append came to nothing is not always known; then it is cleared away later, if it did.
        if app
            .ledger()
            .head(id)
            .await
            .is_ok_and(|head| head == ledger::Position::START)
        {
            tables.release(id).await.map_err(Problem::from)?;
        }
        return Err(problem.into());
    }
    Ok(OpenedBusiness {
        business_id: business,
        slug: new.slug,
        owner_id: owner.uuid(),
        api_key: token.reveal().to_owned(),
    })
}

/// What a key is issued with.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// What it is for.
    pub name: Label,
    /// As what.
    pub role: Role,
    /// On whose behalf, if a staff member's.
    pub staff_id: Option<Id<Staff>>,
    /// Until when; none: until it is revoked.
    pub expires_at: Option<Timestamp>,
    /// What it may do of what its role may; none: all of it.
    pub scopes: Option<Rights>,
}

impl NewKey {
    /// What a key was issued with, and whether it was revoked since. None: it is a user's stream.
    pub(crate) fn of(issued: &Access) -> Option<(Self, bool)> {
        match issued {
            Access::ApiKey {
                name,
                role,
                staff_id,
                expires_at,
                scopes,
                revoked,
            } => {
                let new = Self {
                    name: name.clone(),
                    role: *role,
                    staff_id: *staff_id,
                    expires_at: *expires_at,
                    scopes: *scopes,
                };
                Some((new, *revoked))
            }
            Access::Blank | Access::User(_) => None,
        }
    }

    pub(crate) fn command(&self, by: By) -> AccessCommand {
        AccessCommand::IssueApiKey {
            name: self.name.clone(),
            role: self.role,
            staff_id: self.staff_id,
            expires_at: self.expires_at,
            scopes: self.scopes,
            by,
        }
    }
}

/// Issues an API key: its id, and the key itself, shown this once.
///
/// # Errors
/// See [`AccountError`].
pub async fn issue_api_key(
    app: &App,
    business: BusinessId,
    new: NewKey,
) -> Result<(Uuid, String), AccountError> {
    let known = app.catalogue_now(business).await?;
    if known.catalogue.settings().is_none() {
        return Err(AccountError::NotFound);
    }
    let id = app.new_id();
    let call = Envelope::of_system(app, business);
    app.send::<Access>(&call, Target::new(id), |_| {
        Ok(Asked::of(new.command(By::House)))
    })
    .await?;
    let key = Issued {
        id,
        new,
        issued_by: None,
        is_revoked: false,
    };
    let token = app.keep_key(business, key, KeySecret::Random).await?;
    Ok((id, token))
}

/// Revokes an API key: from now on it answers 401.
///
/// # Errors
/// See [`AccountError`].
pub async fn revoke_api_key(app: &App, business: BusinessId, id: Uuid) -> Result<(), AccountError> {
    app.shut_out(business, id).await?;
    let call = Envelope::of_system(app, business);
    let revoke = |_: &_| Ok(Asked::of(AccessCommand::RevokeApiKey));
    match app.send::<Access>(&call, Target::at(id), revoke).await {
        Ok(_) => Ok(()),
        Err(problem) if problem.code() == Code::NotFound => Err(AccountError::NotFound),
        Err(problem) => Err(problem.into()),
    }
}

impl App {
    /// Finds a business by its slug.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn business_of(&self, slug: &str) -> Result<Option<BusinessId>, Problem> {
        Ok(self.tables().business_of(slug).await?)
    }

    /// By which a user is found. Of no business in particular: who signs in names none.
    pub(crate) fn email_hash(&self, email: &Email) -> [u8; 32] {
        let email = email.as_str().to_lowercase();
        self.vault()
            .keyed_hash(Uuid::nil(), "e-mail", email.as_bytes())
    }

    /// The name that an address is within a business: nobody else's.
    pub(crate) fn email_name(&self, email_hash: [u8; 32], owner: Uuid) -> NameClaim {
        NameClaim {
            kind: EMAIL_NAME,
            name: hex::encode(email_hash),
            owner,
        }
    }

    /// Keeps the hash of a key that was issued, and gives the key back.
    pub(crate) async fn keep_key(
        &self,
        business: BusinessId,
        Issued {
            id,
            new,
            issued_by,
            is_revoked,
        }: Issued,
        secret: KeySecret,
    ) -> Result<String, Problem> {
        let token = Token::key(match secret {
            KeySecret::Random => random(),
            KeySecret::Of(seed) => {
                let seed = format!("{id} {seed}");
                self.vault()
                    .keyed_hash(business.0, "api key", seed.as_bytes())
            }
        });
        let row = NewApiKey {
            id,
            hash: token.hash(),
            name: new.name.as_str().to_owned(),
            role: new.role,
            staff_id: new.staff_id,
            expires_at: new.expires_at,
            scopes: new.scopes,
            issued_by,
            is_revoked,
        };
        self.tables().add_key(business, &row, self.now()).await?;
        Ok(token.reveal().to_owned())
    }

    /// Makes a key worthless, here and now, and those that hang on it.
    pub(crate) async fn shut_out(&self, business: BusinessId, id: Uuid) -> Result<(), Problem> {
        self.tables().revoke_key(business, id, self.now()).await?;
        self.known().forget_of(id);
        Ok(())
    }

    async fn clear_if_never_opened(&self, slug: &Slug) -> Result<(), Problem> {
        let Some(business) = self.tables().business_of(slug.as_str()).await? else {
            return Ok(());
        };
        if self.ledger().head(business).await? == ledger::Position::START {
            self.tables().release(business).await?;
        }
        Ok(())
    }
}
