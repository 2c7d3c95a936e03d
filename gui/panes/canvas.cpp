#include "gui/panes/canvas.hpp"

#include "gui/scene/theme.hpp"

#include <QAccessible>
#include <QFontMetricsF>
#include <QMouseEvent>
#include <QPainter>

namespace glasslog::gui {
namespace {

QBrush brush(const Look& look) {
    if (look.fill == Fill::none) return Qt::NoBrush;
    return QBrush(look.color, look.fill == Fill::solid ? Qt::SolidPattern : Qt::BDiagPattern);
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

void paint(QPainter& painter, const Drawable& drawable) {
    const Look& look = drawable.look;
    painter.setPen(pen(look));
    painter.setBrush(brush(look));
    switch (drawable.shape) {
        case Shape::rectangle:
            return painter.drawRoundedRect(drawable.box, look.corner, look.corner);
        case Shape::ellipse:
            return painter.drawEllipse(drawable.box);
        case Shape::polygon:
            return painter.drawPolygon(drawable.points);
        case Shape::line:
            return painter.drawLine(drawable.points.front(), drawable.points.back());
        case Shape::text:
            return paint_text(painter, drawable);
    }
}

}  // namespace

Canvas::Canvas(const QString& name, Layout layout) : layout_(std::move(layout)) {
    setAccessibleName(name);
    setObjectName(name);
}

void Canvas::refresh() {
    scene_ = layout_(size());
    if (QAccessible::isActive()) setAccessibleDescription(scene_.words());
    update();
}

void Canvas::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.fillRect(rect(), theme::paper);
    painter.setRenderHint(QPainter::Antialiasing);
    for (const Drawable& drawable : scene_.drawables())
        paint(painter, drawable);
}

void Canvas::mousePressEvent(QMouseEvent* event) {
    emit touched(scene_.hit(event->position()), event->position());
}

void Canvas::mouseMoveEvent(QMouseEvent* event) {
    if (event->buttons().testFlag(Qt::LeftButton)) emit touched({}, event->position());
}

void Canvas::wheelEvent(QWheelEvent* event) {
    emit wheeled(-event->angleDelta().y() / 2);
}

}  // namespace glasslog::gui
