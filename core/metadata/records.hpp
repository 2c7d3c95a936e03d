#pragma once

// The metadata records that this controller writes and understands, and their frame in the value
// of a log record: frame version (1), record type, record version as unsigned varints, then the
// record. Types that are not listed here are carried past by their frame.

#include "core/base/bytes.hpp"
#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/protocol/messages/metadata_records.hpp"

#include <cstdint>
#include <string_view>
#include <variant>

namespace glasslog::metadata {

// A record of a type that the image does not hold: quotas, credentials, controllers, …
struct OtherRecord {
    std::uint32_t type = 0;
    std::uint32_t version = 0;

    friend bool operator==(const OtherRecord&, const OtherRecord&) = default;
};

using Record = std::variant<OtherRecord,
                            protocol::RegisterBrokerRecord,
                            protocol::TopicRecord,
                            protocol::PartitionRecord,
                            protocol::ConfigRecord,
                            protocol::PartitionChangeRecord,
                            protocol::RemoveTopicRecord,
                            protocol::FeatureLevelRecord,
                            protocol::ProducerIdsRecord,
                            protocol::BrokerRegistrationChangeRecord,
                            protocol::NoOpRecord>;

// The framed bytes, in the newest version of the record's type. OtherRecord cannot be written.
Bytes encode_record(const Record& record);

// Refuses another frame version, a version of a known type that is too new, bytes that end early
// or go on after the record.
Expected<Record, DecodeError> decode_record(const Bytes& value);

// "TopicRecord"; "record type 27" of an OtherRecord.
std::string record_name(const Record& record);

}  // namespace glasslog::metadata
