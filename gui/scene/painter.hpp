#pragma once

#include "gui/scene/scene.hpp"

class QPainter;

namespace glasslog::gui {

// Draws a Scene; knows nothing of what it means.
void paint(QPainter& painter, const Scene& scene);

}  // namespace glasslog::gui
