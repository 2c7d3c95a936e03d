#!/usr/bin/env python3
"""Interop tests: unmodified Kafka clients and tools against a broker.

    interop.py TEST --broker-bin build/release/bin/glasslog      starts and stops its own broker
    interop.py TEST --bootstrap 127.0.0.1:9092                   uses one that runs (also Kafka)

Install the clients first: tests/interop/setup.sh. Exit status: 0 passed, 1 failed, 77 cannot run
here (the reason is printed), 2 wrong usage.
"""
import argparse
import os
import subprocess
import sys
import time

from suite import place
from suite.outcome import Failure, Skip, say


def tests():
    """{name: function of a session}; imported late, since the clients may be absent."""
    from suite import (case_admin, case_advertised, case_chaos, case_clients, case_directory,
                       case_dump, case_hostile, case_judge, case_kill9, case_quorum, case_storage)
    return {
        "kcat": lambda s: case_clients.run_client(s, "kcat"),
        "confluent": lambda s: case_clients.run_client(s, "confluent"),
        "kafka-python": lambda s: case_clients.run_client(s, "kafka-python"),
        "java": lambda s: case_clients.run_client(s, "java"),
        "console": case_clients.run_console,
        "matrix": case_clients.run_matrix,
        "admin": case_admin.run,
        "judge": case_judge.run,
        "advertised": case_advertised.run,
        "kill9": case_kill9.run,
        "hostile": case_hostile.run,
        "dump": case_dump.run,
        "directory": case_directory.run,
        "storage": case_storage.run,
        "chaos": case_chaos.run,
        "chaos-cut": lambda s: case_chaos.run(s, ("cut",)),
        "quorum": case_quorum.run,
    }


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("test", choices=sorted(tests()), metavar="TEST",
                        help=" ".join(sorted(tests())))
    parser.add_argument("--broker-bin", metavar="PATH",
                        help="the glasslog program; called as PATH broker --data DIR --listen "
                             "HOST:PORT [--config FILE]")
    parser.add_argument("--bootstrap", metavar="HOST:PORT", help="a broker that runs")
    parser.add_argument("--full", action="store_true", default="GLASSLOG_FULL" in os.environ,
                        help="the long form of the test; also when GLASSLOG_FULL is set")
    parser.add_argument("--count", type=int, metavar="N",
                        help="records, rounds or connections instead of the test's own number")
    parser.add_argument("--faults", metavar="KIND,...",
                        help="chaos: of kill, pause, cut; cut needs root")
    parser.add_argument("--kafka", action="store_true",
                        help="chaos: on Apache Kafka instead (KAFKA_PEER=DIR names another one)")
    parser.add_argument("--json", action="store_true", help="chaos: what it measured, as JSON too")
    parser.add_argument("--seed", type=int, default=1, help="for tests that draw (default 1)")
    options = parser.parse_args(arguments)
    if [bool(options.broker_bin), bool(options.bootstrap), options.kafka].count(True) != 1:
        parser.error("give one of --broker-bin, --bootstrap and --kafka")
    return options


def enter_environment():
    """Runs this program again by the Python that has the clients, unless it is that one."""
    python = place.venv_python()
    if not python.exists():
        raise Skip(f"{python} does not exist: {place.SETUP_HINT}")
    if os.path.realpath(sys.prefix) != os.path.realpath(python.parent.parent):
        os.execv(python, [str(python), os.path.abspath(__file__), *sys.argv[1:]])


def main():
    sys.dont_write_bytecode = True
    try:
        enter_environment()
        options = parse(sys.argv[1:])
        from suite.session import Session
        began = time.monotonic()
        with Session(options.test, options) as session:
            tests()[options.test](session)
        say(f"{options.test}: passed in {time.monotonic() - began:.1f} s")
        return 0
    except Skip as reason:
        say(f"skipped: {reason}")
        return 77
    except Failure as failure:
        say(f"FAILED: {failure}")
        return 1
    except subprocess.TimeoutExpired as slow:
        say(f"FAILED: {' '.join(map(str, slow.cmd))[:300]} did not end within {slow.timeout} s")
        return 1


if __name__ == "__main__":
    sys.exit(main())
