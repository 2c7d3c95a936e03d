#include "sim/sim_network.hpp"

#include "core/base/check.hpp"
#include "core/base/overloaded.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::sim {
namespace {

constexpr Latency loopback{Duration::microseconds(5), Duration::microseconds(20)};

bool matches(NodeId pattern, NodeId node) {
    return pattern == no_node || pattern == node;
}

bool is_between(const Packet& packet, NodeId a, NodeId b) {
    return (matches(a, packet.from) && matches(b, packet.to)) ||
           (matches(b, packet.from) && matches(a, packet.to));
}

// What a fault does to a packet.
Verdict verdict_of(const Fault& fault, const Packet& packet) {
    return std::visit(overloaded{[&](const Cut& f) -> Verdict {
                                     if (!is_between(packet, f.a, f.b)) return Pass{};
                                     return Drop{};
                                 },
                                 [&](const CutOneWay& f) -> Verdict {
                                     if (!matches(f.from, packet.from) || !matches(f.to, packet.to))
                                         return Pass{};
                                     return Drop{};
                                 },
                                 [&](const Clog& f) -> Verdict {
                                     if (!is_between(packet, f.a, f.b)) return Pass{};
                                     return Deliver{Duration::max()};
                                 },
                                 [&](const SlowLink& f) -> Verdict {
                                     if (!is_between(packet, f.a, f.b)) return Pass{};
                                     return Deliver{f.extra};
                                 },
                                 [&](const HangConnects& f) -> Verdict {
                                     if (packet.kind != PacketKind::connect || packet.to != f.node)
                                         return Pass{};
                                     return Drop{};
                                 },
                                 [](const auto&) -> Verdict { return Pass{}; }},
                      fault);
}

}  // namespace

SimNetwork::SimNetwork(Engine& engine, const NetworkConfig& config)
    : engine_(engine), config_(config) {}

SimNetwork::~SimNetwork() = default;

void SimNetwork::add_node(NodeId node, const std::string& name) {
    machines_.push_back({name, true, 32'768});
    CHECK(static_cast<std::size_t>(node.value()) == machines_.size());
}

std::optional<NodeId> SimNetwork::find_host(std::string_view host, NodeId asking) const {
    if (host == "localhost" || host == "127.0.0.1" || host == "::1" || host == "0.0.0.0" ||
        host.empty()) {
        return asking;
    }
    for (std::size_t i = 0; i < machines_.size(); ++i) {
        if (machines_[i].name == host) return NodeId(static_cast<std::int32_t>(i) + 1);
    }
    return std::nullopt;
}

// --- packets ------------------------------------------------------------------------------------

// All are asked: a loss beats a hold, a hold beats the sum of the delays. What is beaten does not
// bite.
SimNetwork::Fate SimNetwork::judge(const Packet& packet) {
    const Machine& to = machines_[static_cast<std::size_t>(packet.to.value()) - 1];
    if (!to.is_on) return {true, false, {}, "no power"};
    if (packet.from == packet.to) return {};
    Fate fate;
    const auto add = [&fate](const Verdict& verdict) {
        fate.is_lost = fate.is_lost || std::holds_alternative<Drop>(verdict);
        const auto* const deliver = std::get_if<Deliver>(&verdict);
        if (deliver == nullptr) return;
        if (deliver->delay == Duration::max()) {
            fate.is_held = true;
        } else {
            fate.delay = fate.delay + deliver->delay;
        }
    };
    for (LinkFilter* filter : filters_)
        add(filter->judge(packet));
    for (const ActiveFault* fault : faults_)
        add(verdict_of(fault->fault, packet));
    fate.is_held = fate.is_held && !fate.is_lost;
    if (fate.is_lost) fate.reason = "cut";
    for (ActiveFault* fault : faults_) {
        const Verdict verdict = verdict_of(fault->fault, packet);
        const auto* const deliver = std::get_if<Deliver>(&verdict);
        const bool is_hold = deliver != nullptr && deliver->delay == Duration::max();
        const bool is_delay = deliver != nullptr && !is_hold && deliver->delay > Duration{};
        const bool bites = std::holds_alternative<Drop>(verdict) || (is_hold && fate.is_held) ||
                           (is_delay && !fate.is_held && !fate.is_lost);
        fault->bites += bites ? 1 : 0;
    }
    return fate;
}

// Held packets get their next try at once, in the order of the connections.
void SimNetwork::judge_held_again() {
    for (const auto& joint : joints_) {
        if (joint == nullptr) continue;
        for (std::size_t side = 0; side < 2; ++side) {
            Pipe& pipe = joint->pipes[side];
            bool any = false;
            for (Chunk& chunk : pipe.flying) {
                any = any || chunk.is_held;
                chunk.is_lost = chunk.is_lost || chunk.is_held;
                chunk.is_held = false;
            }
            if (any && !pipe.is_arrival_planned) plan_arrival(*joint, side, engine_.now());
        }
    }
    for (auto& [id, attempt] : attempts_) {
        if (!std::exchange(attempt.is_held, false)) continue;
        engine_.plan(engine_.now(), attempt.lane, Owner{}, [this, id] { try_connect(id); });
    }
}

Duration SimNetwork::latency_of(NodeId from, NodeId to, const runtime::MessageTag& tag) {
    const auto link = static_cast<std::uint64_t>(from.value()) << 32 |
                      static_cast<std::uint64_t>(static_cast<std::uint32_t>(to.value()));
    const auto kind = static_cast<std::uint64_t>(static_cast<std::uint16_t>(tag.api_key)) << 1 |
                      (tag.is_response ? 1U : 0U);
    const std::uint64_t key = StableHash().add("latency").add(link).add(kind).value();
    const std::uint64_t draw = engine_.draws().next(key);
    return (from == to ? loopback : config_.latency).sample(draw);
}

Instant SimNetwork::departure(NodeId from, NodeId to, std::size_t bytes) {
    std::uint64_t rate = config_.bytes_per_second;
    for (ActiveFault* fault : faults_) {
        const auto* throttle = std::get_if<Throttle>(&fault->fault);
        if (throttle == nullptr || throttle->bytes_per_second >= rate) continue;
        Packet packet;
        packet.from = from;
        packet.to = to;
        if (!is_between(packet, throttle->a, throttle->b)) continue;
        rate = throttle->bytes_per_second;
        ++fault->bites;
    }
    CHECK(rate > 0);
    Link& link = links_[{from, to}];
    constexpr std::uint64_t second = 1'000'000'000;
    const std::uint64_t whole = bytes / rate * second;
    const std::uint64_t time = whole + bytes % rate * second / rate;
    link.free_at = std::max(link.free_at, engine_.now()) +
                   Duration::nanoseconds(static_cast<std::int64_t>(time));
    return link.free_at;
}

void SimNetwork::add_filter(LinkFilter& filter) {
    filters_.push_back(&filter);
}

void SimNetwork::remove_filter(LinkFilter& filter) {
    std::erase(filters_, &filter);
    judge_held_again();
}

// --- faults -------------------------------------------------------------------------------------

template <typename F>
ActiveFault* SimNetwork::find_fault(NodeId node) {
    for (ActiveFault* fault : faults_) {
        const auto* found = std::get_if<F>(&fault->fault);
        if (found != nullptr && found->node == node) return fault;
    }
    return nullptr;
}

ActiveFault* SimNetwork::find_refusal(NodeId node) {
    return find_fault<RefuseConnects>(node);
}

// The worst of what the faults do to this direction.
const char* SimNetwork::state_of(NodeId from, NodeId to) const {
    Packet packet;
    packet.from = from;
    packet.to = to;
    bool is_clogged = false;
    bool is_slow = false;
    for (const ActiveFault* fault : faults_) {
        const Verdict verdict = verdict_of(fault->fault, packet);
        if (std::holds_alternative<Drop>(verdict)) return "cut";
        const auto* const deliver = std::get_if<Deliver>(&verdict);
        const auto* const throttle = std::get_if<Throttle>(&fault->fault);
        is_clogged = is_clogged || (deliver != nullptr && deliver->delay == Duration::max());
        is_slow = is_slow || deliver != nullptr ||
                  (throttle != nullptr && is_between(packet, throttle->a, throttle->b));
    }
    if (is_clogged) return "clogged";
    return is_slow ? "slow" : "up";
}

void SimNetwork::tell_link(NodeId from, NodeId to) {
    for (std::size_t a = 1; a <= machines_.size(); ++a) {
        for (std::size_t b = 1; b <= machines_.size(); ++b) {
            const NodeId source(static_cast<std::int32_t>(a));
            const NodeId target(static_cast<std::int32_t>(b));
            if (a == b || !matches(from, source) || !matches(to, target)) continue;
            engine_.emit(no_node,
                         trace::kinds::LinkChanged{source, target, state_of(source, target)});
        }
    }
}

// What the links that a fault concerns are like now.
void SimNetwork::tell_links(const Fault& fault) {
    const auto both = [&](NodeId a, NodeId b) {
        tell_link(a, b);
        if (a != b) tell_link(b, a);
    };
    std::visit(overloaded{[&](const Cut& f) { both(f.a, f.b); },
                          [&](const CutOneWay& f) { tell_link(f.from, f.to); },
                          [&](const Clog& f) { both(f.a, f.b); },
                          [&](const SlowLink& f) { both(f.a, f.b); },
                          [&](const Throttle& f) { both(f.a, f.b); },
                          [](const auto&) {}},
               fault);
}

void SimNetwork::inject(ActiveFault& fault) {
    if (const auto* reset = std::get_if<Reset>(&fault.fault)) {
        reset_all(reset->a, reset->b, fault);
        return;
    }
    if (const auto* half = std::get_if<HalfOpen>(&fault.fault)) {
        forget_all(half->silent, half->other, fault);
        return;
    }
    faults_.push_back(&fault);
    tell_links(fault.fault);
}

void SimNetwork::heal(ActiveFault& fault) {
    std::erase(faults_, &fault);
    tell_links(fault.fault);
    judge_held_again();
}

void SimNetwork::reset_all(NodeId a, NodeId b, ActiveFault& fault) {
    for (const auto& joint : joints_) {
        if (joint == nullptr) continue;
        Packet packet;
        packet.from = joint->sides[0].owner.node;
        packet.to = joint->sides[1].owner.node;
        if (!is_between(packet, a, b)) continue;
        if (joint->sides[0].state != SideState::open && joint->sides[1].state != SideState::open)
            continue;
        ++fault.bites;
        fail(*joint, 0, IoCode::reset, "reset");
        fail(*joint, 1, IoCode::reset, "reset");
    }
}

void SimNetwork::forget_all(NodeId silent, NodeId other, ActiveFault& fault) {
    for (const auto& joint : joints_) {
        if (joint == nullptr) continue;
        for (std::size_t side = 0; side < 2; ++side) {
            if (!matches(silent, joint->sides[side].owner.node)) continue;
            if (!matches(other, joint->sides[1 - side].owner.node)) continue;
            if (joint->sides[side].state != SideState::open) continue;
            ++fault.bites;
            fail(*joint, side, IoCode::reset, "reset");
            joint->sides[side].state = SideState::mute;
        }
    }
}

// --- machines -----------------------------------------------------------------------------------

void SimNetwork::process_died(NodeId node) {
    for (auto entry = listeners_.begin(); entry != listeners_.end();) {
        if (entry->second.owner.node != node) {
            ++entry;
            continue;
        }
        engine_.after_event([gone = std::move(entry->second.accepting)] {});
        entry = listeners_.erase(entry);
    }
    for (auto entry = attempts_.begin(); entry != attempts_.end();) {
        if (entry->second.owner.node != node) {
            ++entry;
            continue;
        }
        engine_.after_event([gone = std::move(entry->second.done)] {});
        entry = attempts_.erase(entry);
    }
    for (const auto& joint : joints_) {
        if (joint == nullptr) continue;
        for (std::size_t side = 0; side < 2; ++side) {
            Side& mine = joint->sides[side];
            const bool is_mine = mine.owner.node == node;
            if (!is_mine || mine.state == SideState::forgotten || mine.state == SideState::mute)
                continue;
            if (mine.state == SideState::open) {
                fail(*joint, side, IoCode::reset, "crash");
                reset_peer(*joint, side);
            }
        }
    }
}

void SimNetwork::machine_died(NodeId node) {
    machines_[static_cast<std::size_t>(node.value()) - 1].is_on = false;
    for (const auto& joint : joints_) {
        if (joint == nullptr) continue;
        for (std::size_t side = 0; side < 2; ++side) {
            if (joint->sides[side].owner.node != node) continue;
            if (joint->sides[side].state == SideState::forgotten) continue;
            fail(*joint, side, IoCode::reset, "crash");
        }
    }
    process_died(node);
}

void SimNetwork::switch_on(NodeId node) {
    machines_[static_cast<std::size_t>(node.value()) - 1].is_on = true;
}

}  // namespace glasslog::sim
