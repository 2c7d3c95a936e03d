#include "core/metadata/records.hpp"

#include "core/base/check.hpp"
#include "core/base/overloaded.hpp"

namespace glasslog::metadata {

// Changes of a registration are written in the oldest version that can say them, all else in the
// newest; so does Kafka 4.3 (golden/files/metadata-active).
protocol::Version version_to_write(const Record& record) {
    return std::visit(overloaded{[](const protocol::UnknownRecord& other) -> protocol::Version {
                                     UNREACHABLE("record type {} is not ours to write", other.key);
                                 },
                                 [](const protocol::BrokerRegistrationChangeRecord&) {
                                     return protocol::Version(0);
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
