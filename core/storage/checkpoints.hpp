#pragma once

// The small text files of a data directory, as values and as Kafka's bytes. Decoders refuse what
// Kafka would refuse.

#include "core/base/bytes.hpp"
#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/base/ids.hpp"
#include "core/base/uuid.hpp"
#include "core/storage/names.hpp"

#include <map>
#include <optional>
#include <string>

namespace glasslog::storage {

// recovery-point-, log-start-, replication- and cleaner-offset-checkpoint: "0\n<count>\n", then
// "<topic> <partition> <offset>\n" each.
using OffsetCheckpoint = std::map<PartitionName, Offset>;

std::string encode_offset_checkpoint(const OffsetCheckpoint& offsets);
Expected<OffsetCheckpoint, DecodeError> decode_offset_checkpoint(ByteView text);

// partition.metadata: "version: 0\ntopic_id: <22 characters>".
std::string encode_partition_metadata(const Uuid& topic_id);
Expected<Uuid, DecodeError> decode_partition_metadata(ByteView text);

// meta.properties, version 1. cluster_id is text: it need not be a Uuid.
struct MetaProperties {
    std::string cluster_id;
    NodeId node_id = no_node;
    Uuid directory_id;  // zero: none, as directories of Kafka before 3.7 have

    friend bool operator==(const MetaProperties&, const MetaProperties&) = default;
};

std::string encode_meta_properties(const MetaProperties& properties);
Expected<MetaProperties, DecodeError> decode_meta_properties(ByteView text);

// .kafka_cleanshutdown: {"version":0,"brokerEpoch":14}.
std::string encode_clean_shutdown(BrokerEpoch epoch);
Expected<BrokerEpoch, DecodeError> decode_clean_shutdown(ByteView text);

}  // namespace glasslog::storage
