//! Making a draft firm: one hold at the manager, however often and from wherever it is asked for.
//!
//! The draft is reserved first, together with the journal of the operation, and only whoever holds
//! the reservation asks the manager. Everybody else waits and is given the same answer, which is made
//! of the ledger's record alone. The operation's name follows from the draft, not from the request,
//! so that an inventory system which is asked again after a crash sees the same hold.

use serde_json::{Map, Value};

use super::super::hold::{self, Purpose, Submission, Turn};
use super::super::products::{self, Answer, Selection};
use super::super::records::Stored;
use super::super::request::Fill;
use super::super::{Call, Outcome, recipes, submitted};
use super::ledger::{self, Found};
use super::record::{Content, Proposal, State};
use super::refine::{ToFirm, field};
use super::{Event, drafts, events, wire};
use crate::catalog::PRODUCT;
use crate::clock::to_wire;
use crate::dispatch::Patience;
use crate::domain::{Draft, Finalized, ToFinalize};
use crate::error::{Error, Result};
use crate::identity::{Principal, Scope};
use crate::platform::{self, Context, WireProduct};
use crate::profile::Proposals;
use crate::schema::first_of;
use crate::store::Batch;
use crate::tasks;

/// What a finalize waits for, in the buyer's answer.
const APPROVAL: &str = "the seller has to approve this proposal before it becomes firm";

/// What the entry of a finalize says that goes on as a task.
const UNTIL_THEN: &str = "the proposal is a draft until the task is completed";

/// What a caller is told to wait whose proposal another caller's task makes firm, in seconds.
const WAIT_FOR_TASK: u32 = 60;

/// How a finalize is answered.
#[derive(Debug)]
pub(in super::super) enum Finalizing {
    /// The proposal is firm.
    Firm(Box<Answer>),
    /// It goes on as a task.
    Waits(Box<Outcome>),
}

/// Makes a proposal firm, or finds that it is.
///
/// # Errors
///
/// `PROPOSAL_NOT_FOUND`, `PROPOSAL_EXPIRED` or `PROPOSAL_NOT_COMMITTED` by where it stands, all at
/// the entry's `proposal_id`; `SERVICE_UNAVAILABLE` when somebody else takes too long over it; what
/// the manager refuses it with; `INTERNAL_ERROR` for an answer of the manager that breaks a rule.
pub(in super::super) async fn run(call: &Call<'_>, wanted: &ToFirm) -> Result<Finalizing> {
    let Some(rules) = &call.services.profile.proposals else {
        return Err(Error::internal("a seller without proposals finalizes none"));
    };
    let mut patience = Patience::new();
    loop {
        let store = &call.services.store;
        let found = ledger::find(store, Some(rules), call.context, &wanted.proposal_id).await?;
        let found = found.ok_or_else(|| ledger::not_found(field(0)))?;
        if let Some(answer) = settled(call, &found.record.value, rules)? {
            return Ok(answer);
        }
        let context = call.context.as_operation(operation_of(&found.record));
        match reserve(call, &context, found).await? {
            Reserved::Ours(stored) => return make(call, &context, *stored, wanted, rules).await,
            Reserved::Announced(stored, message) => {
                return Ok(waits(call, &context, &stored.value, rules, &message));
            }
            Reserved::Moved => {}
            // Whoever has taken the task over goes on with it.
            Reserved::Elsewhere if call.context.work.is_some() => return Err(hold::busy()),
            Reserved::Elsewhere => patience
                .wait("the proposal is still being finalized; send the request again to be given its answer")
                .await?,
        }
    }
}

/// The answer that follows from where a proposal stands; `None` of one that can be made firm.
fn settled(call: &Call<'_>, proposal: &Proposal, rules: &Proposals) -> Result<Option<Finalizing>> {
    let refused = |message: &str, remedy: &str| {
        Err(Error::new("PROPOSAL_NOT_COMMITTED", message)
            .at(field(0))
            .suggest(remedy))
    };
    let now = call.context.now;
    match proposal.state {
        State::Consumed => refused(
            "the proposal has been bought already",
            "ask for a fresh proposal with get_products",
        ),
        State::Consuming => refused(
            "the proposal is firm, and another request is buying it",
            "send the request again once that has ended: unless it is bought by then, the proposal comes free again",
        ),
        State::Finalizing => Ok(None),
        State::Draft | State::Committed if proposal.has_expired(rules, now) => {
            events::expired(proposal, rules, call.context);
            Err(
                Error::new("PROPOSAL_EXPIRED", "the proposal is no longer on offer")
                    .at(field(0))
                    .suggest("ask for a fresh proposal with get_products"),
            )
        }
        State::Draft => Ok(None),
        State::Committed => Ok(Some(Finalizing::Firm(Box::new(firm(proposal))))),
    }
}

/// Who has a draft.
enum Reserved {
    /// This call.
    Ours(Box<Stored<Proposal>>),
    /// A task that its buyer has been told of, with what it was told.
    Announced(Box<Stored<Proposal>>, String),
    /// Another call.
    Elsewhere,
    /// It has changed since it was read.
    Moved,
}

async fn reserve(call: &Call<'_>, context: &Context, mut found: Found) -> Result<Reserved> {
    let mut reservation = Batch::new();
    if let Some(holder) = another_holder(context, &found.record.value) {
        refuse_to_wait(call, context, holder).await?;
        return Ok(Reserved::Elsewhere);
    }
    let proposal = &mut found.record.value;
    let news = proposal.begin_finalize(&context.operation_id, context.now)?;
    if news {
        proposal.held_with(&context.principal);
        found.save(&mut reservation)?;
    } else {
        // Or else who reads this just before another call makes it firm would begin anew.
        found.record.unchanged(&mut reservation);
    }
    let purpose = if waits_for_approval(call) {
        Purpose::Wait
    } else {
        Purpose::Ask
    };
    let proposals = vec![found.record.key.clone()];
    match call.hold(context, reservation, proposals, purpose).await {
        Ok(Turn::Run) => {
            if news {
                found.written();
            }
            Ok(Reserved::Ours(Box::new(found.record)))
        }
        Ok(Turn::Announced(task)) => {
            let message = task.message.unwrap_or_else(|| APPROVAL.to_owned());
            Ok(Reserved::Announced(Box::new(found.record), message))
        }
        Ok(Turn::Busy) => Ok(Reserved::Elsewhere),
        Err(error) if error.code == "CONFLICT" => Ok(Reserved::Moved),
        Err(error) => Err(error),
    }
}

/// The caller of the same account, if it is not this one, who has a draft made firm.
fn another_holder<'a>(context: &Context, proposal: &'a Proposal) -> Option<&'a Principal> {
    let reservation = proposal.reservation.as_ref()?;
    let holder = reservation.holder.as_ref()?;
    (proposal.state == State::Finalizing && *holder != context.principal).then_some(holder)
}

/// Answers at once where another caller's finalize takes longer than anybody waits for a call. The
/// task is that caller's, so this one can't be told to ask for it.
///
/// # Errors
///
/// `CONFLICT` when it goes on as a task.
async fn refuse_to_wait(call: &Call<'_>, context: &Context, holder: &Principal) -> Result<()> {
    let found = tasks::of_operation(
        call.services,
        &context.tenant,
        holder,
        &context.operation_id,
    )
    .await?;
    let Some(task) = found.map(|found| found.value).filter(|task| task.announced) else {
        return Ok(());
    };
    let message = if task.is_awaiting() {
        "another caller of this account has asked to finalize the proposal, and the seller has yet to approve that"
    } else {
        "another caller of this account has asked to finalize the proposal, and the seller is at work on it"
    };
    Err(Error::new("CONFLICT", message)
        .at(field(0))
        .suggest(
            "send the request again later; it is given the same answer once the proposal is firm",
        )
        .retry_after(WAIT_FOR_TASK))
}

/// Whether a person has to agree before the manager is asked.
fn waits_for_approval(call: &Call<'_>) -> bool {
    call.services.profile.approval.finalize && call.may_need_approval()
}

/// Asks the manager, once a person has agreed where one has to.
async fn make(
    call: &Call<'_>,
    context: &Context,
    mut stored: Stored<Proposal>,
    wanted: &ToFirm,
    rules: &Proposals,
) -> Result<Finalizing> {
    if waits_for_approval(call) {
        let body = waiting(call, context, &stored.value, rules, APPROVAL);
        let outcome = Outcome::submitted(body, Batch::new(), Submission::Approval);
        return Ok(Finalizing::Waits(Box::new(outcome)));
    }
    let content = &stored.value.content;
    let ids: Vec<String> = content.products.keys().cloned().collect();
    let to_finalize = ToFinalize {
        proposal: wire::shown(&stored.value, rules),
        recipes: recipes::of_products(call, context, &ids, &content.recipes).await?,
        ask: wanted.ask.clone(),
        hold_until: crate::clock::after(call.services.clock.now(), rules.hold_seconds),
    };
    match call
        .ask(call.services.platform.finalize(context, to_finalize))
        .await?
    {
        platform::Outcome::Done(finalized) => {
            let expires_at = finalized.expires_at;
            let content = check(call, context, content, finalized).await?;
            let now = call.services.clock.now();
            stored
                .value
                .commit(&context.operation_id, content, expires_at, rules, now)?;
            let mut answer = firm(&stored.value);
            stored.save(&mut answer.batch)?;
            answer.events.push(Event::finalized(&stored.value, context));
            Ok(Finalizing::Firm(Box::new(answer)))
        }
        platform::Outcome::HandedOff(hand_off) => {
            let body = waiting(call, context, &stored.value, rules, &hand_off.message);
            let outcome = Outcome::submitted(body, Batch::new(), Submission::HandOff(hand_off));
            Ok(Finalizing::Waits(Box::new(outcome)))
        }
    }
}

/// What a manager's firm proposal says, complete and checked against the draft that it was made of.
async fn check(
    call: &Call<'_>,
    context: &Context,
    draft: &Content,
    finalized: Finalized,
) -> Result<Content> {
    let Finalized {
        mut proposal,
        expires_at,
        recipes: changed,
        products: firm,
    } = finalized;
    let drafted = &draft.proposal["proposal_id"];
    let wrong = |what: String| {
        Err(Error::internal(format!(
            "the manager's firm proposal of {drafted}: {what}"
        )))
    };
    if proposal.get("proposal_id") != Some(drafted) {
        return wrong("its proposal_id has changed; a proposal keeps its id".to_owned());
    }
    if expires_at <= call.services.clock.now() {
        return wrong(format!(
            "it expires at {}, which is not in the future; hold it until hold_until or any later instant",
            to_wire(expires_at)
        ));
    }
    for product in &firm {
        products::refuse_private("firm product", product)?;
        if let Err(violations) = call.services.schemas.check(PRODUCT, product) {
            return wrong(format!(
                "a product breaks its schema: {}",
                first_of(&violations)
            ));
        }
    }
    if let Some(members) = proposal.as_object_mut() {
        members.insert("expires_at".to_owned(), Value::from(to_wire(expires_at)));
    }
    let product = |id: &str| {
        let made = firm.iter().find(|product| product["product_id"] == id);
        made.or_else(|| draft.products.get(id))
    };
    let mut recipes = draft.recipes.clone();
    recipes.extend(changed);
    drafts::content(call, context, Draft { proposal, recipes }, product).await
}

/// The answer that shows a firm proposal: made of the record alone, so that it is the same whenever it
/// is given.
fn firm(proposal: &Proposal) -> Answer {
    let made = proposal.content.products.values().cloned();
    Answer {
        products: made.map(WireProduct::Made).collect(),
        proposals: vec![proposal.clone()],
        refinement_applied: Some(vec![entry(proposal, "applied", None)]),
        extra: Map::new(),
        batch: Batch::new(),
        events: Vec::new(),
    }
}

/// The answer to a finalize that goes on as a task already.
fn waits(
    call: &Call<'_>,
    context: &Context,
    proposal: &Proposal,
    rules: &Proposals,
    message: &str,
) -> Finalizing {
    let body = waiting(call, context, proposal, rules, message);
    Finalizing::Waits(Box::new(Outcome::read(body)))
}

/// The members of a submitted answer: the draft as it stands with its products, and what it waits
/// for.
fn waiting(
    call: &Call<'_>,
    context: &Context,
    proposal: &Proposal,
    rules: &Proposals,
    message: &str,
) -> Map<String, Value> {
    let mut body = submitted::body(call, &context.operation_id, message);
    let selection = Selection::of(&call.request);
    let offered = proposal.content.products.values().cloned();
    let offered = offered.map(|product| selection.value(WireProduct::Made(product)));
    body.put("products", offered.collect::<Value>());
    body.put("proposals", vec![wire::shown(proposal, rules)]);
    body.put(
        "refinement_applied",
        vec![entry(proposal, "partial", Some(UNTIL_THEN))],
    );
    body
}

/// The one entry of `refinement_applied`.
fn entry(proposal: &Proposal, status: &str, notes: Option<&str>) -> Value {
    let mut entry = Map::new();
    entry.put("scope", "proposal");
    entry.put("proposal_id", proposal.proposal_id.as_str());
    entry.put("status", status);
    entry.put_some("notes", notes);
    Value::Object(entry)
}

/// The operation that makes this state of a draft firm: the same from every request of every caller of
/// the account and in every process, and another one for a draft that was changed, refused, or made
/// anew under its id. Its journal lies with the caller who was first, whom the reservation names.
fn operation_of(stored: &Stored<Proposal>) -> String {
    let Scope { tenant, owner } = &stored.key.scope;
    tasks::operation_of([
        "finalize",
        &tenant.0,
        &owner.to_string(),
        &stored.key.id,
        &stored.value.created_at.to_rfc3339(),
        &stored.value.version.to_string(),
    ])
}
