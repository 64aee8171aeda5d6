//! A proposal manager that plans with the proposals of the catalogue: for sandboxes, and until a
//! seller's own planning is connected.
//!
//! [`propose`] offers what `catalog/proposals.toml` holds, [`refine`] carries out what a buyer says
//! in plain words where that is simple and says so honestly where it is not, and [`firm`] makes a
//! draft firm as it stands. No price is ever changed, and shares always add up to exactly 100.

mod ask;
mod plan;
mod shares;

use std::collections::HashSet;

use serde_json::Value;

use crate::codec::Wire;
use crate::domain::allocation::allocated;
use crate::domain::{Applied, Draft, Finalized, ToFinalize};
use crate::error::{Error, Result};
use crate::platform::{Context, Products, WireProduct};
use plan::Plan;

/// The longest wish that is read, in bytes. What follows is answered as not done.
const LONGEST_ASK: usize = 2000;

/// The proposals of the catalogue that suit an answer, in the order of the file.
///
/// A proposal suits when the filters let all of its products pass and the answer has at least one of
/// them. When none does, every proposal that the filters let pass is offered: as with products, an
/// empty answer helps nobody who asked in other words.
///
/// # Errors
///
/// `INTERNAL_ERROR` when a proposal does not fit the type `P`, which no checked catalogue leads to.
pub fn propose<P: Wire, R>(
    context: &Context,
    products: &Products<P, R>,
    filters: Option<&Value>,
) -> Result<Vec<Draft<P, R>>> {
    let found: HashSet<&str> = products.products.iter().filter_map(id_of).collect();
    let passing: Products = context.catalog.matching(None, filters);
    let passing: HashSet<&str> = passing.products.iter().filter_map(id_of).collect();
    let fitting: Vec<&Value> = context
        .catalog
        .proposals()
        .iter()
        .filter(|proposal| allocated(proposal).all(|product| passing.contains(product)))
        .collect();
    let suits = |proposal: &&Value| allocated(proposal).any(|product| found.contains(product));
    let any = fitting.iter().any(suits);
    fitting
        .into_iter()
        .filter(|proposal| !any || suits(proposal))
        .map(|proposal| read(proposal.clone()).map(Draft::new))
        .collect()
}

/// Changes a draft as its buyer wants, and says what came of it.
///
/// Understood are shares of the budget with a word for a product, a channel or a format ("shift 60%
/// of budget to CTV", "move 20% from display to video", "60% video and 40% display"), products to
/// leave out ("drop the display product and redistribute that budget to video"), even splits, and
/// the recommended total within the seller's least and most ("reduce total by 10%"). "More video" without a number moves
/// ten points and is answered `partial`.
///
/// # Errors
///
/// `INTERNAL_ERROR` when the changed proposal does not fit the type `P`, which no valid draft leads
/// to.
pub fn refine<P: Wire, R>(
    context: &Context,
    draft: &mut Draft<P, R>,
    ask: Option<&str>,
) -> Result<Applied> {
    let Some(ask) = ask else {
        return Ok(Applied::Applied);
    };
    let Some(mut plan) = Plan::of(draft.proposal.write(), &context.catalog, context.now) else {
        return Ok(Applied::Unable(
            "the shares of this proposal can't be changed".to_owned(),
        ));
    };
    let mut done = 0_usize;
    let mut remarks = Vec::new();
    let text = beginning(ask, LONGEST_ASK);
    for wish in ask::read(text) {
        match wish
            .step
            .ok_or(NOT_UNDERSTOOD)
            .and_then(|step| plan.apply(&step))
        {
            Ok(None) => done += 1,
            Ok(Some(remark)) => {
                done += 1;
                remarks.push(remark);
            }
            Err(reason) => remarks.push(format!(
                "`{}`: {reason}",
                beginning(&wish.words, LONGEST_EXCERPT)
            )),
        }
    }
    if text.len() < ask.len() {
        remarks.push("the wish is too long to be read to its end".to_owned());
    }
    if done == 0 {
        remarks.truncate(MOST_REMARKS);
        return Ok(Applied::Unable(remarks.join("; ")));
    }
    let proposal = plan.into_proposal();
    let kept: HashSet<String> = allocated(&proposal).map(str::to_owned).collect();
    draft
        .recipes
        .retain(|product_id, _| kept.contains(product_id));
    draft.proposal = read(proposal)?;
    if remarks.is_empty() {
        return Ok(Applied::Applied);
    }
    remarks.truncate(MOST_REMARKS);
    Ok(Applied::Partial(remarks.join("; ")))
}

/// A draft made firm as it stands, until the instant that the manifest wants.
pub fn firm<P, R, D>(draft: ToFinalize<P, R>) -> Finalized<P, R, D> {
    Finalized::new(draft.proposal, draft.hold_until)
}

/// What a wish is answered that nothing could be made of.
const NOT_UNDERSTOOD: &str = "this planner understands shares, products to leave out and changes of the total; other wishes are for a person";

/// So many remarks an answer has at most.
const MOST_REMARKS: usize = 5;

/// So much of a buyer's own words an answer repeats, in bytes: enough to recognise them by.
const LONGEST_EXCERPT: usize = 80;

/// The beginning of a text, at most so many bytes.
fn beginning(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len()))
        .rev()
        .find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

fn read<P: Wire>(proposal: Value) -> Result<P> {
    P::read(proposal)
        .map_err(|mismatch| Error::internal(format!("the proposal can't be read: {mismatch}")))
}

fn id_of(product: &WireProduct) -> Option<&str> {
    match product {
        WireProduct::Catalog(product) => Some(&product.product_id),
        WireProduct::Made(product) => product.get("product_id")?.as_str(),
    }
}
