//! The binary under test.

use std::{
    env,
    path::PathBuf,
    process::{Command, Stdio},
    sync::OnceLock,
};

/// The `daybook` that `DAYBOOK_BIN` names, else the one of this very build.
///
/// # Panics
/// When it cannot be built.
pub fn binary() -> &'static PathBuf {
    // One that could not be built is not tried again for each test.
    static BINARY: OnceLock<Option<PathBuf>> = OnceLock::new();
    let binary = BINARY.get_or_init(|| match env::var_os("DAYBOOK_BIN") {
        Some(named) => Some(PathBuf::from(named)),
        None => built(),
    });
    binary
        .as_ref()
        .expect("the binary can be built; cargo said above why not")
}

/// Builds it as `cargo test --workspace` does, with the same features, so that nothing is left to do after that. The
/// test that is named is of its package, and cargo builds a package's binaries for its tests.
fn built() -> Option<PathBuf> {
    let status = Command::new(env!("CARGO"))
        .args([
            "test",
            "--workspace",
            "--test",
            "command_line",
            "--no-run",
            "--quiet",
        ])
        .args(profile())
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .stdout(Stdio::null())
        .status()
        .expect("cargo runs: it runs this test");
    // We are `target/PROFILE/deps/NAME-HASH`.
    let here = env::current_exe().expect("this test's program has a path");
    let target = here
        .ancestors()
        .nth(2)
        .expect("it lies in target/PROFILE/deps");
    status.success().then(|| target.join("daybook"))
}

fn profile() -> &'static [&'static str] {
    if cfg!(debug_assertions) {
        &[]
    } else {
        &["--release"]
    }
}
