//! Nobody sees another's records.

use super::Subject;
use super::fixtures::{at, commit, draft, ids, read, said};
use crate::identity::{Owner, Principal, Scope, TenantId};
use crate::store::{Batch, Change, Expect, Key, LeaseRequest, Query};

pub(super) async fn tenants_owners_and_kinds_do_not_see_each_other(subject: Subject) {
    let store = subject.store.as_ref();
    let mut keys = Vec::new();
    for tenant in ["one", "two"] {
        let tenant = TenantId(tenant.into());
        for owner in [
            Owner::Seller,
            Owner::Principal(Principal("x".into())),
            Owner::Account("x".into()),
            Owner::Account("y".into()),
        ] {
            for kind in ["thing", "other"] {
                keys.push(Key::new(
                    Scope {
                        tenant: tenant.clone(),
                        owner: owner.clone(),
                    },
                    kind,
                    "same",
                ));
            }
        }
    }
    for (number, key) in keys.iter().enumerate() {
        commit(store, |batch| {
            _ = batch.insert(key.clone(), draft(number).tagged("same").due(at(0)))
        })
        .await;
    }
    for (number, key) in keys.iter().enumerate() {
        assert_eq!(said(store, key).await, Some(number.into()));
        for tag in [None, Some("same".to_owned())] {
            let query = Query {
                scope: key.scope.clone(),
                kind: key.kind,
                tag,
                after: None,
                limit: 100,
            };
            let found = store.list(&query).await.expect("the store can be listed");
            assert_eq!(
                found.iter().map(|record| &record.key).collect::<Vec<_>>(),
                [key]
            );
        }
    }
    // Leases look into every scope, and hand out keys that are whole.
    let request = LeaseRequest {
        kind: "thing",
        now: at(0),
        until: at(1),
        limit: 100,
    };
    let mut leased: Vec<Key> = store
        .lease(&request)
        .await
        .expect("work can be leased")
        .into_iter()
        .map(|record| record.key)
        .collect();
    let mut expected: Vec<Key> = keys
        .iter()
        .filter(|key| key.kind == "thing")
        .cloned()
        .collect();
    leased.sort();
    expected.sort();
    assert_eq!(leased, expected);
    let first = keys.first().expect("there are some");
    commit(store, |batch: &mut Batch| {
        _ = batch.push(first.clone(), Expect::Anything, Change::Delete)
    })
    .await;
    for key in keys.iter().skip(1) {
        assert!(
            read(store, key).await.is_some(),
            "{key} went with another's record"
        );
    }
}

pub(super) async fn names_with_separators_do_not_run_together(subject: Subject) {
    let store = subject.store.as_ref();
    let parts = [
        ("a:b", "c", "d"),
        ("a", "b:c", "d"),
        ("a", "b", "c:d"),
        ("a/b", "c", "d"),
        ("a", "b/c", "d"),
        ("a", "b", "c/d"),
        ("a", "p:b", "d"),
        ("a", "b%", "_"),
    ];
    let key = |(tenant, account, id): (&str, &str, &str)| {
        Key::new(
            Scope::account(&TenantId(tenant.into()), account),
            "thing",
            id,
        )
    };
    for (number, part) in parts.into_iter().enumerate() {
        commit(store, |batch| _ = batch.insert(key(part), draft(number))).await;
    }
    for (number, part) in parts.into_iter().enumerate() {
        let key = key(part);
        assert_eq!(said(store, &key).await, Some(number.into()));
        let query = Query {
            scope: key.scope.clone(),
            kind: "thing",
            tag: None,
            after: None,
            limit: 100,
        };
        let expected: Vec<_> = parts
            .iter()
            .filter(|other| (other.0, other.1) == (part.0, part.1))
            .map(|other| other.2)
            .collect();
        assert_eq!(ids(store, &query).await.len(), expected.len());
    }
    let principal = Key::new(
        Scope::principal(&TenantId("a".into()), &Principal("b".into())),
        "thing",
        "c:d",
    );
    assert_eq!(
        read(store, &principal).await,
        None,
        "a principal is not the account of the same name"
    );
}
