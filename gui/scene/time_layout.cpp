#include "gui/scene/time_layout.hpp"

#include "gui/scene/theme.hpp"

#include <QObject>

#include <algorithm>

namespace glasslog::gui {
namespace {

constexpr qreal left_margin = 84;
constexpr qreal right_margin = 64;
constexpr qreal axis_y = 18;
constexpr qreal story_y = 46;
constexpr qreal strips_y = 66;
constexpr qreal strip_height = 22;
constexpr qreal bar_width = 4;

Letters letters(QColor color, Qt::Alignment alignment) {
    return {.color = color, .pixels = theme::small, .alignment = alignment | Qt::AlignVCenter};
}

QString tick_text(Instant time, Duration tick) {
    const std::int64_t ms = time.nanoseconds() / 1'000'000;
    if (tick < Duration::milliseconds(100)) return QObject::tr("%1 ms").arg(ms);
    if (tick >= Duration::seconds(1)) return QObject::tr("%1 s").arg(ms / 1000);
    return QObject::tr("%1.%2 s").arg(ms / 1000).arg(ms % 1000 / 100);
}

QColor color_of(MarkKind kind) {
    switch (kind) {
        case MarkKind::said:
            return theme::secondary;
        case MarkKind::start:
            return theme::replication;
        case MarkKind::cut:
            return theme::quorum;
        case MarkKind::fault:
        case MarkKind::crash:
        case MarkKind::violated:
            return theme::trouble;
        case MarkKind::verdict:
            return theme::ink;
    }
    return theme::ink;
}

// Each kind has its own shape.
void add_shape(Scene& scene, const Mark& mark, QPointF at, const QString& id) {
    const QColor color = color_of(mark.kind);
    const Look look{.line = color, .width = 2, .fill = Fill::solid, .color = color};
    const Look hollow{.line = color, .width = 2, .fill = Fill::solid, .color = theme::paper};
    const qreal r = 6;
    switch (mark.kind) {
        case MarkKind::said:
            scene.rectangle({at.x() - r, at.y() - r, 2 * r, 2 * r}, hollow, id);
            scene.line(at + QPointF(-3, -1), at + QPointF(3, -1), look);
            scene.line(at + QPointF(-3, 2), at + QPointF(3, 2), look);
            break;
        case MarkKind::start:
            scene.polygon(QPolygonF({at + QPointF(-r, r), at + QPointF(0, -r), at + QPointF(r, r)}),
                          look,
                          id);
            break;
        case MarkKind::cut:
            scene.polygon(QPolygonF({at + QPointF(0, -r - 1),
                                     at + QPointF(r + 1, 0),
                                     at + QPointF(0, r + 1),
                                     at + QPointF(-r - 1, 0)}),
                          look,
                          id);
            break;
        case MarkKind::fault:
        case MarkKind::crash:
        case MarkKind::violated:
            scene.rectangle({at.x() - r, at.y() - r, 2 * r, 2 * r}, {.width = 0}, id);
            scene.line(at + QPointF(-r, -r), at + QPointF(r, r), {.line = color, .width = 3});
            scene.line(at + QPointF(-r, r), at + QPointF(r, -r), {.line = color, .width = 3});
            break;
        case MarkKind::verdict:
            scene.line(at + QPointF(0, -r - 4), at + QPointF(0, r), look);
            scene.rectangle({at.x(), at.y() - r - 4, 14, 9}, look, id);
            break;
    }
}

void add_marks(Scene& scene, const Session& session, const TimeAxis& axis) {
    qreal free_below = 0;  // labels do not overlap
    for (std::size_t i = 0; i < session.marks().size(); ++i) {
        const Mark& mark = session.marks()[i];
        const QPointF at(axis.x_of(mark.time), story_y);
        add_shape(scene, mark, at, QStringLiteral("mark:%1").arg(i));
        if (mark.kind == MarkKind::said || mark.kind == MarkKind::crash) continue;
        const qreal width = Letters{.color = {}, .pixels = theme::small}.width(mark.text);
        const bool fits = at.x() + 9 + width < scene.size().width();
        const qreal begin = fits ? at.x() + 9 : at.x() - 9 - width;
        if (begin < free_below) continue;
        scene.text({begin, axis_y + 7, width, 14},
                   mark.text,
                   letters(color_of(mark.kind), Qt::AlignLeft));
        free_below = begin + width + 4;
    }
}

struct Strip {
    QString name;
    const std::vector<Instant>& times;
    QColor color;
};

void add_strip(Scene& scene, const Strip& strip, const TimeAxis& axis, qreal bottom) {
    std::vector<std::ptrdiff_t> counts;
    auto begin = strip.times.begin();
    for (qreal x = left_margin + bar_width; x < axis.x_of(axis.end()) + bar_width; x += bar_width) {
        const auto end = std::upper_bound(begin, strip.times.end(), axis.time_at(x));
        counts.push_back(end - begin);
        begin = end;
    }
    const auto most = std::max<std::ptrdiff_t>(1, *std::max_element(counts.begin(), counts.end()));
    scene.text({8, bottom - strip_height, left_margin - 18, strip_height},
               strip.name,
               letters(theme::ink, Qt::AlignRight));
    scene.line({left_margin, bottom},
               {scene.size().width() - right_margin, bottom},
               {.line = theme::grid});
    for (std::size_t i = 0; i < counts.size(); ++i) {
        if (counts[i] == 0) continue;
        const qreal height = (strip_height - 4) * qreal(counts[i]) / qreal(most);
        scene.rectangle(
            {left_margin + bar_width * qreal(i), bottom - height, bar_width - 1, height},
            {.width = 0, .fill = Fill::solid, .color = strip.color});
    }
}

void add_moment(Scene& scene, const Session& session, const TimeAxis& axis) {
    const qreal x = axis.x_of(session.time());
    scene.line({x, axis_y - 6},
               {x, scene.size().height() - 8},
               {.line = theme::trouble, .width = 2});
    scene.polygon(
        QPolygonF(
            {QPointF(x - 7, axis_y - 16), QPointF(x + 7, axis_y - 16), QPointF(x, axis_y - 4)}),
        {.line = theme::trouble, .fill = Fill::solid, .color = theme::trouble},
        QStringLiteral("moment"));
}

}  // namespace

TimeAxis::TimeAxis(qreal width, Instant edge)
    : left_(left_margin), width_(std::max(50.0, width - left_margin - right_margin)) {
    const std::int64_t shortest = Duration::milliseconds(10).nanoseconds();
    const std::int64_t length = std::max(edge.nanoseconds(), shortest);
    const std::int64_t wanted = length / std::max<std::int64_t>(2, std::int64_t(width_ / 110));
    std::int64_t step = 1'000'000;
    for (int i = 0; step < wanted; ++i)
        step = i % 3 == 1 ? step / 2 * 5 : step * 2;
    tick_ = Duration::nanoseconds(step);
    end_ = Instant::from_nanoseconds(length);
}

qreal TimeAxis::x_of(Instant time) const {
    const qreal part = qreal(time.nanoseconds()) / qreal(end_.nanoseconds());
    return left_ + width_ * std::clamp(part, 0.0, 1.0);
}

Instant TimeAxis::time_at(qreal x) const {
    const qreal part = std::clamp((x - left_) / width_, 0.0, 1.0);
    return Instant::from_nanoseconds(std::int64_t(part * qreal(end_.nanoseconds())));
}

Scene layout_time(const Session& session, QSizeF size) {
    Scene scene(size);
    const TimeAxis axis(size.width(), session.edge());
    for (Instant at; at <= axis.end(); at = at + axis.tick()) {
        const qreal x = axis.x_of(at);
        scene.line({x, axis_y + 6}, {x, size.height() - 8}, {.line = theme::grid});
        scene.text({x - 50, axis_y - 12, 100, 16},
                   tick_text(at, axis.tick()),
                   letters(theme::secondary, Qt::AlignHCenter));
    }
    scene.text({8, story_y - 9, left_margin - 18, 18},
               QObject::tr("story"),
               letters(theme::ink, Qt::AlignRight));
    scene.line({left_margin, story_y},
               {axis.x_of(axis.end()), story_y},
               {.line = theme::outline, .width = 1});
    scene.line({left_margin, story_y},
               {axis.x_of(session.time()), story_y},
               {.line = theme::ink, .width = 3});
    add_marks(scene, session, axis);
    const Activity& activity = session.activity();
    const Strip strips[] = {{QObject::tr("acked"), activity.acked, theme::produce},
                            {QObject::tr("read"), activity.consumed, theme::consume},
                            {QObject::tr("messages"), activity.messages, theme::outline}};
    qreal bottom = strips_y;
    for (const Strip& strip : strips)
        add_strip(scene, strip, axis, bottom += strip_height);
    add_moment(scene, session, axis);
    return scene;
}

}  // namespace glasslog::gui
