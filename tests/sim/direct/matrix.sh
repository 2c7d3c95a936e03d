#!/usr/bin/env bash
# matrix.sh GLASSLOG [SEEDS]: for every mistake of core/raft/rules.hpp the first seed of the direct
# depth that finds it, the theorem that breaks, and how many commands are left of the run when it is
# shrunk. A table for docs/simulator.md; exit 1 when a mistake is not found within SEEDS (2000).
set -euo pipefail
readonly glasslog=$1 seeds=${2:-2000}
readonly rules=(commit=any_epoch commit=reaches_epoch_start vote=reply_at_once vote_log=any_log
    fetch_answer=cut_to_answer follower_commit=any_answer prefix=offset_only reconfigure=at_once
    pre_vote=none check_quorum=none read=from_memory restart=leader_again flush=never)
missed=0
printf '| mistake | seed | found in | theorem | commands left |\n|---|---|---|---|---|\n'
for rule in "${rules[@]}"; do
    found=$("$glasslog" sim direct --rule "$rule" --seeds "1..$seeds" --jobs 1 --json 2>/dev/null |
        grep -c '"code":1,' || true)
    line=$("$glasslog" sim direct --rule "$rule" --seeds "1..$seeds" --jobs 1 2>&1 |
        grep -m 1 -E '^ *seed [0-9]+: ' || true)
    seed=$(sed -E 's/^ *seed ([0-9]+):.*/\1/' <<<"$line")
    if [ -z "$seed" ]; then
        missed=1
        printf '| %s | not within %s | | | |\n' "$rule" "$seeds"
        continue
    fi
    theorem=$(sed -E 's/^ *seed [0-9]+: ([A-Za-z0-9-]+) .*/\1/' <<<"$line")
    left=$("$glasslog" sim direct --rule "$rule" --seed "$seed" --shrink 2>&1 |
        sed -nE 's/^([0-9]+) commands of ([0-9]+),.*/\1 of \2/p' | head -n 1)
    printf '| %s | %s | %s of %s | %s | %s |\n' "$rule" "$seed" "$found" "$seeds" "$theorem" "$left"
done
exit "$missed"
