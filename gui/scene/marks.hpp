#pragma once

// The mark of a message: shape and colour tell the API's family, filled a request, hollow a
// response. And the legend that explains marks.

#include "gui/scene/scene.hpp"

#include <cstdint>

namespace glasslog::gui {

enum class Family : std::uint8_t { produce, consume, replication, quorum, group, metadata };

Family family_of(std::int16_t api_key, bool is_to_broker);

// "Produce", "Fetch", …; "request 99" when unknown.
QString api_name(std::int16_t api_key);

QString family_name(Family family);

void add_mark(Scene& scene, Family family, QPointF center, bool is_response, const QString& id);

// An X of 3 pixels over a mark.
void add_cross(Scene& scene, QPointF center);

// Draws text right of `at` (its left middle) and returns where the next thing may begin.
QPointF add_caption(Scene& scene, QPointF at, const QString& text);

}  // namespace glasslog::gui
