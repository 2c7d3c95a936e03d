#pragma once

// The mark of a message: shape and colour tell the API's family, filled a request, hollow a
// response.

#include "gui/scene/scene.hpp"

#include <cstdint>

namespace glasslog::gui {

enum class Family : std::uint8_t { produce, consume, replication, quorum, group, metadata };

Family family_of(std::int16_t api_key, bool is_between_brokers);

// "Produce", "Fetch", …; "request 99" when unknown.
QString api_name(std::int16_t api_key);

QString family_name(Family family);

void add_mark(Scene& scene, Family family, QPointF center, bool is_response, const QString& id);

// An X of 3 pixels, reaching `radius` from the center.
void add_cross(Scene& scene, QPointF center, qreal radius);

// A regular polygon, the first corner above.
QPolygonF polygon_around(QPointF center, qreal radius, int corners);

}  // namespace glasslog::gui
