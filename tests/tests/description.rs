//! The description of the API, as other people's programs read it: a linter finds nothing, every example is answered as
//! described, a client that is generated from it compiles.

use std::{fs, os::unix::fs::symlink, process::Command};

use tests::{Checks, DataDir, Service, Shop, root};

const DESCRIPTION: &str = "gateway/openapi.json";

/// Runs it; what it said, if it was not content.
#[track_caller]
fn content(command: &mut Command) -> String {
    let output = command.output().expect("ops/setup has installed it");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let besides = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}\n{besides}");
    told
}

#[test]
fn a_linter_finds_nothing() {
    let Some(checks) = Checks::found("linting the description") else {
        return;
    };
    content(
        checks
            .node("description", "redocly")
            .args([
                "lint",
                DESCRIPTION,
                "--config",
                "tests/description/redocly.yaml",
            ])
            .args(["--format", "stylish", "--max-problems", "100"])
            // It works on what is here, and tells nobody.
            .env("REDOCLY_TELEMETRY", "off")
            .env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true"),
    );
}

#[test]
fn a_typed_client_compiles() {
    let Some(checks) = Checks::found("compiling a TypeScript client") else {
        return;
    };
    let example = root().join("docs/examples/client-ts");
    let folder = tempfile::tempdir().expect("there is room for a folder");
    fs::create_dir(folder.path().join("src")).expect("it is ours");
    for file in ["package.json", "tsconfig.json", "src/book.ts"] {
        fs::copy(example.join(file), folder.path().join(file)).expect("the example is there");
    }
    symlink(
        checks.modules("client-ts"),
        folder.path().join("node_modules"),
    )
    .expect("it is ours");
    content(
        checks
            .node("client-ts", "openapi-typescript")
            .arg(DESCRIPTION)
            .arg("-o")
            .arg(folder.path().join("src/daybook.d.ts")),
    );
    content(
        checks
            .node("client-ts", "tsc")
            .arg("--project")
            .arg(folder.path()),
    );
}

#[test]
fn every_example_is_answered_as_described() {
    let Some(checks) = Checks::found("sending the examples") else {
        return;
    };
    let dir = DataDir::new();
    let service = Service::start(&dir);
    let key = Shop::create(&dir);
    let told = content(
        checks
            .python("python")
            .arg("tests/description/examples.py")
            .args([service.address(), key.as_str()])
            .arg("gateway/src/openapi/examples.json"),
    );
    println!("{told}");
    assert!(service.stop().success());
}
