//! Lists out of files: uploaded, mapped, run, told row by row, and taken back.

use axum::http::Method;
use axum_test::{
    TestResponse,
    multipart::{MultipartForm, Part},
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::support::{Salon, header, id_of};

/// A salon whose imports are worked on.
async fn salon() -> Salon {
    let salon = Salon::open().await;
    tokio::spawn(salon.app.clone().background(CancellationToken::new()));
    salon
}

impl Salon {
    async fn upload(&self, kind: &str, file: impl Into<Vec<u8>>) -> TestResponse {
        let part = Part::bytes(file.into()).file_name("list.csv");
        let form = MultipartForm::new().add_part("file", part);
        self.call(Method::POST, &format!("/imports/{kind}"))
            .multipart(form)
            .await
    }

    /// Uploads, and gives the import's address and the answer.
    async fn import(&self, kind: &str, file: impl Into<Vec<u8>>) -> (String, Value) {
        let answer = self.upload(kind, file).await;
        let id = id_of(&answer);
        (format!("/imports/{id}"), answer.json())
    }

    async fn run(&self, at: &str) -> Value {
        let answer = self.post(&format!("{at}/run"), &json!({})).await;
        assert_eq!(answer.status_code(), 200, "{}", answer.text());
        let told: Value = answer.json();
        assert_eq!(told["state"], "finished", "{told}");
        told
    }

    async fn rows(&self, at: &str) -> Vec<Value> {
        let told: Value = self.get(&format!("{at}/rows?limit=500")).await.json();
        told["items"].as_array().unwrap().clone()
    }

    async fn all_clients(&self) -> Vec<Value> {
        let head = self.head().await.to_string();
        let (name, value) = header("daybook-min-position", &head);
        let told = self.get("/clients?limit=500").add_header(name, value).await;
        told.json::<Value>()["items"].as_array().unwrap().clone()
    }

    async fn in_country(&self, country: &str) {
        let patch = self
            .patch("/business", &json!({ "country": country }))
            .await;
        patch.assert_status_ok();
    }
}

fn field_of<'v>(view: &'v Value, column: &str) -> &'v Value {
    let columns = view["columns"].as_array().unwrap().iter();
    &columns.filter(|c| c["name"] == column).collect::<Vec<_>>()[0]["field"]
}

const LIST: &str = "Imię;Nazwisko;Telefon;E-mail;Data urodzenia;Zgoda marketingowa;Notatki\n\
    Anna;Nowak;600 100 200;anna@example.org;12.06.57;TAK;lubi kawę\n\
    Łukasz;Zając;4.86E+10;;17.05.;NIE;\n\
    Anna;Nowak;+48 600-100-200;;;;\n\
    ;;600100299;;;;\n\
    Ewa;Bąk;600 100 201;ewa at home;31.02.1990;;\n";

#[tokio::test]
async fn a_list_goes_from_upload_to_clients_and_back() {
    let salon = salon().await;
    let (at, told) = salon.import("clients", LIST).await;
    assert_eq!(
        (&told["state"], &told["kind"]),
        (&json!("uploaded"), &json!("clients"))
    );
    assert_eq!(told["file"]["encoding"], "utf-8");
    assert_eq!(told["file"]["delimiter"], ";");
    assert_eq!(told["file"]["header_row"], 1);
    assert_eq!(field_of(&told, "Imię"), "given_name");
    assert_eq!(field_of(&told, "Zgoda marketingowa"), "consent_marketing");
    let counts = json!({"rows": 5, "create": 3, "update": 0, "skip": 1, "error": 1});
    assert_eq!(told["preview"]["counts"], counts);
    let rows = told["preview"]["rows"].as_array().unwrap();
    assert_eq!(rows[0]["row"], 2);
    assert_eq!(rows[0]["values"]["name"], "Anna Nowak");
    assert_eq!(rows[0]["values"]["phone"], "+48600100200");
    assert_eq!(rows[0]["values"]["birthday"], "1957-06-12");
    assert_eq!(rows[1]["values"]["birthday"], "--05-17");
    let fault = |row: usize| rows[row]["violations"][0].clone();
    assert_eq!(
        (&fault(1)["field"], &fault(1)["code"]),
        (&json!("phone"), &json!("destroyed_number"))
    );
    assert_eq!(rows[1]["verdict"], "create");
    assert_eq!(
        (&rows[2]["verdict"], &fault(2)["code"]),
        (&json!("skip"), &json!("duplicate_in_file"))
    );
    assert_eq!(
        (&rows[3]["verdict"], &fault(3)["field"]),
        (&json!("error"), &json!("name"))
    );
    assert_eq!(rows[4]["violations"].as_array().unwrap().len(), 2);

    // Nothing is written before it runs.
    let head = salon.head().await;
    assert!(salon.all_clients().await.is_empty());
    assert_eq!(salon.head().await, head);

    let told = salon.run(&at).await;
    let result =
        json!({"created": 3, "updated": 0, "skipped": 1, "errors": 1, "undone": 0, "kept": 0});
    assert_eq!(told["result"], result);
    let clients = salon.all_clients().await;
    assert_eq!(clients.len(), 3);
    let anna = clients.iter().find(|c| c["name"] == "Anna Nowak").unwrap();
    assert_eq!(anna["consents"], json!(["marketing"]));
    assert_eq!(anna["notes"][0]["text"], "lubi kawę");
    assert_eq!(anna["notes"][0]["actor"]["kind"], "api_key");

    // Once more changes nothing; nor does the same file again.
    let head = salon.head().await;
    salon.run(&at).await;
    let (again, told) = salon.import("clients", LIST).await;
    assert_eq!(told["preview"]["counts"]["create"], 0, "{told}");
    salon.run(&again).await;
    assert_eq!(salon.head().await, head);

    // Somebody touches one of them.
    let path = format!("/clients/{}", anna["id"].as_str().unwrap());
    salon
        .patch(&path, &json!({"name": "Anna Kowalska"}))
        .await
        .assert_status_ok();
    let undone = salon.post(&format!("{at}/undo"), &json!({})).await;
    let undone: Value = undone.json();
    assert_eq!(
        (
            &undone["state"],
            &undone["result"]["undone"],
            &undone["result"]["kept"]
        ),
        (&json!("undone"), &json!(2), &json!(1))
    );
    let left = salon.all_clients().await;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["name"], "Anna Kowalska");
    let rows = salon.rows(&at).await;
    assert_eq!(rows[0]["undone"], "changed_since");
    assert_eq!(rows[1]["undone"], "done");
    let gone = rows[1]["id"].as_str().unwrap();
    assert_eq!(
        salon.get(&format!("/clients/{gone}")).await.status_code(),
        404
    );
    assert_eq!(
        salon
            .post(&format!("{at}/run"), &json!({}))
            .await
            .status_code(),
        409
    );
}

#[tokio::test]
async fn who_is_known_is_skipped_updated_or_made_again_as_was_asked() {
    let salon = salon().await;
    let known = json!({"name": "Anna N.", "phone": "600100200", "tags": ["vip"]});
    let known = id_of(&salon.post("/clients", &known).await).to_string();
    let list = "Name,Phone,E-mail,Tags\nAnna Nowak,600 100 200,anna@example.org,new\nEwa,600100201,anna@example.org,\nAda,,ANNA@example.org,\n";
    let (at, told) = salon.import("clients", list).await;
    // The second shares the first one's address, and has a phone of her own; the third has nothing else.
    let verdicts = |told: &Value| -> Vec<String> {
        let rows = told["preview"]["rows"].as_array().unwrap().iter();
        rows.map(|row| row["verdict"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(verdicts(&told), ["skip", "create", "skip"]);
    let mut mapping = told["suggested_mapping"].clone();
    mapping["duplicates"] = json!("create");
    let told: Value = salon
        .put(&format!("{at}/mapping"), &json!({ "mapping": mapping }))
        .await
        .json();
    assert_eq!(verdicts(&told), ["create", "create", "create"]);
    mapping["duplicates"] = json!("update");
    let told: Value = salon
        .put(&format!("{at}/mapping"), &json!({ "mapping": mapping }))
        .await
        .json();
    assert_eq!(verdicts(&told), ["update", "create", "update"]);
    assert_eq!(told["preview"]["rows"][0]["id"], known.as_str());

    let told = salon.run(&at).await;
    assert_eq!(
        (&told["result"]["created"], &told["result"]["updated"]),
        (&json!(1), &json!(2))
    );
    let client: Value = salon.get(&format!("/clients/{known}")).await.json();
    assert_eq!(
        client["email"].as_str().unwrap().to_lowercase(),
        "anna@example.org"
    );
    assert_eq!(client["tags"], json!(["new", "vip"]));
    // Another mapping makes no sense any more.
    let late = salon
        .put(&format!("{at}/mapping"), &json!({ "mapping": mapping }))
        .await;
    assert_eq!(late.status_code(), 409);

    let told: Value = salon.post(&format!("{at}/undo"), &json!({})).await.json();
    assert_eq!(told["state"], "undone", "{told}");
    let client: Value = salon.get(&format!("/clients/{known}")).await.json();
    assert_eq!(
        (&client["name"], &client["email"], &client["tags"]),
        (&json!("Anna N."), &Value::Null, &json!(["vip"]))
    );
    assert_eq!(salon.all_clients().await.len(), 1);
}

#[tokio::test]
async fn a_price_list_becomes_services() {
    let salon = salon().await;
    salon.service("Cut").await;
    let list = "Cennik;;;\nKategoria;Usługa;Cena;Czas\nWłosy;Cut;120 zł;45\nWłosy;Farbowanie;od 200 zł;1h30\nPaznokcie;Manicure;89,90;1:15\n;Razem;409,90;\n";
    let (at, told) = salon.import("services", list).await;
    assert_eq!(told["file"]["header_row"], 2);
    let counts = json!({"rows": 4, "create": 1, "update": 0, "skip": 2, "error": 1});
    assert_eq!(told["preview"]["counts"], counts, "{told}");
    assert_eq!(told["preview"]["rows"][1]["violations"][0]["code"], "range");
    let mut mapping = told["suggested_mapping"].clone();
    mapping["ranges"] = json!("lowest");
    mapping["duplicates"] = json!("update");
    let told: Value = salon
        .put(&format!("{at}/mapping"), &json!({ "mapping": mapping }))
        .await
        .json();
    assert_eq!(told["preview"]["counts"]["update"], 1);
    salon.run(&at).await;
    let services: Value = salon.get("/services").await.json();
    let told: Vec<_> = services["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| {
            (
                s["name"].as_str().unwrap(),
                s["price"].as_str().unwrap(),
                s["duration_min"].as_i64().unwrap(),
            )
        })
        .collect();
    assert!(told.contains(&("Farbowanie", "200.00", 90)), "{told:?}");
    assert!(told.contains(&("Manicure", "89.90", 75)), "{told:?}");
    assert_eq!(told.len(), 3);
    let told: Value = salon.post(&format!("{at}/undo"), &json!({})).await.json();
    assert_eq!(told["result"]["kept"], 0, "{told}");
}

#[tokio::test]
async fn files_that_cannot_be_are_refused_with_the_field_at_fault() {
    let salon = salon().await;
    let wide = vec!["x"; 10_000].join(";");
    for (file, status, code) in [
        (b"".to_vec(), 422, "file_empty"),
        (b"Name;Phone\n".to_vec(), 422, "file_header_only"),
        (
            format!("{wide}\n{wide}\n").into_bytes(),
            422,
            "file_columns",
        ),
        (b"%PDF-1.7 \x00".to_vec(), 415, "file_kind"),
        (
            b"\x00\x01\x02\x03\x04\x05\x06\x07".to_vec(),
            415,
            "file_kind",
        ),
        (b"PK\x03\x04 broken".to_vec(), 422, "file_broken"),
        (vec![b'x'; (20 << 20) + 1], 413, "file_too_large"),
        (vec![b'x'; 22 << 20], 413, "file_too_large"),
    ] {
        let answer = salon.upload("clients", file).await;
        assert_eq!(answer.status_code(), status, "{code}");
        let told: Value = answer.json();
        assert_eq!(told["violations"][0]["field"], "file", "{told}");
        assert_eq!(told["violations"][0]["code"], code, "{told}");
    }
    let none = salon
        .call(Method::POST, "/imports/clients")
        .multipart(MultipartForm::new().add_text("other", "x"))
        .await;
    assert_eq!(none.status_code(), 422);
    let json = salon.post("/imports/clients", &json!({})).await;
    assert_eq!(json.status_code(), 415);
    let list: Value = salon.get("/imports").await.json();
    assert_eq!(list["items"], json!([]));
}

#[tokio::test]
async fn a_mapping_that_does_not_fit_is_refused() {
    let salon = salon().await;
    let (at, _) = salon.import("clients", LIST).await;
    for (mapping, field) in [
        (
            json!({"columns": [{"column": 99, "field": "name"}]}),
            "mapping.columns[0].column",
        ),
        (
            json!({"columns": [{"column": 0, "field": "price"}]}),
            "mapping.columns[0].field",
        ),
        (
            json!({"columns": [{"column": 0, "field": "name"}, {"column": 1, "field": "name"}]}),
            "mapping.columns[1].field",
        ),
        (
            json!({"reading": {"encoding": "klingon"}}),
            "mapping.reading.encoding",
        ),
        (
            json!({"reading": {"delimiter": "ab"}}),
            "mapping.reading.delimiter",
        ),
        (
            json!({"reading": {"header_row": 77}}),
            "mapping.reading.header_row",
        ),
        (
            json!({"defaults": {"language": "!"}}),
            "mapping.defaults.language",
        ),
        (json!({"nope": 1}), "mapping.nope"),
    ] {
        let answer = salon
            .put(&format!("{at}/mapping"), &json!({ "mapping": mapping }))
            .await;
        assert_eq!(answer.status_code(), 422, "{field}");
        let told: Value = answer.json();
        assert_eq!(told["violations"][0]["field"], field, "{told}");
    }
    let other = Salon::open().await;
    assert_eq!(other.get(&at).await.status_code(), 404);
}

#[tokio::test]
async fn an_upload_sent_twice_is_one_import_and_a_forgotten_one_is_gone() {
    let salon = salon().await;
    let send = || {
        let form = MultipartForm::new().add_part("file", Part::bytes(LIST.as_bytes().to_vec()));
        let (name, value) = header("idempotency-key", "once");
        salon
            .call(Method::POST, "/imports/clients")
            .add_header(name, value)
            .multipart(form)
    };
    let first = id_of(&send().await);
    // Its boundary differs; the file is the same.
    assert_eq!(id_of(&send().await), first);
    let list: Value = salon.get("/imports?count=true").await.json();
    assert_eq!(
        (&list["total"], &list["items"][0]["id"]),
        (&json!(1), &json!(first))
    );
    let gone = salon.delete(&format!("/imports/{first}")).await;
    assert_eq!(gone.status_code(), 204);
    assert_eq!(
        salon.get(&format!("/imports/{first}")).await.status_code(),
        404
    );
}

#[tokio::test]
async fn what_became_of_each_row_is_told_as_a_file() {
    let salon = salon().await;
    let (at, _) = salon.import("clients", LIST).await;
    salon.run(&at).await;
    let file = salon.get(&format!("{at}/result")).await;
    let text = file.text();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(
        lines[0],
        "\u{feff}row,verdict,name,phone,email,reason,id,undone"
    );
    assert!(
        lines[1].starts_with("2,create,Anna Nowak,'+48600100200,anna@example.org,,"),
        "{}",
        lines[1]
    );
    assert!(lines[3].starts_with("4,skip,"), "{}", lines[3]);
    let book = salon.get(&format!("{at}/result?format=xlsx")).await;
    assert!(book.as_bytes().starts_with(b"PK"));
    let errors: Value = salon.get(&format!("{at}/rows?verdict=error")).await.json();
    assert_eq!(errors["items"].as_array().unwrap().len(), 1);
    assert_eq!(errors["items"][0]["row"], 5);
}

/// The recorded lists, with the E.164 of each row; none where they are absent.
fn recorded(kind: &str) -> Vec<(String, Vec<u8>)> {
    let home = std::env::var_os("DAYBOOK_SHARED_DATA").map_or_else(
        || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        Into::into,
    );
    let Ok(folder) = std::fs::read_dir(home.join(kind)) else {
        eprintln!(
            "skipped: there are no recorded {kind} in {}",
            home.display()
        );
        return vec![];
    };
    let files = folder.map(|entry| entry.unwrap().path());
    files
        .map(|path| {
            (
                path.file_name().unwrap().to_str().unwrap().to_owned(),
                std::fs::read(path).unwrap(),
            )
        })
        .collect()
}

#[tokio::test]
async fn lists_of_real_exporters_are_read_to_the_last_phone() {
    let files = recorded("clients");
    let Some((_, expected)) = files.iter().find(|(name, _)| name == "expected.json") else {
        return;
    };
    let expected: Value = serde_json::from_slice(expected).unwrap();
    for (name, file) in files.iter().filter(|(name, _)| name != "expected.json") {
        let salon = salon().await;
        let country = match &name[..2] {
            "fr" => "FR",
            "uk" => "UA",
            _ => "PL",
        };
        salon.in_country(country).await;
        let (at, _) = salon.import("clients", file.clone()).await;
        let wanted = &expected[name.as_str()];
        let rows = salon.rows(&at).await;
        let phones: Vec<_> = rows
            .iter()
            .map(|row| row["values"]["phone"].clone())
            .collect();
        assert_eq!(&json!(phones), &wanted["e164_of_each_row"], "{name}");
        let told = salon.run(&at).await;
        assert_eq!(told["result"]["errors"], 0, "{name}");
        let mut distinct: Vec<_> = phones.iter().filter_map(Value::as_str).collect();
        let with_phone = distinct.len();
        distinct.sort_unstable();
        distinct.dedup();
        let repeats = with_phone - distinct.len();
        assert_eq!(told["result"]["skipped"], repeats, "{name}");
        let clients = salon.all_clients().await;
        assert_eq!(clients.len(), rows.len() - repeats, "{name}");
    }
}

#[tokio::test]
async fn real_price_lists_come_in() {
    for (name, file) in recorded("services") {
        let salon = salon().await;
        let (at, told) = salon.import("services", file).await;
        let told = told["preview"]["counts"].clone();
        eprintln!("{name}: {told}");
        assert!(told["create"].as_u64().unwrap() > 0, "{name}: {told}");
        salon.run(&at).await;
    }
}

/// A list of so many clients, each with a mark.
fn long_list(rows: u32) -> String {
    let rows = (0..rows).map(|n| format!("Client {n},+48600{n:06},new\n"));
    format!("Name,Phone,Tags\n{}", rows.collect::<String>())
}

async fn done_of(db: &sqlx::PgPool) -> i64 {
    let done = sqlx::query_scalar("select coalesce(sum(done), 0) from import");
    done.fetch_one(db).await.unwrap()
}

#[tokio::test]
async fn a_run_that_is_killed_goes_on_where_it_stopped_and_writes_nothing_twice() {
    let salon = Salon::open().await;
    let db = salon.database.service_pool().await;
    let (at, _) = salon.import("clients", long_list(1_500)).await;
    let before = salon.head().await;
    let killed = async {
        let mut done = 0;
        while done < 1_000 {
            let worker = tokio::spawn(salon.app.clone().background(CancellationToken::new()));
            while done_of(&db).await == done {
                tokio::task::yield_now().await;
            }
            // In the middle of the next step.
            worker.abort();
            worker.await.unwrap_err();
            done = done_of(&db).await;
            sqlx::query("update import set leased_until = now() - interval '1 second' where leased_until is not null")
                .execute(&db)
                .await
                .unwrap();
        }
        tokio::spawn(salon.app.clone().background(CancellationToken::new()));
    };
    let ran = async { salon.post(&format!("{at}/run"), &json!({})).await };
    tokio::join!(ran, killed);
    let told = salon.run(&at).await;
    assert_eq!(
        (&told["done"], &told["result"]["created"]),
        (&json!(1_500), &json!(1_500))
    );
    // Each of them registered, and marked.
    assert_eq!(salon.head().await, before + 3_000);
    let rows: Value = salon.get(&format!("{at}/rows?limit=500")).await.json();
    assert_eq!(rows["items"][499]["verdict"], "create");

    // As often as it is asked.
    salon.post(&format!("{at}/undo"), &json!({})).await;
    let told: Value = salon.post(&format!("{at}/undo"), &json!({})).await.json();
    assert_eq!(
        (
            &told["state"],
            &told["result"]["undone"],
            &told["result"]["kept"]
        ),
        (&json!("undone"), &json!(1_500), &json!(0))
    );
    assert_eq!(salon.head().await, before + 4_500);
}

#[tokio::test]
async fn two_runs_of_one_list_make_nobody_twice() {
    let salon = salon().await;
    let other = salon.app.clone().background(CancellationToken::new());
    tokio::spawn(other);
    let list = long_list(300);
    let (one, _) = salon.import("clients", list.clone()).await;
    let (two, _) = salon.import("clients", list).await;
    let (one, two) = tokio::join!(salon.run(&one), salon.run(&two));
    let sum = |what: &str| {
        let of = |told: &Value| told["result"][what].as_u64().unwrap();
        of(&one) + of(&two)
    };
    assert_eq!((sum("created"), sum("skipped")), (300, 300));
}

#[tokio::test]
async fn who_waits_or_is_booked_is_not_taken_back() {
    let salon = salon().await;
    let modules = json!({"modules": {"waitlist": true}});
    salon.patch("/business", &modules).await.assert_status_ok();
    let service = salon.service("Cut").await;
    let (at, _) = salon.import("clients", long_list(2)).await;
    salon.run(&at).await;
    let clients = salon.all_clients().await;
    let wish =
        json!({"client_id": clients[0]["id"], "service_ids": [service], "from": "2026-11-24"});
    let asked = salon.post("/waitlist", &wish).await;
    assert_eq!(asked.status_code(), 201, "{}", asked.text());
    let told: Value = salon.post(&format!("{at}/undo"), &json!({})).await.json();
    assert_eq!(
        (&told["result"]["undone"], &told["result"]["kept"]),
        (&json!(1), &json!(1))
    );
    let rows = salon.rows(&at).await;
    let kept = rows
        .iter()
        .find(|row| row["id"] == clients[0]["id"])
        .unwrap();
    assert_eq!(kept["undone"], "waiting");
}
