//! The real program, as a process of its own.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};

use crate::line::Line;

/// Known to all: the data are thrown away.
pub(crate) const MASTER_KEY: &str =
    "07070707070707070707070707070707070707070707070707070707070707f7";

/// How the program is to be run.
#[derive(Clone)]
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    pub(crate) dir: PathBuf,
    /// Where those with the role herald publish.
    pub(crate) nats: Option<String>,
}

/// One that runs. Ends with this value, whatever happens.
pub(crate) struct Service {
    process: Child,
    /// Host and port, if it serves the API.
    address: Option<String>,
}

impl Program {
    fn command(&self, database: &str, url: &str) -> anyhow::Result<Command> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.dir.join(format!("{database}.log")))?;
        let mut command = Command::new(&self.path);
        command
            .env("DAYBOOK_DATA_DIR", self.dir.join(database))
            .env("DAYBOOK_DATABASE_URL", url)
            .env("DAYBOOK_MASTER_KEY", MASTER_KEY)
            .env("DAYBOOK_NATS_URL", self.nats.as_deref().unwrap_or("off"))
            .env("DAYBOOK_LISTEN", "127.0.0.1:0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true);
        Ok(command)
    }

    /// Runs a command to its end; gives what it printed.
    pub(crate) async fn run(
        &self,
        database: &str,
        url: &str,
        arguments: &[&str],
    ) -> anyhow::Result<String> {
        let mut command = self.command(database, url)?;
        let output = command.arg("--json").args(arguments).output().await?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let log = self.dir.join(format!("{database}.log"));
        ensure!(
            output.status.success(),
            "daybook {arguments:?} failed: {said} {}",
            std::fs::read_to_string(log).unwrap_or_default()
        );
        Ok(said)
    }

    /// Starts the service in these roles; returns when it is ready.
    pub(crate) async fn serve(
        &self,
        database: &str,
        url: &str,
        roles: &str,
    ) -> anyhow::Result<Service> {
        let mut command = self.command(database, url)?;
        let mut process = command
            .args(["--json", "serve", "--roles", roles])
            .spawn()
            .with_context(|| format!("{} could not be run", self.path.display()))?;
        let mut address = None;
        if roles.contains("api") {
            let stdout = process.stdout.take().context("no output")?;
            let mut lines = BufReader::new(stdout).lines();
            let line = timeout(Duration::from_secs(60), lines.next_line()).await??;
            let line = line.with_context(|| told(&self.dir, database))?;
            let line: Value = serde_json::from_str(&line)?;
            let url = line["address"].as_str().context("no address")?;
            address = Some(url.trim_start_matches("http://").to_owned());
        }
        let service = Service { process, address };
        service.ready().await?;
        Ok(service)
    }
}

fn told(dir: &Path, database: &str) -> String {
    let log = std::fs::read_to_string(dir.join(format!("{database}.log"))).unwrap_or_default();
    format!("the service ended at once:\n{log}")
}

impl Service {
    pub(crate) fn address(&self) -> anyhow::Result<&str> {
        self.address
            .as_deref()
            .context("this one does not serve the API")
    }

    pub(crate) fn pid(&self) -> Option<u32> {
        self.process.id()
    }

    async fn ready(&self) -> anyhow::Result<()> {
        let Some(address) = &self.address else {
            return Ok(());
        };
        let patience = Instant::now() + Duration::from_secs(30);
        loop {
            let mut line = Line::open(address).await?;
            let asked = line.send(crate::line::Shot {
                method: hyper::Method::GET,
                path: "/readyz".to_owned(),
                key: String::new(),
                body: String::new(),
                wanted: hyper::StatusCode::OK,
            });
            match asked.await {
                Ok(_) => return Ok(()),
                Err(error) if Instant::now() > patience => bail!(error),
                Err(_) => sleep(Duration::from_millis(50)).await,
            }
        }
    }

    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        let pid = self.pid().and_then(|pid| i32::try_from(pid).ok());
        if let Some(pid) = pid.and_then(Pid::from_raw) {
            kill_process(pid, Signal::TERM)?;
        }
        timeout(Duration::from_secs(40), self.process.wait()).await??;
        Ok(())
    }
}
