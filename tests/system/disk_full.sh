#!/usr/bin/env bash
# A disk that fills up: on a small file system of its own, with hardly anything free, the daemon waits, publishes no half
# of a file, and stops within ten seconds when it is told to; when there is room again it ends like a run that nobody
# disturbed. When it is not told to stop, it goes on by itself.
source "$(dirname "$0")/lib.sh"

[ "$(id -u)" = 0 ] || skip "only root may mount a small file system"
command -v python3 >/dev/null || skip "python3 is not installed"
export TIDEWAITER=$tidewaiter
mkdir "$work/small"
mount -t tmpfs -o size=16m tidewaiter-test "$work/small" 2>>"$work/mount.log" || skip "mounting is not allowed here"
clean_up+=("umount -l '$work/small'")

lay_out() {
    write_config "$1" maildir:mail
    drop "$1" "$house/examples/sample-export.csv" sample-export.csv
}

# leave_free KIB: fills the small disk but for that much.
leave_free() {
    local free
    free=$(df --output=avail -k "$work/small" | tail -n 1)
    [ "$free" -le "$1" ] || head -c $(((free - $1) * 1024)) /dev/zero >"$work/small/filler"
}

lay_out "$work/undisturbed"
run_to_the_end "$work/undisturbed" || fail "the undisturbed run did not end well"
python3 "$here/state.py" summary "$work/undisturbed" >"$work/expected.txt"
[ -s "$work/expected.txt" ] || fail "the sample raises nothing"

# start KIB: with that much room; sets $daemon.
start() {
    lay_out "$folder"
    leave_free "$1"
    "$tidewaiter" run -c "$folder/tidewaiter.yaml" $2 >>"$work/full.log" 2>&1 &
    daemon=$!
    # Long enough for it to meet the end of the disk more than once.
    sleep 6
    kill -0 "$daemon" 2>/dev/null || fail "with $1 KiB free: it ended instead of waiting for room"
}

# compare WHAT: against the run that nobody disturbed.
compare() {
    python3 "$here/state.py" summary "$folder" >"$work/summary.txt"
    diff "$work/expected.txt" "$work/summary.txt" >"$work/diff.log" || fail "$1: other findings or alerts"
    python3 "$here/state.py" once "$folder" || fail "$1: told twice"
    python3 "$here/state.py" arrived "$folder" "$folder/mail" 2>/dev/null || fail "$1: outbox and mails differ"
    rm -rf "$folder"
}

folder=$work/small/house
cases=0
# Below 5 % of 16 MiB (819 KiB) intake pauses; above it the ledger or the Maildir meets the end of the disk.
for kib in 0 64 400 840 1000 1400 2000; do
    start "$kib" ""
    kill "$daemon"
    stopped=$SECONDS
    wait "$daemon" || fail "with $kib KiB free: a stop ended with exit $?"
    [ $((SECONDS - stopped)) -le 10 ] || fail "with $kib KiB free: a stop took $((SECONDS - stopped)) s"
    rm -f "$work/small/filler"
    run_to_the_end "$folder" || fail "with $kib KiB free: the run afterwards did not end well"
    compare "with $kib KiB free"
    cases=$((cases + 1))
done

for kib in 0 1400; do
    start "$kib" --until-idle
    rm -f "$work/small/filler"
    wait_for 60 eval "! kill -0 $daemon 2>/dev/null" || fail "with $kib KiB free: it does not go on when there is room"
    wait "$daemon" || fail "with $kib KiB free: going on ended with exit $?"
    compare "with $kib KiB free, then room"
    cases=$((cases + 1))
done

# A disk that fills up under a daemon that has nothing to do: the status says so until there is room.
write_config "$folder" maildir:mail
"$tidewaiter" run -c "$folder/tidewaiter.yaml" >>"$work/full.log" 2>&1 &
daemon=$!
clean_up+=("kill -9 $daemon")
rests() { "$tidewaiter" status -c "$folder/tidewaiter.yaml" --json 2>/dev/null | grep -q '"what":"intake of [^"]* rests: '; }
works() { "$tidewaiter" status -c "$folder/tidewaiter.yaml" --check >/dev/null 2>&1; }
wait_for 30 works || fail "it does not work with room"
leave_free 400
wait_for 60 rests || fail "the status does not say that intake rests"
! works || fail "status --check is content with a full disk"
rm -f "$work/small/filler"
wait_for 60 works || fail "the status goes on about a disk that has room"
kill "$daemon"
wait "$daemon" || fail "the stop ended with exit $?"
cases=$((cases + 1))

echo "$name: passed ($cases fillings of a 16 MiB disk)"
