//! Passwords, links to new ones, second factors, sessions.

use axum::{
    body::Body,
    http::{Method, Request},
};
use domain::contact::Email;
use gateway::{Settings, access::remove_second_factor};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::{CHOSEN, token_of};
use crate::{
    bookings::refused,
    support::{MORNING, PASSWORD, Salon, between, letter, open, seen},
};

async fn forgotten(salon: &Salon, email: &str) -> Value {
    let asked = json!({"email": email});
    seen(
        &salon
            .bare(Method::POST, "/password-reset")
            .json(&asked)
            .await,
    )
}

#[tokio::test]
async fn a_new_password_is_set_by_link() {
    let folder = tempfile::tempdir().unwrap();
    let salon = Salon::open_with(Settings {
        mail_folder: Some(folder.path().to_owned()),
        ..Settings::default()
    })
    .await;
    let before = json!({"email": "owner@ada.example", "password": PASSWORD});
    let session = token_of(&salon.sign_in(&before).await);
    let known = forgotten(&salon, "owner@ada.example").await;
    assert_eq!(known["status"], 202);
    assert_eq!(known, forgotten(&salon, "nobody@ada.example").await);
    let letter = letter(folder.path(), 1).await;
    assert!(letter.contains("To: owner@ada.example"), "{letter}");
    let link = between(&letter, "/password#", "\r\n");

    let confirm = async |password: &str| {
        let chosen = json!({"token": link, "password": password});
        salon
            .bare(Method::POST, "/password-reset/confirm")
            .json(&chosen)
            .await
    };
    refused(&confirm("short").await, 422, "invalid");
    assert_eq!(confirm(CHOSEN).await.status_code(), 204);
    refused(&confirm("another password").await, 404, "not_found");
    let old = salon.by(&session, Method::GET, "/me").await;
    assert_eq!(old.status_code(), 401, "all sessions end");
    refused(&salon.sign_in(&before).await, 401, "bad_credentials");
    let now = json!({"email": "owner@ada.example", "password": CHOSEN});
    token_of(&salon.sign_in(&now).await);
}

#[tokio::test]
async fn a_link_to_a_new_password_runs_out_in_an_hour() {
    let folder = tempfile::tempdir().unwrap();
    let salon = Salon::open_with(Settings {
        mail_folder: Some(folder.path().to_owned()),
        ..Settings::default()
    })
    .await;
    forgotten(&salon, "owner@ada.example").await;
    let letter = letter(folder.path(), 1).await;
    let link = between(&letter, "/password#", "\r\n");
    salon.hands.forward(SignedDuration::from_hours(1));
    let chosen = json!({"token": link, "password": CHOSEN});
    let late = salon
        .bare(Method::POST, "/password-reset/confirm")
        .json(&chosen)
        .await;
    refused(&late, 404, "not_found");
}

#[tokio::test]
async fn a_letter_opens_only_what_is_the_addresss_own() {
    let folder = tempfile::tempdir().unwrap();
    let salon = Salon::open_with(Settings {
        mail_folder: Some(folder.path().to_owned()),
        ..Settings::default()
    })
    .await;
    // Somebody else's business; its owner says that the address of ours is theirs, and then that it is another one,
    // and hangs up as soon as that is written.
    let eve = open(&salon.app, "eve").await;
    let theirs = json!({"email": "owner@eve.example", "password": PASSWORD});
    let token = token_of(&salon.sign_in(&theirs).await);
    let borrowed = json!({"email": "owner@ada.example", "password": PASSWORD});
    let changed = salon.by(&token, Method::PATCH, "/me").json(&borrowed).await;
    changed.assert_status_ok();
    let eve_id = ledger::BusinessId(eve.business_id.uuid());
    let head = async || salon.app.ledger().head(eve_id).await.unwrap();
    let before = head().await;
    let mine = json!({"email": "mine@eve.example", "password": PASSWORD});
    let request = Request::patch("/api/v1/me")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .body(Body::from(mine.to_string()))
        .unwrap();
    let asking = gateway::router(salon.app.clone()).oneshot(request);
    let written = async {
        while head().await == before {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = asking => {}
        () = written => {}
    }

    forgotten(&salon, "owner@ada.example").await;
    let told = letter(folder.path(), 1).await;
    assert!(told.contains("To: owner@ada.example"), "{told}");
    let link = between(&told, "/password#", "\r\n");
    let chosen = json!({"token": link, "password": CHOSEN});
    let confirmed = salon
        .bare(Method::POST, "/password-reset/confirm")
        .json(&chosen)
        .await;
    assert_eq!(confirmed.status_code(), 204);
    // It was the other one's no longer.
    token_of(&salon.sign_in(&mine).await);
    // And somebody else may have it there.
    let wanted = json!({"email": "owner@ada.example", "role": "staff"});
    let invited = salon
        .by(&eve.api_key, Method::POST, "/users")
        .json(&wanted)
        .await;
    assert_eq!(invited.status_code(), 201);
}

#[tokio::test]
async fn a_link_to_a_new_password_is_worth_nothing_once_there_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let salon = Salon::open_with(Settings {
        mail_folder: Some(folder.path().to_owned()),
        ..Settings::default()
    })
    .await;
    let credentials = json!({"email": "owner@ada.example", "password": PASSWORD});
    let token = token_of(&salon.sign_in(&credentials).await);
    forgotten(&salon, "owner@ada.example").await;
    let letter = letter(folder.path(), 1).await;
    let link = between(&letter, "/password#", "\r\n");
    let change = json!({"current_password": PASSWORD, "new_password": "a newer one"});
    let changed = salon
        .by(&token, Method::POST, "/me/password")
        .json(&change)
        .await;
    assert_eq!(changed.status_code(), 204);
    let chosen = json!({"token": link, "password": CHOSEN});
    let late = salon
        .bare(Method::POST, "/password-reset/confirm")
        .json(&chosen)
        .await;
    refused(&late, 404, "not_found");
}

#[tokio::test]
async fn who_has_anothers_address_gets_no_more_tries_by_it() {
    let salon = Salon::open().await;
    open(&salon.app, "eve").await;
    let theirs = json!({"email": "owner@eve.example", "password": PASSWORD});
    let token = token_of(&salon.sign_in(&theirs).await);
    let borrowed = json!({"email": "owner@ada.example", "password": PASSWORD});
    let changed = salon.by(&token, Method::PATCH, "/me").json(&borrowed).await;
    changed.assert_status_ok();
    let sign_in = async |business: &str, password: &str| {
        let body =
            json!({"email": "owner@ada.example", "password": password, "business": business});
        salon.sign_in(&body).await.status_code().as_u16()
    };
    for n in 0..4 {
        assert_eq!(sign_in("ada", "guess").await, 401, "{n}");
        assert_eq!(sign_in("eve", PASSWORD).await, 200, "{n}");
    }
    assert_eq!(sign_in("ada", "guess").await, 401);
    assert_eq!(sign_in("ada", "guess").await, 429);
}

#[tokio::test]
async fn ones_own_password_is_changed_with_the_one_until_now() {
    let salon = Salon::open().await;
    let mia = salon.somebody("manager", None).await;
    let elsewhere = json!({"email": mia.email, "password": CHOSEN});
    let elsewhere = token_of(&salon.sign_in(&elsewhere).await);
    let change = async |current: &str| {
        let change = json!({"current_password": current, "new_password": "a newer one"});
        salon
            .by(&mia.token, Method::POST, "/me/password")
            .json(&change)
            .await
    };
    let wrong = change("wrong").await;
    refused(&wrong, 422, "invalid");
    assert_eq!(
        wrong.json::<Value>()["violations"][0]["field"],
        "current_password"
    );
    assert_eq!(change(CHOSEN).await.status_code(), 204);
    let me = async |token: &str| {
        let answer = salon.by(token, Method::GET, "/me").await;
        answer.status_code().as_u16()
    };
    assert_eq!(me(&mia.token).await, 200, "the one that asked goes on");
    assert_eq!(me(&elsewhere).await, 401);
}

#[tokio::test]
async fn ones_profile_is_ones_own_to_change_and_the_address_only_with_the_password() {
    let salon = Salon::open().await;
    let mia = salon.somebody("staff", None).await;
    let change = async |body: Value| salon.by(&mia.token, Method::PATCH, "/me").json(&body).await;
    let named: Value = change(json!({"name": "Mia", "language": "uk"}))
        .await
        .json();
    assert_eq!(
        (&named["name"], &named["language"]),
        (&json!("Mia"), &json!("uk"))
    );
    refused(&change(json!({"language": "tlh"})).await, 422, "invalid");
    refused(&change(json!({"role": "owner"})).await, 422, "invalid");
    let address = json!({"email": "mia@new.example"});
    refused(&change(address).await, 422, "invalid");
    let address = json!({"email": "mia@new.example", "password": CHOSEN});
    change(address).await.assert_status_ok();
    let old = json!({"email": mia.email, "password": CHOSEN});
    refused(&salon.sign_in(&old).await, 401, "bad_credentials");
    let new = json!({"email": "mia@new.example", "password": CHOSEN});
    token_of(&salon.sign_in(&new).await);
    // The old address is free again.
    let wanted = json!({"email": mia.email, "role": "staff"});
    assert_eq!(salon.post("/users", &wanted).await.status_code(), 201);
}

fn code(secret: &str, at: &str) -> String {
    let secret = totp_rs::Secret::try_from_base32(secret).unwrap();
    let totp = totp_rs::Builder::new()
        .with_secret(secret)
        .with_step_duration(30)
        .with_account_name("x")
        .with_issuer(Some("x"))
        .build()
        .unwrap();
    let at: jiff::Timestamp = at.parse().unwrap();
    totp.generate(at.as_second().unsigned_abs()).to_string()
}

#[tokio::test]
async fn a_second_factor_is_asked_for_once_it_was_shown() {
    let salon = Salon::open().await;
    let mia = salon.somebody("admin", None).await;
    let act =
        async |path: &str, body: Value| salon.by(&mia.token, Method::POST, path).json(&body).await;
    refused(
        &act("/me/totp", json!({"password": "wrong"})).await,
        422,
        "invalid",
    );
    let begun: Value = act("/me/totp", json!({"password": CHOSEN})).await.json();
    let secret = begun["secret"].as_str().unwrap();
    assert!(
        begun["uri"]
            .as_str()
            .unwrap()
            .starts_with("otpauth://totp/")
    );
    let credentials = json!({"email": mia.email, "password": CHOSEN});
    token_of(&salon.sign_in(&credentials).await);
    let wrong = act("/me/totp/confirm", json!({"code": "000000"})).await;
    refused(&wrong, 422, "invalid");
    let told = json!({"code": code(secret, MORNING)});
    let confirmed: Value = act("/me/totp/confirm", told).await.json();
    let recovery = confirmed["recovery_codes"].as_array().unwrap();
    assert_eq!(recovery.len(), 10);

    let with = async |code: &str| {
        let mut credentials = credentials.clone();
        credentials["code"] = json!(code);
        salon.sign_in(&credentials).await
    };
    refused(&salon.sign_in(&credentials).await, 401, "code_required");
    // The code that set it up is used up; the next one is good once.
    refused(&with(&code(secret, MORNING)).await, 401, "code_required");
    salon.hands.forward(SignedDuration::from_secs(60));
    let next = code(secret, "2026-11-23T09:01:00Z");
    token_of(&with(&next).await);
    refused(&with(&next).await, 401, "code_required");
    let spare = recovery[3].as_str().unwrap();
    token_of(&with(spare).await);
    refused(&with(spare).await, 401, "code_required");
    let me: Value = salon.by(&mia.token, Method::GET, "/me").await.json();
    assert_eq!(
        (&me["totp"], &me["recovery_codes"]),
        (&json!(true), &json!(9))
    );

    let gone = act("/me/totp/remove", json!({"password": CHOSEN})).await;
    assert_eq!(gone.status_code(), 204);
    token_of(&salon.sign_in(&credentials).await);
}

#[tokio::test]
async fn who_has_lost_the_authenticator_and_the_codes_is_let_in_again() {
    let salon = Salon::open().await;
    let with_factor = async |role: &str| {
        let one = salon.somebody(role, None).await;
        let act = async |path: &str, body: Value| {
            salon.by(&one.token, Method::POST, path).json(&body).await
        };
        let begun: Value = act("/me/totp", json!({"password": CHOSEN})).await.json();
        let told = json!({"code": code(begun["secret"].as_str().unwrap(), MORNING)});
        act("/me/totp/confirm", told).await.assert_status_ok();
        one
    };
    let (mia, ada) = (with_factor("manager").await, with_factor("admin").await);
    let credentials = json!({"email": mia.email, "password": CHOSEN});
    refused(&salon.sign_in(&credentials).await, 401, "code_required");
    // Only who stands over them does it.
    let of_mia = format!("/users/{}/totp", mia.id);
    let own = salon.by(&mia.token, Method::DELETE, &of_mia).await;
    refused(&own, 403, "forbidden");
    let of_ada = format!("/users/{}/totp", ada.id);
    let equal = salon.by(&ada.token, Method::DELETE, &of_ada).await;
    refused(&equal, 403, "forbidden");
    let removed = salon.by(&ada.token, Method::DELETE, &of_mia).await;
    removed.assert_status_ok();
    token_of(&salon.sign_in(&credentials).await);
    // It is told who did, once.
    let before = salon.head().await;
    salon.delete(&of_mia).await.assert_status_ok();
    assert_eq!(salon.head().await, before);
    // The last owner has the machine.
    let email = Email::parse(&ada.email).unwrap();
    let business = salon.business();
    let removed = remove_second_factor(&salon.app, business, &email).await;
    assert!(removed.unwrap());
    let credentials = json!({"email": ada.email, "password": CHOSEN});
    token_of(&salon.sign_in(&credentials).await);
}

#[tokio::test]
async fn ones_sessions_are_listed_and_ended() {
    let salon = Salon::open().await;
    let mia = salon.somebody("staff", None).await;
    let credentials = json!({"email": mia.email, "password": CHOSEN});
    salon.hands.forward(SignedDuration::from_secs(1));
    let phone = salon
        .bare(Method::POST, "/sign-in")
        .add_header("user-agent", "A phone")
        .json(&credentials)
        .await;
    let phone = token_of(&phone);
    let listed: Value = salon
        .by(&mia.token, Method::GET, "/me/sessions")
        .await
        .json();
    let items = listed["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!(
        (&items[0]["current"], &items[1]["current"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(items[1]["agent"], "A phone");
    assert!(!listed.to_string().contains("dbs_"));
    let path = format!("/me/sessions/{}", items[1]["id"].as_str().unwrap());
    // Another's are not one's own.
    let ben = salon.somebody("staff", None).await;
    let theirs = salon.by(&ben.token, Method::DELETE, &path).await;
    refused(&theirs, 404, "not_found");
    let ended = salon.by(&mia.token, Method::DELETE, &path).await;
    assert_eq!(ended.status_code(), 204);
    assert_eq!(
        salon.by(&phone, Method::GET, "/me").await.status_code(),
        401
    );
    // Who stands over them sees theirs, and ends them.
    let of_mia = format!("/users/{}/sessions", mia.id);
    let listed: Value = salon.get(&of_mia).await.json();
    let session = listed["items"][0]["id"].as_str().unwrap();
    let ended = salon.delete(&format!("{of_mia}/{session}")).await;
    assert_eq!(ended.status_code(), 204);
    assert_eq!(
        salon.by(&mia.token, Method::GET, "/me").await.status_code(),
        401
    );
}

#[tokio::test]
async fn strangers_do_not_lock_anybody_out() {
    let salon = Salon::open_with(Settings {
        behind_proxy: true,
        ..Settings::default()
    })
    .await;
    let from = async |address: String, password: &str| {
        let body = json!({"email": "owner@ada.example", "password": password});
        let answer = salon
            .bare(Method::POST, "/sign-in")
            .add_header("x-forwarded-for", address)
            .json(&body)
            .await;
        answer.status_code().as_u16()
    };
    let home = || "192.0.2.1".to_owned();
    assert_eq!(from(home(), PASSWORD).await, 200);
    // Many machines guess; after a while none of them gets another try.
    for n in 0..29 {
        assert_eq!(from(format!("198.51.100.{n}"), "guess").await, 401, "{n}");
    }
    assert_eq!(from("198.51.100.99".to_owned(), "guess").await, 429);
    assert_eq!(from(home(), PASSWORD).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn work_goes_on_while_many_sign_in() {
    let salon = Salon::open().await;
    let client = json!({"name": "Zofia"});
    let pouring: Vec<_> = (0..50)
        .map(|n| {
            let body = json!({"email": format!("n{n}@example.org"), "password": "guess"});
            let request = salon.bare(Method::POST, "/sign-in").json(&body);
            tokio::spawn(async move {
                let answer = request.await;
                answer.status_code().as_u16()
            })
        })
        .collect();
    // None of it waits for a password to be hashed.
    let mut done = 0;
    while pouring.iter().any(|one| !one.is_finished()) && done < 2_000 {
        let written = salon.post("/clients", &client).await;
        assert_eq!(written.status_code(), 201);
        done += 1;
    }
    let mut answers = vec![];
    for one in pouring {
        answers.push(one.await.unwrap());
    }
    answers.sort_unstable();
    answers.dedup();
    // Whoever finds the queue full is sent away, rather than piling up.
    assert!(
        answers.iter().all(|s| [401, 429, 503].contains(s)),
        "{answers:?}"
    );
    assert!(done >= 20, "only {done} were done meanwhile");
}
