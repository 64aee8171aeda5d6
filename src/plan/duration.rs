//! Spans of time as the manifest writes them: `90s`, `30m`, `24h`, `7d`.

/// The seconds that a text stands for, [`u64::MAX`] when they are more than can be counted; `None`
/// when it isn't a number and a unit.
pub fn seconds(text: &str) -> Option<u64> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let factor = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // Digits only, so what can't be read is too long to be.
    Some(
        digits
            .parse::<u64>()
            .unwrap_or(u64::MAX)
            .saturating_mul(factor),
    )
}

/// The same the other way, in the largest unit that fits: `24h` comes back as `1d`.
pub fn text(seconds: u64) -> String {
    let (factor, unit) = [(86_400, "d"), (3_600, "h"), (60, "m")]
        .into_iter()
        .find(|(factor, _)| seconds >= *factor && seconds.is_multiple_of(*factor))
        .unwrap_or((1, "s"));
    format!("{}{unit}", seconds / factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_written_in_the_largest_unit_that_fits() {
        for (count, written) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m"),
            (90, "90s"),
            (3_600, "1h"),
            (86_400, "1d"),
            (90_000, "25h"),
        ] {
            assert_eq!(text(count), written);
            assert_eq!(seconds(written), Some(count));
        }
    }

    #[test]
    fn durations_are_a_number_and_a_unit() {
        assert_eq!(seconds("24h"), Some(86_400));
        assert_eq!(seconds("90s"), Some(90));
        assert_eq!(seconds("7d"), Some(604_800));
        for endless in ["99999999999999999999d", "18446744073709551615m"] {
            assert_eq!(seconds(endless), Some(u64::MAX), "{endless}");
        }
        for wrong in ["", "h", "24", "24 h", "-1h", "1.5h", "+1h", "1é"] {
            assert_eq!(seconds(wrong), None, "{wrong:?}");
        }
    }
}
