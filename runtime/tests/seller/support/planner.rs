//! A seller's proposal manager, reduced to what tests look at: what it was asked, and what a test
//! makes it answer.
//!
//! Out of the box it offers one plan of two products of the market's catalogue, moves the budget
//! when it is refined, and holds what is finalized as long as the manifest wants. A test replaces
//! one answer at a time, and may watch what the ad server is asked to do. Everything else goes to the
//! market's ad server.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use adcp_seller::domain::{
    Applied, Booking, BuyDelivery, Creative, CreativeReview, DeliveryQuery, Draft, Finalized,
    MediaBuy, MediaBuyChange, Subject, ToFinalize, Wish,
};
use adcp_seller::error::{Error, Result};
use adcp_seller::platform::{Answer, Context, Outcome, Platform, Products, Requested};
use serde_json::{Value, json};

use crate::market::AdServer;

/// How a brief is answered.
type Briefed = dyn Fn(&Context, &Value) -> Result<Outcome<Products>> + Send + Sync;
/// How a refinement is answered.
type Refined = dyn Fn(&Context, &Value, Vec<Wish>) -> Result<Outcome<Products>> + Send + Sync;
/// How a finalize is answered.
type Firm = dyn Fn(&Context, ToFinalize) -> Result<Outcome<Finalized>> + Send + Sync;
/// How a booking is answered.
type Booked = dyn Fn(&Context, &MediaBuy) -> Result<Outcome<Booking>> + Send + Sync;

/// Sees what the ad server is asked to do, by the name of the tool, and may refuse it.
type Watch = dyn Fn(&'static str, &Context, &[&MediaBuy]) -> Result<()> + Send + Sync;
/// How the adopter's own recipes are answered.
type Source = dyn Fn(&[String]) -> Result<BTreeMap<String, Value>> + Send + Sync;
/// What a package asks for on an axis of the adopter's.
type Axis = dyn Fn(&str, &Value) -> Result<Vec<Requested>> + Send + Sync;

/// A proposal manager over the market's ad server.
#[derive(Clone)]
pub(crate) struct Planner {
    pub(crate) ad_server: AdServer,
    answers: Arc<Mutex<Answers>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

struct Answers {
    brief: Arc<Briefed>,
    refine: Arc<Refined>,
    finalize: Arc<Firm>,
    booking: Option<Arc<Booked>>,
    watch: Arc<Watch>,
    recipes: Arc<Source>,
    axis: Arc<Axis>,
    pause: Duration,
}

/// One call that reached the manager.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Asked {
    Brief,
    Refine(Vec<Wish>),
    /// With the operation id.
    Finalize(String, ToFinalize),
    /// With the operation id.
    Booking(String),
}

impl Default for Planner {
    fn default() -> Self {
        Planner {
            ad_server: AdServer::default(),
            answers: Arc::new(Mutex::new(Answers {
                brief: Arc::new(|context, request| {
                    Ok(Outcome::Done(offer(
                        context,
                        request,
                        vec![plan("plan", 60.0)],
                    )))
                }),
                refine: Arc::new(|context, request, wishes| {
                    Ok(Outcome::Done(shift(context, request, wishes)))
                }),
                finalize: Arc::new(|_, draft| {
                    Ok(Outcome::Done(Finalized::new(
                        draft.proposal,
                        draft.hold_until,
                    )))
                }),
                booking: None,
                watch: Arc::new(|_, _, _| Ok(())),
                recipes: Arc::new(|_| Ok(BTreeMap::new())),
                axis: Arc::new(|axis, _| Err(Error::internal(format!("no axis {axis}")))),
                pause: Duration::ZERO,
            })),
            asked: Arc::default(),
        }
    }
}

impl Planner {
    /// What it has been asked, oldest first.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("a lock").clone()
    }

    /// The operation ids of the finalizes that reached it, oldest first.
    pub(crate) fn finalized(&self) -> Vec<String> {
        self.asked()
            .into_iter()
            .filter_map(|asked| match asked {
                Asked::Finalize(operation_id, _) => Some(operation_id),
                _ => None,
            })
            .collect()
    }

    /// Answers briefs otherwise.
    pub(crate) fn on_brief(
        &self,
        answer: impl Fn(&Context, &Value) -> Result<Outcome<Products>> + Send + Sync + 'static,
    ) {
        self.answers.lock().expect("a lock").brief = Arc::new(answer);
    }

    /// Answers briefs with these proposals, beside the products of the catalogue that match.
    pub(crate) fn offers(&self, drafts: Vec<Draft>) {
        self.on_brief(move |context, request| {
            Ok(Outcome::Done(offer(context, request, drafts.clone())))
        });
    }

    /// Answers refinements otherwise.
    pub(crate) fn on_refine(
        &self,
        answer: impl Fn(&Context, &Value, Vec<Wish>) -> Result<Outcome<Products>>
        + Send
        + Sync
        + 'static,
    ) {
        self.answers.lock().expect("a lock").refine = Arc::new(answer);
    }

    /// Answers finalizes otherwise.
    pub(crate) fn on_finalize(
        &self,
        answer: impl Fn(&Context, ToFinalize) -> Result<Outcome<Finalized>> + Send + Sync + 'static,
    ) {
        self.answers.lock().expect("a lock").finalize = Arc::new(answer);
    }

    /// Answers bookings otherwise than the ad server would.
    pub(crate) fn on_booking(
        &self,
        answer: impl Fn(&Context, &MediaBuy) -> Result<Outcome<Booking>> + Send + Sync + 'static,
    ) {
        self.answers.lock().expect("a lock").booking = Some(Arc::new(answer));
    }

    /// Has every booking, change and report seen before the ad server is asked for it.
    pub(crate) fn watches(
        &self,
        watch: impl Fn(&'static str, &Context, &[&MediaBuy]) -> Result<()> + Send + Sync + 'static,
    ) {
        self.answers.lock().expect("a lock").watch = Arc::new(watch);
    }

    /// Answers questions for recipes so.
    pub(crate) fn keeps(
        &self,
        answer: impl Fn(&[String]) -> Result<BTreeMap<String, Value>> + Send + Sync + 'static,
    ) {
        self.answers.lock().expect("a lock").recipes = Arc::new(answer);
    }

    /// Reads from packages so what they ask for on axes of its own.
    pub(crate) fn on_axis(
        &self,
        answer: impl Fn(&str, &Value) -> Result<Vec<Requested>> + Send + Sync + 'static,
    ) {
        self.answers.lock().expect("a lock").axis = Arc::new(answer);
    }

    /// Takes so long over every finalize and booking, in real time.
    pub(crate) fn takes(&self, pause: Duration) {
        self.answers.lock().expect("a lock").pause = pause;
    }

    fn note(&self, asked: Asked) {
        self.asked.lock().expect("a lock").push(asked);
    }

    fn look(&self, tool: &'static str, context: &Context, buys: &[&MediaBuy]) -> Result<()> {
        let watch = Arc::clone(&self.answers.lock().expect("a lock").watch);
        watch(tool, context, buys)
    }

    async fn pause(&self) {
        let pause = self.answers.lock().expect("a lock").pause;
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
    }
}

/// What of the catalogue matches, and these proposals.
pub(crate) fn offer(context: &Context, request: &Value, proposals: Vec<Draft>) -> Products {
    Products {
        proposals,
        ..context
            .catalog
            .matching(request["brief"].as_str(), request.get("filters"))
    }
}

/// A proposal of two products of the market: so much for banners, the rest for video.
pub(crate) fn plan(proposal_id: &str, banner: f64) -> Draft {
    Draft::new(json!({
        "proposal_id": proposal_id,
        "name": "Banners and video",
        "allocations": [
            { "product_id": "banner", "allocation_percentage": banner, "pricing_option_id": "fixed" },
            { "product_id": "video", "allocation_percentage": 100.0 - banner, "pricing_option_id": "fixed" },
        ],
    }))
}

/// Gives banners 80 per cent of every proposal that is named.
fn shift(context: &Context, request: &Value, wishes: Vec<Wish>) -> Products {
    let applied = wishes.iter().map(|_| Some(Applied::Applied)).collect();
    let drafts = wishes.into_iter().filter_map(|wish| match wish.subject {
        Subject::Proposal(mut draft) => {
            let allocations = &mut draft.proposal["allocations"];
            allocations[0]["allocation_percentage"] = json!(80.0);
            allocations[1]["allocation_percentage"] = json!(20.0);
            Some(draft)
        }
        Subject::Request | Subject::Product { .. } => None,
    });
    Products {
        applied,
        ..offer(context, request, drafts.collect())
    }
}

impl Platform for Planner {
    fn get_products<'a>(
        &'a self,
        context: &'a Context,
        request: Value,
    ) -> Answer<'a, Outcome<Products>> {
        Box::pin(async move {
            self.note(Asked::Brief);
            let answer = Arc::clone(&self.answers.lock().expect("a lock").brief);
            answer(context, &request)
        })
    }

    fn refine<'a>(
        &'a self,
        context: &'a Context,
        request: Value,
        wishes: Vec<Wish>,
    ) -> Answer<'a, Outcome<Products>> {
        Box::pin(async move {
            self.note(Asked::Refine(wishes.clone()));
            let answer = Arc::clone(&self.answers.lock().expect("a lock").refine);
            answer(context, &request, wishes)
        })
    }

    fn finalize<'a>(
        &'a self,
        context: &'a Context,
        draft: ToFinalize,
    ) -> Answer<'a, Outcome<Finalized>> {
        Box::pin(async move {
            self.note(Asked::Finalize(context.operation_id.clone(), draft.clone()));
            self.pause().await;
            let answer = Arc::clone(&self.answers.lock().expect("a lock").finalize);
            answer(context, draft)
        })
    }

    fn recipes<'a>(
        &'a self,
        _context: &'a Context,
        product_ids: &'a [String],
    ) -> Answer<'a, BTreeMap<String, Value>> {
        let answer = Arc::clone(&self.answers.lock().expect("a lock").recipes);
        Box::pin(async move { answer(product_ids) })
    }

    fn requested(&self, axis: &str, package: &Value) -> Result<Vec<Requested>> {
        let answer = Arc::clone(&self.answers.lock().expect("a lock").axis);
        answer(axis, package)
    }

    fn create_media_buy<'a>(
        &'a self,
        context: &'a Context,
        request: Value,
        buy: &'a MediaBuy,
    ) -> Answer<'a, Outcome<Booking>> {
        Box::pin(async move {
            self.look("create_media_buy", context, &[buy])?;
            self.note(Asked::Booking(context.operation_id.clone()));
            self.pause().await;
            let answer = self.answers.lock().expect("a lock").booking.clone();
            match answer {
                Some(answer) => answer(context, buy),
                None => self.ad_server.create_media_buy(context, request, buy).await,
            }
        })
    }

    fn update_media_buy<'a>(
        &'a self,
        context: &'a Context,
        request: Value,
        change: &'a MediaBuyChange,
    ) -> Answer<'a, Booking> {
        Box::pin(async move {
            self.look("update_media_buy", context, &[&change.after])?;
            self.ad_server
                .update_media_buy(context, request, change)
                .await
        })
    }

    fn get_media_buy_delivery<'a>(
        &'a self,
        context: &'a Context,
        request: Value,
        query: &'a DeliveryQuery,
    ) -> Answer<'a, Vec<BuyDelivery>> {
        Box::pin(async move {
            let buys: Vec<&MediaBuy> = query.media_buys.iter().collect();
            self.look("get_media_buy_delivery", context, &buys)?;
            self.ad_server
                .get_media_buy_delivery(context, request, query)
                .await
        })
    }

    fn sync_creatives<'a>(
        &'a self,
        context: &'a Context,
        request: Value,
        creatives: &'a [Creative],
    ) -> Answer<'a, Vec<CreativeReview>> {
        self.ad_server.sync_creatives(context, request, creatives)
    }
}
