#pragma once

// Faults by chance: what a `chaos` line says (docs/scenario.md), as text, and as faults at times
// that the seed chooses. Each kind has keys of its own: one kind less moves no other.

#include "core/base/expected.hpp"
#include "sim/scenario.hpp"
#include "sim/token.hpp"
#include "sim/world.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace glasslog::sim {

// After the word "chaos".
Expected<Chaos, InputError> take_chaos(TokenLine& line);

// The kinds that a chaos line may name.
const std::vector<std::string>& chaos_words();

// Plays the chaos lines of a scenario.
class ChaosPlay {
public:
    // What is to happen now; `second`: the other end of a cut, "others" for everybody.
    struct Happening {
        const ChaosKind& kind;
        std::string target;
        std::string second;
        Duration lasting;
    };

    // happen: makes it happen. nodes: names of the targets.
    ChaosPlay(World& world, UniqueFunction<void(const Happening&)> happen)
        : world_(world), happen_(std::move(happen)) {}

    // Plans all of it.
    void begin(const Chaos& chaos, std::size_t number, std::vector<std::string> nodes);

private:
    struct Line {
        const Chaos& chaos;
        std::string key;  // of its draws
        std::vector<std::string> nodes;
        std::map<std::string, Instant> touched;  // until when
    };

    std::uint64_t draw(const std::string& key, std::uint64_t bound);
    void plan(Line& line, const ChaosKind& kind, Instant after);
    void fire(Line& line, const ChaosKind& kind);

    World& world_;
    UniqueFunction<void(const Happening&)> happen_;
    std::vector<std::unique_ptr<Line>> lines_;
};

}  // namespace glasslog::sim
