"""Requests made by hand, where a client library would blur what is counted or timed."""
import struct
import time

from suite import wire
from suite.outcome import Failure

TRY_AGAIN = (3, 5, 6, 7, 14, 15, 41)  # unknown topic, no leader yet, loading, not controller


def _crc32c(data):
    table = []
    for i in range(256):
        for _ in range(8):
            i = i >> 1 ^ (0x82F63B78 if i & 1 else 0)
        table.append(i)
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def _varint(number):
    number = number << 1 if number >= 0 else (-number << 1) - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out + bytes([number]))


def batch(count, size, time_ms):
    """One uncompressed record batch of `count` records with values of `size` bytes."""
    rows = []
    for i in range(count):
        value = bytes((i + at * 131) & 0xFF for at in range(size))
        body = b"\x00" + _varint(0) + _varint(i) + _varint(-1) + _varint(size) + value + _varint(0)
        rows.append(_varint(len(body)) + body)
    tail = struct.pack(">hiqqqhii", 0, count - 1, time_ms, time_ms, -1, -1, -1, count)
    tail += b"".join(rows)
    head = struct.pack(">ibI", -1, 2, _crc32c(tail))
    return struct.pack(">qi", 0, len(head) + len(tail)) + head + tail


def _text(value):
    return struct.pack(">h", len(value)) + value.encode()


def produce_request(topic, partition, records, acks, correlation=1):
    """A framed Produce v7."""
    body = struct.pack(">hhi", -1, acks, 30_000) + struct.pack(">i", 1) + _text(topic)
    body += struct.pack(">iii", 1, partition, len(records)) + records
    return wire.request(0, 7, body, correlation)


def produce_error(answer, topic):
    """The error code of a Produce v7 answer for one partition."""
    return struct.unpack_from(">h", answer, 4 + 4 + 2 + len(topic) + 4 + 4)[0]


def create_topic_request(topic, partitions):
    """A framed CreateTopics v2."""
    body = struct.pack(">i", 1) + _text(topic) + struct.pack(">ihii", partitions, 1, 0, 0)
    return wire.request(19, 2, body + struct.pack(">ib", 30_000, 0))


def create_topic(address, topic, partitions):
    _retry(address, create_topic_request(topic, partitions),
           lambda answer: struct.unpack_from(">h", answer, 4 + 4 + 4 + 2 + len(topic))[0],
           time.monotonic() + 60, also_good=(36,))


def first_produce(address, topic, deadline):
    """Creates a topic and writes one batch, each as soon as it is accepted."""
    records = batch(1, 100, int(time.time() * 1000))
    _retry(address, create_topic_request(topic, 1),
           lambda answer: struct.unpack_from(">h", answer, 4 + 4 + 4 + 2 + len(topic))[0],
           deadline, also_good=(36,))
    _retry(address, produce_request(topic, 0, records, -1),
           lambda answer: produce_error(answer, topic), deadline)


def _retry(address, message, error_of, deadline, also_good=()):
    problem = None
    while time.monotonic() < deadline:
        try:
            answer = wire.ask(address, message, timeout=10)
            error = error_of(answer) if answer else None
            if error == 0 or error in also_good:
                return
            if error is not None and error not in TRY_AGAIN:
                raise Failure(f"{address} answered with error {error}")
            problem = f"error {error}"
        except OSError as refused:
            problem = refused
        time.sleep(0.001)
    raise Failure(f"{address} did not accept a record in time ({problem})")


def produce_many(address, topic, records, count, depth):
    """`count` Produce requests of one batch each, `depth` of them under way at a time."""
    message = produce_request(topic, 0, records, -1)
    with wire.connect(address, 30) as stream:
        for _ in range(min(depth, count)):
            stream.sendall(message)
        for i in range(count):
            answer = wire.read_frame(stream)
            if answer is None or produce_error(answer, topic):
                raise Failure(f"batch {i} was not accepted by {address}")
            if i + depth < count:
                stream.sendall(message)
