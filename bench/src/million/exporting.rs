//! What it takes to hand out the whole history as a file, and how much memory the service needs for it.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use hyper::{Method, StatusCode};
use tokio::time::sleep;

use super::Made;
use crate::{
    line::{Line, Shot, count},
    machine,
    service::Service,
};

/// How often the service's memory is looked at.
const LOOKS: Duration = Duration::from_millis(100);
const FORMATS: [&str; 2] = ["csv", "xlsx"];

/// Every booking, as each kind of file.
pub(super) async fn exports(service: &Service, made: &Made) -> anyhow::Result<String> {
    let pid = service.pid().context("the service has ended")?;
    let mut told = String::from(
        "| all of the history as a file | rows | s | rows a second | MB | the service's memory before, MB | at most, MB |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for format in FORMATS {
        let before = machine::resident(pid).context("no memory")?;
        let begun = Instant::now();
        let mut line = Line::open(service.address()?).await?;
        let file = line.measure(Shot {
            method: Method::GET,
            path: format!("/api/v1/history/export?format={format}"),
            key: made.api_key.clone(),
            body: String::new(),
            wanted: StatusCode::OK,
        });
        let mut most = before;
        let looking = async {
            loop {
                most = machine::resident(pid).map_or(most, |now| now.max(most));
                sleep(LOOKS).await;
            }
        };
        let (bytes, lines) = tokio::select! {
            file = file => file?,
            () = looking => continue,
        };
        let seconds = begun.elapsed().as_secs_f64();
        // A spreadsheet's rows cannot be counted from outside; they are the same.
        let rows = if format == "csv" {
            lines.saturating_sub(1)
        } else {
            usize::try_from(made.bookings)?
        };
        writeln!(
            told,
            "| {format} | {rows} | {seconds:.1} | {:.0} | {:.0} | {before:.0} | {most:.0} |",
            count(rows) / seconds,
            count(bytes) / 1e6
        )?;
    }
    Ok(told + "\n")
}
