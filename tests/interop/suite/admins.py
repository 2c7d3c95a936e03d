"""The admin clients behind one face, beside clients.py.

    create(topic, partitions, configs)      delete(topic)            topics() -> set of names
    partition_count(topic)                  create_partitions(topic, total)
    delete_records(topic, {p: before}) -> {p: first offset left}
    ends(topic, partitions, which) -> {p: offset}            which: FIRST or NEXT
    config(topic, name) -> text             set_config(topic, name, text)

A refusal is an exception whose text names Kafka's error.
"""
from suite import clients
from suite.outcome import check

FIRST = -2
NEXT = -1
WAIT_SECONDS = 30


def _finish(futures):
    """The results of confluent's futures, by their keys."""
    return {key: future.result(WAIT_SECONDS) for key, future in futures.items()}


class ConfluentAdmin:
    name = "confluent"

    def __init__(self, address, scratch):
        self.client = clients.Confluent(address, scratch)
        from confluent_kafka import admin
        self.api = admin
        self.admin = admin.AdminClient({"bootstrap.servers": address})

    def create(self, topic, partitions, configs=None):
        new = self.api.NewTopic(topic, partitions, 1, config=configs or {})
        _finish(self.admin.create_topics([new], request_timeout=WAIT_SECONDS))

    def delete(self, topic):
        _finish(self.admin.delete_topics([topic], request_timeout=WAIT_SECONDS))

    def topics(self):
        return set(self.admin.list_topics(timeout=WAIT_SECONDS).topics)

    def partition_count(self, topic):
        found = self.admin.list_topics(topic, timeout=WAIT_SECONDS).topics[topic]
        return len(found.partitions)

    def create_partitions(self, topic, total):
        _finish(self.admin.create_partitions([self.api.NewPartitions(topic, total)]))

    def delete_records(self, topic, before):
        asked = [self.client.api.TopicPartition(topic, p, at) for p, at in before.items()]
        done = _finish(self.admin.delete_records(asked))
        return {key.partition: row.low_watermark for key, row in done.items()}

    def ends(self, topic, partitions, which):
        spec = self.api.OffsetSpec.earliest() if which == FIRST else self.api.OffsetSpec.latest()
        asked = {self.client.api.TopicPartition(topic, p): spec for p in partitions}
        done = _finish(self.admin.list_offsets(asked))
        return {key.partition: row.offset for key, row in done.items()}

    def _resource(self, topic):
        return self.api.ConfigResource(self.api.ResourceType.TOPIC, topic)

    def config(self, topic, name):
        resource = self._resource(topic)
        return _finish(self.admin.describe_configs([resource]))[resource][name].value

    def set_config(self, topic, name, value):
        entry = self.api.ConfigEntry(
            name, value, incremental_operation=self.api.AlterConfigOpType.SET)
        resource = self.api.ConfigResource(self.api.ResourceType.TOPIC, topic,
                                           incremental_configs=[entry])
        _finish(self.admin.incremental_alter_configs([resource]))

    def close(self):
        self.client.close()


class KafkaPythonAdmin:
    name = "kafka-python"

    def __init__(self, address, scratch):
        self.client = clients.KafkaPython(address, scratch)
        from kafka import admin
        self.api = admin
        self.admin = admin.KafkaAdminClient(bootstrap_servers=address)

    def create(self, topic, partitions, configs=None):
        self.admin.create_topics([self.api.NewTopic(topic, partitions, 1,
                                                    topic_configs=configs or {})])

    def delete(self, topic):
        self.admin.delete_topics([topic])

    def topics(self):
        return set(self.admin.list_topics())

    def partition_count(self, topic):
        return len(self.admin.describe_topics([topic])[0]["partitions"])

    def create_partitions(self, topic, total):
        self.admin.create_partitions({topic: total})

    def delete_records(self, topic, before):
        asked = {self.client.api.TopicPartition(topic, p): at for p, at in before.items()}
        done = self.admin.delete_records(asked)
        return {key.partition: row["low_watermark"] for key, row in done.items()}

    def ends(self, topic, partitions, which):
        consumer = self.client.consumer()
        try:
            asked = [self.client.api.TopicPartition(topic, p) for p in partitions]
            ask = consumer.beginning_offsets if which == FIRST else consumer.end_offsets
            return {key.partition: offset for key, offset in ask(asked).items()}
        finally:
            consumer.close(autocommit=False)

    def config(self, topic, name):
        resource = self.api.ConfigResource(self.api.ConfigResourceType.TOPIC, topic)
        found = self.admin.describe_configs([resource], config_filter="all")
        return found["topic"][topic][name]["value"]

    def set_config(self, topic, name, value):
        resource = self.api.ConfigResource(self.api.ConfigResourceType.TOPIC, topic, {name: value})
        done = self.admin.alter_configs([resource], incremental=True)["topic"][topic]
        check(done == "OK", f"{topic}: {name}={value}: {done}")

    def close(self):
        self.admin.close()


class JavaAdmin:
    name = "java"

    def __init__(self, address, scratch):
        self.client = clients.Java(address, scratch)

    def create(self, topic, partitions, configs=None):
        extra = {f"config.{k}": v for k, v in (configs or {}).items()}
        self.client.call("create", topic=topic, count=partitions, **extra)

    def delete(self, topic):
        self.client.call("delete", topic=topic)

    def topics(self):
        return set(self.client.call("list")["topics"].split(","))

    def partition_count(self, topic):
        return int(self.client.call("partitions", topic=topic)["count"])

    def create_partitions(self, topic, total):
        self.client.call("create-partitions", topic=topic, count=total)

    def delete_records(self, topic, before):
        answer = self.client.call("delete-records", topic=topic, before=clients.join_pairs(before))
        return clients.split_pairs(answer["offsets"])

    def ends(self, topic, partitions, which):
        asked = clients.join_pairs({p: which for p in partitions})
        return clients.split_pairs(
            self.client.call("ends", topic=topic, partitions=asked)["offsets"])

    def config(self, topic, name):
        return self.client.call("describe-config", topic=topic, name=name)["value"]

    def set_config(self, topic, name, value):
        self.client.call("set-config", topic=topic, name=name, value=value)

    def close(self):
        self.client.close()


ADMINS = {a.name: a for a in (ConfluentAdmin, KafkaPythonAdmin, JavaAdmin)}
