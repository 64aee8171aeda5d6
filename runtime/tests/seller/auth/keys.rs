//! API keys that are changed while the seller runs.

use std::path::Path;
use std::time::Duration;

use adcp_seller::auth::Callers;
use adcp_seller::profile::Entry;
use chrono::TimeDelta;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{Door, assert_challenged, open, profile};
use crate::support::line;

/// How long a changed file may go unnoticed.
const NOTICED: Duration = Duration::from_secs(20);

fn entry(principal: &str, key: &str, rest: &str) -> String {
    let digest: String = Sha256::digest(key)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("[[key]]\nprincipal = \"{principal}\"\nsha256 = \"{digest}\"\n{rest}\n")
}

/// Replaces the file in one step, as an editor or a secret store does.
fn replace(path: &Path, text: &str) {
    let beside = path.with_extension("new");
    std::fs::write(&beside, text).expect("written");
    std::fs::rename(beside, path).expect("moved");
}

async fn over(path: &Path) -> Door {
    let mut callers = Callers::default();
    callers
        .read(path.to_owned(), line::spec())
        .expect("a good file");
    open(profile(Entry::PLAIN), |setting| setting.callers = callers).await
}

/// Waits until a key is answered so.
async fn until(door: &Door, key: &str, status: u16) {
    let waiting = async {
        while door.knock(key).await != status {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(NOTICED, waiting)
        .await
        .expect("the change is noticed");
}

#[tokio::test]
async fn a_key_is_replaced_without_a_restart_and_a_bad_file_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("keys.toml");
    let (old, new) = (
        entry("nova", "the-old-key", ""),
        entry("nova", "the-new-key", ""),
    );
    replace(&path, &old);
    let door = over(&path).await;
    assert_eq!(door.knock("the-old-key").await, 200);
    assert_eq!(door.knock("the-new-key").await, 401);
    replace(&path, &(old.clone() + &new));
    until(&door, "the-new-key", 200).await;
    assert_eq!(door.knock("the-old-key").await, 200);
    replace(&path, &new);
    until(&door, "the-old-key", 401).await;
    // A file that is not usable, or that would let an operator's token in, is left aside.
    let operators = entry("nova", crate::support::OPERATOR_TOKEN, "");
    for bad in ["[[key]]\nprincipal = 7\n", "", &(old.clone() + &operators)] {
        replace(&path, bad);
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(door.knock("the-new-key").await, 200, "{bad}");
        assert_eq!(door.knock("the-old-key").await, 401, "{bad}");
    }
    std::fs::remove_file(&path).expect("removed");
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(door.knock("the-new-key").await, 200);
    replace(&path, &old);
    until(&door, "the-old-key", 200).await;
    door.running.stop().await;
}

#[tokio::test]
async fn a_key_opens_what_and_when_its_entry_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("keys.toml");
    let text = [
        entry(
            "nova",
            "for-now",
            "not_after = 2026-03-10T13:00:00Z\nlabel = \"spring\"",
        ),
        entry("nova", "for-later", "not_before = 2026-03-10T12:30:00Z"),
        entry("nova", "for-reading", "tools = [\"get_products\"]"),
    ];
    replace(&path, &text.concat());
    let door = over(&path).await;
    for (minutes, now, later) in [(0, 200, 401), (30, 200, 200), (30, 401, 200)] {
        door.clock.advance(TimeDelta::minutes(minutes));
        assert_eq!(
            (door.knock("for-now").await, door.knock("for-later").await),
            (now, later)
        );
    }
    assert_eq!(door.knock("for-reading").await, 200);
    let response = door
        .call("for-reading", "create_media_buy", json!({}))
        .await;
    let challenge = format!(
        "Bearer realm=\"{}\", error=\"insufficient_scope\"",
        door.url()
    );
    assert_challenged(&response, 403, &challenge);
    door.running.stop().await;
}

#[tokio::test]
async fn a_key_for_some_tools_is_not_exchanged_for_a_token() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("keys.toml");
    replace(
        &path,
        &entry("nova", "for-reading", "tools = [\"get_products\"]"),
    );
    let mut callers = Callers::default();
    callers.read(path, line::spec()).expect("a good file");
    let door = open(profile(Entry::PLAIN), |setting| {
        setting.sandbox = true;
        setting.callers = callers;
    })
    .await;
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let body = b"grant_type=client_credentials&client_id=nova&client_secret=for-reading";
    let response = door.client.send("POST", "/oauth/token", &form, body).await;
    assert_eq!(
        (response.status, &response.json()["error"]),
        (400, &json!("unauthorized_client"))
    );
    door.running.stop().await;
}
