//! Where drafts go, who finds them, and how they are given back.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;

use super::super::record::{Content, Making};
use super::*;
use crate::catalog::Catalog;
use crate::identity::{Principal, TenantId};
use crate::platform::Account;
use crate::store::memory::MemoryStore;

const OPERATION: &str = "op_1";
const RULES: Proposals = Proposals {
    refine: true,
    finalize: true,
    hold_seconds: 3600,
    grace_seconds: 0,
    draft_ttl_seconds: 86_400,
    expired_ttl_seconds: 604_800,
};

fn now() -> Timestamp {
    "2026-03-10T12:00:00Z".parse().expect("an instant")
}

fn context(account_id: Option<&str>, sandbox: bool) -> Context {
    Context {
        operation_id: OPERATION.to_owned(),
        tenant: TenantId(TenantId::SINGLE.to_owned()),
        principal: Principal("first".to_owned()),
        account: account_id.map(|account_id| Account {
            account_id: account_id.to_owned(),
            brand: None,
            operator: None,
            provisioned: true,
            status: crate::domain::AccountStatus::Active,
        }),
        sandbox,
        now: now(),
        catalog: Arc::new(Catalog::default()),
        work: None,
        recipes: Arc::default(),
        changes: Default::default(),
    }
}

fn store() -> SharedStore {
    Arc::new(MemoryStore::new())
}

fn proposal(id: &str) -> Proposal {
    let content = Content {
        proposal: json!({ "proposal_id": id }),
        products: BTreeMap::new(),
        recipes: BTreeMap::new(),
    };
    Proposal::draft(id, "account", content, Making::Afresh, &RULES, now())
}

/// Keeps proposals of these ids that are drafts no more.
async fn take(store: &SharedStore, scope: &Scope, ids: impl IntoIterator<Item = String>) {
    let mut batch = Batch::new();
    for id in ids {
        let mut proposal = proposal(&id);
        proposal.begin_finalize(OPERATION, now()).expect("a draft");
        records::insert(&mut batch, scope, &proposal).expect("JSON");
    }
    store.commit(batch).await.expect("the store takes it");
}

fn numbered(wish: &str, numbers: impl IntoIterator<Item = u32>) -> Vec<String> {
    numbers
        .into_iter()
        .map(|number| match number {
            1 => wish.to_owned(),
            _ => format!("{wish}_{number}"),
        })
        .collect()
}

async fn placed(store: &SharedStore, scope: &Scope, wish: &str) -> String {
    match place(store, scope, wish, Making::Afresh)
        .await
        .expect("a place")
    {
        Place::New(id) => format!("new {id}"),
        Place::Over(found) => format!("over {}", found.record.value.proposal_id),
    }
}

#[tokio::test]
async fn a_draft_gets_the_id_it_wishes_or_the_next_number() {
    let (store, scope) = (store(), scope_of(&context(Some("account"), false)));
    assert_eq!(placed(&store, &scope, "plan").await, "new plan");
    let mut batch = Batch::new();
    records::insert(&mut batch, &scope, &proposal("plan")).expect("JSON");
    store.commit(batch).await.expect("the store takes it");
    assert_eq!(placed(&store, &scope, "plan").await, "over plan");

    for taken in [1, 2, 3, 4, 7, 8, 9, 100] {
        let store = self::store();
        take(&store, &scope, numbered("plan", 1..=taken)).await;
        let next = taken + 1;
        assert_eq!(
            placed(&store, &scope, "plan").await,
            format!("new plan_{next}")
        );
        let mut batch = Batch::new();
        let draft = proposal(&format!("plan_{next}"));
        records::insert(&mut batch, &scope, &draft).expect("JSON");
        store.commit(batch).await.expect("the store takes it");
        assert_eq!(
            placed(&store, &scope, "plan").await,
            format!("over plan_{next}")
        );
    }
}

#[tokio::test]
async fn what_a_buyer_has_had_changed_is_only_changed_further() {
    let (store, scope) = (store(), scope_of(&context(Some("account"), false)));
    let mut batch = Batch::new();
    for id in ["plan", "plan_2"] {
        let mut draft = proposal(id);
        draft.refined = true;
        records::insert(&mut batch, &scope, &draft).expect("JSON");
    }
    store.commit(batch).await.expect("the store takes it");
    assert_eq!(placed(&store, &scope, "plan").await, "new plan_3");
    let changed = async |wish: &str| match place(&store, &scope, wish, Making::Refined).await {
        Ok(Place::Over(found)) => found.record.value.proposal_id,
        other => panic!("{other:?}"),
    };
    assert_eq!(changed("plan").await, "plan");
    assert_eq!(changed("plan_2").await, "plan_2");

    // Once it is firm, a change of it is another draft, and nobody else's.
    let mut batch = Batch::new();
    let found = records::find::<Proposal>(&store, &scope, "plan").await;
    let mut found = found.expect("an answer").expect("it is there");
    found
        .value
        .begin_finalize(OPERATION, now())
        .expect("a draft");
    found.save(&mut batch).expect("JSON");
    store.commit(batch).await.expect("the store takes it");
    match place(&store, &scope, "plan", Making::Refined).await {
        Ok(Place::New(id)) => assert_eq!(id, "plan_3"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_gap_is_as_good_as_the_end() {
    let (store, scope) = (store(), scope_of(&context(Some("account"), false)));
    take(&store, &scope, numbered("plan", [1, 2, 4, 5, 6, 8])).await;
    let place = placed(&store, &scope, "plan").await;
    let free: Vec<String> = [3, 7, 9, 16]
        .map(|number| format!("new plan_{number}"))
        .into();
    assert!(free.contains(&place), "{place}");
}

#[tokio::test]
async fn an_id_that_no_store_keeps_is_the_adapters_fault() {
    let (store, scope) = (store(), scope_of(&context(Some("account"), false)));
    for wish in [String::new(), "x".repeat(10_000), "a\0b".to_owned()] {
        let error = place(&store, &scope, &wish, Making::Afresh)
            .await
            .expect_err("no place");
        assert_eq!(error.code, "INTERNAL_ERROR");
    }
    // The longest that has room for a number behind it.
    let wish = "x".repeat(1024 - 8);
    take(&store, &scope, numbered(&wish, 1..=2)).await;
    assert_eq!(placed(&store, &scope, &wish).await, format!("new {wish}_3"));
}

#[tokio::test]
async fn another_accounts_proposal_is_not_there() {
    let store = store();
    let own = context(Some("account"), false);
    take(&store, &scope_of(&own), ["plan".to_owned()]).await;
    assert!(found(&store, &own, "plan").await);
    for stranger in [Some("other"), None] {
        let stranger = context(stranger, false);
        assert!(!found(&store, &stranger, "plan").await);
    }
    assert!(!found(&store, &own, &"x".repeat(10_000)).await);
}

async fn found(store: &SharedStore, context: &Context, id: &str) -> bool {
    find(store, Some(&RULES), context, id)
        .await
        .expect("an answer")
        .is_some()
}

#[tokio::test]
async fn what_a_caller_asked_for_without_an_account_is_there_for_each_of_its_own() {
    let store = store();
    let nameless = context(None, false);
    take(&store, &scope_of(&nameless), ["plan".to_owned()]).await;
    assert!(found(&store, &nameless, "plan").await);
    assert!(found(&store, &context(Some("account"), false), "plan").await);
    let mut stranger = context(Some("account"), false);
    stranger.principal = Principal("second".to_owned());
    assert!(!found(&store, &stranger, "plan").await);
}

#[tokio::test]
async fn in_a_sandbox_all_accounts_of_a_caller_see_the_same() {
    let store = store();
    take(&store, &scope_of(&context(None, true)), ["plan".to_owned()]).await;
    assert!(found(&store, &context(Some("account"), true), "plan").await);
    assert_eq!(
        scope_of(&context(Some("account"), true)),
        scope_of(&context(Some("other"), true))
    );
}

#[tokio::test]
async fn what_an_operation_holds_is_given_back_once_and_nothing_else() {
    let (store, scope) = (store(), scope_of(&context(Some("account"), false)));
    take(&store, &scope, ["plan".to_owned()]).await;
    let keys = ["plan", "gone"].map(|id| Key::new(scope.clone(), "proposal", id));
    for (operation, writes) in [("op_2", 0), (OPERATION, 1), (OPERATION, 0)] {
        let mut batch = Batch::new();
        release(&store, &keys, operation, true, now(), &mut batch)
            .await
            .expect("an answer");
        assert_eq!(batch.writes.len(), writes);
        store.commit(batch).await.expect("the store takes it");
    }
    let freed = records::find::<Proposal>(&store, &scope, "plan").await;
    let freed = freed.expect("an answer").expect("it is there").value;
    assert_eq!((freed.state, freed.reservation), (State::Draft, None));
}

#[test]
fn an_unknown_id_is_not_repeated() {
    let error = not_found("refine[0].proposal_id");
    assert_eq!(error.code, "PROPOSAL_NOT_FOUND");
    assert_eq!(error.field.as_deref(), Some("refine[0].proposal_id"));
}
