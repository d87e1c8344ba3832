# Shared by the system tests; sourced, never run. In: TIDEWAITER (the binary, target/release/tidewaiter by default).
# Out: a scratch folder in $work that is removed at the end, and helpers that end the test with one clear line.
set -euo pipefail

name=$(basename "$0" .sh)
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
house=$(cd "$here/../.." && pwd)
tidewaiter=${TIDEWAITER:-$house/target/release/tidewaiter}
work=$(mktemp -d "${TMPDIR:-/tmp}/tidewaiter-$name.XXXXXX")
chmod 755 "$work"
clean_up=()

finish() {
    local code=$? step
    trap - EXIT INT TERM
    for step in "${clean_up[@]}"; do eval "$step" >/dev/null 2>&1 || true; done
    if [ "$code" -ne 0 ]; then
        echo "$name: FAILED (exit $code)"
        local log
        for log in "$work"/*.log; do
            [ -s "$log" ] && { echo "--- last lines of $(basename "$log")"; tail -n 25 "$log"; }
        done
    fi
    rm -rf --one-file-system "$work"
    exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM

fail() {
    echo "$name: $*" >&2
    exit 1
}

skip() {
    echo "$name: SKIPPED: $*"
    exit 0
}

# wait_for SECONDS COMMAND…: until the command succeeds.
wait_for() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.1
    done
}

# write_config FOLDER TRANSPORT [MAIL LINES]: a configuration that settles at once, with the rules in $rules or the shipped.
write_config() {
    mkdir -p "$1/drop"
    cat >"$1/tidewaiter.yaml" <<YAML
sources:
  - { name: system-test, folder: drop, settle_for: 0s, scan_every: 1s }
mail:
  transport: '$2'
  from: tidewaiter@example.org
${3:-}
recipients: { default: analyst@example.org }
operators: operator@example.org
rules: ${rules:-$house/rules}
state: state
YAML
}

# drop FOLDER FILE NAME: as an uploader should, by a rename.
drop() {
    cp "$2" "$1/drop/.$3.part"
    mv "$1/drop/.$3.part" "$1/drop/$3"
}

# run_to_the_end FOLDER [SECONDS]
run_to_the_end() {
    timeout -k 15 "${2:-120}" "$tidewaiter" run -c "$1/tidewaiter.yaml" --until-idle >>"$work/run.log" 2>&1
}

# few_rules FOLDER: two of the shipped rules with what they need, so that a start takes no time; they become $rules.
few_rules() {
    rules=$1
    mkdir -p "$rules"
    cp -r "$house/rules/layouts" "$house/rules/lists" "$house/rules/watchlists" "$rules/"
    cp "$house"/rules/{su-35-parts-to-rostec,m-17-navigation-to-rosoboronexport}.yaml "$rules/"
}

# start_relay MAILDIR SECONDS: a relay that takes so long over each mail; sets $relay to its address.
start_relay() {
    rm -f "$work/relay.port"
    python3 "$here/relay.py" "$work/relay.port" "$1" "$2" >>"$work/relay.log" 2>&1 &
    clean_up+=("kill $!")
    wait_for 20 test -e "$work/relay.port" || fail "the slow relay does not start"
    relay="smtp://127.0.0.1:$(cat "$work/relay.port")?tls=none"
}

# need_postfix: ends the test when Postfix cannot be run here.
need_postfix() {
    local program
    PATH=$PATH:/usr/sbin
    [ "$(id -u)" = 0 ] || skip "Postfix starts as root only"
    for program in postfix postmap python3 "$@"; do
        command -v "$program" >/dev/null || skip "$program is not installed"
    done
}

# make_postfix MAIN MASTER: an instance of its own in $etc that delivers all of example.org into $work/vmail/inbox and listens
# on $port; MAIN and MASTER are further lines of its two files.
make_postfix() {
    local service
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    etc=$work/postfix
    mkdir -p "$etc" "$work/queue" "$work/data" "$work/vmail"
    chown postfix "$work/data"
    chown nobody "$work/vmail"
    cat >"$etc/main.cf" <<CF
compatibility_level = 3.6
queue_directory = $work/queue
data_directory = $work/data
maillog_file = $work/postfix.log
maillog_file_prefixes = $work
myhostname = relay.example.org
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
local_recipient_maps =
smtpd_relay_restrictions = permit_mynetworks, reject
default_transport = error:nothing leaves this machine
relay_transport = error:nothing leaves this machine
virtual_mailbox_domains = example.org
virtual_mailbox_base = $work/vmail
virtual_mailbox_maps = static:inbox/
virtual_minimum_uid = 1
virtual_uid_maps = static:$(id -u nobody)
virtual_gid_maps = static:$(id -g nobody)
$1
CF
    {
        echo "127.0.0.1:$port inet n - n - - smtpd"
        for service in "rewrite:trivial-rewrite" error retry:error discard; do
            echo "${service%%:*} unix - - n - - ${service##*:}"
        done
        for service in bounce defer:bounce trace:bounce; do
            echo "${service%%:*} unix - - n - 0 ${service##*:}"
        done
        echo "cleanup unix n - n - 0 cleanup"
        echo "virtual unix - n n - - virtual"
        echo "pickup unix n - n 60 1 pickup"
        echo "qmgr unix n - n 300 1 qmgr"
        echo "tlsmgr unix - - n 1000? 1 tlsmgr"
        echo "flush unix n - n 1000? 0 flush"
        echo "proxymap unix - - n - - proxymap"
        echo "verify unix - - n - 1 verify"
        echo "anvil unix - - n - 1 anvil"
        echo "showq unix n - n - - showq"
        echo "scache unix - - n - 1 scache"
        echo "postlog unix-dgram n - n - 1 postlogd"
        echo "$2"
    } >"$etc/master.cf"
    clean_up+=("postfix -c '$etc' stop")
}

relay_accepts() {
    python3 -c "import socket; socket.create_connection(('127.0.0.1', $port), 1).close()" 2>/dev/null
}

start_postfix() {
    postfix -c "$etc" start >>"$work/start.log" 2>&1 || fail "Postfix did not start"
    wait_for 30 relay_accepts || fail "the relay does not listen on port $port"
}

[ -x "$tidewaiter" ] || fail "there is no $tidewaiter: cargo build --release"
