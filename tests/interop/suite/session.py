"""What one run of a test is given: its options, a broker, clients and topics to clean up."""
import contextlib
import os
import random
import shutil
import time

from suite import admins, broker, clients, place

# The records carry fixed times of the past, and retention by time would remove them.
KEEP_FOREVER = {"retention.ms": "-1"}


class Session:
    """One test: `options` as given on the command line, `scratch` a directory until the end."""

    def __init__(self, name, options):
        self.name = name
        self.options = options
        self.scratch = place.scratch(f"{name}-client")
        self.suffix = f"{random.SystemRandom().randrange(1 << 24):06x}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.scratch, ignore_errors=True)

    def broker(self, config=None):
        """The broker of this test: the running one of --bootstrap, or one of our own."""
        if self.options.bootstrap:
            return broker.RunningBroker(self.options.bootstrap)
        return broker.OwnBroker(self.options.broker_bin, self.name, config)

    def own_broker(self, config=None):
        """A broker that this test may kill and whose files and memory it may look at."""
        if self.options.bootstrap:
            raise place.Skip(f"the test {self.name} needs a process of its own: give --broker-bin "
                             "instead of --bootstrap")
        return broker.OwnBroker(self.options.broker_bin, self.name, config)

    def topic_name(self, *words):
        return "-".join([self.name, *words, self.suffix])

    def count(self, normal, full=None):
        """A number of records or rounds: --count wins, then --full, then the normal one."""
        if self.options.count:
            return self.options.count
        return full if full and self.options.full else normal

    @contextlib.contextmanager
    def client(self, kind, address):
        one = clients.CLIENTS[kind](address, self.scratch)
        try:
            yield one
        finally:
            one.close()

    @contextlib.contextmanager
    def admin(self, address, kind="confluent"):
        one = admins.ADMINS[kind](address, self.scratch)
        try:
            yield one
        finally:
            one.close()

    @contextlib.contextmanager
    def topic(self, admin, name, partitions, configs=None):
        """A topic that is deleted at the end; a failed test leaves it to be looked at."""
        admin.create(name, partitions, {**KEEP_FOREVER, **(configs or {})})
        yield name
        admin.delete(name)


def now_ms():
    return int(time.time() * 1000)


def load_of(seconds):
    """How busy the machine is; a note beside a time that was measured."""
    return f"{seconds:.1f} s at load {os.getloadavg()[0]:.1f}"
