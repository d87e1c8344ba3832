"""Generated Sigma rules over generated records: what tidewaiter finds against what pySigma's SQLite backend finds.

In: the tidewaiter binary, a scratch folder, docs/rules.md. Out: counts, and exit code 1 on any difference that is not
one of the documented CLASSES. A class is a change to the SQLite side, never a look at tidewaiter's answers: with all of
them the two must agree on every rule and row; without one, the pairs that change are counted as its own.
"""

import functools
import json
import os
import random
import re
import sqlite3
import subprocess
import sys
import unicodedata
from collections import Counter
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from sigma.backends.sqlite import sqliteBackend
from sigma.collection import SigmaCollection
from sigma.exceptions import SigmaError

RULES, RECORDS = 2000, 200
SEED = int(os.environ.get("SIGMA_SEED", "35"))

# The documented differences, by the words that docs/rules.md has for them.
CLASSES = {
    "letters": "Letter case beyond ASCII",
    "blanks": "Blanks and missing cells",
    "numbers": "Numbers and dates",
    "keywords": "Keywords",
    "scalars": "Unquoted values",
}

TEXTS = ["Goods", "Firm", "Brand"]  # read as fields of text, so that keywords look there
OTHERS = ["Note", "Code"]  # raw alone
AMOUNTS = ["Amount", "Weight"]
COLUMNS = ["Nr", *TEXTS, *OTHERS, *AMOUNTS, "Day"]
LAYOUT = """layout: sigma
fields:
  packages: [Nr]
  description: [Goods]
  consignee.name: [Firm]
  brand: [Brand]
"""

WORDS = [
    "Radar parts", "RADAR PARTS", "radar", "Pump 6\"", "O'Neil & Sons", "100% cotton", "a_b", "a*b", "a?b", "a\\b", "a\\\\b",
    "C:\\dir\\*", "[x]", "x[y]z", "two\nlines", "tab\there", "Su-35", "SU-35", "Насос", "НАСОС", "насос водяной", "café",
    "cafe\u0301", "CAFÉ", "Straße", "STRASSE", "\u212aelvin", "ΣΑΣ", "σας", "ёлка", "ЕЛКА", "中国", "Flanker-E kit", "kit",
]
CODES = ["NO", "no", "yes", "true", "false", "0102", "66", "1e5", "1.50", "1.5", "~", "null", "10", "12345678901234567890", "N/A"]
NUMBERS = ["0", "5", "10", "10.0", "1500", "1500.50", "1,500.50", "1 500", "-3", "99.5", "12 kg", "n/a", "USD 7", "1,5"]
DAYS = ["2022-10-24", "2022-12-31", "2021-01-03", "2020-12-31", "24.10.2022", "2022-10", "soon"]
BLANKS = ["", "", "", " ", "\t"]
PATTERNS = [
    "radar", "^Radar", "parts$", "[Ss][Uu]-?35", "a.b", "(pump|kit)", "\\d+", "насос( водяной)?", "t.h", "^two", "lines$", "two.lines",
    "x\\[y\\]", "k", "\\\\", "o'neil", "[0-9]{4}", "e+",
]


# --- what is tried -------------------------------------------------------------------------------------------------


def records(rng):
    """Rows by column; each has a number of its own."""
    rows = []
    for number in range(RECORDS):
        row = {"Nr": str(number + 1)}
        for column in TEXTS + OTHERS:
            pool = CODES if column == "Code" and rng.random() < 0.6 else WORDS
            word = rng.choice(BLANKS) if rng.random() < 0.2 else rng.choice(pool)
            row[column] = f" {word} " if word.strip() and rng.random() < 0.05 else word
        for column in AMOUNTS:
            row[column] = rng.choice(BLANKS) if rng.random() < 0.15 else rng.choice(NUMBERS)
        row["Day"] = rng.choice(DAYS + BLANKS[:1])
        rows.append(row)
    return rows


def swapped(rng, text):
    """The text, its case changed now and then."""
    return rng.choice([text, text, text.lower(), text.upper(), text.swapcase()])


def pattern(rng, how):
    """A Sigma string near one of the cells: literals escaped, some of it replaced by wildcards."""
    text = swapped(rng, rng.choice(WORDS + CODES))
    if how != "" or rng.random() < 0.3:
        start, end = sorted(rng.sample(range(len(text) + 1), 2)) if len(text) > 1 else (0, len(text))
        text = text[start:end].strip() or text
    out, wild = [], rng.random() < 0.4
    for place, letter in enumerate(text):
        following = text[place + 1 : place + 2]
        if wild and rng.random() < 0.15:
            out.append(rng.choice("*?"))
        elif letter in "*?":
            out.append("\\" + letter)
        elif letter == "\\":
            # Twice always means one; once does where no special letter, and no wildcard of ours, comes behind it.
            out.append("\\\\" if wild or following in ("*", "?", "\\", "") or rng.random() < 0.5 else "\\")
        else:
            out.append(letter)
    if how == "" and rng.random() < 0.3:
        out.insert(rng.choice([0, len(out)]), rng.choice("*?"))
    return "".join(out)


class Typed(str):
    """A value that is written without quotes."""


NULL = Typed("null")


def text_item(rng):
    how = rng.choice(["", "", "contains", "startswith", "endswith"])
    cased, every, neq = rng.random() < 0.2, rng.random() < 0.15, rng.random() < 0.2
    values = [pattern(rng, how) for _ in range(rng.choice([1, 1, 2, 3]))]
    column = rng.choice(TEXTS + OTHERS)
    if how == "" and not cased:
        if rng.random() < 0.2:
            values.append(rng.choice([NULL, ""]))
        if rng.random() < 0.15:
            values = [rng.choice([NULL, ""])]
        if rng.random() < 0.15:
            column, values = "Code", [Typed(code) for code in rng.sample(CODES[:-1], 2) if code != "null"] or [NULL]
    words = [how] * bool(how) + ["cased"] * cased + ["all"] * (every and len(values) > 1) + ["neq"] * neq
    return column, words, values


def regex_item(rng):
    flags = rng.choice([[], ["i"], ["i"], ["m"], ["s"], ["i", "m"]])
    values = rng.sample(PATTERNS, rng.choice([1, 1, 2]))
    words = ["re", *flags] + ["all"] * (len(values) > 1 and rng.random() < 0.3) + ["neq"] * (rng.random() < 0.15)
    return rng.choice(TEXTS + OTHERS), words, values


def item(rng):
    """A key of a map: column, modifiers, values."""
    kind = rng.random()
    if kind < 0.55:
        return text_item(rng)
    if kind < 0.67:
        return regex_item(rng)
    if kind < 0.74:
        return rng.choice(COLUMNS[1:]), ["exists"], [Typed(rng.choice(["true", "false"]))]
    if kind < 0.78:
        part, values = rng.choice([("day", "24 31 3"), ("week", "1 43 52 53"), ("month", "1 10 12"), ("year", "2020 2022")])
        return "Day", [part, *["neq"] * (rng.random() < 0.2)], [Typed(value) for value in rng.sample(values.split(), rng.choice([1, 2]))]
    if kind < 0.88:
        words = [rng.choice(["gt", "gte", "lt", "lte"])] + ["neq"] * (rng.random() < 0.2)
        return rng.choice(AMOUNTS), words, [Typed(rng.choice(["0", "5", "10", "1500", "1500.5", "-3", "99.5"]))]
    neq = ["neq"] * (rng.random() < 0.2)
    if rng.random() < 0.3:
        return AMOUNTS[0], ["fieldref", *neq], [AMOUNTS[1]]
    left, right = rng.sample(TEXTS + OTHERS, 2)
    return left, ["fieldref", *rng.choice([[], [], ["contains"], ["startswith"], ["endswith"]]), *neq], [right]


def selection(rng):
    """A map, a list of maps, or keywords: ("maps", [[item]]) or ("words", all?, values)."""
    if rng.random() < 0.12:
        return "words", rng.random() < 0.3, [pattern(rng, "contains") for _ in range(rng.choice([1, 2, 3]))]
    maps = []
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        keys = {}
        for _ in range(rng.choice([1, 1, 2, 3])):
            one = item(rng)
            keys[one[0], tuple(one[1])] = one
        maps.append(list(keys.values()))
    return "maps", False, maps


NAMES = ["sel_a", "sel_b", "other", "_aside"]


def condition(rng, count, depth=0):
    """A condition as a tree over the first `count` names."""
    kind = rng.random()
    if depth > 2 or kind < 0.4:
        return rng.choice(NAMES[:count])
    if kind < 0.6:
        return rng.choice(["and", "or"]), [condition(rng, count, depth + 1) for _ in range(rng.choice([2, 2, 3]))]
    if kind < 0.75:
        return "not", [condition(rng, count, depth + 1)]
    of = rng.choice(["them", "sel_*", "*", "s*_*"] + ["_*"] * (count == len(NAMES)))
    return "of", rng.choice(["1", "all", "any", "2"]), of


def rule(rng, number):
    count = rng.choice([1, 2, 2, 3, 4])
    return {
        "id": f"r-{number:04}",
        "selections": {name: selection(rng) for name in NAMES[:count]},
        "conditions": [condition(rng, count) for _ in range(rng.choice([1, 1, 1, 2]))],
    }


# --- a rule as YAML ------------------------------------------------------------------------------------------------


def scalar(value, world):
    if value == "":
        return "null" if "blanks" in world else "''"
    if not isinstance(value, Typed):
        return json.dumps(value, ensure_ascii=False)
    return str(value) if "scalars" not in world or value is NULL else json.dumps(value)


# Their values are a truth and a number for everybody.
TYPED_BY_MODIFIER = ("exists", "gt", "gte", "lt", "lte", "day", "week", "month", "year")


def key_values(entry, prefix, world):
    column, words, values = entry
    if words and words[0] in TYPED_BY_MODIFIER:
        world = world - {"scalars"}
    if words and words[0] == "fieldref":
        values = [prefix + value for value in values]
    written = [scalar(value, world) for value in values]
    return f"{'|'.join([prefix + column, *words])}: {written[0] if len(written) == 1 else '[' + ', '.join(written) + ']'}"


def chosen(of, names):
    glob = ".*" if of == "them" else re.escape(of).replace(r"\*", ".*")
    return [name for name in names if re.fullmatch(glob, name) and (of.startswith("_") or not name.startswith("_"))]


def condition_text(tree, names, plain_of):
    """The condition; `plain_of` writes `2 of`, which pySigma does not know, with its own words."""
    if isinstance(tree, str):
        return tree
    if tree[0] == "of":
        _, least, of = tree
        picked = chosen(of, names)
        if least != "2":
            return f"{least} of {of}"
        if len(picked) < 2:
            return f"1 of {of}"
        if not plain_of:
            return f"2 of {of}"
        pairs = [f"({a} and {b})" for n, a in enumerate(picked) for b in picked[n + 1 :]]
        return f"({' or '.join(pairs)})"
    parts = [condition_text(part, names, plain_of) for part in tree[1]]
    parts = [part if re.fullmatch(r"\w+", part) else f"({part})" for part in parts]
    return f"not {parts[0]}" if tree[0] == "not" else f" {tree[0]} ".join(parts)


def yaml_of(one, prefix="", world=frozenset(), sigma=True):
    names = list(one["selections"])
    lines = ["title: Generated", f"id: {one['id']}" if not sigma else "status: test", "level: low"]
    lines += ["logsource: {category: customs}", "detection:"]
    for name, (kind, every, parts) in one["selections"].items():
        lines.append(f"  {name}:")
        if kind == "words":
            written = [scalar(value, world) for value in parts]
            lines += [f"    '|all': [{', '.join(written)}]"] if every else [f"    - {value}" for value in written]
            continue
        for entries in parts:
            lead = "    - " if len(parts) > 1 else "    "
            for entry in entries:
                lines.append(lead + key_values(entry, prefix, world))
                lead = "      " if len(parts) > 1 else "    "
    lines.append("  condition:")
    lines += [f"    - {condition_text(tree, names, sigma)}" for tree in one["conditions"]]
    return "\n".join(lines) + "\n"


# --- the SQLite side, with and without what is documented ----------------------------------------------------------


def fold(text):
    nfc = functools.partial(unicodedata.normalize, "NFC")
    return nfc(nfc(text).casefold())


@functools.lru_cache(maxsize=None)
def like(wanted, text, escape=None):
    """LIKE with the letters of all scripts; `_` is one letter of the text, though it fold to several."""
    if wanted is None or text is None:
        return None
    signs, run, letters = [], "", iter(str(wanted))
    for letter in letters:
        if letter == escape:
            run += next(letters)
        elif letter in "%_":
            signs += [*fold(run), {"%": any, "_": one_letter}[letter]]
            run = ""
        else:
            run += letter
    signs += fold(run)
    own = [fold(letter) for letter in unicodedata.normalize("NFC", str(text))]
    begins = [place == 0 for letter in own for place in range(len(letter))] + [True]
    folded = "".join(own)
    reached = {0}
    for sign in signs:
        if sign is any:
            reached = set(range(min(reached, default=len(folded) + 1), len(folded) + 1))
        elif sign is one_letter:
            ends = {at: next(end for end in range(at + 1, len(begins)) if begins[end]) for at in reached if begins[at] and at < len(folded)}
            reached = set(ends.values())
        else:
            reached = {at + 1 for at in reached if folded[at : at + 1] == sign}
    return len(folded) in reached


def one_letter():
    """Stands for `_` among the signs."""


@functools.lru_cache(maxsize=None)
def glob(wanted, text):
    """GLOB over composed letters; the backend writes no class of more than one letter."""
    if text is None:
        return None
    signs = re.findall(r"\[(.)\]|(\*)|(\?)|(.)", unicodedata.normalize("NFC", wanted), re.S)
    regex = "".join(".*" if run else "." if one else re.escape(inside or letter) for inside, run, one, letter in signs)
    return re.fullmatch(regex, unicodedata.normalize("NFC", str(text)), re.S) is not None


def collate(left, right):
    left, right = fold(left), fold(right)
    return (left > right) - (left < right)


def regexp(wanted, text):
    return text is not None and re.search(wanted, str(text)) is not None


def amount(text):
    """A number as docs/rules.md says that cells are read."""
    body = re.sub(r"USD|\s", "", str(text).upper())
    if re.fullmatch(r"\d+,\d{1,2}", body):
        body = body.replace(",", ".")
    if not re.fullmatch(r"-?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?", body):
        return None
    return Decimal(body.replace(",", ""))


def compared(text, number):
    found = None if text is None else amount(text)
    return None if found is None else int(found.compare(Decimal(number)))


def part_of(part, text):
    """A part of a date as docs/rules.md says that cells are read: any spelling, no day of a month alone, ISO weeks."""
    found = re.fullmatch(r"(\d{4})-(\d\d)(?:-(\d\d))?|(\d\d)\.(\d\d)\.(\d{4})", text or "")
    if not found:
        return None
    year, month, day = (int(found[a] or found[b] or 0) for a, b in [(1, 6), (2, 5), (3, 4)])
    if part in ("%Y", "%m"):
        return year if part == "%Y" else month
    return None if not day else day if part == "%d" else date(year, month, day).isocalendar().week


def same_decimals(left, right):
    try:
        return left is not None and right is not None and "." in left + right and Decimal(left) == Decimal(right)
    except InvalidOperation:
        return False


class Backend(sqliteBackend):
    """The stock backend in a world where some of the documented differences are made."""

    def __init__(self, world):
        super().__init__(collate_nocase=True, fulltext_field="fulltext")
        self.world = world
        if "numbers" in world:
            self.compare_op_expression = "compared({field}, '{value}') {operator} 0"
            self.field_timestamp_part_expression = "part_of('{timestamp_part}', {field})"

    def convert_condition_field_eq_field(self, cond, state):
        plain = super().convert_condition_field_eq_field(cond, state)
        if "numbers" not in self.world or cond.value.starts_with or cond.value.ends_with:
            return plain
        return f"({plain} OR same_decimals({cond.field}, {cond.value.field}))"

    def convert_condition_val_str(self, cond, state):
        if "keywords" not in self.world:
            return super().convert_condition_val_str(cond, state)
        value = self.convert_value_str(cond.value, state, no_quote=True)
        return "(" + " OR ".join(f"{column} LIKE '%{value}%' ESCAPE '\\'" for column in TEXTS) + ")"


class World:
    """SQLite with the records in it, and the differences of `world` made."""

    def __init__(self, rows, world):
        self.world, self.backend = frozenset(world), Backend(world)
        self.sqlite = sqlite3.connect(":memory:")
        if "letters" in world:
            self.sqlite.create_function("like", 2, like, deterministic=True)
            self.sqlite.create_function("like", 3, like, deterministic=True)
            self.sqlite.create_function("glob", 2, glob, deterministic=True)
            self.sqlite.create_collation("NOCASE", collate)
        for function in (regexp, compared, same_decimals, part_of):
            self.sqlite.create_function(function.__name__, 2, function, deterministic=True)
        kind = "TEXT" if "numbers" in world else "NUMERIC"
        types = [f"{column} {kind if column in AMOUNTS else 'TEXT'}" for column in COLUMNS]
        self.sqlite.execute(f"CREATE TABLE logs ({', '.join(types)}, fulltext TEXT)")
        for row in rows:
            cells = [self.cell(row[column]) for column in COLUMNS]
            cells.append("\n".join(cell for cell in cells if cell is not None))
            self.sqlite.execute(f"INSERT INTO logs VALUES ({', '.join('?' * len(cells))})", cells)

    def cell(self, raw):
        return (raw.strip() if "blanks" in self.world else raw) or None

    def found(self, one):
        """Rows that the rule finds; None where pySigma refuses it."""
        try:
            queries = self.backend.convert(SigmaCollection.from_yaml(yaml_of(one, world=self.world)))
        except SigmaError:
            if self.world == frozenset(CLASSES):
                raise
            return None
        return {row[0] for query in queries for row in self.sqlite.execute(query)}


# --- the comparison ------------------------------------------------------------------------------------------------


def scan(binary, folder, rules, rows):
    """What tidewaiter finds: rows by rule."""
    (folder / "rules/layouts").mkdir(parents=True)
    (folder / "rules/layouts/sigma.yaml").write_text(LAYOUT, encoding="utf-8")
    for start in range(0, len(rules), 100):
        text = "---\n".join(yaml_of(one, prefix="raw.", sigma=False) for one in rules[start : start + 100])
        (folder / f"rules/part-{start:04}.yaml").write_text(text, encoding="utf-8")
    quoted = lambda cell: '"' + cell.replace('"', '""') + '"'
    lines = [",".join(COLUMNS)] + [",".join(quoted(row[column]) for column in COLUMNS) for row in rows]
    (folder / "records.csv").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="")
    check = subprocess.run([binary, "check", folder / "rules"], capture_output=True, text=True)
    if check.returncode:
        sys.exit(f"tidewaiter does not take a generated rule:\n{(check.stdout + check.stderr)[:4000]}")
    command = [binary, "scan", folder / "records.csv", "--rules", folder / "rules", "--layout", "sigma", "--format", "jsonl"]
    ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if ran.returncode or f"{len(rows)} records, 0 rejected, 0 skipped" not in ran.stderr:
        sys.exit(f"scan failed ({ran.returncode}):\n{ran.stderr[-4000:]}")
    found = {one["id"]: set() for one in rules}
    for line in ran.stdout.splitlines():
        finding = json.loads(line)
        found[finding["rule"]].add(finding["record"]["raw"]["Nr"])
    return found


def unexplained(ours, theirs, one, rows, model):
    row = next(row for row in rows if row["Nr"] in ours ^ theirs)
    says = "finds" if row["Nr"] in ours else "does not find"
    sql = model.backend.convert(SigmaCollection.from_yaml(yaml_of(one, world=model.world)))
    return f"tidewaiter {says} row {row}\nby the rule\n{yaml_of(one, 'raw.', sigma=False)}\nSQL: {sql}\n"


def main(binary, folder, docs):
    rng = random.Random(SEED)
    rows = records(rng)
    rules = [rule(rng, number) for number in range(RULES)]
    ours = scan(binary, Path(folder), rules, rows)
    stock, model = World(rows, set()), World(rows, set(CLASSES))
    alone = {name: World(rows, {name}) for name in CLASSES}
    without = {name: World(rows, set(CLASSES) - {name}) for name in CLASSES}
    needed, single, different, wrong, findings = Counter(), Counter(), 0, [], 0
    for one in rules:
        mine, theirs = ours[one["id"]], model.found(one)
        findings += len(mine)
        if mine != theirs:
            wrong.append(unexplained(mine, theirs, one, rows, model))
            continue
        plain = stock.found(one)
        apart = {row["Nr"] for row in rows} if plain is None else mine ^ plain
        different += len(apart)
        if not apart:
            continue
        for name in CLASSES:
            one_less, only = without[name].found(one), alone[name].found(one)
            needed[name] += len(apart if one_less is None else apart & (mine ^ one_less))
            single[name] += len(apart - (mine ^ only)) if only is not None else 0
    print(f"seed {SEED}: {RULES} rules x {RECORDS} records, {findings} findings; {different} pairs differ from stock SQLite")
    for name, words in CLASSES.items():
        print(f"  {words}: {needed[name]} pairs need it, {single[name]} need nothing else")
        if f"**{words}.**" not in Path(docs).read_text(encoding="utf-8"):
            wrong.append(f"docs/rules.md does not document the class `{words}`")
        if not needed[name]:
            wrong.append(f"the class `{words}` explains nothing: take it out")
    for text in wrong[:5]:
        print(f"\nUNEXPLAINED: {text}")
    if wrong:
        sys.exit(f"{len(wrong)} rules differ without a documented reason")


if __name__ == "__main__":
    main(*sys.argv[1:])
