"""Hostile connections are closed, cost little memory, and others are served meanwhile."""
import os
import resource
import select
import socket
import struct
import threading
import time

from suite import records, wire
from suite.outcome import Failure, check, say
from suite.session import create

CONNECTIONS = 2_000
SLOW_READERS = 100
PARKED = 200
WIDE = 100_000
PIPELINED = 1_000
FETCH_BYTES = 1 << 20
TOPIC_BYTES = 48 << 20
IDLE_MS = 2_000
# Closed at once: no timer in between, but two busy cores.
AT_ONCE_SECONDS = 1.5
AFTER_IDLE_SECONDS = IDLE_MS / 1000 + 4
GROWTH_MIB = 64
# The slowest answer that an honest client may see, on a machine that others keep busy too.
SERVED_SECONDS = 5.0


def run(session):
    total = session.count(CONNECTIONS)
    allow_files(total + 200)
    for reactors in (1, 2):
        say(f"  {reactors} reactor{'s' if reactors > 1 else ''}:")
        against(session, total // 2, reactors)


def against(session, total, reactors):
    config = {"connections.max.idle.ms": str(IDLE_MS), "glasslog.reactors": str(reactors)}
    with session.own_broker(config) as broker, session.admin(broker.address) as admin:
        topic = session.topic_name("large")
        create(admin, topic, 1)
        fill(session, broker.address, topic)
        with Honest(broker.address, topic) as honest:
            honest.warm_up()
            before = broker.memory_kib()
            peak = Peak(broker)
            slow = min(SLOW_READERS if not session.options.full else total // 4, total // 4)
            share = (total - slow) // 3
            with peak:
                honest.meanwhile("garbage")
                closed_at_once(broker.address, "garbage", garbage, share)
                honest.meanwhile("lengths of 2 GB")
                closed_at_once(broker.address, "a length of 2 GB", lambda _: TWO_GB, share)
                honest.meanwhile("half frames")
                half_frames(broker.address, share)
                honest.meanwhile("wide requests")
                wide(broker.address, topic)
                honest.meanwhile("parked fetches")
                parked(broker.address, topic, min(PARKED, total))
                honest.meanwhile("slow readers")
                slow_readers(broker.address, topic, slow)
            broker.check_alive()
            grown = (max(peak.highest, broker.memory_kib()) - before) / 1024
            say(f"  memory: {before / 1024:.0f} MiB before, at most {grown:.1f} MiB more during "
                f"{slow + 3 * share} hostile connections; {honest.report()}")
            honest.finish()
        check(grown < GROWTH_MIB,
              f"the broker grew by {grown:.1f} MiB, allowed are {GROWTH_MIB}: {peak.report()}")


def allow_files(count):
    """Raises our own limit of open files to `count` where that is allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    check(hard >= count, f"{count} open files are needed, the limit is {hard}: raise ulimit -n")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count), hard))


def fill(session, address, topic):
    """A topic far larger than what all readers may hold in memory together."""
    value = os.urandom(64 << 10)
    rows = [records.Record(0, b"k%d" % i, value, (), records.FIRST_TIME_MS + i)
            for i in range(TOPIC_BYTES // len(value))]
    with session.client("confluent", address) as client:
        client.produce(topic, rows, "none", False)


class Peak:
    """The highest memory of the broker, sampled by a thread, with what went on then."""

    def __init__(self, broker):
        self.broker = broker
        self.highest = 0
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self):
        while not self.done.wait(0.05):
            try:
                self.highest = max(self.highest, self.broker.memory_kib())
            except (OSError, Failure):
                return  # it died; the test finds that out with a better text

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()

    def report(self):
        parts = ("RssAnon", "RssFile", "RssShmem")
        return ", ".join(f"{part} {self.broker.memory_kib(part) // 1024} MiB" for part in parts)


class Honest:
    """A client that asks all along, each time for something else and every tenth time anew."""

    def __init__(self, address, topic):
        self.address, self.topic = address, topic
        self.slowest, self.count, self.problem = 0.0, 0, None
        self.phase, self.slowest_phase = "", ""
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.stream = None

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()

    def _serve(self):
        try:
            while not self.done.wait(0.01):
                self._ask_once()
        except OSError as problem:
            self.problem = f"{type(problem).__name__}: {problem}"

    def _ask_once(self):
        began = time.monotonic()
        if self.count % 10 == 0:
            if self.stream:
                self.stream.close()
            self.stream = wire.connect(self.address, 30)
        if self.count % 2:
            self.stream.sendall(wire.metadata_v1(self.topic))
        else:
            self.stream.sendall(wire.fetch_v4(self.topic, 0, self.count % 100, 100_000))
        if wire.read_frame(self.stream) is None:
            raise ConnectionError("the connection was closed on an honest request")
        self.count += 1
        took = time.monotonic() - began
        if took > self.slowest:
            self.slowest, self.slowest_phase = took, self.phase

    def warm_up(self):
        """Until code and buffers of an ordinary request are in memory."""
        deadline = time.monotonic() + 10
        while self.count < 100 and not self.problem and time.monotonic() < deadline:
            time.sleep(0.02)
        check(self.count >= 100, f"100 plain requests took more than 10 s ({self.problem})")
        self.slowest = 0.0

    def meanwhile(self, phase):
        """What goes on beside, to name it with the slowest answer."""
        self.phase = phase

    def finish(self):
        self.done.set()
        self.thread.join()
        check(not self.problem, f"an honest client was not served: {self.problem}")
        check(self.slowest < SERVED_SECONDS,
              f"an honest client waited {self.slowest:.2f} s for an answer beside "
              f"{self.slowest_phase}, allowed are {SERVED_SECONDS} s")

    def report(self):
        return f"an honest client got {self.count} answers, the slowest in {self.slowest:.2f} s " \
               f"({self.slowest_phase})"


TWO_GB = struct.pack(">i", 2**31 - 1)


def garbage(i):
    """Bytes of other protocols and broken frames; each must end the connection by itself."""
    kinds = (
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        bytes.fromhex("1603010200010001fc0303") + b"\x11" * 64,    # the start of a TLS handshake
        struct.pack(">i", -1) + b"\x00" * 16,                      # a negative length
        struct.pack(">i", 0),                                      # no header at all
        struct.pack(">ihhi", 8, 999, 0, 1),                        # an API that does not exist
        struct.pack(">ihhih", 30, 3, 9, 1, -1) + b"\xff" * 20,     # Metadata, its body is noise
        struct.pack(">ihhih", 30, 0, 9, 1, -1) + b"\x7f" * 20,     # Produce, the same
        b"\xff" * 64,
    )
    return kinds[i % len(kinds)]


WAVE = 50  # connections at a time, so that their age is known when their end is seen


def closed_at_once(address, what, message, count):
    slowest = 0.0
    for first in range(0, count, WAVE):
        wave = Doomed(what)
        for i in range(first, min(first + WAVE, count)):
            wave.connect(address, message(i))
        wave.wait(AT_ONCE_SECONDS)
        slowest = max(slowest, wave.slowest)
    say(f"  {count} connections with {what}: closed within {slowest:.2f} s")


def half_frames(address, count):
    """A frame that announces more than it sends, then silence."""
    wave = Doomed("half a frame")
    for i in range(count):
        wave.connect(address, wire.request(3, 1, b"\x00" * 600)[:300])
        if i % WAVE == 0:
            wave.collect(0)
    wave.wait(AFTER_IDLE_SECONDS)
    check(wave.fastest > IDLE_MS / 1000 * 0.9,
          f"a connection with half a frame was closed {wave.fastest:.2f} s after its last byte, "
          f"connections.max.idle.ms is {IDLE_MS}")
    say(f"  {count} connections with half a frame: closed after {wave.fastest:.2f} to "
        f"{wave.slowest:.2f} s")


def wide(address, topic):
    """Many partitions in one request, most of which do not exist, all of which are answered."""
    began = time.monotonic()
    for name in (topic, "nowhere"):
        answer = wire.ask(address, wire.wide_produce_v3(name, WIDE), 60)
        check(answer is not None and len(answer) > WIDE * 14,
              f"a Produce of {WIDE} partitions got {answer and len(answer)} bytes")
    took = time.monotonic() - began
    check(took < SERVED_SECONDS, f"two Produces of {WIDE} partitions took {took:.2f} s")
    say(f"  two Produces of {WIDE} partitions each: answered in {took:.2f} s")


def parked(address, topic, count):
    """Each wants more than there is, reads eight megabytes in vain, and waits for weeks."""
    request = wire.fetch_v4(topic, 0, 640, 16 << 20, 2**31 - 1, min_bytes=2**31 - 1)
    streams = []
    for _ in range(count):
        stream = wire.connect(address, 10)
        stream.sendall(request)
        streams.append(stream)
    time.sleep(1.5)
    for stream in streams:
        stream.close()
    say(f"  {count} fetches that wait for more than there is")


class Doomed:
    """Connections that the broker must close without an answer, and how old they became."""

    def __init__(self, what):
        self.what = what
        self.poll = select.poll()
        self.waiting = {}
        self.fastest, self.slowest = float("inf"), 0.0

    def connect(self, address, message):
        stream = wire.connect(address, 10)
        self.waiting[stream.fileno()] = (stream, time.monotonic())
        try:
            stream.sendall(message)
        except OSError:
            pass  # closed before all was sent: that is what is wanted
        self.poll.register(stream.fileno(), select.POLLIN)

    def collect(self, wait_ms):
        for number, _ in self.poll.poll(wait_ms):
            self.poll.unregister(number)
            stream, since = self.waiting.pop(number)
            self._end(stream)
            age = time.monotonic() - since
            self.fastest, self.slowest = min(self.fastest, age), max(self.slowest, age)

    def _end(self, stream):
        try:
            data = stream.recv(4096)
        except ConnectionResetError:
            data = b""
        stream.close()
        check(not data, f"a connection with {self.what} was answered: {data[:64].hex()}")

    def wait(self, seconds):
        """Until all are closed; Failure when one stays open for so long."""
        deadline = time.monotonic() + seconds
        while self.waiting and time.monotonic() < deadline:
            self.collect(100)
        check(not self.waiting, f"{len(self.waiting)} connections with {self.what} were still "
                                f"open after {seconds:.1f} s")


def slow_readers(address, topic, count):
    """Each asks for PIPELINED MiB and reads nothing for a while, then a part, then goes away."""
    requests = b"".join(wire.fetch_v4(topic, 0, i % 500, FETCH_BYTES, correlation=i)
                        for i in range(PIPELINED))
    streams = []
    for _ in range(count):
        stream = socket.socket()
        # A small window, so that the answers wait in the broker and not in the kernel.
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 << 10)
        stream.settimeout(10)
        host, port = address.rsplit(":", 1)
        stream.connect((host, int(port)))
        stream.setblocking(False)
        streams.append(Pipeline(stream, requests))
    deadline = time.monotonic() + 1.5
    while time.monotonic() < deadline:
        for one in streams:
            one.push()
        time.sleep(0.02)
    for one in streams:
        one.read_some()
        one.stream.close()
    accepted = sum(one.sent for one in streams) // max(1, len(streams))
    say(f"  {count} slow readers with {PIPELINED} fetches each: the broker took {accepted} bytes "
        f"of the {len(requests)} that each had to send")


class Pipeline:
    """One slow reader: sends while the broker takes it."""

    def __init__(self, stream, data):
        self.stream, self.data, self.sent = stream, data, 0

    def push(self):
        try:
            while self.sent < len(self.data):
                self.sent += self.stream.send(self.data[self.sent:self.sent + 65536])
        except BlockingIOError:
            pass
        except OSError:
            self.sent = len(self.data)  # closed by the broker, which is its right

    def read_some(self):
        """The first answer, as far as it has come, begins like one."""
        try:
            head = self.stream.recv(8)
        except (BlockingIOError, ConnectionResetError):
            return
        if len(head) == 8:
            length, correlation = struct.unpack(">ii", head)
            check(correlation == 0 and length > 0,
                  f"the first answer to a slow reader begins with {head.hex()}")
