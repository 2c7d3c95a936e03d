#!/usr/bin/env bash
# Usage: tests/determinism.sh PROGRAM [SEEDS]
# Compares the trace hash of every seed between environments, and between PROGRAM and the same
# program of the other builds that exist (release, clang, dev). Exit 3: they differ, the first
# difference is shown.
set -euo pipefail

program=$1
seeds=${2:-20}
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

hashes() { # name, program, environment…
    local name=$1 binary=$2
    shift 2
    (cd "$work" && env "$@" "$binary" --hashes "$seeds") >"$work/$name"
}

compare() { # name
    if ! cmp -s "$work/plain" "$work/$1"; then
        echo "$1 differs from plain:"
        diff "$work/plain" "$work/$1" | head -n 4
        exit 3
    fi
    echo "plain = $1: $(wc -l <"$work/plain") hashes"
}

hashes plain "$program" LC_ALL=C TZ=UTC
hashes elsewhere "$program" LC_ALL=tr_TR.UTF-8 TZ=Asia/Kathmandu MALLOC_PERTURB_=165 MALLOC_ARENA_MAX=1 HOME=/nowhere
compare elsewhere
# The sanitizers are slow: two builds per change, all of them in --full.
for build in release clang ${GLASSLOG_FULL:+dev headless}; do
    other=$root/build/$build/bin/determinism_test
    [ -x "$other" ] && [ "$(realpath "$other")" != "$(realpath "$program")" ] || continue
    hashes "$build" "$other" LC_ALL=C TZ=UTC
    compare "$build"
done
