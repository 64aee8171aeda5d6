//! Dates of buys and packages.

use chrono::TimeDelta;

use super::super::request::Members;
use crate::clock::{self, Timestamp};
use crate::error::{Error, Result};

/// How far a start may lie back: what a request takes to arrive, and clocks that differ a little.
const GRACE: TimeDelta = TimeDelta::seconds(60);

/// The instant that a request's `start_time` means (`core/start-timing.json`), which may not lie in
/// the past: `asap` is now.
pub(super) fn start(request: &impl Members, now: Timestamp) -> Result<Option<Timestamp>> {
    let start = named_start(request, now)?;
    if start.is_some_and(|start| start < now - GRACE) {
        return Err(Error::invalid_request(format!(
            "start_time lies in the past; it is {} now",
            clock::to_wire(now)
        ))
        .at("start_time")
        .suggest("send a start in the future, or asap"));
    }
    Ok(start)
}

/// The same for a request that has waited as a task: its start may have passed meanwhile.
pub(super) fn named_start(request: &impl Members, now: Timestamp) -> Result<Option<Timestamp>> {
    match request.text("start_time") {
        None => Ok(None),
        Some("asap") => Ok(Some(now)),
        Some(text) => text.parse().map(Some).map_err(|_| {
            Error::invalid_request("start_time is neither asap nor a date and time")
                .at("start_time")
        }),
    }
}

/// Refuses a flight that ends before it begins, or has ended.
pub(super) fn check(start: Timestamp, end: Timestamp, now: Timestamp) -> Result<()> {
    if end <= start {
        return Err(
            Error::invalid_request("end_time has to be later than start_time").at("end_time"),
        );
    }
    if end <= now {
        return Err(Error::invalid_request(format!(
            "end_time lies in the past; it is {} now",
            clock::to_wire(now)
        ))
        .at("end_time"));
    }
    Ok(())
}

/// Refuses a package whose flight is not inside that of its buy
/// (`media-buy/package-request.json`, `start_time`).
pub(super) fn check_inside(
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    buy: (Timestamp, Timestamp),
    field: &str,
) -> Result<()> {
    let outside = |name: &str| {
        Error::validation("the package's flight has to lie within that of the media buy")
            .at(format!("{field}.{name}"))
    };
    let within = |at: Timestamp| buy.0 <= at && at <= buy.1;
    if start.is_some_and(|start| !within(start)) {
        return Err(outside("start_time"));
    }
    if end.is_some_and(|end| !within(end)) {
        return Err(outside("end_time"));
    }
    if end.unwrap_or(buy.1) <= start.unwrap_or(buy.0) {
        return Err(
            Error::validation("the package's flight has to end later than it begins")
                .at(format!("{field}.end_time")),
        );
    }
    Ok(())
}

/// Refuses a package whose own flight begins or ends in the past.
pub(super) fn check_ahead(
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    now: Timestamp,
    field: &str,
) -> Result<()> {
    let past = |name: &str| {
        Error::invalid_request(format!(
            "the package's {name} lies in the past; it is {} now",
            clock::to_wire(now)
        ))
        .at(format!("{field}.{name}"))
    };
    if start.is_some_and(|start| start < now - GRACE) {
        return Err(past("start_time"));
    }
    if end.is_some_and(|end| end <= now) {
        return Err(past("end_time"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    #[test]
    fn a_start_is_now_or_later() {
        let now = at("2026-03-10T00:00:00Z");
        let read = |text: &str| start(&json!({ "start_time": text }), now);
        assert_eq!(read("asap").expect("asap"), Some(now));
        assert_eq!(
            read("2026-03-09T23:59:30Z").expect("within the grace"),
            Some(at("2026-03-09T23:59:30Z"))
        );
        let error = read("2026-03-09T23:58:00Z").expect_err("the past");
        assert_eq!(
            (error.code, error.field.as_deref()),
            ("INVALID_REQUEST", Some("start_time"))
        );
    }

    #[test]
    fn flights_run_forwards_and_inside_their_buy() {
        let (now, start, end) = (
            at("2026-03-10T00:00:00Z"),
            at("2026-04-01T00:00:00Z"),
            at("2026-05-01T00:00:00Z"),
        );
        assert!(check(start, end, now).is_ok());
        for (start, end) in [
            (end, start),
            (start, start),
            (at("2026-01-01T00:00:00Z"), at("2026-02-01T00:00:00Z")),
        ] {
            assert_eq!(
                check(start, end, now)
                    .expect_err("refused")
                    .field
                    .as_deref(),
                Some("end_time")
            );
        }
        let cases = [
            (None, None, None),
            (Some(start), Some(end), None),
            (
                Some(at("2026-03-31T00:00:00Z")),
                None,
                Some("packages[0].start_time"),
            ),
            (
                None,
                Some(at("2026-05-02T00:00:00Z")),
                Some("packages[0].end_time"),
            ),
            (
                Some(at("2026-04-20T00:00:00Z")),
                Some(at("2026-04-10T00:00:00Z")),
                Some("packages[0].end_time"),
            ),
        ];
        for (from, to, field) in cases {
            let checked = check_inside(from, to, (start, end), "packages[0]");
            assert_eq!(
                checked.err().and_then(|error| error.field),
                field.map(str::to_owned)
            );
        }
    }
}
