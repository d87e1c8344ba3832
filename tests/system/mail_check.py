"""Hostile records, and what became of them in a mail, judged by parsers that are not ours.

  mail_check.py write EXPORT.jsonl      an export whose every cell is an attack on a mail, a page or a spreadsheet
  mail_check.py check MAIL…             each mail is whole by RFC 5322 and 2045, harmless, and shows what was written
"""

import csv
import email
import email.policy
import email.utils
import html.parser
import io
import json
import re
import sys

ATTACKS = {
    "a header": "SU-35\r\nBcc: everybody@example.org\r\n\r\nhello",
    "a formula": "=cmd|' /C calc'!A0",
    "a link formula": '@HYPERLINK("http://evil.example/","SU-35")',
    "a script": "<script>alert(1)</script>",
    "a picture": '<img src="http://evil.example/x.png" onerror="alert(1)">',
    "an end of comment": "--> ]]> </style></table></html>",
    "right to left": "SU-35 \u202egnp.exe",
    "emoji": "\U0001f6e9\ufe0f \U0001f469\u200d\U0001f680",
    "nothing": "SU-35\0\0",
    "a template": "{{ config }} {% raw %} ${7*7}",
    "an end of mail": "\r\n.\r\nQUIT\r\n",
    "an encoded word": "=?utf-8?B?QmNjOiBh?=",
    "a boundary": "--tidewaiter-alternative-0",
    "combining marks": "Z" + "\u0301" * 60,
    "a lone carriage return": "one\rBcc: x@example.org",
    "a megabyte": "SU-35 " + "радар " * 90_000,
}


def write(path):
    # JSON lines, since a cell of them may hold anything, NUL too.
    with open(path, "w", encoding="utf-8") as file:
        for number, attack in enumerate(ATTACKS.values(), 1):
            record = {"declaration_id": f"D-{number}", "item_number": 1, "declaration_date": "2022-10-24", "consignor": attack,
                      "consignee": 'АО "КРЭТ"', "description": f"{attack} СУ-35", "value_usd": "=1+1"}
            file.write(json.dumps(record) + "\n")


class Page(html.parser.HTMLParser):
    """What a mail program would load, run or follow."""

    def __init__(self):
        super().__init__()
        self.wrong, self.text = [], []

    def handle_starttag(self, tag, attributes):
        if tag in {"script", "img", "iframe", "object", "embed", "form", "input", "link", "base", "svg", "video", "audio"}:
            self.wrong.append(f"<{tag}>")
        for name, value in attributes:
            # The one address that a page names is the namespace or nothing at all.
            if name.startswith("on") or name in {"src", "srcset", "background", "action", "formaction"}:
                self.wrong.append(f"{name}=")
            if name == "href" and not (value or "").startswith("mailto:"):
                self.wrong.append(f"href={value}")
            if name == "style" and re.search(r"url\(|expression|@import", value or ""):
                self.wrong.append(f"style={value}")

    def handle_data(self, data):
        self.text.append(data)


def judge(path):
    raw = open(path, "rb").read()
    # RFC 5322 2.1 and 2.3: CRLF alone, lines of at most 998 octets; ASCII, since no extension was asked for.
    assert b"\r" not in raw.replace(b"\r\n", b"") and b"\n" not in raw.replace(b"\r\n", b""), "a bare CR or LF"
    assert raw.isascii() and b"\0" not in raw, "an octet beyond ASCII, or NUL"
    assert max(map(len, raw.split(b"\r\n"))) <= 998, "a line beyond 998 octets"
    mail = email.message_from_bytes(raw, policy=email.policy.SMTP.clone(raise_on_defect=True))
    for name in ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "List-Id", "Auto-Submitted"]:
        assert len(mail.get_all(name, [])) == 1, f"{name} stands {len(mail.get_all(name, []))} times"
    allowed = {"references", "in-reply-to", "content-type", "x-auto-response-suppress", "from", "to", "subject", "date",
               "message-id", "mime-version", "list-id", "auto-submitted"}
    foreign = [name for name in mail.keys() if name.lower() not in allowed and not name.startswith("X-Tidewaiter-")]
    assert not foreign, f"headers that nobody meant: {foreign}"
    assert len(mail["Subject"]) <= 120, "the subject is longer than 120 characters"
    assert re.fullmatch(r"<[!-;=?-~]+@[!-;=?-~]+>", str(mail["Message-ID"])), mail["Message-ID"]
    assert email.utils.parsedate_to_datetime(str(mail["Date"])) is not None
    assert len(mail["To"].addresses) == 1 and len(mail["From"].addresses) == 1
    parts = [part for part in mail.walk() if not part.is_multipart()]
    kinds = [part.get_content_type() for part in parts]
    assert kinds[:2] == ["text/plain", "text/html"] and set(kinds[2:]) <= {"text/csv", "image/png"}, kinds
    assert not any(part.defects for part in mail.walk()), [part.defects for part in mail.walk()]
    plain, page = parts[0].get_content(), parts[1].get_content()
    assert len(page.encode()) < 90 * 1024, f"the page has {len(page.encode())} bytes"
    reader = Page()
    reader.feed(page)
    assert not reader.wrong, reader.wrong
    for sheet in parts[2:]:
        if sheet.get_content_type() == "text/csv":
            for row in csv.reader(io.StringIO(sheet.get_content().removeprefix("\ufeff"))):
                for cell in row:
                    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r")), f"a cell that is a formula: {cell[:40]!r}"
    return plain, "".join(reader.text)


def shows(what, where, text):
    assert text in where, f"{what} is not shown: {text!r}"


csv.field_size_limit(1 << 30)


def main():
    command, *paths = sys.argv[1:]
    if command == "write":
        return write(paths[0])
    for path in paths:
        plain, page = judge(path)
        if "hostile" in path:
            for body in (plain, page):
                shows("a script", body, "<script>alert(1)</script>")
                shows("a formula", body, "=cmd|' /C calc'!A0")
                shows("emoji", body, "\U0001f6e9")
                shows("a template", body, "{{ config }}")
                shows("an injected header", body, "Bcc: everybody@example.org")
                assert "\u202e" not in body, "a mark that turns the reading order is not taken out"
    print(f"{len(paths)} mails judged")


main()
