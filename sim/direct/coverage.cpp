#include "sim/direct/coverage.hpp"

#include "core/base/check.hpp"

namespace glasslog::sim::direct {
namespace {

constexpr std::array<std::string_view, bite_count> bite_names{{"drop",
                                                               "failure",
                                                               "duplicate",
                                                               "reorder",
                                                               "crash",
                                                               "lost-unsynced",
                                                               "restart",
                                                               "cut",
                                                               "pause",
                                                               "wipe",
                                                               "refused",
                                                               "reset",
                                                               "snapshot",
                                                               "install",
                                                               "voters-change",
                                                               "upgrade",
                                                               "resign"}};

constexpr std::array<std::string_view, look_count> look_names{{"unattached",
                                                               "voted",
                                                               "observer",
                                                               "prospective",
                                                               "candidate",
                                                               "follower",
                                                               "leader",
                                                               "resigned"}};

Look look_of(const raft::State& state) {
    switch (state.role) {
        case raft::Role::unattached:
            if (!state.is_voter()) return Look::observer;
            return state.voted.id == no_node ? Look::unattached : Look::voted;
        case raft::Role::prospective:
            return Look::prospective;
        case raft::Role::candidate:
            return Look::candidate;
        case raft::Role::follower:
            return state.is_voter() ? Look::follower : Look::observer;
        case raft::Role::leader:
            return Look::leader;
        case raft::Role::resigned:
            return Look::resigned;
    }
    UNREACHABLE("role {}", static_cast<int>(state.role));
}

}  // namespace

std::string_view name_of(Bite bite) {
    return bite_names.at(static_cast<std::size_t>(bite));
}

std::string_view name_of(Look look) {
    return look_names.at(static_cast<std::size_t>(look));
}

Face face_of(const raft::State& state) {
    return {look_of(state), state.epoch, state.leader != no_node};
}

}  // namespace glasslog::sim::direct
