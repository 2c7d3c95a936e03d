// Fetch: reads partitions, on their reactors, and waits when there is too little. There are no
// fetch sessions yet: every answer has session id 0, which tells the client to go on without.

#include "core/broker/handlers/handlers.hpp"
#include "core/broker/scatter.hpp"

#include <algorithm>
#include <map>

namespace glasslog::broker {
namespace {

using protocol::FetchRequest;
using protocol::FetchResponse;
using protocol::IsolationLevel;
using protocol::Version;
using protocol::WireError;
using replication::PartitionRead;
using replication::ReadResult;

constexpr Version topic_ids_from{13};
constexpr Version replica_state_from{15};

// The partitions of one reactor, and where their results go in the response.
struct Group {
    std::vector<PartitionRead> reads;
    std::vector<std::size_t> places;  // into Plan::places
};

struct Place {
    std::size_t topic = 0;
    std::size_t partition = 0;
};

struct Plan {
    FetchResponse response;
    std::map<ReactorId, Group> groups;
    std::vector<Place> places;
    bool has_error = false;
};

FetchResponse::Partition blank(PartitionIndex index, WireError error) {
    FetchResponse::Partition out;
    out.partition_index = index;
    out.error_code = error;
    out.high_watermark = no_offset;
    if (error != WireError::none) out.aborted_transactions.emplace();  // as Kafka answers it
    return out;
}

bool is_isolation(IsolationLevel level) {
    return level == IsolationLevel::read_uncommitted || level == IsolationLevel::read_committed;
}

NodeId replica_of(const Call<FetchRequest>& call) {
    return call.version >= replica_state_from ? call.body.replica_state.replica_id
                                              : call.body.replica_id;
}

class Planner {
public:
    Planner(Reactor& reactor, const Call<FetchRequest>& call) : reactor_(reactor), call_(call) {}

    Plan make() {
        const bool is_readable = is_isolation(call_.body.isolation_level);
        if (!is_readable) plan_.response.error_code = WireError::unknown_server_error;
        for (const FetchRequest::Topic& topic : call_.body.topics)
            add(topic);
        return std::move(plan_);
    }

private:
    void add(const FetchRequest::Topic& asked) {
        const bool by_id = call_.version >= topic_ids_from;
        const metadata::Image& image = reactor_.image();
        const metadata::Topic* topic =
            by_id ? image.find_topic(asked.topic_id) : image.find_topic(asked.topic);
        FetchResponse::Topic& out = plan_.response.responses.emplace_back();
        out.topic = asked.topic;
        out.topic_id = asked.topic_id;
        for (const FetchRequest::Partition& partition : asked.partitions) {
            const bool is_repeated = std::ranges::any_of(out.partitions, [&](const auto& known) {
                return known.partition_index == partition.partition;
            });
            if (is_repeated) continue;
            const WireError error = refusal(topic, partition.partition);
            out.partitions.push_back(blank(partition.partition, error));
            if (error == WireError::none) add_read(*topic, partition);
            plan_.has_error |= error != WireError::none;
        }
    }

    WireError refusal(const metadata::Topic* topic, PartitionIndex index) const {
        const bool by_id = call_.version >= topic_ids_from;
        const bool is_sane = is_isolation(call_.body.isolation_level) && call_.body.max_bytes >= 0;
        if (topic == nullptr)
            return by_id ? WireError::unknown_topic_id : WireError::unknown_topic_or_partition;
        if (topic->find(index) == nullptr) return WireError::unknown_topic_or_partition;
        return is_sane ? WireError::none : WireError::unknown_server_error;
    }

    void add_read(const metadata::Topic& topic, const FetchRequest::Partition& asked) {
        const replication::PartitionId id{topic.id, asked.partition};
        Group& group = plan_.groups[replication::reactor_of(id, reactor_.runtime().reactor_count)];
        group.reads.push_back({.partition = id,
                               .offset = asked.fetch_offset,
                               .current_leader_epoch = asked.current_leader_epoch,
                               .last_fetched_epoch = asked.last_fetched_epoch,
                               .max_bytes = std::max(asked.partition_max_bytes, 0)});
        group.places.push_back(plan_.places.size());
        plan_.places.push_back({plan_.response.responses.size() - 1,
                                plan_.response.responses.back().partitions.size() - 1});
    }

    Reactor& reactor_;
    const Call<FetchRequest>& call_;
    Plan plan_;
};

void fill(FetchResponse::Partition& out, ReadResult&& result, NodeId leader) {
    out.error_code = result.error;
    out.high_watermark = result.high_watermark;
    out.last_stable_offset = result.last_stable_offset;
    out.log_start_offset = result.log_start;
    if (result.diverging) {
        out.diverging_epoch = {result.diverging->epoch, result.diverging->end};
    }
    if (result.error == WireError::not_leader_or_follower &&
        result.leader_epoch != no_leader_epoch) {
        out.current_leader = {leader, result.leader_epoch};
    }
    out.records = std::move(result.records);
}

// One Fetch on its way. Parts on several reactors race: all are read at once; while there is too
// little, all wait, and the first that has something makes all be read a last time.
class FetchCall {
public:
    FetchCall(Reactor& reactor, Call<FetchRequest> call, Plan plan)
        : reactor_(reactor), call_(std::move(call)), plan_(std::move(plan)) {}

    // What one reactor is asked for.
    replication::FetchRequest request_for(const Group& group,
                                          Duration max_wait,
                                          std::int32_t min_bytes) const {
        const auto limit =
            std::min<std::int64_t>(call_.body.max_bytes, reactor_.config().fetch_bytes_max);
        // Half of what is left, so that none of several at once takes it all. Without room a read
        // still brings one batch, and the client goes on.
        const std::size_t left = reactor_.server().answer_bytes_left();
        const std::size_t reserved = reactor_.replicas().fetch_bytes_reserved();
        const auto room = static_cast<std::int64_t>(
            std::min<std::size_t>((left - std::min(left, reserved)) / 2, INT32_MAX));
        return {.partitions = group.reads,
                .replica = replica_of(call_),
                .min_bytes = min_bytes,
                .max_bytes = static_cast<std::int32_t>(std::min(limit, room)),
                .max_wait = max_wait,
                .isolation = call_.body.isolation_level};
    }

    Duration max_wait() const {
        return Duration::milliseconds(std::max(call_.body.max_wait_ms, 0));
    }

    std::int32_t min_bytes() const { return call_.body.min_bytes; }

    void take(const Group& group, std::vector<ReadResult> results) {
        for (std::size_t i = 0; i < results.size(); ++i) {
            const Place& place = plan_.places[group.places[i]];
            bytes_ += static_cast<std::int64_t>(results[i].records.size());
            plan_.has_error |=
                results[i].error != WireError::none || results[i].diverging.has_value();
            fill(plan_.response.responses[place.topic].partitions[place.partition],
                 std::move(results[i]),
                 reactor_.config().node_id);
        }
    }

    bool is_enough() const {
        return plan_.has_error || bytes_ >= min_bytes() || max_wait() == Duration();
    }

    void forget_bytes() { bytes_ = 0; }

    void answer() {
        if (call_.body.isolation_level == IsolationLevel::read_committed)
            add_aborted_transactions();
        call_.answer(plan_.response);
    }

    const std::map<ReactorId, Group>& groups() const { return plan_.groups; }

    Reactor& reactor() { return reactor_; }

private:
    // There are no transactions yet: none was aborted.
    void add_aborted_transactions() {
        for (FetchResponse::Topic& topic : plan_.response.responses) {
            for (FetchResponse::Partition& partition : topic.partitions) {
                if (partition.error_code == WireError::none)
                    partition.aborted_transactions.emplace();
            }
        }
    }

    Reactor& reactor_;
    Call<FetchRequest> call_;
    Plan plan_;
    std::int64_t bytes_ = 0;
};

struct Wait {
    Duration max_wait;
    std::int32_t min_bytes = 0;
};

using Groups = std::vector<std::vector<ReadResult>>;

struct FetchPart {
    replication::FetchRequest request;
};

void read_part(Reactor& there, FetchPart part, AnswerDone<std::vector<ReadResult>> done) {
    there.replicas().fetch(std::move(part.request), std::move(done));
}

// Every group's partitions, together.
void read_all(std::unique_ptr<FetchCall> fetch,
              const Wait& wait,
              UniqueFunction<void(std::unique_ptr<FetchCall>)> done) {
    std::vector<Owned<FetchPart>> parts;
    for (const auto& [owner, group] : fetch->groups()) {
        parts.push_back({owner, {fetch->request_for(group, wait.max_wait, wait.min_bytes)}});
    }
    Reactor& reactor = fetch->reactor();
    scatter<FetchPart, std::vector<ReadResult>>(
        reactor,
        std::move(parts),
        read_part,
        [fetch = std::move(fetch), done = std::move(done)](Groups results) mutable {
            fetch->forget_bytes();
            std::size_t i = 0;
            for (const auto& [owner, group] : fetch->groups())
                fetch->take(group, std::move(results[i++]));
            done(std::move(fetch));
        });
}

// Parks at every reactor; the first that has something, or the end of the wait, is the signal.
void wait_for_any(std::unique_ptr<FetchCall> fetch) {
    Reactor& reactor = fetch->reactor();
    const auto& groups = fetch->groups();
    std::vector<std::pair<ReactorId, replication::FetchRequest>> requests;
    for (const auto& [owner, group] : groups) {
        requests.emplace_back(
            owner,
            fetch->request_for(group, fetch->max_wait(), std::max(fetch->min_bytes(), 1)));
    }
    const std::uint64_t token =
        reactor.parked().park<bool>(1, [fetch = std::move(fetch)](bool) mutable {
            read_all(std::move(fetch), {}, [](std::unique_ptr<FetchCall> last) { last->answer(); });
        });
    for (auto& [owner, request] : requests) {
        const bool is_asked = reactor.ask<bool>(
            owner,
            [request = std::move(request)](Reactor& there, AnswerDone<bool> reply) mutable {
                there.replicas().fetch(
                    std::move(request),
                    [reply = std::move(reply)](const std::vector<ReadResult>&) mutable {
                        reply(true);
                    });
            },
            [&reactor, token](bool) { reactor.parked().resume<bool>(token, true); });
        if (!is_asked) return reactor.parked().forget(token);
    }
}

}  // namespace

void handle_fetch(Reactor& reactor, Call<FetchRequest> call) {
    const bool continues_session = call.body.session_epoch > 0;
    if (continues_session) {
        FetchResponse response;
        response.error_code = WireError::fetch_session_id_not_found;
        return call.answer(response);
    }
    Plan plan = Planner(reactor, call).make();
    auto fetch = std::make_unique<FetchCall>(reactor, std::move(call), std::move(plan));
    if (fetch->groups().empty()) return fetch->answer();
    if (fetch->groups().size() == 1) {
        const Wait wait{fetch->is_enough() ? Duration() : fetch->max_wait(), fetch->min_bytes()};
        return read_all(std::move(fetch), wait, [](std::unique_ptr<FetchCall> done) {
            done->answer();
        });
    }
    read_all(std::move(fetch), {}, [](std::unique_ptr<FetchCall> first) {
        if (first->is_enough()) return first->answer();
        wait_for_any(std::move(first));
    });
}

}  // namespace glasslog::broker
