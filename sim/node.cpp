#include "sim/node.hpp"

#include "core/base/check.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::sim {

class Node::SimExecutor final : public runtime::Executor {
public:
    SimExecutor(Engine& engine, NodeClock& clock, Owner owner, std::uint64_t key)
        : engine_(engine), clock_(clock), owner_(owner) {
        lane_.key = key;
    }

    void post(runtime::Task task) override {
        engine_.plan(engine_.now(), lane_, owner_, std::move(task));
    }

    runtime::Timer at(Instant when, runtime::Task task) override {
        if (!engine_.is_alive(owner_)) return {};
        return runtime::Timer(
            std::make_unique<NodeClock::Timer>(clock_, owner_, when, std::move(task)));
    }

private:
    Engine& engine_;
    NodeClock& clock_;
    Owner owner_;
    Lane lane_;
};

class Node::SimMailbox final : public runtime::Mailbox {
public:
    SimMailbox(Node& node, Incarnation& incarnation, Owner owner, std::size_t sender)
        : node_(node), incarnation_(incarnation), owner_(owner), sender_(sender) {}

    bool post_to(ReactorId receiver, runtime::Task&& message) override {
        const auto count = static_cast<std::size_t>(node_.config_.reactors);
        const auto index = static_cast<std::size_t>(receiver.value());
        CHECK(index < count, "reactor {} of {}", receiver, count);
        Engine& engine = node_.engine_;
        if (!engine.is_alive(owner_)) return true;
        Pair& pair = incarnation_.pairs[sender_ * count + index];
        if (pair.waiting >= node_.config_.mailbox_messages_max) return false;
        ++pair.waiting;
        const Duration latency = node_.config_.mailbox.sample(engine.draws().next(pair.key));
        pair.last_at = std::max(pair.last_at, engine.now() + latency);
        engine.plan(pair.last_at,
                    pair.lane,
                    owner_,
                    [&pair, message = std::move(message)]() mutable {
                        --pair.waiting;
                        message();
                    });
        return true;
    }

private:
    Node& node_;
    Incarnation& incarnation_;
    Owner owner_;
    std::size_t sender_;
};

class Node::SimRandom final : public runtime::Random {
public:
    SimRandom(Engine& engine, Owner owner) : engine_(engine), owner_(owner) {}

    std::uint64_t draw(std::string_view domain, std::string_view entity) override {
        // The dead draw too, but must not move the counts of the living.
        if (!engine_.is_alive(owner_)) return 0;
        return engine_.draws().next(domain, owner_.node, entity);
    }

private:
    Engine& engine_;
    Owner owner_;
};

class Node::SimTrace final : public runtime::Trace {
public:
    SimTrace(Engine& engine, Owner owner) : engine_(engine), owner_(owner) {}

    // Everything is hashed at every level.
    bool wants(runtime::TraceLevel) const override { return engine_.is_alive(owner_); }

    trace::EventId emit(trace::EventKind kind,
                        ByteView bytes,
                        trace::EventId second_cause) override {
        if (!engine_.is_alive(owner_)) return trace::no_event;
        return engine_.emit(owner_.node, kind, bytes, second_cause);
    }

    trace::EventId current_cause() const override { return engine_.cause(); }

private:
    Engine& engine_;
    Owner owner_;
};

struct Node::Reactor {
    SimExecutor executor;
    SimMailbox mailbox;
    std::unique_ptr<runtime::Transport> transport;
    SimRandom random;
    SimTrace trace;
};

Node::Node(Engine& engine,
           SimNetwork& network,
           const WorldConfig& world,
           NodeConfig config,
           ProgramFactory factory)
    : engine_(engine),
      network_(network),
      config_(std::move(config)),
      factory_(std::move(factory)),
      id_(engine.add_node()),
      clock_(engine, id_, world, config_.clock),
      drive_(engine, id_, config_.disk, clock_) {
    CHECK(config_.reactors > 0, "{}", config_.reactors);
    network_.add_node(id_, config_.name);
}

Node::~Node() = default;

void Node::begin() {
    owner_ = engine_.begin_incarnation(id_);
    clock_.boot();
    network_.switch_on(id_);
    engine_.emit(id_, trace::kinds::NodeStarted{config_.name, config_.role, config_.reactors});
    Incarnation& now = *incarnations_.emplace_back(std::make_unique<Incarnation>());
    now.disk = drive_.attach(owner_);
    const auto count = static_cast<std::size_t>(config_.reactors);
    for (std::size_t i = 0; i < count * count; ++i) {
        Pair& pair = now.pairs.emplace_back();
        pair.key = Draws::key_of("mailbox", id_, std::to_string(i));
        pair.lane.key = Draws::key_of("mailbox-order", id_, std::to_string(i));
    }
    std::vector<runtime::Runtime> runtimes;
    for (std::size_t i = 0; i < count; ++i) {
        const ReactorId reactor(static_cast<std::int32_t>(i));
        const std::uint64_t key = Draws::key_of("executor", id_, std::to_string(i));
        Reactor& r =
            *now.reactors.emplace_back(new Reactor{SimExecutor(engine_, clock_, owner_, key),
                                                   SimMailbox(*this, now, owner_, i),
                                                   network_.attach(owner_, reactor),
                                                   SimRandom(engine_, owner_),
                                                   SimTrace(engine_, owner_)});
        runtimes.push_back({reactor,
                            config_.reactors,
                            clock_,
                            r.executor,
                            r.mailbox,
                            *r.transport,
                            *now.disk,
                            r.random,
                            r.trace});
    }
    program_ = factory_(std::move(runtimes));
    now.reactors.front()->executor.post([this] { program_->start(); });
}

std::unique_ptr<Program> Node::end() {
    engine_.end_incarnation(id_);
    return std::move(program_);
}

}  // namespace glasslog::sim
