//! Sizes as the manifest writes them: `64KiB`, `4MiB`.

/// The bytes that a text stands for, [`u64::MAX`] when they are more than can be counted; `None` when
/// it isn't a number and a unit.
pub fn bytes(text: &str) -> Option<u64> {
    let (digits, unit) = text.split_at(text.find(|letter: char| !letter.is_ascii_digit())?);
    let factor = match unit {
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        _ => return None,
    };
    if digits.is_empty() {
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

/// The same the other way, in the largest unit that fits.
pub fn text(bytes: u64) -> String {
    match bytes {
        whole if whole >= 1 << 20 && whole.is_multiple_of(1 << 20) => {
            format!("{}MiB", whole >> 20)
        }
        rest => format!("{}KiB", rest >> 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_a_number_and_a_unit() {
        for (count, written) in [
            (65_536, "64KiB"),
            (1_572_864, "1536KiB"),
            (4_194_304, "4MiB"),
        ] {
            assert_eq!(bytes(written), Some(count));
            assert_eq!(text(count), written);
        }
        assert_eq!(bytes("1024KiB"), bytes("1MiB"));
        for endless in ["99999999999999999999KiB", "18446744073709551615MiB"] {
            assert_eq!(bytes(endless), Some(u64::MAX), "{endless}");
        }
        for wrong in [
            "",
            "4",
            "MiB",
            "4 MiB",
            "4MB",
            "4mib",
            "4M",
            "-1MiB",
            "1.5MiB",
            "\u{664}MiB",
        ] {
            assert_eq!(bytes(wrong), None, "{wrong:?}");
        }
    }
}
