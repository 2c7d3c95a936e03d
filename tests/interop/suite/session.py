"""What one run of a test is given: its options, a broker, clients and topics to clean up."""
import contextlib
import random
import shutil
import time

from suite import admins, broker, clients, place
from suite.outcome import Skip, check

# The records carry fixed times of the past, and retention by time would remove them.
KEEP_FOREVER = {"retention.ms": "-1"}
SEEN_SECONDS = 10


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
            raise Skip(f"the test {self.name} needs a process of its own: give --broker-bin "
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
        yield create(admin, name, partitions, configs)
        admin.delete(name)


def create(admin, name, partitions, configs=None):
    """A new topic, once every leader of it answers. A controller says that a topic exists before
    its leaders know, and a producer that is refused at first may change the order of batches."""
    admin.create(name, partitions, {**KEEP_FOREVER, **(configs or {})})
    empty = {p: 0 for p in range(partitions)}
    eventually(lambda: name in admin.topics()
               and admin.ends(name, list(empty), admins.NEXT) == empty,
               f"{name} was created and its leaders do not serve it")
    return name


def eventually(fact, text):
    """What one request changed, the next may see a moment later, as on Kafka. An error of `fact`
    counts as not yet."""
    deadline = time.monotonic() + SEEN_SECONDS
    problem = None
    while True:
        try:
            if fact():
                return
        except Exception as refused:  # every library has exceptions of its own
            problem = refused
        check(time.monotonic() < deadline,
              f"{text} (waited {SEEN_SECONDS} s; last error: {problem})")
        time.sleep(0.05)


def now_ms():
    return int(time.time() * 1000)
