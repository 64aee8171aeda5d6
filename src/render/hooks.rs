//! Who serves which operation: the one table from which the typed traits and the router come.
//!
//! The runtime answers most operations of a sales seller alone, from what it keeps. A hooked one
//! also asks the adopter's code. The table mirrors the methods of `adcp_seller::platform::Platform`
//! and says nothing about how they are printed; `templates/generated/wire` does.

use serde::Serialize;

/// A group of operations that belong to one trait in the emitted `wire` crate and to one seeded
/// file that implements it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Family {
    /// The trait: `SalesPlatform`.
    pub(super) name: &'static str,
    /// The seeded module that implements it: `sales`.
    pub(super) module: &'static str,
    /// What the trait stands for, completing "What a seller of … does itself."
    pub(super) sells: &'static str,
    /// Its methods, in the order of a campaign's life.
    pub(super) hooks: &'static [Hook],
}

/// One operation in which the adopter's code has a say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Hook {
    /// The wire name, also the method's.
    pub(super) tool: &'static str,
    /// What the runtime hands over beside the request, already checked.
    pub(super) given: Option<Given>,
    /// The type of the answer, as Rust source.
    pub(super) answer: &'static str,
    /// The method's documentation, line by line: what to do, and what has been done already.
    pub(super) docs: &'static [&'static str],
}

/// A prepared value that accompanies the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Given {
    /// The parameter's name.
    pub(super) name: &'static str,
    /// The referent's type, as Rust source.
    pub(super) of: &'static str,
}

/// Every family that the runtime knows.
pub(super) const FAMILIES: &[Family] = &[Family {
    name: "SalesPlatform",
    module: "sales",
    sells: "media",
    hooks: &[
        Hook {
            tool: "get_products",
            given: None,
            answer: "Products",
            docs: &[
                "Says which products answer the buyer's brief and filters, best first.",
                "",
                "`context.catalog` holds what `catalog/` describes. The runtime pages the answer and cuts",
                "it to the fields that were asked for.",
            ],
        },
        Hook {
            tool: "create_media_buy",
            given: Some(Given {
                name: "buy",
                of: "domain::MediaBuy",
            }),
            answer: "domain::Booking",
            docs: &[
                "Books `buy` at the ad server.",
                "",
                "Products, prices, budgets and dates have been checked, and `buy` has its ids. It is",
                "stored once this returns. `context.operation_id` is the same on every attempt at this",
                "call: give it to the ad server as the client-side id, so that a retry books nothing twice.",
                "An `Err` refuses the whole order, and nothing is stored.",
            ],
        },
        Hook {
            tool: "update_media_buy",
            given: Some(Given {
                name: "change",
                of: "domain::MediaBuyChange",
            }),
            answer: "domain::Booking",
            docs: &[
                "Makes the ad server follow `change`.",
                "",
                "The transition is legal, and `change.packages` names what differs between",
                "`change.before` and `change.after`. `after` is stored once this returns; an `Err` leaves",
                "`before` in force. Creatives that `sync_creatives` assigns to packages arrive here too.",
            ],
        },
        Hook {
            tool: "sync_creatives",
            given: Some(Given {
                name: "creatives",
                of: "[domain::Creative]",
            }),
            answer: "Vec<domain::CreativeReview>",
            docs: &[
                "Takes new and changed creatives in for review, and says for each where it stands.",
                "",
                "Formats have been checked. A review that takes time starts as `PendingReview`.",
            ],
        },
        Hook {
            tool: "get_media_buy_delivery",
            given: Some(Given {
                name: "query",
                of: "domain::DeliveryQuery",
            }),
            answer: "Vec<domain::BuyDelivery>",
            docs: &[
                "Reports what the buys in `query` delivered in its period.",
                "",
                "The caller may see all of them. Totals over packages and buys are the runtime's work.",
            ],
        },
    ],
}];

/// The families that a seller with these tools needs, each with the hooks that its tools reach.
pub(super) fn needed<'a>(
    tools: &'a [String],
) -> impl Iterator<Item = (&'static Family, Vec<&'static Hook>)> + 'a {
    FAMILIES.iter().filter_map(|family| {
        let hooks: Vec<_> = family
            .hooks
            .iter()
            .filter(|hook| tools.iter().any(|tool| tool == hook.tool))
            .collect();
        (!hooks.is_empty()).then_some((family, hooks))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hooks_of_offered_tools_are_needed() {
        let tools = ["get_products".to_owned(), "get_media_buys".to_owned()];
        let needed: Vec<_> = needed(&tools).collect();
        assert_eq!(needed.len(), 1);
        let (family, hooks) = &needed[0];
        assert_eq!(family.name, "SalesPlatform");
        assert_eq!(
            hooks.iter().map(|hook| hook.tool).collect::<Vec<_>>(),
            ["get_products"]
        );
    }

    #[test]
    fn a_seller_without_hooked_tools_needs_no_family() {
        assert_eq!(needed(&["list_accounts".to_owned()]).count(), 0);
    }
}
