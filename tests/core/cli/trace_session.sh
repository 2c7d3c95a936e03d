#!/usr/bin/env bash
# trace_session.sh GLASSLOG [GLASSLOG-GUI]: what a real broker with two reactors writes into its
# trace, and that those who read traces can read it.
set -euo pipefail
source "$(dirname "$0")/session_lib.sh"
begin "$1"
gui=${2:-}

use() {
    expect 0 glasslog topic create orders -b "$address" --partitions 2
    seq 100 | glasslog produce orders -b "$address" -q
    glasslog consume orders -b "$address" --from-beginning -e >"$place/out"
    [ "$(wc -l <"$place/out")" -eq 100 ] || die "not 100 records came back"
}

# has FILE KIND…
has() {
    local file=$1 kind
    shift
    expect 0 glasslog sim trace show "$file"
    for kind in "$@"; do
        grep -qw "$kind" "$place/said" || die "no $kind in $file: $(tail -n 5 "$place/said")"
    done
    ! grep -q 'left out' "$place/said" || die "$file is not whole"
}

readonly kinds=(node_started connection_opened client_named request_received batch_appended connection_closed
    node_stopped)

a_file() {
    start 2 --trace "$place/broker.trace" --set ssl.keystore.password=hunter2
    use
    stop
    has "$place/broker.trace" "${kinds[@]}"
    local append
    append=$(grep -oP 'batch_appended +topic=orders.*? #\K[0-9]+' "$place/said" | head -n 1)
    expect 0 glasslog sim trace why "$place/broker.trace" "$append"
    grep -q request_received "$place/said" || die "an append has no request as its cause"
    [ "$(tail -c 8 "$place/broker.trace")" = GLINDEX ] || die "the trace ended in order and has no index"
    grep -aq 'ssl.keystore.password=\[hidden\]' "$place/broker.trace" || die "the header lacks a property"
    ! grep -aq hunter2 "$place/broker.trace" || die "a password is in the trace"
}

a_ring() {
    cd "$place"
    start 1 --trace ring:1MiB
    glasslog consume orders -b "$address" --from-beginning -e >"$place/out"
    stop
    has glasslog.trace node_started client_named request_received connection_closed
    says_log 'are in glasslog.trace'
    rm glasslog.trace
    ln -s /dev/full glasslog.trace
    start 1 --trace ring:1MiB
    ended=1 stop
    ! grep -q 'are in glasslog.trace' "$place/log" || die "a file that could not be written was promised"
    says_log 'the trace is incomplete'
    cd - >/dev/null
}

says_log() { grep -qF -- "$1" "$place/log" || die "'$1' was not said"; }

a_picture() {
    [ -n "$gui" ] || return 0
    QT_QPA_PLATFORM=offscreen "$gui" "$place/broker.trace" --at 1s --screenshot "$place/out.png"
    [ "$(head -c 4 "$place/out.png" | tail -c 3)" = PNG ] || die "the window drew no picture"
}

# Until TEXT is in $place/events.
await() {
    local try
    for try in $(seq 300); do
        ! grep -qF -- "$1" "$place/events" || return 0
        kill -0 "$broker" 2>/dev/null || die "up has ended before '$1'"
        read -rt 0.1 <> <(:) || true
    done
    die "no '$1' after $try tries: $(cat "$place/events")"
}

# Three processes, of which one is killed and comes back.
a_cluster() {
    local data=$place/cluster
    "$program" up --nodes 3 --data "$data" --port $((20000 + RANDOM % 20000)) --trace --json \
        >"$place/events" 2>"$place/log" &
    broker=$!
    await '"event":"ready"'
    expect 0 glasslog up --kill 1 --data "$data"
    await '"state":"down"'
    expect 0 glasslog up --restart 1 --data "$data"
    local lives=("$data"/node-1/trace*)
    [ "${#lives[@]}" -eq 2 ] || die "not the traces of two lives: ${lives[*]}"
    kill -TERM "$broker"
    wait "$broker" || die "up failed"
    broker=
    has "$data" node_crashed quorum_vote_answered connection_opened
    grep -qE 'world +fault_injected +text="kill 1"' "$place/said" || die "the kill is not told"
    grep -qE 'connection_opened +connection=[0-9]+ from=[123] to=[123] ' "$place/said" ||
        die "no connection of which both ends are known"
    expect 0 glasslog sim trace show "$data/node-2/trace" "$data/node-3/trace" --kind node_started
    [ "$(grep -c node_started "$place/said")" -eq 2 ] || die "not two nodes: $(cat "$place/said")"
    mkdir "$place/empty"
    expect 2 glasslog sim trace show "$place/empty"
    says "no file 'trace'"
    [ -z "$gui" ] || QT_QPA_PLATFORM=offscreen "$gui" "$data" --screenshot "$place/cluster.png"
}

damage() {
    local size=$(($(stat -c %s "$place/broker.trace") - 60))
    cp "$place/broker.trace" "$place/damaged.trace"
    printf 'damage' | dd of="$place/damaged.trace" bs=1 seek="$size" conv=notrunc status=none
    for verb in show export; do
        expect 1 glasslog sim trace "$verb" "$place/damaged.trace"
        says node_started
        says 'at byte'
    done
    expect 1 glasslog sim trace why "$place/damaged.trace" 1
    expect 1 glasslog sim trace diff "$place/damaged.trace" "$place/damaged.trace"
}

a_file
a_ring
a_picture
a_cluster
damage
echo "trace_session: a real broker's trace can be read and shown"
