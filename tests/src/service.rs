//! The service, running.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, ExitStatus, Stdio},
    sync::{
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::{Answer, Api, DataDir, command::prepared};

/// A start with an empty data dir, on a machine that does other things too.
const STARTS_WITHIN: Duration = Duration::from_secs(120);
/// How long it may take to be ready from then on.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// A `daybook serve` or `demo` on a port of its own. Killed, not asked, when dropped.
#[derive(Debug)]
pub struct Service {
    child: Child,
    told: Value,
    address: String,
    log: PathBuf,
}

impl Service {
    /// Starts it, and waits until it takes requests.
    ///
    /// # Panics
    /// When it does not, with its log.
    #[must_use]
    pub fn start(dir: &DataDir) -> Self {
        Self::start_with(dir, &[])
    }

    /// The same, with more flags.
    ///
    /// # Panics
    /// When it does not, with its log.
    #[must_use]
    pub fn start_with(dir: &DataDir, flags: &[&str]) -> Self {
        Self::run(dir, "serve", flags)
    }

    /// A `daybook demo`.
    ///
    /// # Panics
    /// When it does not start, with its log.
    #[must_use]
    pub fn demo(dir: &DataDir, flags: &[&str]) -> Self {
        Self::run(dir, "demo", flags)
    }

    fn run(dir: &DataDir, command: &str, flags: &[&str]) -> Self {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let log = dir.path().join(format!("{command}-{number}.log"));
        let words = [&[command, "--json", "--listen", "127.0.0.1:0"], flags].concat();
        let mut child = prepared(dir, &words)
            .stdout(Stdio::piped())
            .stderr(File::create(&log).expect("the data dir is ours"))
            .spawn()
            .expect("the binary is there");
        let stdout = child.stdout.take().expect("it was asked for");
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            let first = BufReader::new(stdout).lines().next();
            // Nobody waits for it any more: then it is late.
            let _ = tell.send(first.and_then(Result::ok));
        });
        let first = told.recv_timeout(STARTS_WITHIN).ok().flatten();
        let told = first
            .and_then(|line| serde_json::from_str::<Value>(&line).ok())
            .and_then(|told| Some((told["address"].as_str()?.to_owned(), told)));
        let Some((address, told)) = told else {
            child.kill().ok();
            child.wait().ok();
            panic!(
                "it does not start:\n{}",
                fs::read_to_string(&log).unwrap_or_default()
            );
        };
        Self {
            child,
            told,
            address,
            log,
        }
    }

    /// The line that it told when it was ready.
    #[must_use]
    pub fn told(&self) -> &Value {
        &self.told
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Its API, with a key.
    #[must_use]
    pub fn api(&self, key: &str) -> Api {
        Api::new(&self.address, key)
    }

    /// Asks for what needs no key: `/readyz`.
    ///
    /// # Panics
    /// When no answer came.
    pub async fn get(&self, path: &str) -> Answer {
        Answer::from_open(&self.address, path).await
    }

    /// Waits until it is ready, which it is some moments after it takes requests, and tells what `/readyz` says then.
    ///
    /// # Panics
    /// When it does not become so, with what it says.
    pub async fn ready(&self) -> Value {
        let began = Instant::now();
        loop {
            let Answer { status, body, .. } = self.get("/readyz").await;
            if status == 200 {
                return body;
            }
            assert!(began.elapsed() < READY_WITHIN, "{body:#}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What it has logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// `kill -9`: it has no say in this.
    ///
    /// # Panics
    /// When it was gone already.
    pub fn kill_nine(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it is our child");
    }

    /// SIGTERM, and waits for its end.
    ///
    /// # Panics
    /// When it was gone already.
    #[must_use]
    pub fn stop(self) -> ExitStatus {
        self.terminate();
        self.gone()
    }

    /// Waits until it is gone, having been told to go. (Told twice it would not wait for what is in hand.)
    ///
    /// # Panics
    /// When it was waited for before.
    #[must_use]
    pub fn gone(mut self) -> ExitStatus {
        self.child.wait().expect("it is our child")
    }

    /// SIGTERM, without waiting.
    ///
    /// # Panics
    /// When it was gone already.
    pub fn terminate(&self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("a child has a number"), Signal::TERM).expect("it runs");
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Gone already, if it was stopped or killed.
        self.child.kill().ok();
        self.child.wait().ok();
        if thread::panicking() {
            eprintln!("--- the service's log\n{}", self.log());
        }
    }
}
