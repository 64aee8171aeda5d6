//! When a notification is tried again, and when it is set aside.
//!
//! A receiver that can't be reached or says that it is not well is tried again, a second later at
//! first and then twice as long after each attempt, up to five minutes, for as long as the manifest
//! says. So is one that answers with another error, since a receiver that is being deployed or whose
//! credentials are being changed says many things. One that is gone, points elsewhere or has something
//! else under the key is asked three times. What can never succeed is set aside at once.

use std::hash::{DefaultHasher, Hash, Hasher};

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, StatusCode};
use chrono::{DateTime, TimeDelta};

use super::record::{Delivery, MOST_TRIES, Standing, Try};
use crate::clock::{self, Timestamp};
use crate::outbound::{Answer, Failed};

/// The pause after the first attempt, and the longest one.
const PAUSES: (TimeDelta, TimeDelta) = (TimeDelta::seconds(1), TimeDelta::minutes(5));
/// The longest time that a receiver may ask to be left alone.
const LONGEST_REST: TimeDelta = TimeDelta::hours(1);
/// How often in a row a receiver has to refuse before it is believed.
const REFUSALS: u32 = 3;
/// How long what was set aside can be looked at and replayed.
pub(super) const KEPT_FOR: TimeDelta = TimeDelta::days(30);
/// The longest outcome that is remembered, in characters.
const LONGEST_OUTCOME: usize = 200;

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    /// The receiver has it.
    Delivered,
    /// It may work another time; not before the receiver's own wish, where it has one.
    Later(Option<TimeDelta>),
    /// The receiver will not have it.
    Refused,
    /// It never goes out.
    Hopeless,
}

/// Judges an attempt that ended at `now`.
pub(super) fn judge(attempt: &Result<Answer, Failed>, now: Timestamp) -> (Verdict, Try) {
    let (verdict, status, outcome) = match attempt {
        Ok(answer) => (
            of_answer(answer, now),
            Some(answer.status.as_u16()),
            format!("answered {}", answer.status),
        ),
        Err(failed @ (Failed::Refused(_) | Failed::Unproved(_))) => {
            (Verdict::Hopeless, None, failed.to_string())
        }
        Err(failed) => (Verdict::Later(None), None, failed.to_string()),
    };
    let tried = Try {
        at: now,
        status,
        outcome: outcome.chars().take(LONGEST_OUTCOME).collect(),
    };
    (verdict, tried)
}

fn of_answer(answer: &Answer, now: Timestamp) -> Verdict {
    let status = answer.status;
    let refused =
        status.is_redirection() || matches!(status, StatusCode::GONE | StatusCode::CONFLICT);
    if status.is_success() {
        Verdict::Delivered
    } else if refused {
        Verdict::Refused
    } else {
        Verdict::Later(rest(&answer.headers, now))
    }
}

/// How long a receiver asks to be left alone (RFC 9110, section 10.2.3): seconds, or until a date.
fn rest(headers: &HeaderMap, now: Timestamp) -> Option<TimeDelta> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let asked = match text.parse::<u32>() {
        Ok(seconds) => TimeDelta::seconds(i64::from(seconds)),
        Err(_) => DateTime::parse_from_rfc2822(text).ok()?.to_utc() - now,
    };
    Some(asked.clamp(TimeDelta::zero(), LONGEST_REST))
}

impl Delivery {
    /// Writes down an attempt that has failed, and what becomes of the notification.
    pub(super) fn failed(&mut self, verdict: &Verdict, tried: Try) {
        let now = tried.at;
        let outcome = tried.outcome.clone();
        self.attempts += 1;
        self.tries.push(tried);
        let surplus = self.tries.len().saturating_sub(MOST_TRIES);
        self.tries.drain(..surplus);
        let wish = match verdict {
            Verdict::Delivered => return,
            Verdict::Hopeless => return self.set_aside(&outcome, now),
            Verdict::Refused => {
                self.refusals += 1;
                None
            }
            Verdict::Later(wish) => {
                self.refusals = 0;
                *wish
            }
        };
        if self.refusals >= REFUSALS {
            return self.set_aside(
                &format!("refused {REFUSALS} times in a row: {outcome}"),
                now,
            );
        }
        let pause = self.jittered(pause(self.attempts));
        let due = now + wish.map_or(pause, |wish| wish.max(pause));
        if due > self.until {
            return self.set_aside(&format!("not delivered in time: {outcome}"), now);
        }
        self.due = due;
    }

    /// Puts an attempt off that was not made. It counts as none, and what was never tried is not given
    /// up for it, however long the seller was down or the receiver's queue is. There is no jitter in the
    /// pause: each of those that are put off together has a turn of its own.
    pub(super) fn put_off(&mut self, pause: TimeDelta, now: Timestamp) {
        self.due = now + pause;
        if self.due > self.until && self.attempts > 0 {
            self.set_aside("not delivered in time", now);
        }
    }

    /// Sets it aside.
    pub(super) fn set_aside(&mut self, reason: &str, now: Timestamp) {
        self.standing = Standing::Dead;
        self.reason = Some(reason.to_owned());
        self.due = now + KEPT_FOR;
    }

    /// Has it tried again from the beginning, for `horizon` seconds.
    pub(super) fn revive(&mut self, now: Timestamp, horizon: u64) {
        self.standing = Standing::Waiting;
        self.reason = None;
        self.attempts = 0;
        self.refusals = 0;
        self.due = now;
        self.until = clock::after(now, horizon);
    }

    /// A pause a quarter shorter or longer, so that what failed together is not tried together. It
    /// follows from the notification and the attempt.
    fn jittered(&self, pause: TimeDelta) -> TimeDelta {
        let mut hasher = DefaultHasher::new();
        (&self.webhook_id, self.attempts, self.due).hash(&mut hasher);
        let share = i32::try_from(hasher.finish() % 501).unwrap_or(250);
        pause * (750 + share) / 1000
    }
}

/// The pause after so many attempts.
fn pause(attempts: u32) -> TimeDelta {
    let doubled = 2_i32.saturating_pow(attempts.saturating_sub(1).min(20));
    (PAUSES.0 * doubled).min(PAUSES.1)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use bytes::Bytes;

    use super::*;
    use crate::identity::Principal;
    use crate::outbound::Rule;

    fn start() -> Timestamp {
        "2026-03-10T12:00:00Z".parse().expect("an instant")
    }

    fn delivery() -> Delivery {
        Delivery {
            webhook_id: "8b0f0b1e-57c5-4f3e-9f5e-3f0c3b9a4a11".into(),
            principal: Principal("nova".into()),
            topic: "create_media_buy".into(),
            task_id: None,
            status: None,
            receiver: "https://hooks.example".into(),
            standing: Standing::Waiting,
            size: 0,
            created_at: start(),
            attempts: 0,
            refusals: 0,
            tries: Vec::new(),
            due: start(),
            until: start() + TimeDelta::hours(24),
            reason: None,
        }
    }

    fn answer(status: u16, retry_after: Option<&'static str>) -> Result<Answer, Failed> {
        let headers = retry_after
            .map(|text| (RETRY_AFTER, HeaderValue::from_static(text)))
            .into_iter()
            .collect();
        Ok(Answer {
            status: StatusCode::from_u16(status).expect("a status"),
            headers,
            body: Bytes::new(),
        })
    }

    #[test]
    fn an_answer_decides_by_its_class() {
        let expected = [
            (200, Verdict::Delivered),
            (204, Verdict::Delivered),
            (301, Verdict::Refused),
            (307, Verdict::Refused),
            (400, Verdict::Later(None)),
            (401, Verdict::Later(None)),
            (404, Verdict::Later(None)),
            (408, Verdict::Later(None)),
            (409, Verdict::Refused),
            (410, Verdict::Refused),
            (425, Verdict::Later(None)),
            (429, Verdict::Later(None)),
            (500, Verdict::Later(None)),
            (503, Verdict::Later(None)),
        ];
        for (status, verdict) in expected {
            assert_eq!(judge(&answer(status, None), start()).0, verdict, "{status}");
        }
        let refused = Err(Failed::Refused(Rule::Scheme.into()));
        assert_eq!(judge(&refused, start()).0, Verdict::Hopeless);
        assert_eq!(
            judge(&Err(Failed::TooSlow), start()).0,
            Verdict::Later(None)
        );
    }

    #[test]
    fn a_wish_to_be_left_alone_is_heard_within_bounds() {
        for (text, seconds) in [
            ("7", Some(7)),
            (" 120 ", Some(120)),
            ("99999999", Some(3600)),
            ("-5", None),
            ("soon", None),
            ("Tue, 10 Mar 2026 12:00:30 GMT", Some(30)),
            ("Tue, 10 Mar 2026 11:00:00 GMT", Some(0)),
            ("Fri, 10 Mar 2056 12:00:30 GMT", Some(3600)),
        ] {
            let verdict = judge(&answer(503, Some(text)), start()).0;
            let wish = seconds.map(TimeDelta::seconds);
            assert_eq!(verdict, Verdict::Later(wish), "{text}");
        }
    }

    #[test]
    fn pauses_double_up_to_five_minutes_with_a_quarter_of_jitter() {
        let mut row = delivery();
        let mut now = start();
        for expected in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300] {
            let (verdict, tried) = judge(&answer(503, None), now);
            row.failed(&verdict, tried);
            let pause = (row.due - now).num_milliseconds();
            let bounds = expected * 750..=expected * 1250;
            assert!(bounds.contains(&pause), "{pause} for {expected} s");
            now = row.due;
        }
        assert_eq!((row.standing, row.attempts), (Standing::Waiting, 12));
        assert_eq!(row.tries.len(), MOST_TRIES);
    }

    #[test]
    fn a_wish_is_never_sooner_than_the_pause() {
        let mut row = delivery();
        let (verdict, tried) = judge(&answer(429, Some("0")), start());
        row.failed(&verdict, tried);
        assert!(row.due >= start() + TimeDelta::milliseconds(750));
        let (verdict, tried) = judge(&answer(429, Some("90")), start());
        row.failed(&verdict, tried);
        assert_eq!(row.due, start() + TimeDelta::seconds(90));
    }

    #[test]
    fn three_refusals_in_a_row_set_it_aside() {
        let mut row = delivery();
        for status in [410, 410, 503, 410, 410] {
            let (verdict, tried) = judge(&answer(status, None), start());
            row.failed(&verdict, tried);
            assert_eq!(row.standing, Standing::Waiting);
        }
        let (verdict, tried) = judge(&answer(410, None), start());
        row.failed(&verdict, tried);
        assert_eq!(row.standing, Standing::Dead);
        let reason = row.reason.as_deref().expect("a reason");
        assert!(
            reason.contains("3 times") && reason.contains("410"),
            "{reason}"
        );
        assert_eq!(row.due, start() + KEPT_FOR);
    }

    #[test]
    fn what_was_never_tried_is_not_given_up_for_want_of_time() {
        let mut row = delivery();
        let late = row.until + TimeDelta::hours(1);
        row.put_off(TimeDelta::seconds(2), late);
        assert_eq!(row.standing, Standing::Waiting);
        let (verdict, tried) = judge(&Err(Failed::TooSlow), late);
        row.failed(&verdict, tried);
        assert_eq!(row.standing, Standing::Dead);
    }

    #[test]
    fn the_horizon_ends_it_and_a_replay_begins_anew() {
        let mut row = delivery();
        let late = row.until - TimeDelta::milliseconds(500);
        let (verdict, tried) = judge(&Err(Failed::TooSlow), late);
        row.failed(&verdict, tried);
        assert_eq!(row.standing, Standing::Dead);
        let id = row.webhook_id.clone();
        row.revive(late, 3600);
        assert_eq!((row.standing, row.due), (Standing::Waiting, late));
        assert_eq!(row.until, late + TimeDelta::hours(1));
        assert_eq!((row.attempts, row.tries.len(), row.webhook_id), (0, 1, id));
    }
}
