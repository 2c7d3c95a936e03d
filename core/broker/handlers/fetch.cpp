// Fetch: reads partitions, on their reactors, and waits when there is too little. There are no
// fetch sessions yet: every answer has session id 0, which tells the client to go on without.

#include "core/broker/handlers/handlers.hpp"
#include "core/broker/handlers/repeats.hpp"
#include "core/broker/reactor.hpp"

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

// A request with more entries is answered at once: while one waits, its bytes are counted and
// cannot be taken back.
constexpr std::size_t waiting_entries_max = 10'000;

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
    bool may_wait = true;
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
        for (const FetchRequest::Topic& topic : call_.body.topics) {
            repeats_.add_topic(topic.topic_id, topic.topic);
            for (const FetchRequest::Partition& partition : topic.partitions) {
                repeats_.add(partition.partition);
                asked_.push_back(&partition);
            }
        }
        plan_.may_wait = asked_.size() <= waiting_entries_max;
        repeats_.find();
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
            const std::size_t number = next_++;
            if (repeats_.first(number) != number) continue;
            const WireError error = refusal(topic, partition.partition);
            out.partitions.push_back(blank(partition.partition, error));
            // Of several entries of one partition the last one counts, as in Kafka.
            if (error == WireError::none) add_read(*topic, *asked_[repeats_.last(number)]);
            plan_.has_error |= error != WireError::none;
        }
        const bool is_all_repeated = out.partitions.empty() && !asked.partitions.empty();
        if (is_all_repeated) plan_.response.responses.pop_back();
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
    Repeats repeats_;
    std::vector<const FetchRequest::Partition*> asked_;  // by number
    std::size_t next_ = 0;
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

// Keeps others from bringing what a reading may bring, until its answer is counted.
class Reservation {
public:
    Reservation(Reactor& reactor, std::size_t bytes) : reactor_(&reactor), bytes_(bytes) {
        reactor.reserve_fetch_bytes(bytes);
    }

    Reservation(Reservation&& other) noexcept
        : reactor_(other.reactor_), bytes_(std::exchange(other.bytes_, 0)) {}

    Reservation& operator=(Reservation&&) = delete;

    ~Reservation() { reactor_->release_fetch_bytes(bytes_); }

private:
    Reactor* reactor_;
    std::size_t bytes_;
};

// One Fetch on its way: it reads all its partitions; while that brings too little it gives back
// what it has, waits on every reactor that has some of them, and reads anew.
class FetchCall {
public:
    FetchCall(Reactor& reactor, Call<FetchRequest> call, Plan plan)
        : reactor_(reactor),
          call_(std::move(call)),
          plan_(std::move(plan)),
          deadline_(reactor.runtime().clock.now() + max_wait()) {}

    // What one reactor is asked for; it is reserved here, where the answer will be held.
    replication::FetchRequest request_for(const Group& group, std::vector<Reservation>& reserved) {
        // Half of what is left, so that none of several at once takes it all. Without room a read
        // still brings one batch, and the client goes on.
        const std::size_t left = reactor_.server().answer_bytes_left();
        const std::size_t taken = reactor_.fetch_bytes_reserved();
        const auto room = static_cast<std::int64_t>(
            std::min<std::size_t>((left - std::min(left, taken)) / 2, INT32_MAX));
        const std::int64_t max_bytes = std::min(limit(), room);
        room_ += max_bytes;
        std::int64_t wanted = 0;
        for (const PartitionRead& read : group.reads)
            wanted += read.max_bytes;
        reserved.emplace_back(reactor_, static_cast<std::size_t>(std::min(wanted, max_bytes)));
        return {.partitions = group.reads,
                .replica = replica_of(call_),
                .max_bytes = static_cast<std::int32_t>(max_bytes),
                .isolation = call_.body.isolation_level};
    }

    void begin_reading() {
        bytes_before_ = std::exchange(bytes_, 0);
        room_ = 0;
        seen_.assign(plan_.places.size(), {});
        brought_.assign(plan_.places.size(), 0);
    }

    void take(ReactorId from, std::vector<ReadResult> results) {
        const Group& group = plan_.groups.at(from);
        for (std::size_t i = 0; i < results.size(); ++i) {
            const Place& place = plan_.places[group.places[i]];
            brought_[group.places[i]] = static_cast<std::int64_t>(results[i].records.size());
            bytes_ += brought_[group.places[i]];
            plan_.has_error |=
                results[i].error != WireError::none || results[i].diverging.has_value();
            seen_[group.places[i]] = results[i].seen;
            fill(plan_.response.responses[place.topic].partitions[place.partition],
                 std::move(results[i]),
                 reactor_.config().node_id);
        }
    }

    bool is_enough() const {
        const bool is_over = is_last_ || !plan_.may_wait || reactor_.is_stopping() ||
                             deadline_ <= reactor_.runtime().clock.now();
        return is_over || plan_.has_error || bytes_ >= min_bytes();
    }

    // The next reading is the last.
    void end_wait() { is_last_ = true; }

    // What waits holds nothing: who asks for gigabytes and months would keep megabytes from others.
    void drop_records() {
        for (const Place& place : plan_.places)
            plan_.response.responses[place.topic].partitions[place.partition].records = Payload();
    }

    // If together enough comes, one of the reactors sees its share of it, and all are read again.
    replication::WaitRequest wait_for(const Group& group, replication::WaitId id) const {
        const auto count = static_cast<std::int64_t>(plan_.groups.size());
        const std::int64_t missing = std::max<std::int64_t>(min_bytes() - bytes_, 1);
        replication::WaitRequest request{
            .id = id,
            .bytes = static_cast<std::uint64_t>((missing + count - 1) / count),
            .max_wait = std::max(deadline_ - reactor_.runtime().clock.now(), Duration()),
            .isolation = call_.body.isolation_level};
        // What came last may lie beyond a partition's limit: reading again brings no more of it, so
        // only the others can bring what is missing.
        const bool is_capped = bytes_ > 0 && bytes_ <= bytes_before_;
        for (std::size_t i = 0; i < group.reads.size(); ++i) {
            const bool is_full = brought_[group.places[i]] * 2 > group.reads[i].max_bytes;
            if (is_capped && is_full) continue;
            request.partitions.push_back({group.reads[i].partition, seen_[group.places[i]]});
        }
        return request;
    }

    void answer() {
        if (call_.body.isolation_level == IsolationLevel::read_committed)
            add_aborted_transactions();
        call_.answer(plan_.response);
    }

    const std::map<ReactorId, Group>& groups() const { return plan_.groups; }

    Reactor& reactor() { return reactor_; }

private:
    // While it waits nothing is read from its connection, and nobody sees the peer leave: no longer
    // than a silent connection may stay.
    Duration max_wait() const {
        const auto asked = Duration::milliseconds(std::max(call_.body.max_wait_ms, 0));
        return std::min(asked, reactor_.config().connection_idle_max);
    }

    std::int64_t limit() const {
        return std::min<std::int64_t>(call_.body.max_bytes, reactor_.config().fetch_bytes_max);
    }

    // As Kafka: nobody waits for more than may be brought. Half of the room is as good as all of
    // it, since batches do not fill it to the last byte.
    std::int64_t min_bytes() const {
        const std::int64_t asked = std::min<std::int64_t>(call_.body.min_bytes, limit());
        return room_ < limit() ? std::min(asked, std::max<std::int64_t>(room_ / 2, 1)) : asked;
    }

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
    Instant deadline_;
    std::vector<replication::Seen> seen_;  // by place
    std::vector<std::int64_t> brought_;    // bytes, by place
    std::int64_t bytes_ = 0;
    std::int64_t bytes_before_ = 0;  // of the reading before
    std::int64_t room_ = 0;          // of the present reading
    bool is_last_ = false;
};

using FetchPtr = std::unique_ptr<FetchCall>;

// Where the answers of other reactors go.
struct Home {
    ReactorId reactor;
    std::uint64_t token = 0;
};

// What one reactor's partitions gave.
struct PartRead {
    ReactorId from;
    std::vector<ReadResult> results;
};

// A wait of this Fetch on one reactor is over.
struct Signal {
    ReactorId from;
    replication::WaitEnd how = replication::WaitEnd::look;
};

// There is one Fetch of a connection at a time, which bounds what is told here.
template <typename Answer>
void tell_home(Reactor& there, Home home, Answer answer) {
    if (home.reactor == there.runtime().reactor) {
        return there.parked().resume<Answer>(home.token, std::move(answer));
    }
    there.tell(home.reactor, [home, answer = std::move(answer)](Reactor& it) mutable {
        it.parked().resume<Answer>(home.token, std::move(answer));
    });
}

// Work for the reactor that has some of the partitions.
void give(Reactor& here, ReactorId owner, UniqueFunction<void(Reactor& there)> work) {
    if (owner == here.runtime().reactor) return work(here);
    here.tell(owner, std::move(work));
}

void read_there(Reactor& there, replication::FetchRequest request, Home home) {
    there.replicas().fetch(std::move(request), [&there, home](std::vector<ReadResult> results) {
        tell_home(there, home, PartRead{there.runtime().reactor, std::move(results)});
    });
}

void wait_for_any(FetchPtr fetch);

// Every group's partitions, together.
void read_all(FetchPtr fetch) {
    Reactor& reactor = fetch->reactor();
    std::vector<std::pair<ReactorId, replication::FetchRequest>> parts;
    std::vector<Reservation> reserved;
    fetch->begin_reading();
    for (const auto& [owner, group] : fetch->groups())
        parts.emplace_back(owner, fetch->request_for(group, reserved));
    const std::uint64_t token = reactor.parked().park<PartRead>(
        parts.size(),
        [left = parts.size(), reserved = std::move(reserved), fetch = std::move(fetch)](
            PartRead part) mutable {
            fetch->take(part.from, std::move(part.results));
            if (--left > 0) return;
            if (fetch->is_enough()) return fetch->answer();
            fetch->drop_records();
            wait_for_any(std::move(fetch));
        });
    const Home home{reactor.runtime().reactor, token};
    for (auto& [owner, request] : parts) {
        give(reactor, owner, [request = std::move(request), home](Reactor& there) mutable {
            read_there(there, std::move(request), home);
        });
    }
}

void go_on(FetchPtr fetch, replication::WaitEnd how) {
    if (how == replication::WaitEnd::stopping) return fetch->answer();
    if (how == replication::WaitEnd::look) fetch->end_wait();
    read_all(std::move(fetch));
}

void wait_there(Reactor& there, replication::WaitRequest request, Home home) {
    auto signal = [&there, home](replication::WaitEnd how) {
        tell_home(there, home, Signal{there.runtime().reactor, how});
    };
    if (there.is_stopping()) return signal(replication::WaitEnd::stopping);
    there.replicas().wait(std::move(request), signal);
}

// Tells every reactor what this Fetch waits for. The first that has something, or sees the end of
// the wait, is the signal; the others forget it.
void wait_for_any(FetchPtr fetch) {
    Reactor& reactor = fetch->reactor();
    const replication::WaitId id = reactor.next_wait_id();
    std::vector<std::pair<ReactorId, replication::WaitRequest>> parts;
    for (const auto& [owner, group] : fetch->groups())
        parts.emplace_back(owner, fetch->wait_for(group, id));
    const std::uint64_t token =
        reactor.parked().park<Signal>(1, [id, fetch = std::move(fetch)](Signal signal) mutable {
            for (const auto& [owner, group] : fetch->groups()) {
                if (owner == signal.from) continue;
                give(fetch->reactor(), owner, [id](Reactor& there) {
                    there.replicas().cancel_wait(id);
                });
            }
            go_on(std::move(fetch), signal.how);
        });
    const Home home{reactor.runtime().reactor, token};
    for (auto& [owner, request] : parts) {
        give(reactor, owner, [request = std::move(request), home](Reactor& there) mutable {
            wait_there(there, std::move(request), home);
        });
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
    call.body.topics.clear();  // while it waits, nothing of it is needed
    auto fetch = std::make_unique<FetchCall>(reactor, std::move(call), std::move(plan));
    if (fetch->groups().empty()) return fetch->answer();
    read_all(std::move(fetch));
}

}  // namespace glasslog::broker
