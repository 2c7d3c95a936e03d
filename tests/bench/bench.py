#!/usr/bin/env python3
"""The broker's costs, beside Apache Kafka's on the same machine when KAFKA_PEER names one.

Runs are interleaved (ours, Kafka, ours, Kafka, ...), each on a fresh data directory; the table
shows the median of the rounds and their range. What is measured:

  start              s from the start of the process to the first accepted record, new directory
  idle memory        MiB resident ten seconds later
  produce            CPU seconds of the broker per GB (1e9 bytes) of values of 1 KiB, acks 1 and all
  consume            the same, read back from the page cache
  small records      records of 100 bytes produced per CPU second of the broker
  latency            at 5,000 records of 100 bytes a second, acks all: until acknowledged, and
                     until a consumer has it
  system calls       per batch of 16 KiB: one at a time, and 20 under way
  memory under load  MiB at the highest, over the whole run

The load comes from librdkafka (load.cpp), the same for both. A page that a virtual machine has not
touched before costs more than all else, so free memory is touched once at the start (--warm-gib).
"""
import argparse
import json
import mmap
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE.parent / "interop"))

import raw  # noqa: E402  (the path is set above)
import servers  # noqa: E402
from suite.outcome import Failure, Skip, say  # noqa: E402

PARTITIONS = 6
START_SECONDS = 60

# name: (text, unit, digits after the point)
METRICS = {
    "start_s": ("start to first accepted record", "s", 3),
    "idle_mib": ("memory, idle", "MiB", 1),
    "produce_acks1_cpu_s_per_gb": ("produce 1 KiB, acks 1", "CPU s/GB", 3),
    "produce_all_cpu_s_per_gb": ("produce 1 KiB, acks all", "CPU s/GB", 3),
    "produce_all_system_s_per_gb": ("  of it in the kernel", "CPU s/GB", 3),
    "produce_all_mb_per_s": ("  throughput", "MB/s", 0),
    "consume_cpu_s_per_gb": ("consume 1 KiB", "CPU s/GB", 3),
    "consume_mb_per_s": ("  throughput", "MB/s", 0),
    "small_records_per_cpu_s": ("produce 100 B, acks all", "records/CPU s", 0),
    "acknowledged_p50_us": ("acknowledged at 5,000/s, p50", "us", 0),
    "acknowledged_p99_us": ("acknowledged at 5,000/s, p99", "us", 0),
    "through_p50_us": ("through to a consumer, p50", "us", 0),
    "through_p99_us": ("through to a consumer, p99", "us", 0),
    "syscalls_per_batch_alone": ("system calls per batch, one at a time", "", 2),
    "syscalls_per_batch_pipelined": ("system calls per batch, 20 under way", "", 2),
    "peak_mib": ("memory, highest under load", "MiB", 1),
}


def parse():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--broker-bin", default=HERE.parent.parent / "build/release/bin/glasslog",
                        help="the glasslog program (default %(default)s)")
    parser.add_argument("--kafka-peer", default=os.environ.get("KAFKA_PEER"), metavar="DIR",
                        help="an Apache Kafka to run beside; the default is KAFKA_PEER")
    parser.add_argument("--load-bin", required=True, help="the compiled load.cpp (run.sh does it)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--gib", type=float, default=1.0, help="size of each large load")
    parser.add_argument("--warm-gib", type=float, default=None,
                        help="free memory to touch first; default: half of what is free, 0: none")
    parser.add_argument("--json", metavar="FILE", help="write every figure of every round")
    return parser.parse_args()


def warm(gib):
    """Touches so much free memory once and gives it back."""
    if gib is None:
        with open("/proc/meminfo", encoding="ascii") as info:
            free = int(re.search(r"MemFree:\s+(\d+)", info.read())[1])
        gib = free / 2 / (1 << 20)
    size = int(gib * (1 << 30)) // mmap.PAGESIZE * mmap.PAGESIZE
    if size == 0:
        return
    began = time.monotonic()
    with mmap.mmap(-1, size) as memory:
        for at in range(0, size, mmap.PAGESIZE):
            memory[at] = 1
    say(f"touched {gib:.1f} GiB of free memory in {time.monotonic() - began:.1f} s")


class Run:
    """One broker, started anew, through all measurements."""

    def __init__(self, server, options):
        self.server, self.options = server, options
        self.figures = {}
        self.topics = 0

    def measure(self):
        self.server.prepare()
        try:
            self.start()
            self.large()
            self.small()
            self.latency()
            self.system_calls()
            self.figures["peak_mib"] = self.server.memory_kib("VmHWM") / 1024
            self.server.stop()
        finally:
            if self.server.process and self.server.process.poll() is None:
                self.server.kill()
            shutil.rmtree(self.server.scratch, ignore_errors=True)
        return self.figures

    def start(self):
        began = time.monotonic()
        self.server.launch()
        raw.first_produce(self.server.address, "first", began + START_SECONDS)
        self.figures["start_s"] = time.monotonic() - began
        time.sleep(10)
        self.figures["idle_mib"] = self.server.memory_kib() / 1024

    def new_topic(self):
        self.topics += 1
        name = f"bench-{self.topics}"
        raw.create_topic(self.server.address, name, PARTITIONS)
        return name

    def load(self, verb, **options):
        """Runs the load; its figures, and the broker's CPU seconds (user, system) meanwhile."""
        words = [f"{k}={v}" for k, v in {
            "bootstrap": self.server.address, "partitions": PARTITIONS, "acks": -1, "linger_ms": 5,
            "batch_bytes": 131_072, **options}.items()]
        before = servers.cpu_seconds(self.server.process.pid)
        done = subprocess.run([self.options.load_bin, verb, *words], capture_output=True,
                              text=True, check=False, timeout=600)
        after = servers.cpu_seconds(self.server.process.pid)
        if done.returncode:
            raise Failure(f"{self.server.label}: load {verb} {' '.join(words)}: {done.stderr}")
        return json.loads(done.stdout), after[0] - before[0], after[1] - before[1]

    def large(self):
        records = int(self.options.gib * (1 << 20))
        # Code is compiled and caches are filled before anything is counted.
        self.load("produce", topic=self.new_topic(), records=records // 3, size=1024)
        for name, acks in (("acks1", 1), ("all", -1)):
            topic = self.new_topic()
            got, user, system = self.load("produce", topic=topic, records=records, size=1024,
                                          acks=acks)
            gb = got["bytes"] / 1e9
            self.figures[f"produce_{name}_cpu_s_per_gb"] = (user + system) / gb
            self.figures[f"produce_{name}_system_s_per_gb"] = system / gb
            self.figures[f"produce_{name}_mb_per_s"] = gb * 1000 / got["seconds"]
        self.load("consume", topic=topic, records=records // 3)
        got, user, system = self.load("consume", topic=topic, records=records)
        self.figures["consume_cpu_s_per_gb"] = (user + system) / (got["bytes"] / 1e9)
        self.figures["consume_mb_per_s"] = got["bytes"] / 1e6 / got["seconds"]

    def small(self):
        records = int(self.options.gib * 3_000_000)
        self.load("produce", topic=self.new_topic(), records=records // 4, size=100)
        got, user, system = self.load("produce", topic=self.new_topic(), records=records, size=100)
        # A CPU second has 100 ticks; below one tick nothing can be said.
        self.figures["small_records_per_cpu_s"] = got["records"] / max(user + system, 0.01)

    def latency(self):
        got, _, _ = self.load("latency", topic=self.new_topic(), records=55_000, rate=5_000,
                              size=100, linger_ms=0)
        self.figures.update({k: v for k, v in got.items() if k in METRICS})

    def system_calls(self):
        if not shutil.which("strace"):
            say("  strace is not installed: system calls are not counted")
            return
        topic = "bench-calls"
        raw.first_produce(self.server.address, topic, time.monotonic() + START_SECONDS)
        records = raw.batch(16, 1000, int(time.time() * 1000))
        for name, depth in (("alone", 1), ("pipelined", 20)):
            raw.produce_many(self.server.address, topic, records, 200, depth)
            count = 2_000
            calls = count_calls(self.server.process.pid, lambda c=count, d=depth: raw.produce_many(
                self.server.address, topic, records, c, d))
            if calls is not None:
                self.figures[f"syscalls_per_batch_{name}"] = calls / count


def count_calls(pid, act):
    """System calls of a process and its threads while `act` runs; None if strace may not."""
    tracer = subprocess.Popen(["strace", "-c", "-f", "-q", "-p", str(pid)],
                              stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    time.sleep(1.0)  # it attaches thread by thread and does not say when it has them all
    if tracer.poll() is not None:
        say(f"  strace cannot attach: {tracer.stderr.read().strip()[:200]}")
        return None
    act()
    tracer.send_signal(signal.SIGINT)
    text = tracer.communicate(timeout=30)[1]
    total = re.search(r"^100\.00.*?(\d+)(?:\s+\d+)?\s+total$", text, re.M)
    return int(total[1]) if total else None


def table(results):
    labels = list(results)
    say("")
    say(f"{'':40}" + "".join(f"{label:>28}" for label in labels) + "  unit")
    for name, (text, unit, digits) in METRICS.items():
        cells = []
        for label in labels:
            values = [row[name] for row in results[label] if name in row]
            if not values:
                cells.append("-")
                continue
            low, high = min(values), max(values)
            cells.append(f"{statistics.median(values):,.{digits}f} "
                         f"({low:,.{digits}f}-{high:,.{digits}f})")
        say(f"{text:40}" + "".join(f"{cell:>28}" for cell in cells) + f"  {unit}")


def main():
    options = parse()
    makers = [lambda: servers.Glasslog(options.broker_bin)]
    if options.kafka_peer:
        makers.append(lambda: servers.Kafka(options.kafka_peer))
    else:
        say("KAFKA_PEER is not set: no Apache Kafka to compare with")
    if os.getloadavg()[0] > 1:
        say(f"the load average is {os.getloadavg()[0]:.1f}: others use this machine, do not trust "
            "the figures")
    warm(options.warm_gib)
    results = {}
    for number in range(1, options.rounds + 1):
        for make in makers:
            server = make()
            say(f"round {number}: {server.label}")
            results.setdefault(server.label, []).append(Run(server, options).measure())
    table(results)
    if options.json:
        about = {"load_average": os.getloadavg(), "cores": os.cpu_count(), "gib": options.gib}
        Path(options.json).write_text(json.dumps({"about": about, "rounds": results}, indent=1))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Skip as reason:
        say(f"skipped: {reason}")
        sys.exit(77)
    except Failure as failure:
        say(f"FAILED: {failure}")
        sys.exit(1)
