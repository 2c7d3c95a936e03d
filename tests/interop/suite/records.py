"""The records that the tests write, and the comparison of what comes back, byte by byte.

What a client can express differs (kcat sets no timestamps, the console tools know only text), so
there are shapes. A shape and a number always make the same record.
"""
import random
import struct
from typing import NamedTuple, Optional

from suite.outcome import Failure, check

PARTITIONS = 3
FIRST_TIME_MS = 1_600_000_000_000
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")


class Record(NamedTuple):
    partition: int
    key: Optional[bytes]
    value: Optional[bytes]
    headers: tuple           # of (name: str, value: bytes or None), in order, names may repeat
    timestamp: Optional[int]  # milliseconds; None: the client stamps it


class Read(NamedTuple):
    """A record as a consumer saw it."""
    offset: int
    key: Optional[bytes]
    value: Optional[bytes]
    headers: object          # as in Record; text as kcat prints it where kcat read it
    timestamp: int


def _pool(seed, alphabet, size=1 << 16):
    """Bytes to cut values from: repeating words, so that codecs bite, between random stretches."""
    chance = random.Random(seed)
    out = bytearray()
    while len(out) < size:
        if chance.random() < 0.5:
            word = bytes(chance.choices(alphabet, k=chance.randint(3, 12)))
            out += word * chance.randint(2, 20)
        else:
            out += bytes(chance.choices(alphabet, k=chance.randint(10, 60)))
    return bytes(out[:size])


# kcat splits its input at 0x1e and 0x1f, prints headers up to a zero, and is read up to a newline.
_BINARY = _pool(11, [b for b in range(256) if b not in (0x0A, 0x1E, 0x1F)])
_TEXT = _pool(12, list(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .-+"))
_BIG_EVERY = 9_973  # a value of 200 KB now and then: it needs a batch of its own


def _value(i, pool):
    if i % _BIG_EVERY == _BIG_EVERY - 1:
        return b"%d:" % i + pool * 3
    start = (i * 7919) % 60_000
    return b"%d:" % i + pool[start:start + (i * 37) % 181]


def full(i):
    """Everything a record can have: binary, null and empty keys, tombstones, headers, a time."""
    key = None if i % 7 == 0 else b"" if i % 101 == 0 else b"k%d\x00\xff" % (i % 1000)
    # Neither key nor value: kafka-python refuses to send it, kcat takes it for no line at all.
    value = b"" if i % 97 == 0 else _value(i, _BINARY)
    if i % 53 == 0 and key is not None:
        value = None
    headers = ()
    if i % 3 == 0:
        headers = (("trace", b"\x01\x02\xfe%d" % i), ("trace", b""), ("nothing", None))[:1 + i % 4]
    # Out of order by up to 5 s, as records of many devices are.
    return Record(i % PARTITIONS, key, value, headers, FIRST_TIME_MS + i * 10 + (i * 7717) % 5000)


def no_null_header(i):
    """As full, for kafka-python: it reads null header values but sends none."""
    record = full(i)
    return record._replace(headers=tuple(h for h in record.headers if h[1] is not None))


def kcat(i):
    """What kcat can send: binary without its delimiters, null keys, tombstones, fixed headers."""
    partition = i % PARTITIONS
    key = None if i % 7 == 0 else b"k%d\x01\xff" % (i % 1000)
    value = None if i % 53 == 0 and key is not None else _value(i, _BINARY)
    return Record(partition, key, value, KCAT_HEADERS, None)


KCAT_HEADERS = (("origin", b"kcat"), ("empty", b""))


def console(i):
    """What the console tools can send: one line of text, null by a marker, one partition."""
    key = None if i % 7 == 0 else b"key-%d" % (i % 1000)
    value = None if i % 53 == 0 else _value(i, _TEXT)
    headers = (("line", b"%d" % i), ("kind", b"text"))[: 1 + i % 2]
    return Record(0, key, value, headers, None)


def make(shape, count):
    return [shape(i) for i in range(count)]


def by_partition(records):
    """The order in which each partition must hold them: {partition: [Record]}."""
    out = {}
    for record in records:
        out.setdefault(record.partition, []).append(record)
    return out


class Expectation:
    """What a topic holds, partition by partition, from offset 0.

    Times that the client set itself are unknown until a first reader reports them. They are then
    checked to lie within the run and kept, so that all readers must see the same.
    """

    def __init__(self, topic, records, wrote_between_ms=None):
        self.topic = topic
        self.partitions = by_partition(records)
        self.wrote_between_ms = wrote_between_ms
        self.times = {p: [r.timestamp for r in rows] for p, rows in self.partitions.items()}

    def ends(self):
        return {p: len(rows) for p, rows in self.partitions.items()}

    def compare(self, reader, got, starts=None, header_text=None):
        """Raises Failure at the first byte of difference. `got` is {partition: [Read]}."""
        starts = starts or {}
        for partition, rows in self.partitions.items():
            start = starts.get(partition, 0)
            self._compare_partition(reader, partition, start, got.get(partition, []), header_text)
        extra = set(got) - set(self.partitions)
        check(not extra, f"{self.topic}: {reader} read records of partitions {sorted(extra)}, "
                         "nothing was written there")

    def _compare_partition(self, reader, partition, start, got, header_text):
        where = f"{self.topic}-{partition}, read by {reader}"
        want = self.partitions[partition]
        times = self.times[partition]
        for index, read in enumerate(got, start):
            if index >= len(want):
                raise Failure(f"{where}: {len(got) + start - len(want)} records too many, the "
                              f"first is {read}")
            record = want[index]
            if times[index] is None:
                times[index] = self._own_time(where, read)
            headers = header_text(record.headers) if header_text else record.headers
            expected = Read(index, record.key, record.value, headers, times[index])
            if read != expected:
                raise Failure(f"{where}: {describe_difference(expected, read)}")
        check(len(got) + start == len(want),
              f"{where}: {len(got)} records from offset {start}, {len(want) - start} were written")

    def _own_time(self, where, read):
        first, last = self.wrote_between_ms
        check(first - 1000 <= read.timestamp <= last + 1000,
              f"{where}: offset {read.offset} has time {read.timestamp}, it was written between "
              f"{first} and {last}")
        return read.timestamp


def _short(value):
    if not isinstance(value, bytes):
        return repr(value)
    return f"{value[:48]!r}{'...' if len(value) > 48 else ''} ({len(value)} bytes)"


def describe_difference(expected, read):
    """Which field differs, what was expected and what came, and where in long bytes."""
    for name, want, got in zip(Read._fields, expected, read):
        if want == got:
            continue
        text = f"offset {expected.offset}: {name} is {_short(got)}, expected {_short(want)}"
        if isinstance(want, bytes) and isinstance(got, bytes):
            at = next((i for i, (a, b) in enumerate(zip(want, got)) if a != b),
                      min(len(want), len(got)))
            text += (f"; first difference at byte {at}: {got[at:at + 16].hex()} "
                     f"instead of {want[at:at + 16].hex()}")
        return text
    return "no difference"


# ---- files of frames, as the Java program reads and writes them (see java/JavaClient.java)

def _frame_bytes(value):
    return b"\xff\xff\xff\xff" if value is None else struct.pack(">i", len(value)) + value


def write_file(path, records):
    with open(path, "wb") as out:
        out.write(struct.pack(">q", len(records)))
        for r in records:
            time_ms = -1 if r.timestamp is None else r.timestamp
            parts = [struct.pack(">iqq", r.partition, -1, time_ms),
                     _frame_bytes(r.key), _frame_bytes(r.value), struct.pack(">i", len(r.headers))]
            for name, value in r.headers:
                parts += [_frame_bytes(name.encode()), _frame_bytes(value)]
            out.write(b"".join(parts))


def read_file(path):
    """{partition: [Read]} of a file that the Java program wrote."""
    with open(path, "rb") as source:
        data = source.read()
    out, at = {}, 0
    int32 = struct.Struct(">i").unpack_from

    def take(at):
        length, = int32(data, at)
        if length < 0:
            return None, at + 4
        return data[at + 4:at + 4 + length], at + 4 + length

    while at < len(data):
        partition, offset, timestamp = struct.unpack_from(">iqq", data, at)
        key, at = take(at + 20)
        value, at = take(at)
        count, = int32(data, at)
        at, headers = at + 4, []
        for _ in range(count):
            name, at = take(at)
            header, at = take(at)
            headers.append((name.decode(), header))
        out.setdefault(partition, []).append(Read(offset, key, value, tuple(headers), timestamp))
    return out
