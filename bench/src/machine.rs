//! Whose time the processors spend, and how much memory the service holds: from `/proc`, where there is one.

use std::{fs, path::Path, process};

/// Seconds of processor time, each since its beginning.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spent {
    pub(crate) service: f64,
    pub(crate) postgres: f64,
    /// The benchmark's own, `pgbench` included.
    pub(crate) load: f64,
}

/// Ticks of a second in `/proc`, the same on all Linux machines that Rust runs on.
const TICKS: f64 = 100.0;

struct Stat {
    parent: u32,
    own: f64,
    children: f64,
}

fn stat(pid: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in brackets, may hold anything.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        own: (number(11)? + number(12)?) / TICKS,
        children: (number(13)? + number(14)?) / TICKS,
    })
}

impl Spent {
    /// As of now. `postmaster`: PostgreSQL's first process.
    pub(crate) fn now(service: Option<u32>, postmaster: Option<u32>) -> Self {
        let load = stat(process::id()).map_or(0.0, |stat| stat.own + stat.children);
        let service = service.and_then(stat).map_or(0.0, |stat| stat.own);
        Self {
            service,
            load,
            postgres: postmaster.map_or(0.0, of_postgres),
        }
    }

    /// What was spent from then to now.
    pub(crate) fn since(self, then: Self) -> Self {
        Self {
            service: self.service - then.service,
            postgres: self.postgres - then.postgres,
            load: self.load - then.load,
        }
    }

    /// Milliseconds for each of so many things done.
    pub(crate) fn each(self, things: f64) -> Self {
        let each = |seconds: f64| seconds * 1e3 / things.max(1.0);
        Self {
            service: each(self.service),
            postgres: each(self.postgres),
            load: each(self.load),
        }
    }
}

fn of_postgres(postmaster: u32) -> f64 {
    let ended = stat(postmaster).map_or(0.0, |stat| stat.own + stat.children);
    let alive = processes().filter_map(stat);
    ended
        + alive
            .filter(|stat| stat.parent == postmaster)
            .map(|stat| stat.own)
            .sum::<f64>()
}

fn processes() -> impl Iterator<Item = u32> {
    let listed = fs::read_dir("/proc").into_iter().flatten().flatten();
    listed.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// PostgreSQL's first process, of a server in this data dir.
pub(crate) fn postmaster(data_dir: &Path) -> Option<u32> {
    let text = fs::read_to_string(data_dir.join("postgres/postmaster.pid")).ok()?;
    text.lines().next()?.trim().parse().ok()
}

/// Megabytes that a process holds in memory.
pub(crate) fn resident(pid: u32) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes / 1024.0)
}

/// What else runs: the load averages.
pub(crate) fn load_average() -> Option<String> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    Some(
        text.split_whitespace()
            .take(3)
            .collect::<Vec<_>>()
            .join(" "),
    )
}
