#include "core/trace/fold.hpp"

#include "core/base/check.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace glasslog::trace {
namespace {

namespace kinds = glasslog::trace::kinds;

// One function a kind; what a kind does not concern has none and falls to the template at the end.
class Folder {
public:
    Folder(Snapshot& snapshot, const Event& event) : s_(snapshot), e_(event) {}

    void operator()(const kinds::NodeStarted& k) {
        NodePicture& node = enter(NodeState::up);
        node.name = k.name;
        node.role = k.role;
        node.reactors = k.reactors;
        ++node.starts;
    }

    void operator()(const kinds::NodeCrashed& k) {
        const bool is_power = k.how == "power";
        enter(is_power ? NodeState::lost_power : NodeState::crashed);
        close_logs(is_power ? LogState::uncertain : LogState::closed);
        node().quorum = {};
        forget_strangers();
    }

    void operator()(const kinds::NodeStopped&) {
        enter(NodeState::stopped).quorum = {};
        close_logs(LogState::closed);
    }

    void operator()(const kinds::NodePaused&) { enter(NodeState::paused); }

    void operator()(const kinds::NodeResumed&) { enter(NodeState::up); }

    void operator()(const kinds::DiskState& k) { node().disk_state = k.state; }

    void operator()(const kinds::MetadataCommitted& k) {
        node().metadata_offset = k.offset.value();
    }

    void operator()(const kinds::QuorumRoleChanged& k) {
        QuorumPicture& quorum = node().quorum;
        quorum.role = k.role;
        quorum.epoch = k.epoch;
        quorum.leader = k.leader;
        quorum.voted = k.voted;
        quorum.event = e_.id;
        if (k.role != "observer") node().is_voter = true;
        ReplicaPicture& log = metadata_log();
        log.leader = k.leader;
        log.leader_epoch = k.epoch;
    }

    void operator()(const kinds::QuorumVoteAnswered& k) {
        node().quorum.answer =
            VotePicture{k.candidate, k.epoch, k.is_pre_vote, k.is_granted, e_.time, e_.id};
    }

    void operator()(const kinds::QuorumCommitted& k) {
        node().quorum.committed = k.to;
        ReplicaPicture& log = metadata_log();
        log.high_watermark = k.to;
        log.is_committed_told = true;
        log.high_watermark_event = e_.id;
    }

    void operator()(const kinds::QuorumVotersChanged& k) {
        NodePicture& picture = node();
        picture.voters = k.voters;
        picture.voters_offset = k.offset;
    }

    // Of two that speak of one connection, each may know its own end only (join.hpp).
    void operator()(const kinds::ConnectionOpened& k) {
        ConnectionPicture& connection = s_.connections.edit()[k.connection];
        connection.id = k.connection;
        if (k.from != no_node) connection.from = k.from;
        if (k.to != no_node) connection.to = k.to;
    }

    void operator()(const kinds::ConnectionClosed& k);
    void operator()(const kinds::ClientNamed& k);
    void operator()(const kinds::RequestReceived& k);
    void operator()(const kinds::RequestAnswered& k);

    void operator()(const kinds::MessageSent& k);
    void operator()(const kinds::MessageDueMoved& k);
    void operator()(const kinds::MessageDelivered& k);
    void operator()(const kinds::MessageDropped& k);
    void operator()(const kinds::LinkChanged& k);

    void operator()(const kinds::LogOpened& k);
    void operator()(const kinds::RecoveryStarted& k);
    void operator()(const kinds::RecoveryCut& k);
    void operator()(const kinds::RecoveryFinished& k);
    void operator()(const kinds::BatchAppended& k);
    void operator()(const kinds::LogSynced& k);
    void operator()(const kinds::HighWatermarkMoved& k);
    void operator()(const kinds::LogTruncated& k);

    void operator()(const kinds::LogStartMoved& k) {
        ReplicaPicture& log = replica(k);
        log.log_start = k.to;
        while (!log.recent.empty() && log.recent.front().last < k.to)
            log.recent.pop_front();
    }

    void operator()(const kinds::SegmentRolled& k) { ++replica(k).segments; }

    void operator()(const kinds::SegmentDeleted& k) {
        ReplicaPicture& log = replica(k);
        log.segments = std::max(1, log.segments - 1);
    }

    void operator()(const kinds::LeaderChanged& k) {
        ReplicaPicture& log = replica(k);
        log.leader = k.leader;
        log.leader_epoch = k.leader_epoch;
    }

    void operator()(const kinds::PartitionDeleted& k) {
        s_.replicas.edit().erase({{k.topic, k.partition}, e_.node});
    }

    void operator()(const kinds::RecordProduced& k) { client(k).produced += k.records; }

    void operator()(const kinds::ProduceAcked& k) {
        ClientPicture& picture = client(k);
        picture.acked += k.count;
        picture.acked_upto = std::max(picture.acked_upto, k.base + k.count);
        picture.acked_event = e_.id;
    }

    void operator()(const kinds::ProduceFailed& k) { client(k).failed += k.count; }

    void operator()(const kinds::RecordConsumed& k) {
        ClientPicture& picture = client(k);
        picture.consumed += k.count;
        picture.consumed_upto = k.next;
        picture.consumed_event = e_.id;
    }

    void operator()(const kinds::Said& k) {
        StoryPicture& story = s_.story.edit();
        story.en = k.en;
        story.pt = k.pt;
        story.said_event = e_.id;
        story.said_at = e_.time;
    }

    void operator()(const kinds::FaultInjected& k) {
        StoryPicture& story = s_.story.edit();
        story.fault = k.text;
        story.fault_event = e_.id;
        story.fault_at = e_.time;
    }

    void operator()(const kinds::InvariantViolated& k) {
        if (s_.story->violations.size() < violations_max) {
            s_.story.edit().violations.push_back(k.name + ": " + k.text);
        }
    }

    void operator()(const kinds::Expectation& k) {
        StoryPicture& story = s_.story.edit();
        ++(k.is_met ? story.expectations_met : story.expectations_failed);
    }

    void operator()(const kinds::Verdict& k) {
        StoryPicture& story = s_.story.edit();
        story.is_held = k.is_held;
        story.verdict = k.text;
    }

    template <typename Kind>
    void operator()(const Kind&) {}

private:
    static constexpr std::size_t violations_max = 100;

    NodePicture& node() {
        NodePicture& node = s_.nodes.edit()[e_.node].edit();
        node.id = e_.node;
        return node;
    }

    NodePicture& enter(NodeState state) {
        NodePicture& picture = node();
        picture.state = state;
        picture.since = e_.time;
        picture.since_event = e_.id;
        return picture;
    }

    ReplicaPicture& metadata_log() {
        const ReplicaKey key{{"__cluster_metadata", PartitionIndex(0)}, e_.node};
        ReplicaPicture& log = s_.replicas.edit()[key].edit();
        log.node = key.node;
        log.name = key.name;
        return log;
    }

    template <typename Kind>
    ReplicaPicture& replica(const Kind& k) {
        const ReplicaKey key{{k.topic, k.partition}, e_.node};
        ReplicaPicture& log = s_.replicas.edit()[key].edit();
        log.node = key.node;
        log.name = key.name;
        return log;
    }

    template <typename Kind>
    ClientPicture& client(const Kind& k) {
        const ReplicaKey key{{k.topic, k.partition}, e_.node};
        ClientPicture& picture = s_.clients.edit()[key].edit();
        picture.node = key.node;
        picture.name = key.name;
        return picture;
    }

    NodeId stranger(const std::string& name);
    void learn_role(NodeId from, std::int16_t api_key);
    void close_logs(LogState state);
    void forget_strangers();
    void lose_from(ReplicaPicture& log, Offset end);

    Snapshot& s_;
    const Event& e_;
};

// Told by both ends or by one, so perhaps twice.
void Folder::operator()(const kinds::ConnectionClosed& k) {
    const auto found = s_.connections->find(k.connection);
    if (found == s_.connections->end()) return;
    const NodeId from = found->second.from;
    s_.connections.edit().erase(k.connection);
    if (s_.requests->contains(k.connection)) s_.requests.edit().erase(k.connection);
    if (from >= no_node) return;
    const auto is_its_own = [from](const auto& entry) { return entry.second.from == from; };
    const bool is_last = std::none_of(s_.connections->begin(), s_.connections->end(), is_its_own);
    if (is_last) s_.nodes.edit()[from].edit().state = NodeState::stopped;
}

void Folder::operator()(const kinds::ClientNamed& k) {
    const auto found = s_.connections->find(k.connection);
    if (found == s_.connections->end() || found->second.from != no_node) return;
    const NodeId from = stranger(k.name.empty() ? "client" : k.name);
    s_.connections.edit()[k.connection].from = from;
    NodePicture& picture = s_.nodes.edit()[from].edit();
    if (picture.state != NodeState::up) ++picture.starts;
    picture.state = NodeState::up;
    picture.since = e_.time;
    picture.since_event = e_.id;
}

// A stranger is what it asks for: one that reads is a consumer unless it also writes.
void Folder::learn_role(NodeId from, std::int16_t api_key) {
    const auto found = s_.nodes->find(from);
    if (from >= no_node || found == s_.nodes->end()) return;
    const std::string& role = found->second->role;
    constexpr std::int16_t produce = 0;
    constexpr std::int16_t fetch = 1;
    if (api_key == produce && role != "producer") s_.nodes.edit()[from].edit().role = "producer";
    if (api_key == fetch && role == "client") s_.nodes.edit()[from].edit().role = "consumer";
}

// The node that stands for strangers of that name; below no_node, so that it is no node of the
// cluster.
NodeId Folder::stranger(const std::string& name) {
    NodeId next = no_node - 1;
    std::size_t count = 0;
    for (const auto& [id, node] : *s_.nodes) {
        if (id >= no_node) break;
        if (node->name == name) return id;
        next = std::min(next, id - 1);
        ++count;
    }
    const bool is_full = count == strangers_max - 1;
    if (count >= strangers_max) return next + 1;  // the newest: the one for all others
    NodePicture& picture = s_.nodes.edit()[next].edit();
    picture.id = next;
    picture.name = is_full ? "other clients" : name;
    picture.role = "client";
    return next;
}

void Folder::operator()(const kinds::RequestReceived& k) {
    const auto found = s_.connections->find(k.connection);
    if (found == s_.connections->end()) return;  // its peer is gone already
    learn_role(found->second.from, k.api_key);
    auto& waiting = s_.requests.edit()[k.connection];
    waiting.push_back({.connection = k.connection,
                       .at = e_.node,
                       .correlation = k.correlation,
                       .api_key = k.api_key,
                       .event = e_.id});
    if (waiting.size() > requests_max) waiting.pop_front();
}

// Answers keep the order of requests: those before it want none.
void Folder::operator()(const kinds::RequestAnswered& k) {
    const auto found = s_.requests->find(k.connection);
    if (found == s_.requests->end()) return;
    auto& waiting = s_.requests.edit()[k.connection];
    const auto is_it = [&](const RequestPicture& r) { return r.correlation == k.correlation; };
    const auto answered = std::find_if(waiting.begin(), waiting.end(), is_it);
    if (answered != waiting.end()) waiting.erase(waiting.begin(), answered + 1);
    if (waiting.empty()) s_.requests.edit().erase(k.connection);
}

void Folder::close_logs(LogState state) {
    for (auto& [key, log] : s_.replicas.edit()) {
        if (key.node != e_.node) continue;
        ReplicaPicture& picture = log.edit();
        picture.state = state;
        picture.is_unsure = picture.is_unsure || state == LogState::uncertain;
    }
}

// Connections of which this node alone could have told that they end.
void Folder::forget_strangers() {
    std::vector<kinds::ConnectionClosed> closed;
    for (const auto& [id, connection] : *s_.connections) {
        if (connection.to == e_.node && connection.from <= no_node) closed.push_back({id, "crash"});
    }
    for (const kinds::ConnectionClosed& each : closed)
        (*this)(each);
}

// What is at or above `end` was there and is not any more.
void Folder::lose_from(ReplicaPicture& log, Offset end) {
    while (!log.recent.empty() && log.recent.back().last >= end) {
        BatchPicture batch = log.recent.back();
        log.recent.pop_back();
        const bool is_torn = log.cut_bytes > 0 && log.cut_at == batch.base;
        batch.fate = is_torn ? BatchFate::torn : BatchFate::lost;
        batch.event = e_.id;
        log.lost.push_front(batch);
    }
    if (log.log_end != end) log.log_end_event = e_.id;
    log.log_end = end;
    log.synced = std::min(log.synced, end);
    log.high_watermark = std::min(log.high_watermark, end);
}

template <typename Kind>
MessageKey key_of(const Kind& k) {
    return {k.connection, k.is_from_opener, k.position};
}

std::optional<Instant> due_at(std::int64_t due_ns) {
    if (due_ns < 0) return std::nullopt;
    return Instant::from_nanoseconds(due_ns);
}

void Folder::operator()(const kinds::MessageSent& k) {
    if (s_.in_flight->size() >= in_flight_max) {
        ++s_.overflow_count;
        return;
    }
    s_.in_flight.edit()[key_of(k)] = {.key = key_of(k),
                                      .from = e_.node,
                                      .to = k.to,
                                      .sent = e_.time,
                                      .due = due_at(k.due_ns),
                                      .is_held = false,
                                      .api_key = k.api_key,
                                      .api_version = k.api_version,
                                      .correlation = k.correlation,
                                      .is_response = k.is_response,
                                      .bytes = k.bytes,
                                      .event = e_.id,
                                      .dropped = std::nullopt,
                                      .drop_reason = {}};
}

void Folder::operator()(const kinds::MessageDueMoved& k) {
    auto& messages = s_.in_flight.edit();
    const auto found = messages.find(key_of(k));
    if (found == messages.end()) return;
    found->second.due = due_at(k.due_ns);
    found->second.is_held = k.due_ns < 0;
}

void Folder::operator()(const kinds::MessageDelivered& k) {
    s_.in_flight.edit().erase(key_of(k));
}

void Folder::operator()(const kinds::MessageDropped& k) {
    auto& messages = s_.in_flight.edit();
    const auto found = messages.find(key_of(k));
    if (found == messages.end()) return;
    auto& dropped = s_.dropped.edit();
    dropped.push_back(std::move(found->second));
    dropped.back().dropped = e_.time;
    dropped.back().drop_reason = k.reason;
    messages.erase(found);
    while (dropped.size() > dropped_max || *dropped.front().dropped + dropped_shown < e_.time)
        dropped.pop_front();
}

void Folder::operator()(const kinds::LinkChanged& k) {
    auto& links = s_.links.edit();
    std::erase_if(links,
                  [&](const LinkPicture& link) { return link.from == k.from && link.to == k.to; });
    if (k.state != "up") links.push_back({k.from, k.to, k.state, e_.id});
}

void Folder::operator()(const kinds::LogOpened& k) {
    const bool is_new = !s_.replicas->contains({{k.topic, k.partition}, e_.node});
    ReplicaPicture& log = replica(k);
    lose_from(log, k.log_end);
    // A recovery syncs what it keeps, and a log that was closed in order is synced.
    log.synced = k.log_end;
    if (is_new) {
        log.high_watermark = k.log_start;
        log.is_committed_told = k.log_end == k.log_start;
    }
    log.log_start = k.log_start;
    log.state = LogState::open;
    log.is_unsure = false;
}

void Folder::operator()(const kinds::RecoveryStarted& k) {
    ReplicaPicture& log = replica(k);
    log.state = LogState::recovering;
    log.cut_at.reset();
    log.cut_bytes = 0;
    log.lost.clear();
}

void Folder::operator()(const kinds::RecoveryCut& k) {
    ReplicaPicture& log = replica(k);
    log.cut_at = k.offset;
    log.cut_bytes = k.bytes;
    lose_from(log, k.offset);
}

void Folder::operator()(const kinds::RecoveryFinished& k) {
    ReplicaPicture& log = replica(k);
    lose_from(log, k.log_end);
}

void Folder::operator()(const kinds::BatchAppended& k) {
    ReplicaPicture& log = replica(k);
    log.recent.push_back({.base = k.base,
                          .last = k.last,
                          .leader_epoch = k.leader_epoch,
                          .bytes = k.bytes,
                          .records = k.records,
                          .is_control = k.is_control,
                          .fate = BatchFate::present,
                          .event = e_.id});
    if (log.recent.size() > recent_batches_max) log.recent.pop_front();
    log.log_end = k.last + 1;
    log.log_end_event = e_.id;
}

void Folder::operator()(const kinds::LogSynced& k) {
    ReplicaPicture& log = replica(k);
    log.synced = std::max(log.synced, k.upto);
    log.synced_event = e_.id;
}

void Folder::operator()(const kinds::HighWatermarkMoved& k) {
    ReplicaPicture& log = replica(k);
    log.high_watermark = k.to;
    log.is_committed_told = true;
    log.high_watermark_event = e_.id;
}

void Folder::operator()(const kinds::LogTruncated& k) {
    ReplicaPicture& log = replica(k);
    log.cut_at = k.to;
    log.cut_bytes = k.torn_bytes;
    log.lost.clear();
    lose_from(log, k.to);
    log.synced = k.to;  // a truncation scans again and syncs, as a recovery does
}

bool is_earlier(const Event& a, const Event& b) {
    return a.time < b.time;
}

}  // namespace

void apply(Snapshot& snapshot, const Event& event) {
    snapshot.time = std::max(snapshot.time, event.time);
    snapshot.last = event.id;
    ++snapshot.event_count;
    const auto kind = decode(event);
    if (kind) std::visit(Folder(snapshot, event), *kind);
}

bool Timeline::append(Event event) {
    std::vector<Event> batch;
    batch.push_back(std::move(event));
    return append(std::move(batch));
}

bool Timeline::append(std::vector<Event> batch) {
    if (batch.size() > events_max - events_.size()) return false;
    std::stable_sort(batch.begin(), batch.end(), is_earlier);
    const std::size_t before = events_.size();
    std::size_t position = before;
    if (!batch.empty()) {
        const auto place =
            std::upper_bound(events_.begin(), events_.end(), batch.front(), is_earlier);
        position = static_cast<std::size_t>(place - events_.begin());
    }
    for (Event& event : batch) {
        times_.emplace_back(event.id, event.time);
        events_.push_back(std::move(event));
    }
    const auto added = times_.begin() + static_cast<std::ptrdiff_t>(before);
    std::sort(added, times_.end());
    if (added != times_.end()) {
        std::inplace_merge(std::upper_bound(times_.begin(), added, *added), added, times_.end());
    }
    if (position < before) {
        const auto at = [this](std::size_t i) {
            return events_.begin() + static_cast<std::ptrdiff_t>(i);
        };
        std::inplace_merge(at(position), at(before), events_.end(), is_earlier);
    }
    fold_from(position);
    return true;
}

// Folds events_[position] and what follows; everything before it has been folded.
void Timeline::fold_from(std::size_t position) {
    if (keyframes_.empty()) keyframes_.emplace_back();
    if (tip_.event_count != position) {
        const std::size_t keyframe = position / keyframe_events;
        keyframes_.resize(std::min(keyframes_.size(), keyframe + 1));
        tip_ = keyframes_.back();
    }
    for (auto at = static_cast<std::size_t>(tip_.event_count); at < events_.size(); ++at) {
        apply(tip_, events_[at]);
        if ((at + 1) % keyframe_events == 0) keyframes_.push_back(tip_);
    }
}

Snapshot Timeline::after(std::size_t count) const {
    CHECK(count <= events_.size(), "{} of {}", count, events_.size());
    if (count == events_.size()) return tip_;
    const std::size_t keyframe = count / keyframe_events;
    Snapshot snapshot = keyframes_[keyframe];
    for (std::size_t at = keyframe * keyframe_events; at < count; ++at)
        apply(snapshot, events_[at]);
    return snapshot;
}

std::size_t Timeline::count_at(Instant when) const {
    const auto end =
        std::upper_bound(events_.begin(), events_.end(), when, [](Instant t, const Event& e) {
            return t < e.time;
        });
    return static_cast<std::size_t>(end - events_.begin());
}

std::optional<std::size_t> Timeline::find(EventId id) const {
    const auto has_less = [](const auto& entry, EventId i) { return entry.first < i; };
    const auto known = std::lower_bound(times_.begin(), times_.end(), id, has_less);
    if (known == times_.end() || known->first != id) return std::nullopt;
    const auto is_before = [](const Event& e, Instant time) { return e.time < time; };
    const auto from = std::lower_bound(events_.begin(), events_.end(), known->second, is_before);
    const auto found =
        std::find_if(from, events_.end(), [id](const Event& e) { return e.id == id; });
    return static_cast<std::size_t>(found - events_.begin());
}

std::string event_text(const Event& event, const Snapshot& names) {
    const std::int64_t us = event.time.nanoseconds() / 1000;
    std::string causes = event.cause == no_event ? "" : fmt::format(" <- #{}", event.cause);
    if (event.second_cause != no_event) causes += fmt::format(" and #{}", event.second_cause);
    const std::string fields = fields_text(event.kind.value(), event.payload);
    return fmt::format("{:4}.{:06}  {:<6} {:<22} {}{}#{}{}",
                       us / 1'000'000,
                       us % 1'000'000,
                       names.node_name(event.node),
                       kind_name(event.kind.value()),
                       fields,
                       fields.empty() ? "" : "  ",
                       event.id,
                       causes);
}

}  // namespace glasslog::trace
