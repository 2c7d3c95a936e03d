"""Unmodified clients write and read: every codec, every byte, alone and across clients."""
import bisect
import itertools
import subprocess
import time

from suite import place, records
from suite.outcome import check, say
from suite.session import now_ms

MANY = 100_000
SOME = 10_000
FEW = 3_000


def run_client(session, kind):
    """One client writes and reads MANY records in each codec, then as an idempotent producer."""
    with session.broker() as broker, session.admin(broker.address) as admin, \
            session.client(kind, broker.address) as client:
        many = session.count(MANY)
        # A client in Python alone takes seconds for what the others do at once.
        idempotent = SOME if kind in ("kcat", "kafka-python") and not session.options.full else many
        for codec in client.codecs:
            round_trip(session, admin, client, codec, many, False)
        for codec in client.codecs:
            round_trip(session, admin, client, codec, min(idempotent, many), True)
        broker.check_alive()


def round_trip(session, admin, client, codec, count, idempotent):
    name = session.topic_name(codec, "idempotent" if idempotent else "plain")
    began = time.monotonic()
    with session.topic(admin, name, records.PARTITIONS) as topic:
        wanted = write(client, topic, count, codec, idempotent)
        wrote = time.monotonic()
        read_all(client, wanted)
        read_tail(client, wanted)
        if not idempotent:
            check_times(client, wanted)
    say(f"  {client.name} {codec}{' idempotent' if idempotent else ''}: {count} records, written "
        f"in {wrote - began:.1f} s, read and compared in {time.monotonic() - wrote:.1f} s")


_made = {}


def write(client, topic, count, codec, idempotent):
    """Produces the client's records and returns what a reader must find."""
    key = (client.shape.__name__, count)
    if key not in _made:
        _made[key] = records.make(client.shape, count)
    before = now_ms()
    client.produce(topic, _made[key], codec, idempotent)
    return records.Expectation(topic, _made[key], (before, now_ms()))


def read_all(client, wanted):
    starts = {p: 0 for p in wanted.partitions}
    wanted.compare(client.name, client.consume(wanted.topic, starts, wanted.ends()),
                   header_text=client.header_text)


def read_tail(client, wanted):
    """From an offset inside a batch: what comes before it in the batch must not be shown."""
    ends = wanted.ends()
    starts = {p: max(0, end - 501 - p) for p, end in ends.items()}
    wanted.compare(client.name, client.consume(wanted.topic, starts, ends), starts,
                   client.header_text)


def check_times(client, wanted):
    """Offsets for times: before the first, in between, at one exactly, after the last."""
    for pick in ("early", "middle", "exact", "late"):
        asked, expected = {}, {}
        for partition, times in wanted.times.items():
            asked[partition] = {
                "early": min(times) - 1, "middle": (min(times) + max(times)) // 2,
                "exact": times[len(times) // 3], "late": max(times) + 1}[pick]
            expected[partition] = first_at_or_after(times, asked[partition])
        got = client.offsets_for_times(wanted.topic, asked)
        check(got == expected, f"{wanted.topic}: offsets for times {asked} by {client.name} are "
                               f"{got}, expected {expected}")


def first_at_or_after(times, ms):
    """The first offset whose time is not before `ms`, or -1. Times need not be sorted."""
    highest = list(itertools.accumulate(times, max))
    at = bisect.bisect_left(highest, ms)
    return at if at < len(times) else -1


def run_matrix(session):
    """What one client wrote in a codec, each of the others reads."""
    kinds = ("kcat", "confluent", "kafka-python", "java")
    with session.broker() as broker, session.admin(broker.address) as admin:
        with session.client(kinds[0], broker.address) as kcat, \
                session.client(kinds[1], broker.address) as confluent, \
                session.client(kinds[2], broker.address) as kafka_python, \
                session.client(kinds[3], broker.address) as java:
            everyone = (kcat, confluent, kafka_python, java)
            for writer, codec in itertools.product(everyone, records.CODECS):
                cross(session, admin, writer, codec, everyone)
        broker.check_alive()


def cross(session, admin, writer, codec, readers):
    name = session.topic_name(writer.name, codec)
    with session.topic(admin, name, records.PARTITIONS) as topic:
        wanted = write(writer, topic, session.count(FEW, SOME), codec, False)
        for reader in readers:
            read_all(reader, wanted)
    say(f"  {writer.name} {codec}: read alike by {', '.join(r.name for r in readers)}")


def run_console(session):
    """Apache Kafka's console producer and console consumer, by one partition, without a group."""
    count = session.count(MANY)
    rows = records.make(records.console, count)
    lines = session.scratch / "console-input"
    lines.write_bytes(b"".join(_console_line(r) for r in rows))
    with session.broker() as broker, session.admin(broker.address) as admin:
        for codec in records.CODECS:
            began = time.monotonic()
            with session.topic(admin, session.topic_name(codec), 1) as topic:
                before = now_ms()
                _console_produce(broker.address, topic, codec, lines)
                wanted = records.Expectation(topic, rows, (before, now_ms()))
                got = _console_consume(broker.address, topic, 0, count)
                wanted.compare("console consumer", {0: got}, header_text=_console_headers)
                if codec == "none":
                    start = count // 2 + 7
                    got = _console_consume(broker.address, topic, start, count - start)
                    wanted.compare("console consumer", {0: got}, {0: start}, _console_headers)
            say(f"  console {codec}: {count} records in {time.monotonic() - began:.1f} s")
        broker.check_alive()


_NULL = b"(null)"


def _console_line(record):
    headers = b",".join(name.encode() + b":" + value for name, value in record.headers)
    fields = (headers, _NULL if record.key is None else record.key,
              _NULL if record.value is None else record.value)
    return b"\t".join(fields) + b"\n"


def _console_headers(headers):
    return b",".join(name.encode() + b":" + value for name, value in headers)


def _run_tool(arguments, **options):
    done = subprocess.run(place.java_command(*arguments), capture_output=True, check=False,
                          timeout=180, **options)
    errors = done.stderr.decode(errors="replace")
    check(done.returncode == 0, f"{arguments[0]} ended with status {done.returncode}: "
                                f"{errors[-800:]}")
    return done.stdout


def _console_produce(address, topic, codec, lines):
    with open(lines, "rb") as source:
        _run_tool([
            "org.apache.kafka.tools.ConsoleProducer", "--bootstrap-server", address,
            "--topic", topic, "--compression-codec", codec, "--batch-size", "131072",
            "--timeout", "20", "--request-timeout-ms", "20000",
            "--reader-property", "parse.key=true", "--reader-property", "parse.headers=true",
            "--reader-property", f"null.marker={_NULL.decode()}"], stdin=source)


def _console_consume(address, topic, start, count):
    text = _run_tool([
        "org.apache.kafka.tools.consumer.ConsoleConsumer", "--bootstrap-server", address,
        "--topic", topic, "--partition", "0", "--offset", str(start), "--max-messages", str(count),
        "--timeout-ms", "30000", "--formatter-property", "print.timestamp=true",
        "--formatter-property", "print.offset=true", "--formatter-property", "print.headers=true",
        "--formatter-property", "print.key=true",
        "--formatter-property", f"null.literal={_NULL.decode()}"])
    return [_console_read(line) for line in text.split(b"\n") if line]


def _console_read(line):
    """CreateTime:123 TAB Offset:7 TAB name:value,... TAB key TAB value"""
    time_text, offset, headers, key, value = line.split(b"\t", 4)
    check(time_text.startswith(b"CreateTime:"), f"console consumer printed {line[:80]!r}")
    return records.Read(int(offset.split(b":")[1]), None if key == _NULL else key,
                        None if value == _NULL else value, headers,
                        int(time_text.split(b":")[1]))
