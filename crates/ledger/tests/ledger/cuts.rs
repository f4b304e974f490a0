//! The connection is cut at each step of an append. The answer may be unknown; the ledger is never half-written,
//! and the key settles it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::join_all;
use ledger::{Append, AppendError, BusinessId, Ledger, Position, Refused};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Notify;
use tokio::time::sleep;
use uuid::Uuid;

use crate::trade::{Counter, a_business, append, claim, count, id, minutes, set, take};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    ToServer,
    FromServer,
}

/// The line between the ledger and the server.
#[derive(Default)]
struct Line {
    /// To be cut when so many more bytes have gone this way.
    cut: Option<(Way, usize)>,
    /// A cut line stays so until mended: nobody gets through.
    stays_cut: bool,
    is_cut: bool,
}

/// Stands in the line, passes everything on byte for byte, and cuts when told.
struct Proxy {
    dir: tempfile::TempDir,
    line: Arc<Mutex<Line>>,
    now: Arc<Notify>,
}

impl Proxy {
    fn before(server: PathBuf) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(dir.path().join(".s.PGSQL.5432")).unwrap();
        let line = Arc::new(Mutex::new(Line::default()));
        let now = Arc::new(Notify::new());
        tokio::spawn({
            let (line, now) = (line.clone(), now.clone());
            async move {
                while let Ok((client, _)) = listener.accept().await {
                    if !line.lock().unwrap().is_cut {
                        tokio::spawn(pass_on(client, server.clone(), line.clone(), now.clone()));
                    }
                }
            }
        });
        Self { dir, line, now }
    }

    /// Whoever speaks through it at this moment is cut off.
    fn cut_now(&self) {
        self.now.notify_waiters();
    }

    fn cut(&self, way: Way, after: usize, stays_cut: bool) {
        let mut line = self.line.lock().unwrap();
        line.cut = Some((way, after));
        line.stays_cut = stays_cut;
    }

    fn was_cut(&self) -> bool {
        self.line.lock().unwrap().cut.is_none()
    }

    fn mend(&self) {
        self.line.lock().unwrap().is_cut = false;
    }
}

async fn pass_on(client: UnixStream, server: PathBuf, line: Arc<Mutex<Line>>, now: Arc<Notify>) {
    let server = UnixStream::connect(server).await.unwrap();
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let (mut asked, mut answered) = ([0; 8_192], [0; 8_192]);
    // Not on the connections that tell other processes, which come and go at their own times.
    let mut appends = false;
    loop {
        let (way, bytes) = tokio::select! {
            () = now.notified() => return,
            read = from_client.read(&mut asked) => (Way::ToServer, asked[..read.unwrap_or(0)].to_vec()),
            read = from_server.read(&mut answered) => (Way::FromServer, answered[..read.unwrap_or(0)].to_vec()),
        };
        appends = appends || bytes.windows(13).any(|word| word == b"ledger_append");
        let (passed, ends) = if appends {
            line.lock().unwrap().pass(way, bytes.len())
        } else {
            (bytes.len(), false)
        };
        let sent = match way {
            Way::ToServer => to_server.write_all(&bytes[..passed]).await,
            Way::FromServer => to_client.write_all(&bytes[..passed]).await,
        };
        if ends || bytes.is_empty() || sent.is_err() {
            return;
        }
    }
}

impl Line {
    /// How many of these bytes get through, and whether that was the end.
    fn pass(&mut self, way: Way, bytes: usize) -> (usize, bool) {
        match &mut self.cut {
            Some((cut, after)) if *cut == way => {
                if bytes >= *after {
                    let passed = *after;
                    self.cut = None;
                    self.is_cut = self.stays_cut;
                    (passed, true)
                } else {
                    *after -= bytes;
                    (bytes, false)
                }
            }
            _ => (bytes, self.is_cut),
        }
    }
}

struct Scene {
    db: testbed::Database,
    proxy: Proxy,
    /// Through the proxy.
    ledger: Ledger,
    /// Past it.
    beside: Ledger,
    business: BusinessId,
    resource: Uuid,
}

async fn scene() -> Scene {
    let db = testbed::database().await;
    let options = db.service_options();
    let socket = Path::new(options.get_host()).join(format!(".s.PGSQL.{}", options.get_port()));
    let proxy = Proxy::before(socket);
    let through: PgConnectOptions = options.clone().socket(proxy.dir.path()).port(5432);
    let pool = PgPoolOptions::new()
        .acquire_timeout(Duration::from_secs(2))
        .test_before_acquire(false)
        .connect_with(through)
        .await
        .unwrap();
    let ledger = Ledger::new(pool, vec![]);
    let beside = Ledger::new(db.service_pool().await, vec![]);
    let business = a_business();
    // The lane is open and the statement prepared: from here on an append is one message each way.
    append(&ledger, count(business, id(), 0)).await;
    Scene {
        db,
        proxy,
        ledger,
        beside,
        business,
        resource: id(),
    }
}

impl Scene {
    /// An append of an event and two claims.
    fn wanted(&self, at: i64) -> Append {
        let claims = vec![
            claim(self.resource, at, at + 1),
            claim(self.resource, at + 2, at + 3),
        ];
        take(self.business, id(), claims)
    }

    /// All of it, or nothing of it.
    async fn is_whole(&self, wanted: &Append, written: bool) {
        let owner = wanted.claims[0].owner;
        let loaded = self
            .beside
            .load::<Counter>(self.business, owner)
            .await
            .unwrap();
        let claims = self
            .beside
            .claims_of(self.business, &[owner])
            .await
            .unwrap();
        let expected = if written { (1, 2) } else { (0, 0) };
        assert_eq!((loaded.state.sum, claims.len()), expected);
    }
}

/// The message of an append is some 1,800 bytes long and its answer some 70.
const CUTS: [(Way, usize); 11] = [
    (Way::ToServer, 0),
    (Way::ToServer, 1),
    (Way::ToServer, 500),
    (Way::ToServer, 1_500),
    (Way::FromServer, 0),
    (Way::FromServer, 1),
    (Way::FromServer, 5),
    (Way::FromServer, 20),
    (Way::FromServer, 40),
    (Way::FromServer, 60),
    (Way::FromServer, 70),
];

#[tokio::test]
async fn a_line_cut_for_a_moment_is_not_even_noticed() {
    let scene = scene().await;
    for (nth, (way, after)) in (0..).zip(CUTS) {
        let wanted = scene.wanted(nth * 10);
        scene.proxy.cut(way, after, false);
        let appended = append(&scene.ledger, wanted.clone()).await;
        assert!(scene.proxy.was_cut(), "{way:?} {after}");
        assert_eq!(appended.last, Position(nth + 2), "{way:?} {after}");
        scene.is_whole(&wanted, true).await;
        // The next one goes its ordinary way.
        assert_eq!(
            scene.beside.head(scene.business).await.unwrap(),
            appended.last
        );
    }
}

#[tokio::test]
async fn a_line_that_stays_cut_on_the_way_there_leaves_nothing_and_the_key_settles_it() {
    stays_cut(Way::ToServer, 500, false).await;
}

#[tokio::test]
async fn a_line_that_stays_cut_on_the_way_back_leaves_all_and_the_key_settles_it() {
    stays_cut(Way::FromServer, 0, true).await;
}

async fn stays_cut(way: Way, after: usize, written: bool) {
    let scene = scene().await;
    let wanted = scene.wanted(0);
    scene.proxy.cut(way, after, true);
    let error = scene.ledger.append(wanted.clone()).await.unwrap_err();
    assert!(matches!(error, AppendError::Unknown(_)), "{error:?}");
    scene.is_whole(&wanted, written).await;

    scene.proxy.mend();
    let settled = append(&scene.ledger, wanted.clone()).await;
    assert_eq!(settled.replayed, written);
    assert_eq!(settled.last, Position(2));
    scene.is_whole(&wanted, true).await;
}

#[tokio::test]
async fn a_database_that_is_away_before_anything_was_sent_is_no_open_question() {
    let scene = scene().await;
    let fresh = Ledger::new(
        PgPoolOptions::new()
            .acquire_timeout(Duration::from_millis(300))
            .connect_lazy_with(
                PgConnectOptions::new_without_pgpass()
                    .socket(scene.proxy.dir.path())
                    .port(5432),
            ),
        vec![],
    );
    scene.proxy.line.lock().unwrap().is_cut = true;
    let error = fresh.append(scene.wanted(0)).await.unwrap_err();
    assert!(matches!(error, AppendError::Unavailable(_)), "{error:?}");
}

#[tokio::test]
async fn a_refusal_after_a_cut_waits_for_whoever_may_still_stand_in_line() {
    let scene = scene().await;
    // Someone has the time, and is about to give it back.
    let holder = id();
    append(
        &scene.beside,
        take(scene.business, holder, vec![claim(scene.resource, 0, 9)]),
    )
    .await;
    let mut gives_back = count(scene.business, holder, 1);
    gives_back.claims.push(set(holder, vec![]));

    let wanted = scene.wanted(0);
    scene.proxy.cut(Way::FromServer, 0, false);
    // The first call is refused unheard, the second is refused, and then, before the last word, there is room.
    let (answer, ()) = tokio::join!(scene.ledger.append(wanted.clone()), async {
        sleep(Duration::from_secs(2)).await;
        append(&scene.beside, gives_back).await;
    });
    assert!(answer.is_ok(), "{answer:?}");
    scene.is_whole(&wanted, true).await;

    // And where there is none, the refusal stands.
    let late = take(scene.business, id(), vec![claim(scene.resource, 0, 1)]);
    scene.proxy.cut(Way::FromServer, 0, false);
    let error = scene.ledger.append(late.clone()).await.unwrap_err();
    assert!(
        matches!(error.refused(), Some(Refused::TimeTaken { during, .. }) if *during == minutes(0, 1)),
        "{error:?}"
    );
    scene.is_whole(&late, false).await;
}

#[tokio::test]
async fn a_call_cut_off_while_it_stands_in_line_is_done_once() {
    let scene = scene().await;
    let owner = scene.db.owner_pool().await;
    let mut elsewhere = owner.begin().await.unwrap();
    sqlx::query("select from ledger_head for update")
        .execute(&mut *elsewhere)
        .await
        .unwrap();
    let wanted = scene.wanted(0);
    let answer = tokio::spawn({
        let (ledger, wanted) = (scene.ledger.clone(), wanted.clone());
        async move { ledger.append(wanted).await }
    });
    sleep(Duration::from_millis(300)).await;
    scene.proxy.cut_now();
    // Now the one that was cut off and the one that asks after it both stand in line.
    sleep(Duration::from_millis(300)).await;
    let waiting: i64 = sqlx::query_scalar(
        "select count(*) from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock'",
    )
    .fetch_one(&owner)
    .await
    .unwrap();
    assert_eq!(waiting, 2);
    elsewhere.commit().await.unwrap();
    let appended = answer.await.unwrap().unwrap();
    assert_eq!(appended.last, Position(2));
    scene.is_whole(&wanted, true).await;
    assert_eq!(
        scene.beside.head(scene.business).await.unwrap(),
        Position(2)
    );
}

#[tokio::test]
async fn a_group_cut_off_while_it_stands_in_line_is_done_once() {
    let scene = scene().await;
    let owner = scene.db.owner_pool().await;
    let mut elsewhere = owner.begin().await.unwrap();
    sqlx::query("select from ledger_head for update")
        .execute(&mut *elsewhere)
        .await
        .unwrap();
    // The first goes alone and is let through; the others, meanwhile, become a group.
    let all: Vec<Append> = (0..5).map(|nth| scene.wanted(nth * 10)).collect();
    let answers = tokio::spawn(join_all(all.clone().into_iter().map(|wanted| {
        let ledger = scene.ledger.clone();
        async move { ledger.append(wanted).await }
    })));
    sleep(Duration::from_millis(300)).await;
    elsewhere.commit().await.unwrap();
    let mut elsewhere = owner.begin().await.unwrap();
    sqlx::query("select from ledger_head for update")
        .execute(&mut *elsewhere)
        .await
        .unwrap();
    sleep(Duration::from_millis(300)).await;
    scene.proxy.cut_now();
    sleep(Duration::from_millis(300)).await;
    elsewhere.commit().await.unwrap();

    let mut positions: Vec<i64> = (answers.await.unwrap().into_iter())
        .map(|answer| answer.unwrap().last.0)
        .collect();
    positions.sort_unstable();
    assert_eq!(positions, [2, 3, 4, 5, 6]);
    for wanted in &all {
        scene.is_whole(wanted, true).await;
    }
    assert_eq!(
        scene.beside.head(scene.business).await.unwrap(),
        Position(6)
    );
}
