#!/usr/bin/env bash
# Death at any instant: the daemon is killed at the n-th write, sync or rename (strace), and at random moments (kill -9).
# Afterwards it runs to the end, and the findings, the alerts and the mails are those of a run that nobody disturbed:
# each finding once, each Message-ID at least once.
source "$(dirname "$0")/lib.sh"

command -v python3 >/dev/null || skip "python3 is not installed"
export TIDEWAITER=$tidewaiter
files=3
rounds=${CRASH_ROUNDS:-8}
mkdir "$work/exports"
python3 "$here/state.py" copies "$house/examples/sample-export.csv" "$files" "$work/exports"

# lay_out FOLDER: a fresh installation with every export dropped.
lay_out() {
    write_config "$1" maildir:mail
    local export
    for export in "$work"/exports/*.csv; do drop "$1" "$export" "$(basename "$export")"; done
}

# compare FOLDER WHAT: against the run that nobody disturbed.
compare() {
    run_to_the_end "$1" || fail "$2: the run afterwards did not end well"
    python3 "$here/state.py" summary "$1" >"$work/summary.txt"
    diff "$work/expected.txt" "$work/summary.txt" >"$work/diff.log" || fail "$2: other findings or alerts than undisturbed"
    python3 "$here/state.py" once "$1" || fail "$2: told twice"
    python3 "$here/state.py" arrived "$1" "$1/mail" >/dev/null || fail "$2: outbox and mails differ"
    rm -rf "$1"
}

lay_out "$work/undisturbed"
started=$(date +%s%N)
run_to_the_end "$work/undisturbed" || fail "the undisturbed run did not end well"
length=$((($(date +%s%N) - started) / 1000000))
python3 "$here/state.py" summary "$work/undisturbed" >"$work/expected.txt"
[ -s "$work/expected.txt" ] || fail "the exports raise nothing"

injected=0
died=0
if strace -f -o /dev/null true 2>/dev/null; then
    for point in write:40 write:200 pwrite64:1 pwrite64:4 pwrite64:20 pwrite64:60 fdatasync:1 fdatasync:3 fdatasync:8 \
        fsync:1 fsync:2 fsync:5 rename:1 rename:3 renameat2:1 renameat2:3 unlink:1 linkat:1 ftruncate:1; do
        folder=$work/point
        lay_out "$folder"
        code=0
        { timeout 60 strace -f -qq -o /dev/null -e trace="${point%%:*}" \
            -e inject="${point%%:*}:signal=KILL:when=${point##*:}" \
            "$tidewaiter" run -c "$folder/tidewaiter.yaml" --until-idle >>"$work/run.log" 2>&1; } 2>/dev/null || code=$?
        injected=$((injected + 1))
        [ "$code" -eq 0 ] || died=$((died + 1))
        compare "$folder" "killed at $point"
    done
    [ "$died" -ge 5 ] || fail "only $died of $injected injected deaths happened: the points are out of date"
else
    echo "$name: SKIPPED in part: strace may not trace here; only random kills"
fi

for round in $(seq "$rounds"); do
    folder=$work/random
    lay_out "$folder"
    # Twice: the third attempt at one file that dies sends the file to failed/, as it should.
    for _ in 1 2; do
        "$tidewaiter" run -c "$folder/tidewaiter.yaml" --until-idle >>"$work/run.log" 2>&1 &
        daemon=$!
        after=$((RANDOM * length / 32768))
        sleep "$(printf '%d.%03d' $((after / 1000)) $((after % 1000)))"
        kill -9 "$daemon" 2>/dev/null || true
        wait "$daemon" 2>/dev/null || true
    done
    compare "$folder" "random kill $round"
done

echo "$name: passed ($died of $injected injected deaths, $((rounds * 2)) random kills, $files files each)"
