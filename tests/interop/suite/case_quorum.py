"""Kafka's own tools and its admin client, unchanged, against a quorum of ours; then Kafka itself on
its directories."""
import re
import subprocess
import time

from suite import batches, case_dump, place
from suite.chaos import Workload
from suite.cluster import Cluster
from suite.outcome import Failure, check, say
from suite.session import eventually
from suite.tools import Tools

# A snapshot after a few topics.
CONFIG = {"metadata.log.max.record.bytes.between.snapshots": "4000",
          "broker.session.timeout.ms": "3000", "broker.heartbeat.interval.ms": "500"}
OLD, NEW = "4.1-IV1", "4.3-IV0"
FETCH_TIMEOUT_SECONDS = 2.0  # controller.quorum.fetch.timeout.ms
METADATA_RECORDS = ("TOPIC_RECORD", "PARTITION_RECORD", "REGISTER_BROKER_RECORD",
                    "FEATURE_LEVEL_RECORD")


def run(session):
    with Tools() as tools:
        with Cluster(session, ["combined"] * 3, CONFIG, release=OLD) as cluster:
            part(describe_quorum, cluster, tools)
            part(describe_features, cluster, tools)
            part(use_topics, cluster, tools)
            part(use_admin, cluster)
            part(change_voters, cluster, tools)
            part(inspect_storage, cluster, tools)
            part(inspect_log, cluster)
            part(hand_over_to_kafka, cluster)
        with Cluster(session, ["controller"] * 3 + ["broker"] * 2) as cluster:
            part(use_separate_roles, cluster, tools)
        with Cluster(session, ["combined"] * 3, is_static=True) as cluster:
            part(raise_static_quorum, cluster, tools)
            part(hand_raised_quorum_to_kafka, cluster, tools)


def part(one, *arguments):
    one(*arguments)
    say(f"  {one.__name__.replace('_', ' ')}: as expected")


def brokers_of(cluster):
    return ",".join(n.broker for n in cluster.brokers())


def fields(text):
    """{name: value} of the lines `Name: value`."""
    return dict(re.findall(r"^(\w+):\s+(.*?)\s*$", text, re.M))


def describe_quorum(cluster, tools):
    quorum = cluster.quorum()
    for option, nodes in (("--bootstrap-server", cluster.brokers()),
                          ("--bootstrap-controller", cluster.controllers())):
        for node in nodes:
            address = node.broker if option == "--bootstrap-server" else node.controller
            found = fields(tools.run("quorum", option, address, "describe", "--status"))
            check(found["ClusterId"] == cluster.id and int(found["LeaderId"]) == quorum.leader
                  and int(found["LeaderEpoch"]) == quorum.epoch, f"{address}: {found}")
            for other in cluster.controllers():
                check(other.directory_id in found["CurrentVoters"]
                      and other.controller.split(":")[1] in found["CurrentVoters"],
                      f"voter {other.id} is not in {found['CurrentVoters']}")
        text = tools.run("quorum", option, address, "describe", "--replication")
        rows = [line.split() for line in text.splitlines()[1:] if line.strip()]
        states = sorted((int(row[0]), row[-1]) for row in rows)
        wanted = sorted((n.id, "Leader" if n.id == quorum.leader else "Follower") for n in nodes)
        check(states == wanted, f"--replication shows\n{text}")


def describe_features(cluster, tools):
    servers = brokers_of(cluster)
    text = tools.run("features", "--bootstrap-server", servers, "describe")
    check(level_of(text, "metadata.version") == OLD, f"metadata.version is not {OLD}:\n{text}")
    check(level_of(text, "kraft.version") == "1", f"kraft.version is not 1:\n{text}")
    tools.run("features", "--bootstrap-server", servers, "upgrade", "--metadata", NEW, "--dry-run")
    tools.run("features", "--bootstrap-server", servers, "upgrade", "--metadata", NEW)
    for node in cluster.controllers():
        eventually(lambda: level_of(tools.run("features", "--bootstrap-controller",
                                              node.controller, "describe"),
                                    "metadata.version") == NEW,
                   f"controller {node.id} does not show {NEW}")
    tools.refused("features", "Could not downgrade", "--bootstrap-server", servers,
                  "downgrade", "--metadata", OLD)


def level_of(text, feature):
    found = re.search(rf"^Feature: {feature}\s.*FinalizedVersionLevel: (\S+)", text, re.M)
    check(found, f"no feature {feature} in\n{text}")
    return found.group(1)


def use_topics(cluster, tools):
    for node in cluster.brokers():
        name = f"tool-{node.id}"
        tools.run("topics", "--bootstrap-server", node.broker, "--create", "--topic", name,
                  "--partitions", "3", "--replication-factor", "1")
        for other in cluster.brokers():
            eventually(lambda: tools.run("topics", "--bootstrap-server", other.broker,
                                         "--describe", "--topic", name).count("Leader: ") == 3,
                       f"broker {other.id} does not show {name}")
        tools.refused("topics", "TopicExistsException", "--bootstrap-server", node.broker, "--create",
                      "--topic", name)
    tools.run("topics", "--bootstrap-server", cluster.node(3).broker, "--delete", "--topic",
              "tool-1")
    for node in cluster.brokers():
        eventually(lambda: sorted(tools.run("topics", "--bootstrap-server", node.broker,
                                            "--list").split()) == ["tool-2", "tool-3"],
                   f"broker {node.id} still shows tool-1")


class QuorumClient:
    """java/QuorumClient.java at some addresses."""

    def __init__(self, kind, address):
        self.process = subprocess.Popen(place.java_command("QuorumClient", kind, address),
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def ask(self, verb, **options):
        """(state, the answer's pairs or the error's text)."""
        line = "\t".join([verb, *(f"{k}={v}" for k, v in options.items())])
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        state, *words = self.process.stdout.readline().rstrip("\n").split("\t")
        return state, dict(word.split("=", 1) for word in words) if state == "ok" \
            else " ".join(words)

    def call(self, verb, **options):
        state, answer = self.ask(verb, **options)
        check(state == "ok", f"java {verb} {options}: {answer}")
        return answer

    def refused(self, words, verb, **options):
        state, answer = self.ask(verb, **options)
        check(state == "error" and words in answer, f"java {verb} {options}: expected {words}, "
                                                    f"got {state} {answer}")


def use_admin(cluster):
    with QuorumClient("bootstrap.servers", brokers_of(cluster)) as client:
        look_at_quorum(cluster, client)
        found = client.call("cluster", fenced="true")
        check(found["id"] == cluster.id and found["nodes"].count(":live") == 3, str(found))
        check(client.call("cluster")["nodes"] == found["nodes"], "no broker is fenced")
        move_partitions(cluster, client)
    controllers = ",".join(n.controller for n in cluster.controllers())
    with QuorumClient("bootstrap.controllers", controllers) as client:
        look_at_quorum(cluster, client)
        found = client.call("cluster")
        wanted = ",".join(f"{n.id}:{n.controller.split(':')[1]}:live"
                          for n in cluster.controllers())
        check(found["nodes"] == wanted and int(found["controller"]) == cluster.quorum().leader,
              f"describeCluster of the controllers: {found}, expected {wanted}")


def look_at_quorum(cluster, client):
    quorum, found = cluster.quorum(), client.call("quorum")
    check(int(found["leader"]) == quorum.leader and int(found["epoch"]) == quorum.epoch
          and [int(v.split(":")[0]) for v in found["voters"].split(",")] == [1, 2, 3]
          and found["nodes"] == "1,2,3" and found["observers"] == "", str(found))
    features = client.call("features")
    check("metadata.version:" in features["finalized"] and "kraft.version:0-1"
          in features["supported"], str(features))


def move_partitions(cluster, client):
    """As far as one replica goes: its leader is the only one that there can be."""
    client.call("create", topic="moved", replicas="1")
    eventually(lambda: client.call("describe", topic="moved")["found"] == "0:1:1", "moved")
    check(client.call("elect", topic="moved", type="PREFERRED")["found"]
          == "ElectionNotNeededException", "an election for the preferred leader that leads")
    check(client.call("elect", topic="nowhere", type="PREFERRED")["found"]
          == "UnknownTopicOrPartitionException", "an election for no partition")
    check(client.call("reassignments")["found"] == "{}", "no reassignment was asked for")
    client.refused("NoReassignmentInProgressException", "reassign", topic="moved")
    client.refused("InvalidReplicaAssignmentException", "reassign", topic="moved", replicas="77")
    client.call("reassign", topic="moved", replicas="1")
    check(client.call("reassignments")["found"] == "{}", "from 1 to 1 is done at once")
    client.refused("BrokerIdNotRegisteredException", "unregister", id=99)


def change_voters(cluster, tools):
    """A fourth node joins as an observer, becomes a voter and ceases to be one."""
    servers = brokers_of(cluster)
    node = cluster.add("combined", CONFIG, release=NEW)
    node.start()
    cluster.wait_until_calm()
    check(4 in cluster.quorum().observers, f"node 4 does not observe: {cluster.quorum()}")
    directory = directory_of(node)
    text = tools.run("quorum", "--bootstrap-server", servers, "--command-config",
                     node.config_path, "add-controller")
    check("Added controller 4" in text, text)
    eventually(lambda: 4 in cluster.quorum().voters, "node 4 does not become a voter")
    tools.refused("quorum", "DuplicateVoter", "--bootstrap-server", servers, "--command-config",
                  node.config_path, "add-controller")
    tools.run("quorum", "--bootstrap-controller", cluster.node(1).controller, "remove-controller",
              "--controller-id", "4", "--controller-directory-id", directory)
    eventually(lambda: 4 in cluster.quorum().observers, "node 4 is no observer again")
    tools.refused("quorum", "VoterNotFound", "--bootstrap-server", servers, "remove-controller",
                  "--controller-id", "4", "--controller-directory-id", directory)
    remove_leader(cluster, tools, servers)
    node.stop()
    with QuorumClient("bootstrap.servers", servers) as client:
        port = node.broker.split(":")[1]
        eventually(lambda: f"4:{port}:" not in client.call("cluster")["nodes"],
                   "broker 4 is not fenced")
        check(f"4:{port}:fenced" in client.call("cluster", fenced="true")["nodes"],
              "broker 4 is not shown as fenced")
        client.call("unregister", id=4)
        eventually(lambda: f"4:{port}:" not in client.call("cluster", fenced="true")["nodes"],
                   "broker 4 is still registered")
    cluster.nodes.remove(node)


def remove_leader(cluster, tools, servers):
    """The active controller leaves the voters, another one takes over, and it comes back."""
    leader = cluster.node(cluster.quorum().leader)
    tools.run("quorum", "--bootstrap-server", servers, "remove-controller", "--controller-id",
              leader.id, "--controller-directory-id", leader.directory_id)
    eventually(lambda: cluster.quorum().leader != leader.id
               and leader.id in cluster.quorum().observers, "the leader did not leave")
    tools.run("quorum", "--bootstrap-server", servers, "--command-config", leader.config_path,
              "add-controller")
    eventually(lambda: sorted(cluster.quorum().voters) == [1, 2, 3], "it did not come back")


def inspect_storage(cluster, tools):
    node = cluster.node(1)
    text = tools.run("storage", "info", "-c", node.config_path)
    check(cluster.id in text and str(node.data) in text, text)
    tools.refused("storage", "already formatted", "format", "-c", node.config_path, "-t",
                  cluster.id, "--no-initial-controllers")
    text = tools.run("storage", "format", "-c", node.config_path, "-t", cluster.id,
                     "--no-initial-controllers", "--ignore-formatted")
    check("already formatted" in text or "ignoring" in text.lower(), text)
    check(re.fullmatch(r"[\w-]{22}", tools.run("storage", "random-uuid").strip()), "a random id")


def snapshots_of(node):
    return sorted(p for p in (node.data / batches.METADATA).glob("*.checkpoint")
                  if not p.name.startswith("0" * 20 + "-"))


def inspect_log(cluster):
    """Enough topics for a snapshot on every node; then Kafka's dump tool reads all of it."""
    with Workload(cluster.brokers(), "many"):
        for node in cluster.controllers():
            eventually(lambda: snapshots_of(node), f"node {node.id} takes no snapshot")
    cluster.stop_all()
    files = [p for node in cluster.nodes for p in
             [*snapshots_of(node), *(node.data / batches.METADATA).glob("*.log")]]
    text = case_dump.dump(files, "--cluster-metadata-decoder", "--print-data-log")
    for kind in METADATA_RECORDS:
        check(f'"type":"{kind}"' in text, f"the dump shows no {kind}")
    for word in ("SnapshotHeader", "SnapshotFooter", "KRaftVoters", "LeaderChange"):
        check(word in text, f"the dump shows no {word}")
    say(f"  Kafka's dump tool reads {len(files)} files of the metadata log")


def hand_over_to_kafka(cluster):
    """Kafka on the directories of all three: the same cluster, and ours again afterwards."""
    restart(cluster)
    before = cluster.wait_until_calm()[1]
    cluster.stop_all()
    restart(cluster, is_kafka=True)
    compare(before, cluster.wait_until_calm()[1], "Kafka")
    with cluster.node(1).ask() as connection:
        check(connection.create_topic("by-kafka")[0] == 0, "Kafka creates no topic")
    kept = cluster.wait_until_calm()[1]
    cluster.stop_all()
    restart(cluster)
    compare(kept, cluster.wait_until_calm()[1], "ours")


def restart(cluster, is_kafka=False):
    for node in cluster.nodes:
        node.is_kafka = is_kafka
        node.configure()
        node.launch()
    for node in cluster.nodes:
        node.wait_for_answer()


def compare(before, after, who):
    """Topics and their ids; leaders' epochs may have moved."""
    names = {name: topic.id for name, topic in before.topics.items()}
    found = {name: topic.id for name, topic in after.topics.items()}
    if names != found:
        raise Failure(f"{who} shows {len(found)} topics instead of {len(names)}; differing: "
                      f"{sorted(set(names.items()) ^ set(found.items()))[:6]}")


def use_separate_roles(cluster, tools):
    quorum = cluster.quorum()
    check(sorted(quorum.voters) == [1, 2, 3] and sorted(quorum.observers) == [4, 5],
          f"three controllers and two brokers: {quorum}")
    text = tools.run("quorum", "--bootstrap-server", brokers_of(cluster), "describe",
                     "--replication")
    check(text.count("Observer") == 2, text)
    for node in cluster.brokers():
        tools.run("topics", "--bootstrap-server", node.broker, "--create", "--topic",
                  f"by-{node.id}", "--partitions", "4", "--replication-factor", "1")
    cluster.node(quorum.leader).kill()
    tools.run("topics", "--bootstrap-server", brokers_of(cluster), "--create", "--topic", "later")
    cluster.node(quorum.leader).start()
    _, view = cluster.wait_until_calm()
    check(sorted(view.topics) == ["by-4", "by-5", "later"], str(view.topics))


def directory_of(node):
    text = (node.data / "meta.properties").read_text()
    return re.search(r"^directory\.id=(\S+)", text, re.M).group(1)


def ours(cluster, *words):
    """(exit status, what it printed) of `glasslog quorum`."""
    done = subprocess.run([cluster.binary, "quorum", *words, "--bootstrap-server",
                           brokers_of(cluster)], capture_output=True, text=True, check=False,
                          timeout=90)
    return done.returncode, done.stdout


def kraft_version(tools, node):
    return level_of(tools.run("features", "--bootstrap-controller", node.controller, "describe"),
                    "kraft.version")


def raise_static_quorum(cluster, tools):
    """controller.quorum.voters, until kafka-features writes the voters into the log."""
    servers = brokers_of(cluster)
    wanted = ["--bootstrap-server", servers, "upgrade", "--feature", "kraft.version=1"]
    check(kraft_version(tools, cluster.node(1)) == "0", "kraft.version is not 0")
    follower = next(n for n in cluster.nodes if n.id != cluster.quorum().leader)
    removal = ["--bootstrap-server", servers, "remove-controller", "--controller-id", follower.id,
               "--controller-directory-id", directory_of(follower)]
    tools.refused("quorum", "UnsupportedVersion", *removal)
    # Each voter tells a new leader who it is: no sooner can it be written.
    eventually(lambda: tools.call("features", *wanted, "--dry-run")[0] == 0, "it can be raised")
    follower.pause()
    time.sleep(FETCH_TIMEOUT_SECONDS + 0.5)
    leader = cluster.node(cluster.quorum().leader)
    tools.refused("features", f"voter {follower.id} does not follow", "--bootstrap-controller",
                  leader.controller, *wanted[2:])
    follower.resume()
    eventually(lambda: ours(cluster, "upgrade", "--dry-run")[0] == 0, "it can be raised again")
    check(kraft_version(tools, cluster.node(1)) == "0", "--dry-run raises kraft.version")
    tools.run("features", *wanted)
    check(ours(cluster, "upgrade")
          == (0, "the voters are in the log already (kraft.version 1)\n"), "once is enough")
    for node in cluster.controllers():
        eventually(lambda: kraft_version(tools, node) == "1",
                   f"controller {node.id} does not show kraft.version 1")
    status = fields(tools.run("quorum", "--bootstrap-server", servers, "describe", "--status"))
    for node in cluster.controllers():
        check(directory_of(node) in status["CurrentVoters"], f"voter {node.id}: {status}")
    check(status["CurrentObservers"] == "[]", f"who votes is shown as an observer: {status}")
    tools.refused("features", "Could not downgrade", "--bootstrap-server", servers, "downgrade",
                  "--feature", "kraft.version=0")
    change_raised_voters(cluster, tools, follower, removal)


def change_raised_voters(cluster, tools, follower, removal):
    """What the static quorum refused, under the leader that raised it and under another one."""
    servers = brokers_of(cluster)
    tools.run("quorum", *removal)
    eventually(lambda: len(cluster.quorum().voters) == 2, f"voter {follower.id} is not removed")
    eventually(lambda: tools.call("quorum", "--bootstrap-server", servers, "--command-config",
                                  follower.config_path, "add-controller")[0] == 0,
               "the voter that was removed is not added again")
    leader = cluster.node(cluster.quorum().leader)
    leader.kill()
    tools.run("topics", "--bootstrap-server", servers, "--create", "--topic", "later")
    leader.start()
    cluster.wait_until_calm()
    check(sorted(cluster.quorum().voters) == [1, 2, 3], f"{cluster.quorum()}")


def hand_raised_quorum_to_kafka(cluster, tools):
    """With the voters in the log the line in the files goes; Kafka then finds them there, too."""
    before = cluster.wait_until_calm()[1]
    cluster.stop_all()
    cluster.is_static = False
    restart(cluster, is_kafka=True)
    compare(before, cluster.wait_until_calm()[1], "Kafka")
    check(kraft_version(tools, cluster.node(1)) == "1", "Kafka shows another kraft.version")
    cluster.stop_all()
    restart(cluster)
    compare(before, cluster.wait_until_calm()[1], "ours")
