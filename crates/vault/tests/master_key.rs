//! The master key's file and spellings.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::thread;

use vault::{MasterKey, MasterKeyError};

const HEX: &str = "fb00ff3e0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c";
const BASE64: &str = "+wD/PgECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxw=";
const URL_SAFE: &str = "-wD_PgECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxw";

fn dir() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = dir.path().join("master.key");
    (dir, file)
}

fn refusal(dir: &Path) -> MasterKeyError {
    MasterKey::load_or_create(dir).expect_err("the key is refused")
}

#[test]
fn is_read_in_each_spelling() {
    let (dir, file) = dir();
    MasterKey::load_or_create(dir.path()).unwrap();
    for text in [
        HEX,
        &HEX.to_uppercase(),
        BASE64,
        URL_SAFE,
        &format!(" {HEX}\n"),
    ] {
        text.parse::<MasterKey>().unwrap();
        fs::write(&file, text).unwrap();
        MasterKey::load_or_create(dir.path()).unwrap();
    }
    for text in [
        "",
        "secret",
        &HEX[2..],
        &BASE64[4..],
        &HEX.replace('f', "g"),
    ] {
        let error = text.parse::<MasterKey>().unwrap_err();
        assert!(matches!(error, MasterKeyError::NotAKey), "{text}");
        fs::write(&file, text).unwrap();
        assert!(matches!(
            refusal(dir.path()),
            MasterKeyError::BadFile { .. }
        ));
    }
}

#[test]
fn never_shows_itself() {
    let key: MasterKey = HEX.parse().unwrap();
    assert_eq!(
        format!("{key:?}"),
        "MasterKey(SecretBox<[u8; 32]>([REDACTED]))"
    );
}

#[test]
fn file_is_made_for_its_owner_alone_and_kept() {
    let (dir, file) = dir();
    let made = MasterKey::load_or_create(dir.path()).unwrap();
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let again = MasterKey::load_or_create(dir.path()).unwrap();
    assert_eq!(again.fingerprint(), made.fingerprint());
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        1,
        "nothing lies beside it"
    );
}

#[test]
fn file_open_to_others_is_refused_with_what_to_do() {
    let (dir, file) = dir();
    MasterKey::load_or_create(dir.path()).unwrap();
    for mode in [0o640, 0o604, 0o620, 0o644] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let message = refusal(dir.path()).to_string();
        assert!(message.contains(&format!("mode {mode:04o}")), "{message}");
        assert!(
            message.contains(&format!("chmod 600 {}", file.display())),
            "{message}"
        );
    }
    for mode in [0o600, 0o400] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        MasterKey::load_or_create(dir.path()).unwrap();
    }
}

#[test]
fn no_directory_is_told() {
    let (dir, _) = dir();
    let error = refusal(&dir.path().join("absent"));
    assert!(matches!(error, MasterKeyError::File { .. }), "{error}");
}

/// The file system is what decides, so threads meet the same race as processes do.
#[test]
fn starting_together_ends_with_one_key() {
    const STARTERS: usize = 16;
    for _ in 0..50 {
        let (dir, file) = dir();
        let together = Barrier::new(STARTERS);
        let seen: Vec<[u8; 32]> = thread::scope(|scope| {
            let starters: Vec<_> = (0..STARTERS)
                .map(|_| {
                    scope.spawn(|| {
                        together.wait();
                        MasterKey::load_or_create(dir.path()).unwrap().fingerprint()
                    })
                })
                .collect();
            starters.into_iter().map(|s| s.join().unwrap()).collect()
        });
        let kept: MasterKey = fs::read_to_string(&file).unwrap().parse().unwrap();
        assert_eq!(seen, [kept.fingerprint(); STARTERS]);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
