#!/usr/bin/env bash
# The unit files: without a complaint from systemd, and as tight as promised. Nothing is installed or started:
# the unit is looked at under a root of its own in which the programs that it names are stand-ins.
source "$(dirname "$0")/lib.sh"

command -v systemd-analyze >/dev/null || skip "systemd-analyze is not installed"

# score FOLDER: overall exposure, 0.0 (tight) to 10.0.
score() {
    systemd-analyze security --offline=true --no-pager "$1/tidewaiter.service" |
        sed -n 's/.*Overall exposure level for [^:]*: \([0-9.]*\).*/\1/p'
}

# at_most SCORE LIMIT WHAT
at_most() {
    awk -v score="$1" -v limit="$2" 'BEGIN { exit !(score != "" && score + 0 <= limit + 0) }' ||
        fail "$3: exposure ${1:-unknown}, promised at most $2"
}

mkdir -p "$work/shipped" "$work/localhost/tidewaiter.service.d"
cp "$house/systemd/tidewaiter.service" "$work/shipped/"
cp "$house/systemd/tidewaiter.service" "$work/localhost/"
cp "$house/systemd/tidewaiter.service.d/localhost-relay.conf" "$work/localhost/tidewaiter.service.d/"
shipped=$(score "$work/shipped")
localhost=$(score "$work/localhost")
at_most "$shipped" 1.2 "as shipped"
at_most "$localhost" 1.0 "with the drop-in for a relay on localhost"

# `verify` wants every program that a unit names to be there: stand-ins take their place in a copy.
mkdir "$work/verify"
cp -r "$house"/systemd/*.service "$house/systemd/tidewaiter.service.d" "$work/verify/"
sed -i "s|/usr/bin/tidewaiter|/bin/true|; s|/usr/lib/tidewaiter/tell-failure|/bin/true|" "$work"/verify/*.service
complaints=$(systemd-analyze verify --man=no "$work/verify/tidewaiter.service" "$work/verify/tidewaiter-failed@.service" 2>&1 |
    grep tidewaiter || true)
[ -z "$complaints" ] || fail "$complaints"

# The failure mail: one a day, whole, and none after a good end.
STATE_DIRECTORY=$work/state SERVICE_RESULT=success "$house/systemd/tell-failure" tidewaiter.service
[ ! -e "$work/state" ] || fail "a mail was left after a good end"
for _ in 1 2; do
    STATE_DIRECTORY=$work/state SERVICE_RESULT=watchdog "$house/systemd/tell-failure" tidewaiter.service
done
mails=("$work"/state/mail/new/*)
[ "${#mails[@]}" -eq 1 ] || fail "${#mails[@]} failure mails instead of one"
grep -q '^Subject: tidewaiter.service failed on ' "${mails[0]}" || fail "the failure mail has no subject"

echo "$name: passed (exposure $shipped as shipped, $localhost with a relay on localhost)"
