#pragma once

// All event kinds as one type. A new kind is added to its family, to AnyKind and to nothing else.

#include "core/base/bytes.hpp"
#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/trace/kinds/broker.hpp"
#include "core/trace/kinds/client.hpp"
#include "core/trace/kinds/disk.hpp"
#include "core/trace/kinds/log.hpp"
#include "core/trace/kinds/metadata.hpp"
#include "core/trace/kinds/network.hpp"
#include "core/trace/kinds/node.hpp"
#include "core/trace/kinds/partition.hpp"
#include "core/trace/kinds/quorum.hpp"
#include "core/trace/kinds/story.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace glasslog::trace {

// The first alternative stands for a kind that this build does not know; it was skipped by length.
using AnyKind = std::variant<std::monostate,
                             kinds::NodeStarted,
                             kinds::NodeCrashed,
                             kinds::NodeStopped,
                             kinds::NodePaused,
                             kinds::NodeResumed,
                             kinds::ClockJumped,
                             kinds::ConnectionOpened,
                             kinds::ConnectionClosed,
                             kinds::MessageSent,
                             kinds::MessageDueMoved,
                             kinds::MessageDelivered,
                             kinds::MessageDropped,
                             kinds::LinkChanged,
                             kinds::RequestReceived,
                             kinds::RequestAnswered,
                             kinds::ClientNamed,
                             kinds::LogOpened,
                             kinds::RecoveryStarted,
                             kinds::RecoveryCut,
                             kinds::RecoveryFinished,
                             kinds::BatchAppended,
                             kinds::LogSynced,
                             kinds::HighWatermarkMoved,
                             kinds::LogStartMoved,
                             kinds::LogTruncated,
                             kinds::SegmentRolled,
                             kinds::SegmentDeleted,
                             kinds::LeaderChanged,
                             kinds::PartitionDeleted,
                             kinds::TopicCreated,
                             kinds::TopicDeleted,
                             kinds::BrokerRegistered,
                             kinds::MetadataCommitted,
                             kinds::DiskSynced,
                             kinds::DiskFailed,
                             kinds::DiskState,
                             kinds::DiskCrashed,
                             kinds::RecordProduced,
                             kinds::ProduceAcked,
                             kinds::ProduceFailed,
                             kinds::RecordConsumed,
                             kinds::Said,
                             kinds::FaultInjected,
                             kinds::InvariantViolated,
                             kinds::Expectation,
                             kinds::Verdict,
                             kinds::TimeReached,
                             kinds::LogLine,
                             kinds::QuorumRoleChanged,
                             kinds::QuorumVoteAnswered,
                             kinds::QuorumCommitted,
                             kinds::QuorumVotersChanged,
                             kinds::QuorumSnapshot>;

// The fields in their fixed encoding (protocol's writer, version 0, flexible). Instantiated in
// kinds.cpp for every kind of AnyKind.
template <typename Kind>
std::vector<std::uint8_t> encode(const Kind& fields);

// std::monostate for an unknown number; an error for bytes that are no such kind. Tagged fields of
// a later build are skipped.
Expected<AnyKind, DecodeError> decode_kind(std::uint16_t number, const Bytes& bytes);

// "batch_appended"; "kind 999" when unknown.
std::string kind_name(std::uint16_t number);

// The inverse; empty when there is no such kind.
std::optional<std::uint16_t> kind_number(std::string_view name);

// One field as text: "52", "true", "orders".
struct Field {
    std::string name;
    std::string value;
    bool is_text = false;  // a string, quoted in JSON
};

// In declaration order; one field "bytes" in hex for an unknown kind and for unreadable bytes.
std::vector<Field> fields_of(std::uint16_t number, const Bytes& bytes);

// The fields as one JSON object, in declaration order: {"topic":"orders","partition":0,…}. Unknown
// kinds and unreadable bytes: {"bytes":"00ff…"}.
std::string fields_json(std::uint16_t number, const Bytes& bytes);

// The same for people: "topic=orders partition=0 upto=52".
std::string fields_text(std::uint16_t number, const Bytes& bytes);

}  // namespace glasslog::trace
