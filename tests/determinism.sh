#!/usr/bin/env bash
# Usage: tests/determinism.sh [--self-test] PROGRAM [SEEDS]
# Compares the trace hash of every lesson and seed between two environments (working directory,
# HOME, TZ, LANG, what malloc leaves in memory), and between PROGRAM and the same program of the
# other builds that exist (release, clang; with GLASSLOG_FULL all). Exit 3: a run differs; its
# first differing event is named and both traces are kept.
# --self-test compares other seeds instead, and demands that an event is named.
set -euo pipefail

mode=
if [ "$1" = --self-test ]; then mode=$1; shift; fi
program=$(realpath "$1")
seeds=${2:-20}
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/here" "$work/elsewhere"

# in_world WORLD COMMAND…
in_world() {
    local world=$1
    shift
    case $world in
        elsewhere) cd "$work/elsewhere" && env HOME=/nowhere TZ=Asia/Kathmandu LANG=tr_TR.UTF-8 MALLOC_PERTURB_=165 "$@" ;;
        shifted) cd "$work/here" && env GLASSLOG_SEED_SHIFT=1 "$@" ;;
        *) cd "$work/here" && env HOME="$work/here" TZ=UTC LANG=C "$@" ;;
    esac
}

hashes() { (in_world "$1" "$2" --hashes "$seeds") >"$work/$1.hashes"; }

# The first run that differs once more in both worlds, with its trace. name_event WORLD PROGRAM
name_event() {
    local world=$1 scenario seed
    read -r scenario seed _ < <(comm -13 <(sort "$work/$world.hashes") <(sort "$work/plain.hashes"))
    echo "$world differs from plain in $scenario, seed $seed:"
    (in_world plain "$program" --trace "$scenario" "$seed" "$work/plain.trace")
    (in_world "$world" "$2" --trace "$scenario" "$seed" "$work/$world.trace")
    "$program" --diff "$work/plain.trace" "$work/$world.trace" || true
}

# compare WORLD PROGRAM
compare() {
    hashes "$1" "$2"
    if cmp -s "$work/plain.hashes" "$work/$1.hashes"; then
        echo "plain = $1: $(wc -l <"$work/plain.hashes") hashes"
        return
    fi
    name_event "$1" "$2"
    echo "glasslog sim trace diff $work/plain.trace $work/$1.trace"
    trap - EXIT
    exit 3
}

self_test() {
    local told
    hashes shifted "$program"
    ! cmp -s "$work/plain.hashes" "$work/shifted.hashes" || { echo "other seeds, same hashes"; exit 1; }
    told=$(name_event shifted "$program")
    printf '%s\n' "$told"
    for words in 'shifted differs from plain in' 'equal events, then:' '  left ' '  right '; do
        grep -q "$words" <<<"$told" || { echo "the difference is not named: no '$words'"; exit 1; }
    done
    echo "a difference is named by its first event"
}

hashes plain "$program"
if [ -n "$mode" ]; then self_test; exit; fi
compare elsewhere "$program"
# The sanitizers are slow: two builds per change, all of them in --full.
for build in release clang ${GLASSLOG_FULL:+dev headless}; do
    other=$root/build/$build/bin/determinism_test
    [ -x "$other" ] && [ "$(realpath "$other")" != "$program" ] || continue
    compare "$build" "$other"
done
