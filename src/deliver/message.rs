//! Message: headers and parts → one RFC 5322 message, byte for byte the same whenever it is built from the same letter.
//!
//! The bytes are ASCII with CRLF line ends. No header takes a control character, wherever its text comes from.

use std::time::{Duration, SystemTime};

use lettre::Address;
use lettre::message::header::{ContentDisposition, ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, Message, MultiPart, SinglePart};

use super::{MessageError, Sender};
use crate::notification::{Kind, Notification};
use crate::prose::clean;
use crate::value::is_mail_address;

const SUBJECT: usize = 120;
/// Threads that one message joins.
const MOST_ROOTS: usize = 20;

/// Everything that makes a message.
pub(super) struct Parts<'a> {
    pub kind: Kind,
    pub recipient: &'a str,
    pub roots: &'a [String],
    pub now: jiff::Timestamp,
    pub id: uuid::Uuid,
    pub subject: String,
    pub headers: Vec<(&'static str, String)>,
    pub text: String,
    pub html: String,
}

/// A file that goes along, and the two bodies to use when it stays behind.
pub(super) struct Enclosure {
    pub name: String,
    pub csv: Vec<u8>,
    pub text_without: String,
    pub html_without: String,
}

/// Builds the message, and its twin without the enclosure.
pub(super) fn notification(
    parts: &Parts,
    enclosure: Option<Enclosure>,
    sender: &Sender,
) -> Result<Notification, MessageError> {
    let from = sender.mailbox()?;
    let to = bare(parts.recipient)?;
    let builder = || builder(parts, &from, &to, sender);
    let bare_body = |text: &str, html: &str| builder().multipart(alternative(parts.id, text, html)?).map_err(assembly);
    let (message, without_attachment) = match enclosure {
        None => (bare_body(&parts.text, &parts.html)?, None),
        Some(enclosure) => {
            let without = bare_body(&enclosure.text_without, &enclosure.html_without)?;
            let mixed = MultiPart::mixed()
                .boundary(format!("tidewaiter-mixed-{}", parts.id.simple()))
                .multipart(alternative(parts.id, &parts.text, &parts.html)?)
                .singlepart(attached(enclosure)?);
            (builder().multipart(mixed).map_err(assembly)?, Some(without.formatted()))
        }
    };
    Ok(Notification {
        message_id: message_id(parts.id, sender),
        kind: parts.kind,
        recipient: to.email.to_string(),
        sender: from.email.to_string(),
        subject: subject_line(&parts.subject),
        message: message.formatted(),
        without_attachment,
    })
}

/// Without angle brackets.
pub(super) fn message_id(id: uuid::Uuid, sender: &Sender) -> String {
    format!("{}@{}", id.hyphenated(), host(&sender.host))
}

/// Builds a message that carries other parts besides its text.
pub(super) fn enclosing(
    parts: &Parts,
    sender: &Sender,
    enclose: impl FnOnce(MultiPart) -> Result<MultiPart, MessageError>,
) -> Result<Notification, MessageError> {
    let from = sender.mailbox()?;
    let to = bare(parts.recipient)?;
    let mixed = MultiPart::mixed().boundary(format!("tidewaiter-mixed-{}", parts.id.simple())).multipart(alternative(
        parts.id,
        &parts.text,
        &parts.html,
    )?);
    let message = builder(parts, &from, &to, sender).multipart(enclose(mixed)?).map_err(assembly)?;
    Ok(Notification {
        message_id: message_id(parts.id, sender),
        kind: parts.kind,
        recipient: to.email.to_string(),
        sender: from.email.to_string(),
        subject: subject_line(&parts.subject),
        message: message.formatted(),
        without_attachment: None,
    })
}

fn builder(parts: &Parts, from: &Mailbox, to: &Mailbox, sender: &Sender) -> lettre::message::MessageBuilder {
    let host = host(&sender.host);
    let mut builder = Message::builder()
        .from(from.clone())
        .to(to.clone())
        .subject(subject_line(&parts.subject))
        .date(date(parts.now))
        .message_id(Some(format!("<{}>", message_id(parts.id, sender))));
    let roots: Vec<String> = parts.roots.iter().filter_map(|root| message_id_of(root)).take(MOST_ROOTS).collect();
    if let Some(first) = roots.first() {
        builder = builder.in_reply_to(first.clone()).references(roots.join(" "));
    }
    let fixed = [
        ("List-Id", format!("<alerts.tidewaiter.{host}>")),
        ("Auto-Submitted", "auto-generated".to_owned()),
        ("X-Auto-Response-Suppress", "All".to_owned()),
    ];
    for (name, value) in fixed.into_iter().chain(parts.headers.iter().cloned()) {
        let value = HeaderValue::new(HeaderName::new_from_ascii_str(name), clean(&value, 2000));
        builder = builder.raw_header(value);
    }
    builder
}

fn alternative(id: uuid::Uuid, text: &str, html: &str) -> Result<MultiPart, MessageError> {
    Ok(MultiPart::alternative()
        .boundary(format!("tidewaiter-alternative-{}", id.simple()))
        .singlepart(printable(ContentType::TEXT_PLAIN, text)?)
        .singlepart(printable(ContentType::TEXT_HTML, html)?))
}

fn printable(content_type: ContentType, text: &str) -> Result<SinglePart, MessageError> {
    let body = Body::new_with_encoding(text.to_owned(), ContentTransferEncoding::QuotedPrintable);
    let body = body.map_err(|_| MessageError::Assembly { reason: "a body cannot be encoded".to_owned() })?;
    Ok(SinglePart::builder().header(content_type).body(body))
}

fn attached(enclosure: Enclosure) -> Result<SinglePart, MessageError> {
    let content_type = ContentType::parse("text/csv; charset=utf-8; header=present");
    let content_type = content_type.map_err(|error| MessageError::Assembly { reason: error.to_string() })?;
    let body = Body::new_with_encoding(enclosure.csv, ContentTransferEncoding::Base64);
    let body = body.map_err(|_| MessageError::Assembly { reason: "the CSV cannot be encoded".to_owned() })?;
    let disposition = ContentDisposition::attachment(&enclosure.name);
    Ok(SinglePart::builder().header(content_type).header(disposition).body(body))
}

fn assembly(error: lettre::error::Error) -> MessageError {
    MessageError::Assembly { reason: error.to_string() }
}

/// The subject as it goes out: one line, at most 120 characters.
pub(super) fn subject_line(subject: &str) -> String {
    clean(subject, SUBJECT)
}

/// A recipient is a bare ASCII address: what a relay without SMTPUTF8 can take.
fn bare(address: &str) -> Result<Mailbox, MessageError> {
    let fail = |reason: String| MessageError::Address { address: clean(address, 200), reason };
    if !is_mail_address(address) {
        return Err(fail("a bare address in ASCII can be delivered everywhere, and nothing else".to_owned()));
    }
    let address = address.parse::<Address>().map_err(|error| fail(error.to_string()))?;
    Ok(Mailbox::new(None, address))
}

/// Whether an address is one that [`notification`] takes.
pub(super) fn is_bare(address: &str) -> bool {
    bare(address).is_ok()
}

impl Sender {
    /// The sender's display name and address.
    pub(super) fn mailbox(&self) -> Result<Mailbox, MessageError> {
        let fail = |reason: String| MessageError::Address { address: clean(&self.from, 200), reason };
        let mailbox: Mailbox = clean(&self.from, 300).parse().map_err(|error| fail(format!("{error}")))?;
        bare(mailbox.email.as_ref())?;
        Ok(mailbox)
    }
}

fn host(host: &str) -> String {
    let host: String = host.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')).take(200).collect();
    let host = host.trim_matches(['.', '-']);
    if host.is_empty() { "localhost".to_owned() } else { host.to_owned() }
}

/// A Message-ID in angle brackets, `None` when it could not be one.
fn message_id_of(id: &str) -> Option<String> {
    let id = id.trim().trim_start_matches('<').trim_end_matches('>');
    let clean =
        id.len() <= 250 && id.contains('@') && id.chars().all(|c| c.is_ascii_graphic() && !"<>()\"".contains(c));
    clean.then(|| format!("<{id}>"))
}

/// The header's date format has four digits for the year and nothing before 1970.
fn date(now: jiff::Timestamp) -> SystemTime {
    let seconds = u64::try_from(now.as_second()).unwrap_or(0).min(253_402_300_799);
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// A part of a message that this module built, by its kind, such as `text/html`; empty when there is none.
pub(super) fn part(message: &[u8], kind: &str) -> String {
    let text = String::from_utf8_lossy(message);
    let wanted = format!("Content-Type: {kind}");
    let found = text
        .split("\r\n--tidewaiter-")
        .find_map(|part| part.split_once("\r\n\r\n").filter(|(head, _)| head.contains(&wanted)));
    let Some((head, body)) = found else { return String::new() };
    let body = match head.contains("quoted-printable") {
        true => String::from_utf8_lossy(&unquoted(body.as_bytes())).into_owned(),
        false => body.to_owned(),
    };
    body.replace("\r\n", "\n")
}

/// Quoted-printable decoded (RFC 2045, 6.7); what is not encoded properly stays as it is.
fn unquoted(text: &[u8]) -> Vec<u8> {
    let hex =
        |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16)).and_then(|n| u8::try_from(n).ok());
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != b'=' {
            out.push(byte);
        } else if let Some(after) = tail.strip_prefix(b"\r\n") {
            rest = after;
        } else if let (Some(high), Some(low)) = (hex(tail.first()), hex(tail.get(1))) {
            out.push(high * 16 + low);
            rest = tail.get(2..).unwrap_or(&[]);
        } else {
            out.push(byte);
        }
    }
    out
}
