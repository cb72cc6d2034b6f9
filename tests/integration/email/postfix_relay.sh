#!/bin/sh
# Sends through a real Postfix (its own configuration and queue in a temporary folder) that discards
# what it takes and refuses refused@: breaks when the driver and a real relay disagree.
# Needs root, because Postfix does; exits 77 (skipped) otherwise.
set -eu
command -v postfix >/dev/null && [ "$(id -u)" = 0 ] && getent passwd postfix >/dev/null || exit 77
bench="$BUILD_DIR/tests/bench/email/bench_email"
[ -x "$bench" ] || bench=$(find "$BUILD_DIR" -name bench_email -type f | head -1)
[ -x "$bench" ] || exit 77
dir=$(mktemp -d /tmp/tocsin-postfix-XXXXXX)
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
chmod 755 "$dir"
mkdir "$dir/etc" "$dir/queue" "$dir/data"
chown postfix "$dir/data"
cat >"$dir/etc/main.cf" <<CF
compatibility_level = 3.6
queue_directory = $dir/queue
data_directory = $dir/data
myhostname = relay.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
default_transport = discard
relay_transport = discard
alias_maps =
local_recipient_maps =
maillog_file = /dev/stdout
maillog_file_prefixes = /dev
smtpd_client_connection_count_limit = 0
smtpd_tls_security_level = none
CF
cat >"$dir/etc/master.cf" <<CF
127.0.0.1:$port inet n - n - 40 smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
error unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
CF
stop() {
    postfix -c "$dir/etc" stop >/dev/null 2>&1 || true
    wait || true
    rm -rf "$dir"
}
trap stop EXIT
postfix -c "$dir/etc" start-fg >"$dir/log" 2>&1 &
for _ in $(seq 50); do
    python3 -c "import socket; socket.create_connection(('127.0.0.1', $port))" 2>/dev/null && break
    sleep 0.2
done
"$bench" "$port" 8 500 || {
    tail -20 "$dir/log"
    exit 1
}
grep -c 'status=sent' "$dir/log"
