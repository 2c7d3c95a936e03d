#pragma once

// A picture as plain drawables with ids. Layouts make it, the painter draws it, the mouse and the
// tests ask it; nobody else knows where anything stands.

#include <QColor>
#include <QPolygonF>
#include <QRectF>
#include <QString>

#include <cstdint>
#include <vector>

namespace glasslog::gui {

enum class Shape : std::uint8_t { rectangle, ellipse, polygon, line, text };

enum class Fill : std::uint8_t { none, solid, hatched };

// How a shape looks: its outline, and what is inside.
struct Look {
    QColor line;
    qreal width = 1;
    Qt::PenStyle dash = Qt::SolidLine;
    Fill fill = Fill::none;
    QColor color;  // of the fill or the hatch
    qreal corner = 0;

    static Look stroke(const QColor& color, qreal width = 1, Qt::PenStyle dash = Qt::SolidLine) {
        return {.line = color, .width = width, .dash = dash, .color = {}};
    }

    static Look solid(const QColor& color, qreal corner = 0) {
        return {.line = {}, .width = 0, .fill = Fill::solid, .color = color, .corner = corner};
    }

    // Filled, with an outline.
    static Look framed(const QColor& line, qreal width, const QColor& color, qreal corner = 0) {
        return {line, width, Qt::SolidLine, Fill::solid, color, corner};
    }
};

struct Letters {
    QColor color;
    int pixels = 13;
    bool is_bold = false;
    Qt::Alignment alignment = Qt::AlignLeft;  // and in the middle vertically

    static Letters small(const QColor& color, bool is_bold = false) {
        return {.color = color, .pixels = 11, .is_bold = is_bold};
    }

    static Letters strong(const QColor& color) { return {.color = color, .is_bold = true}; }

    Letters aligned(Qt::Alignment to) const { return {color, pixels, is_bold, to}; }

    // Of one line, with a little room.
    qreal width(const QString& text) const;
};

// id: what it stands for ("node:1"), several drawables may share it; empty: decoration.
struct Drawable {
    Shape shape = Shape::rectangle;
    QString id;
    QRectF box;        // of every shape; the ends of a line are in points
    QPolygonF points;  // polygon and line
    Look look;
    QString text;
    Letters letters;
};

class Scene {
public:
    explicit Scene(QSizeF size = {}) : size_(size) {}

    void rectangle(QRectF box, const Look& look, const QString& id = {}) {
        drawables_.push_back({Shape::rectangle, id, box, {}, look, {}, {}});
    }

    void ellipse(QRectF box, const Look& look, const QString& id = {}) {
        drawables_.push_back({Shape::ellipse, id, box, {}, look, {}, {}});
    }

    void polygon(QPolygonF points, const Look& look, const QString& id = {});
    void line(QPointF from, QPointF to, const Look& look, const QString& id = {});

    // Inside the box; what does not fit is elided at the right.
    void text(QRectF box, const QString& text, const Letters& letters, const QString& id = {});

    // An X, reaching `radius` from the center.
    void cross(QPointF center, qreal radius);

    // One line, its left middle at `at`; returns its right middle.
    QPointF text_at(QPointF at, const QString& text, const Letters& letters);

    // Everything of another one, above what is here.
    void add(const Scene& scene) {
        drawables_.insert(drawables_.end(), scene.drawables_.begin(), scene.drawables_.end());
    }

    QSizeF size() const { return size_; }

    const std::vector<Drawable>& drawables() const { return drawables_; }

    // The id of the topmost drawable with one at that point; lines within 6 pixels. Empty: none.
    QString hit(QPointF point) const;

    // Its texts, for screen readers.
    QString words() const;

private:
    QSizeF size_;
    std::vector<Drawable> drawables_;
};

}  // namespace glasslog::gui
