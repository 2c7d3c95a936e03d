#include "gui/scene/marks.hpp"

#include "gui/scene/theme.hpp"

#include <QFontMetricsF>
#include <QObject>

#include <cmath>
#include <map>
#include <numbers>

namespace glasslog::gui {
namespace {

QColor color_of(Family family) {
    switch (family) {
        case Family::produce:
            return theme::produce;
        case Family::consume:
        case Family::group:
            return theme::consume;
        case Family::replication:
            return theme::replication;
        case Family::quorum:
            return theme::quorum;
        case Family::metadata:
            return theme::ink;
    }
    return theme::ink;
}

QPolygonF regular_polygon(QPointF center, qreal radius, int corners) {
    QPolygonF points;
    for (int i = 0; i < corners; ++i) {
        const qreal angle = 2 * std::numbers::pi * i / corners - std::numbers::pi / 2;
        points += center + radius * QPointF(std::cos(angle), std::sin(angle));
    }
    return points;
}

int corners_of(Family family) {
    switch (family) {
        case Family::replication:
            return 3;
        case Family::quorum:
            return 4;
        case Family::metadata:
            return 5;
        case Family::group:
            return 6;
        case Family::produce:
        case Family::consume:
            return 0;
    }
    return 0;
}

}  // namespace

Family family_of(std::int16_t api_key, bool is_to_broker) {
    switch (api_key) {
        case 0:
        case 22:
            return Family::produce;
        case 1:
            return is_to_broker ? Family::replication : Family::consume;
        case 2:
            return Family::consume;
        case 8:
        case 9:
        case 11:
        case 12:
        case 13:
        case 14:
            return Family::group;
        case 52:
        case 53:
        case 54:
        case 59:
            return Family::quorum;
        default:
            return Family::metadata;
    }
}

QString api_name(std::int16_t api_key) {
    static const std::map<int, const char*> names = {{0, "Produce"},
                                                     {1, "Fetch"},
                                                     {2, "ListOffsets"},
                                                     {3, "Metadata"},
                                                     {18, "ApiVersions"},
                                                     {19, "CreateTopics"},
                                                     {20, "DeleteTopics"},
                                                     {21, "DeleteRecords"},
                                                     {22, "InitProducerId"},
                                                     {23, "OffsetForLeaderEpoch"},
                                                     {32, "DescribeConfigs"},
                                                     {35, "DescribeLogDirs"},
                                                     {37, "CreatePartitions"},
                                                     {44, "IncrementalAlterConfigs"},
                                                     {60, "DescribeCluster"},
                                                     {75, "DescribeTopicPartitions"}};
    const auto found = names.find(api_key);
    if (found != names.end()) return QString::fromLatin1(found->second);
    return QObject::tr("request %1").arg(api_key);
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
    const QColor color = color_of(family);
    const bool has_ink_outline = family == Family::consume && !is_response;
    const Look look{.line = has_ink_outline ? theme::ink : color,
                    .width = is_response ? 2.4 : 1.0,
                    .fill = Fill::solid,
                    .color = is_response ? theme::paper : color};
    const qreal r = theme::mark_radius;
    if (family == Family::produce) {
        scene.ellipse({center.x() - r, center.y() - r, 2 * r, 2 * r}, look, id);
    } else if (family == Family::consume) {
        scene.rectangle({center.x() - r + 1, center.y() - r + 1, 2 * r - 2, 2 * r - 2}, look, id);
    } else {
        scene.polygon(regular_polygon(center, r * 1.15, corners_of(family)), look, id);
    }
}

void add_cross(Scene& scene, QPointF center) {
    const Look look{.line = theme::trouble, .width = 3};
    const qreal r = theme::mark_radius + 3;
    scene.line(center + QPointF(-r, -r), center + QPointF(r, r), look);
    scene.line(center + QPointF(-r, r), center + QPointF(r, -r), look);
}

QPointF add_caption(Scene& scene, QPointF at, const QString& text) {
    const qreal width = QFontMetricsF(theme::font(theme::body)).horizontalAdvance(text) + 2;
    const Letters letters{.color = theme::ink,
                          .pixels = theme::body,
                          .alignment = Qt::AlignLeft | Qt::AlignVCenter};
    scene.text({at.x(), at.y() - 9, width, 18}, text, letters);
    return at + QPointF(width + 18, 0);
}

}  // namespace glasslog::gui
