#pragma once

// What a node tells a person: the lines of a broker's log.

#include "core/trace/kinds/kind.hpp"

#include <cstdint>
#include <string>

namespace glasslog::trace::kinds {

// level: of trace::LogLevel. room: the folder that says it ("rpc"). text: one sentence.
struct LogLine {
    static constexpr KindFacts kind{160, "log_line", Level::log};

    std::int8_t level = 0;
    std::string room;
    std::string text;

    static void walk(auto& self, auto& w) {
        w.field("level", self.level);
        w.field("room", self.room);
        w.field("text", self.text);
    }
};

}  // namespace glasslog::trace::kinds
