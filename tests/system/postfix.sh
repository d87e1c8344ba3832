#!/usr/bin/env bash
# The whole way through a real relay: a dropped export, STARTTLS against a certificate made on the spot, Postfix, and a
# mail for every Message-ID of the outbox. Postfix runs as an instance of its own on a loopback port; the host's is left alone.
source "$(dirname "$0")/lib.sh"

need_postfix openssl
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

all_arrived() {
    python3 "$here/state.py" arrived "$work/house" "$work/vmail/inbox" >"$work/arrived.log" 2>&1
}

certificates
make_postfix "smtpd_tls_security_level = encrypt
smtpd_tls_cert_file = $work/tls/relay.pem
smtpd_tls_key_file = $work/tls/relay.key
smtpd_tls_loglevel = 1" ""
start_postfix
write_config "$work/house" "smtp://localhost:$port" "  ca_file: $work/tls/ca.pem"
analysts=$(printf 'analyst%d@example.org, ' {1..24})
sed -i "s/default: analyst@example.org/default: [${analysts%, }]/" "$work/house/tidewaiter.yaml"
drop "$work/house" "$house/examples/sample-export.csv" sample-export.csv
run_to_the_end "$work/house"
wait_for 60 all_arrived || fail "$(cat "$work/arrived.log")"
read -r messages _ <"$work/arrived.log"
[ "$messages" -ge 24 ] || fail "only $messages messages: the queue was not tried"
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
