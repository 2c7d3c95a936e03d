#pragma once

// The metadata records that the controller writes and replays. Those of a later Kafka come as
// protocol::UnknownRecord and are passed over.

#include "core/base/bytes.hpp"
#include "core/protocol/metadata_record.hpp"

#include <vector>

namespace glasslog::metadata {

using Record = protocol::MetadataRecord;

// The version that a cluster of metadata.version 30 writes.
protocol::Version version_to_write(const Record& record);

// The value of a log record.
Bytes encode_record(const Record& record);

}  // namespace glasslog::metadata
