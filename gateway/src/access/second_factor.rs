//! The second factor: codes of an authenticator (RFC 6238), and codes for who has lost it.

use domain::{access::Access, id::Id, sealed::Sealed};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use totp_rs::{Builder, Secret, Totp};
use uuid::Uuid;

use super::{SignInRow, UserKey};
use crate::{app::App, problem::Problem};
use ledger::BusinessId;

/// How many codes stand in for a lost authenticator.
const RECOVERY_CODES: usize = 10;
/// How long a code is good, in seconds.
const STEP: u64 = 30;

/// A secret as the database keeps it: sealed under the user's key, so that it goes with them.
#[derive(Serialize, Deserialize)]
struct Kept {
    secret: Sealed<String>,
}

/// What an authenticator is set up with.
pub(crate) struct Enrolment {
    /// To be typed.
    pub(crate) secret: String,
    /// To be shown as a QR code.
    pub(crate) uri: String,
}

fn totp(secret: &str, account: &str, issuer: &str) -> Result<Totp, Problem> {
    let secret = Secret::try_from_base32(secret)
        .map_err(|_| Problem::internal("a kept secret is no base32"))?;
    // Neither may hold what separates them in the address.
    let plain = |text: &str| text.replace(':', " ");
    Builder::new()
        .with_secret(secret)
        .with_step_duration(STEP)
        .with_account_name(plain(account))
        .with_issuer(Some(plain(issuer)))
        .build()
        .map_err(|_| Problem::internal("an authenticator could not be set up"))
}

impl App {
    /// Makes a secret, which counts once a code of it was told.
    pub(crate) async fn enrol(
        &self,
        user: UserKey,
        account: &str,
        issuer: &str,
    ) -> Result<Enrolment, Problem> {
        let bytes: [u8; 20] = rand::random();
        let secret = Secret::from(bytes).to_base32();
        let uri = totp(&secret, account, issuer)?
            .to_url()
            .map_err(|_| Problem::internal("an authenticator's address could not be written"))?;
        let kept = Kept {
            secret: Sealed::open(Id::<Access>::new(user.1), secret.clone()),
        };
        let kept = serde_json::to_value(kept).map_err(Problem::internal)?;
        let mut sealing = [(self.new_id(), kept)];
        let keys = self.vault().seal(user.0.0, &mut sealing).await?;
        if !keys.made.is_empty() {
            return Err(Problem::internal("a user has no key to seal with"));
        }
        let [(_, sealed)] = sealing;
        self.tables().want_totp(user, &sealed).await?;
        Ok(Enrolment { secret, uri })
    }

    async fn opened_secret(
        &self,
        business: BusinessId,
        kept: Value,
    ) -> Result<Option<String>, Problem> {
        let mut kept = [kept];
        self.vault().open(business.0, &mut kept).await?;
        let [kept] = kept;
        let kept: Kept = serde_json::from_value(kept).map_err(Problem::internal)?;
        Ok(kept.secret.value().cloned())
    }

    /// The step whose code this is, of a secret; none: it is no code of now.
    async fn step_of(
        &self,
        business: BusinessId,
        kept: Value,
        code: &str,
    ) -> Result<Option<i64>, Problem> {
        let Some(secret) = self.opened_secret(business, kept).await? else {
            return Ok(None);
        };
        let seconds = u64::try_from(self.now().as_second()).unwrap_or_default();
        let step = totp(&secret, "-", "-")?.check(&plain(code), seconds);
        Ok(step.and_then(|step| i64::try_from(step).ok()))
    }

    /// A code of the secret that was begun: from now on codes are asked for. The codes for who loses it, told this
    /// once; none: the code was wrong.
    pub(crate) async fn confirm_factor(
        &self,
        user: UserKey,
        code: &str,
    ) -> Result<Option<Vec<String>>, Problem> {
        let Some(kept) = self.tables().wanted_totp(user).await? else {
            return Ok(None);
        };
        let Some(step) = self.step_of(user.0, kept, code).await? else {
            return Ok(None);
        };
        let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| recovery_code()).collect();
        let hashes: Vec<_> = codes.iter().map(|code| hashed(user.1, code)).collect();
        self.tables().confirm_totp(user, step, &hashes).await?;
        Ok(Some(codes))
    }

    /// Whether a code is good, and uses it up: one of the authenticator, or one for who has lost it.
    pub(crate) async fn use_code(&self, row: &SignInRow, code: &str) -> Result<bool, Problem> {
        let user = (BusinessId(row.business_id), row.user_id);
        let Some(kept) = &row.totp else {
            return Ok(true);
        };
        if let Some(step) = self.step_of(user.0, kept.0.clone(), code).await? {
            return Ok(self.tables().use_step(user, step).await?);
        }
        let hash = hashed(user.1, code);
        Ok(self.tables().use_recovery_code(user, &hash).await?)
    }
}

/// Without what people put in to read it better.
fn plain(code: &str) -> String {
    let plain = code.chars().filter(char::is_ascii_alphanumeric);
    plain.map(|c| c.to_ascii_uppercase()).collect()
}

/// 80 bits, in an alphabet without look-alikes.
fn recovery_code() -> String {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let bytes: [u8; 16] = rand::random();
    let letters = bytes.map(|byte| char::from(ALPHABET[usize::from(byte & 31)]));
    let groups = letters.chunks(4).map(|group| group.iter().collect());
    groups.collect::<Vec<String>>().join("-")
}

fn hashed(user: Uuid, code: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(user.as_bytes());
    hash.update(plain(code).as_bytes());
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recovery_code_is_told_in_groups_and_read_without_them() {
        let code = recovery_code();
        assert_eq!(code.len(), 19);
        let user = Uuid::from_u128(1);
        let typed = code.replace('-', " ").to_lowercase();
        assert_eq!(hashed(user, &code), hashed(user, &typed));
        assert_ne!(hashed(user, &code), hashed(Uuid::from_u128(2), &code));
        assert_ne!(code, recovery_code());
    }

    #[test]
    fn an_authenticator_is_set_up_with_the_house_and_the_account() {
        let secret = Secret::from([7_u8; 20]).to_base32();
        let uri = totp(&secret, "mia@example.org", "Salon: Łąka")
            .unwrap()
            .to_url()
            .unwrap();
        assert!(uri.starts_with("otpauth://totp/"), "{uri}");
    }
}
