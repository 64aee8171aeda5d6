//! Nonces that were used, and how many one key may have in use.
//!
//! A nonce is a record of the store that must not be there yet, so of two processes that are shown
//! the same signature one finds it used. It leaves by the sweep once no signature that carries it
//! can be valid.
//!
//! The cap on one key holds for all processes together and is kept without counting records. Next
//! to the nonces there is one record for each key with a number for each minute in which nonces of
//! it end, and a process takes places from it, over the revision it read, before it writes nonces.
//! It takes few at first and twice as many each time, up to a small part of the cap, so that a busy
//! key costs a write in thousands and an idle one holds back next to nothing. Places that a process
//! took and never used count as used until their minute is over: the cap is never passed, and may
//! be reached a little early. What a process remembers is a handful of numbers for each key that it
//! knows, never a nonce.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::clock::Timestamp;
use crate::identity::{Scope, TenantId};
use crate::store::{Batch, Draft, Key, SharedStore, StoreError};

/// The sort of record that a used nonce is.
pub(crate) const KIND: &str = "nonce";
/// The sort of record that counts the nonces of one key.
pub(crate) const COUNT_KIND: &str = "nonce_count";
/// How long one number stands for, in seconds.
const BUCKET: i64 = 60;
/// How many places a process takes the first time.
const FIRST_BLOCK: u64 = 16;
/// The part of the cap that a process takes at most at a time.
const LARGEST_PART: u64 = 256;
/// How often places are asked for again when another process was faster.
const TRIES: u32 = 64;
/// How many bytes of a hash make a name.
const NAME: usize = 16;
/// How long the counts of a key that is no longer used stay.
const KEPT: TimeDelta = TimeDelta::days(1);

/// What became of a nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// It was never used, and is now.
    First,
    /// It has been used.
    Again,
    /// The key has as many nonces in use as it may.
    TooMany,
    /// It would have to be known until an instant that is over.
    TooLate,
}

/// A key, and whose it is. What others use up of keys that they call the same is not its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeyOf<'k> {
    /// As who calls are made that it signs.
    pub(super) principal: &'k str,
    /// Its `kid`.
    pub(super) keyid: &'k str,
}

/// The nonces of one tenant's signers.
pub(super) struct Nonces {
    store: SharedStore,
    scope: Scope,
    /// By principal and `kid`.
    keys: Mutex<HashMap<(String, String), Arc<Places>>>,
}

/// The places that this process has taken for one key.
#[derive(Default)]
struct Places {
    taken: Mutex<Taken>,
    /// Held while places are asked for, so that a rush asks once.
    asking: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Taken {
    /// By the end of the bucket, in seconds since 1970.
    blocks: BTreeMap<i64, Block>,
    /// Until when there can be no place for anybody.
    full_until: Option<i64>,
    /// When the store last said that there is room, in seconds since 1970. Believed in that second
    /// and the next one, so that strangers who name a key cost no more than that.
    room_at: Option<i64>,
}

#[derive(Clone, Copy)]
struct Block {
    left: u64,
    size: u64,
}

impl Nonces {
    pub(super) fn new(store: SharedStore, tenant: &TenantId) -> Self {
        Nonces {
            store,
            scope: Scope::seller(tenant),
            keys: Mutex::new(HashMap::new()),
        }
    }

    /// Whether a key may use another nonce. Cheap, and asked before anything is computed; only
    /// [`Nonces::take`] is binding.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub(super) async fn has_room(
        &self,
        key: KeyOf<'_>,
        cap: u64,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let places = self.places(key);
        let now = now.timestamp();
        if let Some(known) = places.taken().room(now) {
            return Ok(known);
        }
        let counts = self.counts(key, now).await?.1;
        if counts.values().sum::<u64>() < cap {
            places.taken().room_at = Some(now);
            return Ok(true);
        }
        places.is_full(key, &counts);
        Ok(false)
    }

    /// Uses a nonce until an instant.
    ///
    /// # Errors
    ///
    /// When the store does not answer. The nonce may then be used or not.
    pub(super) async fn take(
        &self,
        key: KeyOf<'_>,
        cap: u64,
        nonce: &str,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Use, StoreError> {
        if until <= now {
            return Ok(Use::TooLate);
        }
        let places = self.places(key);
        let Some(bucket) = self.place(&places, key, cap, until, now).await? else {
            return Ok(Use::TooMany);
        };
        let mut batch = Batch::new();
        let name = Key::new(self.scope.clone(), KIND, nonce_id(key, nonce));
        batch.insert(name, Draft::new(Value::Null).due(until));
        match self.store.commit(batch).await {
            Ok(()) => Ok(Use::First),
            Err(StoreError::Conflict(_)) => {
                places.taken().give_back(bucket);
                Ok(Use::Again)
            }
            Err(error) => {
                // Whether it was written is not known. If it was, the key has one nonce more than it
                // may, which is better than one less for every error of the store.
                places.taken().give_back(bucket);
                Err(error)
            }
        }
    }

    /// Takes one place that counts at least until an instant; `None` when there is none.
    async fn place(
        &self,
        places: &Places,
        key: KeyOf<'_>,
        cap: u64,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Option<i64>, StoreError> {
        let bucket = end_of_bucket(until.timestamp());
        if let Some(taken) = places.taken().take(bucket, now.timestamp()) {
            return Ok(Some(taken));
        }
        let _asking = places.asking.lock().await;
        // Somebody may have asked while this call waited.
        if let Some(taken) = places.taken().take(bucket, now.timestamp()) {
            return Ok(Some(taken));
        }
        let wanted = places.taken().next_block(bucket, cap);
        let got = self
            .ask(places, key, cap, bucket, wanted, now.timestamp())
            .await?;
        let mut taken = places.taken();
        if got > 0 {
            taken.add(bucket, got, wanted);
        }
        Ok(taken.take(bucket, now.timestamp()))
    }

    /// Asks the store for places in a bucket, and says how many there are, at most as many as
    /// wanted.
    async fn ask(
        &self,
        places: &Places,
        key: KeyOf<'_>,
        cap: u64,
        bucket: i64,
        wanted: u64,
        now: i64,
    ) -> Result<u64, StoreError> {
        let mut conflict = None;
        for _ in 0..TRIES {
            let (revision, mut counts) = self.counts(key, now).await?;
            let room = cap.saturating_sub(counts.values().sum());
            if room == 0 {
                places.is_full(key, &counts);
                return Ok(0);
            }
            let got = wanted.min(room);
            *counts.entry(bucket).or_default() += got;
            let mut batch = Batch::new();
            let name = self.count_key(key);
            let draft = Draft::new(written(&counts)).due(instant(bucket) + KEPT);
            match revision {
                Some(revision) => batch.replace(name, revision, draft),
                None => batch.insert(name, draft),
            };
            match self.store.commit(batch).await {
                Ok(()) => return Ok(got),
                Err(StoreError::Conflict(name)) => conflict = Some(name),
                Err(error) => return Err(error),
            }
        }
        Err(conflict.map_or_else(
            || StoreError::backend("no place was asked for", "no try was made"),
            StoreError::Conflict,
        ))
    }

    /// The counts of a key in buckets that are not over, and the revision of their record.
    async fn counts(
        &self,
        key: KeyOf<'_>,
        now: i64,
    ) -> Result<(Option<u64>, BTreeMap<i64, u64>), StoreError> {
        let record = self.store.get(&self.count_key(key)).await?;
        Ok(match record {
            Some(record) => (Some(record.revision), read(&record.body, now)),
            None => (None, BTreeMap::new()),
        })
    }

    fn count_key(&self, key: KeyOf<'_>) -> Key {
        Key::new(
            self.scope.clone(),
            COUNT_KIND,
            hashed(&[key.principal, key.keyid]),
        )
    }

    fn places(&self, key: KeyOf<'_>) -> Arc<Places> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let name = (key.principal.to_owned(), key.keyid.to_owned());
        Arc::clone(keys.entry(name).or_default())
    }

    /// Forgets what is remembered of keys other than these.
    pub(super) fn retain(&self, known: impl Fn(KeyOf<'_>) -> bool) {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.retain(|(principal, keyid), _| known(KeyOf { principal, keyid }));
    }
}

impl Places {
    fn taken(&self) -> MutexGuard<'_, Taken> {
        // Nothing below panics between two changes, so a poisoned lock is still whole.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers that there is no place before the first bucket of the key is over.
    fn is_full(&self, key: KeyOf<'_>, counts: &BTreeMap<i64, u64>) {
        let mut taken = self.taken();
        let first_end = counts.keys().next().copied();
        if taken.full_until < first_end {
            taken.full_until = first_end;
            tracing::error!(
                principal = key.principal,
                keyid = key.keyid,
                in_use = counts.values().sum::<u64>(),
                "a key has used up its nonces: it was stolen, or its signer is broken; revoke it if its owner can't say why"
            );
        }
    }
}

impl Taken {
    /// Whether there is room, as far as this process knows by itself.
    fn room(&mut self, now: i64) -> Option<bool> {
        self.forget_ended(now);
        if self.full_until.is_some() {
            return Some(false);
        }
        let said = self.room_at.is_some_and(|at| (at..=at + 1).contains(&now));
        (said || self.blocks.values().any(|block| block.left > 0)).then_some(true)
    }

    /// Takes a place in the bucket, or in one that ends later, and says in which.
    fn take(&mut self, bucket: i64, now: i64) -> Option<i64> {
        self.forget_ended(now);
        let (end, block) = self
            .blocks
            .range_mut(bucket..)
            .find(|(_, block)| block.left > 0)?;
        block.left -= 1;
        Some(*end)
    }

    fn give_back(&mut self, bucket: i64) {
        if let Some(block) = self.blocks.get_mut(&bucket) {
            block.left += 1;
        }
    }

    fn add(&mut self, bucket: i64, got: u64, size: u64) {
        let block = self
            .blocks
            .entry(bucket)
            .or_insert(Block { left: 0, size: 0 });
        block.left += got;
        block.size = size;
    }

    /// How many places to ask for next.
    fn next_block(&self, bucket: i64, cap: u64) -> u64 {
        let wanted = match self.blocks.get(&bucket) {
            Some(block) => block.size.saturating_mul(2),
            None => FIRST_BLOCK,
        };
        wanted.min(cap / LARGEST_PART).max(1)
    }

    fn forget_ended(&mut self, now: i64) {
        while self
            .blocks
            .first_key_value()
            .is_some_and(|(end, _)| *end <= now)
        {
            self.blocks.pop_first();
        }
        if self.full_until.is_some_and(|until| until <= now) {
            self.full_until = None;
        }
    }
}

/// The end of the bucket that an instant lies in, in seconds since 1970.
fn end_of_bucket(second: i64) -> i64 {
    (second.div_euclid(BUCKET) + 1) * BUCKET
}

fn instant(second: i64) -> Timestamp {
    DateTime::from_timestamp(second, 0).unwrap_or(DateTime::UNIX_EPOCH)
}

fn nonce_id(key: KeyOf<'_>, nonce: &str) -> String {
    hashed(&[key.principal, key.keyid, nonce])
}

/// A name of fixed, short length for texts that somebody else chose. There may be a million of
/// them, and whoever finds two texts of the same name only refuses itself.
fn hashed(texts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    crate::jcs::hex(&hash.finalize()[..NAME])
}

fn written(counts: &BTreeMap<i64, u64>) -> Value {
    Value::Object(
        counts
            .iter()
            .map(|(end, count)| (end.to_string(), Value::from(*count)))
            .collect::<Map<_, _>>(),
    )
}

fn read(body: &Value, now: i64) -> BTreeMap<i64, u64> {
    let Some(members) = body.as_object() else {
        return BTreeMap::new();
    };
    members
        .iter()
        .filter_map(|(end, count)| Some((end.parse().ok()?, count.as_u64()?)))
        .filter(|(end, _)| *end > now)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::memory::MemoryStore;

    const CAP: u64 = 100;

    fn store() -> SharedStore {
        Arc::new(MemoryStore::new())
    }

    fn process(store: &SharedStore) -> Nonces {
        Nonces::new(Arc::clone(store), &TenantId("main".into()))
    }

    fn at(second: i64) -> Timestamp {
        instant(1_800_000_000 + second)
    }

    fn of(keyid: &str) -> KeyOf<'_> {
        KeyOf {
            principal: "nova",
            keyid,
        }
    }

    async fn uses(nonces: &Nonces, keyid: &str, cap: u64, name: &str, now: Timestamp) -> Use {
        let until = now + TimeDelta::seconds(360);
        nonces
            .take(of(keyid), cap, name, until, now)
            .await
            .expect("the store answers")
    }

    async fn room(nonces: &Nonces, cap: u64, now: Timestamp) -> bool {
        nonces
            .has_room(of("k"), cap, now)
            .await
            .expect("the store answers")
    }

    #[tokio::test]
    async fn a_nonce_is_used_once_by_all_processes_and_keys_apart() {
        let store = store();
        let (one, other) = (process(&store), process(&store));
        let elsewhere = Nonces::new(Arc::clone(&store), &TenantId("elsewhere".into()));
        assert_eq!(uses(&one, "k", CAP, "n", at(0)).await, Use::First);
        assert_eq!(uses(&one, "k", CAP, "n", at(1)).await, Use::Again);
        assert_eq!(uses(&other, "k", CAP, "n", at(2)).await, Use::Again);
        assert_eq!(uses(&other, "k2", CAP, "n", at(2)).await, Use::First);
        // Where one text ends and the next begins is part of the name.
        assert_eq!(uses(&other, "kn", CAP, "", at(2)).await, Use::First);
        assert_eq!(uses(&elsewhere, "k", CAP, "n", at(2)).await, Use::First);
    }

    #[tokio::test]
    async fn keys_of_two_signers_never_count_as_one() {
        let nonces = process(&store());
        assert_eq!(uses(&nonces, "k", 1, "n", at(0)).await, Use::First);
        let other = KeyOf {
            principal: "other",
            keyid: "k",
        };
        let used = nonces.take(other, 1, "n", at(360), at(0)).await;
        assert_eq!(used.expect("the store answers"), Use::First);
        // What comes after its time is not said to be too many.
        let used = nonces.take(of("k2"), 1, "n", at(0), at(0)).await;
        assert_eq!(used.expect("the store answers"), Use::TooLate);
    }

    #[tokio::test]
    async fn room_is_asked_for_once_in_two_seconds() {
        let store = store();
        let (one, other) = (process(&store), process(&store));
        assert!(room(&one, 1, at(0)).await);
        assert_eq!(uses(&other, "k", 1, "n", at(0)).await, Use::First);
        // Remembered, which only `take` may do without.
        assert!(room(&one, 1, at(1)).await);
        assert_eq!(uses(&one, "k", 1, "m", at(1)).await, Use::TooMany);
        assert!(!room(&process(&store), 1, at(2)).await);
    }

    #[tokio::test]
    async fn a_small_cap_is_exact_over_processes_and_frees_with_time() {
        let store = store();
        let (one, other) = (process(&store), process(&store));
        for at_all in 0..CAP {
            let nonces = if at_all % 2 == 0 { &one } else { &other };
            assert!(room(nonces, CAP, at(0)).await, "{at_all}");
            let name = at_all.to_string();
            assert_eq!(uses(nonces, "k", CAP, &name, at(0)).await, Use::First);
        }
        for nonces in [&one, &other] {
            assert!(!room(nonces, CAP, at(2)).await);
            assert_eq!(uses(nonces, "k", CAP, "more", at(2)).await, Use::TooMany);
            // Another key does not feel it.
            assert_eq!(uses(nonces, "k2", CAP, "more", at(2)).await, {
                if std::ptr::eq(nonces, &one) {
                    Use::First
                } else {
                    Use::Again
                }
            });
        }
        assert!(!room(&one, CAP, at(359)).await);
        assert!(room(&one, CAP, at(421)).await);
        assert_eq!(uses(&one, "k", CAP, "more", at(421)).await, Use::First);
    }

    #[tokio::test]
    async fn a_seen_nonce_takes_no_place() {
        let nonces = process(&store());
        assert_eq!(uses(&nonces, "k", CAP, "n", at(0)).await, Use::First);
        for _ in 0..CAP {
            assert_eq!(uses(&nonces, "k", CAP, "n", at(0)).await, Use::Again);
        }
        assert_eq!(uses(&nonces, "k", CAP, "other", at(0)).await, Use::First);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn a_large_cap_is_never_passed_and_reached_but_for_a_small_part() {
        const LARGE: u64 = 20_000;
        let store = store();
        let processes: Vec<Arc<Nonces>> = (0..4).map(|_| Arc::new(process(&store))).collect();
        let workers = (0..16_usize).map(|worker| {
            let nonces = Arc::clone(&processes[worker % processes.len()]);
            tokio::spawn(async move {
                let mut first = 0;
                for count in 0..3000 {
                    // Signatures that end in different minutes.
                    let until = at(60 * (count % 6) + 30);
                    let name = format!("{worker}/{count}");
                    match nonces.take(of("k"), LARGE, &name, until, at(0)).await {
                        Ok(Use::First) => first += 1,
                        Ok(Use::TooMany) => {}
                        other => panic!("{other:?}"),
                    }
                }
                first
            })
        });
        let mut first = 0_u64;
        for worker in workers.collect::<Vec<_>>() {
            first += worker.await.expect("a worker ends");
        }
        assert!(first <= LARGE, "{first}");
        assert!(first > LARGE * 8 / 10, "{first}");
    }

    #[tokio::test]
    async fn a_busy_key_is_counted_with_few_writes() {
        let store = store();
        let nonces = process(&store);
        for count in 0..5000 {
            uses(&nonces, "k", 1_000_000, &count.to_string(), at(0)).await;
        }
        let record = store
            .get(&nonces.count_key(of("k")))
            .await
            .expect("the store answers")
            .expect("counts are kept");
        assert!(record.revision < 12, "{}", record.revision);
        // What is remembered does not grow with the nonces.
        assert_eq!(nonces.places(of("k")).taken().blocks.len(), 1);
    }
}
