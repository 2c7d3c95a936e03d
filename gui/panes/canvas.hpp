#pragma once

#include "gui/scene/scene.hpp"

#include <QWidget>

#include <functional>

namespace glasslog::gui {

// Shows a Scene that a layout makes for the canvas's size, and tells what the mouse did to it.
// Knows nothing of what it means.
class Canvas final : public QWidget {
    Q_OBJECT

public:
    using Layout = std::function<Scene(QSizeF size)>;

    Canvas(const QString& name, Layout layout);

    // Asks the layout again, now.
    void refresh();

    const Scene& scene() const { return scene_; }

signals:
    // A press, or a move with the left button down. id: what is there, may be empty.
    void touched(QString id, QPointF at);
    void wheeled(int pixels);

protected:
    void paintEvent(QPaintEvent* event) override;

    void resizeEvent(QResizeEvent*) override { refresh(); }

    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;

private:
    Layout layout_;
    Scene scene_;
};

}  // namespace glasslog::gui
