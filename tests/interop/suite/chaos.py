"""Topics created and deleted through every broker, without a pause, and what was acknowledged."""
import threading
import time
from typing import NamedTuple

from suite import questions

# An attempt that takes longer is given up, and the next one goes over a new connection: a broker
# may hold a request that it sent to a controller which is gone.
ATTEMPT_SECONDS = 1.0
PAUSE_SECONDS = 0.1
KEEP_EVERY = 10  # of those that were checked, one in so many stays until the end


class Acknowledged(NamedTuple):
    name: str
    id: str
    broker: int
    asked: float   # when the request left, by time.monotonic
    heard: float   # when its answer came


class Creator(threading.Thread):
    """Creates topics through one broker, and deletes some of those that it created."""

    def __init__(self, node, lane, name):
        super().__init__(daemon=True)
        self.node, self.lane, self.name_of_topic = node, lane, name
        self.created = []          # Acknowledged, in order
        self.checked = 0           # so many of them were seen on all nodes and may be deleted
        self.next_to_delete = 0
        self.deleted = {}          # name -> True: acknowledged, False: unknown
        self.refused = {}          # error code -> how often
        self.failures = 0
        self.is_over = threading.Event()
        self.problem = None

    def run(self):
        try:
            self._create_until_over()
        except Exception as problem:  # the main thread is to hear of it
            self.problem = problem

    def _create_until_over(self):
        number, connection = 0, None
        while not self.is_over.is_set():
            number += 1
            try:
                connection = connection or questions.Connection(self.node.broker, ATTEMPT_SECONDS)
                self._create(connection, f"{self.name_of_topic}-{self.node.id}{self.lane}-{number}")
                self._delete_one(connection)
            except OSError:
                self.failures += 1
                if connection:
                    connection.close()
                connection = None
            self.is_over.wait(PAUSE_SECONDS)
        if connection:
            connection.close()

    def _create(self, connection, name):
        asked = time.monotonic()
        error, topic_id = connection.create_topic(name)
        if error == 0:
            self.created.append(Acknowledged(name, topic_id, self.node.id, asked,
                                             time.monotonic()))
        else:
            self.refused[error] = self.refused.get(error, 0) + 1

    def _delete_one(self, connection):
        while self.next_to_delete < self.checked:
            row = self.created[self.next_to_delete]
            self.next_to_delete += 1
            if self.next_to_delete % KEEP_EVERY:
                self.deleted[row.name] = False  # until the answer says so
                self.deleted[row.name] = connection.delete_topics([row.name])[row.name] == 0
                return


class Workload:
    """Creators of all brokers; `lanes` for each, so that one that waits stops no other."""

    def __init__(self, nodes, name, lanes=2):
        self.creators = [Creator(node, lane, name) for node in nodes
                         for lane in "abcdefgh"[:lanes]]

    def __enter__(self):
        for creator in self.creators:
            creator.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        for creator in self.creators:
            creator.is_over.set()
        for creator in self.creators:
            creator.join()
        for creator in self.creators:
            if creator.problem:
                raise creator.problem

    def first_after(self, moment, without):
        """The earliest acknowledgement of a request that left after `moment` through a broker other
        than `without`, or None."""
        found = [row for creator in self.creators if creator.node.id != without
                 for row in creator.created[-60:] if row.asked >= moment]
        return min(found, key=lambda row: row.heard, default=None)

    def acknowledged(self):
        return [row for creator in self.creators for row in list(creator.created)]

    def deleted(self):
        """{name: True when that was acknowledged, False when nobody knows}."""
        out = {}
        for creator in self.creators:
            out.update(dict(creator.deleted))
        return out

    def refused(self):
        out = {}
        for creator in self.creators:
            for error, count in creator.refused.items():
                out[error] = out.get(error, 0) + count
        return out
