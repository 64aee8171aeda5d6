//! What can't work is refused before anybody is served.

use adcp_seller::serve::StartError;

use super::*;

/// What starting comes to.
async fn start(profile: &'static Profile, setting: Setting) -> Result<Running, StartError> {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    Seller::new(line::spec(), profile, Planner::default())
        .start(listener, setting)
        .await
}

async fn refusal(profile: &'static Profile, setting: Setting) -> (StartError, String) {
    let error = start(profile, setting).await.expect_err("it is refused");
    let text = error.to_string();
    (error, text)
}

#[tokio::test]
async fn an_approval_that_nobody_could_give_is_refused() {
    let nobody = Setting {
        operators: Operators::default(),
        ..setting(&clock())
    };
    let (error, text) = refusal(&APPROVED, nobody.clone()).await;
    assert!(matches!(error, StartError::NobodyDecides { .. }), "{text}");
    assert!(
        text.contains("create_media_buy") && text.contains("--operators"),
        "{text}"
    );
    // Nobody is needed where nothing has to be agreed to.
    let running = start(&NO_APPROVAL, nobody).await.expect("it starts");
    running.stop().await;
}

#[tokio::test]
async fn an_approval_that_nobody_may_give_is_refused() {
    let mut operators = Operators::default();
    operators.allow(FINALIZER_TOKEN, Operator::new("kim").only(["finalize"]));
    let without = Setting {
        operators: operators.clone(),
        ..setting(&clock())
    };
    let (error, text) = refusal(&APPROVED, without.clone()).await;
    assert!(matches!(error, StartError::NoRight { .. }), "{text}");
    assert!(text.contains("add \"create_media_buy\" to `may`"), "{text}");
    operators.allow(
        OPERATOR_TOKEN,
        Operator::new("jo").only(["create_media_buy"]),
    );
    let with = Setting {
        operators,
        ..without
    };
    start(&APPROVED, with)
        .await
        .expect("it starts")
        .stop()
        .await;
}

#[tokio::test]
async fn promises_need_a_store_that_keeps_them() {
    let (error, text) = refusal(&FINALIZED, setting(&clock())).await;
    assert!(matches!(error, StartError::ForgetsProposals), "{text}");
    assert!(
        text.contains("SELLER_STORE") && text.contains("--development"),
        "{text}"
    );
    let development = Setting {
        development: true,
        ..setting(&clock())
    };
    start(&FINALIZED, development)
        .await
        .expect("it starts")
        .stop()
        .await;
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("seller.db").display());
    let durable = Setting {
        store: adcp_seller::store::open(&url).expect("a store"),
        ..setting(&clock())
    };
    start(&FINALIZED, durable)
        .await
        .expect("it starts")
        .stop()
        .await;
}

#[tokio::test]
async fn a_token_on_both_sides_is_refused() {
    let mut both = setting(&clock());
    both.operators.allow(OTHER_TOKEN, Operator::new("jo"));
    let (error, text) = refusal(&APPROVED, both).await;
    assert!(matches!(error, StartError::SharedToken { .. }), "{text}");
    assert!(
        text.contains("`second`") && text.contains("`jo`") && !text.contains(OTHER_TOKEN),
        "{text}"
    );
}

#[tokio::test]
async fn a_busy_address_is_named() {
    let busy = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let addr = busy.local_addr().expect("an address");
    let there = Setting {
        operator_addr: Some(addr),
        ..setting(&clock())
    };
    let (error, text) = refusal(&APPROVED, there).await;
    assert!(
        matches!(error, StartError::OperatorAddress { .. }),
        "{text}"
    );
    assert!(
        text.contains(&addr.to_string()) && text.contains("--operator-addr"),
        "{text}"
    );
}

#[tokio::test]
async fn without_an_address_operators_are_not_served() {
    let quiet = Setting {
        operator_addr: None,
        ..setting(&clock())
    };
    let running = start(&NO_APPROVAL, quiet).await.expect("it starts");
    assert_eq!(running.operator_url(), None);
    running.stop().await;
}
