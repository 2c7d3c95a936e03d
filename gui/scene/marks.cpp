#include "gui/scene/marks.hpp"

#include "core/protocol/api.hpp"
#include "gui/scene/theme.hpp"

#include <QObject>

#include <cmath>
#include <numbers>

namespace glasslog::gui {
namespace {

// corners: 0 a circle, 4 standing on a corner a diamond.
struct FamilyLook {
    QColor color;
    int corners;
};

FamilyLook look_of(Family family) {
    switch (family) {
        case Family::produce:
            return {theme::produce, 0};
        case Family::consume:
            return {theme::consume, 0};
        case Family::replication:
            return {theme::replication, 3};
        case Family::quorum:
            return {theme::quorum, 4};
        case Family::metadata:
            return {theme::ink, 5};
        case Family::group:
            return {theme::consume, 6};
    }
    return {theme::ink, 0};
}

}  // namespace

QPolygonF polygon_around(QPointF center, qreal radius, int corners) {
    QPolygonF points;
    for (int i = 0; i < corners; ++i) {
        const qreal angle = 2 * std::numbers::pi * i / corners - std::numbers::pi / 2;
        points += center + radius * QPointF(std::cos(angle), std::sin(angle));
    }
    return points;
}

Family family_of(std::int16_t api_key, bool is_between_brokers) {
    if (api_key == 1 && is_between_brokers) return Family::replication;
    if (api_key == 0 || api_key == 22) return Family::produce;
    if (api_key == 1 || api_key == 2) return Family::consume;
    if (api_key >= 8 && api_key <= 16) return Family::group;
    if (api_key >= 52 && api_key <= 55) return Family::quorum;
    return Family::metadata;
}

QString api_name(std::int16_t api_key) {
    return QString::fromStdString(protocol::api_name(static_cast<protocol::ApiKey>(api_key)));
}

QString family_name(Family family) {
    switch (family) {
        case Family::produce:
            return QObject::tr("Produce");
        case Family::consume:
            return QObject::tr("Consumer fetch");
        case Family::replication:
            return QObject::tr("Replication");
        case Family::quorum:
            return QObject::tr("Quorum");
        case Family::group:
            return QObject::tr("Group");
        case Family::metadata:
            return QObject::tr("Metadata, admin");
    }
    return {};
}

void add_mark(Scene& scene, Family family, QPointF center, bool is_response, const QString& id) {
    const auto [color, corners] = look_of(family);
    const bool has_ink_outline = family == Family::consume && !is_response;
    const Look look{.line = has_ink_outline ? theme::ink : color,
                    .width = is_response ? 2.4 : 1.0,
                    .fill = Fill::solid,
                    .color = is_response ? theme::paper : color};
    const qreal r = theme::mark_radius;
    if (corners > 0) {
        scene.polygon(polygon_around(center, r * 1.15, corners), look, id);
    } else if (family == Family::produce) {
        scene.ellipse({center.x() - r, center.y() - r, 2 * r, 2 * r}, look, id);
    } else {
        scene.rectangle({center.x() - r + 1, center.y() - r + 1, 2 * r - 2, 2 * r - 2}, look, id);
    }
}

void add_cross(Scene& scene, QPointF center, qreal r) {
    const Look look = Look::stroke(theme::trouble, 3);
    scene.line(center + QPointF(-r, -r), center + QPointF(r, r), look);
    scene.line(center + QPointF(-r, r), center + QPointF(r, -r), look);
}

}  // namespace glasslog::gui
