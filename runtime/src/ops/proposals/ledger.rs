//! The ledger: where proposals lie, how one is found, and how one is given back.
//!
//! A record is written through [`records::insert`] and [`Stored::save`], over the revision that was
//! read, and in no other way. This module never decides what a proposal may do; that is
//! [`super::record`]'s.

use super::super::records::{self, Stored};
use super::super::scope;
use super::record::{Making, Proposal, State};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::identity::Scope;
use crate::platform::Context;
use crate::profile::Proposals;
use crate::store::{Batch, Key, SharedStore};

/// So many proposals of one wish are told apart by a number behind it.
const MOST_NAMESAKES: u32 = 1 << 20;

/// Where a draft goes.
#[derive(Debug)]
pub(in crate::ops) enum Place {
    /// Over a draft of that id.
    Over(Box<Found>),
    /// Under an id that is free.
    New(String),
}

/// Where the proposals lie that a call makes: with its account, or, for a call that names none,
/// with the caller itself.
pub(in crate::ops) fn scope_of(context: &Context) -> Scope {
    match &context.account {
        Some(account) => scope::of_account(context, &account.account_id),
        None if context.sandbox => scope::shared(context),
        None => scope::of_principal(context),
    }
}

/// A proposal that a call may use.
#[derive(Debug)]
pub(in crate::ops) struct Found {
    /// The proposal, where the call works on it.
    pub(in crate::ops) record: Stored<Proposal>,
    /// The draft that it is a copy of, which nobody has written yet.
    source: Option<Box<Stored<Proposal>>>,
}

impl Found {
    /// Whether it is a copy that nobody has written yet.
    pub(in crate::ops) fn is_copy(&self) -> bool {
        self.source.is_some()
    }

    /// Writes it over what was read. With a copy goes a note at the draft that it was made of, so
    /// that what is proposed next gets an id of its own, which this account has not used up.
    pub(in crate::ops) fn save(&self, batch: &mut Batch) -> Result<()> {
        self.record.save(batch)?;
        match &self.source {
            Some(source) if !source.value.refined => {
                let mut source = source.clone();
                source.value.refined = true;
                source.save(batch)
            }
            _ => Ok(()),
        }
    }

    /// Notes that what was saved has been written.
    pub(in crate::ops) fn written(&mut self) {
        self.record.revision += 1;
        self.source = None;
    }
}

impl From<Stored<Proposal>> for Found {
    fn from(record: Stored<Proposal>) -> Self {
        Found {
            record,
            source: None,
        }
    }
}

/// The proposal of that id that a call may use: its account's, or one that the caller asked for
/// without naming an account. Everything else is as if it were not there.
///
/// A draft that was made for no account comes as a copy in the account's own part of the store, so
/// that accounts never share one; it takes the place of a proposal that the account is done with.
/// What was finalized without an account is nobody's copy: the first account to buy it has it.
pub(in crate::ops) async fn find(
    store: &SharedStore,
    rules: Option<&Proposals>,
    context: &Context,
    id: &str,
) -> Result<Option<Found>> {
    let scope = scope_of(context);
    let mut own = records::find::<Proposal>(store, &scope, id).await?;
    let Some(account) = &context.account else {
        return Ok(own.map(Found::from));
    };
    if context.sandbox {
        // All accounts of a caller share what is there.
        if let Some(own) = &mut own
            && own.value.state == State::Draft
        {
            own.value.account_id.clone_from(&account.account_id);
        }
        return Ok(own.map(Found::from));
    }
    let over = |own: &Proposal| match (own.state, rules) {
        (State::Consumed, _) => true,
        (State::Committed, Some(rules)) => own.has_expired(rules, context.now),
        _ => false,
    };
    if own.as_ref().is_some_and(|own| !over(&own.value)) {
        return Ok(own.map(Found::from));
    }
    let callers = records::find::<Proposal>(store, &scope::of_principal(context), id).await?;
    let is_newer = |callers: &Stored<Proposal>| {
        own.as_ref()
            .is_none_or(|own| callers.value.created_at > own.value.created_at)
    };
    let Some(callers) = callers.filter(is_newer) else {
        return Ok(own.map(Found::from));
    };
    if callers.value.state != State::Draft {
        return Ok(Some(callers.into()));
    }
    let copy = callers.value.copy_for(&account.account_id);
    let record = match own {
        None => Stored::unwritten(&scope, copy),
        Some(own) => Stored { value: copy, ..own },
    };
    Ok(Some(Found {
        record,
        source: Some(Box::new(callers)),
    }))
}

/// The answer about a proposal that is unknown, or another account's. It does not repeat the id,
/// which may be of any length.
pub(in crate::ops) fn not_found(field: impl Into<String>) -> Error {
    Error::new(
        "PROPOSAL_NOT_FOUND",
        "there is no such proposal for this account",
    )
    .at(field)
    .suggest("ask for proposals with get_products and use one of the ids in the answer")
}

/// Where the draft of a call goes that would like to have this id: over a copy of the draft that it
/// is a change of, where that was made for no account, or else as [`place`] says.
///
/// # Errors
///
/// As [`place`].
pub(in crate::ops) async fn place_of(
    store: &SharedStore,
    rules: &Proposals,
    context: &Context,
    wish: &str,
    making: Making,
) -> Result<Place> {
    if making == Making::Refined
        && let Some(found) = find(store, Some(rules), context, wish).await?
        && found.is_copy()
    {
        return Ok(Place::Over(Box::new(found)));
    }
    place(store, &scope_of(context), wish, making).await
}

/// Where a draft goes that would like to have this id: over the draft of that id, or under the id
/// with the next number behind it that is free.
///
/// A draft that a buyer has had changed is written over only by the next change of it: what the
/// manager proposes to somebody else under its id gets a number.
///
/// Bought proposals stay for ever, so an account may have thousands of a name. The numbers are
/// therefore looked through in growing steps and then halved, not one by one; where proposals
/// have been swept away in between, any free number will do.
///
/// # Errors
///
/// `INTERNAL_ERROR` when no store could keep the id: it is the adapter's.
async fn place(store: &SharedStore, scope: &Scope, wish: &str, making: Making) -> Result<Place> {
    let longest = Key::MAX_ID - format!("_{MOST_NAMESAKES}").len();
    if wish.is_empty() || wish.len() > longest || wish.contains('\0') {
        return Err(Error::internal(format!(
            "a proposal_id must have 1 to {longest} bytes and no NUL, not {} bytes",
            wish.len()
        )));
    }
    let mut taken = 0;
    let mut number = 1;
    let mut usable = loop {
        if let Some(usable) = usable(store, scope, wish, making, number).await? {
            break usable;
        }
        taken = number;
        number *= 2;
        if number > MOST_NAMESAKES {
            return Err(Error::internal(format!(
                "the account has {MOST_NAMESAKES} proposals named {wish:?}"
            )));
        }
    };
    while number - taken > 1 {
        let middle = taken + (number - taken) / 2;
        match self::usable(store, scope, wish, making, middle).await? {
            Some(better) => (usable, number) = (better, middle),
            None => taken = middle,
        }
    }
    Ok(usable)
}

/// The place of the wish with that number behind it, unless something has it that is no draft or
/// not this one's to change.
async fn usable(
    store: &SharedStore,
    scope: &Scope,
    wish: &str,
    making: Making,
    number: u32,
) -> Result<Option<Place>> {
    let id = match number {
        1 => wish.to_owned(),
        _ => format!("{wish}_{number}"),
    };
    Ok(match records::find::<Proposal>(store, scope, &id).await? {
        None => Some(Place::New(id)),
        Some(found) => {
            let own = !found.value.refined || (making == Making::Refined && number == 1);
            (found.value.state == State::Draft && own)
                .then(|| Place::Over(Box::new(Found::from(found))))
        }
    })
}

/// Gives back what an operation that failed holds. What is not reserved for it (any more) is left
/// alone, so that doing it twice, or too late, changes nothing. `anew` is [`Proposal::release`]'s.
pub(crate) async fn release(
    store: &SharedStore,
    proposals: &[Key],
    operation_id: &str,
    anew: bool,
    now: Timestamp,
    batch: &mut Batch,
) -> Result<()> {
    change(store, proposals, batch, |proposal| {
        proposal.release(operation_id, anew, now)
    })
    .await
}

/// Ends what an operation holds that its adapter has taken on, and that nobody carries to its end any
/// more: what is being bought counts as bought, what was to become firm is given back.
pub(crate) async fn spend(
    store: &SharedStore,
    proposals: &[Key],
    operation_id: &str,
    anew: bool,
    now: Timestamp,
    batch: &mut Batch,
) -> Result<()> {
    change(store, proposals, batch, |proposal| {
        proposal.spend(operation_id, now) || proposal.release(operation_id, anew, now)
    })
    .await
}

async fn change(
    store: &SharedStore,
    proposals: &[Key],
    batch: &mut Batch,
    change: impl Fn(&mut Proposal) -> bool,
) -> Result<()> {
    for key in proposals {
        let Some(mut found) = records::find::<Proposal>(store, &key.scope, &key.id).await? else {
            continue;
        };
        if change(&mut found.value) {
            found.save(batch)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
