#pragma once

// What every event kind declares: `static constexpr KindFacts kind`, its fields, and one `walk`
// over them (core/protocol/walk.hpp) from which encoder, decoder and printer are made. Numbers are
// stable and never reused; a field that is added later is a tagged one,
// which older readers skip. A kind is plain values, so that machines
// may make one as a note.

#include <cstdint>
#include <string_view>

namespace glasslog::trace {

// The same as runtime::TraceLevel, which machines do not see.
enum class Level : std::uint8_t { log, state, messages, bytes };

struct KindFacts {
    std::uint16_t number = 0;
    std::string_view name;
    Level level = Level::state;
};

}  // namespace glasslog::trace
