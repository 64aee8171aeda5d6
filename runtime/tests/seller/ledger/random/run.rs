//! The seller under test beside its model, and what both are asked after every step.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use adcp_seller::error::Error;
use adcp_seller::platform::Outcome;
use adcp_seller::profile::{Approval, Profile};
use adcp_seller::seller::{Running, Seller, Setting};
use adcp_seller::store::SharedStore;
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{How, Step};
use crate::ledger::model::{Known, Model};
use crate::market::{Market, Parts, account};
use crate::support::mirror::Mirror;
use crate::support::planner::Planner;
use crate::support::{NOW, OTHER_TOKEN, TOKEN, callers, line, operators};

/// In every recipe, and nowhere else.
pub(super) const SECRET: &str = "never-on-the-wire";
/// Who calls for which brand: two accounts of one buyer, one of another.
const ACCOUNTS: [(&str, &str); 3] = [(TOKEN, "nova"), (TOKEN, "luna"), (OTHER_TOKEN, "nova")];
/// By then every worker and the sweeper have come by, the latter twice.
pub(super) const SETTLED: Duration = Duration::from_secs(130);

static FREELY: Profile = line::PROPOSALS_WITH_RECIPES;
static WITH_APPROVAL: Profile = Profile {
    approval: Approval {
        finalize: true,
        create_media_buy: true,
        within_seconds: 259_200,
    },
    ..line::PROPOSALS_WITH_RECIPES
};

/// The seller and its model.
pub(super) struct Run {
    pub(super) market: Market,
    /// Another process of the seller, in which people decide.
    pub(super) office: Running,
    pub(super) store: Arc<Mirror>,
    pub(super) planner: Planner,
    pub(super) how: Arc<Mutex<How>>,
    pub(super) model: Model,
    pub(super) approval: bool,
    pub(super) account_ids: Vec<String>,
    /// Accepts that got through to a proposal: account, request, when, and the task if they
    /// became one.
    pub(super) sent: Vec<Sent>,
}

pub(super) struct Sent {
    pub(super) account: usize,
    pub(super) proposal_id: String,
    pub(super) key: String,
    pub(super) at: i64,
    pub(super) task: Option<Value>,
}

impl Run {
    pub(super) async fn over(store: SharedStore, folder: &Path, approval: bool) -> Self {
        let store = Arc::new(Mirror::new(store));
        let planner = Planner::default();
        let how = Arc::new(Mutex::new(How::Done));
        obey(&planner, &how);
        let profile = if approval { &WITH_APPROVAL } else { &FREELY };
        let parts = Parts {
            spec: line::spec_with_recipes(),
            store: store.clone(),
            catalog: catalog_with_recipes(folder),
            ..Parts::of(profile)
        };
        let catalog = parts.catalog.clone();
        let market = parts.open(planner.clone(), planner.ad_server.clone()).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let setting = Setting {
            store: store.clone(),
            clock: Arc::new(market.clock.clone()),
            callers: callers(),
            catalog,
            sandbox: false,
            operators: operators(),
            operator_addr: None,
            development: true,
            trust: Default::default(),
        };
        let office = Seller::new(line::spec_with_recipes(), profile, planner.clone())
            .start(listener, setting)
            .await
            .expect("the office opens");
        let mut account_ids = Vec::new();
        for (token, brand) in ACCOUNTS {
            let mut wanted = account(brand);
            wanted["billing"] = json!("operator");
            let request = json!({ "idempotency_key": market.key(), "accounts": [wanted] });
            let synced = market.call_as(token, "sync_accounts", request).await;
            let id = synced["accounts"][0]["account_id"].as_str();
            account_ids.push(id.expect("an id").to_owned());
        }
        Run {
            market,
            office,
            store,
            planner,
            how,
            model: Model::default(),
            approval,
            account_ids,
            sent: Vec::new(),
        }
    }

    pub(super) async fn ask(
        &self,
        account: usize,
        tool: &str,
        mut request: Value,
    ) -> Result<Value, String> {
        let (token, brand) = ACCOUNTS[account];
        request["account"] = self::account(brand);
        let result = self.market.send(token, tool, request).await;
        assert!(!result.to_string().contains(SECRET), "{result}");
        let answer = result["structuredContent"].clone();
        if result["isError"] == false {
            return Ok(answer);
        }
        Err(answer["adcp_error"]["code"]
            .as_str()
            .expect("a code")
            .to_owned())
    }

    pub(super) fn set(&self, how: How) {
        *self.how.lock().expect("a lock") = how;
    }

    pub(super) fn at(&self, seconds: i64) -> String {
        let start: DateTime<Utc> = NOW.parse().expect("an instant");
        adcp_seller::clock::to_wire(start + TimeDelta::seconds(seconds))
    }

    /// Some proposal that there is, was, or never was.
    pub(super) fn pick(&self, which: &prop::sample::Index) -> String {
        let mut ids: Vec<&str> = self
            .model
            .proposals
            .keys()
            .map(|(_, id)| id.as_str())
            .collect();
        ids.push("p0");
        ids.push("p7");
        (*which.get(&ids)).to_owned()
    }

    pub(super) async fn step(&mut self, step: &Step) {
        match step {
            Step::Brief {
                account,
                name,
                banner,
            } => {
                self.brief(*account, *name, f64::from(*banner)).await;
            }
            Step::Refine { account, which } => self.refine((*account, self.pick(which))).await,
            Step::Finalize {
                account,
                which,
                how,
            } => {
                self.set(*how);
                self.finalize((*account, self.pick(which)), *how).await;
            }
            Step::Accept {
                account,
                which,
                how,
            } => {
                self.set(*how);
                self.accept((*account, self.pick(which)), *how).await;
            }
            Step::Again { which } => self.again(which).await,
            Step::Decide { which, approved } => self.decide(which, *approved).await,
            Step::Wait { minutes } => self.wait(60 * minutes).await,
        }
        self.set(How::Done);
        self.check();
    }

    pub(super) async fn wait(&mut self, seconds: i64) {
        self.market.clock.advance(TimeDelta::seconds(seconds));
        tokio::time::sleep(SETTLED).await;
        self.model.pass(seconds);
        self.model.sweep();
    }

    pub(super) fn change(&mut self, key: &(usize, String), change: impl FnOnce(&mut Known)) {
        change(self.model.proposals.get_mut(key).expect("it is known"));
    }

    /// The ledger and the model agree, and nothing is sold twice.
    pub(super) fn check(&self) {
        let contents = self.store.contents();
        let of_kind = |kind| contents.iter().filter(move |(key, _)| key.kind == kind);
        let kept: BTreeMap<(usize, String), (String, f64)> = of_kind("proposal")
            .map(|(key, body)| {
                let account = self
                    .account_ids
                    .iter()
                    .position(|id| body["account_id"] == id.as_str());
                let state = body["state"].as_str().expect("a state").to_owned();
                let banner = body["proposal"]["allocations"][0]["allocation_percentage"].as_f64();
                let place = (account.expect("a known account"), key.id.clone());
                (place, (state, banner.expect("a number")))
            })
            .collect();
        let expected: BTreeMap<_, _> = self
            .model
            .proposals
            .iter()
            .map(|(key, known)| (key.clone(), (known.state().to_owned(), known.banner)))
            .collect();
        assert_eq!(kept, expected);
        let mut sold: Vec<String> = of_kind("media_buy")
            .map(|(_, body)| format!("{} {}", body["account_id"], body["proposal_id"]))
            .collect();
        let all = sold.len();
        sold.sort_unstable();
        sold.dedup();
        assert_eq!(sold.len(), all, "one media buy for a proposal");
        let consumed = expected.values().filter(|(state, _)| state == "consumed");
        assert_eq!(all, consumed.count());
        // What goes on is written down, and nothing else.
        let reserved = expected
            .values()
            .filter(|(state, _)| matches!(state.as_str(), "finalizing" | "consuming"));
        let open = of_kind("task").filter(|(_, body)| {
            !["completed", "failed", "rejected"]
                .contains(&body["status"].as_str().expect("a status"))
        });
        assert_eq!(open.count(), reserved.count());
    }
}

/// The market's catalogue, every product of which has a recipe.
fn catalog_with_recipes(folder: &Path) -> PathBuf {
    let market = Parts::of(&FREELY).catalog;
    let catalog = folder.join("catalog");
    fs::create_dir(&catalog).expect("a folder");
    for file in ["formats.toml", "products.toml"] {
        let text = fs::read_to_string(market.join(file)).expect("the market's catalogue");
        let recipe = format!("recipe = {{ recipe_kind = \"press\", line_item = \"{SECRET}\" }}");
        let text = text.replace("\nproduct_id =", &format!("\n{recipe}\nproduct_id ="));
        fs::write(catalog.join(file), text).expect("a file");
    }
    catalog
}

/// Has the manager and the ad server do as they are told.
fn obey(planner: &Planner, how: &Arc<Mutex<How>>) {
    fn react<T>(
        how: &Mutex<How>,
        context: &adcp_seller::platform::Context,
        done: T,
    ) -> adcp_seller::error::Result<Outcome<T>> {
        match *how.lock().expect("a lock") {
            How::Done => Ok(Outcome::Done(done)),
            How::Refused => Err(Error::new("PRODUCT_UNAVAILABLE", "it is sold out")),
            How::Unknown => Err(Error::unavailable("the connection broke")),
            How::Later => Ok(context.hand_off("the ad server is at it").into()),
        }
    }
    let at_finalize = Arc::clone(how);
    planner.on_finalize(move |context, draft| {
        let firm = adcp_seller::domain::Finalized::new(draft.proposal, draft.hold_until);
        react(&at_finalize, context, firm)
    });
    let at_booking = Arc::clone(how);
    planner.on_booking(move |context, _| react(&at_booking, context, Default::default()));
}
