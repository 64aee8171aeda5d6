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
}
