#pragma once

#include "gui/model/session.hpp"
#include "gui/scene/scene.hpp"

namespace glasslog::gui {

// The time axis: marks of the story, and the moment shown. Pixels and Instants are the same thing
// twice.
class TimeAxis {
public:
    TimeAxis(qreal width, Instant edge);

    qreal x_of(Instant time) const;
    Instant time_at(qreal x) const;

    // Between two labelled ticks: 1, 2 or 5 times a power of ten.
    Duration tick() const { return tick_; }

    Instant end() const { return end_; }

private:
    qreal width_;
    Instant end_;
    Duration tick_;
};

inline constexpr int time_height = 68;

Scene layout_time(const Session& session, QSizeF size);

}  // namespace glasslog::gui
