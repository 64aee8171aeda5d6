//! A refinement that makes nothing firm: what is handed to the adapter, what the runtime does
//! itself, and what became of each entry.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::super::Call;
use super::super::proposals::Proposal;
use super::super::proposals::drafts::Drafted;
use super::super::proposals::refine::{self, Standing};
use super::super::request::{Fill, Members};
use super::selection;
use crate::domain::{Applied, Draft, Subject, Wish};
use crate::error::Result;
use crate::platform::WireProduct;

/// The entries of a refinement (`get-products-request.json`, `refine`).
#[derive(Debug)]
pub(super) struct Refinement {
    entries: Vec<Entry>,
    /// Empty once they have been handed over.
    wishes: Vec<Wish>,
    /// The proposals that they are about.
    about: BTreeSet<String>,
    /// Whether the adapter refines. Without proposals it only ever picks products.
    by_manager: bool,
}

#[derive(Debug)]
struct Entry {
    about: About,
    /// Which wish of the adapter it became.
    wish: Option<usize>,
}

#[derive(Debug)]
enum About {
    Request,
    Product {
        product_id: String,
        action: Action,
        asks: bool,
    },
    Proposal {
        proposal_id: String,
        standing: Standing,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Include,
    Omit,
    MoreLikeThis,
}

impl Refinement {
    /// Reads the entries, and looks up the proposals that they name.
    ///
    /// # Errors
    ///
    /// `PROPOSAL_NOT_FOUND` for a proposal that the account does not have.
    pub(super) async fn begin(call: &Call<'_>, entries: &[Value]) -> Result<Self> {
        let rules = call.services.profile.proposals;
        let mut refinement = Refinement {
            entries: Vec::with_capacity(entries.len()),
            wishes: Vec::new(),
            about: BTreeSet::new(),
            by_manager: rules.is_some_and(|rules| rules.refine),
        };
        let mut known = refine::Known::new();
        for (at, entry) in entries.iter().enumerate() {
            let ask = entry.text("ask").map(str::to_owned);
            let about = match (entry.text("product_id"), entry.text("proposal_id")) {
                (Some(product_id), _) => About::Product {
                    product_id: product_id.to_owned(),
                    action: match entry.text("action") {
                        Some("omit") => Action::Omit,
                        Some("more_like_this") => Action::MoreLikeThis,
                        _ => Action::Include,
                    },
                    asks: ask.is_some(),
                },
                (_, Some(proposal_id)) => About::Proposal {
                    proposal_id: proposal_id.to_owned(),
                    standing: refine::standing(call, at, entry, proposal_id, &mut known).await?,
                },
                _ => About::Request,
            };
            let wish = refinement.wish(&about, ask);
            refinement.entries.push(Entry { about, wish });
        }
        Ok(refinement)
    }

    /// Turns an entry into a wish of the adapter, unless the runtime deals with it.
    fn wish(&mut self, about: &About, ask: Option<String>) -> Option<usize> {
        let subject = match about {
            _ if !self.by_manager => return None,
            About::Request => Subject::Request,
            About::Product {
                action: Action::Omit,
                ..
            } => return None,
            About::Product {
                product_id, action, ..
            } => Subject::Product {
                product_id: product_id.clone(),
                more_like_this: *action == Action::MoreLikeThis,
            },
            About::Proposal {
                proposal_id,
                standing,
            } => {
                let draft = standing.as_draft()?;
                self.about.insert(proposal_id.clone());
                Subject::Proposal(draft)
            }
        };
        self.wishes.push(Wish { subject, ask });
        Some(self.wishes.len() - 1)
    }

    /// Whether the adapter was asked to change that draft.
    pub(super) fn has_changed(&self, proposal_id: &str) -> bool {
        self.about.contains(proposal_id)
    }

    /// What the adapter is asked to refine; `None` of one that only picks products.
    pub(super) fn wishes(&mut self) -> Option<Vec<Wish>> {
        self.by_manager.then(|| std::mem::take(&mut self.wishes))
    }

    /// The adapter's drafts without those that the buyer wants left out. Of several of one proposal,
    /// which several wishes were about, the last one is what became of it.
    pub(super) fn wanted(&self, drafts: Vec<Draft>) -> Vec<Draft> {
        let mut done: BTreeSet<String> = self.omitted().map(str::to_owned).collect();
        let mut wanted: Vec<Draft> = drafts
            .into_iter()
            .rev()
            .filter(|draft| match draft.proposal.text("proposal_id") {
                Some(id) => done.insert(id.to_owned()),
                None => true,
            })
            .collect();
        wanted.reverse();
        wanted
    }

    /// Carries out what needs no judgement, adds the proposals that stand as they were, and says what
    /// became of each entry: what the adapter says, else what can be seen.
    pub(super) fn conclude(
        self,
        call: &Call<'_>,
        products: &mut Vec<WireProduct>,
        kept: &mut Drafted,
        applied: Vec<Option<Applied>>,
    ) -> Vec<Value> {
        let omitted: BTreeSet<String> = self.omitted().map(str::to_owned).collect();
        let answered: BTreeSet<String> = kept.wished.iter().cloned().collect();
        let mut results = Vec::with_capacity(self.entries.len());
        for entry in self.entries {
            let said = entry
                .wish
                .and_then(|wish| applied.get(wish).cloned().flatten());
            let mut result = head(&entry.about);
            let seen = match entry.about {
                About::Request if self.by_manager => {
                    Applied::Unable("nobody has weighed this wish".to_owned())
                }
                About::Request => Applied::Unable(
                    "the selection is made from the catalogue; free text was not weighed"
                        .to_owned(),
                ),
                About::Product {
                    product_id,
                    action,
                    asks,
                } => product(call, products, &product_id, action, asks),
                About::Proposal {
                    proposal_id,
                    standing,
                } => {
                    let seen = if kept.changed.contains(&proposal_id) {
                        Applied::Applied
                    } else {
                        standing.verdict()
                    };
                    if let Some(record) = standing.offered()
                        && !answered.contains(&proposal_id)
                        && !omitted.contains(&proposal_id)
                    {
                        kept.add(record);
                    }
                    seen
                }
            };
            fill(&mut result, said.unwrap_or(seen));
            results.push(Value::Object(result));
        }
        results
    }

    /// The proposals as they stand, and the entries as waiting.
    pub(super) fn pending(self) -> (Vec<Proposal>, Vec<Value>) {
        let mut standing: Vec<Proposal> = Vec::new();
        let mut results = Vec::with_capacity(self.entries.len());
        for entry in self.entries {
            let mut result = head(&entry.about);
            fill(
                &mut result,
                Applied::Partial("the seller is working on it".to_owned()),
            );
            results.push(Value::Object(result));
            if let About::Proposal {
                proposal_id,
                standing: named,
            } = entry.about
                && let Some(record) = named.offered()
                && standing
                    .iter()
                    .all(|known| known.proposal_id != proposal_id)
            {
                standing.push(record.clone());
            }
        }
        (standing, results)
    }

    fn omitted(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter_map(|entry| match &entry.about {
            About::Proposal {
                proposal_id,
                standing: Standing::Here { omit: true, .. },
            } => Some(proposal_id.as_str()),
            _ => None,
        })
    }
}

/// An entry of `refinement_applied` without its verdict.
fn head(about: &About) -> Map<String, Value> {
    let mut head = Map::new();
    match about {
        About::Request => head.put("scope", "request"),
        About::Product { product_id, .. } => {
            head.put("scope", "product");
            head.put("product_id", product_id.as_str());
        }
        About::Proposal { proposal_id, .. } => {
            head.put("scope", "proposal");
            head.put("proposal_id", proposal_id.as_str());
        }
    }
    head
}

fn fill(result: &mut Map<String, Value>, applied: Applied) {
    let (status, notes) = match applied {
        Applied::Applied => ("applied", None),
        Applied::Partial(notes) => ("partial", Some(notes)),
        Applied::Unable(notes) => ("unable", Some(notes)),
    };
    result.put("status", status);
    result.put_some("notes", notes.filter(|notes| !notes.is_empty()));
}

/// Does to the products what an entry says, and tells what came of it.
fn product(
    call: &Call<'_>,
    products: &mut Vec<WireProduct>,
    product_id: &str,
    action: Action,
    asks: bool,
) -> Applied {
    if action == Action::Omit {
        selection::omit(product_id, products);
        return Applied::Applied;
    }
    if !selection::include(product_id, products, call) {
        return Applied::Unable("this seller has no such product".to_owned());
    }
    match action {
        Action::MoreLikeThis => Applied::Partial(
            "the products on sale are listed beside it; likeness was not weighed".to_owned(),
        ),
        _ if asks => Applied::Partial("the product is included as it is on sale".to_owned()),
        _ => Applied::Applied,
    }
}
