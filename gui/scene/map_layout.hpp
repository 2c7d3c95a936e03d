#pragma once

#include "core/trace/snapshot.hpp"
#include "gui/scene/scene.hpp"

namespace glasslog::gui {

// What the map is a function of. `all` is the picture at the end of the trace: it fixes who has a
// place, so that places do not depend on time. selected: an id of the Scene, or empty.
struct MapInput {
    const trace::Snapshot& now;
    const trace::Snapshot& all;
    Instant time;
    QSizeF size;
    QString selected;
};

// Brokers above, clients below, links between, messages in flight at
// (time - sent) / (due - sent) of their way. Ids: "node:1", "link:1001:1" (client, broker),
// "message:EVENT".
Scene layout_map(const MapInput& input);

// Where a message is: 0 at its sender, 1 at its receiver. At its sender when its arrival is not
// known.
qreal progress(const trace::MessagePicture& message, Instant time);

}  // namespace glasslog::gui
