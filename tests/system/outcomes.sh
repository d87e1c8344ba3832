#!/usr/bin/env bash
# What becomes of a mail at a real relay that refuses, defers, greylists, limits the size, falls silent, knows no such sender,
# or is not there: each row of the table in docs/operators.md, against Postfix. The other rows (a relay that is out for a
# quarter of an hour, merged mail) need a clock, and are held by tests/it/delivery.rs.
source "$(dirname "$0")/lib.sh"

need_postfix
export TIDEWAITER=$tidewaiter
# One that the user nobody may run: a shim in somebody's home is none.
python=/usr/bin/python3
[ -x "$python" ] || python=$(command -v python3)

etc=$work/postfix
make_postfix "smtpd_delay_reject = no
smtpd_sender_restrictions = check_sender_access texthash:$etc/senders
smtpd_recipient_restrictions = check_recipient_access texthash:$etc/recipients, check_policy_service unix:private/policy
smtpd_end_of_data_restrictions = check_policy_service unix:private/policy
message_size_limit = 150000
virtual_mailbox_limit = 0" "policy unix - n n - 0 spawn user=nobody argv=$python $etc/policy.py $work/seen"
mkdir "$work/seen"
chown nobody "$work/seen"

cat >"$etc/recipients" <<'TABLE'
refused@example.org     550 5.1.1 no such mailbox
full@example.org        552 5.2.2 mailbox full
deferred@example.org    451 4.3.0 try again later
TABLE
echo 'stranger@example.org 550 5.7.1 sender not known' >"$etc/senders"

# Greylists a recipient whose name begins so for ten seconds, and takes nine over the first whole message for another.
cat >"$etc/policy.py" <<'PYTHON'
import pathlib, sys, time

seen = pathlib.Path(sys.argv[1])
asked = {}
while line := sys.stdin.readline():
    if line.strip():
        key, _, value = line.strip().partition("=")
        asked[key] = value
        continue
    action, recipient = "dunno", asked.get("recipient", "")
    mark = seen / recipient
    if asked.get("protocol_state") == "RCPT" and recipient.startswith("greylisted@"):
        mark.touch() if not mark.exists() else None
        if time.time() - mark.stat().st_mtime < 10:
            action = "450 4.2.0 greylisted, come again"
    elif asked.get("protocol_state") == "END-OF-MESSAGE" and recipient.startswith("silent@") and not mark.exists():
        mark.touch()
        time.sleep(9)
    asked = {}
    print(f"action={action}\n", flush=True)
PYTHON

start_postfix

# house NAME RECIPIENTS [FROM]: an installation with the small rules and one hit in its drop folder.
few_rules "$work/rules"
house_of() {
    write_config "$work/$1" "smtp://127.0.0.1:$port?tls=none" "  timeout: 6s"
    sed -i "s/default: analyst@example.org/default: [$2]/; s/from: tidewaiter@/from: ${3:-tidewaiter}@/" "$work/$1/tidewaiter.yaml"
}
start_daemon() {
    "$tidewaiter" run -c "$work/$1/tidewaiter.yaml" >>"$work/$1.log" 2>&1 &
    daemon=$!
    clean_up+=("kill -9 $daemon")
}
stop_daemon() {
    local started=$SECONDS
    kill -TERM "$daemon"
    wait "$daemon" || fail "the daemon did not end well"
    [ $((SECONDS - started)) -le 10 ] || fail "the daemon took $((SECONDS - started)) s to stop"
}
# row HOUSE RECIPIENT: state, attempts and last reply of the one alert to it.
row() {
    "$tidewaiter" outbox -c "$work/$1/tidewaiter.yaml" --json | python3 -c '
import json, sys
rows = [r for r in json.load(sys.stdin) if r["recipient"].startswith(sys.argv[1] + "@") and r["kind"] == "alert"]
assert len(rows) == 1, rows
print(rows[0]["state"], rows[0]["attempts"], rows[0]["last_reply"])' "$2"
}
# is HOUSE RECIPIENT PATTERN
is() { [[ "$(row "$1" "$2" 2>/dev/null)" =~ $3 ]]; }
expect() { wait_for "$4" is "$1" "$2" "$3" || fail "$2: $(row "$1" "$2") is not $3"; }
# copies TO: Message-IDs of the mails to an address, one a line.
copies() {
    grep -l "^To: $1@example.org" "$work"/vmail/inbox/*/* 2>/dev/null | while read -r mail; do
        grep -m1 -i '^Message-ID:' "$mail"
    done
}

cat >"$work/one.csv" <<'CSV'
Declaration,Item,Date,Consignor,Consignee,HS,Goods,USD
D-1,1,2022-10-24,AVIC INTERNATIONAL HOLDING CORP,АО «КРЭТ»,8807300000,ЗАПЧАСТИ ДЛЯ САМОЛЁТА СУ-35,1200000
CSV

# One export, seven recipients, seven ends.
house_of many "refused@example.org, full@example.org, deferred@example.org, greylisted@example.org, silent@example.org, well@example.org"
drop "$work/many" "$work/one.csv" one.csv
start_daemon many
expect many well '^delivered 1 ' 20
expect many refused '^dead 1 .*\(550\): 5\.1\.1' 20
expect many full '^dead 1 .*\(552\): 5\.2\.2' 20
expect many deferred '^waiting 1 .*\(451\): 4\.3\.0' 20
expect many greylisted '^(waiting 1 .*\(450\): 4\.2\.0|delivered 2)' 20
expect many silent '^(waiting 1 .*did not answer within 6s|delivered 2)' 20
expect many greylisted '^delivered 2 ' 60
expect many silent '^delivered 2 ' 60
stop_daemon
told() { grep -l "^To: operator@example.org" "$work"/vmail/inbox/*/* | xargs cat | tr -d '=\r\n'; }
for address in refused full; do
    told | grep -q "$address@example.org" || fail "the operators were not told of $address@"
done
both_copies() { [ "$(copies silent | wc -l)" = 2 ]; }
wait_for 20 both_copies || fail "$(copies silent | wc -l) mails to silent@ instead of two"
[ "$(copies silent | sort -u | wc -l)" = 1 ] || fail "the repeat has another Message-ID"
for address in greylisted well; do
    [ "$(copies "$address" | wc -l)" = 1 ] || fail "not one mail to $address@"
done

# Too large with its table, small enough without it; too few records to be held as a storm.
{ head -1 "$work/one.csv"; for n in $(seq 1 480); do sed -n "2s/D-1/D-$n/p" "$work/one.csv"; done; } >"$work/large.csv"
house_of large big@example.org
drop "$work/large" "$work/large.csv" large.csv
run_to_the_end "$work/large"
expect large big '^delivered 2 ' 1
arrived() { [ "$(copies big | wc -l)" = 1 ]; }
wait_for 20 arrived || fail "the mail without its table did not arrive"
grep -l "^To: big@example.org" "$work"/vmail/inbox/*/* | xargs grep -q 'text/csv' && fail "the table went along"

# A sender that the relay does not know: nothing is used up, and the operators are told on this machine.
house_of stranger well@example.org stranger
drop "$work/stranger" "$work/one.csv" one.csv
start_daemon stranger
left() { compgen -G "$work/stranger/state/operator-mail/new/*" >/dev/null; }
wait_for 20 left || fail "nobody was told that the sender is refused"
expect stranger well '^waiting 0 .*sender not known' 10
stop_daemon

# A user for whom the relay has no way to log in.
house_of nobody well@example.org
sed -i "s/  timeout: 6s/  timeout: 6s\n  user: tide\n  password_env: RELAY_PASSWORD/" "$work/nobody/tidewaiter.yaml"
export RELAY_PASSWORD=secret
drop "$work/nobody" "$work/one.csv" one.csv
start_daemon nobody
expect nobody well '^waiting 0 ' 20
wait_for 20 compgen -G "$work/nobody/state/operator-mail/new/*" >/dev/null || fail "nobody was told of the login"
stop_daemon
grep -q 'secret' "$work/nobody.log" && fail "the password stands in the log"

# A relay that is not there, and comes back.
postfix -c "$etc" stop >>"$work/start.log" 2>&1
house_of away late@example.org
drop "$work/away" "$work/one.csv" one.csv
start_daemon away
expect away late '^waiting [1-9]' 20
start_postfix
"$tidewaiter" outbox -c "$work/away/tidewaiter.yaml" requeue 1 >>"$work/away.log"
expect away late '^delivered ' 30
stop_daemon

echo "$name: passed (refused, full, deferred, greylisted, silent, too large, unknown sender, no login, away)"
