#pragma once

// What the tests ask a Scene.

#include "gui/scene/scene.hpp"

#include <QStringList>

namespace glasslog::gui {

// Around everything of that id; empty when there is none.
inline QRectF box_of(const Scene& scene, const QString& id) {
    QRectF box;
    for (const Drawable& drawable : scene.drawables()) {
        if (drawable.id == id) box = box.united(drawable.box);
    }
    return box;
}

// What it says, one line a drawable that has an id or a text, in order of drawing:
// "ellipse message:3 filled", "text 'b1'".
inline QString describe(const Scene& scene) {
    const QString shapes[] = {"rectangle", "ellipse", "polygon", "line"};
    QStringList lines;
    for (const Drawable& drawable : scene.drawables()) {
        if (drawable.shape == Shape::text) {
            lines += QStringLiteral("text '%1'").arg(drawable.text);
        } else if (!drawable.id.isEmpty()) {
            QString line = shapes[int(drawable.shape)] + QLatin1Char(' ') + drawable.id;
            if (drawable.look.fill == Fill::solid) line += QStringLiteral(" filled");
            if (drawable.look.fill == Fill::hatched) line += QStringLiteral(" hatched");
            if (drawable.look.dash != Qt::SolidLine) line += QStringLiteral(" dashed");
            lines += line;
        }
    }
    return lines.join(QLatin1Char('\n'));
}

}  // namespace glasslog::gui
