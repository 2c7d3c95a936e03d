#pragma once

// How a metadata record stands in the value of a log record: uvarint frame version (1), uvarint
// type, uvarint version, then the record's fields (KIP-631).

#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/protocol/messages/membership_records.hpp"
#include "core/protocol/messages/metadata_records.hpp"
#include "core/protocol/messages/security_records.hpp"
#include "core/protocol/messages/transaction_records.hpp"

#include <variant>

namespace glasslog::protocol {

// A type of a later Kafka; kept as it came. body: what follows the frame.
struct UnknownRecord {
    std::int16_t key = 0;
    Bytes body;

    friend bool operator==(const UnknownRecord&, const UnknownRecord&) = default;
};

// All record types of Kafka 4.3, by key.
using MetadataRecord = std::variant<RegisterBrokerRecord,
                                    UnregisterBrokerRecord,
                                    TopicRecord,
                                    PartitionRecord,
                                    ConfigRecord,
                                    PartitionChangeRecord,
                                    FenceBrokerRecord,
                                    UnfenceBrokerRecord,
                                    RemoveTopicRecord,
                                    DelegationTokenRecord,
                                    UserScramCredentialRecord,
                                    FeatureLevelRecord,
                                    ClientQuotaRecord,
                                    ProducerIdsRecord,
                                    BrokerRegistrationChangeRecord,
                                    AccessControlEntryRecord,
                                    RemoveAccessControlEntryRecord,
                                    NoOpRecord,
                                    ZkMigrationStateRecord,
                                    RemoveUserScramCredentialRecord,
                                    BeginTransactionRecord,
                                    EndTransactionRecord,
                                    AbortTransactionRecord,
                                    RemoveDelegationTokenRecord,
                                    RegisterControllerRecord,
                                    ClearElrRecord,
                                    UnknownRecord>;

// A record and the version that it was, or will be, written in.
struct VersionedRecord {
    MetadataRecord record;
    Version version;

    friend bool operator==(const VersionedRecord&, const VersionedRecord&) = default;
};

// The value of a log record. CHECKs that the record has this version.
Bytes encode_metadata_record(const VersionedRecord& record);

// Refuses another frame version, a known type in an unknown version, and bytes left over.
Expected<VersionedRecord, DecodeError> decode_metadata_record(const Bytes& value);

// "TopicRecord", or "record type 29".
std::string metadata_record_name(const MetadataRecord& record);

// The fields as one line of JSON.
std::string print_metadata_record(const VersionedRecord& record);

}  // namespace glasslog::protocol
