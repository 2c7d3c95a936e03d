#pragma once

#include <string>
#include <string_view>

namespace glasslog::trace {

// A JSON string with its quotes; bytes that are not UTF-8 become U+FFFD.
std::string json_string(std::string_view text);

}  // namespace glasslog::trace
