//! What stands under a client who turned out to be somebody else, in each read model that keeps it.

use domain::{
    booking::BookingCommand,
    client::{Client, ClientCommand, Duplicate},
    id::Id,
};
use sqlx::PgPool;

use crate::{
    Projected, ReadModel, calendar, clients, history, reports,
    story::{Story, at, id, payment, placement, registered, sale, take_in},
};

/// The read models that follow, and their tables that name a client whose things they keep.
const FOLLOWING: [(&ReadModel, &[&str]); 3] = [
    (&history::READ_MODEL, &["history_booking"]),
    (&calendar::READ_MODEL, &["calendar_booking"]),
    (
        &reports::READ_MODEL,
        &["report_booking", "report_payment", "report_client"],
    ),
];

fn book(story: &mut Story, n: u128, client: u128, start: &str) {
    let mut placement = placement(start);
    placement.client_id = Some(id(client));
    story.booking(id(n), BookingCommand::Place(Box::new(placement)));
}

fn turns_out(story: &mut Story, gone: u128, into: u128) {
    let client = story.client_state(id(gone));
    let ids = client.ids(id(gone));
    let taken = Duplicate {
        into: id(into),
        client_id: id(gone),
        client,
        at: at("2026-05-04T12:00:00Z"),
    };
    story.client(id(into), ClientCommand::TakeIn(Box::new(taken)));
    for gone in ids {
        story.client(gone, ClientCommand::Merge { into: id(into) });
    }
}

/// 7 turns out to be 8, who turns out to be 9. Of 7 there are bookings from before, between and after.
fn told() -> Vec<Projected> {
    let mut story = Story::of(1);
    for n in [7, 8, 9] {
        story.client(id(n), registered(id(n), "Ada"));
    }
    book(&mut story, 1, 7, "2026-05-05T10:00:00Z");
    book(&mut story, 2, 8, "2026-05-06T10:00:00Z");
    story.client(id(7), sale(id(7), 21, "5.00", "2026-05-04T11:00:00Z"));
    turns_out(&mut story, 7, 8);
    book(&mut story, 3, 7, "2026-05-07T10:00:00Z");
    story.booking(id(1), payment(22, "50.00", "cash", "2026-05-05T11:00:00Z"));
    turns_out(&mut story, 8, 9);
    book(&mut story, 4, 7, "2026-05-08T10:00:00Z");
    story
        .booking(id(1), BookingCommand::Delete { reason: None })
        .client(id(7), sale(id(7), 23, "6.00", "2026-05-09T11:00:00Z"));
    story.take()
}

async fn rows(db: &PgPool, model: &ReadModel) -> Vec<String> {
    let mut all = vec![];
    for table in model.tables {
        let sql = format!("select to_jsonb(t)::text as row from {table} t order by 1");
        let rows: Vec<String> = sqlx::query_scalar(&sql).fetch_all(db).await.unwrap();
        all.extend(rows);
    }
    all
}

#[tokio::test]
async fn all_of_it_stands_under_who_they_are_however_it_was_cut() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let told = told();
    let who: Id<Client> = id(9);
    for (model, tables) in FOLLOWING {
        take_in(&db, model, &told).await;
        let at_once = rows(&db, model).await;
        for table in tables {
            let sql = format!(
                "select count(*) from {table} where client_id is not null and client_id <> $1"
            );
            let others: i64 = sqlx::query_scalar(&sql)
                .bind(who.uuid())
                .fetch_one(&db)
                .await
                .unwrap();
            assert_eq!(others, 0, "{table}");
        }
        for cut in [1, 3, 7] {
            for table in model.tables {
                let sql = format!("delete from {table}");
                sqlx::query(&sql).execute(&db).await.unwrap();
            }
            for batch in told.chunks(cut) {
                take_in(&db, model, batch).await;
            }
            assert_eq!(rows(&db, model).await, at_once, "{} by {cut}", model.name);
        }
    }
    let sales = "select count(*) from report_payment where client_id = $1 and booking_id is null";
    let sales: i64 = sqlx::query_scalar(sales)
        .bind(who.uuid())
        .fetch_one(&db)
        .await
        .unwrap();
    assert_eq!(sales, 2);
    take_in(&db, &clients::READ_MODEL, &told).await;
    let listed: Vec<uuid::Uuid> = sqlx::query_scalar("select client_id from client")
        .fetch_all(&db)
        .await
        .unwrap();
    assert_eq!(listed, [who.uuid()]);
}
