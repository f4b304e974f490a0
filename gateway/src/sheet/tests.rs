use std::{
    io::{Cursor, Read as _},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::http::header::CONTENT_TYPE;
use calamine::{Data, Reader as _, Xlsx, open_workbook_from_rs};
use futures::stream;
use http_body_util::BodyExt as _;

use super::*;
use crate::problem::Code;

static TABLE: Table = Table {
    name: "bookings",
    columns: &[
        ("client", Column::Text),
        ("start", Column::DateTime),
        ("day", Column::Date),
        ("minutes", Column::Count),
        ("price", Column::Amount),
        ("average", Column::Rate),
        ("deleted", Column::Flag),
    ],
};

fn row(client: &str, price: &str) -> Result<Vec<String>, Problem> {
    let start = "2026-05-31T12:00:00+02:00";
    let cells = [client, start, "2026-05-31", "45", price, "12.50", "true"];
    Ok(cells.map(str::to_owned).to_vec())
}

async fn file(kind: FileField, rows: Vec<Result<Vec<String>, Problem>>) -> Vec<u8> {
    let response = TABLE.file(kind, stream::iter(rows)).await.unwrap();
    let body = response.into_body().collect().await.unwrap();
    body.to_bytes().to_vec()
}

#[tokio::test]
async fn csv_is_of_rfc_4180_and_known_as_utf_8() {
    let told = file(
        FileField::Csv,
        vec![row("a,b \"c\"\nŁąka", "120.00"), row("=cmd()", "-20.00")],
    )
    .await;
    assert_eq!(
        String::from_utf8(told).unwrap(),
        "\u{feff}client,start,day,minutes,price,average,deleted\r\n\
         \"a,b \"\"c\"\"\nŁąka\",2026-05-31T12:00:00+02:00,2026-05-31,45,120.00,12.50,true\r\n\
         '=cmd(),2026-05-31T12:00:00+02:00,2026-05-31,45,-20.00,12.50,true\r\n"
    );
    let empty = file(FileField::Csv, vec![]).await;
    assert_eq!(
        empty,
        "\u{feff}client,start,day,minutes,price,average,deleted\r\n".as_bytes()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn cells_of_a_spreadsheet_are_typed_and_its_amounts_added_up() {
    let told = file(
        FileField::Xlsx,
        vec![row("=cmd()", "120.00"), row("Zoë", "-20.50"), row("", "")],
    )
    .await;
    let mut book: Xlsx<_> = open_workbook_from_rs(Cursor::new(&told)).unwrap();
    let sheet = book.worksheet_range("bookings").unwrap();
    let rows: Vec<_> = sheet.rows().collect();
    assert_eq!(rows.len(), 5);
    assert_eq!(rows[0][0], Data::String("client".to_owned()));
    assert_eq!(rows[1][0], Data::String("'=cmd()".to_owned()));
    assert_eq!(rows[2][0], Data::String("Zoë".to_owned()));
    let Data::DateTime(start) = &rows[1][1] else {
        panic!("a time is {:?}", rows[1][1]);
    };
    assert_eq!(start.as_f64().to_string(), "46173.5");
    assert!(matches!(rows[1][2], Data::DateTime(_)));
    assert_eq!(
        rows[1][3..],
        [
            Data::Float(45.0),
            Data::Float(120.0),
            Data::Float(12.5),
            Data::Bool(true)
        ]
    );
    assert_eq!(rows[3][4], Data::Empty, "nothing is not zero");
    assert_eq!(rows[4][0], Data::String("total".to_owned()));
    assert_eq!(rows[4][3], Data::Float(135.0), "counts are added up");
    assert_eq!(rows[4][4], Data::Float(99.5));
    assert_eq!(rows[4][5], Data::Empty, "averages are not added up");

    let mut zip = zip::ZipArchive::new(Cursor::new(&told)).unwrap();
    let mut sheet = String::new();
    let mut part = zip.by_name("xl/worksheets/sheet1.xml").unwrap();
    part.read_to_string(&mut sheet).unwrap();
    assert!(
        sheet.contains("state=\"frozen\""),
        "the header stays in sight"
    );
    assert!(!sheet.contains("<f>"), "there are no formulas");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_wrong_before_a_file_begins_is_told_as_it_is() {
    for kind in [FileField::Csv, FileField::Xlsx] {
        let rows = stream::iter([Err(Problem::new(Code::NotYet))]);
        let refused = TABLE.file(kind, rows).await.unwrap_err();
        assert_eq!(refused.code(), Code::NotYet, "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_breaks_off_is_seen_to_be_broken() {
    // The first rows are there at once; what comes after them fails.
    let first = stream::iter((0..10).map(|_| row("Ada", "1.00")));
    let fails = stream::once(async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        Err(Problem::new(Code::Unavailable))
    });
    let response = TABLE
        .file(FileField::Csv, first.chain(fails))
        .await
        .unwrap();
    assert_eq!(response.headers()[CONTENT_TYPE], CSV);
    let mut body = response.into_body().into_data_stream();
    let begun = body.next().await.unwrap().unwrap();
    assert!(begun.starts_with("\u{feff}client,".as_bytes()));
    assert!(body.next().await.unwrap().is_err(), "it does not just end");
    assert!(body.next().await.is_none());
}

#[tokio::test]
async fn a_writer_that_is_lost_breaks_its_file_off() {
    let body = outflow::body("lost", |out| async move {
        out.send(b"begun".to_vec()).await?;
        tokio::time::sleep(Duration::from_millis(50)).await;
        panic!("a fault of ours");
    });
    let mut body = body.await.unwrap().into_data_stream();
    assert_eq!(&body.next().await.unwrap().unwrap()[..], b"begun");
    assert!(body.next().await.unwrap().is_err());
}

/// Rows without end, that tell how many were read, and whether they are still held.
fn endless() -> (
    Arc<AtomicUsize>,
    impl Stream<Item = Result<Vec<String>, Problem>>,
) {
    let read = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&read);
    let rows = stream::repeat_with(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        row("Ada", "1.00")
    });
    (read, rows)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_written_no_faster_than_it_is_taken_and_not_at_all_for_who_is_gone() {
    let (read, rows) = endless();
    let response = TABLE.file(FileField::Csv, rows).await.unwrap();
    let mut body = response.into_body().into_data_stream();
    body.next().await.unwrap().unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let waiting = read.load(Ordering::Relaxed);
    assert!(waiting <= 8 * 500, "{waiting} rows wait in memory");
    drop(body);
    let gone = async {
        while Arc::strong_count(&read) > 1 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let gone = tokio::time::timeout(Duration::from_secs(5), gone).await;
    assert!(gone.is_ok(), "rows are read for nobody");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spreadsheet_for_who_is_gone_is_given_up() {
    let (read, rows) = endless();
    let asked = TABLE.file(FileField::Xlsx, rows);
    // It never begins: whoever asked hangs up.
    let late = tokio::time::timeout(Duration::from_millis(300), asked).await;
    assert!(late.is_err());
    let gone = async {
        while Arc::strong_count(&read) > 1 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let gone = tokio::time::timeout(Duration::from_secs(5), gone).await;
    assert!(gone.is_ok(), "rows are read for nobody");
}
