//! Bytes that are no event and lie for a while: sealed under a key of their own, which is kept beside them, wrapped.
//! Who throws the wrapped key away has thrown the bytes away.

use uuid::Uuid;
use zeroize::Zeroizing;

use crate::cipher::{self, Secret};
use crate::vault::Vault;

/// The key of one parcel.
#[derive(Debug)]
pub struct ParcelKey(Secret);

impl Vault {
    /// A new key for the parcel `id`, and its wrapped form to be kept beside what is sealed with it.
    #[must_use]
    pub fn new_parcel(&self, business: Uuid, id: Uuid) -> (ParcelKey, Vec<u8>) {
        let key = cipher::random_key();
        let wrapped = self.subkeys().wrap(business, id, &key);
        (ParcelKey(key), wrapped)
    }

    /// The key of the parcel `id`. None: these bytes are not its wrapped form, or of another master key.
    #[must_use]
    pub fn parcel(&self, business: Uuid, id: Uuid, wrapped: &[u8]) -> Option<ParcelKey> {
        self.subkeys().unwrap(business, id, wrapped).map(ParcelKey)
    }
}

impl ParcelKey {
    /// Seals bytes; they open only under the same name.
    #[must_use]
    pub fn seal(&self, name: &str, bytes: &[u8]) -> Vec<u8> {
        cipher::encrypt(&self.0, name.as_bytes(), bytes)
    }

    /// Opens them. None: they were altered, or sealed under another name or key.
    #[must_use]
    pub fn open(&self, name: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        cipher::decrypt(&self.0, name.as_bytes(), sealed)
    }
}

#[cfg(test)]
mod tests {
    use sqlx::PgPool;

    use super::*;
    use crate::MasterKey;

    #[tokio::test]
    async fn a_parcel_opens_with_its_own_key_under_its_own_name() {
        let pool = PgPool::connect_lazy("postgres://nowhere").unwrap();
        let vault = Vault::new(&MasterKey::generate(), pool);
        let (business, id) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let (key, wrapped) = vault.new_parcel(business, id);
        let sealed = key.seal("file", b"name;phone");
        assert!(!sealed.windows(4).any(|window| window == b"name"));
        let again = vault.parcel(business, id, &wrapped).unwrap();
        assert_eq!(
            again.open("file", &sealed).unwrap().as_slice(),
            b"name;phone"
        );
        assert!(again.open("name", &sealed).is_none());
        assert!(vault.parcel(id, business, &wrapped).is_none());
        let (other, _) = vault.new_parcel(business, id);
        assert!(other.open("file", &sealed).is_none());
    }
}
