"""A data directory of ours is Kafka's: Apache Kafka starts on it, goes on, and ours starts again."""
import os
import socket
import subprocess
import time

from suite import place, records, wire
from suite.broker import OwnBroker, free_port
from suite.outcome import Failure, check, say
from suite.session import create

COUNT = 20_000
START_SECONDS = 120


def run(session):
    rows = records.make(records.full, session.count(COUNT))
    name, later = session.topic_name(), session.topic_name("later")
    with session.own_broker() as broker:
        with session.admin(broker.address) as admin, \
                session.client("confluent", broker.address) as client:
            create(admin, name, records.PARTITIONS)
            client.produce(name, rows, "lz4", True)
        broker.stop()
        kafka = Kafka(broker)
        kafka.start()
        try:
            with session.admin(kafka.address) as admin, \
                    session.client("confluent", kafka.address) as client:
                compare(client, name, rows)
                say(f"  Kafka serves the {len(rows)} records that were written before")
                create(admin, later, records.PARTITIONS)
                client.produce(name, rows, "zstd", False)
                client.produce(later, rows, "none", False)
            kafka.stop()
        finally:
            kafka.end()
        broker.start()
        with session.client("confluent", broker.address) as client:
            compare(client, name, rows, rows)
            compare(client, later, rows)
        say("  and ours, started on it again, those and what Kafka added")


def compare(client, topic, *written):
    """The topic holds each of `written`, one after the other, and nothing else."""
    ends = {p: client.next_offset(topic, p) for p in range(records.PARTITIONS)}
    got = client.consume(topic, {p: 0 for p in ends}, ends)
    for partition, rows in got.items():
        expected = [(r.key, r.value) for part in written
                    for r in records.by_partition(part).get(partition, [])]
        found = [(r.key, r.value) for r in rows]
        check(found == expected, f"{topic}-{partition}: {len(found)} records, {len(expected)} were "
                                 "written, or they differ")


class Kafka(OwnBroker):
    """Apache Kafka as broker and controller on the directory and address of a broker of ours;
    properties: the file that says so, when there is one."""

    def __init__(self, broker, properties=None):
        self.address, self.data, self.scratch = broker.address, broker.data, broker.scratch
        self.log_path = self.scratch / "kafka.log"
        self.process = None
        self.command_line = place.java_command("kafka.Kafka",
                                               str(properties or self.configure()))

    def configure(self):
        path = self.scratch / "kafka.properties"
        controller = f"127.0.0.1:{free_port()}"
        path.write_text("\n".join([
            "process.roles=broker,controller", "node.id=1",
            f"controller.quorum.bootstrap.servers={controller}",
            f"listeners=PLAINTEXT://{self.address},CONTROLLER://{controller}",
            f"advertised.listeners=PLAINTEXT://{self.address},CONTROLLER://{controller}",
            "controller.listener.names=CONTROLLER",
            "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            # Ours stays registered until Kafka's session time-out; shorter, to wait less.
            "broker.session.timeout.ms=3000", "broker.heartbeat.interval.ms=500",
            "log.cleaner.dedupe.buffer.size=16777216",
            f"log.dirs={self.data}", "offsets.topic.replication.factor=1", ""]))
        return path

    def command(self):
        return self.command_line

    def wait_for_answer(self):
        """Until it knows the leader of every partition; it answers other questions before."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            self.check_alive()
            if b"Kafka Server started" in self.log_path.read_bytes() or self.answers():
                return
            time.sleep(0.2)
        raise Failure(f"Kafka did not start within {START_SECONDS} s:\n{self.log_tail()}")

    def answers(self):
        try:
            wire.api_versions(self.address, timeout=1.0)
            return True
        except (OSError, socket.timeout):
            return False

    def end(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
