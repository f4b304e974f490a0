//! Where the links of letters lead in a browser.

use serde_json::{Value, json};

use super::support::Salon;

#[tokio::test]
async fn the_link_of_an_invitation_leads_to_a_page_that_knows_where_to_tell_the_password() {
    let salon = Salon::open().await;
    let made = salon.post(
        "/users",
        &json!({"email": "bea@ada.example", "role": "manager"}),
    );
    let invitation = made.await.json::<Value>()["invitation"].clone();
    let link = invitation["link"].as_str().unwrap();
    let (page, secret) = link.split_once('#').unwrap();
    let path = page.strip_prefix("http://").unwrap();
    let path = &path[path.find('/').unwrap()..];

    let page = salon.server.get(path).add_header("accept-language", "pl");
    let page = page.await;
    page.assert_status_ok();
    let html = page.text();
    assert!(html.contains("<html lang=\"pl\">"), "{html}");
    assert!(html.contains("type=\"password\"") && !html.contains(secret));
    let data = html.split("id=\"data\">").nth(1).unwrap();
    let data: Value = serde_json::from_str(data.split("</script>").next().unwrap()).unwrap();

    let told = json!({"token": secret, "password": "correct horse"});
    let to = data["to"].as_str().unwrap();
    salon.server.post(to).json(&told).await.assert_status_ok();
    // It is good once.
    assert_eq!(salon.server.post(to).json(&told).await.status_code(), 404);
}

#[tokio::test]
async fn the_page_for_a_new_password_loads_nothing_but_its_own_script() {
    let salon = Salon::open().await;
    let page = salon.server.get("/password").await;
    page.assert_status_ok();
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self';"));
    let script = salon.server.get("/b/assets/password.js").await;
    script.assert_status_ok();
    assert!(page.text().contains("/b/assets/password.js"));
}
