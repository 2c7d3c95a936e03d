#pragma once

#include "core/trace/snapshot.hpp"
#include "gui/scene/scene.hpp"

#include <vector>

namespace glasslog::gui {

// What the lanes are a function of. skipped: logs hidden above. has_quorum: the metadata log has a
// picture of its own, and no lane.
struct LaneInput {
    const trace::Snapshot& now;
    QSizeF size;
    QString selected;
    std::size_t skipped = 0;
    bool has_quorum = false;
};

// One lane a replica: the newest records as cells, the high watermark as a flag, the log end as a
// bracket, what is synced as a bar below, what was lost in a row of its own, and where clients
// stand. A lane that does not fit is left out. Cells are records, or whole batches when the
// interesting part is too long. Ids: "log:NAME" and "batch:EVENT".
Scene layout_lanes(const LaneInput& input);

// "open", "recovering", "closed"; since a power loss "all synced" or "tail unsure".
QString state_words(const trace::ReplicaPicture& log);

// "?" while nobody has told it.
QString watermark_text(const trace::ReplicaPicture& log);

// By name, those that Kafka itself keeps (their names begin with "__") last, and the empty ones
// behind the others.
std::vector<const trace::ReplicaPicture*> logs_in_order(const trace::Snapshot& snapshot);

}  // namespace glasslog::gui
