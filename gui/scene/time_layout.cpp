#include "gui/scene/time_layout.hpp"

#include "gui/model/sentences.hpp"
#include "gui/scene/theme.hpp"

#include <algorithm>
#include <cmath>

namespace glasslog::gui {
namespace {

constexpr qreal left_margin = 40;
constexpr qreal right_margin = 96;  // of the verdict
constexpr qreal ticks_y = 14;
constexpr qreal labels_y = 32;
constexpr qreal story_y = 52;
constexpr qreal label_shift_max = 120;  // to the right, behind the label before

const QColor colors[] = {theme::secondary, theme::trouble, theme::cure, theme::ink, theme::quorum};

// Each kind has its own shape: a page, an X, a triangle, a flag, a diamond.
void add_shape(Scene& scene, MarkKind kind, QPointF at) {
    const QColor color = colors[int(kind)];
    const Look line = Look::stroke(color, 2);
    const Look full = Look::framed(color, 2, color);
    const qreal r = 6;
    const QRectF box(at.x() - r, at.y() - r, 2 * r, 2 * r);
    const QPolygonF triangle({box.bottomLeft(), at - QPointF(0, r), box.bottomRight()});
    switch (kind) {
        case MarkKind::said:
            scene.rectangle(box, Look::framed(color, 2, theme::paper));
            scene.line(at + QPointF(-3, -1), at + QPointF(3, -1), line);
            return scene.line(at + QPointF(-3, 2), at + QPointF(3, 2), line);
        case MarkKind::fault:
            return scene.cross(at, r);
        case MarkKind::cure:
            return scene.polygon(triangle, full);
        case MarkKind::verdict:
            scene.line(at - QPointF(0, r + 4), at + QPointF(0, r), line);
            return scene.rectangle({at.x(), at.y() - r - 4, 14, 9}, full);
        case MarkKind::election:
            return scene.polygon(QPolygonF({at + QPointF(0, 2),  // below a crash that led to it
                                            at + QPointF(r, 2 + r),
                                            at + QPointF(0, 2 + 2 * r),
                                            at + QPointF(-r, 2 + r)}),
                                 full);
    }
}

void add_marks(Scene& scene, const Session& session, const TimeAxis& axis) {
    qreal free_from = 0;                        // labels do not overlap
    for (const Mark& mark : session.marks()) {  // what was said lies below the rest
        if (mark.kind == MarkKind::said)
            add_shape(scene, mark.kind, {axis.x_of(mark.time), story_y});
    }
    for (const Mark& mark : session.marks()) {
        if (mark.kind == MarkKind::said) continue;
        const QPointF at(axis.x_of(mark.time), story_y);
        add_shape(scene, mark.kind, at);
        const Letters letters = Letters::small(colors[int(mark.kind)]);
        if (mark.kind == MarkKind::verdict) {
            scene.text_at(at + QPointF(18, 0), mark.text, letters);
            continue;
        }
        const qreal width = letters.width(mark.text);
        const qreal right = scene.size().width();
        const bool fits = at.x() + width < right;
        qreal begin = fits ? at.x() - 5 : at.x() + 5 - width;
        if (begin < free_from && free_from - begin <= label_shift_max && free_from + width < right)
            begin = free_from;  // its colour says whose it is
        if (begin < free_from) continue;
        scene.text_at({begin, labels_y}, mark.text, letters);
        free_from = begin + width + 4;
    }
}

}  // namespace

TimeAxis::TimeAxis(qreal width, Instant edge)
    : width_(std::max(50.0, width - left_margin - right_margin)) {
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
    return left_margin + width_ * std::clamp(part, 0.0, 1.0);
}

Instant TimeAxis::time_at(qreal x) const {
    const qreal part = std::clamp((x - left_margin) / width_, 0.0, 1.0);
    return Instant::from_nanoseconds(std::int64_t(part * qreal(end_.nanoseconds())));
}

Scene layout_time(const Session& session, QSizeF size) {
    Scene scene(size);
    const TimeAxis axis(size.width(), session.edge());
    const Letters letters = Letters::small(theme::secondary).aligned(Qt::AlignHCenter);
    const QString seconds = tr("%1 s");
    const qreal moment = axis.x_of(session.time());
    for (Instant at; at <= axis.end() && at < Instant::never(); at = at + axis.tick()) {
        const qreal x = axis.x_of(at);
        const double at_s = double(at.nanoseconds()) / 1e9;
        scene.line({x, ticks_y + 9}, {x, size.height() - 4}, Look::stroke(theme::grid));
        if (std::abs(x - moment) > 20)  // the moment's triangle stands there
            scene.text({x - 50, ticks_y - 8, 100, 16}, seconds.arg(at_s, 0, 'g', 9), letters);
    }
    const QPointF begin(left_margin, story_y);
    scene.line(begin, {axis.x_of(axis.end()), story_y}, Look::stroke(theme::outline));
    scene.line(begin, {moment, story_y}, Look::stroke(theme::ink, 3));
    add_marks(scene, session, axis);
    scene.line({moment, 8}, {moment, size.height() - 4}, Look::stroke(theme::trouble, 2));
    const QPolygonF mark({QPointF(moment - 7, 0), QPointF(moment + 7, 0), QPointF(moment, 12)});
    scene.polygon(mark, Look::framed(theme::trouble, 1, theme::trouble), "moment");
    return scene;
}

}  // namespace glasslog::gui
