"""Kafka's frames on a plain socket, as far as tests need them without a client library."""
import socket
import struct


def connect(address, timeout=5.0):
    host, port = address.rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=timeout)


def request(key, version, body=b"", correlation=1, client=b"interop", flexible=False):
    """One framed request: header version 1, or 2 when the API version is a flexible one."""
    head = struct.pack(">hhih", key, version, correlation, len(client)) + client
    message = head + (b"\x00" if flexible else b"") + body
    return struct.pack(">i", len(message)) + message


def read_exactly(stream, count):
    """So many bytes; fewer at the end of the stream."""
    parts = []
    while count:
        part = stream.recv(min(count, 1 << 20))
        if not part:
            break
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def read_frame(stream):
    """The next answer without its length, or None at the end of the stream."""
    head = read_exactly(stream, 4)
    if len(head) < 4:
        return None
    length, = struct.unpack(">i", head)
    body = read_exactly(stream, length)
    return body if len(body) == length else None


def ask(address, message, timeout=5.0):
    """One request on a connection of its own."""
    with connect(address, timeout) as stream:
        stream.sendall(message)
        return read_frame(stream)


def api_versions(address, timeout=5.0):
    """{key: (lowest, highest version)} as the broker advertises; ConnectionError if it does not."""
    answer = ask(address, request(18, 0), timeout)
    if answer is None or len(answer) < 10:
        raise ConnectionError(f"{address} closed the connection on ApiVersions v0")
    error, count = struct.unpack_from(">hi", answer, 4)
    if error:
        raise ConnectionError(f"{address} answered ApiVersions v0 with error {error}")
    rows = (struct.unpack_from(">hhh", answer, 10 + 6 * i) for i in range(count))
    return {key: (low, high) for key, low, high in rows}


def _text(value):
    return struct.pack(">h", len(value)) + value.encode()


def fetch_v4(topic, partition, offset, max_bytes, wait_ms=0, correlation=1, min_bytes=0):
    """A framed Fetch v4 of one partition: no session, no epoch."""
    body = struct.pack(">iiiib", -1, wait_ms, min_bytes, max_bytes, 0)
    body += struct.pack(">i", 1) + _text(topic)
    body += struct.pack(">iiqi", 1, partition, offset, max_bytes)
    return request(1, 4, body, correlation)


def wide_produce_v3(topic, count, correlation=1):
    """A framed Produce v3 of `count` partitions without records."""
    body = struct.pack(">hhi", -1, -1, 1000) + struct.pack(">i", 1) + _text(topic)
    body += struct.pack(">i", count)
    body += b"".join(struct.pack(">ii", index, -1) for index in range(count))
    return request(0, 3, body, correlation)


def metadata_v1(topic, correlation=1):
    """A framed Metadata v1 of one topic."""
    return request(3, 1, struct.pack(">i", 1) + _text(topic), correlation)
