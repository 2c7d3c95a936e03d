#pragma once

// The picture of a cluster at one moment, as far as its trace tells. Parts are shared between
// snapshots until they change, so one snapshot costs what its event touched.

#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/trace/cow.hpp"
#include "core/trace/event.hpp"

#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace glasslog::trace {

enum class NodeState : std::uint8_t { unknown, up, paused, crashed, lost_power, stopped };

const char* name(NodeState state);

// How a voter last answered one that asked for its vote.
struct VotePicture {
    NodeId candidate = no_node;
    LeaderEpoch epoch;  // of the request
    bool is_pre_vote = false;
    bool is_granted = false;
    Instant time;
    EventId event;

    friend bool operator==(const VotePicture&, const VotePicture&) = default;
};

// What a node that has the metadata log last said of its quorum. role: as the trace says it; empty
// while it says nothing.
struct QuorumPicture {
    std::string role;
    LeaderEpoch epoch;
    NodeId leader = no_node;  // that it knows
    NodeId voted = no_node;   // in this epoch
    Offset committed{0};      // exclusive: the high watermark that it knows
    EventId event;            // that made the role so
    std::optional<VotePicture> answer;

    friend bool operator==(const QuorumPicture&, const QuorumPicture&) = default;
};

struct NodePicture {
    NodeId id = no_node;
    std::string name;
    std::string role;
    std::int32_t reactors = 0;
    NodeState state = NodeState::unknown;
    Instant since;            // of `state`
    EventId since_event;      // that made it so
    std::string disk_state;   // "healthy" or empty, "slow", "full", …
    std::int32_t starts = 0;  // incarnations so far
    std::int64_t metadata_offset = -1;
    QuorumPicture quorum;
    bool is_voter = false;     // has had a role in the quorum other than to observe, in any life
    std::string voters;        // that it goes by, or went by: "1,2"; empty while it has not said
    Offset voters_offset{-1};  // of the record that names them

    friend bool operator==(const NodePicture&, const NodePicture&) = default;
};

// A connection that is open. from: no_node while a stranger has not said its name; then a node that
// was made for that name.
struct ConnectionPicture {
    std::int64_t id = 0;
    NodeId from = no_node;
    NodeId to = no_node;

    friend bool operator==(const ConnectionPicture&, const ConnectionPicture&) = default;
};

// (connection, direction, position of the first byte): the id of a message.
struct MessageKey {
    std::int64_t connection = 0;
    bool is_from_opener = false;
    std::int64_t position = 0;

    friend auto operator<=>(const MessageKey&, const MessageKey&) = default;
};

// In flight, or dropped not long ago.
struct MessagePicture {
    MessageKey key;
    NodeId from = no_node;
    NodeId to = no_node;
    Instant sent;
    std::optional<Instant> due;  // empty: held, or not known
    bool is_held = false;        // a message_due_moved said so
    std::int16_t api_key = -1;
    std::int16_t api_version = -1;
    std::int32_t correlation = -1;
    bool is_response = false;
    std::int64_t bytes = 0;
    EventId event;                   // message_sent
    std::optional<Instant> dropped;  // when, of a dropped one
    std::string drop_reason;

    friend bool operator==(const MessagePicture&, const MessagePicture&) = default;
};

// A request that its broker has read and not yet answered: at work, or parked until an offset or a
// deadline.
struct RequestPicture {
    std::int64_t connection = 0;
    NodeId at = no_node;
    std::int32_t correlation = -1;
    std::int16_t api_key = -1;
    EventId event;  // request_received

    friend bool operator==(const RequestPicture&, const RequestPicture&) = default;
};

// The newest requests of one connection that a Snapshot keeps.
inline constexpr std::size_t requests_max = 64;

// Clients on a real network are told apart by the names that they give, so many; the rest are one.
inline constexpr std::size_t strangers_max = 24;

// A direction of a link that is not "up".
struct LinkPicture {
    NodeId from = no_node;
    NodeId to = no_node;
    std::string state;
    EventId event;

    friend bool operator==(const LinkPicture&, const LinkPicture&) = default;
};

// lost: written once, gone after a crash or a truncation. torn: the first of these, of which a part
// was found.
enum class BatchFate : std::uint8_t { present, lost, torn };

struct BatchPicture {
    Offset base;
    Offset last;  // inclusive
    LeaderEpoch leader_epoch;
    std::int64_t bytes = 0;
    std::int32_t records = 0;
    bool is_control = false;
    BatchFate fate = BatchFate::present;
    EventId event;  // batch_appended, or what lost it

    friend bool operator==(const BatchPicture&, const BatchPicture&) = default;
};

struct PartitionName {
    std::string topic;
    PartitionIndex partition;

    std::string text() const;  // "orders-0"

    friend auto operator<=>(const PartitionName&, const PartitionName&) = default;
};

enum class LogState : std::uint8_t {
    open,
    recovering,
    closed,     // its node stopped or crashed; the page cache is whole
    uncertain,  // its node lost power
};

const char* name(LogState state);

// The newest batches that a ReplicaPicture keeps.
inline constexpr std::size_t recent_batches_max = 128;

// One partition on one node. Ends are exclusive. `recent` holds the newest batches that are there,
// `lost` what the last crash or truncation took away, of which later batches reuse the offsets.
struct ReplicaPicture {
    NodeId node = no_node;
    PartitionName name;
    LogState state = LogState::open;
    Offset log_start;
    Offset log_end;
    Offset high_watermark;
    bool is_committed_told = true;  // false: it had records when it was opened, and no more is said
    Offset synced;                  // durable below
    NodeId leader = no_node;
    LeaderEpoch leader_epoch = no_leader_epoch;
    std::int32_t segments = 1;
    bool is_unsure = false;        // since a power loss: what is above `synced` may be gone
    std::optional<Offset> cut_at;  // by the last recovery
    std::int64_t cut_bytes = 0;
    std::deque<BatchPicture> recent;
    std::deque<BatchPicture> lost;
    EventId log_end_event;  // why these are as they are
    EventId high_watermark_event;
    EventId synced_event;

    friend bool operator==(const ReplicaPicture&, const ReplicaPicture&) = default;
};

// What one client knows of one partition.
struct ClientPicture {
    NodeId node = no_node;
    PartitionName name;
    std::int64_t produced = 0;  // records sent
    std::int64_t acked = 0;     // records promised
    std::int64_t failed = 0;
    std::int64_t consumed = 0;
    Offset acked_upto{0};     // exclusive; the highest promise
    Offset consumed_upto{0};  // position of the consumer
    EventId acked_event;
    EventId consumed_event;

    friend bool operator==(const ClientPicture&, const ClientPicture&) = default;
};

// What has been said and judged so far; the newest of each, and every violation (at most 100).
struct StoryPicture {
    std::string en;
    std::string pt;
    EventId said_event;
    Instant said_at;
    std::string fault;
    EventId fault_event;
    Instant fault_at;
    std::vector<std::string> violations;  // "name: text"
    std::int32_t expectations_met = 0;
    std::int32_t expectations_failed = 0;
    std::optional<bool> is_held;  // the verdict
    std::string verdict;

    friend bool operator==(const StoryPicture&, const StoryPicture&) = default;
};

struct ReplicaKey {
    PartitionName name;
    NodeId node;

    friend auto operator<=>(const ReplicaKey&, const ReplicaKey&) = default;
};

// More messages than this in flight are counted, not kept.
inline constexpr std::size_t in_flight_max = 20'000;

// Kept for the picture of what was dropped.
inline constexpr std::size_t dropped_max = 64;

// How long a dropped message stays in the picture.
inline constexpr Duration dropped_shown = Duration::milliseconds(600);

struct Snapshot {
    Instant time;  // of the last event
    EventId last;
    std::uint64_t event_count = 0;  // folded so far
    Cow<std::map<NodeId, Cow<NodePicture>>> nodes;
    Cow<std::map<ReplicaKey, Cow<ReplicaPicture>>> replicas;
    Cow<std::map<ReplicaKey, Cow<ClientPicture>>> clients;
    Cow<std::map<std::int64_t, ConnectionPicture>> connections;
    Cow<std::map<std::int64_t, std::deque<RequestPicture>>> requests;  // by connection
    Cow<std::map<MessageKey, MessagePicture>> in_flight;
    Cow<std::deque<MessagePicture>> dropped;
    Cow<std::vector<LinkPicture>> links;
    std::uint64_t overflow_count = 0;  // messages beyond in_flight_max
    Cow<StoryPicture> story;

    // "b1"; "node 7" when its start was not seen; "world" for -1.
    std::string node_name(NodeId id) const;

    // Of the quorum, by the leader, else by who knows the newest; empty when none has said.
    std::vector<NodeId> voters() const;
};

bool operator==(const Snapshot& a, const Snapshot& b);

}  // namespace glasslog::trace
