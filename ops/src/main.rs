//! Running Daybook: the command, migrations, set-up.

#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the command that runs it comes next")
)]
mod import;

fn main() {}
