"""The clients behind one face, so that a test is written once for all of them.

A client has `name`, `shape` (the records that it can express), `codecs` and
    produce(topic, records, codec, idempotent)
    consume(topic, starts, ends) -> {partition: [Read]}    assigned partitions, explicit offsets
    offsets_for_times(topic, {partition: ms}) -> {partition: offset or -1}
    close()
and `header_text`: how it renders headers when it reads them (None: it reports them as they are).
No client joins a group or commits.
"""
import subprocess
import time

from suite import place, records
from suite.outcome import Failure, Skip, check

READ_SECONDS = 60


class Confluent:
    """librdkafka by its Python binding."""
    name = "confluent"
    shape = staticmethod(records.full)
    codecs = records.CODECS
    header_text = None
    batch_bytes = 65_536

    def __init__(self, address, scratch):
        try:
            import confluent_kafka
        except ImportError as missing:
            raise Skip(f"confluent-kafka is not installed: {place.SETUP_HINT}") from missing
        self.api = confluent_kafka
        self.address = address
        del scratch

    def produce(self, topic, rows, codec, idempotent):
        problems = []
        producer = self.api.Producer({
            "bootstrap.servers": self.address, "compression.type": codec, "acks": "all",
            "enable.idempotence": idempotent, "linger.ms": 20, "message.timeout.ms": 60_000,
            "queue.buffering.max.messages": 500_000, "batch.size": self.batch_bytes,
        })

        def delivered(error, _message):
            if error is not None:
                problems.append(str(error))

        for r in rows:
            producer.produce(topic, r.value, r.key, r.partition, delivered,
                             timestamp=r.timestamp or 0, headers=list(r.headers))
        left = producer.flush(READ_SECONDS)
        check(not left and not problems,
              f"{self.name}: {left} records unsent, {len(problems)} refused: {problems[:3]}")

    def consumer(self):
        return self.api.Consumer({
            "bootstrap.servers": self.address, "group.id": "unused", "enable.auto.commit": False,
            "enable.auto.offset.store": False, "auto.offset.reset": "error", "check.crcs": True,
            "fetch.wait.max.ms": 100,
        })

    def consume(self, topic, starts, ends):
        consumer = self.consumer()
        try:
            consumer.assign([self.api.TopicPartition(topic, p, at) for p, at in starts.items()])
            return self._read(consumer, topic, starts, ends)
        finally:
            consumer.close()

    def _read(self, consumer, topic, starts, ends):
        out = {p: [] for p in starts}
        left = sum(ends[p] - starts[p] for p in starts)
        deadline = time.monotonic() + READ_SECONDS
        while left > 0 and time.monotonic() < deadline:
            for message in consumer.consume(min(left, 10_000), 0.5):
                if message.error():
                    raise Failure(f"{topic}: {self.name} reads: {message.error()}")
                headers = tuple(message.headers() or ())
                out[message.partition()].append(records.Read(
                    message.offset(), message.key(), message.value(), headers,
                    message.timestamp()[1]))
                left -= 1
        return out

    def offsets_for_times(self, topic, times):
        consumer = self.consumer()
        try:
            asked = [self.api.TopicPartition(topic, p, ms) for p, ms in times.items()]
            found = consumer.offsets_for_times(asked, READ_SECONDS)
        finally:
            consumer.close()
        # librdkafka reports "no record so late" as OFFSET_END, which is -1 too.
        return {row.partition: row.offset for row in found}

    def next_offset(self, topic, partition):
        """The offset that the next record of the partition will get."""
        consumer = self.consumer()
        try:
            asked = self.api.TopicPartition(topic, partition)
            return consumer.get_watermark_offsets(asked, READ_SECONDS)[1]
        finally:
            consumer.close()

    def close(self):
        pass


class KafkaPython:
    """kafka-python, a client written in Python alone."""
    name = "kafka-python"
    shape = staticmethod(records.no_null_header)
    codecs = records.CODECS
    header_text = None

    def __init__(self, address, scratch):
        try:
            import kafka
        except ImportError as missing:
            raise Skip(f"kafka-python is not installed: {place.SETUP_HINT}") from missing
        self.api = kafka
        self.address = address
        del scratch

    def produce(self, topic, rows, codec, idempotent):
        producer = self.api.KafkaProducer(
            bootstrap_servers=self.address, acks="all", linger_ms=20, batch_size=262_144,
            compression_type=None if codec == "none" else codec, enable_idempotence=idempotent)
        try:
            futures = [producer.send(topic, r.value, r.key, list(r.headers), r.partition,
                                     r.timestamp) for r in rows]
            producer.flush(READ_SECONDS)
            failed = [f.exception for f in futures if not f.succeeded()]
            check(not failed, f"{self.name}: {len(failed)} records refused: {failed[:3]}")
        finally:
            producer.close(timeout=10)

    def consumer(self):
        return self.api.KafkaConsumer(
            bootstrap_servers=self.address, group_id=None, enable_auto_commit=False,
            auto_offset_reset="none", check_crcs=True, fetch_max_wait_ms=100,
            max_poll_records=10_000)

    def consume(self, topic, starts, ends):
        consumer = self.consumer()
        try:
            names = {p: self.api.TopicPartition(topic, p) for p in starts}
            consumer.assign(list(names.values()))
            for p, at in starts.items():
                consumer.seek(names[p], at)
            return self._read(consumer, starts, ends)
        finally:
            consumer.close(autocommit=False)

    def _read(self, consumer, starts, ends):
        out = {p: [] for p in starts}
        left = sum(ends[p] - starts[p] for p in starts)
        deadline = time.monotonic() + READ_SECONDS
        while left > 0 and time.monotonic() < deadline:
            for partition, rows in consumer.poll(timeout_ms=500).items():
                left -= len(rows)
                out[partition.partition] += [records.Read(
                    r.offset, r.key, r.value, tuple(tuple(h) for h in r.headers), r.timestamp)
                    for r in rows]
        return out

    def offsets_for_times(self, topic, times):
        consumer = self.consumer()
        try:
            asked = {self.api.TopicPartition(topic, p): ms for p, ms in times.items()}
            found = consumer.offsets_for_times(asked)
            return {tp.partition: -1 if row is None else row.offset for tp, row in found.items()}
        finally:
            consumer.close(autocommit=False)

    def close(self):
        pass


class Kcat:
    """kcat, a process per partition to write, one to read all."""
    name = "kcat"
    shape = staticmethod(records.kcat)
    codecs = records.CODECS

    def __init__(self, address, scratch):
        place.kcat_command()
        self.address = address
        self.scratch = scratch

    @staticmethod
    def header_text(headers):
        """%h of kcat: name=value, joined by commas, NULL for null."""
        return b",".join(name.encode() + b"=" + (b"NULL" if value is None else value)
                         for name, value in headers)

    def _run(self, arguments, stdin=None):
        command = place.kcat_command("-b", self.address, *arguments)
        done = subprocess.run(command, input=stdin, capture_output=True, check=False,
                              timeout=2 * READ_SECONDS)
        errors = done.stderr.decode(errors="replace").strip()
        check(done.returncode == 0,
              f"{' '.join(command)!r} ended with status {done.returncode}: {errors[-600:]}")
        return done.stdout

    def produce(self, topic, rows, codec, idempotent):
        for partition, mine in records.by_partition(rows).items():
            lines = []
            for r in mine:
                key = b"" if r.key is None else r.key + b"\x1f"
                lines.append(key + (r.value or b"") + b"\x1e")
            options = ["-P", "-t", topic, "-p", str(partition), "-D", r"\x1e", "-K", r"\x1f", "-Z",
                       "-X", "acks=all", "-X", f"compression.codec={codec}",
                       "-X", f"enable.idempotence={str(idempotent).lower()}"]
            for name, value in mine[0].headers:
                options += ["-H", f"{name}={value.decode()}"]
            # By a file: kcat reads a pipe in small pieces and would send small batches.
            path = self.scratch / "kcat-input"
            path.write_bytes(b"".join(lines))
            self._run([*options, "-l", str(path)])

    def consume(self, topic, starts, ends):
        """One kcat per partition, since the start is an option of the process."""
        out = {}
        for partition, start in starts.items():
            count = ends[partition] - start
            if count <= 0:
                continue
            text = self._run(["-C", "-q", "-t", topic, "-p", str(partition), "-o", str(start),
                              "-c", str(count), "-e", "-X", "check.crcs=true",
                              "-X", "fetch.wait.max.ms=100",
                              "-f", r"%p %o %T %K %S\n%k%s%h\n"])
            out[partition] = self._parse(topic, text)
        return out

    def _parse(self, topic, data):
        rows, at = [], 0
        while at < len(data):
            end = data.index(b"\n", at)
            _partition, offset, time_ms, key_size, size = map(int, data[at:end].split())
            at = end + 1
            key = None if key_size < 0 else data[at:at + key_size]
            at += max(key_size, 0)
            value = None if size < 0 else data[at:at + size]
            at += max(size, 0)
            end = data.find(b"\n", at)
            check(end >= 0, f"{topic}: kcat's output ends inside the record of offset {offset}")
            rows.append(records.Read(offset, key, value, data[at:end], time_ms))
            at = end + 1
        return rows

    def offsets_for_times(self, topic, times):
        out = {}
        for partition, ms in times.items():
            text = self._run(["-Q", "-t", f"{topic}:{partition}:{ms}"]).decode()
            # "topic [0] offset 17"
            out[partition] = int(text.split()[-1])
        return out

    def close(self):
        pass


class Java:
    """Kafka's own client, in one virtual machine for the whole run (java/JavaClient.java)."""
    name = "java"
    shape = staticmethod(records.full)
    codecs = records.CODECS
    header_text = None

    def __init__(self, address, scratch):
        self.path = scratch / "java-records"
        self.process = subprocess.Popen(
            place.java_command("JavaClient", address), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)

    def call(self, verb, **options):
        """One command; the answer's pairs, or Failure with what the client threw."""
        line = "\t".join([verb, *(f"{k}={v}" for k, v in options.items())])
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline().rstrip("\n")
        except BrokenPipeError:
            answer = ""
        check(answer, f"the Java program ended at {verb!r} (status {self.process.poll()})")
        state, *words = answer.split("\t")
        check(state == "ok", f"java {verb} {options.get('topic', '')}: {' '.join(words)}")
        return dict(word.split("=", 1) for word in words)

    def produce(self, topic, rows, codec, idempotent):
        records.write_file(self.path, rows)
        self.call("produce", topic=topic, codec=codec, idempotent=str(idempotent).lower(),
                  file=self.path)

    def consume(self, topic, starts, ends):
        self.call("consume", topic=topic, starts=join_pairs(starts), ends=join_pairs(ends),
                  seconds=READ_SECONDS, file=self.path)
        return records.read_file(self.path)

    def offsets_for_times(self, topic, times):
        answer = self.call("offsets-for-times", topic=topic, times=join_pairs(times))
        return split_pairs(answer["offsets"])

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def join_pairs(pairs):
    return ",".join(f"{k}:{v}" for k, v in pairs.items())


def split_pairs(text):
    pairs = (pair.split(":") for pair in text.split(",") if pair)
    return {int(k): int(v) for k, v in pairs}


CLIENTS = {c.name: c for c in (Kcat, Confluent, KafkaPython, Java)}
