//! What a buyer does who signs: the same as anybody else.

use serde_json::{Value, json};

use super::pen::Pen;
use super::shop::{Plan, Shop, signer};
use crate::support::{TOKEN, booking};

const KEY: &str = "signed-call-0001";

async fn ask(shop: &Shop, pen: &Pen, operation: &str, arguments: &Value) -> Value {
    let letter = shop.letter(operation, arguments);
    let response = shop.send(pen, &letter).await;
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()
}

#[tokio::test]
async fn a_signed_buyer_buys_reads_and_replays() {
    let pen = Pen::ed25519("nova-1");
    let shop = Plan::of([signer("nova", &[&pen])]).open().await;
    let first = ask(&shop, &pen, "create_media_buy", &booking(KEY)).await;
    let id = first["media_buy_id"].as_str().expect("a media buy");
    assert_eq!(first["context"], booking("")["context"]);

    let again = ask(&shop, &pen, "create_media_buy", &booking(KEY)).await;
    assert_eq!(
        (&again["media_buy_id"], &again["replayed"]),
        (&json!(id), &json!(true))
    );
    let mut other = booking(KEY);
    other["packages"][0]["budget"] = 6000.into();
    let conflict = ask(&shop, &pen, "create_media_buy", &other).await;
    assert_eq!(conflict["adcp_error"]["code"], "IDEMPOTENCY_CONFLICT");
    assert_eq!(shop.desk.booked().values().sum::<usize>(), 1);

    let account = booking("")["account"].clone();
    let read = json!({ "account": account, "media_buy_ids": [id] });
    let buys = ask(&shop, &pen, "get_media_buys", &read).await;
    assert_eq!(buys["media_buys"][0]["media_buy_id"], id, "{buys}");

    let absent = ask(
        &shop,
        &pen,
        "sell_media_buy",
        &json!({ "context": { "a": 1 } }),
    )
    .await;
    assert_eq!(absent["adcp_error"]["code"], "UNSUPPORTED_FEATURE");
    assert_eq!(absent["context"], json!({ "a": 1 }));
}

#[tokio::test]
async fn a_signer_is_somebody_of_its_own() {
    let pen = Pen::ed25519("nova-1");
    // Live, so that accounts of one buyer are not seen by another.
    let plan = Plan::of([
        signer("nova", &[&pen]),
        signer("first", &[&Pen::ed25519("x")]),
    ]);
    let shop = Plan {
        sandbox: false,
        ..plan
    }
    .open()
    .await;
    let sync = json!({
        "idempotency_key": "signed-call-0002",
        "accounts": [{ "brand": { "domain": "nova.example" }, "operator": "agency.example", "billing": "operator" }],
    });
    let synced = ask(&shop, &pen, "sync_accounts", &sync).await;
    assert!(synced["accounts"][0]["account_id"].is_string(), "{synced}");
    let mine = ask(&shop, &pen, "list_accounts", &json!({})).await;
    assert_eq!(mine["accounts"].as_array().map(Vec::len), Some(1), "{mine}");
    let letter = shop.tool_letter("list_accounts", &json!({}));
    let headers = vec![
        ("content-type".to_owned(), "application/json".to_owned()),
        ("authorization".to_owned(), format!("Bearer {TOKEN}")),
    ];
    let theirs = shop.post(&letter, headers).await.json();
    let accounts = &theirs["result"]["structuredContent"]["accounts"];
    assert_eq!(accounts.as_array().map(Vec::len), Some(0), "{theirs}");
}

#[tokio::test]
async fn tasks_are_found_under_their_names_with_the_slash() {
    let pen = Pen::ed25519("nova-1");
    let shop = Plan::of([signer("nova", &[&pen])]).open().await;
    for operation in ["tasks/get", "tasks_get"] {
        let answer = ask(
            &shop,
            &pen,
            operation,
            &json!({ "task_id": "task-of-nobody" }),
        )
        .await;
        let code = &answer["adcp_error"]["code"];
        assert!(
            code.is_string() && code != "UNSUPPORTED_FEATURE",
            "{answer}"
        );
    }
}
