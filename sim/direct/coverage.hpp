#pragma once

// What runs have seen: how often each kind of fault bit, and which moves between roles were made.

#include "core/raft/state.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace glasslog::sim::direct {

enum class Bite : std::uint8_t {
    drop,
    failure,
    duplicate,
    reorder,
    crash,
    lost_unsynced,
    restart,
    cut,
    pause,
    wipe,
    refused,
    reset,
    snapshot,
    install,
    voters_change,
    upgrade,
    resign,
};

inline constexpr std::size_t bite_count = 17;

// How often each kind of fault changed something.
using Bites = std::array<std::uint64_t, bite_count>;

std::string_view name_of(Bite bite);

// How a node looks from outside: the words of raft::role_name.
enum class Look : std::uint8_t {
    unattached,
    voted,
    observer,
    prospective,
    candidate,
    follower,
    leader,
    resigned,
};

inline constexpr std::size_t look_count = 8;

std::string_view name_of(Look look);

struct Face {
    Look look = Look::unattached;
    LeaderEpoch epoch;
    bool knows_leader = false;
};

Face face_of(const raft::State& state);

// One move: to which look, in a higher epoch or not, knowing a leader then or not.
struct Move {
    Look from = Look::unattached;
    Look to = Look::unattached;
    bool is_epoch_higher = false;
    bool knows_leader = false;
};

// How often each move was made.
class Coverage {
public:
    void see(const Face& before, const Face& after) {
        ++counts_[index({before.look, after.look, after.epoch > before.epoch, after.knows_leader})];
    }

    std::uint64_t count(const Move& move) const { return counts_[index(move)]; }

    void add(const Coverage& other) {
        for (std::size_t i = 0; i < counts_.size(); ++i)
            counts_[i] += other.counts_[i];
    }

private:
    static std::size_t index(const Move& move) {
        const std::size_t pair =
            static_cast<std::size_t>(move.from) * look_count + static_cast<std::size_t>(move.to);
        return pair * 4 + (move.is_epoch_higher ? 2U : 0U) + (move.knows_leader ? 1U : 0U);
    }

    std::array<std::uint64_t, look_count * look_count * 4> counts_{};
};

}  // namespace glasslog::sim::direct
