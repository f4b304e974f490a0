//! The booking page as a browser gets it.

use gateway::{PublicSettings, Settings};
use serde_json::{Value, json};

use super::Street;

#[tokio::test(flavor = "multi_thread")]
async fn the_page_speaks_its_readers_language_and_loads_nothing_from_elsewhere() {
    let street = Street::of(1).await;
    let texts = json!({"texts": {"welcome": "</script><script>alert(1)</script> & co"}, "colors": {"primary": "#336699"}});
    street
        .salon
        .patch("/business", &texts)
        .await
        .assert_status_ok();
    for (wanted, lang) in [("pl-PL,pl;q=0.9", "pl"), ("uk", "uk"), ("de", "en")] {
        let page = street
            .salon
            .server
            .get("/b/ada")
            .add_header("accept-language", wanted)
            .await;
        page.assert_status_ok();
        let html = page.text();
        assert!(html.contains(&format!("<html lang=\"{lang}\">")), "{html}");
        assert!(html.contains("Cut") && html.contains("Salon Ada"));
        assert!(!html.contains("<script>alert"), "{html}");
        assert!(
            !html.contains("http://") && !html.contains("//cdn"),
            "{html}"
        );
        let policy = page.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"));
        let nonce = policy.split("'nonce-").nth(1).unwrap();
        let nonce = nonce.split('\'').next().unwrap();
        assert!(html.contains(&format!(
            "<style nonce=\"{nonce}\">:root{{--primary:#336699;--on-primary:#fff}}"
        )));
        // What the script is given reads as JSON.
        let data = html.split("id=\"data\">").nth(1).unwrap();
        let data: Value = serde_json::from_str(data.split("</script>").next().unwrap()).unwrap();
        assert_eq!(data["house"]["slug"], "ada");
        assert_eq!(data["lang"], lang);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_nobody_is_none() {
    let street = Street::of(1).await;
    let (bea, cut) = (street.staff[0], street.cut);
    for (path, status) in [
        ("/b/ada".to_owned(), 200),
        (format!("/b/ada/staff/{bea}"), 200),
        (format!("/b/ada/services/{cut}"), 200),
        ("/b/ada/manage".to_owned(), 200),
        ("/b/nobody".to_owned(), 404),
        (format!("/b/ada/staff/{cut}"), 404),
        (format!("/b/ada/services/{bea}"), 404),
        ("/b/ada/services/x".to_owned(), 404),
        ("/b/assets/book.js".to_owned(), 200),
        ("/b/assets/book.css".to_owned(), 200),
        ("/b/assets/work.js".to_owned(), 200),
    ] {
        let page = street.salon.server.get(&path).await;
        assert_eq!(page.status_code().as_u16(), status, "{path}");
        let kind = page.headers()["content-type"].to_str().unwrap();
        assert!(kind.starts_with("text/"), "{path}: {kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_browser_has_it_does_not_load_again() {
    let street = Street::of(1).await;
    let ask = || street.salon.server.get("/b/assets/page.js");
    let first = ask().await;
    let tag = first.headers()["etag"].clone();
    let again = ask().add_header("if-none-match", tag).await;
    assert_eq!(again.status_code(), 304);
    assert_eq!(again.text(), "");
    let none = street.salon.server.get("/b/assets/secrets.js").await;
    assert_eq!(none.status_code(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_whom_we_name_shows_the_page_inside_of_theirs_and_nobody_the_manage_page() {
    let settings = Settings {
        public: PublicSettings {
            frames: vec!["https://salon.example".to_owned()],
            ..PublicSettings::default()
        },
        ..Settings::default()
    };
    let street = Street::with(1, settings).await;
    let frames = async |path: &str| {
        let page = street.salon.server.get(path).await;
        let policy = page.headers()["content-security-policy"].to_str().unwrap();
        let (_, frames) = policy.split_once("frame-ancestors ").unwrap();
        frames.to_owned()
    };
    assert_eq!(frames("/b/ada").await, "'self' https://salon.example");
    assert_eq!(frames("/b/ada/manage").await, "'self'");
    assert_eq!(frames("/b/nobody").await, "'self'");
}
