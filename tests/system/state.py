"""What a finished run left: the ledger against the mails that arrived.

usage: state.py summary FOLDER           one line a subject, sorted: what was told, without what differs between runs
       state.py arrived FOLDER MAILDIR   fails unless the outbox and the Maildir hold the same Message-IDs
       state.py once FOLDER              fails if a finding is published twice, or a Message-ID stands twice in the outbox
       state.py whole FOLDER MAILDIR     all of the above, and what the operators were told, and where each file lies
       state.py copies SAMPLE N FOLDER   N exports like the sample, each with declarations of its own
       state.py exports FOLDER           four small exports, which come to every end that a file can come to by itself

FOLDER holds tidewaiter.yaml; TIDEWAITER names the binary. Standard library only.
"""

import email
import email.policy
import functools
import hashlib
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
from collections import Counter


@functools.cache
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
    print(f"{len(expected)} messages, {sum(found.values())} mails", file=sys.stderr)


def once(folder):
    for what, values in (
        ("findings", findings(folder)),
        ("Message-IDs", [row["message_id"] for row in outbox(folder)]),
    ):
        twice = [value for value, count in Counter(values).items() if count > 1]
        if twice:
            sys.exit(f"{len(twice)} {what} twice: {twice[:5]}")


def whole(folder, maildir):
    summary(folder)
    once(folder)
    arrived(folder, maildir)
    for subject in sorted(row["subject"] for row in outbox(folder) if row["kind"] == "operator"):
        print(f"operators: {subject.replace(str(folder), '')}")
    drop = pathlib.Path(folder, "drop")
    for path in sorted(path for path in drop.rglob("*") if path.is_file()):
        # Files are done in the month of the run.
        print("file:", re.sub(r"done/\d+/\d+/", "done/", str(path.relative_to(drop))))


def exports(folder):
    """Published with a reject; overlapping, with a repeated, an amended and a new line; the same bytes again; noise."""
    head = "Declaration,Item,Date,Consignor,Consignee,HS,Goods,USD\n"
    su_35 = "D-1,1,2022-10-24,AVIC INTERNATIONAL HOLDING CORP,АО «КРЭТ»,8807300000,ЗАПЧАСТИ ДЛЯ САМОЛЁТА СУ-35,1200000\n"
    m_17 = "D-2,1,2022-08-31,POLY TECHNOLOGIES INC,АО РОСОБОРОНЭКСПОРТ,8526912000,ПРИБОР НАВИГАЦИОННЫЙ М-17,500\n"
    quiet = "D-3,1,2022-10-24,SAMPLE TRADING CO,ООО «ПРИМЕР-САД 28»,9503007500,ИГРУШКА,100\n"
    reject = "D-4,1,2022-10-24,SAMPLE TRADING CO,ООО «ПРИМЕР-САД 28»,9503007500,ИГРУШКА,100,one,cell,too,many\n"
    first = head + su_35 + m_17 + quiet + reject
    second = head + su_35 + m_17.replace(",500", ",700") + su_35.replace("D-1", "D-5")
    for name, text in (("1-first", first), ("2-overlapping", second), ("3-again", first)):
        pathlib.Path(folder, f"{name}.csv").write_text(text)
    noise = b"".join(hashlib.sha256(bytes([n])).digest() for n in range(64))
    pathlib.Path(folder, "4-noise.csv").write_bytes(noise)


def copies(sample, count, folder):
    text = pathlib.Path(sample).read_bytes()
    for number in range(1, int(count) + 1):
        # The declaration's office is eight digits before the first slash; each copy gets an office of its own.
        renamed = text.replace(b"10999990/", b"109%05d/" % (80000 + number))
        pathlib.Path(folder, f"export-{number:02}.csv").write_bytes(renamed)


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    commands = (summary, arrived, once, whole, copies, exports)
    {function.__name__: function for function in commands}[command](*arguments)
