#include "gui/scene/lane_layout.hpp"

#include "gui/scene/marks.hpp"
#include "gui/scene/theme.hpp"

#include <QFontMetricsF>
#include <QObject>

#include <algorithm>

namespace glasslog::gui {
namespace {

using trace::BatchFate;
using trace::BatchPicture;
using trace::ClientPicture;
using trace::LogState;
using trace::ReplicaPicture;

constexpr qreal margin = 16;
constexpr qreal label_width = 58;
constexpr qreal end_width = 84;  // right of the cells: "end 1234"
constexpr qreal legend_height = 58;
constexpr std::int64_t context_cells = 4;  // shown below the oldest boundary of interest

Letters letters(QColor color, int pixels = theme::small, bool is_bold = false) {
    return {.color = color,
            .pixels = pixels,
            .is_bold = is_bold,
            .alignment = Qt::AlignLeft | Qt::AlignVCenter};
}

qreal text_width(const QString& text, int pixels, bool is_bold = false) {
    return QFontMetricsF(theme::font(pixels, is_bold)).horizontalAdvance(text) + 2;
}

// What one cell stands for; last is inclusive.
struct Cell {
    Offset first;
    Offset last;
    const BatchPicture* batch = nullptr;
};

enum class CellState : std::uint8_t { consumed, committed, above, unsure, lost, torn };

Look cell_look(CellState state) {
    switch (state) {
        case CellState::consumed:
            return {.line = theme::produce, .fill = Fill::solid, .color = theme::consumed};
        case CellState::committed:
            return {.line = theme::produce, .fill = Fill::solid, .color = theme::produce};
        case CellState::above:
            return {.line = theme::ink, .fill = Fill::hatched, .color = theme::outline};
        case CellState::unsure:
            return {.line = theme::trouble,
                    .width = 1.6,
                    .dash = Qt::DashLine,
                    .fill = Fill::solid,
                    .color = theme::paper};
        case CellState::lost:
        case CellState::torn:
            return {.line = theme::trouble, .width = 1.6, .dash = Qt::DashLine, .color = {}};
    }
    return {};
}

void add_cell(Scene& scene, QRectF box, CellState state, const QString& text, const QString& id) {
    const QRectF inner = box.adjusted(1, 0, -1, 0);
    if (state == CellState::above) {
        scene.rectangle(inner, {.width = 0, .fill = Fill::solid, .color = theme::paper}, id);
    }
    scene.rectangle(inner, cell_look(state), id);
    const bool is_bad = state == CellState::lost || state == CellState::torn;
    if (is_bad) {
        const Look cross{.line = theme::trouble, .width = 1.2};
        scene.line(inner.topLeft(), inner.bottomRight(), cross);
        if (state == CellState::lost) scene.line(inner.bottomLeft(), inner.topRight(), cross);
    }
    if (state == CellState::above || is_bad) {  // digits stand on paper, not on hatch
        const qreal half = std::min(text_width(text, theme::small) / 2, inner.width() / 2 - 1);
        const QRectF plate(box.center().x() - half, box.center().y() - 7, 2 * half, 14);
        scene.rectangle(plate, {.width = 0, .fill = Fill::solid, .color = theme::paper});
    }
    const bool is_light = state != CellState::committed;
    const bool is_red = is_bad || state == CellState::unsure;
    scene.text(box,
               text,
               {.color = is_red     ? theme::trouble
                         : is_light ? theme::ink
                                    : theme::paper,
                .pixels = theme::small});
}

// One replica, drawn downwards from `top`.
class Lane {
public:
    Lane(Scene& scene, const LaneInput& in, const ReplicaPicture& log, qreal top)
        : scene_(scene), in_(in), log_(log), y_(top) {
        for (const auto& [key, client] : *in.now.clients) {
            if (key.name == log.name) clients_.push_back(&*client);
        }
        for (const ClientPicture* client : clients_)
            consumed_upto_ = std::max(consumed_upto_, client->consumed_upto);
        choose_cells();
    }

    // The y below.
    qreal draw() {
        draw_header();
        draw_row();
        draw_synced();
        draw_lost();
        draw_clients();
        return y_ + 14;
    }

private:
    qreal left() const { return margin + label_width; }

    std::int64_t room() const {
        const qreal width = in_.size.width() - left() - end_width - margin;
        return std::max<std::int64_t>(4, static_cast<std::int64_t>(width / cell_width_));
    }

    // Where the boundary below `offset` is drawn.
    qreal x_of(Offset offset) const {
        const auto below = std::count_if(cells_.begin(), cells_.end(), [offset](const Cell& cell) {
            return cell.last < offset;
        });
        return left() + cell_width_ * static_cast<qreal>(below);
    }

    bool is_visible(Offset offset) const {
        return !cells_.empty() && offset >= cells_.front().first &&
               offset <= cells_.back().last + 1;
    }

    void choose_cells();
    void choose_records(Offset end);
    void choose_batches();
    CellState state_of(const Cell& cell) const;
    QString header_text() const;

    void draw_header();
    void draw_row();
    void draw_flag();
    void draw_synced();
    void draw_lost();
    void draw_clients();

    Scene& scene_;
    const LaneInput& in_;
    const ReplicaPicture& log_;
    qreal y_;
    qreal cell_width_ = theme::cell_width;
    Offset consumed_upto_;
    std::vector<const ClientPicture*> clients_;
    std::vector<Cell> cells_;        // of the row
    std::vector<Cell> lost_;         // of the row below
    std::int64_t hidden_after_ = 0;  // cells for which there is no room
    bool is_by_batch_ = false;
};

void Lane::choose_cells() {
    Offset end = log_.log_end;
    if (!log_.lost.empty()) end = std::max(end, log_.lost.back().last + 1);
    const QString widest = QString::number(end.value());
    cell_width_ = std::max(cell_width_, text_width(widest, theme::small) + 7);
    const Offset interesting = std::min({log_.synced, log_.high_watermark, log_.log_end});
    is_by_batch_ = end - interesting + context_cells > room();
    if (is_by_batch_) {
        choose_batches();
    } else {
        choose_records(end);
    }
}

void Lane::choose_records(Offset end) {
    const Offset begin = std::max(log_.log_start, end - room());
    auto batch = log_.recent.begin();
    for (Offset at = begin; at < log_.log_end; ++at) {
        while (batch != log_.recent.end() && batch->last < at)
            ++batch;
        const bool is_inside = batch != log_.recent.end() && batch->base <= at;
        cells_.push_back({at, at, is_inside ? &*batch : nullptr});
    }
    for (const BatchPicture& lost : log_.lost) {
        for (Offset at = std::max(lost.base, begin); at <= lost.last; ++at)
            lost_.push_back({at, at, &lost});
    }
}

void Lane::choose_batches() {
    for (const BatchPicture& batch : log_.recent)
        cells_.push_back({batch.base, batch.last, &batch});
    const Offset interesting = std::min(log_.synced, log_.high_watermark);
    const auto boundary = std::count_if(cells_.begin(), cells_.end(), [&](const Cell& cell) {
        return cell.last < interesting;
    });
    const auto count = static_cast<std::int64_t>(cells_.size());
    const auto lost = static_cast<std::int64_t>(log_.lost.size());
    const std::int64_t first_for_boundary = std::max<std::int64_t>(0, boundary - context_cells);
    const std::int64_t first_for_end = std::max<std::int64_t>(0, count + lost - room());
    const std::int64_t first = std::min(first_for_boundary, first_for_end);
    cells_.erase(cells_.begin(), cells_.begin() + first);
    hidden_after_ = std::max<std::int64_t>(0, count - first - room());
    cells_.resize(cells_.size() - static_cast<std::size_t>(hidden_after_));
    for (const BatchPicture& batch : log_.lost)
        lost_.push_back({batch.base, batch.last, &batch});
}

CellState Lane::state_of(const Cell& cell) const {
    if (log_.is_unsure && cell.last >= log_.synced) return CellState::unsure;
    if (cell.last < consumed_upto_) return CellState::consumed;
    if (cell.last < log_.high_watermark) return CellState::committed;
    return CellState::above;
}

QString Lane::header_text() const {
    QString text = QObject::tr("on %1").arg(QString::fromStdString(in_.now.node_name(log_.node)));
    if (log_.leader != no_node) {
        text += QObject::tr(" · leader %1 · epoch %2")
                    .arg(QString::fromStdString(in_.now.node_name(log_.leader)))
                    .arg(log_.leader_epoch.value());
    }
    text += QObject::tr(" · log start %1").arg(log_.log_start.value());
    text += log_.segments == 1 ? QObject::tr(" · 1 segment")
                               : QObject::tr(" · %1 segments").arg(log_.segments);
    if (is_by_batch_) text += QObject::tr(" · a cell is a batch");
    return text;
}

void Lane::draw_header() {
    const QString name = QString::fromStdString(log_.name.text());
    const qreal width = text_width(name, theme::body, true) + 10;
    const QString id = QStringLiteral("log:") + name;
    if (in_.selected == id) {
        scene_.rectangle({margin - 6, y_, width + 4, 20},
                         {.width = 0, .fill = Fill::solid, .color = theme::halo, .corner = 4});
    }
    scene_.text({margin, y_, width, 20}, name, letters(theme::ink, theme::body, true), id);
    scene_.text({margin + width, y_, in_.size.width() - width - 2 * margin, 20},
                header_text(),
                letters(theme::secondary));
    y_ += 24;
    QString state;
    if (log_.state == LogState::recovering) {
        state = QObject::tr("↻ recovering: every batch is checked");
    } else if (log_.state == LogState::uncertain) {
        state = QObject::tr("✕ power lost: what was not synced may be gone");
    } else if (log_.state == LogState::closed) {
        state = QObject::tr("■ closed: the process is gone, its written bytes are not");
    }
    const bool is_bad = log_.state == LogState::uncertain;
    if (!state.isEmpty()) {
        const Look look{.line = is_bad ? theme::trouble : theme::ink,
                        .width = 1.4,
                        .dash = Qt::DashLine,
                        .corner = 4};
        const qreal banner = text_width(state, theme::body, true) + 20;
        scene_.rectangle({margin, y_, banner, 22}, look);
        scene_.text({margin + 10, y_, banner, 22},
                    state,
                    letters(is_bad ? theme::trouble : theme::ink, theme::body, true));
    }
    y_ += 28;
}

void Lane::draw_row() {
    draw_flag();
    scene_.text({margin, y_, label_width - 8, theme::cell_height},
                QStringLiteral("★ ") + QString::fromStdString(in_.now.node_name(log_.node)),
                letters(theme::ink, theme::body, true));
    const Offset first = cells_.empty() ? log_.log_end : cells_.front().first;
    if (first > log_.log_start) {
        scene_.text({left() - 15, y_, 14, theme::cell_height},
                    QStringLiteral("…"),
                    letters(theme::secondary, theme::body, true));
    }
    qreal x = left();
    for (const Cell& cell : cells_) {
        const QRectF box(x, y_, cell_width_, theme::cell_height);
        const bool is_control = cell.batch != nullptr && cell.batch->is_control;
        const QString id = cell.batch == nullptr
                               ? QString()
                               : QStringLiteral("batch:%1").arg(cell.batch->event.value());
        if (!id.isEmpty() && in_.selected == id) {
            scene_.rectangle(box.adjusted(-1, -5, 1, 5),
                             {.width = 0, .fill = Fill::solid, .color = theme::halo});
        }
        add_cell(scene_,
                 box,
                 state_of(cell),
                 is_control ? QStringLiteral("◆") : QString::number(cell.first.value()),
                 id);
        x += cell_width_;
    }
    const Look bracket{.line = theme::ink, .width = theme::leader_line};
    scene_.line({x + 3, y_ - 1}, {x + 3, y_ + theme::cell_height + 1}, bracket);
    scene_.line({x - 2, y_ - 1}, {x + 4, y_ - 1}, bracket);
    scene_.line({x - 2, y_ + theme::cell_height + 1},
                {x + 4, y_ + theme::cell_height + 1},
                bracket);
    QString end = QObject::tr("end %1").arg(log_.log_end.value());
    if (hidden_after_ > 0) end = QObject::tr("+%1 · ").arg(hidden_after_) + end;
    scene_.text({x + 9, y_, end_width + 20, theme::cell_height},
                end,
                letters(theme::ink, theme::small, true));
    y_ += theme::cell_height;
}

void Lane::draw_flag() {
    const Offset high_watermark = log_.high_watermark;
    if (!is_visible(high_watermark)) {
        y_ += 4;
        return;
    }
    const qreal x = x_of(high_watermark);
    const QString text = QObject::tr("HW %1").arg(high_watermark.value());
    const qreal width = text_width(text, theme::small, true) + 10;
    scene_.rectangle({x - 1, y_, width, 17},
                     {.width = 0, .fill = Fill::solid, .color = theme::ink});
    scene_.text({x + 4, y_, width, 17}, text, letters(theme::paper, theme::small, true));
    y_ += 20;
    scene_.line({x, y_ - 4},
                {x, y_ + theme::cell_height + 5},
                {.line = theme::ink, .width = theme::leader_line});
}

void Lane::draw_synced() {
    const qreal y = y_ + 9;
    const qreal end = x_of(log_.log_end);
    const qreal synced = x_of(std::min(log_.synced, log_.log_end));
    scene_.line({left(), y}, {synced, y}, {.line = theme::ink, .width = 4});
    scene_.line({synced, y - 5}, {synced, y + 5}, {.line = theme::ink, .width = 2});
    if (synced < end) {
        scene_.line({synced + 3, y},
                    {end, y},
                    {.line = log_.is_unsure ? theme::trouble : theme::outline,
                     .width = 2,
                     .dash = Qt::DashLine});
    }
    const QString on_disk = log_.synced >= log_.log_end
                                ? QObject::tr("all synced")
                                : QObject::tr("synced to %1").arg(log_.synced.value());
    scene_.text({margin, y - 8, label_width - 8, 16},
                QObject::tr("disk"),
                letters(theme::secondary));
    const qreal width = text_width(on_disk, theme::small);
    const qreal text_x = std::max(left(), synced - width - 6);
    scene_.text({text_x, y + 5, width, 15}, on_disk, letters(theme::ink));
    if (synced < end) {
        const QString cache = log_.is_unsure ? QObject::tr("was in the page cache only")
                                             : QObject::tr("page cache only");
        scene_.text({std::max(synced, text_x + width) + 6, y + 5, 190, 15},
                    cache,
                    letters(log_.is_unsure ? theme::trouble : theme::secondary));
    }
    y_ += 32;
}

void Lane::draw_lost() {
    if (lost_.empty()) return;
    scene_.text({margin, y_, label_width - 8, theme::cell_height},
                QObject::tr("lost"),
                letters(theme::trouble, theme::body, true));
    qreal x =
        is_by_batch_
            ? x_of(lost_.front().first)
            : left() + cell_width_ * static_cast<qreal>(lost_.front().first -
                                                        (cells_.empty() ? lost_.front().first
                                                                        : cells_.front().first));
    const qreal limit = in_.size.width() - margin - cell_width_;
    for (const Cell& cell : lost_) {
        if (x > limit) break;
        const bool is_torn = cell.batch->fate == BatchFate::torn;
        add_cell(scene_,
                 {x, y_, cell_width_, theme::cell_height},
                 is_torn ? CellState::torn : CellState::lost,
                 QString::number(cell.first.value()),
                 QStringLiteral("batch:%1").arg(cell.batch->event.value()));
        x += cell_width_;
    }
    std::int64_t records = 0;
    for (const BatchPicture& batch : log_.lost)
        records += batch.last - batch.base + 1;
    QString text = QObject::tr("%1 records lost").arg(records);
    if (log_.cut_bytes > 0) {
        text += QObject::tr(" · a torn tail of %1 bytes cut at offset %2")
                    .arg(log_.cut_bytes)
                    .arg(log_.cut_at.value_or(no_offset).value());
    }
    y_ += theme::cell_height + 3;
    scene_.text({left(), y_, in_.size.width() - left() - margin, 16},
                text,
                letters(theme::trouble, theme::small, true));
    y_ += 20;
}

void Lane::draw_clients() {
    for (const ClientPicture* client : clients_) {
        const QString name = QString::fromStdString(in_.now.node_name(client->node));
        const bool is_producer = client->produced > 0;
        const Offset at = is_producer ? client->acked_upto : client->consumed_upto;
        const QString text = is_producer
                                 ? QObject::tr("%1 was promised up to %2").arg(name).arg(at.value())
                                 : QObject::tr("%1 read up to %2").arg(name).arg(at.value());
        const bool is_broken = is_producer && at > log_.log_end && !log_.lost.empty();
        const bool is_far = cells_.empty() || at < cells_.front().first;
        const qreal row_end =
            left() + cell_width_ * static_cast<qreal>(cells_.size() + lost_.size());
        const qreal x =
            is_far
                ? left() - 10
                : std::min(
                      x_of(at) +
                          cell_width_ *
                              static_cast<qreal>(
                                  is_by_batch_ ? 0 : std::max<std::int64_t>(0, at - log_.log_end)),
                      row_end);
        const Look look{.line = theme::ink,
                        .fill = Fill::solid,
                        .color = is_producer ? theme::produce : theme::consume};
        scene_.polygon(
            QPolygonF({QPointF(x, y_), QPointF(x - 6, y_ + 10), QPointF(x + 6, y_ + 10)}),
            look);
        const qreal width = text_width(text, theme::small, is_broken);
        const bool fits = x + 12 + width < in_.size.width() - margin;
        scene_.text({fits ? x + 11 : x - 11 - width, y_ - 2, width, 15},
                    text,
                    letters(is_broken ? theme::trouble : theme::ink, theme::small, is_broken));
        y_ += 19;
    }
}

void draw_legend(Scene& scene) {
    const QSizeF size = scene.size();
    const qreal top = size.height() - legend_height;
    scene.rectangle({0, top - 4, size.width(), legend_height + 4},
                    {.width = 0, .fill = Fill::solid, .color = theme::paper});
    const std::pair<CellState, QString> entries[] = {
        {CellState::consumed, QObject::tr("consumed")},
        {CellState::committed, QObject::tr("committed")},
        {CellState::above, QObject::tr("above HW")},
        {CellState::unsure, QObject::tr("unsure")},
        {CellState::lost, QObject::tr("lost")},
        {CellState::torn, QObject::tr("torn")}};
    QPointF at(margin, top + 20);
    for (const auto& [state, name] : entries) {
        add_cell(scene, {at.x(), at.y() - 9, 22, 18}, state, {}, {});
        at = add_caption(scene, at + QPointF(28, 0), name);
    }
    scene.text({margin, top + 34, size.width() - 2 * margin, 16},
               QObject::tr("HW = high watermark · ] = log end · thick bar = synced to disk"),
               letters(theme::secondary));
}

}  // namespace

Scene layout_lanes(const LaneInput& input) {
    Scene scene(input.size);
    qreal y = 10 - input.scroll;
    for (const auto& [key, log] : *input.now.replicas) {
        if (y > input.size.height()) break;
        y = Lane(scene, input, *log, y).draw();
    }
    if (input.now.replicas->empty()) {
        scene.text({margin, 20, input.size.width() - 2 * margin, 20},
                   QObject::tr("No partition yet."),
                   letters(theme::secondary, theme::body));
    }
    draw_legend(scene);
    return scene;
}

}  // namespace glasslog::gui
