"""Kafka's own command line tools, as they are, by their classes (java/KafkaTools.java)."""
import subprocess
import threading

from suite import place
from suite.outcome import Failure, check

CLASSES = {
    "topics": "org.apache.kafka.tools.TopicCommand",
    "features": "org.apache.kafka.tools.FeatureCommand",
    "quorum": "org.apache.kafka.tools.MetadataQuorumCommand",
    "storage": "kafka.tools.StorageTool",
    "dump": "org.apache.kafka.tools.DumpLogSegments",
    "cluster": "org.apache.kafka.tools.ClusterTool",
}
SECONDS = 90


class Tools:
    """One virtual machine that runs them one after the other."""

    def __init__(self):
        self.process = subprocess.Popen(place.java_command("KafkaTools"), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def call(self, tool, *arguments):
        """(exit status, what it printed). Failure when it does not end in time."""
        words = [str(word) for word in (CLASSES[tool], *arguments)]
        timer = threading.Timer(SECONDS, self.process.kill)
        timer.start()
        try:
            self.process.stdin.write(("\t".join(words) + "\n").encode())
            self.process.stdin.flush()
            head = self.process.stdout.readline().split()
            check(len(head) == 2, lambda: f"kafka-{tool} {' '.join(words[1:])} did not end within "
                                          f"{SECONDS} s")
            text = self.process.stdout.read(int(head[1]))
        except BrokenPipeError as gone:
            raise Failure(f"the program of Kafka's tools ended at kafka-{tool}") from gone
        finally:
            timer.cancel()
        return int(head[0]), text.decode("utf-8", errors="replace")

    def run(self, tool, *arguments):
        """What it printed; Failure unless it ended well."""
        status, text = self.call(tool, *arguments)
        check(status == 0, lambda: f"kafka-{tool} {' '.join(map(str, arguments))} ended with "
                                   f"status {status}:\n{text[-2500:]}")
        return text

    def refused(self, tool, words, *arguments):
        """It must end badly and say `words`."""
        status, text = self.call(tool, *arguments)
        check(status != 0 and words in text,
              lambda: f"kafka-{tool} {' '.join(map(str, arguments))} ended with status {status}, "
                      f"'{words}' was expected in what it said:\n{text[-2500:]}")
        return text
