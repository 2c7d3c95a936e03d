#include "core/replication/isr.hpp"

#include <algorithm>

namespace glasslog::replication {

std::int64_t effective_min_isr(const State& state) {
    return std::min(state.config.min_insync_replicas,
                    static_cast<std::int64_t>(state.replicas.size()));
}

bool has_enough_replicas(const State& state) {
    return static_cast<std::int64_t>(state.isr.size()) >= effective_min_isr(state);
}

bool commits_alone(const State& state) {
    return has_enough_replicas(state) && state.isr.size() <= 1;
}

}  // namespace glasslog::replication
