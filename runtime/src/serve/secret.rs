//! The seller's own secret, made once and kept in the store, so that page cursors outlive the
//! process and are understood by every process that shares the store.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::cursor::CursorKey;
use crate::identity::{Scope, TenantId};
use crate::jcs::hex;
use crate::store::{Batch, Draft, Key, Store, StoreError};

/// The key for cursors, from the secret in the store.
///
/// # Errors
///
/// When the store fails.
pub(crate) async fn cursor_key(
    store: &dyn Store,
    tenant: &TenantId,
) -> Result<CursorKey, StoreError> {
    let key = Key::new(Scope::seller(tenant), "secret", "cursors");
    loop {
        if let Some(record) = store.get(&key).await? {
            let secret = record
                .body
                .get("secret")
                .and_then(Value::as_str)
                .unwrap_or_default();
            return Ok(CursorKey::new(Sha256::digest(secret).into()));
        }
        let mut batch = Batch::new();
        batch.insert(key.clone(), Draft::new(json!({ "secret": random() })));
        match store.commit(batch).await {
            // Written, or written meanwhile by another process: read what is there now.
            Ok(()) | Err(StoreError::Conflict(_)) => {}
            Err(error) => return Err(error),
        }
    }
}

/// 244 random bits in hexadecimal: two version 4 UUIDs take them from the operating system.
pub(super) fn random() -> String {
    hex(&[*Uuid::new_v4().as_bytes(), *Uuid::new_v4().as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::memory::MemoryStore;

    #[tokio::test]
    async fn a_cursor_is_understood_after_a_restart_on_the_same_store() {
        let store = MemoryStore::new();
        let tenant = TenantId("main".into());
        let position = ("s".to_owned(), "i".to_owned());
        let cursor = cursor_key(&store, &tenant)
            .await
            .expect("a key")
            .seal("p", &position);
        let restarted = cursor_key(&store, &tenant).await.expect("the same key");
        assert_eq!(
            restarted.open("p", &cursor).expect("its own cursor"),
            position
        );
        let other = cursor_key(&MemoryStore::new(), &tenant)
            .await
            .expect("another key");
        assert!(other.open("p", &cursor).is_err());
    }
}
