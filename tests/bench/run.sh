#!/usr/bin/env bash
# The benchmarks, beside Apache Kafka when KAFKA_PEER=DIR names one. Arguments go to bench.py.
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
exec python3 "$here/bench.py" --load-bin "$dir/load" "$@"
