# For tests of the command with a broker of their own; source it, then: begin GLASSLOG.

begin() {
    program=$(readlink -f "$1")
    broker=
    address=
    place=$(mktemp -d)
    trap clean EXIT
}

glasslog() { "$program" "$@"; }

die() { printf '%s: %s\n' "$(basename "$0" .sh)" "$*" >&2; [ ! -s "$place/log" ] || tail -n 20 "$place/log" >&2; exit 1; }

# expect CODE COMMAND…: its exit code is CODE; what it prints is in $place/said.
expect() {
    local wanted=$1 code=0
    shift
    "$@" >"$place/said" 2>&1 || code=$?
    [ "$code" -eq "$wanted" ] || die "'$*' ended with $code, not $wanted: $(cat "$place/said")"
}

says() { grep -qF -- "$1" "$place/said" || die "'$1' is not in: $(cat "$place/said")"; }

same() { cmp -s "$1" "$2" || die "$1 and $2 differ: $(diff "$1" "$2" | head -n 5)"; }

# start REACTORS [FLAG…]
start() {
    local reactors=$1
    shift
    "$program" broker --data "$place/data" --listen 127.0.0.1:0 --reactors "$reactors" "$@" 2>"$place/log" &
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

# With ended=CODE before it: the exit code that is expected.
stop() {
    local code=0
    kill -TERM "$broker"
    wait "$broker" || code=$?
    broker=
    [ "$code" -eq "${ended:-0}" ] || die "the broker ended with $code after SIGTERM"
    [ -e "$place/data/.kafka_cleanshutdown" ] || die "no mark of a clean stop"
}

clean() { [ -z "$broker" ] || kill -KILL "$broker" 2>/dev/null || true; rm -rf "$place"; }
