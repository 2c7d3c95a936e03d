#include "sim/fault.hpp"

#include "core/base/overloaded.hpp"

#include <fmt/format.h>

namespace glasslog::sim {
namespace {

std::string node_name(NodeId node, const std::vector<std::string>& names) {
    if (node == no_node) return "others";
    const auto index = static_cast<std::size_t>(node.value()) - 1;
    return index < names.size() ? names[index] : fmt::format("node-{}", node);
}

}  // namespace

bool heals(const Fault& fault) {
    return std::visit(overloaded{[](const Crash&) { return false; },
                                 [](const PowerLoss&) { return false; },
                                 [](const Restart&) { return false; },
                                 [](const Reset&) { return false; },
                                 [](const HalfOpen&) { return false; },
                                 [](const BitRot&) { return false; },
                                 [](const ClockJump&) { return false; },
                                 [](const auto&) { return true; }},
                      fault);
}

std::string kind_of(const Fault& fault) {
    return std::visit(overloaded{[](const Crash&) { return "crash"; },
                                 [](const PowerLoss&) { return "power-loss"; },
                                 [](const Restart&) { return "restart"; },
                                 [](const Pause&) { return "pause"; },
                                 [](const Cut&) { return "cut"; },
                                 [](const CutOneWay&) { return "cut-one-way"; },
                                 [](const Clog&) { return "clog"; },
                                 [](const SlowLink&) { return "slow-link"; },
                                 [](const Throttle&) { return "throttle"; },
                                 [](const Reset&) { return "reset"; },
                                 [](const HalfOpen&) { return "half-open"; },
                                 [](const RefuseConnects&) { return "refuse-connects"; },
                                 [](const HangConnects&) { return "hang-connects"; },
                                 [](const SlowDisk&) { return "slow-disk"; },
                                 [](const StallDisk&) { return "stall-disk"; },
                                 [](const FullDisk&) { return "full-disk"; },
                                 [](const FailSync&) { return "fail-sync"; },
                                 [](const BitRot&) { return "bit-rot"; },
                                 [](const DeadDisk&) { return "dead-disk"; },
                                 [](const ClockSkew&) { return "clock-skew"; },
                                 [](const ClockDrift&) { return "clock-drift"; },
                                 [](const ClockJump&) { return "clock-jump"; }},
                      fault);
}

std::string text(const Fault& fault, const std::vector<std::string>& names) {
    const auto n = [&](NodeId node) { return node_name(node, names); };
    const auto pair = [&](NodeId a, NodeId b) { return fmt::format("{} | {}", n(a), n(b)); };
    const auto ms = [](Duration d) { return fmt::format("{}ms", d.milliseconds()); };
    const std::string object = std::visit(
        overloaded{
            [&](const PowerLoss& f) { return fmt::format("{} {}", n(f.node), text(f.model)); },
            [&](const Cut& f) { return pair(f.a, f.b); },
            [&](const CutOneWay& f) { return fmt::format("{} -> {}", n(f.from), n(f.to)); },
            [&](const Clog& f) { return pair(f.a, f.b); },
            [&](const SlowLink& f) { return pair(f.a, f.b) + " by " + ms(f.extra); },
            [&](const Throttle& f) {
                return fmt::format("{} to {}/s", pair(f.a, f.b), f.bytes_per_second);
            },
            [&](const Reset& f) { return pair(f.a, f.b); },
            [&](const HalfOpen& f) { return fmt::format("{} -> {}", n(f.silent), n(f.other)); },
            [&](const SlowDisk& f) { return fmt::format("{} x{}", n(f.node), f.factor); },
            [&](const FullDisk& f) { return fmt::format("{} after {}", n(f.node), f.free_bytes); },
            [&](const FailSync& f) { return fmt::format("{} {}", n(f.node), f.path); },
            [&](const BitRot& f) {
                return fmt::format("{} {} byte {} bit {}", n(f.node), f.path, f.position, f.bit);
            },
            [&](const ClockSkew& f) { return n(f.node) + " by " + ms(f.by); },
            [&](const ClockDrift& f) {
                return fmt::format("{} by {}ppm", n(f.node), f.parts_per_million);
            },
            [&](const ClockJump& f) {
                return fmt::format("{} by {} wall {}", n(f.node), ms(f.monotonic), ms(f.wall));
            },
            [&](const auto& f) { return n(f.node); }},
        fault);
    return kind_of(fault) + " " + object;
}

}  // namespace glasslog::sim
