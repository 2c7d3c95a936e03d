#!/usr/bin/env bash
# The benchmarks, beside Apache Kafka when KAFKA_PEER=DIR names one, then what needs no peer: counts
# of allocations and copies, and the simulator's speed. Arguments go to bench.py;
# GLASSLOG_SIM_SECONDS is how long the simulator's load lasts (default 20 simulated seconds).
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
dir="${GLASSLOG_BENCH_DIR:-$here/../../build/bench}"
mkdir -p "$dir"

die() { printf 'bench: %s\n' "$*" >&2; exit 77; }

install_missing() {
    [ $# -eq 0 ] && return
    [ "$(id -u)" = 0 ] || die "these packages are missing: $*; install them"
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "$@" >/dev/null || die "cannot install $*"
}

missing=()
[ -e /usr/include/librdkafka/rdkafka.h ] || missing+=(librdkafka-dev)
command -v strace >/dev/null || missing+=(strace)
install_missing "${missing[@]}"

if [ "$here/load.cpp" -nt "$dir/load" ]; then
    g++ -std=c++20 -O2 -Wall -Wextra -o "$dir/load" "$here/load.cpp" -lrdkafka -pthread
fi
python3 "$here/bench.py" --load-bin "$dir/load" "$@"
for word in "$@"; do case $word in -h | --help) exit 0 ;; esac; done

# costs PROGRAM: the rows that a test of costs prints, if it passes.
costs() {
    local told
    told=$("$bin/$1") || { printf '%s\n' "$told" | tail -n 30 >&2; return 1; }
    grep '^|' <<<"$told"
}

bin="$here/../../build/release/bin"
printf '\n| counted, on one thread | each |\n|---|---|\n'
for program in produce_cost_test partition_cost_test os_cost_test; do costs "$program"; done
printf '\nthe simulator:\n'
"$bin/sim_bench" "${GLASSLOG_SIM_SECONDS:-20}"
