#pragma once

// Which names a topic may have.

#include <optional>
#include <string>
#include <string_view>

namespace glasslog::metadata {

// Empty when the name is legal: 1 to 249 of [a-zA-Z0-9._-], not "." or "..". Otherwise a sentence
// for the person who sent it.
std::optional<std::string> topic_name_complaint(std::string_view name);

}  // namespace glasslog::metadata
