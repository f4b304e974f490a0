//! How often somebody may try to sign in, or have a letter sent.
//!
//! Three things are counted, in the database, so that all processes count together: the tries of one sender for one
//! address, of one sender for whatever address, and of everybody for one address. The last one is for guesses from
//! many machines; so that strangers cannot lock a user out with it, a sender from where that user has signed in before
//! may go on trying to be that user.
//!
//! An address proves nothing: anybody may have their own account found by somebody else's. So who signs in has shown
//! that they are one user, and not what the others of the address have forgiven or are known by.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx as _;
use sqlx::PgPool;
use uuid::Uuid;

use super::Sender;
use crate::app::App;

/// So many at once, then one each so often.
#[derive(Debug, Clone, Copy)]
struct Allowance {
    burst: i32,
    every: SignedDuration,
}

const PAIR: Allowance = Allowance {
    burst: 5,
    every: SignedDuration::from_secs(60),
};
const SENDER: Allowance = Allowance {
    burst: 50,
    every: SignedDuration::from_secs(6),
};
const ADDRESS: Allowance = Allowance {
    burst: 30,
    every: SignedDuration::from_secs(60),
};
/// A new password, asked for one address.
const LETTERS: Allowance = Allowance {
    burst: 3,
    every: SignedDuration::from_secs(600),
};
/// So long a sender is known after they signed in.
const KNOWN: SignedDuration = SignedDuration::from_hours(60 * 24);

/// Who tries: from where, and as whom (the keyed hash of an e-mail address).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Who {
    pub(crate) sender: Sender,
    pub(crate) email: [u8; 32],
}

impl Who {
    fn sender(&self) -> Vec<u8> {
        match self.sender.counted() {
            None => vec![],
            Some(IpAddr::V4(address)) => address.octets().to_vec(),
            Some(IpAddr::V6(address)) => address.octets().to_vec(),
        }
    }
}

/// As whom somebody may try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Try {
    /// As anybody who has the address.
    Anybody,
    /// As those alone who signed in from there before ([`Throttle::knows`]); whoever is none of them waits so long.
    Known(Wait),
}

/// Counts tries.
pub(crate) struct Throttle<'a> {
    app: &'a App,
}

impl App {
    pub(crate) fn throttle(&self) -> Throttle<'_> {
        Throttle { app: self }
    }
}

/// Why there was no try: the seconds until there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wait(pub(crate) u32);

impl Throttle<'_> {
    fn key(&self, kind: &str, parts: &[&[u8]]) -> [u8; 32] {
        // Only the last part has no length of its own.
        let said = parts.concat();
        self.app.vault().keyed_hash(Uuid::nil(), kind, &said)
    }

    fn pair(&self, who: &Who) -> [u8; 32] {
        self.key("sign-in pair", &[&who.email, &who.sender()])
    }

    fn place(&self, who: &Who, user: Uuid) -> [u8; 32] {
        self.key("sign-in place", &[user.as_bytes(), &who.sender()])
    }

    /// Takes one try to sign in.
    ///
    /// # Errors
    /// The outer ones: when the database cannot be asked.
    pub(crate) async fn take(
        &self,
        who: &Who,
        now: Timestamp,
    ) -> Result<Result<Try, Wait>, sqlx::Error> {
        let pool = self.app.pool();
        let sender = self.key("sign-in sender", &[&who.sender()]);
        if let Err(wait) = take(pool, &sender, SENDER, now).await? {
            return Ok(Err(wait));
        }
        if let Err(wait) = take(pool, &self.pair(who), PAIR, now).await? {
            return Ok(Err(wait));
        }
        let address = self.key("sign-in address", &[&who.email]);
        Ok(Ok(match take(pool, &address, ADDRESS, now).await? {
            Ok(()) => Try::Anybody,
            Err(wait) => Try::Known(wait),
        }))
    }

    /// Takes one letter to an address. (That there is none to be had, nobody is told.)
    ///
    /// # Errors
    /// The outer ones: when the database cannot be asked.
    pub(crate) async fn take_letter(
        &self,
        email: &[u8; 32],
        now: Timestamp,
    ) -> Result<Result<(), Wait>, sqlx::Error> {
        let key = self.key("letter", &[email]);
        take(self.app.pool(), &key, LETTERS, now).await
    }

    /// Takes one try of a sender, as whomever.
    ///
    /// # Errors
    /// The outer ones: when the database cannot be asked.
    pub(crate) async fn take_sender(
        &self,
        sender: Sender,
        now: Timestamp,
    ) -> Result<Result<(), Wait>, sqlx::Error> {
        let who = Who {
            sender,
            email: [0; 32],
        };
        let key = self.key("sign-in sender", &[&who.sender()]);
        take(self.app.pool(), &key, SENDER, now).await
    }

    /// A user has shown who they are: they are known from there, and what they tried did not count. They have all tries
    /// again if nobody else has the address.
    pub(crate) async fn signed_in(
        &self,
        who: &Who,
        user: Uuid,
        now: Timestamp,
    ) -> Result<(), sqlx::Error> {
        let (pool, pair) = (self.app.pool(), self.pair(who));
        let alone = self.app.tables().sign_ins(&who.email, None).await?;
        let alone = alone.iter().all(|row| row.user_id == user);
        let yesterday = now
            .saturating_sub(SignedDuration::from_hours(24))
            .unwrap_or(now);
        sqlx::query("delete from sign_in_try where $3 and who = $1 or free_at < $2")
            .bind(pair.as_slice())
            .bind(yesterday.to_sqlx())
            .bind(alone)
            .execute(pool)
            .await?;
        if !alone {
            give_back(pool, &pair, PAIR).await?;
        }
        sqlx::query(
            "insert into sign_in_place (who, seen_at) values ($1, $2)
             on conflict (who) do update set seen_at = excluded.seen_at",
        )
        .bind(self.place(who, user).as_slice())
        .bind(now.to_sqlx())
        .execute(pool)
        .await?;
        sqlx::query("delete from sign_in_place where seen_at < $1")
            .bind(now.saturating_sub(KNOWN).unwrap_or(now).to_sqlx())
            .execute(pool)
            .await?;
        Ok(())
    }

    /// Whether a user has signed in from there before.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub(crate) async fn knows(
        &self,
        who: &Who,
        user: Uuid,
        now: Timestamp,
    ) -> Result<bool, sqlx::Error> {
        sqlx::query_scalar(
            "select exists (select from sign_in_place where who = $1 and seen_at > $2)",
        )
        .bind(self.place(who, user).as_slice())
        .bind(now.saturating_sub(KNOWN).unwrap_or(now).to_sqlx())
        .fetch_one(self.app.pool())
        .await
    }
}

/// Gives one of an allowance back.
async fn give_back(pool: &PgPool, who: &[u8; 32], allowance: Allowance) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update sign_in_try set free_at = free_at - make_interval(secs => $2) where who = $1",
    )
    .bind(who.as_slice())
    .bind(allowance.every.as_secs_f64())
    .execute(pool)
    .await?;
    Ok(())
}

/// Takes one of an allowance. `free_at` is when all of it would be there again.
async fn take(
    pool: &PgPool,
    who: &[u8; 32],
    allowance: Allowance,
    now: Timestamp,
) -> Result<Result<(), Wait>, sqlx::Error> {
    let Allowance { burst, every } = allowance;
    let late = now
        .saturating_add(every * (burst - 1))
        .unwrap_or(Timestamp::MAX);
    let first = now.saturating_add(every).unwrap_or(Timestamp::MAX);
    // A clock set back locks nobody out: what lies further ahead than a whole allowance is not believed.
    let most = now.saturating_add(every * burst).unwrap_or(Timestamp::MAX);
    let taken: Option<jiff_sqlx::Timestamp> = sqlx::query_scalar(
        "insert into sign_in_try as t (who, free_at) values ($1, $2)
         on conflict (who) do update
            set free_at = case when t.free_at > $5 then $2
                               else greatest(t.free_at, $3) + ($2 - $3) end
          where t.free_at <= $4 or t.free_at > $5
         returning free_at",
    )
    .bind(who.as_slice())
    .bind(first.to_sqlx())
    .bind(now.to_sqlx())
    .bind(late.to_sqlx())
    .bind(most.to_sqlx())
    .fetch_optional(pool)
    .await?;
    if taken.is_some() {
        return Ok(Ok(()));
    }
    let free: Option<jiff_sqlx::Timestamp> =
        sqlx::query_scalar("select free_at from sign_in_try where who = $1")
            .bind(who.as_slice())
            .fetch_optional(pool)
            .await?;
    let seconds = free.map_or(1, |free| free.to_jiff().duration_since(late).as_secs());
    Ok(Err(Wait(u32::try_from(seconds.max(1)).unwrap_or(1))))
}
