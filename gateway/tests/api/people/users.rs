//! Users: invited, given roles and rights, shut out.

use axum::http::Method;
use gateway::Settings;
use jiff::SignedDuration;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{CHOSEN, token_of};
use crate::{
    bookings::refused,
    support::{Salon, between, header, id_of, letter, seen},
};

#[tokio::test]
async fn somebody_is_invited_and_joins() {
    let folder = tempfile::tempdir().unwrap();
    let salon = Salon::open_with(Settings {
        mail_folder: Some(folder.path().to_owned()),
        ..Settings::default()
    })
    .await;
    let wanted = json!({
        "email": "Mia@example.org", "name": "Mia Nowak", "role": "manager", "language": "pl",
    });
    let invited = salon.post("/users", &wanted).await;
    let id = id_of(&invited);
    let told: Value = invited.json();
    assert_eq!(told["state"], "invited");
    let link = told["invitation"]["token"].as_str().unwrap();

    // By letter, in their language, the same link.
    let letter = letter(folder.path(), 1).await;
    assert!(letter.contains("To: Mia@example.org"), "{letter}");
    let sent = between(&letter, "/invitation#", "\r\n");
    assert_eq!(sent, link);

    // The same address twice is refused, in whatever letters.
    let again = json!({"email": "MIA@example.org", "role": "staff"});
    let taken = salon.post("/users", &again).await;
    refused(&taken, 422, "invalid");
    assert_eq!(taken.json::<Value>()["violations"][0]["field"], "email");

    refused(&salon.accept(link, "short").await, 422, "invalid");
    let joined = salon.accept(link, CHOSEN).await;
    let token = token_of(&joined);
    refused(&salon.accept(link, CHOSEN).await, 404, "not_found");
    let me: Value = salon.by(&token, Method::GET, "/me").await.json();
    assert_eq!(
        (&me["role"], &me["email"], &me["name"]),
        (
            &json!("manager"),
            &json!("Mia@example.org"),
            &json!("Mia Nowak")
        )
    );
    let shown: Value = salon.get(&format!("/users/{id}")).await.json();
    assert_eq!(shown["state"], "active");
    let in_with_password = json!({"email": "mia@EXAMPLE.org", "password": CHOSEN});
    token_of(&salon.sign_in(&in_with_password).await);
}

#[tokio::test]
async fn an_invitation_runs_out_and_is_made_again() {
    let salon = Salon::open().await;
    let wanted = json!({"email": "mia@example.org", "role": "staff"});
    let invited = salon.post("/users", &wanted).await;
    let (id, told) = (id_of(&invited), invited.json::<Value>());
    let first = told["invitation"]["token"].as_str().unwrap();
    salon.hands.forward(SignedDuration::from_hours(7 * 24));
    refused(&salon.accept(first, CHOSEN).await, 404, "not_found");
    let again: Value = salon
        .post(&format!("/users/{id}/invite"), &json!({}))
        .await
        .json();
    let second = again["invitation"]["token"].as_str().unwrap();
    assert_ne!(first, second);
    token_of(&salon.accept(second, CHOSEN).await);
    let late = salon.post(&format!("/users/{id}/invite"), &json!({})).await;
    refused(&late, 409, "wrong_state");
}

#[tokio::test]
async fn an_invitation_to_a_wrong_address_is_worth_nothing_once_that_is_corrected() {
    let salon = Salon::open().await;
    let wanted = json!({"email": "mai@example.org", "role": "manager"});
    let invited = salon.post("/users", &wanted).await;
    let (id, told) = (id_of(&invited), invited.json::<Value>());
    let first = told["invitation"]["token"].as_str().unwrap();
    let corrected = json!({"email": "mia@example.org"});
    salon
        .patch(&format!("/users/{id}"), &corrected)
        .await
        .assert_status_ok();
    refused(&salon.accept(first, CHOSEN).await, 404, "not_found");
    let again: Value = salon
        .post(&format!("/users/{id}/invite"), &json!({}))
        .await
        .json();
    let second = again["invitation"]["token"].as_str().unwrap();
    token_of(&salon.accept(second, CHOSEN).await);
}

#[tokio::test]
async fn a_repeated_command_brings_no_older_invitation_back() {
    let salon = Salon::open().await;
    let wanted = json!({"email": "mia@example.org", "role": "staff"});
    let invite = async || {
        let (name, value) = header("idempotency-key", "once");
        salon.post("/users", &wanted).add_header(name, value).await
    };
    let invited = invite().await;
    let (id, told) = (id_of(&invited), invited.json::<Value>());
    let first = told["invitation"]["token"].as_str().unwrap();
    let again: Value = salon
        .post(&format!("/users/{id}/invite"), &json!({}))
        .await
        .json();
    let second = again["invitation"]["token"].as_str().unwrap();
    assert_eq!(id_of(&invite().await), id);
    refused(&salon.accept(first, CHOSEN).await, 404, "not_found");
    token_of(&salon.accept(second, CHOSEN).await);
}

#[tokio::test]
async fn nobody_gets_at_the_account_of_who_may_what_they_may_not() {
    let salon = Salon::open().await;
    let ada = salon.somebody("admin", None).await;
    let wanted = json!({"email": "mia@example.org", "role": "manager"});
    let mia = id_of(&salon.post("/users", &wanted).await);
    salon
        .delete(&format!("/users/{}/rights/export", ada.id))
        .await
        .assert_status_ok();
    let act = async |method, path: String, body: Value| {
        salon.by(&ada.token, method, &path).json(&body).await
    };
    for (method, path, body) in [
        (
            Method::POST,
            "/users".to_owned(),
            json!({"email": "x@example.org", "role": "manager"}),
        ),
        (Method::POST, format!("/users/{mia}/invite"), json!({})),
        (
            Method::PATCH,
            format!("/users/{mia}"),
            json!({"email": "mine@example.org"}),
        ),
    ] {
        refused(&act(method, path, body).await, 403, "forbidden");
    }
    // What a staff member may, they may too.
    let staff = json!({"email": "x@example.org", "role": "staff"});
    id_of(&act(Method::POST, "/users".to_owned(), staff).await);
    let named = act(
        Method::PATCH,
        format!("/users/{mia}"),
        json!({"name": "Mia"}),
    );
    named.await.assert_status_ok();
}

#[tokio::test]
async fn a_role_and_a_single_right_hold_at_once() {
    let salon = Salon::open().await;
    let mia = salon.somebody("staff", None).await;
    let status = async |path: &str| {
        let answer = salon.by(&mia.token, Method::GET, path).await;
        answer.status_code().as_u16()
    };
    assert_eq!(status("/history/export?format=csv").await, 403);
    let right = format!("/users/{}/rights/export", mia.id);
    let given: Value = salon.put(&right, &json!({})).await.json();
    assert_eq!(given["rights"]["given"], json!(["export"]));
    assert_eq!(status("/history/export?format=csv").await, 200);
    salon.delete(&right).await.assert_status_ok();
    assert_eq!(status("/history/export?format=csv").await, 403);
    // One that belongs to a role as a whole is not given alone.
    let whole = format!("/users/{}/rights/manage_settings", mia.id);
    refused(&salon.put(&whole, &json!({})).await, 422, "invalid");
    let unknown = format!("/users/{}/rights/fly", mia.id);
    refused(&salon.put(&unknown, &json!({})).await, 404, "not_found");

    assert_eq!(status("/users").await, 403);
    let role = format!("/users/{}/role", mia.id);
    let raised = salon.put(&role, &json!({"role": "admin"})).await;
    raised.assert_status_ok();
    assert_eq!(status("/users").await, 200);
    let me: Value = salon.by(&mia.token, Method::GET, "/me").await.json();
    assert_eq!(me["role"], "admin");
}

#[tokio::test]
async fn nobody_decides_about_who_stands_as_high_as_they() {
    let salon = Salon::open().await;
    let (ada, ben) = (
        salon.somebody("admin", None).await,
        salon.somebody("admin", None).await,
    );
    let act = async |method, path: String, body: Value| {
        salon.by(&ada.token, method, &path).json(&body).await
    };
    for role in ["owner"] {
        let wanted = json!({"email": "x@example.org", "role": role});
        let above = act(Method::POST, "/users".to_owned(), wanted).await;
        insta::assert_json_snapshot!("above", seen(&above));
    }
    let ben = ben.id;
    let owner = salon.opened.owner_id;
    for id in [ben, owner] {
        let right = format!("/users/{id}/rights/export");
        refused(
            &act(Method::DELETE, right, json!({})).await,
            403,
            "forbidden",
        );
        let shut = format!("/users/{id}/disable");
        refused(&act(Method::POST, shut, json!({})).await, 403, "forbidden");
        let other = json!({"email": "mine@example.org"});
        let address = act(Method::PATCH, format!("/users/{id}"), other).await;
        refused(&address, 403, "forbidden");
    }
    // Roles are the owner's to change.
    let role = json!({"role": "staff"});
    let changed = act(Method::PUT, format!("/users/{ben}/role"), role).await;
    refused(&changed, 403, "forbidden");
}

#[tokio::test]
async fn the_last_owner_stays() {
    let salon = Salon::open().await;
    let owner = salon.opened.owner_id;
    let demoted = salon
        .put(&format!("/users/{owner}/role"), &json!({"role": "admin"}))
        .await;
    insta::assert_json_snapshot!("last_owner", seen(&demoted));
    let disabled = salon
        .post(&format!("/users/{owner}/disable"), &json!({}))
        .await;
    refused(&disabled, 409, "wrong_state");
    // One who is invited and never came is no owner who could let anybody in.
    let wanted = json!({"email": "eva@example.org", "role": "owner"});
    let eva = id_of(&salon.post("/users", &wanted).await);
    let demoted = salon
        .put(&format!("/users/{owner}/role"), &json!({"role": "admin"}))
        .await;
    refused(&demoted, 409, "wrong_state");
    let again: Value = salon
        .post(&format!("/users/{eva}/invite"), &json!({}))
        .await
        .json();
    let link = again["invitation"]["token"].as_str().unwrap();
    token_of(&salon.accept(link, CHOSEN).await);
    // Now one of the two may go, and not both, even at once.
    let depose = async |id: Uuid| {
        salon
            .put(&format!("/users/{id}/role"), &json!({"role": "admin"}))
            .await
            .status_code()
            .as_u16()
    };
    let (first, second) = tokio::join!(depose(owner), depose(eva));
    let mut both = [first, second];
    both.sort_unstable();
    assert_eq!(both, [200, 409]);
}

#[tokio::test]
async fn who_is_shut_out_no_longer_sees_the_calendar_of_who_they_were() {
    let salon = Salon::open().await;
    let bea = salon.staff("Bea", &[], &Value::Null).await;
    let user = salon.somebody("staff", Some(bea)).await;
    let feed = format!("/staff/{bea}/calendar-feed");
    let opened: Value = salon
        .by(&user.token, Method::POST, &feed)
        .json(&json!({}))
        .await
        .json();
    let url = opened["url"].as_str().unwrap().to_owned();
    salon.server.get(&url).await.assert_status_ok();
    salon
        .post(&format!("/users/{}/disable", user.id), &json!({}))
        .await
        .assert_status_ok();
    assert_eq!(salon.server.get(&url).await.status_code(), 404);
}

#[tokio::test]
async fn who_is_shut_out_is_out_at_once_and_may_come_back() {
    let salon = Salon::open().await;
    let mia = salon.somebody("manager", None).await;
    let me = || salon.by(&mia.token, Method::GET, "/me");
    me().await.assert_status_ok();
    let shut = salon
        .post(&format!("/users/{}/disable", mia.id), &json!({}))
        .await;
    assert_eq!(shut.json::<Value>()["state"], "disabled");
    assert_eq!(me().await.status_code(), 401);
    let credentials = json!({"email": mia.email, "password": CHOSEN});
    let refused_in = salon.sign_in(&credentials).await;
    refused(&refused_in, 401, "bad_credentials");
    salon
        .post(&format!("/users/{}/enable", mia.id), &json!({}))
        .await
        .assert_status_ok();
    token_of(&salon.sign_in(&credentials).await);
    assert_eq!(me().await.status_code(), 401, "the old session is over");
}

#[tokio::test]
async fn users_of_another_business_are_not_there() {
    let salon = Salon::open().await;
    let other = crate::support::open(&salon.app, "other").await;
    let foreign = other.owner_id;
    let absent = Uuid::now_v7();
    for (method, path, body) in [
        (Method::GET, "/users/{id}", json!(null)),
        (Method::PATCH, "/users/{id}", json!({"name": "X"})),
        (Method::PUT, "/users/{id}/role", json!({"role": "staff"})),
        (Method::PUT, "/users/{id}/rights/export", json!({})),
        (Method::DELETE, "/users/{id}/rights/export", json!({})),
        (Method::POST, "/users/{id}/disable", json!({})),
        (Method::POST, "/users/{id}/enable", json!({})),
        (Method::POST, "/users/{id}/invite", json!({})),
        (Method::GET, "/users/{id}/sessions", json!(null)),
    ] {
        let ask = async |id: Uuid| {
            let path = path.replace("{id}", &id.to_string());
            let request = salon.call(method.clone(), &path);
            let request = if body.is_null() {
                request
            } else {
                request.json(&body)
            };
            seen(&request.await)
        };
        let (theirs, nobodys) = (ask(foreign).await, ask(absent).await);
        assert_eq!(theirs["status"], 404, "{method} {path}: {theirs}");
        assert_eq!(theirs, nobodys, "{method} {path}");
    }
}

#[tokio::test]
async fn a_person_may_belong_to_several_businesses() {
    let salon = Salon::open().await;
    let other = crate::support::open(&salon.app, "other").await;
    let wanted = json!({"email": "owner@other.example", "role": "staff"});
    let invited: Value = salon.post("/users", &wanted).await.json();
    let link = invited["invitation"]["token"].as_str().unwrap();
    // The same password in both.
    token_of(&salon.accept(link, crate::support::PASSWORD).await);
    let mut credentials = json!({
        "email": "owner@other.example", "password": crate::support::PASSWORD,
    });
    let which = salon.sign_in(&credentials).await;
    refused(&which, 422, "invalid");
    assert_eq!(which.json::<Value>()["businesses"], json!(["ada", "other"]));
    for (slug, role) in [("ada", "staff"), ("other", "owner")] {
        credentials["business"] = json!(slug);
        let token = token_of(&salon.sign_in(&credentials).await);
        let me: Value = salon.by(&token, Method::GET, "/me").await.json();
        assert_eq!(
            (&me["business"]["slug"], &me["role"]),
            (&json!(slug), &json!(role))
        );
    }
    drop(other);
}

#[tokio::test]
async fn changes_of_access_are_told() {
    let salon = Salon::open().await;
    let mia = salon.somebody("staff", None).await;
    let path = format!("/users/{}", mia.id);
    let changed = salon.patch(&path, &json!({"name": "Mia"})).await;
    changed.assert_status_ok();
    salon
        .put(&format!("{path}/rights/refund"), &json!({}))
        .await
        .assert_status_ok();
    salon
        .put(&format!("{path}/role"), &json!({"role": "manager"}))
        .await
        .assert_status_ok();
    let position = salon.head().await;
    let told = salon
        .get(&format!("/changes?subject_id={}", mia.id))
        .add_header("daybook-min-position", position.to_string())
        .await
        .json::<Value>();
    let actions: Vec<_> = told["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["action"].as_str().unwrap())
        .collect();
    assert_eq!(
        actions,
        [
            "access.role_granted",
            "access.right_given",
            "access.profile_changed",
            "access.user_joined",
            "access.user_invited"
        ]
    );
}
