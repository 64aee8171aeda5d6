//! `get_products`: what the adapter picked and proposed, in the form in which the buyer wants it.
//!
//! Choosing, ranking and planning are the adapter's. Dropping what a refinement leaves out, keeping
//! drafts, paging, projection and the account of what a refinement led to are done here, once for
//! every seller.

mod question;
mod refinement;
mod selection;
mod paging;

use serde_json::{Map, Value};

use super::page::Page;
use super::proposals::drafts::Drafted;
use super::proposals::finalize::{self, Finalizing};
use super::proposals::{self, Making, drafts, refine};
use super::request::{Fill, Members};
use super::{Call, Outcome, Submission, submitted};
use crate::dispatch::{Assembled, Item, ResponseBody};
use crate::error::{Error, Result};
use crate::platform::{self, HandOff, Products, WireProduct};
use crate::store::Batch;
use refinement::Refinement;
pub(super) use selection::{Selection, refuse_private};

/// Members of the answer that an adapter can't add: they are the runtime's.
const OWN: [&str; 4] = ["products", "proposals", "pagination", "status"];
/// So many entries a refinement may have. The protocol names no limit; each one costs a look at the
/// ledger and room in the answer.
const MOST_ENTRIES: usize = 100;

pub(super) async fn get(call: Call<'_>) -> Result<Outcome> {
    let page = Page::of(&call, "products")?;
    let mode = call
        .request
        .text("buying_mode")
        .unwrap_or("brief")
        .to_owned();
    question::check_mode(&call.request, &mode)?;
    let empty = Map::new();
    let filters = call.request.object("filters").unwrap_or(&empty);
    question::check_filters(filters)?;
    let ruled_out = question::rules_out_the_seller(filters);
    let selection = Selection::of(&call.request);
    let mut refinement = None;
    if mode == "refine" {
        let entries = call.request.list("refine");
        if entries.len() > MOST_ENTRIES {
            return Err(Error::invalid_request(format!(
                "a refinement has at most {MOST_ENTRIES} entries"
            ))
            .at("refine")
            .suggest("refine in several requests"));
        }
        if let Some(wanted) = refine::finalize_of(&call, entries)? {
            return Ok(match finalize::run(&call, &wanted).await? {
                Finalizing::Firm(answer) => show(&call, &page, &selection, *answer),
                Finalizing::Waits(outcome) => *outcome,
            });
        }
        refinement = Some(Refinement::begin(&call, entries).await?);
    }

    let Call {
        services,
        context,
        tool,
        request,
        subscriptions,
        holds,
    } = call;
    let wishes = refinement.as_mut().and_then(Refinement::wishes);
    let answer = match wishes {
        _ if ruled_out => platform::Outcome::Done(Products::default()),
        Some(wishes) => services.platform.refine(context, request, wishes).await?,
        None => services.platform.get_products(context, request).await?,
    };
    let call = Call {
        services,
        context,
        tool,
        request: Value::Null,
        subscriptions,
        holds,
    };
    let found = match answer {
        platform::Outcome::Done(found) => found,
        platform::Outcome::HandedOff(hand_off) => {
            return Ok(handed_off(&call, &selection, refinement, hand_off));
        }
    };
    check(&call, &found)?;
    let Products {
        mut products,
        mut proposals,
        applied,
        extra,
    } = found;
    selection.arrange(&mut products);
    if mode == "wholesale" {
        // "Proposals are omitted" (`get-products-request.json`, `buying_mode`).
        proposals.clear();
    }
    if let Some(refinement) = &refinement {
        proposals = refinement.wanted(proposals);
    }
    let mut kept = Drafted::default();
    if !proposals.is_empty() {
        let listed = selection::by_id(&products);
        let admits = |product: &Value| selection.admits(product);
        let making = |id: &str| match &refinement {
            Some(refinement) if refinement.has_changed(id) => Making::Refined,
            _ => Making::Afresh,
        };
        kept = drafts::keep(&call, &listed, admits, making, proposals).await?;
    }
    let mut refinement_applied = None;
    if let Some(refinement) = refinement {
        refinement_applied = Some(refinement.conclude(&call, &mut products, &mut kept, applied));
    }
    for proposal in &kept.proposals {
        selection::complete(&mut products, &proposal.content.products, &call);
    }
    if !paging::is_first(&page) {
        // What a further page does not show is not made again.
        (kept.batch, kept.events) = (Batch::new(), Vec::new());
    }
    let answer = Answer {
        products,
        proposals: kept.proposals,
        refinement_applied,
        extra,
        batch: kept.batch,
        events: kept.events,
    };
    Ok(show(&call, &page, &selection, answer))
}

/// What is answered, before it is paged and projected.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) products: Vec<WireProduct>,
    pub(super) proposals: Vec<proposals::Proposal>,
    pub(super) refinement_applied: Option<Vec<Value>>,
    pub(super) extra: Map<String, Value>,
    pub(super) batch: Batch,
    pub(super) events: Vec<proposals::Event>,
}

fn show(call: &Call<'_>, page: &Page, selection: &Selection, answer: Answer) -> Outcome {
    let mut body = Assembled::new();
    if let Some(applied) = answer.refinement_applied
        && !answer.extra.contains_key("refinement_applied")
    {
        body.member("refinement_applied", Value::Array(applied));
    }
    let total = answer.products.len();
    let proposed = answer.proposals.iter();
    let named = proposed.flat_map(|proposal| proposal.content.products.keys().cloned());
    let (products, resume) = paging::cut(page, answer.products, &named.collect());
    let items = products.into_iter().map(|product| selection.item(product));
    body.array("products", items.collect::<Vec<Item>>());
    if paging::is_first(page)
        && let Some(shown) = shown(call, &answer.proposals)
    {
        body.member("proposals", shown);
    }
    for (name, value) in answer.extra {
        body.member(name, value);
    }
    body.member("pagination", page.answer(call, resume, Some(total)));
    if call.services.sandbox {
        body.member("sandbox", Value::Bool(true));
    }
    Outcome {
        body: ResponseBody::Assembled(body),
        batch: answer.batch,
        submission: None,
        events: answer.events,
    }
}

/// Proposals as the buyer sees them, if there are any.
fn shown(call: &Call<'_>, standing: &[proposals::Proposal]) -> Option<Value> {
    let rules = call.services.profile.proposals.as_ref()?;
    let shown = standing
        .iter()
        .map(|proposal| proposals::shown(proposal, rules));
    (!standing.is_empty()).then(|| shown.collect())
}

/// Refuses what an adapter must not answer.
fn check(call: &Call<'_>, found: &Products) -> Result<()> {
    if let Some(name) = OWN.iter().find(|name| found.extra.contains_key(**name)) {
        return Err(Error::internal(format!(
            "the adapter's answer has a further member `{name}`, which the runtime writes itself"
        )));
    }
    if call.services.profile.proposals.is_none() && !found.proposals.is_empty() {
        return Err(Error::internal(
            "the adapter makes proposals, and seller.toml says that this seller has none; add a table [proposals] there",
        ));
    }
    for product in &found.products {
        if let WireProduct::Made(product) = product {
            refuse_private("product", product)?;
        }
    }
    found
        .extra
        .values()
        .try_for_each(|member| refuse_private("answer", member))
}

/// The answer to a request that the adapter goes on with: the proposals that it is about as they
/// stand, with their products. `get-products-response.json` asks for products also where there are
/// none.
fn handed_off(
    call: &Call<'_>,
    selection: &Selection,
    refinement: Option<Refinement>,
    hand_off: HandOff,
) -> Outcome {
    let mut body = submitted::body(call, &call.context.operation_id, &hand_off.message);
    let mut products = Vec::new();
    if let Some(refinement) = refinement {
        let (standing, applied) = refinement.pending();
        for proposal in &standing {
            selection::complete(&mut products, &proposal.content.products, call);
        }
        body.put_some("proposals", shown(call, &standing));
        body.put("refinement_applied", applied);
    }
    let products = products.into_iter().map(|product| selection.value(product));
    body.put("products", products.collect::<Value>());
    Outcome::submitted(body, Batch::new(), Submission::HandOff(hand_off))
}
