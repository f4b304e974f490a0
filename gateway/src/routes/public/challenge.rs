//! What may be asked of a visitor before a booking is taken: some work of their machine, or somebody's captcha.

use std::time::Duration;

use axum::extract::State;
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use super::{tables, visitor::Visitor};
use crate::{
    app::App,
    command::{Answer, Ask},
    problem::{Code, Problem},
    visitors::Challenge,
};

/// How long a challenge can be solved.
const LIFE: SignedDuration = SignedDuration::from_mins(30);
/// How long whoever verifies captchas may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is asked before a booking is taken.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ChallengeView {
    /// `none`, `proof_of_work` or `captcha`.
    kind: &'static str,
    /// Of a proof of work: find a number so that the SHA-256 of `CHALLENGE:NUMBER` begins with `bits` zero bits, and
    /// send that text as `challenge`. Good for one booking.
    challenge: Option<String>,
    /// How many zero bits.
    bits: Option<u32>,
    /// Until when it can be solved.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// Of a captcha: under which the page asks for it.
    site_key: Option<String>,
}

/// What is asked before a booking is taken.
#[utoipa::path(get, path = "/public/{slug}/challenge", tag = "public", params(("slug" = String, Path)),
    responses((status = 200, body = ChallengeView)))]
pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    _ask: Ask,
) -> Result<Answer<ChallengeView>, Problem> {
    let nothing = ChallengeView {
        kind: "none",
        challenge: None,
        bits: None,
        expires_at: None,
        site_key: None,
    };
    Ok(Answer::ok(match &app.settings().public.challenge {
        Challenge::None => nothing,
        Challenge::ProofOfWork { bits } => {
            let expires_at = app.now().saturating_add(LIFE).map_err(Problem::internal)?;
            let random: [u8; 16] = rand::random();
            let mut bytes = random.to_vec();
            bytes.extend(expires_at.as_second().to_be_bytes());
            ChallengeView {
                kind: "proof_of_work",
                challenge: Some(app.signed(visitor.business, "challenge", &bytes)),
                bits: Some(*bits),
                expires_at: Some(expires_at),
                ..nothing
            }
        }
        Challenge::Captcha { site_key, .. } => ChallengeView {
            kind: "captcha",
            site_key: Some(site_key.clone()),
            ..nothing
        },
    }))
}

impl App {
    /// The visitor has done what is asked of them.
    ///
    /// # Errors
    /// 403 when they have not; 503 when it cannot be told.
    pub(super) async fn meets_challenge(
        &self,
        visitor: &Visitor,
        solution: Option<&str>,
    ) -> Result<(), Problem> {
        let failed = || Problem::new(Code::ChallengeFailed);
        match &self.settings().public.challenge {
            Challenge::None => Ok(()),
            Challenge::ProofOfWork { bits } => {
                let solution = solution.ok_or_else(failed)?;
                let (challenge, _) = solution.split_once(':').ok_or_else(failed)?;
                let bytes = self.verified(visitor.business, "challenge", challenge);
                let bytes = bytes.ok_or_else(failed)?;
                let until = bytes.get(16..).and_then(|until| until.try_into().ok());
                let until = until.map(i64::from_be_bytes).ok_or_else(failed)?;
                let until = Timestamp::from_second(until).map_err(|_| failed())?;
                if until <= self.now() || zeros(&Sha256::digest(solution.as_bytes())) < *bits {
                    return Err(failed());
                }
                let hash = Sha256::digest(challenge.as_bytes()).into();
                let fresh = tables::solve(self.pool(), visitor.business, hash, until).await?;
                if fresh { Ok(()) } else { Err(failed()) }
            }
            Challenge::Captcha {
                verify_url, secret, ..
            } => {
                let solution = solution.ok_or_else(failed)?;
                let verified = verify(verify_url, secret.expose_secret(), solution).await;
                match verified {
                    Ok(true) => Ok(()),
                    Ok(false) => Err(failed()),
                    // Without the address, in which some put their keys.
                    Err(error) => Err(Problem::unavailable(error.without_url())),
                }
            }
        }
    }
}

async fn verify(url: &str, secret: &str, response: &str) -> Result<bool, reqwest::Error> {
    #[derive(Deserialize)]
    struct Verdict {
        success: bool,
    }
    let client = reqwest::Client::builder().timeout(PATIENCE).build()?;
    let asked = client
        .post(url)
        .form(&[("secret", secret), ("response", response)]);
    let verdict: Verdict = asked.send().await?.error_for_status()?.json().await?;
    Ok(verdict.success)
}

/// With how many zero bits it begins.
fn zeros(hash: &[u8]) -> u32 {
    let mut zeros = 0;
    for byte in hash {
        zeros += byte.leading_zeros();
        if *byte != 0 {
            break;
        }
    }
    zeros
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_bits_are_counted_from_the_front() {
        assert_eq!(zeros(&[0xff, 0]), 0);
        assert_eq!(zeros(&[0, 0x10]), 11);
        assert_eq!(zeros(&[0, 0, 0]), 24);
    }
}
