"""Apache Kafka's own dump tool reads every file of the data directory and finds nothing wrong."""
import re
import subprocess

from suite import place, records
from suite.outcome import check, say
from suite.session import create

DUMP = "org.apache.kafka.tools.DumpLogSegments"
METADATA = "__cluster_metadata-0"
MANY = 60_000
# Small enough for several segments and index entries, in which most mistakes hide.
SEGMENT = {"segment.bytes": "1048576", "index.interval.bytes": "4096"}
# What the tool prints about a file that it does not believe, and what it throws.
COMPLAINTS = re.compile(
    r"mismatch|non-?consecutive|not consecutive|out.of.order|corrupt|invalid|isvalid: false|"
    r"exception|could not|cannot|unable|fail|larger than|found indexed offset|missing", re.I)
# The tool starts every file at -1, so it says this of each segment but the first of a log.
SECOND_SEGMENT = re.compile(
    r"Non-consecutive offsets in \S+/0*(\d+)\.log\n\s+-1 is followed by \1\n")


def run(session):
    with session.own_broker() as broker:
        written = {}
        with session.admin(broker.address) as admin, \
                session.client("confluent", broker.address) as client:
            client.batch_bytes = 8_192  # many batches, so that indexes have many entries
            rows = records.make(records.full, session.count(MANY))
            for codec in records.CODECS:
                name = session.topic_name(codec)
                create(admin, name, records.PARTITIONS, SEGMENT)
                client.produce(name, rows, codec, codec in ("none", "zstd"))
                written.update({f"{name}-{p}": len(mine)
                                for p, mine in records.by_partition(rows).items()})
            shrink(session, admin, client, written)
        # Once more through recovery: what it rebuilt is looked at, too.
        broker.kill()
        broker.start()
        broker.stop()
        inspect(broker.data, written)


def shrink(session, admin, client, written):
    """A topic whose log does not begin at 0, and one that was deleted."""
    name = session.topic_name("shrunk")
    create(admin, name, 1, SEGMENT)
    client.produce(name, records.make(records.console, 8_000), "lz4", True)
    admin.delete_records(name, {0: 7_000})
    written[f"{name}-0"] = None
    gone = session.topic_name("gone")
    create(admin, gone, 1, SEGMENT)
    admin.delete(gone)


def inspect(data, written):
    found = sorted(p for p in data.rglob("*") if p.is_file() and ".deleted" not in str(p)
                   and re.search(r"-\d+$|-delete$", p.parent.name))
    topics = [p for p in found if p.parent.name in written]
    metadata = [p for p in found if p.parent.name == METADATA]
    logs = [p for p in topics if p.suffix == ".log"]
    indexes = [p for p in topics if p.suffix in (".index", ".timeindex")]
    snapshots = [p for p in topics if p.suffix == ".snapshot"]
    missing = set(written) - {p.parent.name for p in logs}
    check(not missing, f"no .log file in the directories {sorted(missing)} of {data}")
    check(len(logs) > len(written), f"only {len(logs)} segments in {len(written)} partitions: the "
                                    f"log did not roll at {SEGMENT['segment.bytes']} bytes")
    check(any(p.stat().st_size > 100 for p in indexes), f"no index file in {data} has entries")
    check(snapshots, f"no producer snapshot in {data} although producers were idempotent")
    say(f"  {len(logs)} logs, {len(indexes)} indexes, {len(snapshots)} producer snapshots, "
        f"{len(metadata)} files of {METADATA}")
    counts = count_records(dump(logs, "--deep-iteration", "--print-data-log"))
    for name, count in written.items():
        check(count in (None, counts.get(name)),
              f"the dump of {name} shows {counts.get(name)} records, {count} were written")
    dump(indexes, "--index-sanity-check")
    dump(indexes, "--verify-index-only")
    text = dump([*indexes, *snapshots], "--deep-iteration")
    check("producerId:" in text, "the dump of the producer snapshots shows no producer")
    inspect_metadata(metadata)


def inspect_metadata(files):
    logs = [p for p in files if p.suffix in (".log", ".checkpoint")]
    indexes = [p for p in files if p.suffix in (".index", ".timeindex")]
    check(any(p.suffix == ".log" for p in logs), f"no log of {METADATA}")
    text = dump(logs, "--cluster-metadata-decoder", "--deep-iteration", "--print-data-log")
    for kind in ("TOPIC_RECORD", "PARTITION_RECORD", "REMOVE_TOPIC_RECORD", "CONFIG_RECORD"):
        check(f'"type":"{kind}"' in text, f"the dump of {METADATA} shows no {kind}")
    if indexes:
        dump(indexes, "--index-sanity-check")


def dump(files, *options):
    """The tool's output, checked line by line. One virtual machine for all files."""
    command = place.java_command(DUMP, "--files", ",".join(map(str, files)), *options)
    done = subprocess.run(command, capture_output=True, check=False, timeout=150)
    text = done.stdout.decode("utf-8", errors="replace")
    errors = SECOND_SEGMENT.sub("", done.stderr.decode("utf-8", errors="replace"))
    check(done.returncode == 0 and not errors.strip(),
          lambda: f"the dump with {' '.join(options)} ended with status {done.returncode}: "
                  f"{errors[-3000:]}")
    lines = text.split("\n")
    wrong = [near(lines, i) for i, line in enumerate(lines)
             if COMPLAINTS.search(without_payload(line))]
    check(not wrong, lambda: f"{len(wrong)} complaints of the dump with {' '.join(options)}:\n  "
                             + "\n  ".join(wrong[:12]))
    return text


def without_payload(line):
    """A record's own key and value may hold any word."""
    line = re.sub(r"isvalid: true", "", line)
    return "" if line.startswith("| ") or " payload: " in line else line


def near(lines, at):
    """A line and the file that it belongs to."""
    for i in range(at, -1, -1):
        if lines[i].startswith("Dumping "):
            return f"{lines[i]}: {lines[at][:300]}"
    return lines[at][:300]


def count_records(text):
    """{partition's directory: number of records} of a dump of logs."""
    counts, name = {}, None
    for line in text.split("\n"):
        if line.startswith("Dumping "):
            name = line.split("/")[-2]
        elif line.startswith("| offset: "):
            counts[name] = counts.get(name, 0) + 1
    return counts
