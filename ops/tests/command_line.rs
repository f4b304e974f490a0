//! What the command says of itself, and how it ends, where no server is needed.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

fn daybook(words: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_daybook"))
        .args(words)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may have ended without reading.
    child.stdin.take().unwrap().write_all(input.as_bytes()).ok();
    child.wait_with_output().unwrap()
}

fn told(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

const SCENARIO: &str = r#"{
    "timezone": "Europe/Warsaw", "date_from": "2026-11-24", "date_to": "2026-11-24", "duration_min": 60,
    "slot_interval_min": 30, "buffer_before_min": 0, "buffer_after_min": 0, "min_notice_min": 0,
    "now": "2026-11-23T00:00:00Z", "working_hours": [{"weekday": "tue", "from": "09:00", "to": "11:00"}],
    "busy": [{"start": "2026-11-24T09:00:00Z", "end": "2026-11-24T09:30:00Z"}]
}"#;

#[test]
fn it_tells_its_version() {
    let output = daybook(&["--version"], "");
    assert_eq!(
        told(&output.stdout),
        format!("daybook {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn every_command_has_help_that_lists_the_settings() {
    for words in [
        &["serve"][..],
        &["demo"],
        &["migrate"],
        &["business", "create"],
        &["api-key", "create"],
        &["import-history"],
        &["rebuild"],
        &["log", "tail"],
        &["slots"],
        &["doctor"],
    ] {
        let output = daybook(&[words, &["--help"]].concat(), "");
        assert!(output.status.success(), "{words:?}");
        assert!(
            told(&output.stdout).contains("--data-dir <FOLDER>"),
            "{words:?}"
        );
    }
}

#[test]
fn slots_prints_a_line_for_each_scenario() {
    let output = daybook(&["slots"], SCENARIO);
    assert_eq!(
        told(&output.stdout),
        "{\"starts\":[\"2026-11-24T08:00:00Z\"]}\n"
    );
    let output = daybook(&["slots", "-"], &format!("[{SCENARIO}, {SCENARIO}]"));
    assert_eq!(told(&output.stdout).lines().count(), 2);
}

#[test]
fn slots_explains_what_is_not_offered() {
    let output = daybook(&["slots", "--explain"], SCENARIO);
    let line: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let why: Vec<_> = line["refused"]
        .as_array()
        .unwrap()
        .iter()
        .map(|refused| {
            (
                refused["start"].as_str().unwrap(),
                refused["why"][0]["reason"].as_str().unwrap(),
            )
        })
        .collect();
    assert!(why.contains(&("2026-11-24T08:30:00Z", "busy")), "{why:?}");
    assert!(why.contains(&("2026-11-24T09:30:00Z", "hours")), "{why:?}");
}

#[test]
fn a_scenario_that_makes_no_sense_is_told_by_its_field() {
    let output = daybook(
        &["slots"],
        &SCENARIO.replace("\"duration_min\": 60", "\"duration_min\": -1"),
    );
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    assert!(
        told(&output.stderr).contains("duration_min"),
        "{}",
        told(&output.stderr)
    );
}

#[test]
fn a_file_that_is_not_there_is_a_failure_and_no_misuse() {
    let output = daybook(&["slots", "/nowhere/scenario.json"], "");
    assert_eq!(output.status.code(), Some(1));
    let error = told(&output.stderr);
    for part in ["/nowhere/scenario.json", "  why: ", "  do:  "] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn mistakes_are_told_together_and_exit_with_2() {
    let output = daybook(
        &[
            "serve",
            "--listen",
            "nowhere",
            "--roles",
            "cook",
            "--log-level",
            "loud",
        ],
        "",
    );
    assert_eq!(output.status.code(), Some(2));
    let error = told(&output.stderr);
    for mistake in ["--listen", "--roles", "--log-level"] {
        assert!(error.contains(mistake), "{error}");
    }
    assert_eq!(daybook(&["cook"], "").status.code(), Some(2));
    let words = [
        "business",
        "create",
        "--name",
        "",
        "--slug",
        "No Slug",
        "--time-zone",
        "Mars/Base",
        "--currency",
        "???",
        "--owner-email",
        "nobody",
        "--owner-password",
        "12345678",
    ];
    let output = daybook(&words, "");
    assert_eq!(output.status.code(), Some(2));
    let error = told(&output.stderr);
    for mistake in [
        "--name",
        "--slug",
        "--time-zone",
        "--currency",
        "--owner-email",
    ] {
        assert!(error.contains(mistake), "{error}");
    }
}
