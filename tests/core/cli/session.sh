#!/usr/bin/env bash
# session.sh GLASSLOG: a broker of its own and every verb that talks to it, over real sockets.
set -euo pipefail

glasslog() { "$program" "$@"; }

die() { printf 'session: %s\n' "$*" >&2; [ ! -s "$place/log" ] || tail -n 20 "$place/log" >&2; exit 1; }

# expect CODE COMMAND…: its exit code is CODE; what it prints is in $place/said.
expect() {
    local wanted=$1 code=0
    shift
    "$@" >"$place/said" 2>&1 || code=$?
    [ "$code" -eq "$wanted" ] || die "'$*' ended with $code, not $wanted: $(cat "$place/said")"
}

says() { grep -qF -- "$1" "$place/said" || die "'$1' is not in: $(cat "$place/said")"; }

same() { cmp -s "$1" "$2" || die "$1 and $2 differ: $(diff "$1" "$2" | head -n 5)"; }

start() {
    "$program" broker --data "$place/data" --listen 127.0.0.1:0 --reactors "$1" 2>"$place/log" &
    broker=$!
    local try
    for try in $(seq 300); do
        address=$(sed -n 's/.*listening on \([0-9.]*:[0-9]*\).*/\1/p' "$place/log" | head -n 1)
        [ -z "$address" ] || return 0
        kill -0 "$broker" 2>/dev/null || die "the broker has stopped"
        read -rt 0.1 <> <(:) || true
    done
    die "the broker did not start (try $try)"
}

stop() {
    local code=0
    kill -TERM "$broker"
    wait "$broker" || code=$?
    broker=
    [ "$code" -eq 0 ] || die "the broker ended with $code after SIGTERM"
    [ -e "$place/data/.kafka_cleanshutdown" ] || die "no mark of a clean stop"
}

clean() { [ -z "$broker" ] || kill -KILL "$broker" 2>/dev/null || true; rm -rf "$place"; }

topics() {
    expect 0 glasslog topic create orders -b "$address" --partitions 2 --config retention.ms=600000
    expect 1 glasslog topic create orders -b "$address"
    says TOPIC_ALREADY_EXISTS
    expect 0 glasslog topic create orders -b "$address" --if-not-exists
    expect 1 glasslog topic create 'no/name' -b "$address"
    says INVALID_TOPIC_EXCEPTION
    expect 0 glasslog topic describe orders -b "$address"
    says retention.ms=600000
    expect 0 glasslog topic list -b "$address" --json
    says '"name": "orders"'
    expect 1 glasslog topic describe nothing -b "$address"
    says UNKNOWN_TOPIC_OR_PARTITION
}

records() {
    local codec
    seq 2000 | sed 's/.*/key-&:value & of the session/' >"$place/in"
    for codec in none gzip snappy lz4 zstd; do
        expect 0 glasslog topic create "with-$codec" -b "$address" --partitions 1
        glasslog produce "with-$codec" -b "$address" -q --key-separator : --compression "$codec" <"$place/in"
        glasslog consume "with-$codec" -b "$address" --from-beginning -e --key-separator : >"$place/out"
        same "$place/in" "$place/out"
    done
    glasslog produce orders -b "$address" -q --acks 1 --partition 1 --header a=b <"$place/in"
    glasslog produce orders -b "$address" -q --acks 0 --partition 1 <"$place/in"
    expect 0 glasslog consume orders -b "$address" --partition 1 --offset 3998 -n 2 --timeout 20000 --json
    says '"offset":3999'
    expect 0 glasslog consume orders -b "$address" --partition 1 --offset 0 -n 1 --print-headers
    says 'a=b'
}

refusals() {
    expect 1 glasslog consume orders -b "$address" --partition 1 --offset 9999999
    says 'out of range'
    expect 1 glasslog consume orders -b "$address" --partition 7 --from-beginning
    says 'has 2 partitions'
    expect 1 glasslog consume orders -b "$address" --partition 0 -n 1 --timeout 300
    says '0 of 1 messages'
    expect 1 glasslog produce nothing -b "$address" </dev/null
    says 'glasslog topic create'
    expect 0 glasslog offsets with-lz4 -b "$address" --time 0 --json
    says '"latest": 2000'
}

program=$(readlink -f "$1")
broker=
place=$(mktemp -d)
trap clean EXIT
start 1
topics
records
refusals
stop
start 2
glasslog consume with-zstd -b "$address" --from-beginning -e --key-separator : >"$place/out"
same "$place/in" "$place/out"
expect 0 glasslog topic delete orders -b "$address"
expect 1 glasslog topic delete orders -b "$address"
stop
expect 0 glasslog dump --records "$place/data/with-gzip-0"
says 'lastOffset: 1999'
expect 0 glasslog dump "$place/data/__cluster_metadata-0"
says '"name":"with-gzip"'
echo "session: every verb did what it says"
