//! A text → whether it is a mail address that every relay takes: a bare one, in ASCII. Nothing is asked of the network.

use email_address::{EmailAddress, Options};

/// Whether mail can be made for an address, as RFC 5321 writes it, without a display name.
pub fn is_mail_address(text: &str) -> bool {
    let is_plain = text.chars().all(|c| c.is_ascii_graphic());
    is_plain && EmailAddress::parse_with_options(text, Options::default().without_display_text()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_ascii_address_is_one_and_nothing_else() {
        for good in ["a@example.org", "first.last+tag@mail.example.org", "analysts@localhost", "a@[127.0.0.1]"] {
            assert!(is_mail_address(good), "{good}");
        }
        for bad in [
            "",
            "jane",
            "@example.org",
            "jane@",
            "jane@@example.org",
            "a b@example.org",
            "Jane<a@example.org>",
            "a@example.org,b@example.org",
            "почта@example.org",
            "a@example..org",
            "a\r\n@example.org",
        ] {
            assert!(!is_mail_address(bad), "{bad}");
        }
    }
}
