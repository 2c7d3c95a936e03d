#!/usr/bin/env bash
# matrix.sh GLASSLOG [SEEDS]: for every mistake of core/raft/rules.hpp how many seeds of the direct
# depth find it, the first of them, the theorem that it breaks, and how many commands are left of
# that run when it is shrunk. The table of docs/simulator.md; exit 1 when a mistake is not found
# within SEEDS (2000).
set -euo pipefail
readonly glasslog=$1 seeds=${2:-2000}
readonly rules=(commit=any_epoch commit=reaches_epoch_start vote=reply_at_once vote_log=any_log
    fetch_answer=cut_to_answer follower_commit=any_answer prefix=offset_only reconfigure=at_once
    pre_vote=none check_quorum=none read=from_memory restart=leader_again flush=never)
runs=$(mktemp)
readonly runs
trap 'rm -f "$runs"' EXIT
missed=0
printf '| mistake | found by | first | theorem | commands left |\n|---|---|---|---|---|\n'
for rule in "${rules[@]}"; do
    "$glasslog" sim direct --rule "$rule" --seeds "1..$seeds" --jobs 1 --json 2>/dev/null |
        grep '"code":1,' >"$runs" || true
    found=$(wc -l <"$runs")
    if [ "$found" = 0 ]; then
        missed=1
        printf '| `%s` | 0 of %s | | | |\n' "$rule" "$seeds"
        continue
    fi
    seed=$(head -n 1 "$runs" | sed -E 's/^\{"seed":([0-9]+),.*/\1/')
    theorem=$(head -n 1 "$runs" | sed -E 's/.*"verdict":"([A-Z0-9-]+ [a-z_]+) .*/\1/')
    left=$("$glasslog" sim direct --rule "$rule" --seed "$seed" --shrink 2>&1 |
        sed -nE 's/^([0-9]+) commands of ([0-9]+),.*/\1 of \2/p' | head -n 1 || true)
    printf '| `%s` | %s of %s | seed %s | %s | %s |\n' "$rule" "$found" "$seeds" "$seed" "$theorem" "$left"
done
exit "$missed"
