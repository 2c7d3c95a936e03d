#!/usr/bin/env bash
# ./run demo, after the build: the power-loss scenario in the simulator, then the same broker on a
# real socket, every byte compared, then the window. Under a minute. Fails when anything differs.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

readonly bin=build/release/bin
readonly out=build/demo
readonly scenario=scenarios/lessons/power-loss.scenario
readonly records=5000
if [ -t 1 ]; then readonly bold=$'\e[1m' green=$'\e[32m' plain=$'\e[0m'; else readonly bold='' green='' plain=''; fi
broker_pid=''

say() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }

die() { printf 'demo: %s\n' "$*" >&2; exit 1; }

stop_broker() {
    [ -n "$broker_pid" ] || return 0
    kill -TERM "$broker_pid" 2>/dev/null || true
    wait "$broker_pid" 2>/dev/null || true
    broker_pid=''
}
trap stop_broker EXIT

simulate() {
    say "1/3 a power loss, in the simulator (the real broker's code; seed 7)"
    "$bin/glasslog" sim run "$scenario" --seed 7 --trace "$out/power-loss.trace"
}

start_broker() {
    "$bin/glasslog" broker --data "$out/data" --listen 127.0.0.1:0 2>"$out/broker.log" &
    broker_pid=$!
    local try
    for try in $(seq 100); do
        bootstrap=$(sed -n 's/.*listening on \([0-9.]*:[0-9]*\).*/\1/p' "$out/broker.log" | head -n 1)
        [ -n "$bootstrap" ] && return
        kill -0 "$broker_pid" 2>/dev/null || die "the broker stopped: $(tail -n 3 "$out/broker.log")"
        read -rt 0.1 <> <(:) || true
    done
    die "the broker did not start within 10 s; see $out/broker.log (try $try)"
}

compare() {
    cmp "$1" "$2" || die "$3: what came out differs from what went in"
    printf '%s   %s: %d records, %d bytes, every byte equal%s\n' "$green" "$3" "$(wc -l <"$2")" "$(wc -c <"$2")" "$plain"
}

on_a_socket() {
    say "2/3 the same broker on a real socket"
    start_broker
    printf '   listening on %s, data in %s\n' "$bootstrap" "$out/data"
    local ours="$bin/glasslog"
    "$ours" topic create demo --partitions 1 --bootstrap-server "$bootstrap"
    seq "$records" | sed 's/.*/key-&:a record of the demo, number &/' >"$out/in.txt"
    "$ours" produce demo --bootstrap-server "$bootstrap" --key-separator : --compression lz4 <"$out/in.txt"
    "$ours" consume demo --bootstrap-server "$bootstrap" --partition 0 --from-beginning \
        --max-messages "$records" --key-separator : >"$out/ours.txt"
    compare "$out/in.txt" "$out/ours.txt" "glasslog produce -> glasslog consume"
    kcat -b "$bootstrap" -C -t demo -p 0 -o beginning -e -q -K : >"$out/kcat.txt"
    compare "$out/in.txt" "$out/kcat.txt" "glasslog produce -> kcat"
    "$ours" topic create from-kcat --partitions 1 --bootstrap-server "$bootstrap"
    kcat -b "$bootstrap" -P -t from-kcat -p 0 -z zstd -K : <"$out/in.txt"
    "$ours" consume from-kcat --bootstrap-server "$bootstrap" --partition 0 --from-beginning \
        --max-messages "$records" --key-separator : >"$out/back.txt"
    compare "$out/in.txt" "$out/back.txt" "kcat -> glasslog consume"
    "$ours" offsets demo --bootstrap-server "$bootstrap"
    stop_broker
}

show() {
    say "3/3 the window plays what happened"
    if [ ! -x "$bin/glasslog-gui" ]; then
        echo "   built without Qt; build the release preset to get the window"
    elif [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] && [ -t 1 ]; then
        "$bin/glasslog-gui" "$out/power-loss.trace" &
        echo "   opened $out/power-loss.trace"
    else
        "$bin/glasslog-gui" "$out/power-loss.trace" --at 4s --screenshot "$out/power-loss.png"
        echo "   no display: look at $out/power-loss.png"
    fi
}

command -v kcat >/dev/null || die "kcat is missing: apt-get install kcat"
rm -rf "$out"
mkdir -p "$out"
simulate
on_a_socket
show
say "what to try next"
try() { printf '   %-88s %s\n' "$1" "$2"; }
try "$bin/glasslog broker --data /tmp/glasslog --listen 127.0.0.1:9092" "Kafka clients work with it (no groups yet)"
try "$bin/glasslog up --nodes 3" "a cluster of processes; kill its leader with: glasslog up --kill 1"
try "$bin/glasslog sim run $scenario --seeds 1..100" "the same story, a hundred ways"
try "$bin/glasslog-gui $scenario" "break it yourself, by click"
try "$bin/glasslog dump $out/data/demo-0" "what is on the disk"
