"""kill -9 under an idempotent producer: what was acknowledged is there, in order, once.

A killed process loses what it had not yet given to the operating system, so this is a test of the
order in which the broker writes and answers, and of its recovery; not of its syncs.
"""
import logging
import random
import time

from suite import records
from suite.outcome import Failure, check, say
from suite.session import create

ROUNDS = 50
PER_SECOND = 10_000
STEP_SECONDS = 0.005
# As many as the producer takes just before each kill, so that it meets requests on their way.
BURST_SECONDS = 0.03
RECOVER_SECONDS = 60
FLUSH_SECONDS = 90


def run(session):
    rounds = session.count(ROUNDS)
    chance = random.Random(session.options.seed)
    say(f"  {rounds} rounds with seed {session.options.seed}")
    with session.own_broker() as broker, session.client("confluent", broker.address) as client:
        name = session.topic_name()
        with session.admin(broker.address) as admin:
            create(admin, name, records.PARTITIONS)
        writer = Writer(client, name)
        busy = 0
        for number in range(1, rounds + 1):
            writer.write_until_acknowledged(RECOVER_SECONDS)
            writer.write_for(chance.uniform(0.02, 0.4))
            writer.burst_for(chance.uniform(0.005, BURST_SECONDS))
            broker.kill()
            # All that was acknowledged before its death is counted as such first.
            writer.collect()
            in_flight = writer.in_flight()
            busy += in_flight > 0
            writer.write_for(chance.uniform(0.0, 0.1))
            began = time.monotonic()
            broker.start()
            say(f"  round {number}: killed with {in_flight} records in flight, "
                f"{writer.acknowledged} acknowledged so far, answers again after "
                f"{time.monotonic() - began:.2f} s")
        writer.finish()
        check(busy * 2 >= rounds, f"only {busy} of {rounds} kills met records in flight")
        verify(client, name, writer)


def quiet_log():
    """librdkafka reports every refused connection; while the broker is down there are many."""
    log = logging.getLogger("interop.kill9")
    log.addHandler(logging.NullHandler())
    log.propagate = False
    return log


class Writer:
    """An idempotent producer whose records are numbered within their partition."""

    def __init__(self, client, topic):
        self.topic = topic
        self.next = [0] * records.PARTITIONS
        self.offsets = [{} for _ in range(records.PARTITIONS)]  # number -> acknowledged offset
        self.acknowledged = 0
        self.problems = []
        self.producer = client.api.Producer({
            "bootstrap.servers": client.address, "enable.idempotence": True, "acks": "all",
            "linger.ms": 2, "batch.num.messages": 200, "compression.type": "lz4",
            "message.timeout.ms": 300_000, "request.timeout.ms": 10_000,
            "retry.backoff.ms": 20, "retry.backoff.max.ms": 200,
            "reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 200,
            "error_cb": self._failed,
        }, logger=quiet_log())

    def _failed(self, error):
        # A connection refused while the broker is down is what this test does to it.
        if error.fatal():
            self.problems.append(f"fatal: {error}")

    def _delivered(self, error, message):
        if error is not None:
            self.problems.append(str(error))
            return
        self.acknowledged += 1
        number = int(message.value().split(b":", 1)[0])
        self.offsets[message.partition()][number] = message.offset()

    def in_flight(self):
        return sum(self.next) - self.acknowledged

    def write(self, count):
        """Hands over `count` records, or fewer when the producer's queue is full."""
        for _ in range(count):
            partition = sum(self.next) % records.PARTITIONS
            number = self.next[partition]
            value = b"%d:" % number + b"x" * (number * 31 % 257)
            try:
                self.producer.produce(self.topic, value, None, partition, self._delivered)
            except BufferError:
                break
            self.next[partition] += 1

    def _step(self):
        self.write(int(PER_SECOND * STEP_SECONDS))
        self.producer.poll(STEP_SECONDS)
        check(not self.problems, lambda: f"the producer reports {self.problems[:3]}")

    def collect(self):
        """Takes in every acknowledgement that has arrived."""
        for _ in range(100):
            if self.producer.poll(0.02) == 0:
                return

    def write_for(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._step()

    def burst_for(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.write(100)

    def write_until_acknowledged(self, seconds):
        """Goes on until something new is acknowledged: the broker accepts records again."""
        before, end = self.acknowledged, time.monotonic() + seconds
        while self.acknowledged == before:
            self._step()
            check(time.monotonic() < end,
                  f"nothing was acknowledged within {seconds} s of the restart")

    def finish(self):
        left = self.producer.flush(FLUSH_SECONDS)
        check(not self.problems, lambda: f"the producer reports {self.problems[:3]}")
        check(left == 0, f"{left} records were not acknowledged within {FLUSH_SECONDS} s")


def verify(client, topic, writer):
    """The log must be 0, 1, 2, ... in each partition, each at the offset that was acknowledged."""
    ends = {p: client.next_offset(topic, p) for p in range(records.PARTITIONS)}
    got = client.consume(topic, {p: 0 for p in ends}, ends)
    for partition, rows in got.items():
        where = f"{topic}-{partition}"
        numbers = [int(r.value.split(b":", 1)[0]) for r in rows]
        if numbers != list(range(writer.next[partition])):
            raise Failure(f"{where}: {describe(numbers, writer.next[partition])}")
        offsets = writer.offsets[partition]
        wrong = [(n, offsets[n], r.offset) for n, r in zip(numbers, rows)
                 if offsets[n] not in (r.offset, -1001)]
        check(not wrong, f"{where}: {len(wrong)} records are not at the acknowledged offset, the "
                         f"first (number, acknowledged, found) is {wrong[:1]}")
    say(f"  {sum(ends.values())} records, all there, in order, once")


def describe(numbers, count):
    """How a list of numbers is not 0, 1, ..., count - 1."""
    seen = set(numbers)
    missing = [n for n in range(count) if n not in seen]
    at = next((i for i, n in enumerate(numbers) if n != i), len(numbers))
    return (f"{count} records were acknowledged and {len(numbers)} are there; {len(missing)} are "
            f"missing {missing[:5]}, {len(numbers) - len(seen)} are there twice; the order breaks "
            f"at offset {at}: {numbers[max(0, at - 2):at + 4]}")
