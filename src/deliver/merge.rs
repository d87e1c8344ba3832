//! Merge: several mails that wait for one recipient → one mail that lists them and carries each whole. Pure.
//!
//! Nothing is left out: every mail goes along as it is, with its Message-ID. The bytes are ASCII with CRLF line ends.

use lettre::message::header::{ContentTransferEncoding, ContentType};
use lettre::message::{Body, SinglePart};

use super::message::{Parts, enclosing};
use super::templates::Templates;
use super::{MessageError, OperatorLetter, Sender, letter};
use crate::notification::{Kind, Notification};
use crate::prose::words::counted;

const FOOT: &str = "Each mail goes along whole, as it would have come by itself.";

/// Whether a mail tells of something critical: such a one goes out by itself.
pub fn is_critical(message: &[u8]) -> bool {
    let head = message.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(message.len());
    let head = String::from_utf8_lossy(message.get(..head).unwrap_or(message));
    let mut lines = head.lines();
    lines.any(|line| {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        name.eq_ignore_ascii_case("X-Tidewaiter-Level") && value.to_ascii_lowercase().contains("critical")
    })
}

/// One mail in the place of several; `letter` says whose it is, when it is made and why there are several.
///
/// # Errors
/// An address that cannot be delivered to.
pub fn merged_letter(
    told: &OperatorLetter,
    mails: &[Notification],
    (sender, templates): (&Sender, &Templates),
) -> Result<Notification, MessageError> {
    let (text, html) = letter::operator_bodies(told, FOOT, (sender, templates))?;
    let parts = Parts {
        kind: Kind::Alert,
        recipient: told.recipient,
        roots: &[],
        now: told.now,
        id: told.id,
        subject: told.subject.to_owned(),
        headers: vec![("X-Tidewaiter-Merged", counted(mails.len() as u64, "mail"))],
        text,
        html,
    };
    let with = |message: &dyn Fn(&Notification) -> Vec<u8>| {
        enclosing(&parts, sender, |mixed| {
            mails.iter().try_fold(mixed, |mixed, mail| Ok(mixed.singlepart(inside(message(mail))?)))
        })
    };
    let small = |mail: &Notification| mail.without_attachment.as_ref().unwrap_or(&mail.message).clone();
    // A relay that finds the whole too large gets every mail without its table.
    let twin = mails.iter().any(|mail| mail.without_attachment.is_some()).then(|| with(&small)).transpose()?;
    let merged = with(&|mail| mail.message.clone())?;
    Ok(Notification { without_attachment: twin.map(|twin| twin.message), ..merged })
}

/// A mail inside a mail (RFC 2046, 5.2.1): in no other encoding than its own, which is seven bits.
fn inside(message: Vec<u8>) -> Result<SinglePart, MessageError> {
    let content_type = ContentType::parse("message/rfc822");
    let content_type = content_type.map_err(|error| MessageError::Assembly { reason: error.to_string() })?;
    // Every message of ours is ASCII with short lines (`mail_tests` hold it), and nothing may be encoded here.
    let body = Body::dangerous_pre_encoded(message, ContentTransferEncoding::SevenBit);
    Ok(SinglePart::builder().header(content_type).body(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_critical_by_its_head_alone() {
        assert!(is_critical(b"Subject: a\r\nX-Tidewaiter-Level: critical\r\n\r\nb"));
        assert!(!is_critical(b"X-Tidewaiter-Level: high\r\n\r\nX-Tidewaiter-Level: critical"));
        assert!(!is_critical(b""));
    }
}
