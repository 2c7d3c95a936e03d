#pragma once

#include "core/trace/snapshot.hpp"
#include "gui/scene/scene.hpp"

#include <vector>

namespace glasslog::gui {

// What the picture of the quorum is a function of. `all` is the picture at the end of the trace: it
// fixes who has a row. selected: an id of a Scene, or empty.
struct QuorumInput {
    const trace::Snapshot& now;
    const trace::Snapshot& all;
    Instant time;
    QSizeF size;
    QString selected;
};

// A row for each voter: what it is, whom it voted for, and its log of metadata. The columns are
// offsets, the same in every row, so that one sees who is behind and where logs differ; a cell's
// colour is its epoch's. Above: the epoch, who leads, how far is committed. An arrow is a vote, a
// dashed one a pre-vote; those with an X were refused. Ids: "node:1", "batch:EVENT".
Scene layout_quorum(const QuorumInput& input);

// Those that vote or have voted, by id.
std::vector<NodeId> voters_of(const trace::Snapshot& all);

// Several vote: there is something to show.
bool has_quorum(const trace::Snapshot& all);

// Of so many voters, with its legend.
int quorum_height(std::size_t voters);

}  // namespace glasslog::gui
