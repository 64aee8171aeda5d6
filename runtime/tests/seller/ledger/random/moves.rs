//! Each step that a sequence can take, and what must come of it.

use adcp_seller::identity::TenantId;
use adcp_seller::tasks::{self, Verdict};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::How;
use super::run::{Run, SECRET, SETTLED, Sent};
use crate::ledger::model::{DECIDED_WITHIN, HOLD, Known, Stand};
use crate::ledger::process::{accept, finalize};
use crate::support::planner::plan;

impl Run {
    pub(super) async fn brief(&mut self, account: usize, name: usize, banner: f64) {
        let wish = format!("p{name}");
        let mut draft = plan(&wish, banner);
        for product in ["banner", "video"] {
            let recipe = json!({ "recipe_kind": "press", "line_item": SECRET });
            draft = draft.with_recipe(product, recipe);
        }
        self.planner.offers(vec![draft]);
        let request = json!({ "buying_mode": "brief", "brief": "banners" });
        let answer = self
            .ask(account, "get_products", request)
            .await
            .expect("an offer");
        let offered = &answer["proposals"][0];
        assert_eq!(offered["proposal_status"], "draft");
        let id = offered["proposal_id"].as_str().expect("an id").to_owned();
        let now = self.model.now;
        let free = |known: Option<&Known>| known.is_none_or(Known::is_free);
        let wished = (account, wish.clone());
        if free(self.model.proposals.get(&wished)) {
            assert_eq!(id, wish);
        } else {
            let number = id
                .strip_prefix(&format!("{wish}_"))
                .expect("a number behind the wish");
            assert!(number.parse::<u32>().expect("a number") >= 2);
        }
        let key = (account, id);
        assert!(
            free(self.model.proposals.get(&key)),
            "only drafts are written over, and no buyer's own"
        );
        let known = self.model.proposals.entry(key).or_insert(Known {
            stand: Stand::Draft,
            banner,
            made_at: now,
            refined: false,
            key: None,
        });
        known.propose(banner, now);
    }

    pub(super) async fn refine(&mut self, key: (usize, String)) {
        let request = json!({
            "buying_mode": "refine",
            "refine": [{ "scope": "proposal", "proposal_id": key.1, "ask": "more banners" }],
        });
        let answer = self.ask(key.0, "get_products", request).await;
        let Some(known) = self.model.proposals.get_mut(&key) else {
            assert_eq!(answer.expect_err("unknown"), "PROPOSAL_NOT_FOUND");
            return;
        };
        let answer = answer.expect("an answer");
        let applied = &answer["refinement_applied"][0];
        if known.stand == Stand::Draft {
            (known.banner, known.refined) = (80.0, true);
            assert_eq!(applied["status"], "applied", "{answer}");
        } else {
            assert_eq!(applied["status"], "unable", "{answer}");
        }
    }

    pub(super) async fn finalize(&mut self, key: (usize, String), how: How) {
        let calls = self.planner.finalized().len();
        let answer = self.ask(key.0, "get_products", finalize(&key.1)).await;
        let calls = self.planner.finalized().len() - calls;
        if let Some(code) = self.model.refuses_to_finalize(&key) {
            assert_eq!(answer.expect_err("refused"), code);
            assert_eq!(calls, 0);
            return;
        }
        let now = self.model.now;
        let committed = |expires_at: i64| json!(["committed", self.at(expires_at)]);
        let shown = |answer: &Value| {
            let proposal = &answer["proposals"][0];
            json!([proposal["proposal_status"], proposal["expires_at"]])
        };
        let stand = self.model.proposals[&key].stand.clone();
        let next = match (stand, how, answer) {
            (Stand::Committed { expires_at }, _, Ok(answer)) => {
                assert_eq!((shown(&answer), calls), (committed(expires_at), 0));
                return;
            }
            // Somebody is at it, or will be again.
            (Stand::Reserved { task, .. }, _, Ok(answer)) if answer["status"] == "submitted" => {
                assert!(task.is_none_or(|task| answer["task_id"] == task.as_str()));
                return;
            }
            (Stand::Reserved { .. }, _, Err(code)) if code == "SERVICE_UNAVAILABLE" => return,
            (Stand::Draft, _, Ok(answer)) if self.approval => {
                assert_eq!((&answer["status"], calls), (&json!("submitted"), 0));
                reserved(false, Some(now + DECIDED_WITHIN), Some(&answer), None)
            }
            (_, How::Done, Ok(answer)) => {
                assert_eq!(shown(&answer), committed(now + HOLD), "{answer}");
                Stand::Committed {
                    expires_at: now + HOLD,
                }
            }
            (_, How::Later, Ok(answer)) => {
                assert_eq!(answer["status"], "submitted", "{answer}");
                reserved(false, None, Some(&answer), None)
            }
            (_, How::Refused, Err(code)) => {
                assert_eq!(code, "PRODUCT_UNAVAILABLE");
                Stand::Draft
            }
            (_, How::Unknown, Err(code)) => {
                assert_eq!(code, "SERVICE_UNAVAILABLE");
                reserved(false, None, None, None)
            }
            (stand, how, answer) => panic!("{stand:?}, {how:?}: {answer:?}"),
        };
        self.change(&key, |known| known.stand = next);
    }

    pub(super) async fn accept(&mut self, key: (usize, String), how: How) {
        let idempotency_key = self.market.key();
        let answer = self.buy(&key, &idempotency_key).await;
        self.judge(key, idempotency_key, how, answer);
    }

    async fn buy(&self, key: &(usize, String), idempotency_key: &str) -> Result<Value, String> {
        let mut request = accept(&key.1, idempotency_key);
        // Time passes in these sequences.
        request["start_time"] = json!("asap");
        request["end_time"] = json!("2030-01-01T00:00:00Z");
        self.ask(key.0, "create_media_buy", request).await
    }

    fn judge(
        &mut self,
        key: (usize, String),
        idempotency_key: String,
        how: How,
        answer: Result<Value, String>,
    ) {
        if let Some(code) = self.model.refuses_to_sell(&key) {
            assert_eq!(answer.expect_err("refused"), code, "{key:?}");
            return;
        }
        let Stand::Committed { expires_at } = self.model.proposals[&key].stand else {
            panic!("only what is firm can be sold");
        };
        let now = self.model.now;
        let mut task = None;
        let next = match (how, answer) {
            (_, Ok(answer)) if self.approval => {
                assert_eq!(answer["status"], "submitted", "{answer}");
                task = Some(answer["task_id"].clone());
                reserved(
                    true,
                    Some(now + DECIDED_WITHIN),
                    Some(&answer),
                    Some(expires_at),
                )
            }
            (How::Done, Ok(answer)) => Stand::Consumed {
                media_buy_id: Some(answer["media_buy_id"].as_str().expect("an id").to_owned()),
            },
            (How::Later, Ok(answer)) => {
                assert_eq!(answer["status"], "submitted", "{answer}");
                task = Some(answer["task_id"].clone());
                reserved(true, None, Some(&answer), Some(expires_at))
            }
            (How::Refused, Err(code)) => {
                assert_eq!(code, "PRODUCT_UNAVAILABLE");
                return;
            }
            (How::Unknown, Err(code)) => {
                assert_eq!(code, "SERVICE_UNAVAILABLE");
                reserved(true, None, None, Some(expires_at))
            }
            (how, answer) => panic!("{how:?}: {answer:?}"),
        };
        self.sent.push(Sent {
            account: key.0,
            proposal_id: key.1.clone(),
            key: idempotency_key.clone(),
            at: now,
            task,
        });
        self.change(&key, |known| {
            known.stand = next;
            known.key = Some(idempotency_key);
        });
    }

    /// The same request under the same key: the same answer, or the same operation.
    pub(super) async fn again(&mut self, which: &prop::sample::Index) {
        let now = self.model.now;
        let recent: Vec<usize> = (0..self.sent.len())
            .filter(|at| now - self.sent[*at].at < 80_000)
            .collect();
        if recent.is_empty() {
            return;
        }
        let sent = &self.sent[*which.get(&recent)];
        let key = (sent.account, sent.proposal_id.clone());
        let answer = self.buy(&key, &sent.key).await;
        if let Some(task) = &sent.task {
            let answer = answer.expect("it was submitted once");
            assert_eq!(&answer["task_id"], task);
            return;
        }
        let known = self.model.proposals.get_mut(&key).expect("it was there");
        assert_eq!(known.key.as_ref(), Some(&sent.key), "nobody else got it");
        match (&mut known.stand, answer) {
            (Stand::Consumed { media_buy_id }, Ok(answer)) => {
                let id = answer["media_buy_id"].as_str().expect("an id");
                assert_eq!(media_buy_id.get_or_insert(id.to_owned()), id);
            }
            // Its answer had been lost.
            (stand @ Stand::Reserved { .. }, Ok(answer)) => {
                let id = answer["media_buy_id"].as_str().expect("an id");
                *stand = Stand::Consumed {
                    media_buy_id: Some(id.to_owned()),
                };
            }
            (Stand::Reserved { .. }, Err(code)) => assert_eq!(code, "SERVICE_UNAVAILABLE"),
            (stand, answer) => panic!("{stand:?}: {answer:?}"),
        }
    }

    pub(super) async fn decide(&mut self, which: &prop::sample::Index, approved: bool) {
        let now = self.model.now;
        let waiting: Vec<_> = self
            .model
            .proposals
            .iter()
            .filter_map(|(key, known)| match &known.stand {
                Stand::Reserved {
                    until: Some(_),
                    task: Some(task),
                    ..
                } => Some((key.clone(), task.clone())),
                _ => None,
            })
            .collect();
        if waiting.is_empty() {
            return;
        }
        let (key, task_id) = which.get(&waiting);
        let verdict = Verdict {
            approved,
            operator: "approver".to_owned(),
            reason: None,
        };
        let tenant = TenantId(TenantId::SINGLE.to_owned());
        tasks::decide(self.office.services(), &tenant, task_id, verdict)
            .await
            .expect("it waits for that");
        // A worker, in whichever process, hears of it, and the sweeper comes by.
        tokio::time::sleep(SETTLED).await;
        self.change(key, |known| {
            if approved {
                known.succeed(now);
            } else {
                known.give_back();
            }
        });
        self.model.sweep();
    }
}

fn reserved(
    buying: bool,
    until: Option<i64>,
    answer: Option<&Value>,
    firm_until: Option<i64>,
) -> Stand {
    Stand::Reserved {
        buying,
        until,
        task: answer.map(|answer| answer["task_id"].as_str().expect("a task").to_owned()),
        firm_until,
    }
}
