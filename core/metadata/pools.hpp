#pragma once

// Pools of threads, whose size a running broker changes step by step.

#include "core/metadata/configs.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace glasslog::metadata {

// Such a key changes by at most a factor of two at a time, of what the broker of `layers` has.
// Empty for other keys, for what is no number, and when `value` is right; otherwise a sentence for
// the person who sent it.
std::optional<std::string> pool_complaint(const ConfigLayers& layers,
                                          std::string_view name,
                                          std::string_view value);

}  // namespace glasslog::metadata
