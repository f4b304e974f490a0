//! The same file again, a longer one, one that was cut, one that meets what was done here since.

use domain::booking::{BookingCommand, Status, Told as ToldAt};

use super::*;

fn life(booking: &str) -> Vec<String> {
    vec![
        booked(booking, "2018-03-14T15:50:00"),
        line(
            "2018-03-14T16:20:00",
            "completed",
            booking,
            r#""note":"done""#,
        ),
        line("2018-03-14T16:30:00", "paid", booking, r#""amount":30"#),
        line("2018-03-14T16:30:00", "paid", booking, r#""amount":30"#),
    ]
}

fn text(lines: &[String]) -> String {
    lines.join("\n")
}

/// The same figures, with nothing imported.
fn as_second(report: &Report) -> Report {
    Report {
        imported: 0,
        already_there: report.imported + report.already_there,
        ..report.clone()
    }
}

#[tokio::test]
async fn the_same_file_changes_nothing() {
    let salon = Salon::new().await;
    let mut lines = vec![line("2018-03-01T10:00:00", "completed", "B1", "")];
    lines.extend(life("B1"));
    lines.push(booked("B2", "2018-03-14T16:00:00"));
    lines.push(line("2018-03-02T10:00:00", "cancelled", "B2", ""));
    lines.push(line("2018-03-03T10:00:00", "completed", "B2", ""));
    let first = salon.import_text(&text(&lines)).await;
    assert_eq!(
        first.skipped.len(),
        2,
        "before it was booked, after it was cancelled"
    );
    assert_eq!(
        (first.imported, first.paid.as_str(), first.overlaps),
        (6, "60.00", 1)
    );

    let head = salon.head().await;
    let second = salon.import_text(&text(&lines)).await;
    assert_eq!(
        second,
        as_second(&first),
        "a line refused before its booking is refused after it too"
    );
    assert_eq!(salon.head().await, head);

    let spelled_otherwise = text(&lines)
        .replace("\":", "\" : ")
        .replace(":30}", ":30.00 }");
    assert_ne!(spelled_otherwise, text(&lines));
    assert_eq!(
        salon.import_text(&spelled_otherwise).await,
        as_second(&first)
    );
    assert_eq!(salon.head().await, head);
}

#[tokio::test]
async fn a_longer_file_brings_in_what_is_new() {
    let salon = Salon::new().await;
    let lines = [
        life("B1"),
        life("B2"),
        vec![line(
            "2018-03-15T09:00:00",
            "commented",
            "B1",
            r#""text":"nice""#,
        )],
    ]
    .concat();
    let whole = Salon::new().await.import_text(&text(&lines)).await;
    for end in [1, 3, 6, lines.len()] {
        let before = salon.head().await;
        let report = salon.import_text(&text(&lines[..end])).await;
        assert_eq!(report.skipped, []);
        assert_eq!(report.imported + report.already_there, end as u64);
        assert!(salon.head().await > before);
    }
    let again = salon.import_text(&text(&lines)).await;
    assert_eq!(
        again,
        as_second(&whole),
        "in parts or at once, it comes to the same"
    );
}

/// Stops the run by leaving it, as a crash would, when the first append is done.
struct Cut(Option<tokio::sync::oneshot::Sender<()>>);
impl Progress for Cut {
    fn begin(&mut self, _: u64) {}
    fn reached(&mut self, _: u64) {
        self.0.take().map(|cut| cut.send(()));
    }
    fn remark(&mut self, _: u64, _: &str) {}
}

#[tokio::test]
async fn a_run_that_was_cut_goes_on_where_it_stopped() {
    let salon = Salon::new().await;
    let lines: Vec<String> = (0..400).flat_map(|n| life(&format!("B{n}"))).collect();
    let whole = Salon::new().await.import_text(&text(&lines)).await;
    let (cut, was_cut) = tokio::sync::oneshot::channel();
    let (books, business, file) = (salon.books.clone(), salon.business, text(&lines));
    let running =
        tokio::spawn(
            async move { run(&books, business, file.as_bytes(), &mut Cut(Some(cut))).await },
        );
    was_cut.await.unwrap();
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    // An append under way is not called back.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let cut_at = salon.head().await;
    assert!(cut_at > 1);

    let rest = salon.import_text(&text(&lines)).await;
    assert!(
        rest.imported > 0 && rest.already_there > 0,
        "{} and {}",
        rest.imported,
        rest.already_there
    );
    assert_eq!(as_second(&rest), as_second(&whole));
    assert_eq!(
        salon.booking_events().await.len(),
        lines.len(),
        "each line once"
    );
    assert_eq!(salon.import_text(&text(&lines)).await, as_second(&whole));
}

#[tokio::test]
async fn two_runs_at_once_bring_each_line_in_once() {
    let salon = Salon::new().await;
    let lines: Vec<String> = (0..200).flat_map(|n| life(&format!("B{n}"))).collect();
    let file = text(&lines);
    let one = async || run(&salon.books, salon.business, file.as_bytes(), &mut ()).await;
    let (a, b) = tokio::join!(one(), one());
    for other in [a, b] {
        assert!(
            matches!(other, Ok(_) | Err(ImportError::AnotherRun)),
            "{other:?}"
        );
    }
    let report = salon.import_text(&file).await;
    assert_eq!((report.bookings, report.skipped.len()), (200, 0));
    assert_eq!(salon.booking_events().await.len(), lines.len());
}

#[tokio::test]
async fn what_was_done_here_since_is_not_undone() {
    let salon = Salon::new().await;
    let lines = life("B1");
    salon.import_text(&lines[0]).await;
    let (state, version) = salon.booking("B1").await;
    let cancel = BookingCommand::Cancel {
        at: instant("2018-03-10T10:00:00Z"),
        reason: None,
        note: None,
    };
    let id = salon.id_of(identity::BOOKING, "B1").await;
    for event in state.decide(cancel).unwrap() {
        salon
            .append(StreamId::new("booking", id), version.0, &event)
            .await;
    }
    let report = salon.import_text(&text(&lines)).await;
    assert_eq!(refused(&report), [(2, "B1 is cancelled already")]);
    assert_eq!(
        (report.imported, report.already_there),
        (2, 1),
        "money is money"
    );
    assert_eq!(
        (report.by_status.cancelled, report.by_status.completed),
        (1, 0)
    );
}

/// Writes to a booking behind the run's back, while it is under way.
struct Meddler {
    salon: std::sync::Arc<Salon>,
    handle: Option<tokio::task::JoinHandle<()>>,
}
impl Progress for Meddler {
    fn begin(&mut self, _: u64) {}
    fn reached(&mut self, _: u64) {
        if self.handle.is_none() {
            let salon = self.salon.clone();
            self.handle = Some(tokio::spawn(async move {
                let (state, version) = salon.booking("B0").await;
                let at = instant("2018-03-14T15:45:00Z");
                let id = salon.id_of(identity::BOOKING, "B0").await;
                for event in state
                    .decide(BookingCommand::Arrive(ToldAt { at, note: None }))
                    .unwrap()
                {
                    salon
                        .append(StreamId::new("booking", id), version.0, &event)
                        .await;
                }
            }));
        }
    }
    fn remark(&mut self, _: u64, _: &str) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_booking_that_moved_on_under_the_run_is_decided_again() {
    let salon = std::sync::Arc::new(Salon::new().await);
    // B0 is booked in the first append and completed in the last one.
    let mut lines: Vec<String> = (0..900)
        .map(|n| booked(&format!("B{n}"), "2018-03-14T15:50:00"))
        .collect();
    lines.push(line("2018-03-14T16:20:00", "completed", "B0", ""));
    let mut meddler = Meddler {
        salon: salon.clone(),
        handle: None,
    };
    let report = run(
        &salon.books,
        salon.business,
        text(&lines).as_bytes(),
        &mut meddler,
    )
    .await
    .unwrap();
    meddler.handle.unwrap().await.unwrap();
    assert_eq!((report.imported, report.skipped.len()), (901, 0));
    let (state, _) = salon.booking("B0").await;
    let held = state.held().unwrap();
    assert_eq!(
        (held.status, held.arrived_at.is_some()),
        (Status::Completed, true)
    );
}

#[tokio::test]
async fn nothing_more_is_written_about_whom_was_erased() {
    let salon = Salon::new().await;
    let lines = life("B1");
    salon.import_text(&lines[0]).await;
    let client = salon.id_of(identity::CLIENT, "C1").await;
    sqlx::query("update person_key set wrapped = null, destroyed_at = now() where key_id = $1")
        .bind(client)
        .execute(&salon.pool)
        .await
        .unwrap();
    let report = salon.import_text(&text(&lines)).await;
    let reason = "the client was erased here: nothing more can be written about them";
    assert_eq!(
        refused(&report),
        [(2, reason)],
        "its note; the payments say nothing of them"
    );
    assert_eq!((report.imported, report.already_there), (2, 1));
}

#[tokio::test]
async fn a_business_that_was_never_opened_takes_nothing() {
    let salon = Salon::new().await;
    let nobody = BusinessId(Uuid::now_v7());
    let refused = run(&salon.books, nobody, b"{}".as_slice(), &mut ()).await;
    assert!(matches!(refused, Err(ImportError::NotOpened)));
}
