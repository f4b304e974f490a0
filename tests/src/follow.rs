//! `daybook log tail --follow`, running beside.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::{DataDir, Shop, command::prepared};

/// How long an event may be on its way.
const COMES_WITHIN: Duration = Duration::from_secs(60);

/// Follows the ledger of the [`Shop`], from its beginning. Killed when dropped.
#[derive(Debug)]
pub struct Follow {
    child: Child,
    lines: Receiver<String>,
}

impl Follow {
    /// Starts it.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(dir: &DataDir) -> Self {
        let mut child = prepared(dir, &["log", "tail", "--business", Shop::SLUG, "--follow"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary is there");
        let stdout = child.stdout.take().expect("it was asked for");
        let (tell, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    /// The next event.
    ///
    /// # Panics
    /// When none comes.
    #[must_use]
    pub fn next(&self) -> Value {
        let line = self
            .lines
            .recv_timeout(COMES_WITHIN)
            .expect("an event comes");
        serde_json::from_str(&line).expect("each line is JSON")
    }

    /// Reads on up to this position: every one must come, in order, once.
    ///
    /// # Panics
    /// When one is missing, or comes twice.
    pub fn read_from_to(&self, from: i64, to: i64) {
        for position in from..=to {
            assert_eq!(self.next()["position"], position);
        }
    }

    /// Ctrl-C, and its exit code.
    ///
    /// # Panics
    /// When it was gone already.
    pub fn interrupt(mut self) -> Option<i32> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("a child has a number"), Signal::INT).expect("it runs");
        self.child.wait().expect("it is our child").code()
    }
}

impl Drop for Follow {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
