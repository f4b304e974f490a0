//! The arrows of the house, read from what cargo knows: who may import whom (docs/adr/0001), and which crates may not
//! come in at all.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};

/// Each of our packages and the ones of ours it may import. What is not here may not be.
const ARROWS: &[(&str, &[&str])] = &[
    (
        "daybook",
        &[
            "domain",
            "gateway",
            "herald",
            "ledger",
            "projections",
            "sheets",
            "testbed",
            "vault",
            "webhooks",
        ],
    ),
    (
        "bench",
        &[
            "domain",
            "gateway",
            "herald",
            "ledger",
            "projections",
            "testbed",
            "vault",
        ],
    ),
    (
        "gateway",
        &[
            "domain",
            "herald",
            "ledger",
            "projections",
            "sheets",
            "vault",
            "webhooks",
        ],
    ),
    ("herald", &["ledger"]),
    ("webhooks", &["herald", "ledger"]),
    ("sheets", &[]),
    ("projections", &["domain", "ledger", "vault"]),
    ("domain", &[]),
    ("ledger", &[]),
    ("vault", &[]),
    ("testbed", &[]),
    ("tests", &["testbed"]),
];

/// What `domain` does not name: SQL, HTTP, the runtime, randomness, logs. (cqrs-es brings tokio along behind its back;
/// its clippy.toml forbids the clock.)
const STRANGERS_TO_DOMAIN: &[&str] = &[
    "axum",
    "getrandom",
    "hyper",
    "jiff-sqlx",
    "postgres-es",
    "rand",
    "reqwest",
    "sqlx",
    "tokio",
    "tower",
    "tower-http",
    "tracing",
];

/// One TLS provider, ring, and no C library: rustls panics when it finds two.
const SHUT_OUT: &[&str] = &["aws-lc-rs", "aws-lc-sys", "native-tls", "openssl-sys"];

fn house() -> Metadata {
    MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .other_options(vec!["--locked".to_owned()])
        .exec()
        .unwrap()
}

fn ours(house: &Metadata) -> BTreeMap<&str, &Package> {
    house
        .workspace_packages()
        .into_iter()
        .map(|package| (package.name.as_str(), package))
        .collect()
}

#[test]
fn every_arrow_is_one_of_the_houses() {
    let house = house();
    let ours = ours(&house);
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut wrong = Vec::new();
    for (name, package) in &ours {
        let may = allowed
            .get(name)
            .unwrap_or_else(|| panic!("{name} has no line in ARROWS: say what it may import"));
        for imported in package
            .dependencies
            .iter()
            .filter(|imported| ours.contains_key(imported.name.as_str()))
        {
            let whom = imported.name.as_str();
            // A crate's own tests may set the scene with what lies below it and with the testbed.
            let for_tests = imported.kind == DependencyKind::Development
                && !["tests", "daybook"].contains(&whom);
            if !may.contains(&whom) && !for_tests {
                wrong.push(format!("{name} → {whom}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "arrows that the house does not have: {wrong:?}"
    );
}

#[test]
fn domain_knows_no_shell() {
    let house = house();
    let domain = ours(&house)["domain"];
    let named: Vec<&str> = domain
        .dependencies
        .iter()
        .filter(|imported| imported.kind != DependencyKind::Development)
        .map(|imported| imported.name.as_str())
        .filter(|name| STRANGERS_TO_DOMAIN.contains(name))
        .collect();
    assert!(
        named.is_empty(),
        "domain imports {named:?}: time, ids and chance come in as arguments"
    );
}

#[test]
fn there_is_one_tls_provider_and_no_c_library_for_it() {
    let house = house();
    let names: BTreeMap<&PackageId, &str> = house
        .packages
        .iter()
        .map(|package| (&package.id, package.name.as_str()))
        .collect();
    let tree = house.resolve.as_ref().unwrap();
    let nodes: BTreeMap<&PackageId, _> = tree.nodes.iter().map(|node| (&node.id, node)).collect();
    // Breadth first, with the way there, over everything that is not only for tests.
    let mut ways: VecDeque<Vec<&PackageId>> = house
        .workspace_members
        .iter()
        .map(|member| vec![member])
        .collect();
    let mut seen: BTreeSet<&PackageId> = house.workspace_members.iter().collect();
    while let Some(way) = ways.pop_front() {
        let last = way[way.len() - 1];
        let told: Vec<&str> = way.iter().map(|id| names[id]).collect();
        assert!(
            !SHUT_OUT.contains(&names[last]),
            "shut out, and here by {}",
            told.join(" → ")
        );
        for imported in &nodes[last].deps {
            let built = imported
                .dep_kinds
                .iter()
                .any(|kind| kind.kind != DependencyKind::Development);
            if built && seen.insert(&imported.pkg) {
                ways.push_back([way.as_slice(), &[&imported.pkg]].concat());
            }
        }
    }
    assert!(seen.len() > 100, "the tree was read");
}
