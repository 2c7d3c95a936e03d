"""Topics, partitions, records and configs by each admin client."""
import time

from suite import admins, records
from suite.admins import FIRST, NEXT
from suite.outcome import Failure, check, say
from suite.session import create, eventually, now_ms

ROWS = 3_000


def run(session):
    with session.broker() as broker:
        for kind in admins.ADMINS:
            with session.admin(broker.address, kind) as admin:
                began = time.monotonic()
                topics_come_and_go(session, admin)
                refusals(session, admin)
                partitions_grow(session, admin)
                records_are_deleted(session, admin)
                configs_change(session, admin)
                broker_stamps_times(session, admin)
                say(f"  {kind}: topics, partitions, records, configs in "
                    f"{time.monotonic() - began:.1f} s")
        broker.check_alive()


def refused(act, words, text):
    """`act` must fail with an error whose text has one of `words` (clients name errors
    differently), in any case and without underscores."""
    try:
        act()
    except Failure as problem:
        found = str(problem)
    except Exception as problem:  # every library has exceptions of its own
        found = f"{type(problem).__name__} {problem}"
    else:
        raise Failure(f"{text} was accepted, expected the error {words}")
    plain = found.replace("_", "").replace(" ", "").lower()
    check(any(word in plain for word in words.split("|")),
          f"{text} was refused with {found!r}, expected {words}")


def topics_come_and_go(session, admin):
    name = session.topic_name(admin.name, "topic")
    check(name not in admin.topics(), f"{name} exists before it was created")
    create(admin, name, 4)
    eventually(lambda: name in admin.topics(), f"{name} is not listed after its creation")
    eventually(lambda: admin.partition_count(name) == 4, f"{name} does not have 4 partitions")
    admin.client.produce(name, records.make(admin.client.shape, 100), "lz4", False)
    admin.delete(name)
    eventually(lambda: name not in admin.topics(), f"{name} is listed after its deletion")
    # The same name again is a new topic: nothing of the old one may show.
    create(admin, name, 1)
    eventually(lambda: admin.ends(name, [0], NEXT) == {0: 0},
               f"{name}, deleted and created again, is not empty")
    admin.delete(name)


def refusals(session, admin):
    name = session.topic_name(admin.name, "refusals")
    create(admin, name, 1)
    refused(lambda: admin.create(name, 1), "alreadyexists|topicexists", f"creating {name} twice")
    refused(lambda: admin.create("no/slash", 1), "invalidtopic|topicexception",
            "the topic name no/slash")
    refused(lambda: admin.create(name + "-0", 1, {"no.such.key": "1"}), "invalidconfig",
            "the topic config no.such.key")
    refused(lambda: admin.create_partitions(name, 1), "invalidpartitions",
            f"as many partitions as {name} has")
    refused(lambda: admin.delete(name + "-absent"), "unknowntopic", "deleting an absent topic")
    admin.delete(name)


def partitions_grow(session, admin):
    name = session.topic_name(admin.name, "grow")
    create(admin, name, 2)
    admin.create_partitions(name, 5)
    eventually(lambda: admin.partition_count(name) == 5, f"{name} does not have 5 partitions")
    eventually(lambda: admin.ends(name, [4], NEXT) == {4: 0}, f"{name}-4 is not served")
    rows = [records.full(i)._replace(partition=4, headers=()) for i in range(200)]
    admin.client.produce(name, rows, "zstd", False)
    wanted = records.Expectation(name, rows)
    wanted.compare(admin.client.name, admin.client.consume(name, {4: 0}, {4: 200}))
    admin.delete(name)


def records_are_deleted(session, admin):
    name = session.topic_name(admin.name, "records")
    create(admin, name, records.PARTITIONS)
    wanted = records.Expectation(name, records.make(admin.client.shape, ROWS))
    admin.client.produce(name, records.make(admin.client.shape, ROWS), "snappy", False)
    ends = wanted.ends()
    check(admin.ends(name, list(ends), NEXT) == ends, f"{name}: the next offsets are not {ends}")
    before = {0: 1, 1: ends[1] // 2}
    got = admin.delete_records(name, before)
    check(got == before, f"{name}: deleting records before {before} left {got}")
    got = admin.delete_records(name, {2: -1})
    check(got == {2: ends[2]}, f"{name}: deleting all records of partition 2 left {got}, "
                               f"expected {ends[2]}")
    starts = {**before, 2: ends[2]}
    check(admin.ends(name, list(ends), FIRST) == starts,
          f"{name}: the first offsets are not {starts}")
    wanted.compare(admin.client.name, admin.client.consume(name, starts, ends), starts)
    refused(lambda: admin.delete_records(name, {0: ends[0] + 1}), "outofrange",
            f"deleting records of {name} past the end")
    admin.delete(name)


def configs_change(session, admin):
    name = session.topic_name(admin.name, "configs")
    create(admin, name, 1, {"segment.bytes": "2097152"})
    check(admin.config(name, "segment.bytes") == "2097152",
          lambda: f"{name}: segment.bytes is {admin.config(name, 'segment.bytes')}, "
                  "it was created with 2097152")
    check(admin.config(name, "cleanup.policy") == "delete",
          lambda: f"{name}: cleanup.policy is {admin.config(name, 'cleanup.policy')}, "
                  "the default is delete")
    admin.set_config(name, "max.message.bytes", "2000")
    eventually(lambda: admin.config(name, "max.message.bytes") == "2000",
               f"{name}: max.message.bytes is not 2000 after it was set")
    check(admin.config(name, "segment.bytes") == "2097152",
          f"{name}: setting one config changed another")
    large = [records.Record(0, b"k", b"v" * 4000, (), records.FIRST_TIME_MS)]
    refused(lambda: admin.client.produce(name, large, "none", False), "large",
            f"a record of 4000 bytes in {name}")
    refused(lambda: admin.set_config(name, "max.message.bytes", "-5"), "invalidconfig",
            "max.message.bytes=-5")
    admin.delete(name)


def broker_stamps_times(session, admin):
    """LogAppendTime: the client's times are replaced, offsets for times follow the broker's."""
    name = session.topic_name(admin.name, "appendtime")
    create(admin, name, 1, {"message.timestamp.type": "LogAppendTime"})
    rows = [records.full(i)._replace(partition=0, headers=()) for i in range(300)]
    before = now_ms()
    admin.client.produce(name, rows, "gzip", False)
    unstamped = [r._replace(timestamp=None) for r in rows]
    wanted = records.Expectation(name, unstamped, (before, now_ms()))
    wanted.compare(admin.client.name, admin.client.consume(name, {0: 0}, {0: 300}))
    got = admin.client.offsets_for_times(name, {0: before - 2000})
    check(got == {0: 0}, f"{name}: the offset for a time before the first record is {got}")
    admin.delete(name)
