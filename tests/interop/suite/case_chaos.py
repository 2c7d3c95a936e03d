"""Faults on the nodes of a quorum while topics are created through all brokers without a pause.

In every round one node, the active controller or another one, is killed (kill -9), paused (SIGSTOP)
or cut off from the other nodes, and healed a little after topics are created again. Then all nodes
must be of one mind: one metadata log, byte by byte up to the high watermark, the same answers of
all brokers, every acknowledged topic with the id of its acknowledgement, no topic that was deleted.
Measured is how long nobody could create a topic: from the fault to the next acknowledgement of a
request that was sent after it, through a broker that the fault spares.
"""
import json
import random
import time

from suite import batches
from suite.chaos import Workload
from suite.cluster import Cluster
from suite.network import Network
from suite.outcome import Failure, check, say

ROUNDS = 4
ROUNDS_FULL = 100
FAULTS = ("kill", "pause", "cut")
SERVED_SECONDS = 60
BACK_SECONDS = 180  # a killed node recovers each of its partitions first
# Up to more than an election time-out, so that followers notice some faults and miss others.
OUTAGE_SECONDS = (0.5, 3.0)


def run(session, faults=("kill", "pause")):
    faults = tuple(session.options.faults.split(",")) if session.options.faults else faults
    check(set(faults) <= set(FAULTS), f"--faults takes {','.join(FAULTS)}")
    if "cut" in faults:
        with Network(3) as network:
            run_rounds(session, faults, network)
    else:
        run_rounds(session, faults, None)


def run_rounds(session, faults, network):
    rounds = session.count(ROUNDS, ROUNDS_FULL)
    chance = random.Random(session.options.seed)
    say(f"  {rounds} rounds with seed {session.options.seed}, faults {', '.join(faults)}")
    with Cluster(session, ["combined"] * 3, network=network,
                 is_kafka=session.options.kafka) as cluster:
        with Workload(cluster.brokers(), session.topic_name()) as workload:
            campaign = Campaign(cluster, workload, chance, faults)
            for number in range(1, rounds + 1):
                campaign.round(number)
        campaign.verify()
        report(session, campaign)


class Campaign:
    """The rounds, and what they measured."""

    def __init__(self, cluster, workload, chance, faults):
        self.cluster, self.workload, self.chance, self.faults = cluster, workload, chance, faults
        self.gaps = {}       # (fault, role) -> [milliseconds]

    def round(self, number):
        # The draws come first, so that a seed means the same faults at any speed.
        fault = self.chance.choice(self.faults)
        role = self.chance.choice(("leader", "follower"))
        before, outage = self.chance.uniform(0.05, 0.6), self.chance.uniform(*OUTAGE_SECONDS)
        which = self.chance.randrange(2)
        self.wait_for_service(time.monotonic(), None, "before the fault")
        time.sleep(before)
        quorum = self.cluster.quorum()
        check(quorum, "nobody is the active controller although topics are created")
        others = [n for n in self.cluster.controllers() if n.id != quorum.leader]
        victim = self.cluster.node(quorum.leader) if role == "leader" else others[which]
        self.strike(victim, fault)
        # From here on it is whole: a cut takes several commands.
        moment = time.monotonic()
        served = self.wait_for_service(moment, victim.id, f"after {fault} of {victim.id}, {role}")
        gap = (served.heard - moment) * 1000
        self.gaps.setdefault((fault, role), []).append(gap)
        time.sleep(max(0.0, moment + outage - time.monotonic()))
        healed = time.monotonic()
        self.heal(victim, fault)
        self.agree(number)
        say(f"  round {number}: {fault} node {victim.id} ({role}), served again after "
            f"{gap:.0f} ms, of one mind {time.monotonic() - healed:.1f} s after healing, epoch "
            f"{quorum.epoch}, {len(self.workload.acknowledged())} topics acknowledged")

    def strike(self, victim, fault):
        if fault == "kill":
            victim.kill()
        elif fault == "pause":
            victim.pause()
        else:
            self.cluster.network.cut(victim.id)
            check(self.cluster.network.is_cut(victim.id), f"node {victim.id} is not cut off")

    def heal(self, victim, fault):
        if fault == "kill":
            victim.start()
        elif fault == "pause":
            victim.resume()
        else:
            self.cluster.network.mend(victim.id)

    def wait_for_service(self, moment, without, when):
        deadline = time.monotonic() + SERVED_SECONDS
        while time.monotonic() < deadline:
            found = self.workload.first_after(moment, without)
            if found:
                return found
            time.sleep(0.005)
        raise Failure(f"no topic could be created for {SERVED_SECONDS} s {when}; refusals by "
                      f"error code: {self.workload.refused()}")

    def agree(self, number):
        """Asked while topics are created, so about those that were acknowledged before."""
        marks = [(creator, len(creator.created)) for creator in self.workload.creators]
        rows = [row for creator, end in marks for row in creator.created[creator.checked:end]]
        gone = [name for name, is_sure in self.workload.deleted().items() if is_sure]
        for node in self.cluster.brokers():
            self.wait_until_member(node)
            self.compare(node, rows, gone, f"round {number}")
        for creator, end in marks:
            creator.checked = end

    def wait_until_member(self, node):
        """Its own log has all that the leader has committed by now, and its broker is in service."""
        deadline = time.monotonic() + BACK_SECONDS
        target = None
        seen = "no active controller"
        while time.monotonic() < deadline:
            self.cluster.node(node.id).check_alive()
            quorum = self.cluster.quorum()
            if quorum:
                target = target or quorum.high_watermark
                end = {**quorum.observers, **quorum.voters}.get(node.id, -1)
                seen = f"its log ends at {end}, {target} is committed"
                if end >= target and self.is_in_service(node):
                    return
            time.sleep(0.02)
        raise Failure(f"node {node.id} did not come back within {BACK_SECONDS} s: {seen}, "
                      f"brokers it shows: {self.brokers_of(node)}")

    def is_in_service(self, node):
        return self.brokers_of(node) == [n.id for n in self.cluster.brokers()]

    def brokers_of(self, node):
        try:
            with node.ask(node.broker) as connection:
                return [row[0] for row in connection.metadata().brokers]
        except OSError as problem:
            return [str(problem)]

    def compare(self, node, rows, gone, when):
        """All that was acknowledged is in the answer of this broker, which may be a moment late."""
        deadline = time.monotonic() + SERVED_SECONDS
        while True:
            problem = self.problem_of(node, rows, gone)
            if problem is None:
                return
            check(time.monotonic() < deadline, f"{when}: {problem}")
            time.sleep(0.05)

    def problem_of(self, node, rows, gone):
        try:
            with node.ask(node.broker) as connection:
                topics = connection.metadata().topics
        except OSError as problem:
            return f"node {node.id} does not answer: {problem}"
        # Asked for after the answer: what vanished from it may have been deleted by now.
        deleted = self.workload.deleted()
        for row in rows:
            found = topics.get(row.name)
            if row.name not in deleted and (found is None or found.id != row.id):
                return f"topic {row.name} was acknowledged by broker {row.broker} with id " \
                       f"{row.id}; node {node.id} shows {found}"
        for name in gone:
            if name in topics:
                return f"topic {name} was deleted, and node {node.id} shows {topics[name]}"
        return None

    def verify(self):
        """At the end, in silence: the same view everywhere, and one log."""
        quorum, view = self.cluster.wait_until_calm()
        rows, deleted = self.workload.acknowledged(), self.workload.deleted()
        gone = [name for name, is_sure in deleted.items() if is_sure]
        for node in self.cluster.brokers():
            problem = self.problem_of(node, rows, gone)
            check(problem is None, f"at the end: {problem}")
        say(f"  {len(rows)} topics acknowledged, {len(gone)} deleted, {len(view.topics)} "
            f"are there; epoch {quorum.epoch}, committed up to {quorum.high_watermark}")
        logs = {n.id: batches.read(n.data / batches.METADATA, quorum.high_watermark)
                for n in self.cluster.controllers()}
        for number, log in logs.items():
            wrong = batches.difference(logs[1], log)
            check(wrong is None, lambda: f"the metadata logs of nodes 1 and {number} differ below "
                                         f"{quorum.high_watermark}: {wrong}")
        say(f"  the metadata logs are the same: {[len(log) for log in logs.values()]} batches")


def percentile(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * part // 100)]


def report(session, campaign):
    """How long nobody could create a topic."""
    rows = [{"fault": fault, "role": role, "rounds": len(gaps),
             "p50_ms": round(percentile(gaps, 50)), "p99_ms": round(percentile(gaps, 99)),
             "max_ms": round(max(gaps))}
            for (fault, role), gaps in sorted(campaign.gaps.items())]
    say("  without a controller, ms          rounds    p50    p99    max")
    for row in rows:
        say(f"    {row['fault']:<6} of the {row['role']:<16}{row['rounds']:>8}"
            f"{row['p50_ms']:>7}{row['p99_ms']:>7}{row['max_ms']:>7}")
    if session.options.json:
        say(json.dumps({"peer": "kafka" if session.options.kafka else "glasslog",
                        "seed": session.options.seed, "gaps": rows}))
