#!/usr/bin/env python3
"""planted.py [--only NAME,...] [--labels REGEX] [--without REGEX] [--json]

The tests can fail: plants one-line faults, one at a time, in a scratch copy of the tree, builds it
and says which tests go red. A fault that no test finds makes the exit status 1; a plant that no
longer fits the code, or does not compile, makes it 2. The table of the last run stands in docs/testing.md.
"""
import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SCRATCH = ROOT / "build" / "planted"

# name: (file, what stands there, what is planted)
FAULTS = {
    "recovery keeps a torn tail": (
        "core/storage/recovery_scan.cpp",
        "if (plan_.rule == RecoveryRule::cut_torn_tail || plan_.cut_at) {",
        "if (plan_.cut_at) {"),
    "CRC is not checked": (
        "core/protocol/record_batch.cpp",
        "return crc32c(bytes_.subspan(batch_crc_begin)) == crc();",
        "return crc32c(bytes_.subspan(batch_crc_begin)) == crc() || true;"),
    "idempotence window of four": (
        "core/log/producer_state.hpp",
        "inline constexpr std::size_t batch_window = 5;",
        "inline constexpr std::size_t batch_window = 4;"),
    "ListOffsets off by one at a segment's edge": (
        "core/storage/partition_log_read.cpp",
        "while (index < segments_.size() && segments_[index].largest.timestamp < timestamp)",
        "while (index < segments_.size() && segments_[index].largest.timestamp <= timestamp)"),
    "high watermark ahead of the log end": (
        "core/replication/partition.cpp",
        "state.high_watermark = std::max(before, state.local_end);",
        "state.high_watermark = std::max(before, state.local_end) + (state.local_end > before);"),
    "keyed random shares a counter": (
        "sim/draws.cpp",
        "const std::uint64_t n = slot.count++;",
        "const std::uint64_t n = slots_[0].count++;"),
    "a crash model keeps unsynced bytes": (
        "sim/disk_image.cpp",
        "std::size_t keep = model.contents == Unsynced::kept ? f.unsynced.size() : 0;",
        "std::size_t keep = f.unsynced.size();"),
    "an index is rebuilt with a wrong position": (
        "core/storage/recovery_scan.cpp",
        "indexes_->add(facts, batch.position);",
        "indexes_->add(facts, batch.position + 1);"),
}


def run(command, **how):
    return subprocess.run(command, cwd=SCRATCH / "tree", text=True, capture_output=True, **how)


def fresh_tree():
    """A copy of the tracked files beside the build directory, which is kept between plants."""
    tree = SCRATCH / "tree"
    tree.mkdir(parents=True, exist_ok=True)
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    names = {name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).exists()}
    for entry in list(tree.rglob("*")):
        name = entry.relative_to(tree).as_posix()
        if entry.is_file() and not name.startswith("build/") and name not in names:
            entry.unlink()
    for name in names:
        copy = tree / name
        # Only what differs, and with a new time: a plant of a run that was interrupted is in an
        # object file, too, which an old time would not have built again.
        if copy.exists() and copy.read_bytes() == (ROOT / name).read_bytes():
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy)
    return tree


def give_up(text):
    print(f"planted.py: {text}", file=sys.stderr)
    sys.exit(2)


def plant(tree, faults, fault):
    if fault not in faults:
        give_up(f"no fault '{fault}'; expected one of {', '.join(faults)}")
    file, healthy, sick = faults[fault]
    text = (tree / file).read_text()
    if text.count(healthy) != 1:
        give_up(f"'{fault}' does not fit {file} any more: mend its table")
    (tree / file).write_text(text.replace(healthy, sick))


def heal(tree, faults, fault):
    file = faults[fault][0]
    shutil.copy2(ROOT / file, tree / file)
    (tree / file).touch()


def red_tests(labels, without, planted="nothing"):
    """Names of failed tests. A compiler that refuses a plant has found nothing: the plant is bad."""
    built = run(["ninja", "-C", "build/headless"])
    if built.returncode != 0:
        give_up(f"with '{planted}' planted the tree does not build: mend FAULTS\n"
                + built.stdout[-2000:])
    tested = run(["ctest", "--test-dir", "build/headless", "-j", "2", "-L", labels, "-E", without,
                  "--timeout", "300"])
    return re.findall(r"^\s*\d+ - (\S+) \((?:Failed|Timeout|SEGFAULT|Subprocess aborted)", tested.stdout,
                      re.MULTILINE)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", help="comma-separated names")
    parser.add_argument("--labels", default="fast|explore|interop", help="ctest labels to run")
    parser.add_argument("--without", default="^$", help="names of tests to leave out")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    tree = fresh_tree()
    configured = run(["cmake", "--preset", "headless"])
    if configured.returncode != 0:
        give_up(configured.stderr)
    before = red_tests(arguments.labels, arguments.without)
    if before:
        give_up(f"red before anything was planted: {', '.join(before)}")
    table = {}
    for fault in arguments.only.split(",") if arguments.only else FAULTS:
        plant(tree, FAULTS, fault)
        table[fault] = red_tests(arguments.labels, arguments.without, fault)
        heal(tree, FAULTS, fault)
        if not arguments.json:
            print(f"| {fault} | {', '.join(table[fault]) or 'NOT FOUND'} |", flush=True)
    if arguments.json:
        print(json.dumps(table, indent=1))
    return 0 if all(table.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
