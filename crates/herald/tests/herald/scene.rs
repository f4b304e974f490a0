//! A ledger, a NATS server of its own, and short words for what happens between them.

use std::{
    collections::BTreeMap, fs, os::unix::fs::PermissionsExt, process::Command as Program,
    time::Duration,
};

use async_nats::jetstream::{self, message::StreamMessage};
use herald::{Connection, Herald, HeraldSettings, STREAM, lag};
use ledger::{
    ActorRef, Append, BusinessId, Command, EventId, Expected, Ledger, NewEvent, Position, StreamId,
    StreamWrite, Version,
};
use serde_json::{json, value::to_raw_value};
use sqlx::PgPool;
use testbed::{
    Durability, Nats, Settings,
    private::{BinariesError, NatsError},
};
use tokio::{task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How long anything may take on a machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Scene {
    pub(crate) pool: PgPool,
    pub(crate) ledger: Ledger,
    pub(crate) nats: Nats,
    pub(crate) dir: tempfile::TempDir,
    database: testbed::Database,
}

/// A herald at work.
pub(crate) struct AtWork {
    pub(crate) herald: Herald,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl AtWork {
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }

    /// As if its process had been killed: nothing is finished, nothing is closed.
    pub(crate) async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.is_err_and(|error| error.is_cancelled()));
    }
}

impl Scene {
    /// None, and says so, where there is no nats-server.
    pub(crate) async fn set() -> Option<Self> {
        let dir = tempfile::tempdir_in("/tmp").unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let settings = Settings {
            durability: Durability::ThrownAway,
            linger: Duration::ZERO,
        };
        let nats = match Nats::start(dir.path(), settings).await {
            Ok(nats) => nats,
            Err(NatsError::Binaries(BinariesError::NoNats)) => {
                eprintln!("skipped: there is no nats-server here; ops/setup installs one");
                return None;
            }
            Err(error) => panic!("{error}"),
        };
        let database = testbed::database().await;
        let pool = database.service_pool().await;
        Some(Self {
            ledger: Ledger::new(pool.clone(), vec![]),
            pool,
            nats,
            dir,
            database,
        })
    }

    /// A herald of a process of its own, as far as others can tell.
    pub(crate) async fn herald(&self) -> AtWork {
        self.herald_with(HeraldSettings::default()).await
    }

    pub(crate) async fn herald_with(&self, settings: HeraldSettings) -> AtWork {
        let connection = Connection::open(self.nats.url()).await.unwrap();
        let ledger = Ledger::new(self.pool.clone(), vec![]);
        let herald = Herald::new(self.pool.clone(), ledger, connection, settings);
        let (stop, at_work) = (CancellationToken::new(), herald.clone());
        let task = tokio::spawn({
            let stop = stop.clone();
            async move { at_work.run(stop).await }
        });
        AtWork { herald, stop, task }
    }

    /// Records so many events of one stream.
    pub(crate) async fn record(&self, business: BusinessId, count: usize) {
        for _ in 0..count {
            self.ledger.append(append(business, 1)).await.unwrap();
        }
    }

    /// Waits until everything recorded is published, by the database's own account.
    pub(crate) async fn until_published(&self) {
        let began = Instant::now();
        loop {
            let lag = lag(&self.pool).await.unwrap();
            if lag.events == 0 {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "not published in time: {lag:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub(crate) async fn jetstream(&self) -> jetstream::Context {
        jetstream::new(Connection::try_open(self.nats.url()).await.unwrap())
    }

    /// Every message of the stream, in its order.
    pub(crate) async fn messages(&self) -> Vec<StreamMessage> {
        let stream = self.jetstream().await.get_stream(STREAM).await.unwrap();
        let state = stream.cached_info().state.clone();
        let mut messages = vec![];
        for sequence in state.first_sequence.max(1)..=state.last_sequence {
            if let Ok(message) = stream.get_raw_message(sequence).await {
                messages.push(message);
            }
        }
        messages
    }

    /// Asserts that the stream holds every event of the ledger once, in order, and nothing else.
    pub(crate) async fn assert_whole(&self) {
        let mut told: BTreeMap<BusinessId, Vec<(Position, EventId)>> = BTreeMap::new();
        for message in self.messages().await {
            let (business, position, id) = event(&message);
            told.entry(business).or_default().push((position, id));
        }
        let mut recorded: BTreeMap<BusinessId, Vec<(Position, EventId)>> = BTreeMap::new();
        for business in self.ledger.businesses().await.unwrap() {
            let events = self
                .ledger
                .read(business, Position::START, usize::MAX)
                .await
                .unwrap();
            let ids = events.iter().map(|event| (event.position, event.event_id));
            recorded.insert(business, ids.collect());
        }
        assert_eq!(told, recorded);
    }

    pub(crate) fn kill_nats(&self) {
        let pid = fs::read_to_string(self.dir.path().join("nats.run/nats.pid")).unwrap();
        let killed = Program::new("kill").args(["-9", pid.trim()]).status();
        assert!(killed.unwrap().success());
    }

    pub(crate) async fn revive_nats(&self) {
        let began = Instant::now();
        while self.nats.revive().await.unwrap().is_none() {
            assert!(began.elapsed() < PATIENCE, "it will not die");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Ends the session of whoever holds the right to publish; says how many that were.
    pub(crate) async fn cut_holder(&self) -> i64 {
        sqlx::query_scalar(
            "select count(pg_terminate_backend(pid)) from pg_locks
              where locktype = 'advisory' and granted
                and database = (select oid from pg_database where datname = current_database())",
        )
        .fetch_one(&self.database.owner_pool().await)
        .await
        .unwrap()
    }

    /// Has NATS forget the ids of messages that it got, as it does by itself after a while.
    pub(crate) async fn forget_ids(&self) {
        let jetstream = self.jetstream().await;
        let stream = jetstream.get_stream(STREAM).await.unwrap();
        let mut config = stream.cached_info().config.clone();
        let window = std::mem::replace(&mut config.duplicate_window, Duration::from_millis(100));
        jetstream.update_stream(&config).await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        // What is left of them is looked through when the next message comes.
        config.duplicate_window = window;
        jetstream.update_stream(&config).await.unwrap();
    }

    /// A copy of the files of NATS, taken while it does not run.
    pub(crate) async fn copy_of_nats(&self) -> std::path::PathBuf {
        let (files, kept) = (self.dir.path().join("nats"), self.dir.path().join("kept"));
        self.end_nats().await;
        let copied = Program::new("cp").arg("-a").args([&files, &kept]).status();
        assert!(copied.unwrap().success());
        self.revive_nats().await;
        kept
    }

    /// Puts files of NATS back as they were.
    pub(crate) async fn put_back(&self, kept: &std::path::Path) {
        let files = self.dir.path().join("nats");
        self.end_nats().await;
        fs::remove_dir_all(&files).unwrap();
        fs::rename(kept, files).unwrap();
        self.revive_nats().await;
    }

    /// Stops NATS in good order.
    async fn end_nats(&self) {
        let run = self.dir.path().join("nats.run");
        let pid = fs::read_to_string(run.join("nats.pid")).unwrap();
        let ports = run.join(format!("nats-server_{}.ports", pid.trim()));
        let ended = Program::new("kill").arg(pid.trim()).status();
        assert!(ended.unwrap().success());
        let began = Instant::now();
        while ports.exists() {
            assert!(began.elapsed() < PATIENCE, "it does not end");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Sets a ledger back to a position, as a restore to an earlier point does, with what was said of it then.
    pub(crate) async fn set_back(&self, business: BusinessId, to: i64) {
        let owner = self.database.owner_pool().await;
        for statement in [
            "delete from events where business_id = $1 and position > $2",
            "update ledger_head set position = $2 where business_id = $1",
            "update herald_position set position = $2, sequence = $2 where business_id = $1",
        ] {
            let done = sqlx::query(statement)
                .bind(business.0)
                .bind(to)
                .execute(&owner)
                .await;
            assert!(done.unwrap().rows_affected() > 0, "{statement}");
        }
        let message_id: (uuid::Uuid,) =
            sqlx::query_as("select event_id from events where business_id = $1 and position = $2")
                .bind(business.0)
                .bind(to)
                .fetch_one(&owner)
                .await
                .unwrap();
        sqlx::query("update herald_stream set sequence = $1, message_id = $2")
            .bind(to)
            .bind(message_id.0.to_string())
            .execute(&owner)
            .await
            .unwrap();
    }

    /// Deletes the stream, as an operator would.
    pub(crate) async fn delete_stream(&self) {
        let deleted = self.jetstream().await.delete_stream(STREAM).await;
        assert!(deleted.unwrap().success);
    }
}

/// What a message says that it is.
pub(crate) fn event(message: &StreamMessage) -> (BusinessId, Position, EventId) {
    let header = |name: &str| message.headers.get(name).unwrap().as_str().to_owned();
    assert_eq!(header("Nats-Msg-Id"), header("ce-id"));
    let business = message.subject.split('.').nth(1).unwrap();
    (
        BusinessId(business.parse().unwrap()),
        Position(header("ce-daybookposition").parse().unwrap()),
        EventId(header("ce-id").parse().unwrap()),
    )
}

pub(crate) fn a_business() -> BusinessId {
    BusinessId(Uuid::now_v7())
}

/// An append of so many events to a new stream.
pub(crate) fn append(business: BusinessId, events: usize) -> Append {
    let id = Uuid::now_v7();
    let command = Command {
        id,
        caller: "tests".to_owned(),
        key: id.to_string(),
        fingerprint: [7; 32],
        actor: ActorRef {
            kind: "system".to_owned(),
            id: None,
            role: None,
        },
        source: "system".to_owned(),
        correlation_id: id,
        causation_id: None,
        reverts: None,
        answer: json!({}),
    };
    let payload =
        json!({"counted": {"by": 1, "note": {"$sealed": {"key": id, "box": "c2VjcmV0"}}}});
    let events = (0..events).map(|_| NewEvent {
        event_id: EventId(Uuid::now_v7()),
        event_type: "counted".to_owned(),
        event_version: "1.0.0".to_owned(),
        payload: to_raw_value(&payload).unwrap(),
        occurred_at: None,
    });
    let mut append = Append::new(business, command);
    append.streams.push(StreamWrite {
        stream: StreamId::new("counter", Uuid::now_v7()),
        expected: Expected::Version(Version::NEW),
        events: events.collect(),
    });
    append
}
