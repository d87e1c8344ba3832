"""What a finished run left: the ledger against the mails that arrived.

usage: state.py summary FOLDER           one line a subject, sorted: what was told, without what differs between runs
       state.py arrived FOLDER MAILDIR   fails unless the outbox and the Maildir hold the same Message-IDs
       state.py copies SAMPLE N FOLDER   N exports like the sample, each with declarations of its own
       state.py once FOLDER              fails if a finding is published twice, or a Message-ID stands twice in the outbox

FOLDER holds tidewaiter.yaml; TIDEWAITER names the binary. Standard library only.
"""

import email
import email.policy
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
from collections import Counter


def outbox(folder):
    command = [os.environ["TIDEWAITER"], "outbox", "-c", f"{folder}/tidewaiter.yaml", "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout)


def messages(maildir):
    for state in ("new", "cur"):
        for path in sorted(pathlib.Path(maildir, state).glob("*")):
            with path.open("rb") as file:
                yield email.message_from_binary_file(file, policy=email.policy.default)


def bare(message_id):
    return str(message_id).strip().strip("<>")


def summary(folder):
    for line in sorted(f"{row['recipient']}\t{row['subject']}" for row in outbox(folder) if row["kind"] == "alert"):
        print(line)
    for finding in findings(folder):
        print(finding)


def findings(folder):
    """Key and content of each published finding, sorted."""
    ledger = sqlite3.connect(f"{folder}/state/ledger.db", timeout=30)
    try:
        return sorted(f"{key} {content}" for key, content in ledger.execute("SELECT key, content FROM finding"))
    finally:
        ledger.close()


def arrived(folder, maildir):
    expected = {row["message_id"]: row for row in outbox(folder)}
    found = Counter(bare(message["Message-ID"]) for message in messages(maildir))
    expected = {bare(message_id): row for message_id, row in expected.items()}
    waiting = [row["subject"] for row in expected.values() if row["state"] != "delivered"]
    lost = [row["subject"] for message_id, row in expected.items() if message_id not in found]
    strange = [message_id for message_id in found if message_id not in expected]
    for fault, what in ((waiting, "not delivered"), (lost, "never arrived"), (strange, "not from the outbox")):
        if fault:
            sys.exit(f"{len(fault)} mails {what}: {fault[:5]}")
    if not expected:
        sys.exit("the outbox is empty: the sample should have raised alerts")
    print(f"{len(expected)} messages, {sum(found.values())} mails")


def once(folder):
    for what, values in (
        ("findings", findings(folder)),
        ("Message-IDs", [row["message_id"] for row in outbox(folder)]),
    ):
        twice = [value for value, count in Counter(values).items() if count > 1]
        if twice:
            sys.exit(f"{len(twice)} {what} twice: {twice[:5]}")


def copies(sample, count, folder):
    text = pathlib.Path(sample).read_bytes()
    for number in range(1, int(count) + 1):
        # The declaration's office is eight digits before the first slash; each copy gets an office of its own.
        renamed = text.replace(b"10999990/", b"109%05d/" % (80000 + number))
        pathlib.Path(folder, f"export-{number:02}.csv").write_bytes(renamed)


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    {"summary": summary, "copies": copies, "arrived": arrived, "once": once}[command](*arguments)
