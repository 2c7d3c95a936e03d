"""The batches of a partition's log, read from its files: what of two logs is the same, byte by
byte."""
import hashlib
import struct

HEAD = struct.Struct(">qi")
METADATA = "__cluster_metadata-0"


def read(directory, below):
    """{base offset: digest} of all batches in the .log files that begin below an offset."""
    out = {}
    for path in sorted(directory.glob("*.log")):
        data = path.read_bytes()
        at = 0
        while at + HEAD.size <= len(data):
            base, length = HEAD.unpack_from(data, at)
            end = at + HEAD.size + length
            # A preallocated or a torn end of the newest file.
            if length <= 0 or end > len(data):
                break
            if base < below:
                out[base] = hashlib.sha256(data[at:end]).hexdigest()
            at = end
    return out


def difference(one, two):
    """What differs of two such maps from the first offset that both may have on, or None."""
    if not one or not two:
        return "one of them has no batch"
    first = max(min(one), min(two))
    for base in sorted(set(one) | set(two)):
        if base >= first and one.get(base) != two.get(base):
            return f"the batch at {base}: {one.get(base)} and {two.get(base)}"
    return None
