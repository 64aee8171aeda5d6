//! The instant at which runner and seller believe to start.
//!
//! The storyboards of AdCP 3.0.6 have dates in the spring of 2026. Against a later clock the
//! runner replaces dates in the past by ones that differ from call to call, so that a repeated
//! call is no longer the same call and idempotency can't be shown.

use std::fmt;
use std::str::FromStr;

use super::VerifyError;

/// An instant in RFC 3339, with an offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartInstant(String);

impl StartInstant {
    /// An instant before every date that the storyboards name.
    pub const BEFORE_STORYBOARDS: &'static str = "2026-03-10T00:00:00Z";

    /// What `--clock` means: `system` is the machine's time, nothing said is
    /// [`StartInstant::BEFORE_STORYBOARDS`].
    ///
    /// # Errors
    /// When the text is no instant.
    pub fn from_flag(typed: Option<&str>) -> Result<Option<Self>, VerifyError> {
        match typed {
            Some("system") => Ok(None),
            Some(instant) => instant.parse().map(Some),
            None => Ok(Some(StartInstant(Self::BEFORE_STORYBOARDS.to_owned()))),
        }
    }

    /// The text, as RFC 3339 has it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for StartInstant {
    type Err = VerifyError;

    fn from_str(text: &str) -> Result<Self, VerifyError> {
        // TOML's date-time is RFC 3339 with optional parts; all of them are wanted here.
        let parsed = toml::value::Datetime::from_str(text);
        let whole =
            parsed.is_ok_and(|it| it.date.is_some() && it.time.is_some() && it.offset.is_some());
        if whole {
            Ok(StartInstant(text.to_owned()))
        } else {
            Err(VerifyError::Clock(text.to_owned()))
        }
    }
}

impl fmt::Display for StartInstant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_is_an_instant_or_the_system_time() {
        assert_eq!(
            StartInstant::from_flag(Some("system")).expect("valid"),
            None
        );
        let shifted = StartInstant::from_flag(None)
            .expect("valid")
            .expect("shifted");
        assert_eq!(shifted.as_str(), "2026-03-10T00:00:00Z");
        assert!(StartInstant::from_flag(Some("2026-03-10T12:00:00+01:00")).is_ok());
    }

    #[test]
    fn half_an_instant_is_refused() {
        for half in ["2026-03-10", "12:00:00", "2026-03-10T12:00:00", "soon", ""] {
            assert!(half.parse::<StartInstant>().is_err(), "{half}");
        }
    }
}
