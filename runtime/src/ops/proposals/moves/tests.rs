//! Every move, from every state: what it leads to, or why not.

use chrono::TimeDelta;
use serde_json::json;

use super::super::super::records::Kept as _;
use super::*;

const NOW: &str = "2026-03-10T12:00:00Z";
const OPERATION: &str = "op_1";
const OTHER: &str = "op_2";

const RULES: Proposals = Proposals {
    refine: true,
    finalize: true,
    hold_seconds: 3600,
    grace_seconds: 60,
    draft_ttl_seconds: 86_400,
    expired_ttl_seconds: 604_800,
};
const READY_AS_MADE: Proposals = Proposals {
    finalize: false,
    grace_seconds: 0,
    ..RULES
};

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn now() -> Timestamp {
    at(NOW)
}

fn later(seconds: i64) -> Timestamp {
    now() + TimeDelta::seconds(seconds)
}

fn content(name: &str) -> Content {
    Content {
        proposal: json!({ "proposal_id": "plan", "name": name }),
        products: BTreeMap::from([("banner".to_owned(), json!({ "product_id": "banner" }))]),
        recipes: BTreeMap::from([("banner".to_owned(), json!({ "line_item": "one" }))]),
    }
}

fn draft() -> Proposal {
    Proposal::draft(
        "plan",
        "account",
        content("first"),
        Making::Afresh,
        &RULES,
        now(),
    )
}

fn finalizing() -> Proposal {
    let mut proposal = draft();
    assert!(proposal.begin_finalize(OPERATION, now()).expect("a draft"));
    proposal
}

fn committed() -> Proposal {
    let mut proposal = finalizing();
    proposal
        .commit(OPERATION, content("firm"), later(3600), &RULES, now())
        .expect("reserved for it");
    proposal
}

fn consuming() -> Proposal {
    let mut proposal = committed();
    assert!(
        proposal
            .begin_consume(OPERATION, &RULES, now())
            .expect("it is committed")
    );
    proposal
}

fn consumed() -> Proposal {
    let mut proposal = consuming();
    proposal
        .consume(OPERATION, "mb_1", now())
        .expect("reserved for it");
    proposal
}

fn in_every_state() -> [Proposal; 5] {
    [draft(), finalizing(), committed(), consuming(), consumed()]
}

/// The code of a refused move, which must leave no trace.
#[track_caller]
fn refused<T: std::fmt::Debug>(
    proposal: &Proposal,
    move_it: impl FnOnce(&mut Proposal) -> Result<T>,
) -> Error {
    let mut moved = proposal.clone();
    let error = move_it(&mut moved).expect_err("the move is not allowed");
    assert_eq!(&moved, proposal, "a refused move changes nothing");
    error
}

#[test]
fn a_draft_says_what_it_was_given_and_is_kept_for_its_time() {
    let mut given = content("first");
    given.proposal["expires_at"] = json!("2026-03-12T00:00:00Z");
    let draft = Proposal::draft(
        "plan",
        "account",
        given.clone(),
        Making::Afresh,
        &RULES,
        now(),
    );
    assert_eq!((draft.state, draft.version), (State::Draft, 1));
    assert_eq!(draft.content, given);
    assert_eq!(draft.expires_at, Some(at("2026-03-12T00:00:00Z")));
    assert_eq!(draft.due(), Some(later(86_400)));
    assert_eq!((draft.reservation, draft.media_buy_id), (None, None));
}

/// Writes over a draft with these rules, so many seconds after it was made.
#[track_caller]
fn rewrite(proposal: &mut Proposal, name: &str, making: Making, seconds: i64) -> Redrafted {
    proposal
        .redraft(content(name), making, &RULES, later(seconds))
        .expect("a draft")
}

#[test]
fn writing_over_a_draft_makes_another_version() {
    let mut proposal = draft();
    for making in [Making::Afresh, Making::Refined] {
        assert_eq!(
            rewrite(&mut proposal, "first", making, 10),
            Redrafted::Nothing
        );
    }
    assert_eq!(proposal, draft(), "equal content is no change");
    let written = rewrite(&mut proposal, "second", Making::Afresh, 10);
    assert_eq!(written, Redrafted::Content);
    assert_eq!((proposal.version, proposal.refined), (2, false));
    assert_eq!(proposal.updated_at, later(10));
    assert_eq!(proposal.content, content("second"));
    rewrite(&mut proposal, "third", Making::Refined, 20);
    assert_eq!((proposal.version, proposal.refined), (3, true));
}

#[test]
fn only_what_is_proposed_anew_is_kept_longer_and_only_late() {
    let half = 43_200;
    let mut refined = draft();
    rewrite(&mut refined, "second", Making::Refined, half + 1);
    assert_eq!(
        (refined.created_at, refined.due()),
        (now(), Some(later(86_400))),
        "refining does not keep a draft for ever"
    );
    let mut early = draft();
    rewrite(&mut early, "second", Making::Afresh, half);
    assert_eq!(early.due(), Some(later(86_400)));
    for (name, changed) in [("first", Redrafted::Time), ("second", Redrafted::Content)] {
        let mut late = draft();
        assert_eq!(rewrite(&mut late, name, Making::Afresh, half + 1), changed);
        assert_eq!(
            (late.created_at, late.due()),
            (later(half + 1), Some(later(half + 1 + 86_400)))
        );
    }
}

#[test]
fn only_a_draft_is_written_over() {
    for proposal in in_every_state().iter().skip(1) {
        let error = refused(proposal, |it| {
            it.redraft(content("second"), Making::Afresh, &RULES, now())
        });
        assert_eq!(error.code, "INTERNAL_ERROR");
    }
}

#[test]
fn a_draft_is_reserved_for_the_operation_that_makes_it_firm() {
    let mut proposal = finalizing();
    assert_eq!(proposal.state, State::Finalizing);
    assert!(proposal.is_held_by(OPERATION) && !proposal.is_held_by(OTHER));
    assert_eq!(proposal.due(), None, "what is reserved is not swept away");
    assert!(
        !proposal
            .begin_finalize(OPERATION, later(10))
            .expect("its own"),
        "another attempt of the same operation changes nothing"
    );
    assert_eq!(proposal, finalizing());
}

#[test]
fn only_a_draft_is_finalized() {
    for proposal in in_every_state().iter().skip(1) {
        let error = refused(proposal, |it| it.begin_finalize(OTHER, now()));
        assert_eq!(error.code, "PROPOSAL_NOT_COMMITTED");
    }
}

#[test]
fn a_firm_proposal_keeps_the_recipes_of_the_finalize_and_is_kept_beyond_its_expiry() {
    let proposal = committed();
    assert_eq!(proposal.state, State::Committed);
    assert_eq!(proposal.content, content("firm"));
    assert_eq!(proposal.expires_at, Some(later(3600)));
    assert_eq!(proposal.reservation, None);
    assert_eq!(proposal.due(), Some(later(3600 + 60 + 604_800)));
    assert_eq!(proposal.version, 2);
}

#[test]
fn committing_the_same_again_changes_nothing_and_anything_else_is_refused() {
    let mut proposal = committed();
    proposal
        .commit(OPERATION, content("firm"), later(3600), &RULES, later(5))
        .expect("the same");
    assert_eq!(proposal, committed());
    for (content, expires_at) in [
        (content("other"), later(3600)),
        (content("firm"), later(3601)),
    ] {
        let error = refused(&proposal, |it| {
            it.commit(OPERATION, content, expires_at, &RULES, now())
        });
        assert_eq!(error.code, "INTERNAL_ERROR");
    }
}

#[test]
fn only_the_operation_that_reserved_it_makes_it_firm() {
    let firm = |it: &mut Proposal, operation| {
        it.commit(operation, content("other"), later(1), &RULES, now())
    };
    let error = refused(&finalizing(), |it| firm(it, OTHER));
    assert_eq!(error.code, "INTERNAL_ERROR");
    for proposal in [draft(), committed(), consuming(), consumed()] {
        refused(&proposal, |it| firm(it, OPERATION));
    }
}

#[test]
fn what_can_be_bought_is_reserved_for_the_operation_that_buys_it() {
    let mut proposal = consuming();
    assert_eq!(proposal.state, State::Consuming);
    assert_eq!(
        proposal.reservation.as_ref().map(|held| held.from),
        Some(State::Committed)
    );
    assert_eq!(proposal.due(), None);
    let in_a_year = later(31_536_000);
    assert!(
        !proposal
            .begin_consume(OPERATION, &RULES, in_a_year)
            .expect("its own"),
        "what was reserved in time stays reserved"
    );
    assert_eq!(proposal, consuming());
}

#[test]
fn what_can_not_be_bought_is_refused_before_it_is_reserved() {
    for proposal in [draft(), finalizing(), consuming(), consumed()] {
        let error = refused(&proposal, |it| it.begin_consume(OTHER, &RULES, now()));
        assert_eq!(
            (error.code, error.field.as_deref()),
            ("PROPOSAL_NOT_COMMITTED", Some("proposal_id")),
            "{:?}",
            proposal.state
        );
    }
}

#[test]
fn the_boundary_of_expiry_still_counts() {
    let last = later(3600 + 60);
    let microsecond = TimeDelta::microseconds(1);
    let proposal = committed();
    assert!(!proposal.has_expired(&RULES, last));
    assert!(proposal.has_expired(&RULES, last + microsecond));
    committed()
        .begin_consume(OPERATION, &RULES, last)
        .expect("the last instant");
    let error = refused(&proposal, |it| {
        it.begin_consume(OPERATION, &RULES, last + microsecond)
    });
    assert_eq!(
        (error.code, error.field.as_deref()),
        ("PROPOSAL_EXPIRED", Some("proposal_id"))
    );
}

#[test]
fn without_finalize_a_draft_is_bought_as_it_is_until_its_own_expiry() {
    let mut given = content("first");
    given.proposal["expires_at"] = json!("2026-03-10T13:00:00Z");
    let draft = Proposal::draft(
        "plan",
        "account",
        given,
        Making::Afresh,
        &READY_AS_MADE,
        now(),
    );
    let mut bought = draft.clone();
    bought
        .begin_consume(OPERATION, &READY_AS_MADE, later(3600))
        .expect("the last instant");
    assert!(bought.release(OPERATION, false, later(3601)));
    assert_eq!(bought.state, State::Draft);
    let error = refused(&draft, |it| {
        it.begin_consume(OPERATION, &READY_AS_MADE, later(3601))
    });
    assert_eq!(error.code, "PROPOSAL_EXPIRED");
}

#[test]
fn a_draft_that_names_no_expiry_does_not_expire() {
    for named in [json!(null), json!("soon"), json!(7)] {
        let mut given = content("first");
        given.proposal["expires_at"] = named;
        let draft = Proposal::draft(
            "plan",
            "account",
            given,
            Making::Afresh,
            &READY_AS_MADE,
            now(),
        );
        assert!(!draft.has_expired(&READY_AS_MADE, Timestamp::MAX_UTC));
    }
}

#[test]
fn the_recipes_go_with_the_media_buy_and_a_bought_proposal_is_kept() {
    let mut proposal = consuming();
    let recipes = proposal
        .consume(OPERATION, "mb_1", later(5))
        .expect("reserved for it");
    assert_eq!(recipes, content("firm").recipes);
    assert_eq!(proposal.state, State::Consumed);
    assert_eq!(proposal.media_buy_id.as_deref(), Some("mb_1"));
    assert!(proposal.content.recipes.is_empty());
    assert_eq!((proposal.due(), proposal.reservation), (None, None));
}

#[test]
fn only_the_operation_that_reserved_it_buys_it_and_only_once() {
    let error = refused(&consuming(), |it| it.consume(OTHER, "mb_2", now()));
    assert_eq!(error.code, "INTERNAL_ERROR");
    for proposal in [draft(), finalizing(), committed(), consumed()] {
        refused(&proposal, |it| it.consume(OPERATION, "mb_2", now()));
    }
}

#[test]
fn what_is_given_back_stands_where_it_stood() {
    let mut proposal = finalizing();
    assert!(proposal.release(OPERATION, false, now()));
    assert_eq!(proposal, draft());

    let mut proposal = finalizing();
    assert!(proposal.release(OPERATION, true, now()));
    assert_eq!(
        (proposal.state, proposal.version),
        (State::Draft, 2),
        "asking again is another operation than the one that the buyer knows"
    );
    assert_eq!(proposal.due(), draft().due());

    let mut proposal = consuming();
    assert!(proposal.release(OPERATION, false, now()));
    assert_eq!(proposal, committed());
}

#[test]
fn only_its_own_operation_gives_it_back_and_only_once() {
    for mut proposal in in_every_state() {
        let before = proposal.clone();
        assert!(!proposal.release(OTHER, true, later(5)));
        assert_eq!(proposal, before);
    }
    for mut proposal in [draft(), committed(), consumed()] {
        assert!(!proposal.release(OPERATION, true, later(5)));
    }
}

#[test]
fn an_absurd_expiry_neither_panics_nor_is_lost_on_disk() {
    let end = at("9999-12-31T23:59:59Z");
    for expires_at in [Timestamp::MAX_UTC, end, Timestamp::MIN_UTC] {
        let endless = Proposals {
            grace_seconds: u64::MAX,
            expired_ttl_seconds: u64::MAX,
            ..RULES
        };
        for rules in [&RULES, &endless] {
            let mut proposal = finalizing();
            proposal
                .commit(OPERATION, content("firm"), expires_at, rules, now())
                .expect("reserved for it");
            assert!(proposal.due().expect("kept for a time") <= end);
            let _ = proposal.has_expired(rules, now());
            let text = serde_json::to_string(&proposal).expect("JSON");
            let read: Proposal = serde_json::from_str(&text).expect("the same record");
            assert_eq!(read, proposal);
        }
    }
    let endless = Proposals {
        draft_ttl_seconds: u64::MAX,
        ..RULES
    };
    let draft = Proposal::draft(
        "plan",
        "account",
        content("first"),
        Making::Afresh,
        &endless,
        now(),
    );
    assert_eq!(draft.due(), Some(end));
}

#[test]
fn every_state_survives_the_store() {
    for proposal in in_every_state() {
        let text = serde_json::to_string(&proposal).expect("JSON");
        let read: Proposal = serde_json::from_str(&text).expect("the same record");
        assert_eq!(read, proposal);
    }
}
