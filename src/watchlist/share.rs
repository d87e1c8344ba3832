//! What a list says of a stake: how much, and of what kind. In: texts such as `51 %`, `25-50`, `>= 50`. Out: an
//! interval, or `None` where the share is not known. It never makes a number out of an unknown share.
use crate::value::Decimal;
use std::str::FromStr;

/// A share in per cent, as an interval with both ends in it unless `below`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) least: Decimal,
    pub(super) most: Decimal,
    /// The upper end itself is excluded: `< 50`.
    pub(super) below: bool,
}

/// Of what kind a stake is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Kind {
    /// Shares; `subsidiary` is read as this.
    Own,
    /// Control by other means than shares: it never counts as a share.
    Control,
    /// The list does not say.
    #[default]
    Unknown,
}

impl Share {
    pub(super) fn exactly(percent: Decimal) -> Share {
        Share { least: percent, most: percent, below: false }
    }

    pub(super) fn between(least: Option<Decimal>, most: Option<Decimal>) -> Share {
        Share { least: least.unwrap_or(Decimal::ZERO), most: most.unwrap_or(Decimal::ONE_HUNDRED), below: false }
    }

    /// `51`, `51 %`, `25-50`, `>= 50`, `> 50`, `< 50`; `Ok(None)` for an unknown share, `Err` when it is no share.
    pub(super) fn read(written: &str) -> Result<Option<Share>, ()> {
        let text: String = written.chars().filter(|c| !c.is_whitespace() && *c != '%').collect();
        let text = text.replace(',', ".").replace('≥', ">=").replace('≤', "<=").replace('–', "-");
        if text.is_empty() || ["null", "~", "-", "unknown"].contains(&text.to_lowercase().as_str()) {
            return Ok(None);
        }
        let share = if let Some(least) = text.strip_prefix(">=").or_else(|| text.strip_prefix('>')) {
            Share::between(Some(percent(least)?), None)
        } else if let Some(most) = text.strip_prefix("<=") {
            Share::between(None, Some(percent(most)?))
        } else if let Some(most) = text.strip_prefix('<') {
            Share { below: true, ..Share::between(None, Some(percent(most)?)) }
        } else if let Some((least, most)) = text.split_once('-') {
            Share::between(Some(percent(least)?), Some(percent(most)?))
        } else {
            Share::exactly(percent(&text)?)
        };
        if share.least > share.most { Err(()) } else { Ok(Some(share)) }
    }

    /// `25 %`, `25 to 50 %`, `50 % or more`, `less than 50 %`.
    pub(super) fn words(&self) -> String {
        let (least, most) = (self.least.normalize(), self.most.normalize());
        if least == most {
            return format!("{least} %");
        }
        match (least.is_zero(), most == Decimal::ONE_HUNDRED, self.below) {
            (true, _, true) => format!("less than {most} %"),
            (true, _, false) => format!("{most} % or less"),
            (false, true, false) => format!("{least} % or more"),
            (false, _, true) => format!("{least} to less than {most} %"),
            (false, false, false) => format!("{least} to {most} %"),
        }
    }
}

fn percent(text: &str) -> Result<Decimal, ()> {
    let number = Decimal::from_str(text).map_err(|_| ())?;
    if number.is_sign_negative() || number > Decimal::ONE_HUNDRED { Err(()) } else { Ok(number) }
}

impl Kind {
    /// The kind of that word; `None` for a word that is none.
    pub(super) fn from_word(word: &str) -> Option<Kind> {
        match word.trim().to_lowercase().as_str() {
            "own" | "owns" | "ownership" | "subsidiary" => Some(Kind::Own),
            "control" | "controls" | "controlled" => Some(Kind::Control),
            "" | "unknown" => Some(Kind::Unknown),
            _ => None,
        }
    }

    /// The stake in words: `51 %`, `subsidiary, share unknown`, `controlled, 25 %`.
    pub(super) fn words(self, share: Option<Share>) -> String {
        match (self, share) {
            (Kind::Own, None) => "subsidiary, share unknown".to_owned(),
            (Kind::Own | Kind::Unknown, Some(share)) => share.words(),
            (Kind::Unknown, None) => "share unknown".to_owned(),
            (Kind::Control, None) => "controlled, share unknown".to_owned(),
            (Kind::Control, Some(share)) => format!("controlled, {}", share.words()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_exact_an_interval_or_unknown() {
        let words = |text: &str| Share::read(text).map(|share| share.map_or("unknown".to_owned(), |one| one.words()));
        for (text, expected) in [
            ("51", "51 %"),
            ("51,5 %", "51.5 %"),
            ("25-50", "25 to 50 %"),
            (">= 50", "50 % or more"),
            ("≤25", "25 % or less"),
            ("<50", "less than 50 %"),
            ("", "unknown"),
            ("unknown", "unknown"),
            ("0", "0 %"),
        ] {
            assert_eq!(words(text), Ok(expected.to_owned()), "{text}");
        }
        for wrong in ["101", "-5", "half", "50-25", ">", "1e9", "10-20-30"] {
            assert!(words(wrong).is_err(), "{wrong}");
        }
    }
}
