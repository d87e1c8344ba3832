#!/usr/bin/env bash
# Death at any instant. The daemon is ended at the n-th call by which anything of it can outlive it (stop_at.c counts
# the writes, syncs, renames, … of all its threads together, so 1, 2, 3, … leave out none), with a Maildir and with a
# relay, and at random moments by `kill -9` over 20 files with a slow relay. Afterwards it runs to the end, and findings,
# alerts, operators' mails and files are those of a run that nobody disturbed: each Message-ID arrives at least once.
#
#   CRASH_POINTS   deaths for each transport, spread evenly; `all` for every n until a run lives (default 40)
#   CRASH_TRANSPORTS   of `maildir relay`
#   CRASH_ROUNDS   random deaths (default 6)
#   CRASH_REPORT   a file that gets what was about to be done at each death, counted
source "$(dirname "$0")/lib.sh"

command -v python3 >/dev/null || skip "python3 is not installed"
export TIDEWAITER=$tidewaiter
points=${CRASH_POINTS:-40}
rounds=${CRASH_ROUNDS:-6}
transports=${CRASH_TRANSPORTS-maildir relay}
few_rules "$work/rules"
# One of the rules is told at the end of the file, the other in one mail when no more files come.
sed -i 's/^level: critical/level: high/' "$work/rules/m-17-navigation-to-rosoboronexport.yaml"

# lay_out FOLDER TRANSPORT EXPORTS: a fresh installation with every export dropped.
lay_out() {
    rm -rf "$1"
    write_config "$1" "$2"
    local export
    for export in "$3"/*; do drop "$1" "$export" "$(basename "$export")"; done
}

# state FOLDER MAILDIR: what a finished run left.
state() { python3 "$here/state.py" whole "$1" "$2" 2>"$work/state.log"; }

# compare FOLDER MAILDIR EXPECTED WHAT: runs to the end, then against the run that nobody disturbed.
compare() {
    run_to_the_end "$1" || fail "$4: the run afterwards did not end well"
    state "$1" "$2" >"$work/left.txt" || fail "$4: told twice, or not at all"
    diff "$3" "$work/left.txt" >"$work/diff.log" || fail "$4: left something else than the undisturbed run"
}

# killed_at N FOLDER: whether the n-th call was reached.
killed_at() {
    local code=0
    timeout 60 "$work/stop_at" "$1" "$2" "$work/trace" "$work/payloads" \
        "$tidewaiter" run -c "$2/tidewaiter.yaml" --until-idle >>"$work/run.log" 2>&1 || code=$?
    [ "$code" = 137 ] || [ "$code" = 0 ] || fail "stopped at call $1: exit $code"
    [ "$code" = 137 ]
}

# sweep NAME TRANSPORT [MAILDIR]: dies at each point in turn; threads take turns as they like, so with `all` the points end
# when five runs in a row made fewer calls than that and lived.
sweep() {
    local folder=$work/$1 expected=$work/$1.txt calls died=0 lived=0 point at
    local box=${3:-$folder/mail}
    lay_out "$folder" "$2" "$work/small"
    ! killed_at 0 "$folder" || fail "the undisturbed run was disturbed"
    state "$folder" "$box" >"$expected" || fail "the undisturbed run told twice, or not at all"
    cp "$work/trace" "$work/$1.trace" && cp "$work/payloads" "$work/$1.payloads"
    calls=$(grep -c ^begin "$work/trace")
    for ((point = 1; lived < 5; point++)); do
        at=$point
        if [ "$points" != all ]; then
            [ "$point" -le "$points" ] || break
            at=$((1 + (point - 1) * (calls - 1) / points))
        fi
        rm -rf "${box:?}"/{new,tmp}/*
        lay_out "$folder" "$2" "$work/small"
        if killed_at "$at" "$folder"; then
            died=$((died + 1)) lived=0
            grep -B 1 ^killed "$work/trace" | head -n 1 | cut -f 4,5 | sed "s|$work/[^/]*/||; s|\t.*/mail/|\tmail/|" >>"$work/$1.deaths"
        else
            lived=$((lived + 1))
        fi
        compare "$folder" "$box" "$expected" "$1: ended at call $at"
    done
    python3 "$here/order.py" "$folder" "$work/$1.trace" "$work/$1.payloads" "$1" >"$work/$1.order" || fail "$1: see above"
    report+=("$1: $calls calls, $died deaths, 0 differences; order: $(cat "$work/$1.order")")
}

report=()
if cc -O1 -o "$work/stop_at" "$here/stop_at.c" 2>>"$work/cc.log" && "$work/stop_at" 0 / "$work/trace" /dev/null true 2>/dev/null; then
    mkdir "$work/small"
    python3 "$here/state.py" exports "$work/small"
    for transport in $transports; do
        case $transport in
        maildir) sweep maildir maildir:mail ;;
        relay)
            start_relay "$work/inbox" 0
            sweep relay "$relay" "$work/inbox"
            ;;
        esac
    done
else
    echo "$name: SKIPPED in part: no C compiler, or nobody may trace here; only random deaths"
fi

# At random moments, over 20 files, with a relay that takes its time.
mkdir "$work/twenty"
python3 "$here/state.py" copies "$house/examples/sample-export.csv" 20 "$work/twenty"
start_relay "$work/slow" 0.2
lay_out "$work/random" "$relay" "$work/twenty"
started=$(date +%s%N)
run_to_the_end "$work/random" || fail "the undisturbed run did not end well"
length=$((($(date +%s%N) - started) / 1000000))
state "$work/random" "$work/slow" >"$work/random.txt" || fail "the undisturbed run told twice, or not at all"
for ((round = 1; round <= rounds; round++)); do
    rm -f "$work"/slow/new/*
    lay_out "$work/random" "$relay" "$work/twenty"
    after=$((RANDOM * length / 32768))
    "$tidewaiter" run -c "$work/random/tidewaiter.yaml" --until-idle >>"$work/run.log" 2>&1 &
    daemon=$!
    sleep "$(printf '%d.%03d' $((after / 1000)) $((after % 1000)))"
    kill -9 "$daemon" 2>/dev/null || true
    wait "$daemon" 2>/dev/null || true
    compare "$work/random" "$work/slow" "$work/random.txt" "random death $round, after $after ms of $length"
done

if [ -n "${CRASH_REPORT:-}" ]; then
    for deaths in "$work"/*.deaths; do echo "$(basename "$deaths" .deaths)"; sort "$deaths" | uniq -c | sort -rn; done >"$CRASH_REPORT"
fi
report+=("$rounds random deaths of a run of $length ms")
echo "$name: passed ($(printf '%s; ' "${report[@]}" | sed 's/; $//'))"
