//! A private PostgreSQL: joined, left, killed, and found again.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use testbed::{
    Durability, Postgres, Settings,
    private::{AccountError, PostgresError},
};

const AT_ONCE: Settings = Settings {
    durability: Durability::ThrownAway,
    linger: Duration::ZERO,
};

/// A folder that the user who runs servers for root can get into.
fn folder() -> tempfile::TempDir {
    let dir = tempfile::Builder::new()
        .prefix("dbk")
        .tempdir_in("/tmp")
        .unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    dir
}

fn postmaster(dir: &Path) -> Option<Pid> {
    let text = fs::read_to_string(dir.join("postgres/postmaster.pid")).ok()?;
    Pid::from_raw(text.lines().next()?.trim().parse().ok()?)
}

fn lives(pid: Pid) -> bool {
    test_kill_process(pid) != Err(rustix::io::Errno::SRCH)
}

async fn eventually(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "not within 30 seconds: {what}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn answers(server: &Postgres) -> bool {
    let Ok(mut db) = sqlx::Connection::connect(&server.url("postgres")).await else {
        return false;
    };
    sqlx::query_scalar::<_, i32>("select 1")
        .fetch_one::<&mut sqlx::PgConnection>(&mut db)
        .await
        .is_ok()
}

/// Another process that holds the server in `dir`, started and inside. Killed, not asked, when dropped.
struct Holder(Child);

impl Holder {
    fn of(dir: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "holds_a_server_for_another_test",
                "--ignored",
                "--nocapture",
            ])
            .env("TESTBED_HOLD", dir)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(
            lines.any(|line| line.unwrap().contains("is inside")),
            "the holder did not get in"
        );
        Self(child)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[tokio::test]
#[ignore = "run by other tests, as a process to be killed"]
async fn holds_a_server_for_another_test() {
    let Some(dir) = std::env::var_os("TESTBED_HOLD") else {
        return;
    };
    let _server = Postgres::start(PathBuf::from(dir), AT_ONCE).await.unwrap();
    println!("is inside");
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn the_last_one_to_leave_stops_it() {
    let dir = folder();
    let first = Postgres::start(dir.path(), AT_ONCE).await.unwrap();
    let pid = postmaster(dir.path()).unwrap();
    let second = Postgres::start(dir.path(), AT_ONCE).await.unwrap();
    assert_eq!(
        postmaster(dir.path()),
        Some(pid),
        "the second joins the first"
    );
    first.leave().await;
    assert!(answers(&second).await, "the second still uses it");
    second.leave().await;
    assert_eq!(postmaster(dir.path()), None, "stopped when leave returns");
    eventually("its process is gone", || !lives(pid)).await;
}

#[tokio::test]
async fn nothing_is_left_running_by_a_killed_process() {
    let dir = folder();
    let holder = Holder::of(dir.path());
    let pid = postmaster(dir.path()).unwrap();
    drop(holder);
    eventually("the server is stopped", || !lives(pid)).await;
    eventually("its files are gone", || {
        !dir.path().join("postgres/PG_VERSION").exists()
    })
    .await;
}

#[tokio::test]
async fn a_killed_process_takes_nothing_from_those_who_stay() {
    let dir = folder();
    let holder = Holder::of(dir.path());
    let server = Postgres::start(dir.path(), AT_ONCE).await.unwrap();
    drop(holder);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(answers(&server).await);
    // The folder must outlive the server, which is found by what lies in it.
    server.leave().await;
}

/// The keeper too may be killed, say with all processes of a session: the server then outlives it.
#[tokio::test]
async fn one_that_outlived_its_keeper_is_joined() {
    let dir = folder();
    let stays = Postgres::start(dir.path(), AT_ONCE).await.unwrap();
    let pid = postmaster(dir.path()).unwrap();
    kill_keeper(dir.path());
    let joins = Postgres::start(dir.path(), AT_ONCE).await.unwrap();
    assert_eq!(postmaster(dir.path()), Some(pid), "found and joined");
    drop(joins);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(
        answers(&stays).await,
        "the new keeper counts those who came before it"
    );
    stays.leave().await;
    assert_eq!(postmaster(dir.path()), None);
}

fn kill_keeper(dir: &Path) {
    let pid = fs::read_to_string(dir.join("postgres.run/door.keeper")).unwrap();
    let pid = Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
}

#[tokio::test]
async fn what_was_committed_outlives_a_killed_server() {
    let dir = folder();
    let before = Postgres::join_or_start(dir.path()).await.unwrap();
    before.ensure_database("kept").await.unwrap();
    before.ensure_database("kept").await.unwrap();
    let db = sqlx::PgPool::connect(&before.url("kept")).await.unwrap();
    sqlx::raw_sql("create table word (word text); insert into word values ('kept')")
        .execute(&db)
        .await
        .unwrap();
    let pid = postmaster(dir.path()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();

    // While the first is still inside, as when the service loses its server and is restarted beside a command.
    let after = Postgres::join_or_start(dir.path()).await.unwrap();
    assert_ne!(postmaster(dir.path()), Some(pid));
    let db = sqlx::PgPool::connect(&after.url("kept")).await.unwrap();
    let word: String = sqlx::query_scalar("select word from word")
        .fetch_one(&db)
        .await
        .unwrap();
    assert_eq!(word, "kept");
    let safe: Vec<String> =
        sqlx::query_scalar("select setting from pg_settings where name in ('fsync', 'data_checksums', 'synchronous_commit')")
            .fetch_all(&db)
            .await
            .unwrap();
    assert_eq!(safe, ["on", "on", "on"]);
    db.close().await;
    drop(before);
    after.leave().await;
    assert_eq!(postmaster(dir.path()), None);
}

#[tokio::test]
async fn those_who_come_and_go_at_once_never_find_it_closed() {
    let dir = folder();
    // Made once; what is thrown away would be made anew each time.
    Postgres::join_or_start(dir.path())
        .await
        .unwrap()
        .leave()
        .await;
    let guests = (0..4).map(|guest| {
        let dir = dir.path().to_owned();
        tokio::spawn(async move {
            for round in 0..3_u64 {
                let server = Postgres::join_or_start(&dir).await.unwrap();
                assert!(answers(&server).await, "guest {guest}, round {round}");
                if (guest + round) % 2 == 0 {
                    server.leave().await;
                } else {
                    drop(server);
                }
                tokio::time::sleep(Duration::from_millis(37 * guest)).await;
            }
        })
    });
    for guest in guests.collect::<Vec<_>>() {
        guest.await.unwrap();
    }
    eventually("nothing is left", || postmaster(dir.path()).is_none()).await;
}

#[tokio::test]
async fn a_path_of_any_length_and_kind_will_do() {
    let dir = folder();
    let deep = dir
        .path()
        .join("Böcker, alla & 'några'")
        .join("x".repeat(110));
    fs::create_dir_all(&deep).unwrap();
    let server = Postgres::start(&deep, AT_ONCE).await.unwrap();
    assert!(answers(&server).await);
    assert!(server.socket_dir().as_os_str().len() < 90);
    let sockets = server.socket_dir().to_owned();
    server.leave().await;
    fs::remove_dir_all(sockets).unwrap();
}

#[tokio::test]
async fn a_folder_that_the_servers_user_cannot_reach_is_named() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root runs servers as somebody else");
        return;
    }
    let dir = folder();
    let closed = dir.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    let refused = Postgres::start(closed.join("data"), AT_ONCE)
        .await
        .unwrap_err();
    let told = refused.to_string();
    let PostgresError::RunDir(testbed::private::RunDirError::Account(
        AccountError::NotTraversable { stops_at, .. },
    )) = refused
    else {
        panic!("{told}")
    };
    assert_eq!(stops_at, closed);
    assert!(
        told.contains(&format!("chmod o+x {}", closed.display())),
        "{told}"
    );
}

#[tokio::test]
async fn a_run_folder_open_to_others_is_refused() {
    let dir = folder();
    let run = dir.path().join("postgres.run");
    fs::create_dir(&run).unwrap();
    fs::set_permissions(&run, fs::Permissions::from_mode(0o755)).unwrap();
    let data = dir.path().join("postgres");
    fs::create_dir(&data).unwrap();
    if rustix::process::geteuid().is_root() {
        // Whoever has the data runs the server.
        chown(&data, Some(65534), Some(65534)).unwrap();
        chown(&run, Some(65534), Some(65534)).unwrap();
    }
    let told = Postgres::start(dir.path(), AT_ONCE)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        told.contains(&format!("chmod 700 {}", run.display())),
        "{told}"
    );
}

#[tokio::test]
async fn a_run_folder_of_somebody_else_is_left_to_them() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root can make a folder of somebody else's");
        return;
    }
    let dir = folder();
    let (data, run) = (dir.path().join("postgres"), dir.path().join("postgres.run"));
    for (path, owner) in [(&data, 65534), (&run, 4321)] {
        fs::create_dir(path).unwrap();
        chown(path, Some(owner), Some(owner)).unwrap();
    }
    let told = Postgres::start(dir.path(), AT_ONCE)
        .await
        .unwrap_err()
        .to_string();
    assert!(told.contains("belongs to user number 4321"), "{told}");
}

#[tokio::test]
async fn data_of_another_version_are_left_alone() {
    let dir = folder();
    let data = dir.path().join("postgres");
    fs::create_dir(&data).unwrap();
    fs::write(data.join("PG_VERSION"), "9\n").unwrap();
    if rustix::process::geteuid().is_root() {
        chown(&data, Some(65534), Some(65534)).unwrap();
    }
    let refused = Postgres::join_or_start(dir.path()).await.unwrap_err();
    assert!(
        matches!(refused, PostgresError::OtherVersion { made_by: 9, .. }),
        "{refused}"
    );
}
