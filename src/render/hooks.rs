//! The operations in which the adopter's code has a say.
//!
//! The runtime answers most operations of a sales seller alone, from what it keeps. A hooked one
//! also asks the adopter's code. The table mirrors the methods of `adcp_seller::platform::Platform`
//! and says which trait of the emitted `wire` crate each belongs to, and in which sellers;
//! `templates/generated/wire` says how they are printed.

use serde::Serialize;

use crate::plan::{Plan, ProposalsPlan, RecipeOwner};

/// A group of operations that belong to one trait in the emitted `wire` crate and to one seeded
/// file that implements it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Family {
    /// The trait: `SalesPlatform`.
    pub(super) name: &'static str,
    /// What the router calls its implementation: `sales`.
    pub(super) part: &'static str,
    /// The router's type parameter for it: `S`.
    pub(super) parameter: &'static str,
    /// The seeded file that implements it: `src/platform/sales.rs`.
    pub(super) file: &'static str,
    /// What the trait is, as its documentation says it.
    pub(super) about: &'static str,
    /// What a type does not do that does not implement it, completing "it does not say …".
    pub(super) lacking: &'static str,
    /// Its methods, in the order of a campaign's life.
    pub(super) hooks: &'static [Hook],
}

/// One operation in which the adopter's code has a say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hook {
    /// The method.
    pub(super) method: &'static str,
    /// The tool whose request it is given, where it is given one. Only sellers with that tool have
    /// the method.
    pub(super) tool: Option<&'static str>,
    /// Which sellers have it.
    pub(super) when: When,
    /// What the runtime hands over beside the request, already checked.
    pub(super) given: Option<Given>,
    /// What it answers.
    pub(super) answer: Answer,
    /// The method's documentation, line by line: what to do, and what has been done already.
    pub(super) docs: &'static [&'static str],
}

/// Which sellers have a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// All.
    Always,
    /// Those that make no proposals.
    WithoutProposals,
    /// Those that make proposals.
    Proposals,
    /// Those whose proposals can be refined.
    Refine,
    /// Those whose proposals are finalized.
    Finalize,
    /// Those that keep recipes themselves.
    OwnRecipes,
}

/// A prepared value that accompanies the request, as Rust source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Given {
    /// The parameter's name.
    pub(super) name: &'static str,
    /// Whether it is lent rather than given away.
    pub(super) lent: bool,
    /// Its type in the trait.
    pub(super) typed: &'static str,
    /// Its type in the runtime, in the router's words.
    pub(super) raw: &'static str,
    /// How the router makes the one of the other, where they differ.
    pub(super) read: Option<&'static str>,
}

/// What a method answers, as Rust source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Answer {
    /// Its type in the trait.
    pub(super) typed: &'static str,
    /// Its type in the runtime, in the router's words.
    pub(super) raw: &'static str,
    /// How the router makes the runtime's of `answer`, where they differ.
    pub(super) write: Option<&'static str>,
}

impl Given {
    /// A value of the runtime's own, lent as it is.
    const fn lent(name: &'static str, of: &'static str) -> Option<Given> {
        Some(Given {
            name,
            lent: true,
            typed: of,
            raw: of,
            read: None,
        })
    }
}

impl Answer {
    /// A value of the runtime's own.
    const fn plain(of: &'static str) -> Answer {
        Answer {
            typed: of,
            raw: of,
            write: None,
        }
    }
}

/// An answer of products and proposals.
const OFFER: Answer = Answer {
    typed: "Outcome<Offer>",
    raw: "Outcome<Products>",
    write: Some("answer.map(Offer::write)"),
};

/// Every family that the runtime knows, in the order in which the router takes them.
pub(super) const FAMILIES: &[Family] = &[
    Family {
        name: "SalesPlatform",
        part: "sales",
        parameter: "S",
        file: "src/platform/sales.rs",
        about: "What a seller of media does itself.",
        lacking: "how buyers are served",
        hooks: &[
            Hook {
                method: "get_products",
                tool: Some("get_products"),
                when: When::WithoutProposals,
                given: None,
                answer: Answer {
                    typed: "Products",
                    raw: "Outcome<Products>",
                    write: Some("Outcome::Done(answer)"),
                },
                docs: &[
                    "Says which products answer the buyer's brief and filters, best first.",
                    "",
                    "`context.catalog` holds what `catalog/` describes. The runtime pages the answer and cuts",
                    "it to the fields that were asked for.",
                ],
            },
            Hook {
                method: "create_media_buy",
                tool: Some("create_media_buy"),
                when: When::Always,
                given: Given::lent("buy", "domain::MediaBuy"),
                answer: Answer::plain("Outcome<domain::Booking>"),
                docs: &[
                    "Books `buy` at the ad server.",
                    "",
                    "Products, prices, budgets and dates have been checked, people have agreed where they",
                    "have to, and `buy` has its ids. It is stored once this answers `Done`.",
                    "`context.operation_id` is the same on every attempt at this call: give it to the ad",
                    "server as the client-side id, so that a retry books nothing twice. What takes longer than",
                    "a buyer should wait is handed off; see `Context::hand_off`. An `Err` refuses the whole",
                    "order, and nothing is stored.",
                ],
            },
            Hook {
                method: "update_media_buy",
                tool: Some("update_media_buy"),
                when: When::Always,
                given: Given::lent("change", "domain::MediaBuyChange"),
                answer: Answer::plain("domain::Booking"),
                docs: &[
                    "Makes the ad server follow `change`.",
                    "",
                    "The transition is legal, and `change.packages` names what differs between",
                    "`change.before` and `change.after`. `after` is stored once this returns; an `Err` leaves",
                    "`before` in force. Creatives that `sync_creatives` assigns to packages arrive here too.",
                ],
            },
            Hook {
                method: "sync_creatives",
                tool: Some("sync_creatives"),
                when: When::Always,
                given: Given::lent("creatives", "[domain::Creative]"),
                answer: Answer::plain("Vec<domain::CreativeReview>"),
                docs: &[
                    "Takes new and changed creatives in for review, and says for each where it stands.",
                    "",
                    "Formats have been checked. A review that takes time starts as `PendingReview`.",
                ],
            },
            Hook {
                method: "get_media_buy_delivery",
                tool: Some("get_media_buy_delivery"),
                when: When::Always,
                given: Given::lent("query", "domain::DeliveryQuery"),
                answer: Answer::plain("Vec<domain::BuyDelivery>"),
                docs: &[
                    "Reports what the buys in `query` delivered in its period.",
                    "",
                    "The caller may see all of them. Totals over packages and buys are the runtime's work.",
                ],
            },
        ],
    },
    Family {
        name: "ProposalManager",
        part: "proposals",
        parameter: "P",
        file: "src/proposals.rs",
        about: "What a seller that makes proposals does itself.",
        lacking: "how proposals are made",
        hooks: &[
            Hook {
                method: "get_products",
                tool: Some("get_products"),
                when: When::Proposals,
                given: None,
                answer: OFFER,
                docs: &[
                    "Says which products answer the buyer's brief and filters, best first, and drafts",
                    "proposals: media plans that spread a budget over some of them.",
                    "",
                    "`context.catalog` holds what `catalog/` describes. Nothing has to be remembered: the",
                    "runtime checks every draft, keeps it for the account that asked, and gives it back when",
                    "the buyer comes to speak of it again.",
                ],
            },
            Hook {
                method: "refine",
                tool: Some("get_products"),
                when: When::Refine,
                given: Some(Given {
                    name: "wishes",
                    lent: false,
                    typed: "Vec<Wish>",
                    raw: "Vec<domain::Wish>",
                    read: Some("Wish::read_all(wishes)?"),
                }),
                answer: OFFER,
                docs: &[
                    "Changes what the buyer was offered before, as it wishes, and says in `Offer::applied`",
                    "what became of each wish.",
                    "",
                    "A wish about a proposal carries the draft as it stands; answering a proposal of the same",
                    "id writes it over. Unknown proposals, and those that are no drafts any more, have been",
                    "answered already and never arrive here, nor does what the buyer leaves out.",
                ],
            },
            Hook {
                method: "finalize",
                tool: None,
                when: When::Finalize,
                given: Some(Given {
                    name: "draft",
                    lent: false,
                    typed: "ToFinalize",
                    raw: "domain::ToFinalize",
                    read: Some("ToFinalize::read(draft)?"),
                }),
                answer: Answer {
                    typed: "Outcome<Finalized>",
                    raw: "Outcome<domain::Finalized>",
                    write: Some("answer.map(Finalized::write)"),
                },
                docs: &[
                    "Makes a draft firm: states the price that holds, and holds its inventory until",
                    "`Finalized::expires_at`.",
                    "",
                    "The draft is the account's, no other call works on it, and people have agreed where they",
                    "have to. `context.operation_id` is the same on every attempt, however many buyers ask at",
                    "once: hold the inventory under it, and a repeated call finds the hold instead of making a",
                    "second one. Where the ad server takes its time, hand the work off with",
                    "`context.hand_off(\"…\").again_in(…)`; this method is then called again, also after a",
                    "restart. An `Err` leaves the draft a draft.",
                ],
            },
        ],
    },
    Family {
        name: "RecipeSource",
        part: "recipes",
        parameter: "R",
        file: "src/recipes.rs",
        about: "Where the recipes of a seller that keeps them itself come from.",
        lacking: "where recipes come from",
        hooks: &[Hook {
            method: "recipes",
            tool: None,
            when: When::OwnRecipes,
            given: Given::lent("product_ids", "[String]"),
            answer: Answer {
                typed: "BTreeMap<String, Recipe>",
                raw: "BTreeMap<String, Value>",
                write: Some("domain::write_recipes(answer)"),
            },
            docs: &[
                "Answers the recipes of these products, by product id.",
                "",
                "It is asked whenever a product is finalized, booked, changed or reported on, and nothing of",
                "the answer is stored. Each recipe is checked against the recipe's schema and against what",
                "the product offers; a product without one can't be sold.",
            ],
        }],
    },
];

/// What decides which traits and methods a seller needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Needs<'a> {
    /// The wire names of its tools.
    pub(super) tools: &'a [String],
    /// How it makes proposals, if it does.
    pub(super) proposals: Option<&'a ProposalsPlan>,
    /// Whether it keeps recipes itself.
    pub(super) own_recipes: bool,
}

impl<'a> Needs<'a> {
    /// What a plan needs.
    pub(super) fn of(plan: &'a Plan) -> Self {
        let recipe = plan.recipe.as_ref();
        Needs {
            tools: &plan.tools,
            proposals: plan.proposals.as_ref(),
            own_recipes: recipe.is_some_and(|recipe| recipe.owner == RecipeOwner::Adopter),
        }
    }

    fn hook(&self, hook: &Hook) -> bool {
        let offered = |tool| self.tools.iter().any(|offered| offered == tool);
        let meant = match hook.when {
            When::Always => true,
            When::WithoutProposals => self.proposals.is_none(),
            When::Proposals => self.proposals.is_some(),
            When::Refine => self.proposals.is_some_and(|proposals| proposals.refine),
            When::Finalize => self.proposals.is_some_and(|proposals| proposals.finalize),
            When::OwnRecipes => self.own_recipes,
        };
        meant && hook.tool.is_none_or(offered)
    }

    /// The families, each with the hooks that are needed of it.
    pub(super) fn families(self) -> impl Iterator<Item = (&'static Family, Vec<&'static Hook>)> {
        FAMILIES.iter().filter_map(move |family| {
            let hooks: Vec<_> = family.hooks.iter().filter(|hook| self.hook(hook)).collect();
            (!hooks.is_empty()).then_some((family, hooks))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The methods that a seller has to write, as `Trait::method`.
    fn methods(proposals: Option<(bool, bool)>, own_recipes: bool) -> Vec<String> {
        let tools = ["get_products", "create_media_buy", "get_media_buys"].map(str::to_owned);
        let proposals = proposals.map(|(refine, finalize)| ProposalsPlan {
            refine,
            finalize,
            hold_seconds: 86_400,
            grace_seconds: 0,
            draft_ttl_seconds: 86_400,
            expired_ttl_seconds: 604_800,
        });
        let needs = Needs {
            tools: &tools,
            proposals: proposals.as_ref(),
            own_recipes,
        };
        let families = needs.families();
        families
            .flat_map(|(family, hooks)| {
                let name = move |hook: &Hook| format!("{}::{}", family.name, hook.method);
                hooks.into_iter().map(name)
            })
            .collect()
    }

    #[test]
    fn only_hooks_of_offered_tools_are_needed() {
        let sales = [
            "SalesPlatform::get_products",
            "SalesPlatform::create_media_buy",
        ];
        assert_eq!(methods(None, false), sales);
    }

    #[test]
    fn proposals_take_discovery_over_and_ask_for_what_the_manifest_says() {
        let begin = [
            "SalesPlatform::create_media_buy",
            "ProposalManager::get_products",
        ];
        let with = |more: &[&'static str]| [&begin, more].concat();
        assert_eq!(methods(Some((false, false)), false), with(&[]));
        let refine = "ProposalManager::refine";
        assert_eq!(methods(Some((true, false)), false), with(&[refine]));
        let finalize = "ProposalManager::finalize";
        assert_eq!(methods(Some((false, true)), false), with(&[finalize]));
        let own = "RecipeSource::recipes";
        assert_eq!(
            methods(Some((true, true)), true),
            with(&[refine, finalize, own])
        );
    }

    #[test]
    fn a_seller_without_hooked_tools_needs_no_family() {
        let tools = ["list_accounts".to_owned()];
        let needs = Needs {
            tools: &tools,
            proposals: None,
            own_recipes: false,
        };
        assert_eq!(needs.families().count(), 0);
    }
}
