#pragma once

// Where two runs part.

#include "core/trace/event.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace glasslog::trace {

// position: of the first event that differs in time, node, kind or payload, or at which one run
// has ended.
struct Divergence {
    std::size_t position = 0;
    std::optional<Event> left;
    std::optional<Event> right;
};

std::optional<Divergence> first_divergence(std::span<const Event> left,
                                           std::span<const Event> right);

// "equal: 18402 events, hash 0x…", or the last common event and both that differ. For
// `glasslog sim trace diff`.
std::string diff_text(std::span<const Event> left, std::span<const Event> right);

}  // namespace glasslog::trace
