//! A proposal while its shares are being changed.

use serde_json::{Value, json};

use super::ask::Step;
use super::shares::{Shares, WHOLE};
use crate::catalog::{Catalog, CatalogProduct, PricingOption};
use crate::clock::Timestamp;
use crate::domain::money;

/// What "more" and "less" come to, in hundredths of a per cent.
const SOME: u32 = 1000;

/// Words of buyers for the channels of the line (`enums/channels.json`).
const CHANNELS: [(&str, &str); 10] = [
    ("video", "olv"),
    ("tv", "ctv"),
    ("television", "ctv"),
    ("streaming", "ctv"),
    ("banner", "display"),
    ("banners", "display"),
    ("audio", "streaming_audio"),
    ("podcasts", "podcast"),
    ("outdoor", "dooh"),
    ("billboards", "dooh"),
];

/// Said when a plan has nothing of that name.
const NOTHING_SUCH: &str = "nothing that is on sale goes by that name";
/// Said when the shares would not add up.
const NOTHING_LEFT: &str = "the other shares can't make up for it";

/// A proposal while its shares are being changed.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    proposal: Value,
    allocations: Vec<Value>,
    shares: Shares,
    catalog: &'a Catalog,
    now: Timestamp,
}

impl<'a> Plan<'a> {
    /// A proposal with its shares taken out. `None` when it has none.
    pub(super) fn of(mut proposal: Value, catalog: &'a Catalog, now: Timestamp) -> Option<Self> {
        let allocations = match proposal.get_mut("allocations")?.take() {
            Value::Array(allocations) => allocations,
            _ => return None,
        };
        let weights: Vec<f64> = allocations
            .iter()
            .map(|allocation| allocation.get("allocation_percentage")?.as_f64())
            .collect::<Option<_>>()?;
        Some(Plan {
            shares: Shares::of(&weights)?,
            proposal,
            allocations,
            catalog,
            now,
        })
    }

    /// The proposal with the shares as they are now. What has none any more is left out.
    pub(super) fn into_proposal(self) -> Value {
        let Plan {
            mut proposal,
            allocations,
            shares,
            ..
        } = self;
        let kept: Vec<Value> = allocations
            .into_iter()
            .enumerate()
            .filter(|(at, _)| shares.at(*at) > 0)
            .map(|(at, mut allocation)| {
                allocation["allocation_percentage"] = percentage(shares.at(at));
                allocation
            })
            .collect();
        proposal["allocations"] = Value::Array(kept);
        proposal
    }

    /// Does one thing. What the buyer should know about it comes back.
    ///
    /// # Errors
    ///
    /// Why it can't be done; nothing has changed then.
    pub(super) fn apply(&mut self, step: &Step) -> Result<Option<String>, &'static str> {
        match step {
            Step::Set { what, share } => {
                let of = self.named_or_added(what)?;
                self.set(&of, *share)?;
            }
            Step::Take { share, from, to } => {
                let from = self.named(from).ok_or(NOTHING_SUCH)?;
                let mut to = self.named_or_added(to)?;
                to.retain(|at| !from.contains(at));
                if to.is_empty() {
                    return Err(NOTHING_LEFT);
                }
                let moved = self.shares.take(*share, &from, &to);
                if moved < *share {
                    return Ok(Some(format!("only {}% could be moved", number(moved))));
                }
            }
            Step::Change { what, by } => self.change(what, *by)?,
            Step::Some { what, more } => {
                let by = i64::from(SOME);
                self.change(what, if *more { by } else { -by })?;
                return Ok(Some(format!(
                    "no number was named; {}% of the budget was moved at most",
                    number(SOME)
                )));
            }
            Step::Drop { what, to } => {
                let of = self.named(what).ok_or(NOTHING_SUCH)?;
                let to = match to {
                    Some(to) => self.named_or_added(to)?,
                    None => Vec::new(),
                };
                if !self.shares.drain(&of, &to) {
                    return Err("a proposal needs at least one product");
                }
            }
            Step::Even => self.shares.even(),
            Step::Total { by } => return self.scale_total(*by),
        }
        Ok(None)
    }

    fn set(&mut self, of: &[usize], share: u32) -> Result<(), &'static str> {
        if self.shares.set(of, share) {
            Ok(())
        } else {
            Err(NOTHING_LEFT)
        }
    }

    fn change(&mut self, what: &str, by: i64) -> Result<(), &'static str> {
        let of = self.named_or_added(what)?;
        let share = i64::from(self.shares.sum(&of)).saturating_add(by);
        let share = u32::try_from(share.max(0)).unwrap_or(WHOLE).min(WHOLE);
        self.set(&of, share)
    }

    /// Changes what the proposal recommends to spend, to the cent. The least and the most are the
    /// seller's: what lies beyond them is cut off, and said.
    fn scale_total(&mut self, by: i64) -> Result<Option<String>, &'static str> {
        const UNSTATED: &str = "the proposal recommends no total";
        let guidance = self.proposal.get_mut("total_budget_guidance");
        let guidance = guidance.and_then(Value::as_object_mut).ok_or(UNSTATED)?;
        let amount = |name: &str| guidance.get(name).and_then(Value::as_f64);
        let recommended = amount("recommended").ok_or(UNSTATED)?;
        #[expect(clippy::cast_precision_loss, reason = "at most 10 000 either way")]
        let factor = 1.0 + by as f64 / f64::from(WHOLE);
        let wanted = (recommended * factor * 100.0).round() / 100.0;
        let least = amount("min").unwrap_or(0.01);
        let most = amount("max").unwrap_or(money::MOST);
        let scaled = wanted.min(most).max(least);
        if scaled == recommended && wanted != recommended {
            return Err(if by < 0 {
                "the total can't be any less"
            } else {
                "the total can't be any more"
            });
        }
        guidance.insert("recommended".to_owned(), json!(scaled));
        Ok((scaled != wanted).then(|| {
            let bound = if scaled > wanted { "less" } else { "more" };
            format!("the total can't be {bound} than {}", money::number(scaled))
        }))
    }

    /// The allocations that a buyer's words name best.
    fn named(&self, name: &str) -> Option<Vec<usize>> {
        let wanted = wanted(name);
        let scores: Vec<u32> = self
            .allocations
            .iter()
            .enumerate()
            .map(|(at, allocation)| {
                let id = allocation["product_id"].as_str().unwrap_or_default();
                match self.catalog.product(id) {
                    _ if id == name => u32::MAX,
                    Some(product) => product.named_by(&wanted),
                    None => 0,
                }
                // What was dropped before is not meant now, unless nothing else is.
                .saturating_sub(u32::from(self.shares.at(at) == 0))
            })
            .collect();
        let best = scores.iter().copied().max().filter(|best| *best > 0)?;
        let best = scores
            .iter()
            .enumerate()
            .filter(|(_, score)| **score == best);
        Some(best.map(|(at, _)| at).collect())
    }

    /// The same; where the plan has none of that name, the product on sale that the words name best
    /// joins it, with nothing yet.
    fn named_or_added(&mut self, name: &str) -> Result<Vec<usize>, &'static str> {
        if let Some(named) = self.named(name) {
            return Ok(named);
        }
        let wanted = wanted(name);
        let currency = self.currency();
        let candidates = self.catalog.products().iter().filter_map(|product| {
            let score = if product.product_id == name {
                u32::MAX
            } else {
                product.named_by(&wanted)
            };
            let on_sale = product.expires_at.is_none_or(|end| end > self.now);
            let option = option_of(product, currency.as_deref())?;
            (score > 0 && on_sale).then_some((score, product, option))
        });
        // Of equals the first in the catalogue.
        let best = candidates.reduce(|best, next| if next.0 > best.0 { next } else { best });
        let (_, product, option) = best.ok_or(NOTHING_SUCH)?;
        self.allocations.push(json!({
            "product_id": product.product_id,
            "allocation_percentage": 0,
            "pricing_option_id": option.pricing_option_id,
        }));
        Ok(vec![self.shares.add()])
    }

    /// In which currency the plan is priced, where that is known.
    fn currency(&self) -> Option<String> {
        self.allocations.iter().find_map(|allocation| {
            let product = self.catalog.product(allocation["product_id"].as_str()?)?;
            let option = product.pricing_option(allocation["pricing_option_id"].as_str()?)?;
            Some(option.currency.clone())
        })
    }
}

/// A price of a product in a currency: one that needs no bid before one that does.
fn option_of<'a>(product: &'a CatalogProduct, currency: Option<&str>) -> Option<&'a PricingOption> {
    let fits =
        |option: &&PricingOption| currency.is_none_or(|currency| option.currency == currency);
    let mut fitting = product.pricing_options.iter().filter(fits);
    let first = fitting.clone().next();
    fitting
        .find(|option| option.fixed_price.is_some())
        .or(first)
}

/// A buyer's words with the channels that they stand for.
fn wanted(name: &str) -> Vec<&str> {
    let channel = |word: &str| {
        CHANNELS
            .iter()
            .find(|(spoken, _)| *spoken == word)
            .map(|(_, channel)| *channel)
    };
    name.split(' ')
        .flat_map(|word| std::iter::once(word).chain(channel(word)))
        .collect()
}

/// A share as the wire has it: whole where it is whole.
fn percentage(share: u32) -> Value {
    if share.is_multiple_of(100) {
        Value::from(share / 100)
    } else {
        Value::from(f64::from(share) / 100.0)
    }
}

fn number(share: u32) -> String {
    percentage(share).to_string()
}
