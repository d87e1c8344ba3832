#!/usr/bin/env bash
# The whole way through a real relay: a dropped export, STARTTLS against a certificate made on the spot, Postfix, and a
# mail for every Message-ID of the outbox. Postfix runs as an instance of its own on a loopback port; the host's is left alone.
source "$(dirname "$0")/lib.sh"

[ "$(id -u)" = 0 ] || skip "Postfix starts as root only"
for program in postfix postmap openssl python3; do
    PATH=$PATH:/usr/sbin command -v "$program" >/dev/null || skip "$program is not installed"
done
PATH=$PATH:/usr/sbin
export TIDEWAITER=$tidewaiter

certificates() {
    local tls=$work/tls
    mkdir "$tls"
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=tidewaiter test authority" \
        -keyout "$tls/ca.key" -out "$tls/ca.pem" \
        -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign >>"$work/openssl.log" 2>&1
    openssl req -newkey rsa:2048 -nodes -subj "/CN=localhost" \
        -keyout "$tls/relay.key" -out "$tls/relay.csr" >>"$work/openssl.log" 2>&1
    printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n' >"$tls/ext"
    openssl x509 -req -days 2 -in "$tls/relay.csr" -CA "$tls/ca.pem" -CAkey "$tls/ca.key" -CAcreateserial \
        -extfile "$tls/ext" -out "$tls/relay.pem" >>"$work/openssl.log" 2>&1
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

relay() {
    local etc=$work/postfix service
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
smtpd_tls_security_level = encrypt
smtpd_tls_cert_file = $work/tls/relay.pem
smtpd_tls_key_file = $work/tls/relay.key
smtpd_tls_loglevel = 1
CF
    {
        echo "127.0.0.1:$1 inet n - n - - smtpd"
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
    } >"$etc/master.cf"
    clean_up+=("postfix -c '$etc' stop")
    postfix -c "$etc" start >>"$work/start.log" 2>&1 || fail "Postfix did not start"
}

all_arrived() {
    python3 "$here/state.py" arrived "$work/house" "$work/vmail/inbox" >"$work/arrived.log" 2>&1
}

certificates
port=$(free_port)
relay "$port"
accepts() { python3 -c "import socket; socket.create_connection(('127.0.0.1', $port), 1).close()" 2>/dev/null; }
wait_for 30 accepts || fail "the relay does not listen on port $port"
write_config "$work/house" "smtp://localhost:$port" "  ca_file: $work/tls/ca.pem"
drop "$work/house" "$house/examples/sample-export.csv" sample-export.csv
run_to_the_end "$work/house"
wait_for 60 all_arrived || fail "$(cat "$work/arrived.log")"
grep -q "TLS connection established" "$work/postfix.log" || fail "the mails came without TLS"

# A relay with a certificate that nobody vouches for gets nothing.
write_config "$work/stranger" "smtp://localhost:$port"
drop "$work/stranger" "$house/examples/sample-export.csv" sample-export.csv
timeout -k 15 15 "$tidewaiter" run -c "$work/stranger/tidewaiter.yaml" --until-idle >>"$work/stranger.log" 2>&1 || true
"$tidewaiter" outbox -c "$work/stranger/tidewaiter.yaml" --json >"$work/stranger.json"
python3 -c '
import json, sys
rows = json.load(open(sys.argv[1]))
sent = [row["subject"] for row in rows if row["state"] == "delivered" and row["kind"] == "alert"]
sys.exit(f"a relay that nobody vouches for was given {len(sent)} mails" if sent or not rows else 0)
' "$work/stranger.json" || fail "the certificate was not checked"

echo "$name: passed ($(cat "$work/arrived.log"), over STARTTLS; an unknown certificate was refused)"
