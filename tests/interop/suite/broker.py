"""The broker under test: one that runs already, or one started, killed and started anew."""
import os
import random
import shutil
import signal
import socket
import subprocess
import time

from suite import place, wire
from suite.outcome import Failure, Skip, check, say

START_SECONDS = 60
STOP_SECONDS = 30


def free_port():
    """A port that nobody listens on, below the range from which clients take theirs."""
    chance = random.SystemRandom()
    for _ in range(200):
        port = chance.randrange(20_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise Failure("no free port between 20000 and 32000 on 127.0.0.1")


class RunningBroker:
    """A broker that somebody else started: only its address is known."""
    process = None
    data = None
    controller = None

    def __init__(self, address):
        self.address = address

    def __enter__(self):
        try:
            wire.api_versions(self.address)
        except OSError as problem:
            raise Failure(f"no broker answers at {self.address}: {problem}") from problem
        return self

    def __exit__(self, *_):
        pass

    def check_alive(self):
        wire.api_versions(self.address)


class OwnBroker:
    """A broker process with a data directory of its own, in a scratch directory."""

    controller = None
    start_seconds = START_SECONDS

    def __init__(self, binary, name, config=None):
        if not os.access(binary, os.X_OK):
            raise Skip(f"no broker program at {binary}: build the target glasslog first")
        self.binary = os.path.abspath(binary)
        self.scratch = place.scratch(name)
        self.data = self.scratch / "data"
        self.log_path = self.scratch / "broker.log"
        self.address = f"127.0.0.1:{free_port()}"
        self.config = config
        self.process = None
        self.keep = False

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, _problem, _trace):
        if self.process and self.process.poll() is None:
            try:
                self.stop()
            except Failure as problem:
                say(str(problem))
                self.keep = True
                if kind is None:
                    raise
        failed = kind is not None and not issubclass(kind, Skip)
        if failed or self.keep:
            say(f"broker log and data are kept in {self.scratch}; last lines of the log:")
            say(self.log_tail())
        else:
            shutil.rmtree(self.scratch, ignore_errors=True)

    def log_tail(self, lines=15):
        try:
            return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])
        except OSError as problem:
            return f"(no log: {problem})"

    def start(self):
        """Starts it, on the same data and port as before, and waits for its first answer."""
        self.launch()
        self.wait_for_answer()

    def command(self):
        """What to run."""
        command = [self.binary, "broker", "--data", str(self.data)]
        if self.controller is None:
            command += ["--listen", self.address]
        if self.config:
            path = self.scratch / "server.properties"
            path.write_text("".join(f"{k}={v}\n" for k, v in self.config.items()))
            command += ["--config", str(path)]
        return command

    def launch(self, environment=None):
        """Starts the process and does not wait for it."""
        command = self.command()
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT, env=environment)

    def wait_for_answer(self):
        deadline = time.monotonic() + self.start_seconds
        problem = "no attempt was made"
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise Failure(f"the broker ended with status {self.process.returncode} while "
                              f"starting:\n{self.log_tail()}")
            try:
                wire.api_versions(self.address, timeout=1.0)
                return
            except OSError as refused:
                problem = refused
            time.sleep(0.02)
        raise Failure(f"the broker did not answer ApiVersions at {self.address} within "
                      f"{self.start_seconds} s ({problem}):\n{self.log_tail()}")

    def check_alive(self):
        check(self.process.poll() is None,
              lambda: f"the broker ended with status {self.process.returncode}:\n{self.log_tail()}")

    def stop(self):
        """Ends it cleanly; exit status 0 is demanded."""
        self.check_alive()
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired as slow:
            self.kill()
            raise Failure(f"the broker did not end within {STOP_SECONDS} s of SIGTERM") from slow
        # A Java virtual machine that ended in order reports the signal: 128 + 15.
        check(status in (0, 143), f"the broker ended with status {status} after SIGTERM")

    def kill(self):
        """kill -9: nothing that only lived in the process survives."""
        self.process.kill()
        self.process.wait()

    def add_controller_listener(self):
        """Before the start: what is asked of controllers is answered at self.controller."""
        self.controller = f"127.0.0.1:{free_port()}"
        self.config = {
            **(self.config or {}), "process.roles": "broker,controller", "node.id": 1,
            "listeners": f"PLAINTEXT://{self.address},CONTROLLER://{self.controller}",
            "controller.listener.names": "CONTROLLER"}

    def memory_kib(self, field="VmRSS"):
        """A line of /proc/PID/status, in KiB."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith(field + ":"):
                    return int(line.split()[1])
        raise Failure(f"/proc/{self.process.pid}/status has no {field}")
