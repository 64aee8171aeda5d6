//! Spans of time as the manifest writes them: `90s`, `30m`, `24h`, `7d`.

/// The seconds that a text stands for; `None` when it isn't a number and a unit.
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
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

/// Seconds in the largest unit that divides them: `86400` is `1d`.
pub fn text(seconds: u64) -> String {
    for (factor, unit) in [(86_400, 'd'), (3_600, 'h'), (60, 'm')] {
        if seconds != 0 && seconds.is_multiple_of(factor) {
            return format!("{}{unit}", seconds / factor);
        }
    }
    format!("{seconds}s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_a_number_and_a_unit() {
        assert_eq!(seconds("24h"), Some(86_400));
        assert_eq!(seconds("90s"), Some(90));
        assert_eq!(seconds("7d"), Some(604_800));
        for wrong in [
            "",
            "h",
            "24",
            "24 h",
            "-1h",
            "1.5h",
            "+1h",
            "1é",
            "99999999999999999999d",
        ] {
            assert_eq!(seconds(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn text_is_the_inverse() {
        for value in [1, 59, 60, 3_600, 5_400, 86_400, 604_800] {
            assert_eq!(seconds(&text(value)), Some(value));
        }
        assert_eq!(text(604_800), "7d");
    }
}
