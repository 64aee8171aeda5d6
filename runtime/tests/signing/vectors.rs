//! The official vectors, as facts without their prose: `vectors/collect.py`.

use std::collections::BTreeMap;

use adcp_seller::profile::DigestPolicy;
use adcp_seller::signing::url::canonical;
use adcp_seller::signing::{Edition, Failure, Fault, Head, Rejection, Terms, Usage, is_signed};
use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::Value;

use super::ring::{Ring, at, headers, rejection, verify};

/// The vectors of one line.
#[derive(Deserialize)]
pub(crate) struct Corpus {
    pub(crate) keys: Vec<Value>,
    pub(crate) vectors: BTreeMap<String, Vector>,
    #[serde(default)]
    canonicalization: Vec<Case>,
}

#[derive(Deserialize)]
pub(crate) struct Vector {
    pub(crate) reference_now: i64,
    pub(crate) request: Request,
    verifier_capability: Option<Capability>,
    jwks_ref: Option<Vec<String>>,
    jwks_override: Option<Value>,
    test_harness_state: Option<State>,
    pub(crate) expected_signature_base: Option<String>,
    expected_outcome: Outcome,
}

#[derive(Deserialize)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

#[derive(Deserialize)]
struct Capability {
    covers_content_digest: String,
}

/// What the verifier has to know before the message arrives.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    #[serde(default)]
    replay_cache_entries: Vec<Entry>,
    replay_cache_per_keyid_cap_hit: Option<Named>,
    per_keyid_cap_filled_for: Option<String>,
    revocation_list: Option<Revoked>,
    #[serde(default)]
    revoked_kids: Vec<String>,
    revocation_list_stale_seconds: Option<u64>,
}

#[derive(Deserialize)]
struct Entry {
    keyid: String,
    nonce: String,
}

#[derive(Deserialize)]
struct Named {
    keyid: String,
}

#[derive(Deserialize)]
struct Revoked {
    revoked_kids: Vec<String>,
}

#[derive(Deserialize)]
struct Outcome {
    success: bool,
    error_code: Option<String>,
    failed_step: Option<Value>,
}

#[derive(Deserialize)]
struct Case {
    input_url: String,
    expected_target_uri: Option<String>,
    expected_authority: Option<String>,
    #[serde(default)]
    reject: bool,
    expected_error_code: Option<String>,
}

impl Request {
    pub(crate) fn headers(&self) -> HeaderMap {
        headers(self.headers.iter().map(|(name, value)| (&**name, &**value)))
    }
}

impl Corpus {
    pub(crate) fn read(text: &str) -> Self {
        serde_json::from_str(text).expect("a corpus")
    }

    pub(crate) fn key(&self, kid: &str) -> &Value {
        let mut keys = self.keys.iter();
        keys.find(|key| key["kid"] == kid).expect("a key")
    }

    /// The keyring in the state that a vector asks for.
    fn ring(&self, vector: &Vector) -> Ring {
        let named = vector.jwks_ref.iter().flatten();
        let mut keys: Vec<Value> = match &vector.jwks_override {
            Some(Value::Object(set)) if set.contains_key("keys") => {
                set["keys"].as_array().expect("a list").clone()
            }
            Some(Value::Object(by_name)) => by_name.values().cloned().collect(),
            _ => named.map(|kid| self.key(kid).clone()).collect(),
        };
        for key in &mut keys {
            let key = key.as_object_mut().expect("a key");
            key.remove("_private_d_for_test_only");
        }
        let mut ring = Ring::of(keys);
        let Some(state) = &vector.test_harness_state else {
            return ring;
        };
        for entry in &state.replay_cache_entries {
            let pair = (entry.keyid.clone(), entry.nonce.clone());
            ring.seen.lock().expect("lock").insert(pair);
        }
        let hit = state.replay_cache_per_keyid_cap_hit.iter();
        ring.full.extend(hit.map(|named| named.keyid.clone()));
        ring.full.extend(state.per_keyid_cap_filled_for.clone());
        ring.revoked.extend(state.revoked_kids.clone());
        let list = state.revocation_list.iter();
        ring.revoked
            .extend(list.flat_map(|list| list.revoked_kids.clone()));
        ring.is_stale = state.revocation_list_stale_seconds.is_some();
        ring
    }
}

fn terms(usage: Usage, edition: Edition, vector: &Vector) -> Terms {
    let now = at(vector.reference_now);
    match usage {
        Usage::Webhook => Terms::webhook(edition, now),
        Usage::Request => {
            let capability = vector.verifier_capability.as_ref().expect("a capability");
            let digest = match &*capability.covers_content_digest {
                "required" => DigestPolicy::Required,
                "forbidden" => DigestPolicy::Forbidden,
                "either" => DigestPolicy::Either,
                other => panic!("{other}"),
            };
            Terms::request(edition, digest, now)
        }
    }
}

/// What became of a vector, by the code that a server would answer with.
fn judge(
    corpus: &Corpus,
    vector: &Vector,
    usage: Usage,
    edition: Edition,
) -> (Result<(), Rejection>, Ring) {
    let headers = vector.request.headers();
    let ring = corpus.ring(vector);
    if !is_signed(&headers) {
        // Whether it has to be is decided where operations are known; the code is ours.
        return (Err(Rejection::required("it is not signed")), ring);
    }
    let head = Head {
        method: &vector.request.method,
        url: &vector.request.url,
        headers: &headers,
    };
    let terms = terms(usage, edition, vector);
    let answer = verify(terms, head, vector.request.body.as_bytes(), &ring);
    let answer = match answer {
        Ok(_) => Ok(()),
        Err(Failure::Rejected(rejection)) => Err(rejection),
        Err(Failure::Unavailable(reason)) => panic!("{reason}"),
    };
    (answer, ring)
}

/// Holds one corpus to its outcomes; the number of vectors guards against a file that is empty.
fn run(text: &str, usage: Usage, edition: Edition, count: usize) {
    let corpus = Corpus::read(text);
    assert_eq!(corpus.vectors.len(), count);
    let mut wrong = Vec::new();
    for (name, vector) in &corpus.vectors {
        let known = corpus.ring(vector).nonces();
        let (answer, ring) = judge(&corpus, vector, usage, edition);
        let expected = &vector.expected_outcome;
        let got = answer.as_ref().err().map(|rejection| rejection.code);
        if expected.success != answer.is_ok() || expected.error_code.as_deref() != got {
            wrong.push(format!(
                "{name}: {:?} and not {answer:?}",
                expected.error_code
            ));
        }
        // Steps are informative in the vectors. Ours are those of the checklist all the same, but
        // a vector may ask for a later one where an earlier one fails as well.
        if let (Err(rejection), Some(Value::Number(step))) = (&answer, &expected.failed_step)
            && Some(u64::from(rejection.step)) != step.as_u64()
        {
            wrong.push(format!("{name}: step {step} and not {rejection:?}"));
        }
        // A nonce is used up by a genuine message and by nothing else.
        assert_eq!(ring.nonces(), known + usize::from(answer.is_ok()), "{name}");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn requests_of_3_0() {
    let text = include_str!("vectors/request-3.0.json");
    run(text, Usage::Request, Edition::V3_0, 39);
}

#[test]
fn requests_of_3_1() {
    let text = include_str!("vectors/request-3.1.json");
    run(text, Usage::Request, Edition::V3_1, 46);
}

#[test]
fn requests_of_3_2() {
    let text = include_str!("vectors/request-3.2.json");
    run(text, Usage::Request, Edition::V3_2, 46);
}

#[test]
fn webhooks_of_3_0() {
    let text = include_str!("vectors/webhook-3.0.json");
    run(text, Usage::Webhook, Edition::V3_0, 28);
}

#[test]
fn webhooks_of_3_1_and_3_2() {
    let text = include_str!("vectors/webhook-3.2.json");
    run(text, Usage::Webhook, Edition::V3_1, 29);
    run(text, Usage::Webhook, Edition::V3_2, 29);
}

fn canonicalize(text: &str, count: usize) {
    let cases = Corpus::read(text).canonicalization;
    assert_eq!(cases.len(), count);
    for case in cases {
        let got = canonical(&case.input_url);
        if case.reject {
            assert!(got.is_err(), "{}: {got:?}", case.input_url);
            let code = Fault::TargetUriMalformed.code(Usage::Request);
            assert_eq!(case.expected_error_code.as_deref(), Some(code));
            continue;
        }
        let got = got.unwrap_or_else(|error| panic!("{}: {error}", case.input_url));
        assert_eq!(Some(got.target_uri.clone()), case.expected_target_uri);
        assert_eq!(Some(got.authority.clone()), case.expected_authority);
        assert_eq!(canonical(&got.target_uri), Ok(got));
    }
}

#[test]
fn urls_of_3_0() {
    canonicalize(include_str!("vectors/request-3.0.json"), 31);
}

#[test]
fn urls_of_3_2() {
    canonicalize(include_str!("vectors/request-3.1.json"), 41);
}

/// What the vectors that need a state say about a verifier without it: the state, and nothing
/// else, is why they are refused.
#[test]
fn replays_are_refused_only_the_second_time() {
    let texts = [
        (include_str!("vectors/request-3.0.json"), Usage::Request),
        (include_str!("vectors/webhook-3.0.json"), Usage::Webhook),
    ];
    for (text, usage) in texts {
        let corpus = Corpus::read(text);
        let vector = &corpus.vectors["negative/016-replayed-nonce"];
        let ring = corpus.ring(vector);
        ring.seen.lock().expect("lock").clear();
        let headers = vector.request.headers();
        let head = Head {
            method: &vector.request.method,
            url: &vector.request.url,
            headers: &headers,
        };
        let body = vector.request.body.as_bytes();
        let terms = terms(usage, Edition::V3_0, vector);
        let signer = verify(terms, head, body, &ring).expect("the first time");
        // Known until whoever began in the last second of the window has long finished.
        assert_eq!(
            *ring.until.lock().expect("lock"),
            Some(at(signer.expires + 180))
        );
        let refused = rejection(verify(terms, head, body, &ring));
        assert_eq!((refused.fault, refused.step), (Fault::Replayed, 12));
        let later = Terms {
            now: at(signer.expires + 61),
            ..terms
        };
        let refused = rejection(verify(later, head, body, &ring));
        assert_eq!(refused.fault, Fault::WindowInvalid);
    }
}
