//! The way in: a notification is written in the same commit as the change that it tells of.
//!
//! What was promised is written however much is waiting already, since the change can't be undone for
//! it. The bound is judged when a buyer registers a receiver: whoever lets too much pile up is told to
//! come back later, and nothing is dropped behind its back.

use url::Url;
use uuid::Uuid;

use super::event::{Content, Event, TaskEvent};
use super::record::{Delivery, Parcel, Standing, of_caller};
use super::{Form, Subscription, line, payload};
use crate::clock;
use crate::error::{Error, Result};
use crate::identity::{Principal, Scope, TenantId};
use crate::ops::Services;
use crate::ops::records::{self, Kept as _};
use crate::platform::Context;
use crate::store::{Batch, Query};
use crate::tasks::Task;

/// The most notifications of one caller that are yet to be delivered.
pub const MOST_WAITING: usize = 500;
/// The most bytes that these may come to together.
pub const LARGEST_WAITING: usize = 32 * 1024 * 1024;
/// The largest body, in bytes. A larger one goes without its `result`, which the buyer can ask for.
pub const LARGEST_BODY: usize = 1024 * 1024;
/// The longest member of a registration, in bytes.
const LONGEST_MEMBER: usize = 4096;
/// What a buyer is told to wait, in seconds: deliveries end by its own receiver's doing.
const RETRY_AFTER: u32 = 60;
/// What stands for a receiver that is no URL.
const NO_URL: &str = "(not a URL)";

/// The receivers that a call registers: the transport's, and the one that the request names.
/// They are judged when the operation begins ([`admit`]), and not again when it goes on: what was
/// promised then is tried, and set aside if nothing can be sent by now.
pub(crate) fn registered(
    of_transport: &[Subscription],
    request: &serde_json::Value,
) -> Vec<Subscription> {
    let mut receivers = of_transport.to_vec();
    receivers.extend(Subscription::of_request(request));
    receivers
}

fn within_bounds(receiver: &Subscription) -> Result<()> {
    let members = [
        ("url", Some(&receiver.url)),
        ("token", receiver.token.as_ref()),
        ("operation_id", receiver.operation_id.as_ref()),
        (
            "authentication.credentials",
            receiver.authentication.as_ref().map(|it| &it.credentials),
        ),
    ];
    for (name, value) in members {
        if value.is_some_and(|value| value.len() > LONGEST_MEMBER) {
            return Err(Error::invalid_request(format!(
                "`push_notification_config.{name}` has more than {LONGEST_MEMBER} bytes"
            ))
            .at(format!("push_notification_config.{name}"))
            .suggest("send a shorter one"));
        }
    }
    Ok(())
}

/// Refuses a receiver that the guard would never let be called, by its URL alone. A sandbox takes any
/// and sets aside what can't be sent, because test suites register placeholders there.
fn can_be_called(services: &Services, receiver: &Subscription) -> Result<()> {
    if services.sandbox {
        return Ok(());
    }
    let Err(refused) = services.outbound.judge(&receiver.url) else {
        return Ok(());
    };
    Err(Error::invalid_request(format!(
        "no webhook can be sent to this URL: {}",
        refused.rule
    ))
    .at("push_notification_config.url")
    .suggest("register an https URL of a public host"))
}

/// Lets an operation begin that promises notifications.
///
/// # Errors
///
/// `INVALID_REQUEST` or `UNSUPPORTED_FEATURE` when nothing could be sent to a receiver, by the rules
/// of the line or by bounds; `RATE_LIMITED` when too many of the caller's notifications are yet to be
/// delivered, or too large ones; `SERVICE_UNAVAILABLE` when the store can't be read.
pub(crate) async fn admit(
    services: &Services,
    (tenant, principal): (&TenantId, &Principal),
    receivers: &[Subscription],
) -> Result<()> {
    if receivers.is_empty() {
        return Ok(());
    }
    for receiver in receivers {
        if receiver.form == Form::Adcp {
            line::judge(services, receiver)?;
        }
        within_bounds(receiver)?;
        can_be_called(services, receiver)?;
    }
    let query = Query {
        scope: Scope::seller(tenant),
        kind: Delivery::KIND,
        tag: Some(of_caller(Standing::Waiting, principal)),
        after: None,
        limit: MOST_WAITING,
    };
    let waiting = services
        .store
        .list(&query)
        .await
        .map_err(Error::unavailable)?;
    // Hundreds may wait, and this is asked at every registration: nothing but sizes is looked at.
    let size: u64 = waiting
        .iter()
        .filter_map(|record| record.body.get("size")?.as_u64())
        .sum();
    let message = if waiting.len() >= MOST_WAITING {
        format!(
            "{MOST_WAITING} notifications are yet to be delivered to you; the seller keeps no more of them"
        )
    } else if size > LARGEST_WAITING as u64 {
        format!(
            "the notifications that are yet to be delivered to you come to more than {} MiB; the seller keeps no more of them",
            LARGEST_WAITING / 1024 / 1024
        )
    } else {
        return Ok(());
    };
    Err(Error::new("RATE_LIMITED", message)
        .suggest("have your receiver take what waits, or send the request without push_notification_config and poll")
        .retry_after(RETRY_AFTER))
}

/// Adds to a batch that a subscriber of a caller is told of an event. Returns the id of the
/// notification, which is the key in its payload; `None` where the line has no payload for the event.
///
/// # Errors
///
/// `INTERNAL_ERROR` when the event is too large or can't be written.
pub fn enqueue(
    services: &Services,
    batch: &mut Batch,
    tenant: &TenantId,
    principal: &Principal,
    subscription: &Subscription,
    event: &Event,
) -> Result<Option<String>> {
    let key = Uuid::new_v4();
    let Some(body) = written(services, subscription, event, key)? else {
        return Ok(None);
    };
    let now = services.clock.now();
    let task = match &event.content {
        Content::Task(task) => Some(task),
        Content::Notice(_) => None,
    };
    let delivery = Delivery {
        webhook_id: key.to_string(),
        principal: principal.clone(),
        topic: event.topic.clone(),
        task_id: task.map(|task| task.task_id.clone()),
        status: task.map(|task| task.status),
        receiver: receiver(&subscription.url),
        standing: Standing::Waiting,
        size: body.len(),
        created_at: now,
        attempts: 0,
        refusals: 0,
        tries: Vec::new(),
        due: now,
        until: clock::after(now, services.profile.webhooks.retry_seconds),
        reason: None,
    };
    let parcel = Parcel {
        webhook_id: delivery.webhook_id.clone(),
        subscription: subscription.clone(),
        body,
    };
    let scope = Scope::seller(tenant);
    records::insert(batch, &scope, &parcel)?;
    records::insert(batch, &scope, &delivery)?;
    Ok(Some(delivery.webhook_id))
}

/// Adds to a batch that the subscribers of a task are told where it stands by now.
///
/// # Errors
///
/// `INTERNAL_ERROR` when that can't be written.
pub(crate) fn announce(
    services: &Services,
    batch: &mut Batch,
    tenant: &TenantId,
    task: &Task,
) -> Result<()> {
    let event = Event::of(services, task);
    let of_request = Subscription::of_request(&task.request);
    for receiver in task.subscriptions.iter().chain(&of_request) {
        enqueue(services, batch, tenant, &task.principal, receiver, &event)?;
    }
    Ok(())
}

/// Adds to a batch that an operation was answered at once, where the line tells of that.
///
/// # Errors
///
/// `INTERNAL_ERROR` when that can't be written.
pub(crate) fn announce_answer(
    services: &Services,
    batch: &mut Batch,
    context: &Context,
    receivers: &[Subscription],
    event: impl FnOnce() -> Result<TaskEvent>,
) -> Result<()> {
    if receivers.is_empty() || !line::tells_what_was_answered_at_once(services) {
        return Ok(());
    }
    let task = event()?;
    for receiver in receivers {
        // What has ended is no task of AdCP, so a transport may know it by a name of its own.
        let task_id = receiver.task_id.as_ref().unwrap_or(&task.task_id);
        let named = TaskEvent {
            task_id: task_id.clone(),
            ..task.clone()
        };
        let event = Event::task(named, services.clock.now());
        enqueue(
            services,
            batch,
            &context.tenant,
            &context.principal,
            receiver,
            &event,
        )?;
    }
    Ok(())
}

/// The body as it is sent. What is too large goes without its result.
fn written(
    services: &Services,
    subscription: &Subscription,
    event: &Event,
    key: Uuid,
) -> Result<Option<String>> {
    let of = |event: &Event| -> Result<Option<String>> {
        let body = payload::of(services, subscription, event, key).map_err(Error::internal)?;
        Ok(body.map(|body| body.to_string()))
    };
    let fits = |body: &String| body.len() <= LARGEST_BODY;
    let body = of(event)?;
    if body.as_ref().is_none_or(fits) {
        return Ok(body);
    }
    let short = of(&event.without_result())?;
    if short.as_ref().is_none_or(fits) {
        return Ok(short);
    }
    Err(Error::internal(format!(
        "a notification about {} has more than {LARGEST_BODY} bytes",
        event.topic
    )))
}

/// A receiver as operators see it. Path and query may hold a credential.
fn receiver(url: &str) -> String {
    match Url::parse(url).map(|url| url.origin()) {
        Ok(origin) if origin.is_tuple() => origin.ascii_serialization(),
        _ => NO_URL.to_owned(),
    }
}
