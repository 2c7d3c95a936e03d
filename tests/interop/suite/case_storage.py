"""What `glasslog storage format` writes is Kafka's, and what Kafka formats is ours: each tool reads
the other's directory, each broker starts on it. A snapshot that we write is read by Kafka's dump
tool as the one of Kafka's that it was made from."""
import json
import re
import shutil
import subprocess
from pathlib import Path

from suite import place
from suite.broker import OwnBroker, free_port
from suite.case_directory import Kafka
from suite.case_dump import dump
from suite.outcome import check, say

STORAGE = "kafka.tools.StorageTool"
CLUSTER = "MkU3OEVBNTcwNTJENDM2Qg"
LOG = "__cluster_metadata-0"
FIRST_VOTERS = "00000000000000000000-0000000000.checkpoint"
SNAPSHOT = "00000000000000004692-0000000003.checkpoint"
SCRAM = "SCRAM-SHA-256=[name=alice,password=alice-secret]"


def run(session):
    binary = session.options.broker_bin
    check(binary, "this test formats directories: it needs --broker-bin")
    ours_for_kafka(binary)
    kafkas_for_ours(binary)
    snapshot_for_kafka(Path(binary).parent / "snapshot_sample")


def ours_for_kafka(binary):
    node = Node(binary, "storage")
    node.tool("format", "-c", node.file, "-t", CLUSTER, "--standalone", "-S", SCRAM)
    info = node.kafka_tool("info", "-c", node.file)
    check(f"cluster.id={CLUSTER}" in info and "problem" not in info,
          f"Kafka's storage tool says of a directory that we formatted:\n{info}")
    text = dump([node.data / LOG / FIRST_VOTERS, node.data / "bootstrap.checkpoint"],
                "--cluster-metadata-decoder", "--deep-iteration")
    for word in ("KRaftVoters", "SnapshotFooter", '"name":"alice"', '"metadata.version"'):
        check(word in text, f"Kafka's dump of what we formatted shows no {word}")
    kafka = Kafka(node, node.file)
    kafka.start()
    try:
        kafka.stop()
    finally:
        kafka.end()
    say("  Kafka reads the directory that we formatted, and starts on it")
    node.start()
    node.stop()
    node.remove()
    say("  and ours starts on what Kafka left")


def kafkas_for_ours(binary):
    node = Node(binary, "storage-kafka")
    node.kafka_tool("format", "-c", node.file, "-t", CLUSTER, "--standalone",
                    "--release-version", "4.1", "-S", SCRAM)
    told = json.loads(node.tool("info", "-c", node.file, "--json"))
    [directory] = told["directories"]
    check(not told["problems"] and directory["cluster_id"] == CLUSTER
          and directory["scram_users"] == ["alice"]
          and directory["levels"].get("metadata.version") == 27
          and directory["voters"].startswith("1@127.0.0.1:"),
          f"ours says of a directory that Kafka formatted:\n{json.dumps(told, indent=1)}")
    node.start()
    node.stop()
    log = ours(binary, "dump", node.data / LOG)
    for word in ('"name":"metadata.version","feature_level":27', '"name":"alice"'):
        check(word in log, f"our metadata log does not begin with {word}:\n{log[:3000]}")
    node.remove()
    say("  ours reads the directory that Kafka formatted, and begins as it says")


def snapshot_for_kafka(writer):
    folder = place.scratch("storage-snapshot")
    subprocess.run([writer, folder], check=True, timeout=60, stdout=subprocess.DEVNULL)
    golden = place.ROOT / "tests" / "golden" / "metadata" / SNAPSHOT
    mine = dump([folder / SNAPSHOT], "--cluster-metadata-decoder", "--deep-iteration")
    theirs = dump([golden], "--cluster-metadata-decoder", "--deep-iteration")
    check(payloads(mine) == payloads(theirs),
          lambda: "Kafka's dump of our snapshot differs from that of its own: "
                  f"{sorted(set(payloads(mine)) ^ set(payloads(theirs)))[:6]}")
    check(len(payloads(mine)) == 218 and voters(mine) == voters(theirs) != [],
          "the snapshot shows other voters, or not all records")
    say(f"  Kafka reads our snapshot: the same {len(payloads(mine))} records as in its own")


def payloads(text):
    """The records, sorted; the parts of a registration stand in any order."""
    found = []
    for line in re.findall(r"payload: (\{.*)", text):
        record = json.loads(line)
        for key in ("endPoints", "features"):
            if isinstance(record["data"].get(key), list):
                record["data"][key].sort(key=lambda part: part["name"])
        found.append(json.dumps(record, sort_keys=True))
    return sorted(found)


def voters(text):
    return re.findall(r"KRaftVoters (\{.*)", text)


class Node(OwnBroker):
    """A node that a server.properties describes: of Kafka's, and of ours."""

    def __init__(self, binary, name):
        super().__init__(binary, name)
        controller = f"127.0.0.1:{free_port()}"
        self.file = self.scratch / "server.properties"
        self.file.write_text("\n".join([
            "process.roles=broker,controller", "node.id=1",
            f"controller.quorum.bootstrap.servers={controller}",
            f"listeners=PLAINTEXT://{self.address},CONTROLLER://{controller}",
            "controller.listener.names=CONTROLLER",
            "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            "log.cleaner.dedupe.buffer.size=16777216",
            f"log.dirs={self.data}", "offsets.topic.replication.factor=1", ""]))

    def remove(self):
        """Only of a node that did well: of others everything is kept."""
        shutil.rmtree(self.scratch)

    def tool(self, *arguments):
        return ours(self.binary, "storage", *arguments)

    def kafka_tool(self, *arguments):
        return output(place.java_command(STORAGE, *map(str, arguments)))


def ours(binary, *arguments):
    return output([binary, *map(str, arguments)])


def output(command):
    done = subprocess.run(command, capture_output=True, check=False, timeout=150, text=True)
    check(done.returncode == 0,
          lambda: f"{' '.join(command[-6:])} ended with {done.returncode}:\n"
                  f"{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout
