#include "core/metadata/records.hpp"

#include "core/base/check.hpp"
#include "core/base/overloaded.hpp"

namespace glasslog::metadata {

namespace {

protocol::Version oldest_version(const protocol::BrokerRegistrationChangeRecord& change) {
    if (change.cordoned_log_dirs) return protocol::Version(3);
    if (!change.log_dirs.empty()) return protocol::Version(2);
    return protocol::Version(change.in_controlled_shutdown != 0 ? 1 : 0);
}

}  // namespace

// Changes of a registration are written in the oldest version that can say them, all else in the
// newest; so does Kafka 4.3 (golden/files/metadata-active).
protocol::Version version_to_write(const Record& record) {
    return std::visit(overloaded{[](const protocol::UnknownRecord& other) -> protocol::Version {
                                     UNREACHABLE("record type {} is not ours to write", other.key);
                                 },
                                 [](const protocol::BrokerRegistrationChangeRecord& change) {
                                     return oldest_version(change);
                                 },
                                 []<typename Message>(const Message&) {
                                     return protocol::Version(Message::versions.last);
                                 }},
                      record);
}

Bytes encode_record(const Record& record) {
    return protocol::encode_metadata_record({record, version_to_write(record)});
}

}  // namespace glasslog::metadata
