#pragma once

// JSON as the verbs print it: keys in the order written, bytes that are no UTF-8 told as hex.

#include "core/base/bytes.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>

namespace glasslog::cli {

using Json = nlohmann::ordered_json;

// Two spaces of indentation.
std::string to_text(const Json& json);

std::string to_line(const Json& json);

// A string; {"hex": "00ff"} when the bytes are no UTF-8; null for none.
Json json_of(const std::optional<Bytes>& bytes);

bool is_utf8(ByteView bytes);

}  // namespace glasslog::cli
