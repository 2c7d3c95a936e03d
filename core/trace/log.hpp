#pragma once

// Log lines are events like others; on a real node a sink writes those from `info` up to standard
// error.

#include "core/trace/event.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace glasslog::trace {

enum class LogLevel : std::int8_t { debug, info, warning, error };

// room: the folder that speaks ("rpc").
inline EventId log(runtime::Trace& trace, LogLevel level, std::string_view room, std::string text) {
    return emit(trace,
                kinds::LogLine{.level = static_cast<std::int8_t>(level),
                               .room = std::string(room),
                               .text = std::move(text)});
}

}  // namespace glasslog::trace
