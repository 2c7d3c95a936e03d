"""What the tests of clusters ask over plain sockets: answers come as values, errors as numbers.

Compact strings and arrays (length + 1 as a varint) and tagged fields throughout: each request is
asked in one flexible version only.
"""
import base64
import struct
from typing import NamedTuple

from suite import wire

CREATE_TOPICS, DELETE_TOPICS, METADATA, DESCRIBE_QUORUM = 19, 20, 3, 55
METADATA_LOG = "__cluster_metadata"


class Topic(NamedTuple):
    """A topic as a Metadata answer shows it; partitions are (index, leader, leader epoch, replicas,
    in-sync replicas, offline replicas)."""
    error: int
    id: str
    partitions: tuple


class View(NamedTuple):
    """A broker's Metadata answer."""
    brokers: tuple   # of (id, host, port)
    topics: dict     # name -> Topic


class Quorum(NamedTuple):
    """A DescribeQuorum answer; ends are {node: log end offset}."""
    error: int
    leader: int
    epoch: int
    high_watermark: int
    voters: dict
    observers: dict


def _varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _text(value):
    data = value.encode()
    return _varint(len(data) + 1) + data


def id_text(raw):
    """A Kafka uuid as its tools print it."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class Reader:
    """A cursor over an answer's body."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, form):
        values = struct.unpack_from(">" + form, self.data, self.at)
        self.at += struct.calcsize(">" + form)
        return values[0] if len(values) == 1 else values

    def varint(self):
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def text(self):
        length = self.varint() - 1
        if length < 0:
            return None
        self.at += length
        return self.data[self.at - length:self.at].decode()

    def uuid(self):
        return id_text(self.take("16s"))

    def tags(self):
        for _ in range(self.varint()):
            self.varint()
            # The length comes first: it moves the cursor itself.
            length = self.varint()
            self.at += length

    def array(self, one):
        out = []
        for _ in range(self.varint() - 1):
            out.append(one(self))
        return out


class Connection:
    """Requests to one node, one at a time. After any OSError it is to be closed."""

    def __init__(self, address, timeout):
        self.stream = wire.connect(address, timeout)
        self.stream.settimeout(timeout)
        self.correlation = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.stream.close()

    def ask(self, key, version, body):
        self.correlation += 1
        self.stream.sendall(wire.request(key, version, body, self.correlation, flexible=True))
        answer = wire.read_frame(self.stream)
        if answer is None:
            raise ConnectionError(f"the connection ended at a request of key {key}")
        found, = struct.unpack_from(">i", answer)
        if found != self.correlation:
            raise ConnectionError(f"correlation {found} instead of {self.correlation}")
        reader = Reader(answer)
        reader.at = 4
        reader.tags()
        return reader

    def create_topic(self, name, timeout_ms=5000):
        """(error code, topic id) of a topic with one partition and one replica."""
        topic = _text(name) + struct.pack(">ih", 1, 1) + _varint(1) + _varint(1) + b"\0"
        answer = self.ask(CREATE_TOPICS, 7, _varint(2) + topic
                          + struct.pack(">ib", timeout_ms, 0) + b"\0")
        answer.take("i")
        answer.varint()
        answer.text()
        topic_id = answer.uuid()
        return answer.take("h"), topic_id

    def delete_topics(self, names, timeout_ms=5000):
        """{name: error code}."""
        rows = b"".join(_text(name) + bytes(16) + b"\0" for name in names)
        answer = self.ask(DELETE_TOPICS, 6, _varint(len(names) + 1) + rows
                          + struct.pack(">i", timeout_ms) + b"\0")
        answer.take("i")

        def row(reader):
            name, _, error = reader.text(), reader.uuid(), reader.take("h")
            reader.text()
            reader.tags()
            return name, error
        return dict(answer.array(row))

    def metadata(self):
        """The View of all topics."""
        answer = self.ask(METADATA, 12, _varint(0) + b"\0\0" + b"\0")
        answer.take("i")

        def broker(reader):
            row = (reader.take("i"), reader.text(), reader.take("i"))
            reader.text()
            reader.tags()
            return row
        brokers = answer.array(broker)
        answer.text()
        answer.take("i")
        topics = dict(answer.array(_topic))
        return View(tuple(sorted(brokers)), topics)

    def quorum(self):
        """The Quorum as this node, or the controller behind it, describes it."""
        partition = struct.pack(">i", 0) + b"\0"
        answer = self.ask(DESCRIBE_QUORUM, 2, _varint(2) + _text(METADATA_LOG) + _varint(2)
                          + partition + b"\0" + b"\0")
        error = answer.take("h")
        answer.text()
        if error:
            return Quorum(error, -1, -1, -1, {}, {})
        answer.varint()
        answer.text()
        answer.varint()
        _, error = answer.take("ih")
        answer.text()
        leader, epoch, high_watermark = answer.take("iiq")
        return Quorum(error, leader, epoch, high_watermark, dict(answer.array(_replica)),
                      dict(answer.array(_replica)))


def _replica(reader):
    node, _, end, _, _ = reader.take("i16sqqq")
    reader.tags()
    return node, end


def _numbers(reader):
    return tuple(reader.array(lambda r: r.take("i")))


def _topic(reader):
    error, name, topic_id = reader.take("h"), reader.text(), reader.uuid()
    reader.take("b")

    def partition(row):
        row.take("h")
        found = (*row.take("iii"), _numbers(row), _numbers(row), _numbers(row))
        row.tags()
        return found
    partitions = tuple(sorted(reader.array(partition)))
    reader.take("i")
    reader.tags()
    return name, Topic(error, topic_id, partitions)
