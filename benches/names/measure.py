#!/usr/bin/env python3
"""How well `tidewaiter resolve` tells names apart, on labelled data. Standard library only.

  measure.py pairs FILE.csv                columns left,right,expected (1 or 0), and if there: kind, source
  measure.py screen LIST.csv QUERIES.csv   list: id,name,aliases,…   queries: query,expected_id,treatment
  measure.py speed LIST.csv NAMES.txt      one name a line

  --tidewaiter PATH   the program (target/release/tidewaiter)
  --min-score 0.8     the score from which on a name counts; several make several tables
  --misses N          also print the first N wrong answers of each table

Pairs: all right names make one list, every left name is looked for in it, and a pair counts as matched when its right name
is among the hits. Screening: an alias that a query with the treatment `heldout_alias` asks for is taken out of the list; an
empty expected_id is an innocent name, for which any hit is false.
"""
import argparse, collections, csv, json, os, resource, subprocess, sys, tempfile, time


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def resolve(program, entities, queries, least):
    """The hits of each query: id -> score. `entities` are rows id, name, aliases."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name) for name in ("list.csv", "queries.csv")]
        for path, head, rows in ((paths[0], ["id", "name", "aliases"], entities), (paths[1], ["query"], queries)):
            with open(path, "w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(head)
                writer.writerows(rows)
        command = [program, "resolve", "--list", paths[0], "--input", paths[1], "--column", "query", "--json",
                   "--limit", "1000", "--min-score", str(least)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    answers = {}
    for line in done.stdout.splitlines():
        answer = json.loads(line)
        answers[answer["query"]] = {hit["id"]: hit["score"] for hit in answer["hits"]}
    return answers


def table(rows):
    widths = [max(len(str(row[at])) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        print("  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)).rstrip())
    print()


def share(part, whole):
    return "-" if whole == 0 else "%.3f" % (part / whole)


def measures(outcomes):
    """Precision, recall and F1 of (expected, matched)."""
    right = sum(expected and matched for expected, matched in outcomes)
    false = sum(matched and not expected for expected, matched in outcomes)
    missed = sum(expected and not matched for expected, matched in outcomes)
    return share(right, right + false), share(right, right + missed), share(2 * right, 2 * right + false + missed)


def pairs(options):
    rows = read(options.files[0])
    names = {name: str(number) for number, name in enumerate(dict.fromkeys(row["right"] for row in rows))}
    entities = [(number, name, "") for name, number in names.items()]
    lefts = [(left,) for left in dict.fromkeys(row["left"] for row in rows)]
    found = resolve(options.tidewaiter, entities, lefts, min(options.min_score))
    for least in options.min_score:
        groups = collections.OrderedDict()
        wrong = []
        for row in rows:
            hits = found.get(row["left"].strip(), found.get(row["left"], {}))
            matched = hits.get(names[row["right"]], 0) >= least
            expected = row["expected"] == "1"
            kind, source = row.get("kind") or "all", (row.get("source") or "all").split(":")[0]
            for group in (kind, f"{kind} {source}"):
                groups.setdefault(group, []).append((expected, matched))
            if expected != matched:
                wrong.append((row["expected"], row["left"], row["right"]))
        print(f"pairs, from a score of {least}")
        table([("group", "pairs", "precision", "recall", "F1")]
              + [(group, len(all), *measures(all)) for group, all in sorted(groups.items())])
        for one in wrong[:options.misses]:
            print("  expected %s: %s | %s" % one)


def screen(options):
    listed, queries = read(options.files[0]), read(options.files[1])
    held = {(row["expected_id"], row["query"]) for row in queries if row.get("treatment") == "heldout_alias"}
    entities = []
    for row in listed:
        aliases = [alias.strip() for alias in row.get("aliases", "").split(";")]
        kept = [alias for alias in aliases if alias and (row["id"], alias) not in held]
        entities.append((row["id"], row["name"], "; ".join(kept)))
    asked = [(query,) for query in dict.fromkeys(row["query"] for row in queries)]
    found = resolve(options.tidewaiter, entities, asked, min(options.min_score))
    for least in options.min_score:
        treatments = collections.defaultdict(list)
        wrong = []
        for row in queries:
            hits = {id: score for id, score in found.get(row["query"].strip(), {}).items() if score >= least}
            good = row["expected_id"] in hits if row["expected_id"] else bool(hits)
            first = bool(hits) and max(hits.values()) == hits.get(row["expected_id"])
            treatments[row.get("treatment") or "all"].append((good, first, len(hits)))
            if good != bool(row["expected_id"]):
                wrong.append((row.get("treatment"), row["query"], row["expected_id"] or ", ".join(hits)))
        innocent = treatments.pop("negative", [])
        dirty = [one for name, all in treatments.items() if name != "heldout_alias" for one in all]
        print(f"screening, from a score of {least}")
        lines = [("treatment", "queries", "found", "found first", "hits a query")]
        for name, all in [*sorted(treatments.items()), ("all dirty variants", dirty)]:
            lines.append((name, len(all), share(sum(one[0] for one in all), len(all)),
                          share(sum(one[1] for one in all), len(all)), "%.2f" % (sum(one[2] for one in all) / max(1, len(all)))))
        table(lines)
        false = sum(one[0] for one in innocent)
        print(f"innocent names with a hit: {false} of {len(innocent)} ({100 * false / max(1, len(innocent)):.2f} %)\n")
        for one in wrong[:options.misses]:
            print("  %s: %s | %s" % one)


def speed(options):
    with open(options.files[1], encoding="utf-8") as file:
        names = len(set(file.read().splitlines()))
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    empty = [options.tidewaiter, "resolve", "--list", options.files[0], "--json", "nobody at all"]
    subprocess.run(empty, stdout=subprocess.DEVNULL, check=True)
    loaded = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [options.tidewaiter, "resolve", "--list", options.files[0], "--input", options.files[1], "--json"]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = lambda usage: usage.ru_utime + usage.ru_stime
    load, whole = cpu(loaded) - cpu(before), cpu(after) - cpu(loaded)
    print(f"{names} distinct names: load {load:.2f} s of CPU, then {names / max(1e-9, whole - load):.0f} names a second and core")
    print(f"wall {time.monotonic() - began:.2f} s, peak memory {after.ru_maxrss // 1024} MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["pairs", "screen", "speed"])
    parser.add_argument("files", nargs="+")
    parser.add_argument("--tidewaiter", default="target/release/tidewaiter")
    parser.add_argument("--min-score", type=float, nargs="+", default=[0.8])
    parser.add_argument("--misses", type=int, default=0)
    options = parser.parse_args()
    if len(options.files) != (1 if options.what == "pairs" else 2):
        parser.error(f"`{options.what}` takes {1 if options.what == 'pairs' else 2} files")
    {"pairs": pairs, "screen": screen, "speed": speed}[options.what](options)


if __name__ == "__main__":
    sys.exit(main())
