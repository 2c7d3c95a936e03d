#include "core/metadata/soft.hpp"

#include <algorithm>

namespace glasslog::metadata {

Instant Soft::next_deadline() const {
    Instant next = std::min({balance_at, unclean_at, no_op_at});
    for (const auto& [broker, session] : sessions)
        next = std::min(next, session.deadline);
    return next;
}

bool Soft::is_alive(NodeId broker, Instant now) const {
    const auto at = sessions.find(broker);
    return at != sessions.end() && now < at->second.deadline;
}

}  // namespace glasslog::metadata
