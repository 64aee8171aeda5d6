//! The file of signers.
//!
//! ```toml
//! [[signer]]
//! principal = "nova-trading-desk"
//! jwks_url = "https://agent.nova.example/.well-known/jwks.json"
//! revocation_url = "https://nova.example/.well-known/governance-revocations.json"   # if it has one
//! revoked = ["nova-2025-03"]   # not taken any more, whatever the list says
//! cap = 1000000                # signatures of one key that may be in use at a time
//!
//! [[signer]]
//! principal = "press-buyer"
//! jwks = "press-buyer.json"    # a JWKS beside this file; or the keys here:
//!
//! [[signer.key]]
//! kid = "press-2026-01"
//! kty = "OKP"
//! crv = "Ed25519"
//! alg = "EdDSA"
//! use = "sig"
//! key_ops = ["verify"]
//! adcp_use = "request-signing"
//! x = "…"
//! ```
//!
//! A signer may bear the name of the holder of an API key: then both are the same buyer.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::Url;

use super::{Keys, Signer, Signers, USUAL_CAP};
use crate::auth::file::{self, KeysError};
use crate::auth::name;
use crate::outbound::is_this_machine;
use crate::signing::KeySet;

/// How many nonces of one key may be in use at most, whatever an entry says: each is a record.
const LARGEST_CAP: u64 = 10_000_000;
/// The members of a JWK that are secret (RFC 7518, section 6; RFC 8037).
const SECRET: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    signer: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    principal: String,
    jwks: Option<String>,
    jwks_url: Option<String>,
    #[serde(default)]
    key: Vec<Map<String, Value>>,
    revocation_url: Option<String>,
    #[serde(default)]
    revoked: BTreeSet<String>,
    cap: Option<u64>,
}

/// Reads a file of signers.
///
/// # Errors
///
/// When the file or a JWKS that it names can't be read, names nobody, or has an entry that is not
/// usable.
pub fn read(path: &Path) -> Result<Signers, KeysError> {
    let mut signers = Signers::default();
    let folder = path.parent().unwrap_or(Path::new(""));
    file::read("signers", path, |file| admit(file, folder, &mut signers))?;
    Ok(signers)
}

fn admit(file: File, folder: &Path, signers: &mut Signers) -> Result<(), String> {
    if file.signer.is_empty() {
        return Err("there is no [[signer]] in it".to_owned());
    }
    let mut kids: HashMap<String, usize> = HashMap::new();
    for (at, entry) in file.signer.into_iter().enumerate() {
        let number = at + 1;
        let wrong = |reason: String| format!("[[signer]] number {number}: {reason}");
        let signer = entry.signer(folder).map_err(wrong)?;
        if let Keys::Known(keys) = &signer.keys {
            for key in keys.iter() {
                let kid = key.keyid();
                if let Some(first) = kids.insert(kid.to_owned(), number) {
                    return Err(wrong(format!(
                        "the key id {kid:?} is that of a key of number {first}, too; a signature names nothing but the id, so ask one of the two for another"
                    )));
                }
            }
        }
        signers.add(signer);
    }
    Ok(())
}

impl Entry {
    fn signer(self, folder: &Path) -> Result<Signer, String> {
        let principal = name::principal(&self.principal)?;
        let cap = self.cap.unwrap_or(USUAL_CAP);
        if !(1..=LARGEST_CAP).contains(&cap) {
            return Err(format!("cap must be between 1 and {LARGEST_CAP}"));
        }
        if let Some(url) = &self.revocation_url {
            check_url("revocation_url", url)?;
        }
        let keys = match (self.jwks, self.jwks_url, self.key.is_empty()) {
            (Some(name), None, true) => Keys::Known(Arc::new(from_file(folder, &name)?)),
            (None, Some(url), true) => {
                check_url("jwks_url", &url)?;
                Keys::Published(url)
            }
            (None, None, false) => {
                let keys: Vec<Value> = self.key.into_iter().map(Value::Object).collect();
                Keys::Known(Arc::new(known(&json!({ "keys": keys }))?))
            }
            _ => {
                return Err(
                    "it must have exactly one of jwks, jwks_url and [[signer.key]]".to_owned(),
                );
            }
        };
        Ok(Signer {
            principal,
            keys,
            revoked: self.revoked,
            revocation_url: self.revocation_url,
            cap,
        })
    }
}

fn from_file(folder: &Path, name: &str) -> Result<KeySet, String> {
    let path = folder.join(name);
    let text = std::fs::read_to_string(&path)
        .map_err(|error| format!("the JWKS {} can't be read: {error}", path.display()))?;
    serde_json::from_str(&text)
        .map_err(|error| error.to_string())
        .and_then(|document| known(&document))
        .map_err(|error| format!("the JWKS {} can't be used: {error}", path.display()))
}

fn known(document: &Value) -> Result<KeySet, String> {
    let keys = document["keys"].as_array().map_or(&[][..], Vec::as_slice);
    for (at, key) in keys.iter().enumerate() {
        if let Some(member) = SECRET.iter().find(|member| key.get(**member).is_some()) {
            return Err(format!(
                "key number {} has the member `{member}`, which is secret; keep the public part only, and have its owner make a new key if this one left its hands",
                at + 1
            ));
        }
    }
    let set = KeySet::parse(document.to_string().as_bytes()).map_err(|error| error.to_string())?;
    if set.is_empty() {
        return Err("there is no usable key in it".to_owned());
    }
    Ok(set)
}

/// The URL is one that can be fetched. Which addresses it may lead to is judged when it is.
fn check_url(member: &str, text: &str) -> Result<(), String> {
    match Url::parse(text) {
        Ok(url) if url.scheme() == "https" => Ok(()),
        Ok(url) if url.scheme() == "http" && url.host().is_some_and(is_this_machine) => Ok(()),
        Ok(_) => Err(format!(
            "{member} must be an https URL; plain http is for this machine alone"
        )),
        Err(error) => Err(format!("{member} is not a URL: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Principal;

    const KEY: &str = "[[signer.key]]\nkid = \"press-1\"\nkty = \"OKP\"\ncrv = \"Ed25519\"\nalg = \"EdDSA\"\nuse = \"sig\"\nkey_ops = [\"verify\"]\nadcp_use = \"request-signing\"\nx = \"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"\n";

    fn parse(text: &str, folder: &Path) -> Result<Signers, String> {
        let mut signers = Signers::default();
        file::parse(text).and_then(|file| admit(file, folder, &mut signers))?;
        Ok(signers)
    }

    #[test]
    fn signers_are_read_with_their_keys_wherever_they_are() {
        let folder = tempfile::tempdir().expect("a folder");
        let jwks = r#"{"keys":[{"kid":"desk-1","kty":"OKP","crv":"Ed25519","alg":"EdDSA","use":"sig","key_ops":["verify"],"adcp_use":"request-signing","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
        std::fs::write(folder.path().join("desk.json"), jwks).expect("written");
        let text = format!(
            "[[signer]]\nprincipal = \"far\"\njwks_url = \"https://far.example/jwks.json\"\nrevoked = [\"old\"]\nrevocation_url = \"https://far.example/revoked.json\"\n\
             [[signer]]\nprincipal = \"press\"\ncap = 100\n{KEY}\
             [[signer]]\nprincipal = \" desk \"\njwks = \"desk.json\"\n"
        );
        let signers = parse(&text, folder.path()).expect("a good file");
        let names: Vec<&str> = signers
            .iter()
            .map(|signer| signer.principal.0.as_str())
            .collect();
        // Keys that are here win over keys that are fetched.
        assert_eq!(names, ["press", "desk", "far"]);
        let caps: Vec<u64> = signers.iter().map(|signer| signer.cap).collect();
        assert_eq!(caps, [100, USUAL_CAP, USUAL_CAP]);
        assert!(signers.knows(&Principal("desk".into())));
        assert!(!signers.knows(&Principal("nobody".into())));
    }

    #[test]
    fn bad_files_are_refused_with_place_cause_and_remedy() {
        let folder = Path::new("nowhere");
        let good = format!("[[signer]]\nprincipal = \"press\"\n{KEY}");
        for (text, reason) in [
            (String::new(), "missing field `signer`"),
            ("signer = []".to_owned(), "no [[signer]]"),
            (
                good.replace("\"press\"", "\" \""),
                "number 1: it names no principal",
            ),
            (
                good.replace("\"press\"", "\"oauth:me\""),
                "number 1: names that begin with `oauth:`",
            ),
            (
                good.replace("\"press\"", "\"a\\nb\""),
                "no control character",
            ),
            (
                format!("{good}{good}"),
                "number 2: the key id \"press-1\" is that of a key of number 1",
            ),
            (
                good.replace(
                    "[[signer.key]]",
                    "jwks_url = \"https://x.example/\"\n[[signer.key]]",
                ),
                "exactly one of",
            ),
            (
                "[[signer]]\nprincipal = \"x\"\n".to_owned(),
                "exactly one of",
            ),
            (
                "[[signer]]\nprincipal = \"x\"\njwks_url = \"http://x.example/\"\n".to_owned(),
                "must be an https URL",
            ),
            (
                "[[signer]]\nprincipal = \"x\"\njwks_url = \"x\"\n".to_owned(),
                "jwks_url is not a URL",
            ),
            (
                "[[signer]]\nprincipal = \"x\"\njwks = \"gone.json\"\n".to_owned(),
                "gone.json can't be read",
            ),
            (
                good.replace("[[signer.key]]", "cap = 0\n[[signer.key]]"),
                "cap must be between",
            ),
            (
                good.replace("[[signer.key]]", "caps = 1\n[[signer.key]]"),
                "unknown field `caps`",
            ),
            (
                format!("{good}d = \"secret-part\"\n"),
                "member `d`, which is secret",
            ),
        ] {
            let error = parse(&text, folder).expect_err(&text);
            assert!(error.contains(reason), "{error}");
            assert!(!error.contains("secret-part"), "{error}");
        }
    }
}
