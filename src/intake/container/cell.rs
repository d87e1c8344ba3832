//! Typed values of binary formats → the text that a person reads. Pure.

/// A number with all its digits and no exponent; what is whole has no fraction.
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return String::new();
    }
    // `{}` prints the shortest digits that read back as the same number, and never an exponent.
    let text = format!("{value}");
    match text.split_once('.') {
        // Beside cells that people typed as text, `37.796` could be thirty-seven thousand; `37.7960` could not.
        Some((whole, fraction)) if fraction.len() == 3 && whole.trim_start_matches('-').len() <= 3 => {
            format!("{text}0")
        }
        _ => text,
    }
}

/// A day as ISO 8601, with the clock where it is not midnight.
pub fn moment((year, month, day): (i32, u8, u8), (hour, minute, second): (u8, u8, u8)) -> String {
    let date = format!("{year:04}-{month:02}-{day:02}");
    if (hour, minute, second) == (0, 0, 0) {
        return date;
    }
    format!("{date}T{hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits() {
        for (value, text) in [
            (7_703_695_246.0, "7703695246"),
            (1_097_746_084_666.0, "1097746084666"),
            (8_807_300_000.0, "8807300000"),
            (0.1, "0.1"),
            (37.796, "37.7960"),
            (4792.752, "4792.752"),
            (1e21, "1000000000000000000000"),
            (f64::NAN, ""),
        ] {
            assert_eq!(number(value), text);
        }
        assert_eq!(moment((2022, 10, 24), (0, 0, 0)), "2022-10-24");
        assert_eq!(moment((2022, 10, 24), (23, 5, 0)), "2022-10-24T23:05:00");
    }
}
