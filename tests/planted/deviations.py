#!/usr/bin/env python3
"""deviations.py [--only NAME,...] [--seeds N] [--json]

The theorems can break: plants one deviation from the protocol in core/raft at a time, in the
scratch copy of planted.py, and prints which seed of the direct depth finds it first, in how many
runs it is found, the theorem that breaks, and how many commands are left of the first run when it
is shrunk. Exit status as planted.py's: 1 when one is not found, 2 when one does not fit or compile.
The table of the last run stands in docs/simulator.md.
"""
import argparse
import collections
import json
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import planted  # noqa: E402 (the path comes first)

# name: (file, what stands there, what is planted)
DEVIATIONS = {
    "a majority of four is two": (
        "core/raft/quorum.cpp",
        "return ends[ends.size() / 2];",
        "return ends[(ends.size() - 1) / 2];"),
    "commits what only the leader's cache has": (
        "core/raft/leading.cpp",
        "if (s_.is_voter()) ends.push_back(s_.synced_end);",
        "if (s_.is_voter()) ends.push_back(s_.log_end);"),
    "a vote compares epochs only": (
        "core/raft/election.cpp",
        "return LogTail{request.last_epoch, request.end} >= LogTail{s_.last_epoch(), s_.log_end};",
        "return request.last_epoch >= s_.last_epoch();"),
    "a repeated vote does not wait for the disk": (
        "core/raft/election.cpp",
        "        speaks_of_vote_ = true;\n",
        ""),
    "a leader that removes itself counts itself": (
        "core/raft/leading.cpp",
        "if (s_.is_voter()) ends.push_back(s_.synced_end);",
        "ends.push_back(s_.synced_end);"),
    "a voter's progress is known by its id alone": (
        "core/raft/leading.cpp",
        "return one.key == key || (one.key.id == key.id && one.key.directory.is_zero());",
        "return one.key.id == key.id;"),
    "a new disk votes for the lost one": (
        "core/raft/election.cpp",
        "    return voter.id == s_.self.id &&\n"
        "           (voter.directory.is_zero() || voter.directory == s_.self.directory);",
        "    return voter.id == s_.self.id;"),
    "a disk without voters votes by its id alone": (
        "core/raft/election.cpp",
        "    if (!names_disk && s_.voters().size() == 0) return WireError::invalid_voter_key;\n",
        "    static_cast<void>(names_disk);\n"),
    "an epoch that the leader lacks is compared by its end": (
        "core/raft/leading.cpp",
        "if (end.epoch != epoch || end.end < request.offset) return end;",
        "if (end.end < request.offset) return end;"),
    "a follower cuts at the leader's end of another epoch": (
        "core/raft/quorum.cpp",
        "    return std::min(mine.end, log_end);",
        "    return std::min(leader.end, log_end);"),
    "a cut leaves the voters on its edge": (
        "core/raft/following.cpp",
        "s_.voter_history.back().offset >= end",
        "s_.voter_history.back().offset > end"),
    "the epoch of a snapshot is not compared": (
        "core/raft/leading.cpp",
        "    const LeaderEpoch epoch = request.last_fetched_epoch;\n"
        "    if (epoch < s_.snapshot->epoch && request.offset <= s_.snapshot->end) return true;\n"
        "    return request.offset == s_.log_start && s_.log_start > Offset(0) &&\n"
        "           s_.log_start == s_.snapshot->end && epoch != s_.snapshot->epoch;\n",
        "    return false;\n"),
    "a silent voter is told of its leader once": (
        "core/raft/questions.cpp",
        "    return std::max(voter.begin_due, voter.last_fetch + options_.timing.fetch_timeout);",
        "    return Instant::never();"),
    "a new voter need not have caught up": (
        "core/raft/membership.cpp",
        "    if (!is_caught_up(key_of(change.added))) return end_change(WireError::request_timed_out);\n",
        ""),
    "observers keep a leader in office": (
        "core/raft/leading.cpp",
        "    const auto heard = std::count_if(leading.voters.begin(),\n"
        "                                     leading.voters.end(),\n"
        "                                     [](const Progress& one) { return one.has_fetched; });\n",
        "    const auto fetched = [](const Progress& one) { return one.has_fetched; };\n"
        "    const auto heard = std::count_if(leading.voters.begin(), leading.voters.end(), fetched) +\n"
        "        std::count_if(leading.observers.begin(), leading.observers.end(), fetched);\n"),
    "a removal that timed out is forgotten": (
        "core/raft/membership.cpp",
        "    if (change->step == ChangeStep::probing) change.reset();",
        "    change.reset();"),
    "a chunk of a snapshot is no sign of life": (
        "core/raft/snapshots.cpp",
        "    s_.role_deadline = now_ + options_.timing.fetch_timeout;\n",
        ""),
    "a read is answered one record early": (
        "core/raft/leading.cpp",
        "if (s_.high_watermark <= read.barrier) return false;",
        "if (s_.high_watermark < read.barrier) return false;"),
    "a vote is forgotten with the role": (
        "core/raft/roles.cpp",
        "    s_.role = Role::unattached;\n    if (epoch > s_.epoch) s_.voted = {};",
        "    s_.role = Role::unattached;\n    s_.voted = {};"),
    "a new role forgets the snapshot that is being installed": (
        "core/raft/roles.cpp",
        "    if (s_.fetching && !s_.fetching->is_installing) s_.fetching.reset();",
        "    s_.fetching.reset();"),
    "a lone voter shows what its disk may forget": (
        "core/raft/leading.cpp",
        "const Offset end = is_alone ? s_.synced_end : s_.log_end;",
        "const Offset end = is_alone ? s_.log_end : s_.log_end;"),
    "pre-votes are given beside a leader that lives": (
        "core/raft/election.cpp",
        "return (!s_.has_fetched || s_.is_leader_gone) && is_up_to_date(request);",
        "return is_up_to_date(request);"),
    "a snapshot just below new voters forgets the old ones": (
        "core/raft/snapshots.cpp",
        "        return one.offset >= event.id.end;",
        "        return one.offset > event.id.end;"),
    "a fetch does not wait for a sync under way": (
        "core/raft/questions.cpp",
        "    if (must_flush && !is_durable && !fx_.sync) return;\n",
        ""),
    "a fetch does not wait for the disk": (
        "core/raft/questions.cpp",
        "ask(to, request, must_flush && !is_durable);",
        "ask(to, request, false);"),
}


def glasslog(*arguments):
    binary = planted.SCRATCH / "tree" / "build" / "headless" / "bin" / "glasslog"
    done = subprocess.run([binary, "sim", "direct", *arguments], capture_output=True, text=True,
                          timeout=3600, check=False)
    if done.returncode not in (0, 1, 4):
        planted.give_up(f"glasslog ended with {done.returncode}: {done.stderr[-500:]}")
    return done.stdout if "--json" in arguments else done.stdout + done.stderr


def build(name):
    built = planted.run(["ninja", "-C", "build/headless", "-j", "2", "glasslog"])
    if built.returncode != 0:
        planted.give_up(f"with '{name}' planted the tree does not build: mend DEVIATIONS\n"
                        + built.stdout[-2000:])


def campaign(seeds, jobs):
    """What runs 1..seeds say of what is planted now; "seed" is missing when they all hold."""
    lines = glasslog("--seeds", f"1..{seeds}", "--jobs", str(jobs), "--json").splitlines()
    found = [run for run in map(json.loads, lines) if run["code"] == 1]
    result = {"found": len(found), "of": seeds}
    if not found:
        return result
    first = min(found, key=lambda run: run["seed"])
    theorems = collections.Counter(run["verdict"].split()[0] for run in found)
    shrunk = glasslog("--seed", str(first["seed"]), "--shrink")
    left = re.search(r"^(\d+) commands of (\d+)", shrunk, re.MULTILINE)
    result.update(seed=first["seed"], first=first["verdict"], theorems=dict(theorems.most_common()),
                  left=f"{left[1]} of {left[2]}" if left else "")
    return result


def row(name, result):
    if "seed" not in result:
        return f"| {name} | NOT FOUND | {result['found']} of {result['of']} | | |"
    return (f"| {name} | {result['seed']} | {result['found']} of {result['of']} | "
            f"{', '.join(result['theorems'])} | {result['left']} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", help="comma-separated names")
    parser.add_argument("--seeds", type=int, default=20_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    tree = planted.fresh_tree()
    configured = planted.run(["cmake", "--preset", "headless"])
    if configured.returncode != 0:
        planted.give_up(configured.stderr)
    build("nothing")
    if "seed" in campaign(arguments.seeds, arguments.jobs):
        planted.give_up("a theorem breaks before anything was planted")
    table = {}
    for name in arguments.only.split(",") if arguments.only else DEVIATIONS:
        planted.plant(tree, DEVIATIONS, name)
        build(name)
        table[name] = campaign(arguments.seeds, arguments.jobs)
        planted.heal(tree, DEVIATIONS, name)
        if not arguments.json:
            print(row(name, table[name]), flush=True)
    if arguments.json:
        print(json.dumps(table, indent=1))
    return 0 if all("seed" in result for result in table.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
