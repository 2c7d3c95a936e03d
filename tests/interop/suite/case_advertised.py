"""Every API version that the broker advertises answers a request of defaults in its own layout."""
import importlib.machinery
import importlib.util
import struct

from suite import place, wire
from suite.outcome import check, say

PRODUCE = 0
# Kafka advertises Produce from 0 for the sake of old clients and refuses 0 to 2.
FIRST_PRODUCE = 3
DESCRIBE_ACLS = 29
ADD_PARTITIONS_TO_TXN = 24


def body(key, version):
    """What a request must say besides the defaults. Without it Kafka itself gives no answer (acks
    0, no transaction at all) or closes the connection (the undefined resource type 0)."""
    if key == PRODUCE:
        return {"Acks": 1}
    if key == DESCRIBE_ACLS:
        any_acl = {"ResourceTypeFilter": 1, "Operation": 1, "PermissionType": 1}
        return any_acl | ({"PatternTypeFilter": 1} if version > 0 else {})
    if key == ADD_PARTITIONS_TO_TXN and version > 3:
        return {"Transactions": [{"TransactionalId": "interop"}]}
    return {}


SECONDS = 10


def run(session):
    schema = load_codec(place.facts() / "tools" / "kafka-wire-decode").Schema()
    with session.broker() as broker:
        advertised = wire.api_versions(broker.address)
        problems = []
        asked = 0
        for key, (low, high) in sorted(advertised.items()):
            check(key in schema.requests, f"the broker advertises the unknown API key {key}")
            for version in range(max(low, FIRST_PRODUCE if key == PRODUCE else 0), high + 1):
                asked += 1
                problem = ask(schema, broker.address, key, version)
                if problem:
                    problems.append(f"{schema.api(key)} v{version}: {problem}")
        broker.check_alive()
    say(f"  {asked} versions of {len(advertised)} APIs asked")
    check(not problems, f"{len(problems)} of {asked} advertised versions do not work:\n  "
                        + "\n  ".join(problems))


def load_codec(path):
    """A tool without the suffix .py as a module."""
    loader = importlib.machinery.SourceFileLoader("kafka_wire_decode", str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


def ask(schema, address, key, version):
    """None, or what is wrong with the answer to a request of defaults."""
    message = schema.encode_request(key, version, body(key, version), corr=4711)
    try:
        answer = wire.ask(address, struct.pack(">i", len(message)) + message, SECONDS)
    except TimeoutError:
        return f"no answer within {SECONDS} s to {message.hex()}"
    if answer is None:
        return f"the connection was closed on {message.hex()}"
    try:
        decoded = schema.decode_response(answer, key, version)
    except Exception as problem:  # whatever the bytes make the decoder do
        return f"{problem}, in the answer {answer[:200].hex()} to {message.hex()}"
    if decoded["header"]["correlationId"] != 4711:
        return f"correlation id {decoded['header']['correlationId']} instead of 4711"
    if decoded["left"]:
        return f"{decoded['left']} bytes left of the answer {answer[:200].hex()}"
    return None
