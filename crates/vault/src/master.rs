//! The master key: thirty-two random bytes under which all others lie. Who loses it has erased
//! everybody; who leaks it beside a database has leaked everybody.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use crate::cipher::{self, Secret};
use crate::subkeys::Subkeys;

/// Its name in the data directory.
const FILE: &str = "master.key";

/// The master key. Shows nothing of itself, and is wiped from memory when dropped.
#[derive(Debug, Clone)]
pub struct MasterKey(Arc<Secret>);

/// Why there is no master key to work with. No variant holds anything of the key.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// The text is not thirty-two bytes in either spelling.
    #[error("a master key is 32 bytes, written as 64 hexadecimal digits or in base64")]
    NotAKey,
    /// The file holds something else.
    #[error("{path} holds no master key: put back the one that was there", path = path.display())]
    BadFile {
        /// The key's file.
        path: PathBuf,
    },
    /// Others on this machine could have read the file.
    #[error(
        "{path} is open to others (mode {mode:04o}): run `chmod 600 {path}`, and if anybody else \
         uses this machine, take the key as known to them",
        path = path.display()
    )]
    LooseFile {
        /// The key's file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is there, or its folder is, but cannot be read or written.
    #[error("{path} could not be read or made", path = path.display())]
    File {
        /// The key's file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl MasterKey {
    /// A new random one.
    #[must_use]
    pub fn generate() -> Self {
        Self(Arc::new(cipher::random_key()))
    }

    /// The key in the file `master.key` of `data_dir`, made on first use, readable by its owner
    /// alone. Processes that start at the same moment end with the same key.
    ///
    /// # Errors
    /// When the file is open to others, holds no key, or cannot be read or made.
    pub fn load_or_create(data_dir: &Path) -> Result<Self, MasterKeyError> {
        let path = data_dir.join(FILE);
        let failed = |source| MasterKeyError::File {
            path: path.clone(),
            source,
        };
        let file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Self::generate().store(data_dir).map_err(failed)?;
                File::open(&path).map_err(failed)?
            }
            opened => opened.map_err(failed)?,
        };
        // Asked of the open file, not of its path, which may by now name another.
        let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(MasterKeyError::LooseFile { path, mode });
        }
        // Far more than a key needs; keeps a wrong file out of memory.
        let mut text = Zeroizing::new(String::with_capacity(256));
        match file.take(256).read_to_string(&mut text) {
            Err(error) if error.kind() != io::ErrorKind::InvalidData => Err(failed(error)),
            _ => text.parse().map_err(|_| MasterKeyError::BadFile { path }),
        }
    }

    /// Writes the key whole under another name, then gives it its own: nobody ever reads half a
    /// key, and of two processes one comes first and the other's key is thrown away.
    fn store(&self, data_dir: &Path) -> io::Result<()> {
        let mut file = tempfile::Builder::new()
            .prefix(".master.key.")
            .permissions(fs::Permissions::from_mode(0o600))
            .tempfile_in(data_dir)?;
        let text = Zeroizing::new(STANDARD.encode(self.0.expose_secret()));
        file.write_all(text.as_bytes())?;
        file.write_all(b"\n")?;
        file.as_file().sync_all()?;
        match file.persist_noclobber(data_dir.join(FILE)) {
            Err(lost) if lost.error.kind() != io::ErrorKind::AlreadyExists => Err(lost.error),
            // The name too must outlive a power cut: what is sealed next depends on it.
            _ => File::open(data_dir)?.sync_all(),
        }
    }

    /// Tells one master key from another, and nothing else about it.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        *self.subkeys().fingerprint()
    }

    pub(crate) fn subkeys(&self) -> Subkeys {
        Subkeys::of(&self.0)
    }
}

/// 64 hexadecimal digits, or base64 (plain or URL-safe, padded or not); space around it is allowed.
impl FromStr for MasterKey {
    type Err = MasterKeyError;

    fn from_str(text: &str) -> Result<Self, MasterKeyError> {
        let text = text.trim();
        let config =
            GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
        let base64 = |alphabet| GeneralPurpose::new(alphabet, config).decode(text).ok();
        let bytes = if text.len() == 64 {
            hex::decode(text).ok()
        } else {
            base64(&alphabet::STANDARD).or_else(|| base64(&alphabet::URL_SAFE))
        };
        let bytes = Zeroizing::new(bytes.ok_or(MasterKeyError::NotAKey)?);
        let bytes: &[u8; 32] = bytes
            .as_slice()
            .try_into()
            .map_err(|_| MasterKeyError::NotAKey)?;
        let key = Secret::init_with_mut(|key| key.copy_from_slice(bytes));
        Ok(Self(Arc::new(key)))
    }
}
