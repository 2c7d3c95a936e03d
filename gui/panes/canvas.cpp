#include "gui/panes/canvas.hpp"

#include "gui/scene/painter.hpp"
#include "gui/scene/theme.hpp"

#include <QMouseEvent>
#include <QPainter>

namespace glasslog::gui {

Canvas::Canvas(const QString& name, Layout layout, QWidget* parent)
    : QWidget(parent), layout_(std::move(layout)) {
    setAccessibleName(name);
    setObjectName(name);
}

void Canvas::refresh() {
    scene_ = layout_(size());
    setAccessibleDescription(scene_.describe());
    update();
}

void Canvas::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.fillRect(rect(), theme::paper);
    paint(painter, scene_);
}

void Canvas::resizeEvent(QResizeEvent*) {
    refresh();
}

void Canvas::mousePressEvent(QMouseEvent* event) {
    const QString id = scene_.hit(event->position());
    if (event->button() == Qt::RightButton) {
        emit menu_wanted(id, event->globalPosition().toPoint());
    } else {
        emit touched(id, event->position());
    }
}

void Canvas::mouseMoveEvent(QMouseEvent* event) {
    if (event->buttons().testFlag(Qt::LeftButton)) emit touched({}, event->position());
}

void Canvas::wheelEvent(QWheelEvent* event) {
    emit wheeled(-event->angleDelta().y() / 2);
}

}  // namespace glasslog::gui
