// How connections begin, and the handles that processes hold; see sim_network.hpp.

#include "core/base/check.hpp"
#include "sim/sim_network.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::sim {

// --- handles ------------------------------------------------------------------------------------

class SimNetwork::Stream final : public runtime::Connection {
public:
    Stream(SimNetwork& network, Joint& joint, std::size_t side)
        : network_(network),
          owner_(joint.sides[side].owner),
          id_(joint.id),
          side_(side),
          listener_(joint.sides[side].listener),
          local_(joint.sides[side].local),
          peer_(joint.sides[side].peer) {
        joint.sides[side].is_handle_open = true;
    }

    ~Stream() override {
        if (Joint* const found = joint()) network_.release(*found, side_);
    }

    void read(std::size_t max, ReadDone done) override {
        if (Joint* const found = joint()) network_.read(*found, side_, max, std::move(done));
    }

    void write(Payload payload, runtime::MessageTag tag, WriteDone done) override {
        Joint* const found = joint();
        if (found == nullptr) return;
        network_.write(*found, side_, std::move(payload), tag, std::move(done));
    }

    void close() override {
        if (Joint* const found = joint()) network_.close(*found, side_);
    }

    std::size_t write_queue_bytes() const override {
        const Joint* const found = joint();
        return found == nullptr ? 0 : found->pipes[side_].queued_bytes;
    }

    std::uint64_t id() const override { return id_; }

    const std::string& listener() const override { return listener_; }

    const runtime::Endpoint& local() const override { return local_; }

    const runtime::Endpoint& peer() const override { return peer_; }

private:
    // nullptr when the process is dead; a living one keeps the connection.
    Joint* joint() const {
        return network_.engine_.is_alive(owner_) ? network_.find(id_) : nullptr;
    }

    SimNetwork& network_;
    Owner owner_;
    std::uint64_t id_;
    std::size_t side_;
    std::string listener_;
    runtime::Endpoint local_;
    runtime::Endpoint peer_;
};

class SimNetwork::Listening final : public runtime::Listener {
public:
    Listening(SimNetwork& network, const ListenerState& state)
        : network_(network), owner_(state.owner), id_(state.id), endpoint_(state.config.endpoint) {}

    ~Listening() override {
        if (network_.engine_.is_alive(owner_)) network_.close_listener(id_);
    }

    void accept(AcceptDone done) override {
        if (network_.engine_.is_alive(owner_)) network_.accept(id_, std::move(done));
    }

    const runtime::Endpoint& endpoint() const override { return endpoint_; }

private:
    SimNetwork& network_;
    Owner owner_;
    std::uint64_t id_;
    runtime::Endpoint endpoint_;
};

class SimNetwork::Attached final : public runtime::Transport {
public:
    Attached(SimNetwork& network, Owner owner, ReactorId reactor)
        : network_(network), owner_(owner), reactor_(reactor) {}

    Expected<std::unique_ptr<runtime::Listener>, IoError> listen(
        const runtime::ListenerConfig& config) override {
        return network_.listen(owner_, reactor_, config);
    }

    void connect(const runtime::Endpoint& endpoint, ConnectDone done) override {
        if (network_.engine_.is_alive(owner_)) network_.connect(owner_, endpoint, std::move(done));
    }

private:
    SimNetwork& network_;
    Owner owner_;
    ReactorId reactor_;
};

std::unique_ptr<runtime::Transport> SimNetwork::attach(Owner owner, ReactorId reactor) {
    return std::make_unique<Attached>(*this, owner, reactor);
}

// --- listening ----------------------------------------------------------------------------------

SimNetwork::ListenerState* SimNetwork::find_listener(std::uint64_t id) {
    const auto found = listeners_.find(id);
    return found == listeners_.end() ? nullptr : &found->second;
}

Expected<std::unique_ptr<runtime::Listener>, IoError> SimNetwork::listen(
    Owner owner, ReactorId reactor, const runtime::ListenerConfig& config) {
    const runtime::Endpoint& wanted = config.endpoint;
    if (!engine_.is_alive(owner)) return Unexpected{IoError{IoCode::closed, wanted.text(), 0, {}}};
    if (find_host(wanted.host, owner.node) != owner.node) {
        return Unexpected{IoError{IoCode::failed, wanted.text(), 0, "not an address of this node"}};
    }
    for (const auto& [id, other] : listeners_) {
        const bool is_same = other.owner.node == owner.node && other.reactor == reactor &&
                             other.config.endpoint.port == wanted.port;
        if (is_same) return Unexpected{IoError{IoCode::exists, wanted.text(), 0, {}}};
    }
    ListenerState state;
    state.id = ++last_listener_;
    state.owner = owner;
    state.reactor = reactor;
    state.config = config;
    if (wanted.port == 0) {
        Machine& machine = machines_[static_cast<std::size_t>(owner.node.value()) - 1];
        state.config.endpoint.port = machine.next_port++;
    }
    state.lane.key = Draws::key_of("listener", owner.node, config.name) + state.id;
    const ListenerState& kept = listeners_.emplace(state.id, std::move(state)).first->second;
    return std::unique_ptr<runtime::Listener>(std::make_unique<Listening>(*this, kept));
}

void SimNetwork::accept(std::uint64_t id, runtime::Listener::AcceptDone done) {
    ListenerState* const listener = find_listener(id);
    CHECK(listener != nullptr);
    CHECK(!listener->accepting, "one accept at a time");
    listener->accepting = std::move(done);
    plan_accept(*listener);
}

void SimNetwork::plan_accept(ListenerState& listener) {
    if (!listener.accepting || listener.backlog.empty() || listener.is_accept_planned) return;
    listener.is_accept_planned = true;
    engine_.plan(engine_.now(), listener.lane, listener.owner, [this, id = listener.id] {
        give_accepted(id);
    });
}

void SimNetwork::give_accepted(std::uint64_t id) {
    ListenerState* const listener = find_listener(id);
    if (listener == nullptr) return;
    listener->is_accept_planned = false;
    Joint* joint = nullptr;
    while (joint == nullptr && !listener->backlog.empty()) {
        joint = find(listener->backlog.front());  // gone when it was reset while it waited
        listener->backlog.pop_front();
    }
    if (joint == nullptr) return;
    runtime::Listener::AcceptDone done = std::move(listener->accepting);
    done(std::unique_ptr<runtime::Connection>(std::make_unique<Stream>(*this, *joint, 1)));
}

void SimNetwork::close_listener(std::uint64_t id) {
    ListenerState* const listener = find_listener(id);
    if (listener == nullptr) return;
    for (const std::uint64_t waiting : listener->backlog) {
        Joint* const joint = find(waiting);
        if (joint == nullptr) continue;
        fail(*joint, 1, IoCode::closed, "reset");
        reset_peer(*joint, 1);
    }
    engine_.after_event([gone = std::move(listener->accepting)] {});
    listeners_.erase(id);
}

SimNetwork::ListenerState* SimNetwork::choose_listener(NodeId node, std::uint16_t port) {
    std::vector<ListenerState*> found;
    for (auto& [id, listener] : listeners_) {
        if (listener.owner.node == node && listener.config.endpoint.port == port)
            found.push_back(&listener);
    }
    if (found.empty()) return nullptr;
    const std::uint64_t draw = engine_.draws().next("accept", node, std::to_string(port));
    return found[below(draw, found.size())];
}

// --- connecting ---------------------------------------------------------------------------------

SimNetwork::Attempt* SimNetwork::find_attempt(std::uint64_t id) {
    const auto found = attempts_.find(id);
    return found == attempts_.end() ? nullptr : &found->second;
}

Packet SimNetwork::connect_packet(NodeId from, NodeId to) const {
    Packet packet;
    packet.kind = PacketKind::connect;
    packet.from = from;
    packet.to = to;
    return packet;
}

void SimNetwork::connect(Owner owner,
                         const runtime::Endpoint& endpoint,
                         runtime::Transport::ConnectDone done) {
    Attempt attempt;
    attempt.id = ++last_attempt_;
    attempt.owner = owner;
    attempt.endpoint = endpoint;
    attempt.begin = engine_.now();
    attempt.done = std::move(done);
    attempt.lane.key = Draws::key_of("connect", owner.node, endpoint.text());
    Machine& machine = machines_[static_cast<std::size_t>(owner.node.value()) - 1];
    attempt.local = {machine.name, machine.next_port++, endpoint.security};
    const std::optional<NodeId> to = find_host(endpoint.host, owner.node);
    const std::uint64_t id = attempt.id;
    Attempt& kept = attempts_.emplace(id, std::move(attempt)).first->second;
    if (to) {
        kept.to = *to;
        try_connect(id);
        return;
    }
    const IoError error{IoCode::not_found, endpoint.text(), 0, "unknown host"};
    engine_.plan(engine_.now(), kept.lane, Owner{}, [this, id, error] {
        finish_connect(id, error);
    });
}

void SimNetwork::try_connect(std::uint64_t id) {
    Attempt* const attempt = find_attempt(id);
    if (attempt == nullptr) return;
    const Fate fate = judge(connect_packet(attempt->owner.node, attempt->to));
    attempt->is_held = fate.is_held;
    if (fate.is_held) return;
    if (fate.is_lost) {
        retry_connect(*attempt);
        return;
    }
    const Duration latency = latency_of(attempt->owner.node, attempt->to, {});
    engine_.plan(engine_.now() + latency + fate.delay, attempt->lane, Owner{}, [this, id] {
        arrive_connect(id);
    });
}

void SimNetwork::retry_connect(Attempt& attempt) {
    const std::uint64_t id = attempt.id;
    const Duration gap = std::max(attempt.retry_gap, config_.retry_first);
    attempt.retry_gap = std::min(gap * 2, config_.retry_last);
    if (engine_.now() + gap - attempt.begin > config_.give_up_after) {
        const IoError error{IoCode::timed_out, attempt.endpoint.text(), 0, "no answer"};
        engine_.plan(attempt.begin + config_.give_up_after,
                     attempt.lane,
                     Owner{},
                     [this, id, error] { finish_connect(id, error); });
        return;
    }
    engine_.plan(engine_.now() + gap, attempt.lane, Owner{}, [this, id] { try_connect(id); });
}

void SimNetwork::arrive_connect(std::uint64_t id) {
    Attempt* const attempt = find_attempt(id);
    if (attempt == nullptr) return;
    if (!machines_[static_cast<std::size_t>(attempt->to.value()) - 1].is_on) {
        retry_connect(*attempt);
        return;
    }
    if (attempt->joint != 0) {
        answer_connect(id, std::nullopt);
        return;
    }
    ActiveFault* const refusal = find_refusal(attempt->to);
    if (refusal != nullptr) ++refusal->bites;
    ListenerState* const listener =
        refusal == nullptr ? choose_listener(attempt->to, attempt->endpoint.port) : nullptr;
    if (listener == nullptr) {
        answer_connect(id, IoError{IoCode::refused, attempt->endpoint.text(), 0, {}});
    } else if (listener->backlog.size() >= config_.backlog_max) {
        retry_connect(*attempt);
    } else {
        attempt->joint = join(*attempt, *listener);
        answer_connect(id, std::nullopt);
        plan_accept(*listener);
    }
}

std::uint64_t SimNetwork::join(Attempt& attempt, ListenerState& listener) {
    const std::uint64_t id = joints_.size() + 1;
    joints_.push_back(std::make_unique<Joint>());
    Joint& joint = *joints_.back();
    joint.id = id;
    Side& client = joint.sides[0];
    client.owner = attempt.owner;
    client.local = attempt.local;
    client.peer = attempt.endpoint;
    Side& server = joint.sides[1];
    server.owner = listener.owner;
    server.listener = listener.config.name;
    server.local = attempt.endpoint;
    server.peer = attempt.local;
    joint.pipes[0].lane.key = StableHash().add("pipe").add(2 * id).value();
    joint.pipes[1].lane.key = StableHash().add("pipe").add(2 * id + 1).value();
    listener.backlog.push_back(id);
    const auto number = static_cast<std::int64_t>(id);
    engine_.emit(attempt.owner.node,
                 trace::kinds::ConnectionOpened{number, attempt.owner.node, listener.owner.node});
    return id;
}

// The other machine's word travels back.
void SimNetwork::answer_connect(std::uint64_t id, std::optional<IoError> refusal) {
    Attempt* const attempt = find_attempt(id);
    const Fate fate = judge(connect_packet(attempt->to, attempt->owner.node));
    attempt->is_held = fate.is_held;
    if (fate.is_held) return;
    if (fate.is_lost) {
        retry_connect(*attempt);
        return;
    }
    runtime::MessageTag answer;
    answer.is_response = true;
    const Duration latency = latency_of(attempt->to, attempt->owner.node, answer);
    const Instant arrival = engine_.now() + latency + fate.delay;
    if (Joint* const joint = find(attempt->joint)) joint->pipes[1].last_arrival = arrival;
    engine_.plan(arrival, attempt->lane, Owner{}, [this, id, refusal = std::move(refusal)] {
        finish_connect(id, refusal);
    });
}

void SimNetwork::finish_connect(std::uint64_t id, std::optional<IoError> refusal) {
    Attempt* const attempt = find_attempt(id);
    if (attempt == nullptr) return;
    Attempt ended = std::move(*attempt);
    attempts_.erase(id);
    Joint* const joined = find(ended.joint);
    if (refusal && joined != nullptr) fail(*joined, 0, IoCode::timed_out, "cut");
    if (!refusal && joined == nullptr) {
        refusal = IoError{IoCode::reset, ended.endpoint.text(), 0, {}};
    }
    engine_.enter(
        ended.owner,
        engine_.cause(),
        [this,
         refusal = std::move(refusal),
         joint = ended.joint,
         done = std::move(ended.done)]() mutable {
            Joint* const found = find(joint);
            if (refusal || found == nullptr) {
                done(Unexpected{refusal.value_or(IoError{IoCode::reset, "", 0, {}})});
                return;
            }
            done(std::unique_ptr<runtime::Connection>(std::make_unique<Stream>(*this, *found, 0)));
        });
}

}  // namespace glasslog::sim
