//! Running Daybook: the command, migrations, set-up.
fn main() {}
