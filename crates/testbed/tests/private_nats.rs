//! A private NATS server: JetStream is on, strangers are not let in, the port is kept.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    time::Duration,
};

use testbed::{
    Durability, Nats, Settings,
    private::{BinariesError, NatsError},
};

const AT_ONCE: Settings = Settings {
    durability: Durability::ThrownAway,
    linger: Duration::ZERO,
};

async fn start(dir: &tempfile::TempDir) -> Option<Nats> {
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    match Nats::start(dir.path(), AT_ONCE).await {
        Ok(server) => Some(server),
        Err(NatsError::Binaries(BinariesError::NoNats)) => {
            eprintln!("skipped: there is no nats-server here; ops/setup installs one");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// Signs in by hand, with the protocol's own words, and tells the server's greeting and its answer to a ping.
fn sign_in(address: &str, password: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let greeting = lines.next().unwrap().unwrap();
    let words = format!(
        "CONNECT {{\"user\":\"daybook\",\"pass\":\"{password}\",\"verbose\":false}}\r\nPING\r\n"
    );
    stream.write_all(words.as_bytes()).unwrap();
    (greeting, lines.next().unwrap().unwrap())
}

#[tokio::test]
async fn only_who_knows_the_password_comes_in() {
    let dir = tempfile::tempdir_in("/tmp").unwrap();
    let Some(server) = start(&dir).await else {
        return;
    };
    let (password, address) = server
        .url()
        .strip_prefix("nats://daybook:")
        .unwrap()
        .split_once('@')
        .unwrap();
    let (greeting, answer) = sign_in(address, password);
    assert!(greeting.contains("\"jetstream\":true"), "{greeting}");
    assert_eq!(answer, "PONG");
    assert!(sign_in(address, "guessed").1.starts_with("-ERR"));
    server.leave().await;
}

#[tokio::test]
async fn it_is_joined_then_stopped_and_comes_back_on_its_port() {
    let dir = tempfile::tempdir_in("/tmp").unwrap();
    let Some(first) = start(&dir).await else {
        return;
    };
    let second = start(&dir).await.unwrap();
    let url = first.url().to_owned();
    assert_eq!(second.url(), url);
    let address = url.split_once('@').unwrap().1;
    first.leave().await;
    assert!(
        TcpStream::connect(address).is_ok(),
        "the second still uses it"
    );
    second.leave().await;
    assert!(
        TcpStream::connect(address).is_err(),
        "stopped when leave returns"
    );
    let third = start(&dir).await.unwrap();
    assert_eq!(third.url(), url);
    third.leave().await;
}

#[tokio::test]
async fn one_that_was_killed_is_started_again_where_it_was() {
    let dir = tempfile::tempdir_in("/tmp").unwrap();
    let Some(server) = start(&dir).await else {
        return;
    };
    assert_eq!(server.revive().await.unwrap(), None, "it lives");
    let pid = fs::read_to_string(dir.path().join("nats.run/nats.pid")).unwrap();
    let killed = std::process::Command::new("kill")
        .args(["-9", pid.trim()])
        .status();
    assert!(killed.unwrap().success());
    let began = std::time::Instant::now();
    let url = loop {
        // It may take a moment to die.
        if let Some(url) = server.revive().await.unwrap() {
            break url;
        }
        assert!(began.elapsed() < Duration::from_secs(10), "it will not die");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(url, server.url());
    assert_eq!(server.revive().await.unwrap(), None, "it lives again");
    server.leave().await;
    let address = url.split_once('@').unwrap().1;
    assert!(
        TcpStream::connect(address).is_err(),
        "stopped with its last user"
    );
}
