//! Sixty-four clients want the same hour at the same moment. One has it; the others are told so, and what is free.

use futures::future::join_all;
use jiff::{ToSpan as _, Zoned};
use tests::{DataDir, Service, Shop, daybook};

const CLIENTS: usize = 64;
const HOURS: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_has_the_hour() {
    let dir = DataDir::new();
    let service = Service::start(&dir);
    let shop = Shop::open(&dir, &service).await;
    let day = (Zoned::now()
        .in_tz(Shop::ZONE)
        .expect("a zone of this world")
        .date()
        + 10.days())
    .to_string();
    let free = shop.slots(&day, &day).await;

    for hour in 0..HOURS {
        let start = &free[2 * hour];
        let asking = (0..CLIENTS).map(async |client| {
            shop.api
                .post(
                    "/bookings",
                    shop.wish(start, &format!("Client {hour}-{client}")),
                )
                .await
        });
        let mut booked = 0;
        for answer in join_all(asking).await {
            if answer.status == 201 {
                booked += 1;
                continue;
            }
            let refusal = answer.body_of(409);
            assert_eq!(refusal["code"], "slot_taken", "{refusal:#}");
            let next = refusal["next_free"]
                .as_array()
                .expect("what is free instead");
            assert!(
                !next.is_empty() && next.iter().all(|slot| slot["start"] != start.as_str()),
                "{refusal:#}"
            );
        }
        assert_eq!(booked, 1, "of {CLIENTS} at {start}");
    }
    assert_eq!(shop.slots(&day, &day).await, free[2 * HOURS..]);

    // A command refused leaves nothing behind, not even its client.
    let log = daybook(&dir, &["log", "tail", "--business", Shop::SLUG])
        .well()
        .stdout;
    for event in ["\"type\":\"registered\"", "\"type\":\"placed\""] {
        assert_eq!(log.matches(event).count(), HOURS, "{event}");
    }
    assert!(service.stop().success());
}
