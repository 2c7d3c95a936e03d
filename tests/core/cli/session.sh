#!/usr/bin/env bash
# session.sh GLASSLOG: a broker of its own and every verb that talks to it, over real sockets.
set -euo pipefail

root=$(cd "$(dirname "$0")/../../.." && pwd)
source "$root/tests/core/cli/session_lib.sh"
begin "$1"

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

# The first steps of the README, line by line as they are pasted into the other terminal.
readme() {
    local line steps=0
    glasslog() { timeout 20 "$program" "$@" ${address:+-b "$address"}; }
    while IFS= read -r line; do
        [[ $line == build/release/bin/glasslog* || $line == echo* ]] || continue
        line=${line//build\/release\/bin\/glasslog/glasslog}
        eval "$line" >"$place/said" 2>&1 || die "README.md: '$line' ended with $?: $(cat "$place/said")"
        steps=$((steps + 1))
    done < <(sed -n '/^In another terminal:/,/^Break it/p' "$root/README.md")
    [ "$steps" -eq 3 ] || die "README.md: $steps first steps were found, not 3"
    says '"value":"hello"'
    glasslog() { "$program" "$@"; }
    glasslog topic delete orders -b "$address"
}

start 1
readme
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
ln -s /proc/self/mem "$place/data/with-gzip-0/00000000000000009999.log"
expect 1 glasslog dump "$place/data/with-gzip-0"
says '00000000000000009999.log: failed: cannot read'
echo "session: every verb did what it says"
