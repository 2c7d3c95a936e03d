#!/usr/bin/env bash
# Installs what the interop tests need into build/interop (outside git): a Python environment with
# pinned clients, Apache Kafka's own Java clients and tools, and our small Java program, compiled.
# Does nothing when all of it is there for the present versions. Exits 77 with the reason when this
# machine cannot have it (no Java, no network), so that ctest reports the tests as skipped.
#
#   tests/interop/setup.sh [DIR]      DIR instead of build/interop (or GLASSLOG_INTEROP_DIR)
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
dir="${1:-${GLASSLOG_INTEROP_DIR:-$here/../../build/interop}}"
mkdir -p "$dir"
dir="$(cd "$dir" && pwd)"

say() { printf 'interop setup: %s\n' "$*" >&2; }
cannot() { say "$*"; exit 77; }

# Two test runs may start at once; the second waits and then finds everything done.
exec 9>"$dir/lock"
flock -w 540 9 || cannot "another setup holds $dir/lock for nine minutes; end it and try again"

stamp_of() { cat "$@" | sha256sum | cut -d' ' -f1; }
is_fresh() { [ -f "$dir/$1.stamp" ] && [ "$(cat "$dir/$1.stamp")" = "$2" ]; }
mark() { printf '%s\n' "$2" >"$dir/$1.stamp"; }

# A command of a Debian package: there, or installed when we may install.
need_command() {
    command -v "$1" >/dev/null 2>&1 && return 0
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "installing $2 for the command $1"
        { apt-get install -y -q "$2" || { apt-get update -q && apt-get install -y -q "$2"; }; } \
            >"$dir/apt.log" 2>&1 && return 0
    fi
    cannot "the command $1 is missing and could not be installed; install the package $2"
}

install_python() {
    local want
    want="$(stamp_of "$here/requirements.txt")"
    is_fresh venv "$want" && [ -x "$dir/venv/bin/python" ] && return 0
    local python=python3
    [ -x /usr/bin/python3 ] && python=/usr/bin/python3 # the system's own: it outlives a user's
    rm -rf "$dir/venv"
    "$python" -m venv "$dir/venv" >"$dir/venv.log" 2>&1 ||
        cannot "$python cannot make a virtual environment; install the package python3-venv"
    "$dir/venv/bin/pip" install -q --disable-pip-version-check -r "$here/requirements.txt" \
        >"$dir/pip.log" 2>&1 ||
        cannot "pip could not install the clients, see $dir/pip.log (is there a network?)"
    mark venv "$want"
}

install_java() {
    local want
    want="$(stamp_of "$here/pom.xml")"
    is_fresh jars "$want" && return 0
    rm -rf "$dir/java/lib"
    mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies \
        "-DoutputDirectory=$dir/java/lib" >"$dir/maven.log" 2>&1 ||
        cannot "maven could not fetch Kafka's clients, see $dir/maven.log (is there a network?)"
    mark jars "$want"
}

compile_java() {
    local want
    want="$(stamp_of "$here/pom.xml" "$here"/java/*.java)"
    is_fresh classes "$want" && return 0
    rm -rf "$dir/java/classes"
    javac -cp "$dir/java/lib/*" -d "$dir/java/classes" "$here"/java/*.java 2>"$dir/javac.log" || {
        cat "$dir/javac.log" >&2
        say "the Java program of the tests does not compile"
        exit 1
    }
    mark classes "$want"
}

need_command kcat kcat
need_command javac openjdk-17-jdk-headless
need_command mvn maven
install_python
install_java
compile_java
say "ready in $dir"
