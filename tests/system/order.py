"""The order of writes, syncs and renames in a run that nobody disturbed: what a power cut may take away.

usage: order.py FOLDER TRACE PAYLOADS maildir|relay   what stop_at.c wrote; fails with each rule that was broken

`said(W, state)` is a write to the ledger's log whose bytes hold a file's name in work/ followed by that state, as a row
of the table `file` holds them; it counts from the moment at which the log was synced after it.

 1  claim     said(W, claiming) counts before drop/… is renamed to work/W: the intent is written before the move.
 2  claimed   after that rename, the file, work/ and the drop folder are synced before said(W, work) is written.
 3  published said(W, finishing), which is the publication, and said(W, done) count before work/W is renamed to done/…
 4  ended     said(W, failed) counts before work/W is renamed to failed/…, said(W, duplicate) before duplicates/…
 5  moved     after each rename both folders are synced, the new one first, before the program ends.
 6  beside    what is written beside a file (….error.json, ….rejected.csv) is synced before it is renamed to its name.
 7  mail      a mail is synced in tmp/ before it is renamed to new/.
 8  delivered after that rename, new/ is synced before the ledger's log says `new/NAME`.
 9  commits   no thread writes to the log of the ledger while what another wrote to it before is not synced.

Each rule says how often it was looked at, and fails if it was never. That the rules notice something is shown each time:
every kind of sync, and every kind of write to the ledger's log, is left out of the trace in turn, and a rule must break.
"""

import copy
import pathlib
import sys
from collections import Counter

class Run:
    """The events in their order. Times are places in the trace."""

    def __init__(self, folder, trace, payloads):
        self.folder = folder
        self.bytes = pathlib.Path(payloads).read_bytes()
        self.calls = {}
        self.length = 0
        for line in pathlib.Path(trace).read_text(errors="surrogateescape").splitlines():
            self.length += 1
            what, *rest = line.split("\t")
            if what == "begin":
                number, thread, call, path, path2, offset, size = rest
                below = [self.below(path), self.below(path2)]
                payload = (int(offset), int(offset) + int(size))
                self.calls[number] = {
                    "call": call, "thread": thread, "from": below[0], "to": below[1],
                    "bytes": payload, "began": self.length, "ended": None, "ok": False,
                }  # fmt: skip
            elif what == "end":
                self.calls[rest[0]]["ended"] = self.length
                self.calls[rest[0]]["ok"] = int(rest[1]) >= 0

    def without(self, left_out):
        """The same run, had these calls never been made."""
        other = copy.copy(self)
        other.calls = {number: call for number, call in self.calls.items() if not left_out(call)}
        return other

    def below(self, path):
        return path.removeprefix(f"{self.folder}/")

    def done(self, *names):
        return [call for call in self.calls.values() if call["call"] in names and call["ok"]]

    def syncs(self, path):
        return [call for call in self.done("fsync", "fdatasync") if call["from"] == path]

    def synced(self, path, after, before):
        """Whether a sync of the path began after one moment and had ended by the other."""
        return any(call["began"] > after and call["ended"] < before for call in self.syncs(path))

    def log_writes(self):
        return [call for call in self.done("pwrite64", "write", "pwritev", "writev") if call["from"].endswith("ledger.db-wal")]

    def says(self, call, state):
        works = [move["to"].rsplit("/", 1)[1] for move in self.done("renameat2", "rename") if "/work/" in move["to"]]
        texts = [f"{work}{state}".encode(errors="surrogateescape") for work in works]
        return any(self.bytes.find(text, *call["bytes"]) >= 0 for text in texts)

    def writes_with(self, text):
        return [call for call in self.log_writes() if self.bytes.find(text, *call["bytes"]) >= 0]

    def counts_before(self, text, moment):
        log = {call["from"] for call in self.log_writes()}
        return any(self.synced(path, write["ended"], moment) for write in self.writes_with(text) for path in log)


def is_sync_of(*endings):
    return lambda call: call["call"] in ("fsync", "fdatasync") and any(call["from"].endswith(end) for end in endings)


def prove(run):
    """What no rule notices when it is left out."""
    files = {move["to"] for move in run.done("renameat2", "rename") if "/work/" in move["to"]}
    kinds = {
        "syncs of the ledger's log": is_sync_of("ledger.db-wal"),
        "syncs of the drop folder": is_sync_of("drop"),
        "syncs of work/": is_sync_of("/work"),
        "syncs of claimed files": lambda call: call["call"] in ("fsync", "fdatasync") and call["from"] in files,
        "syncs of failed/": is_sync_of("/failed"),
        "syncs of duplicates/": is_sync_of("/duplicates"),
        "syncs of the month in done/": lambda call: is_sync_of("")(call) and "/done/" in call["from"],
        "syncs of reasons": lambda call: is_sync_of("")(call) and call["from"].endswith(".part"),
        "syncs of rejected rows": is_sync_of(".rejected.csv"),
        "syncs of mails": lambda call: is_sync_of("")(call) and "/tmp/" in call["from"].removeprefix("/"),
    }
    for state in ("claiming", "finishing", "done", "failed", "duplicate"):
        kinds[f"what says {state}"] = lambda call, s=state: call["from"].endswith("-wal") and run.says(call, s)
    return [kind for kind, left_out in kinds.items() if not check(run.without(left_out))[1]]


def parent(path):
    return path.rsplit("/", 1)[0]


def check(run):
    looked, broken = Counter(), []

    def rule(name, holds, about):
        looked[name] += 1
        if not holds:
            broken.append(f"{name}: {about}")

    def said(work, *states):
        return [f"{work}{state}".encode(errors="surrogateescape") for state in states]

    for move in run.done("rename", "renameat", "renameat2"):
        source, target = move["from"], move["to"]
        name = target.rsplit("/", 1)[1]
        if "/work/" in target:
            rule("claim", any(run.counts_before(text, move["began"]) for text in said(name, "claiming")), source)
            for text in said(name, "work"):
                for write in run.writes_with(text):
                    for path in (target, parent(target), parent(source)):
                        rule("claimed", run.synced(path, move["ended"] if path != target else 0, write["began"]), path)
        ends = {"/done/": ("finishing", "done"), "/failed/": ("failed",), "/duplicates/": ("duplicate",)}
        for place, states in ends.items():
            work = source.rsplit("/", 1)[1]
            if place in target and "/work/" in source and not work.endswith(".rejected.csv"):
                kind = "published" if place == "/done/" else "ended"
                rule(kind, all(run.counts_before(text, move["began"]) for text in said(work, *states)), target)
        if "/work/" in source or "/work/" in target:
            first = [call for call in run.syncs(parent(target)) if call["began"] > move["ended"]]
            second = [call for call in run.syncs(parent(source)) if call["began"] > move["ended"]]
            inside = bool(first and second) and first[0]["ended"] < second[-1]["began"]
            rule("moved", inside, target)
        if target.endswith((".error.json", ".rejected.csv")):
            rule("beside", run.synced(source, 0, move["began"]), target)
        if parent(target).endswith("/new"):
            rule("mail", run.synced(source, 0, move["began"]), target)
            for write in run.writes_with(f"new/{name}".encode()):
                rule("delivered", run.synced(parent(target), move["ended"], write["began"]), target)

    before = None
    for write in sorted(run.log_writes(), key=lambda call: call["began"]):
        if before and before["thread"] != write["thread"]:
            rule("commits", run.synced(before["from"], before["ended"], write["began"]), f"line {write['began']}")
        before = write
    return looked, broken


if __name__ == "__main__":
    *traced, transport = sys.argv[1:]
    run = Run(*traced)
    looked, broken = check(run)
    broken += [f"no rule notices when these are left out: {kind}" for kind in prove(run)]
    # With a relay, mail stands in a folder only as a copy for the operators, which the ledger does not speak of.
    wanted = ["claim", "claimed", "published", "ended", "moved", "beside", "mail", "commits"]
    wanted += ["delivered"] if transport == "maildir" else []
    broken += [f"{name}: never looked at" for name in wanted if not looked[name]]
    print(", ".join(f"{name} {looked[name]}" for name in wanted))
    if broken:
        sys.exit("the order was broken:\n" + "\n".join(broken))
