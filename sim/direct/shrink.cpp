#include "sim/direct/shrink.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::sim::direct {
namespace {

class Shrinker {
public:
    Shrinker(Script script, std::uint64_t replays_max)
        : best_(std::move(script)), replays_max_(replays_max) {}

    Shrunk run() {
        cut_tail();
        bool is_smaller = true;
        while (is_smaller && !is_out_of_breath()) {
            is_smaller = drop_chunks();
            is_smaller |= drop_nodes();
            is_smaller |= forget_times();
            is_smaller |= forget_numbers();
        }
        Shrunk shrunk{std::move(best_), replays_, !is_out_of_breath()};
        return shrunk;
    }

private:
    bool is_out_of_breath() const { return replays_ >= replays_max_; }

    // Keeps the candidate when it breaks the same theorem.
    bool attempt(Script candidate) {
        if (is_out_of_breath()) return false;
        ++replays_;
        const Replay result = replay(candidate.world, candidate.pace, candidate.commands);
        if (!result.finding || result.finding->theorem != candidate.expected) return false;
        candidate.commands.resize(result.used);
        best_ = std::move(candidate);
        return true;
    }

    void cut_tail() { attempt(best_); }

    bool drop_range(std::size_t begin, std::size_t count) {
        Script candidate = best_;
        const auto first = candidate.commands.begin() + static_cast<std::ptrdiff_t>(begin);
        const std::size_t rest = candidate.commands.size() - begin;
        candidate.commands.erase(first, first + static_cast<std::ptrdiff_t>(std::min(count, rest)));
        return attempt(std::move(candidate));
    }

    // Chunks from half of the list down to single commands, from the end to the front.
    bool drop_chunks() {
        bool has_dropped = false;
        for (std::size_t size = std::max<std::size_t>(best_.commands.size() / 2, 1);;) {
            bool has_dropped_one = false;
            for (std::size_t end = best_.commands.size(); end > 0;) {
                const std::size_t begin = end > size ? end - size : 0;
                has_dropped_one |= drop_range(begin, end - begin);
                end = std::min(begin, best_.commands.size());
            }
            has_dropped |= has_dropped_one;
            if (is_out_of_breath()) return has_dropped;
            if (size == 1 && !has_dropped_one) return has_dropped;
            if (size > 1) size /= 2;
        }
    }

    // The last observer, then the last spare, is not there.
    bool drop_nodes() {
        bool has_dropped = false;
        for (const auto field : {&WorldOptions::observers, &WorldOptions::spares}) {
            while (best_.world.*field > 0) {
                Script candidate = best_;
                --(candidate.world.*field);
                if (!attempt(std::move(candidate))) break;
                has_dropped = true;
            }
        }
        return has_dropped;
    }

    // Clocks that nobody needs to read.
    bool forget_times() {
        Script candidate = best_;
        for (Command& command : candidate.commands)
            command.at = Instant{};
        if (candidate.commands != best_.commands && attempt(candidate)) return true;
        bool has_forgotten = false;
        for (std::size_t i = 0; i < best_.commands.size(); ++i) {
            if (best_.commands[i].at == Instant{}) continue;
            Script one = best_;
            one.commands[i].at = Instant{};
            has_forgotten |= attempt(std::move(one));
        }
        return has_forgotten;
    }

    // "The oldest of its kind" reads better than "the 17th".
    bool forget_numbers() {
        bool has_forgotten = false;
        for (std::size_t i = 0; i < best_.commands.size(); ++i) {
            if (best_.commands[i].message.n == 0) continue;
            Script one = best_;
            one.commands[i].message.n = 0;
            has_forgotten |= attempt(std::move(one));
        }
        return has_forgotten;
    }

    Script best_;
    std::uint64_t replays_max_;
    std::uint64_t replays_ = 0;
};

}  // namespace

Shrunk shrink(const Script& script, std::uint64_t replays_max) {
    return Shrinker(script, replays_max).run();
}

}  // namespace glasslog::sim::direct
