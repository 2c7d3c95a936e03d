#include "core/trace/diff.hpp"

#include "core/trace/fold.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace glasslog::trace {
namespace {

bool is_same(const Event& a, const Event& b) {
    return a.time == b.time && a.node == b.node && a.kind == b.kind && a.payload == b.payload;
}

std::string side(const char* label, const std::optional<Event>& event, const Snapshot& names) {
    return fmt::format("{} {}\n", label, event ? event_text(*event, names) : "(ended)");
}

}  // namespace

std::optional<Divergence> first_divergence(std::span<const Event> left,
                                           std::span<const Event> right) {
    const auto [a, b] =
        std::mismatch(left.begin(), left.end(), right.begin(), right.end(), is_same);
    if (a == left.end() && b == right.end()) return std::nullopt;
    Divergence divergence;
    divergence.position = static_cast<std::size_t>(a - left.begin());
    if (a != left.end()) divergence.left = *a;
    if (b != right.end()) divergence.right = *b;
    return divergence;
}

std::string diff_text(std::span<const Event> left, std::span<const Event> right) {
    const auto divergence = first_divergence(left, right);
    if (!divergence) {
        TraceHash hash;
        for (const Event& event : left)
            hash.add(event);
        return fmt::format("equal: {} events, hash {:016x}\n", left.size(), hash.value());
    }
    Snapshot names;
    for (const Event& event : left.first(divergence->position))
        apply(names, event);
    std::string out = fmt::format("{} equal events, then:\n", divergence->position);
    if (divergence->position > 0) {
        out += side("  both ", left[divergence->position - 1], names);
    }
    return out + side("  left ", divergence->left, names) +
           side("  right", divergence->right, names);
}

}  // namespace glasslog::trace
