"""Clusters of several processes: formatted, started, killed, paused, cut off, started anew.

The same for ours and for Apache Kafka, whose server.properties both read. A node is `combined`
(broker and controller), `controller` or `broker`.
"""
import os
import random
import shutil
import signal
import subprocess
import time

from suite import place, questions, wire
from suite.broker import OwnBroker, free_port
from suite.outcome import Failure, Skip, check, say

ROLES = {"combined": "broker,controller", "controller": "controller", "broker": "broker"}
# Java's heap is small here.
KAFKA_CONFIG = {"log.cleaner.dedupe.buffer.size": "16777216", "num.network.threads": "2",
                "num.io.threads": "4", "offsets.topic.replication.factor": "1"}
CALM_SECONDS = 60
LEAVE_SECONDS = 8
ASK_SECONDS = 5


def random_id():
    """A cluster's or a directory's id; none begins with a dash, which tools take for an option."""
    while True:
        text = questions.id_text(random.SystemRandom().randbytes(16))
        if not text.startswith("-"):
            return text


class Node(OwnBroker):
    """One process of a cluster, with a directory of its own."""

    def __init__(self, cluster, number, kind):
        self.cluster, self.id, self.kind = cluster, number, kind
        self.scratch = cluster.scratch / f"node{number}"
        self.scratch.mkdir()
        self.data = self.scratch / "data"
        self.log_path = self.scratch / "node.log"
        self.config_path = self.scratch / "server.properties"
        self.directory_id = random_id()
        self.process = None
        self.is_paused = False
        self.is_kafka = cluster.is_kafka
        host = cluster.network.address(number) if cluster.network else "127.0.0.1"
        self.broker = f"{host}:{free_port()}" if kind != "controller" else None
        self.controller = f"{host}:{free_port()}" if kind != "broker" else None
        # Where it is asked whether it lives.
        self.address = self.broker or self.controller

    @property
    def is_voter(self):
        return self.controller is not None

    def properties(self, more):
        listeners = [f"PLAINTEXT://{self.broker}"] if self.broker else []
        if self.controller:
            listeners.append(f"CONTROLLER://{self.controller}")
        controllers = self.cluster.controllers()
        quorum = {"controller.quorum.bootstrap.servers": ",".join(n.controller for n in controllers)}
        if self.cluster.is_static:
            voters = ",".join(f"{n.id}@{n.controller}" for n in controllers)
            quorum = {"controller.quorum.voters": voters}
        return {
            "process.roles": ROLES[self.kind], "node.id": self.id,
            "listeners": ",".join(listeners), "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            **quorum,
            "log.dirs": self.data,
            **({"inter.broker.listener.name": "PLAINTEXT"} if self.broker else {}),
            **(KAFKA_CONFIG if self.is_kafka else {}), **more}

    def configure(self, more=None):
        rows = self.properties({**self.cluster.config, **(more or {})})
        self.config_path.write_text("".join(f"{k}={v}\n" for k, v in rows.items()))

    @property
    def start_seconds(self):
        """A Java virtual machine takes its time on a machine that others use, too."""
        return 200 if self.is_kafka else OwnBroker.start_seconds

    def initial_controller(self):
        return f"{self.id}@{self.controller}:{self.directory_id}"

    def command(self):
        if self.is_kafka:
            command = kafka_command("kafka.Kafka", str(self.config_path))
        else:
            command = [self.cluster.binary, "broker", "--config", str(self.config_path)]
        return self.cluster.network.inside(self.id, command) if self.cluster.network else command

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)
        self.is_paused = True
        deadline = time.monotonic() + ASK_SECONDS
        while self.state_of_process() != "T":
            check(time.monotonic() < deadline, f"node {self.id} does not stop at SIGSTOP")
            time.sleep(0.001)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)
        self.is_paused = False

    def end(self):
        """Whatever state it is in."""
        if self.is_running():
            self.kill()

    def ask(self, address=None):
        return questions.Connection(address or self.address, ASK_SECONDS)

    def state_of_process(self):
        """The letter of /proc: R, S, T (stopped), Z."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0]


def kafka_command(*arguments):
    """Java with the jars of KAFKA_PEER, or those that setup.sh fetched."""
    command = place.java_command(*arguments)
    peer = os.environ.get("KAFKA_PEER")
    if peer:
        at = command.index("-cp")
        command[at + 1] = f"{peer}/lib/*:{peer}/libs/*:{command[at + 1]}"
    return command


class Cluster:
    """`kinds` of the nodes from id 1 on; `config` is for all of them. Entered, it runs. is_static:
    its voters stand in the configuration files, not in the log."""

    def __init__(self, session, kinds, config=None, *, network=None, is_kafka=False, release=None,
                 is_static=False):
        if not is_kafka and not session.options.broker_bin:
            raise Skip("a cluster needs processes of its own: give --broker-bin")
        self.binary = None if is_kafka else os.path.abspath(session.options.broker_bin)
        if self.binary and not os.access(self.binary, os.X_OK):
            raise Skip(f"no broker program at {self.binary}: build the target glasslog first")
        self.is_kafka = is_kafka
        self.is_static = is_static
        self.network = network
        self.config = config or {}
        self.id = random_id()
        self.release = release  # metadata.version to format with; None: the newest
        self.scratch = place.scratch(f"{session.name}-cluster")
        self.nodes = []
        for kind in kinds:
            self.nodes.append(Node(self, len(self.nodes) + 1, kind))

    def node(self, number):
        return self.nodes[number - 1]

    def controllers(self):
        return [n for n in self.nodes if n.is_voter]

    def brokers(self):
        return [n for n in self.nodes if n.broker]

    def running(self):
        return [n for n in self.nodes if n.is_running()]

    def __enter__(self):
        try:
            for node in self.nodes:
                node.configure()
            self.format(self.nodes, self.release)
            for node in self.nodes:
                node.launch()
            for node in self.nodes:
                node.wait_for_answer()
            self.wait_until_calm()
        except BaseException:
            self._close(is_kept=True)
            raise
        return self

    def __exit__(self, kind, _problem, _trace):
        self._close(is_kept=kind is not None and not issubclass(kind, Skip))

    def _close(self, is_kept):
        for node in self.nodes:
            node.end()
        if not is_kept:
            shutil.rmtree(self.scratch, ignore_errors=True)
            return
        say(f"logs and data of the nodes are kept in {self.scratch}; last lines of the logs:")
        for node in self.nodes:
            say(f"-- node {node.id} ({node.kind})\n{node.log_tail(8)}")

    def format(self, nodes, release=None, is_late=False):
        """By our own verb when the program has it, else by Kafka's tool. A broker, and a controller
        that is late, finds its quorum later."""
        voters = ",".join(n.initial_controller() for n in self.controllers())
        form = ["--no-initial-controllers"] if is_late else ["--initial-controllers", voters]
        for node in nodes:
            words = ["format", "-c", str(node.config_path), "--cluster-id", self.id]
            if node.is_voter and not self.is_static:
                words += form
            words += ["--release-version", release] if release else []
            command = self.storage_tool() + words
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=90)
            check(done.returncode == 0, f"{' '.join(command)[-400:]} ended with status "
                                        f"{done.returncode}: {done.stdout}{done.stderr}"[-2500:])

    def storage_tool(self):
        if not self.is_kafka and has_verb(self.binary, "storage"):
            return [self.binary, "storage"]
        return kafka_command("kafka.tools.StorageTool")

    def add(self, kind, config=None, release=None):
        """One more node, formatted and not started."""
        node = Node(self, len(self.nodes) + 1, kind)
        known = ",".join(n.controller for n in self.controllers())
        self.nodes.append(node)
        node.configure({"controller.quorum.bootstrap.servers": known, **(config or {})})
        self.format([node], release, is_late=True)
        return node

    def stop_all(self):
        """In order as far as that goes: who is left alone with no majority of controllers waits for
        one to let it go, here as in Kafka for minutes, and is killed."""
        for node in self.running():
            node.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + LEAVE_SECONDS
        for node in self.running():
            try:
                node.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                node.kill()

    # ---- what the cluster says of itself

    def quorum(self):
        """The Quorum of a controller that leads now, or None."""
        for node in self.controllers():
            if not node.is_running() or node.is_paused:
                continue
            try:
                with questions.Connection(node.controller, 1.0) as connection:
                    found = connection.quorum()
            except OSError:
                continue
            if found.error == 0 and found.leader == node.id:
                return found
        return None

    def wait_until_calm(self, seconds=CALM_SECONDS):
        """A controller is active, all nodes that run have what it has committed, and every broker
        shows the same cluster with all running brokers in it. Returns (Quorum, View)."""
        deadline = time.monotonic() + seconds
        problem = "nothing was asked yet"
        while time.monotonic() < deadline:
            for node in self.running():
                node.check_alive()
            problem = self.look()
            if not isinstance(problem, str):
                return problem
            time.sleep(0.05)
        raise Failure(f"the cluster is not of one mind after {seconds} s: {problem}")

    def look(self):
        """(Quorum, View) when all nodes agree, else what is missing."""
        quorum = self.quorum()
        if quorum is None:
            return "no active controller"
        behind = {n: end for n, end in {**quorum.observers, **quorum.voters}.items()
                  if end < quorum.high_watermark and self.node(n).is_running()}
        if behind:
            return f"behind the high watermark {quorum.high_watermark}: {behind}"
        wanted = sorted(n.id for n in self.running() if n.broker)
        views = {}
        try:
            for node in self.running():
                if node.broker:
                    with node.ask(node.broker) as connection:
                        views[node.id] = connection.metadata()
        except OSError as refused:
            return f"a broker does not answer: {refused}"
        for number, view in views.items():
            if [b[0] for b in view.brokers] != wanted:
                return f"node {number} shows the brokers {[b[0] for b in view.brokers]}, running " \
                       f"are {wanted}"
        first = next(iter(views.values()), None)
        for number, view in views.items():
            if view != first:
                return f"nodes {next(iter(views))} and {number}: {difference(first, view)}"
        return quorum, first


def difference(one, two):
    """The first topic that two Views show differently."""
    for name in sorted(set(one.topics) | set(two.topics)):
        a, b = one.topics.get(name), two.topics.get(name)
        if a != b:
            return f"{name} is {a} and {b}"
    return f"brokers are {one.brokers} and {two.brokers}"


def has_verb(binary, verb):
    done = subprocess.run([binary, "--help"], capture_output=True, text=True, check=False,
                          timeout=20)
    return f"\n  {verb} " in done.stdout
