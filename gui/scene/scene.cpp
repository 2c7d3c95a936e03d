#include "gui/scene/scene.hpp"

#include "gui/scene/theme.hpp"

#include <QFontMetricsF>
#include <QLineF>
#include <QStringList>

#include <algorithm>
#include <utility>

namespace glasslog::gui {
namespace {

constexpr qreal reach = 6;  // of a click on a line

bool contains(const Drawable& drawable, QPointF point) {
    if (drawable.shape != Shape::line) return drawable.box.contains(point);
    const QPointF from = drawable.points.front();
    const QPointF along = drawable.points.back() - from;
    const qreal length = QPointF::dotProduct(along, along);
    const qreal part = length > 0 ? QPointF::dotProduct(point - from, along) / length : 0;
    return QLineF(point, from + along * std::clamp(part, 0.0, 1.0)).length() <= reach;
}

}  // namespace

qreal Letters::width(const QString& text) const {
    return QFontMetricsF(theme::font(pixels, is_bold)).horizontalAdvance(text) + 2;
}

void Scene::polygon(QPolygonF points, const Look& look, const QString& id) {
    const QRectF box = points.boundingRect();
    drawables_.push_back({Shape::polygon, id, box, std::move(points), look, {}, {}});
}

void Scene::line(QPointF from, QPointF to, const Look& look, const QString& id) {
    const QPolygonF points({from, to});
    drawables_.push_back({Shape::line, id, points.boundingRect(), points, look, {}, {}});
}

void Scene::text(QRectF box, const QString& text, const Letters& letters, const QString& id) {
    if (!text.isEmpty()) drawables_.push_back({Shape::text, id, box, {}, {}, text, letters});
}

void Scene::cross(QPointF center, qreal r) {
    const Look look = Look::stroke(theme::trouble, 3);
    line(center + QPointF(-r, -r), center + QPointF(r, r), look);
    line(center + QPointF(-r, r), center + QPointF(r, -r), look);
}

QPointF Scene::text_at(QPointF at, const QString& text, const Letters& letters) {
    const qreal width = letters.width(text);
    this->text({at.x(), at.y() - 9, width, 18}, text, letters);
    return at + QPointF(width, 0);
}

QString Scene::hit(QPointF point) const {
    const auto found = std::find_if(drawables_.rbegin(), drawables_.rend(), [&](const Drawable& d) {
        return !d.id.isEmpty() && contains(d, point);
    });
    return found == drawables_.rend() ? QString() : found->id;
}

QString Scene::words() const {
    QStringList words;
    for (const Drawable& drawable : drawables_) {
        if (drawable.shape == Shape::text) words += drawable.text;
    }
    return words.join(QLatin1Char('\n'));
}

}  // namespace glasslog::gui
