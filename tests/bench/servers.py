"""The brokers that are compared, each as a process with a data directory of its own."""
import os
import subprocess
from pathlib import Path

from suite.broker import OwnBroker
from suite.outcome import Failure, Skip

STOCK_JVM = "-Xms1G -Xmx1G -XX:+UseG1GC"  # what Kafka's start script gives a broker


class Glasslog(OwnBroker):
    label = "glasslog"

    def __init__(self, binary):
        super().__init__(binary, "bench")

    def prepare(self):
        """What an operator does once before the first start; not timed."""


class Kafka(OwnBroker):
    """Apache Kafka from `home`: bin/kafka-server-start.sh and bin/kafka-storage.sh."""
    label = "kafka"

    def __init__(self, home):
        self.home = Path(home)
        start = self.home / "bin" / "kafka-server-start.sh"
        if not start.exists():
            raise Skip(f"{start} does not exist: KAFKA_PEER or --kafka-peer must name the folder "
                       "of an Apache Kafka")
        super().__init__(start, "bench-kafka")
        self.properties = self.scratch / "server.properties"

    def prepare(self):
        host, port = self.address.rsplit(":", 1)
        controller = f"{host}:{int(port) + 1}"
        self.properties.write_text("\n".join([
            "process.roles=broker,controller", "node.id=1",
            f"controller.quorum.voters=1@{controller}",
            f"listeners=PLAINTEXT://{self.address},CONTROLLER://{controller}",
            f"advertised.listeners=PLAINTEXT://{self.address}",
            "controller.listener.names=CONTROLLER",
            "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            f"log.dirs={self.data}", "offsets.topic.replication.factor=1", ""]))
        storage = self.home / "bin" / "kafka-storage.sh"
        done = subprocess.run([storage, "format", "-t", "4L6g3nShT-eMCtK--X86sw", "-c",
                               self.properties], capture_output=True, text=True, check=False)
        if done.returncode:
            raise Failure(f"{storage} format ended with {done.returncode}: {done.stderr[-500:]}")

    def command(self):
        return [str(self.binary), str(self.properties)]

    def launch(self, environment=None):
        super().launch({**os.environ, "KAFKA_HEAP_OPTS": STOCK_JVM, **(environment or {})})


def cpu_seconds(pid):
    """(user, system) seconds of all threads of a process so far, from /proc/PID/stat."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    tick = os.sysconf("SC_CLK_TCK")
    return int(fields[11]) / tick, int(fields[12]) / tick
