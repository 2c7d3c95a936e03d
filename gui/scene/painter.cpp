#include "gui/scene/painter.hpp"

#include "gui/scene/theme.hpp"

#include <QFontMetricsF>
#include <QPainter>

namespace glasslog::gui {
namespace {

QBrush brush(const Look& look) {
    switch (look.fill) {
        case Fill::none:
            return Qt::NoBrush;
        case Fill::solid:
            return look.color;
        case Fill::hatched:
            return QBrush(look.color, Qt::BDiagPattern);
    }
    return Qt::NoBrush;
}

QPen pen(const Look& look) {
    if (look.width <= 0 || !look.line.isValid()) return Qt::NoPen;
    QPen out(look.line, look.width, look.dash, Qt::FlatCap, Qt::MiterJoin);
    if (look.dash == Qt::DashLine) out.setDashPattern({4, 3});
    return out;
}

void paint_text(QPainter& painter, const Drawable& drawable) {
    const QFont font = theme::font(drawable.letters.pixels, drawable.letters.is_bold);
    painter.setFont(font);
    painter.setPen(drawable.letters.color);
    const QString text =
        QFontMetricsF(font).elidedText(drawable.text, Qt::ElideRight, drawable.box.width() + 1);
    const int flags = int(drawable.letters.alignment | Qt::AlignVCenter) | Qt::TextSingleLine;
    painter.drawText(drawable.box, flags, text);
}

void paint_shape(QPainter& painter, const Drawable& drawable) {
    const Look& look = drawable.look;
    painter.setPen(pen(look));
    painter.setBrush(brush(look));
    switch (drawable.shape) {
        case Shape::rectangle:
            painter.drawRoundedRect(drawable.box, look.corner, look.corner);
            break;
        case Shape::ellipse:
            painter.drawEllipse(drawable.box);
            break;
        case Shape::polygon:
            painter.drawPolygon(drawable.points);
            break;
        case Shape::line:
            painter.drawLine(drawable.points.front(), drawable.points.back());
            break;
        case Shape::text:
            break;
    }
}

}  // namespace

void paint(QPainter& painter, const Scene& scene) {
    painter.setRenderHint(QPainter::Antialiasing);
    for (const Drawable& drawable : scene.drawables()) {
        if (drawable.shape == Shape::text) {
            paint_text(painter, drawable);
        } else {
            paint_shape(painter, drawable);
        }
    }
}

}  // namespace glasslog::gui
