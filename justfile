# The verbs of this house; `just` lists them. Each calls a plain script or cargo, for `just` is on no fresh machine.

# List what can be done
_default:
    @just --list --unsorted

# Install what is missing on this machine
setup:
    ops/setup

# Build, and start Daybook with a demo business; prints the address and the sign-ins
run *args:
    ops/run {{args}}

# Formatting, lints and every test, as the checks run them
test *args:
    ops/test {{args}}

# Try the API with requests made of chance: just fuzz --minutes 10 [--seed 7]
fuzz *args:
    ops/fuzz {{args}}

# Lint everything; warnings are errors
lint:
    cargo fmt --all -- --check
    cargo clippy --locked --workspace --all-targets -- -D warnings

# Type-check everything, quickly
check:
    cargo check --locked --workspace --all-targets

# Build the read models again from the ledger, while the service runs
rebuild *args:
    cargo run --locked --bin daybook -- rebuild {{args}}

# Start over with another demo business: just demo --kind clinic --data-dir /tmp/clinic
demo *args:
    ops/run {{args}}

# Measure against the bare database; one table at the end. just bench --quick only sees that it works
bench *args:
    cargo build --locked --release -p daybook -p bench
    "${CARGO_TARGET_DIR:-target}"/release/bench {{args}}

# Kill service and NATS at random under load, for five minutes, and see that every event is told once and in order
soak seconds="300":
    DAYBOOK_SOAK_S={{seconds}} cargo test --locked --workspace --test soak -- --nocapture
