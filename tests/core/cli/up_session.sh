#!/usr/bin/env bash
# up_session.sh GLASSLOG FAKE_NODE: a cluster of processes, watched, hurt and stopped from another
# terminal. Whatever happens, no process is left.
set -euo pipefail

root=$(cd "$(dirname "$0")/../../.." && pwd)
source "$root/tests/core/cli/session_lib.sh"
begin "$1"
fake=$(readlink -f "$2")
port=$((20000 + RANDOM % 20000))
voters=__cluster_metadata-0/00000000000000000000-0000000000.checkpoint
data=
up=

# The name of the program is not enough: other clusters may run here. grep itself has no "/" there.
left() { grep -lsz -- "$place[/]" /proc/[0-9]*/cmdline 2>/dev/null || true; }

clean() { [ -z "$up" ] || kill -KILL "$up" 2>/dev/null || true; rm -rf "$place"; }

# up_start NAME FLAG…: `glasslog up` on $place/NAME until it is ready.
up_start() {
    data=$place/$1
    shift
    # Emptied here: the background process may open them only after await has read the old ones.
    : >"$place/events"
    : >"$place/log"
    "$program" up --program "$fake" --data "$data" --json "$@" >"$place/events" 2>"$place/log" &
    up=$!
    await '"event":"ready"'
}

# await TEXT: among the events.
await() {
    local try
    for try in $(seq 300); do
        ! grep -qF -- "$1" "$place/events" || return 0
        kill -0 "$up" 2>/dev/null || die "up has ended before '$1'; $(cat "$place/events")"
        read -rt 0.1 <> <(:) || true
    done
    die "no '$1' after $try tries: $(cat "$place/events")"
}

# await_status TEXT: in the table.
await_status() {
    local try
    for try in $(seq 100); do
        order --status
        ! grep -qE -- "$1" "$place/said" || return 0
        read -rt 0.1 <> <(:) || true
    done
    die "no '$1' after $try tries: $(cat "$place/said")"
}

# order FLAG…: what another terminal does.
order() { expect 0 glasslog up --data "$data" "$@"; }

# up_ends CODE: and nothing is left of it.
up_ends() {
    local code=0
    wait "$up" || code=$?
    up=
    [ "$code" -eq "$1" ] || die "up ended with $code, not $1"
    [ -z "$(left)" ] || die "left: $(for one in $(left); do tr '\0' ' ' <"$one"; done)"
}

watching() {
    order --status
    says 'leader 1, epoch 5, high watermark 40'
    order --status --json
    says '"state": "up"'
    expect 1 glasslog up --data "$data"
    says 'a cluster runs in'
    expect 2 glasslog up --data "$place/other" --port "$port"
    says 'another process listens there'
    [ ! -e "$place/other/cluster.properties" ] || die "a cluster that never ran keeps its port"
    [ ! -e "$place/other/node-1" ] || die "a cluster that never ran has nodes"
    expect 2 glasslog up --kill 9 --data "$data"
    says 'one of 1, 2, 3'
}

pausing() {
    order --pause 2
    says '--resume 2'
    await_status '2 .* paused'
    await '"state":"paused"'
    order --resume 2
    await_status '2 .* up  .* follower'
    expect 1 glasslog up --resume 2 --data "$data"
    says 'is not paused'
}

killing() {
    order --kill 1
    says 'killed; start it again with: glasslog up --restart 1'
    await_status '1 .* down .* killed by signal 9'
    await '"leader":null'
    expect 1 glasslog up --kill 1 --data "$data"
    says 'node 1 has no process: it was killed by signal 9'
    order --restart 1
    says 'node 1 restarted, pid'
    await_status '1 .* up  .* leader'
    order --restart 3 --json
    says '"event":"restarted"'
    touch "$data/node-2/fail"
    expect 1 glasslog up --restart 2 --data "$data"
    says 'node 2 exited with 3: fake node 2: the disk is on fire'
    rm "$data/node-2/fail"
    order --restart 2
}

quorum() {
    local controller=127.0.0.1:$((port + 1001))
    expect 0 glasslog quorum describe --bootstrap-controller "$controller"
    says 'LeaderId:               1'
    says 'Follower'
    expect 0 glasslog quorum describe --bootstrap-controller "$controller" --json
    says '"cluster_id": "fake-cluster"'
    expect 0 glasslog quorum add --config "$data/node-3/server.properties" --bootstrap-controller "$controller"
    says "added controller 3 with directory id $(sed -n 's/directory.id=//p' "$data/node-3/data/meta.properties")"
    expect 0 glasslog quorum remove 3 --bootstrap-controller "$controller" --dry-run
    says 'would remove controller 3'
    expect 0 glasslog quorum remove 3 --bootstrap-controller "$controller" --json
    says '"event":"removed"'
    expect 1 glasslog quorum remove 8 --bootstrap-controller "$controller"
    says 'quorum describe --replication'
}

# All ends, and nobody takes the dead for the living.
stopping() {
    order --stop
    says 'is stopped'
    up_ends 0
    expect 1 glasslog up --status --data "$data"
    says 'no cluster runs in'
    says 'has ended'
    expect 1 glasslog up --kill 1 --data "$data"
}

keeping() {
    cat "$data"/node-*/data/meta.properties "$data"/node-*/server.properties | grep -v '^#' >"$place/before"
    expect 2 glasslog up --data "$data" --nodes 4
    says 'holds a cluster of 3 nodes'
    touch "$data/node-3/fail"
    expect 1 glasslog up --program "$fake" --data "$data"
    says 'node 3 exited with 3: fake node 3: the disk is on fire'
    [ -z "$(left)" ] || die "left after a failed start: $(left)"
    rm "$data/node-3/fail"
    up_start c
    cat "$data"/node-*/data/meta.properties "$data"/node-*/server.properties | grep -v '^#' >"$place/after"
    same "$place/before" "$place/after"
}

# The death of `up` itself is that of its nodes. A directory that was lost is another one.
dying() {
    kill -KILL "$up"
    up_ends 137 2>/dev/null
    expect 1 glasslog up --status --data "$data"
    says 'has ended'
    rm -r "$data/node-2/data"
    up_start c
    grep -q 'node 2 was empty and is formatted anew' "$place/log" || die "nothing is said of node 2"
    [ ! -e "$data/node-2/data/$voters" ] || die "node 2 takes itself for a voter"
    kill -TERM "$up"
    up_ends 0
    rm -r "$data"/node-*/data
    up_start c
    [ -e "$data/node-2/data/$voters" ] || die "a cluster that forgot everything has no voters"
    kill -TERM "$up"
    up_ends 0
}

deaf() {
    touch "$data/node-1/hang"
    up_start c --stop-timeout 1
    kill -TERM "$up"
    up_ends 1
    grep -q '"node":1,.*killed by signal 9' "$place/events" || die "node 1 was not killed: $(cat "$place/events")"
}

apart() {
    up_start apart --controllers 1 --brokers 2 --port "$port"
    await_status '3 .*controller .* leader'
    kill -TERM "$up"
    up_ends 0
    (ulimit -n 64 && expect 2 glasslog up --data "$data" && says 'ulimit -n 4096')
}

up_start c --port "$port"
watching
pausing
killing
quorum
stopping
keeping
dying
deaf
apart
echo "up: a cluster was started, hurt, restarted and stopped"
