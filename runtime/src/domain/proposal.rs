//! Proposals as a proposal manager sees them (`core/proposal.json`).
//!
//! The types carry the wire's proposal `P`, the seller's recipe `R` and where needed the wire's product
//! `D`. In the runtime all are raw JSON that has passed its schema; in the typed traits they are the
//! generated types, and `read` and `write` go from one to the other.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::catalog::Catalog;
use crate::clock::Timestamp;
use crate::codec::Wire;
use crate::error::{Error, Result};

/// A proposal that a manager makes or changes.
///
/// Its `proposal_id` is a wish: where the account already has a proposal of that id which is no
/// draft any more, the runtime appends a number. `proposal_status` is the runtime's to set.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft<P = Value, R = Value> {
    /// What the buyer sees.
    pub proposal: P,
    /// How each product is booked, by product id. What is missing is taken from the catalogue.
    pub recipes: BTreeMap<String, R>,
}

impl<P, R> Draft<P, R> {
    /// A draft whose recipes are the catalogue's.
    pub fn new(proposal: P) -> Self {
        Draft {
            proposal,
            recipes: BTreeMap::new(),
        }
    }

    /// Says how one of its products is booked.
    pub fn with_recipe(mut self, product_id: impl Into<String>, recipe: R) -> Self {
        self.recipes.insert(product_id.into(), recipe);
        self
    }
}

impl<P: Wire, R: Wire> Draft<P, R> {
    fn read(raw: Draft) -> Result<Self> {
        Ok(Draft {
            proposal: read_proposal(raw.proposal)?,
            recipes: read_recipes(raw.recipes)?,
        })
    }

    /// The same as raw JSON, for the generated router.
    pub fn write(self) -> Draft {
        Draft {
            proposal: self.proposal.write(),
            recipes: write_recipes(self.recipes),
        }
    }
}

/// One wish of a buyer about an earlier answer (`get-products-request.json`, `refine`).
///
/// Several may be about one proposal. Each comes with the draft as it stands in the ledger, so a
/// later one is for the draft as the earlier one left it; of several drafts of one id in an answer
/// the last is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish<P = Value, R = Value> {
    /// What it is about.
    pub subject: Subject<P, R>,
    /// What the buyer wants, in its own words.
    pub ask: Option<String>,
}

impl<P: Wire, R: Wire> Wish<P, R> {
    /// Reads wishes as the seller's own types have them, for the generated router.
    ///
    /// # Errors
    ///
    /// `INTERNAL_ERROR` when the ledger's proposal or its recipes do not fit the types, because the
    /// types have changed since they were stored.
    pub fn read_all(raw: Vec<Wish>) -> Result<Vec<Self>> {
        raw.into_iter().map(Wish::read).collect()
    }

    fn read(raw: Wish) -> Result<Self> {
        let subject = match raw.subject {
            Subject::Request => Subject::Request,
            Subject::Product {
                product_id,
                more_like_this,
            } => Subject::Product {
                product_id,
                more_like_this,
            },
            Subject::Proposal(draft) => Subject::Proposal(Draft::read(draft)?),
        };
        let ask = raw.ask;
        Ok(Wish { subject, ask })
    }
}

/// What a wish is about. What the buyer leaves out, the runtime has dealt with: a manager sees no
/// `omit`.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject<P = Value, R = Value> {
    /// The whole selection.
    Request,
    /// A product.
    Product {
        /// Its id, which may be unknown.
        product_id: String,
        /// Whether others like it are wanted (`more_like_this`).
        more_like_this: bool,
    },
    /// A proposal as the ledger has it: a draft of the calling account.
    Proposal(Draft<P, R>),
}

/// What became of a wish (`get-products-response.json`, `refinement_applied`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It was fulfilled.
    Applied,
    /// It was fulfilled in part; what was and what was not, for the buyer.
    Partial(String),
    /// It could not be fulfilled; why, for the buyer.
    Unable(String),
}

/// A draft that the buyer wants firm.
#[derive(Clone, Debug, PartialEq)]
pub struct ToFinalize<P = Value, R = Value> {
    /// The proposal as the buyer last saw it.
    pub proposal: P,
    /// How each product is booked, by product id.
    pub recipes: BTreeMap<String, R>,
    /// What the buyer said to it.
    pub ask: Option<String>,
    /// Until when the manifest wants the inventory held.
    pub hold_until: Timestamp,
}

impl<P: Wire, R: Wire> ToFinalize<P, R> {
    /// Reads a draft as the seller's own types have it, for the generated router.
    ///
    /// # Errors
    ///
    /// `INTERNAL_ERROR` when the ledger's proposal or its recipes do not fit the types, because the
    /// types have changed since they were stored.
    pub fn read(raw: ToFinalize) -> Result<Self> {
        Ok(ToFinalize {
            proposal: read_proposal(raw.proposal)?,
            recipes: read_recipes(raw.recipes)?,
            ask: raw.ask,
            hold_until: raw.hold_until,
        })
    }
}

/// A proposal with firm prices, whose inventory is held.
#[derive(Clone, Debug, PartialEq)]
pub struct Finalized<P = Value, R = Value, D = Value> {
    /// The proposal, firm. Its id must not change.
    pub proposal: P,
    /// Until when it can be bought.
    pub expires_at: Timestamp,
    /// Recipes that replace those of the draft, by product id.
    pub recipes: BTreeMap<String, R>,
    /// Products whose price or terms became firm, whole, as `core/product.json` has them: the
    /// proposal is bought at what they say. [`Finalized::with_price`] makes them of the catalogue's;
    /// those that are not here stand as they were drafted.
    pub products: Vec<D>,
}

impl<P, R, D> Finalized<P, R, D> {
    /// A proposal that stands as it was drafted, firm until `expires_at`.
    pub fn new(proposal: P, expires_at: Timestamp) -> Self {
        Finalized {
            proposal,
            expires_at,
            recipes: BTreeMap::new(),
            products: Vec::new(),
        }
    }
}

impl<P, R, D: Wire> Finalized<P, R, D> {
    /// States what one of its products costs this buyer: `fixed_price` per unit, in the currency of
    /// the pricing option. An auction is none any more. All else of the product is as the catalogue
    /// has it, or as an earlier call for another of its options left it.
    ///
    /// # Errors
    ///
    /// `INTERNAL_ERROR` when the catalogue has no such product, or the product no such option.
    pub fn with_price(
        mut self,
        catalog: &Catalog,
        product_id: &str,
        pricing_option_id: &str,
        fixed_price: f64,
    ) -> Result<Self> {
        let at = self
            .products
            .iter()
            .position(|product| product.write()["product_id"] == product_id);
        let known = match at {
            Some(at) => Some(self.products[at].write()),
            None => catalog
                .product(product_id)
                .map(|product| product.value.clone()),
        };
        let mut product = known.ok_or_else(|| {
            Error::internal(format!(
                "a price for the product {product_id}, which the catalogue does not have"
            ))
        })?;
        let mut options = product["pricing_options"].as_array_mut();
        let option = options
            .iter_mut()
            .flat_map(|options| options.iter_mut())
            .find(|option| option["pricing_option_id"] == pricing_option_id)
            .and_then(Value::as_object_mut);
        let option = option.ok_or_else(|| {
            Error::internal(format!(
                "a price for the pricing option {pricing_option_id}, which the product {product_id} does not have"
            ))
        })?;
        for of_an_auction in ["floor_price", "max_bid", "price_guidance"] {
            option.shift_remove(of_an_auction);
        }
        option.insert("fixed_price".to_owned(), Value::from(fixed_price));
        let product = D::read(product)
            .map_err(|mismatch| Error::internal(format!("the product {product_id}: {mismatch}")))?;
        match at {
            Some(at) => self.products[at] = product,
            None => self.products.push(product),
        }
        Ok(self)
    }
}

impl<P: Wire, R: Wire, D: Wire> Finalized<P, R, D> {
    /// The same as raw JSON, for the generated router.
    pub fn write(self) -> Finalized {
        Finalized {
            proposal: self.proposal.write(),
            expires_at: self.expires_at,
            recipes: write_recipes(self.recipes),
            products: self.products.iter().map(Wire::write).collect(),
        }
    }
}

fn read_proposal<P: Wire>(raw: Value) -> Result<P> {
    P::read(raw)
        .map_err(|mismatch| Error::internal(format!("a stored proposal can't be read: {mismatch}")))
}

fn read_recipes<R: Wire>(raw: BTreeMap<String, Value>) -> Result<BTreeMap<String, R>> {
    let read = |(product_id, recipe)| match R::read(recipe) {
        Ok(recipe) => Ok((product_id, recipe)),
        Err(mismatch) => Err(Error::internal(format!(
            "the recipe of the product {product_id} can't be read: {mismatch}"
        ))),
    };
    raw.into_iter().map(read).collect()
}

/// Recipes as raw JSON, for the generated router.
pub fn write_recipes<R: Wire>(recipes: BTreeMap<String, R>) -> BTreeMap<String, Value> {
    let write = |(product_id, recipe): (String, R)| (product_id, recipe.write());
    recipes.into_iter().map(write).collect()
}
