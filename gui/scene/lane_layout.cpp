#include "gui/scene/lane_layout.hpp"

#include "gui/model/sentences.hpp"
#include "gui/scene/theme.hpp"

#include <algorithm>
#include <set>

namespace glasslog::gui {
namespace {

using trace::BatchFate;
using trace::BatchPicture;
using trace::ClientPicture;
using trace::LogState;
using trace::ReplicaPicture;

constexpr qreal margin = 16;
constexpr qreal label_width = 98;
constexpr qreal end_width = 84;  // right of the cells: "end 1234"
constexpr qreal legend_height = 54;
constexpr std::int64_t context_cells = 4;  // below a boundary of interest

// What one cell stands for; last is inclusive. batch: null when its append was not seen.
struct Cell {
    Offset first;
    Offset last;
    const BatchPicture* batch = nullptr;
};

enum class CellState : std::uint8_t { consumed, committed, untold, above, unsure, lost, torn };

Look look_of(CellState state) {
    if (state == CellState::consumed) return Look::framed(theme::produce, 1, theme::consumed);
    if (state == CellState::committed) return Look::framed(theme::produce, 1, theme::produce);
    if (state == CellState::untold) return Look::framed(theme::outline, 1, theme::paper);
    Look look = Look::stroke(theme::trouble, 1.4, Qt::DashLine);
    if (state == CellState::above) look = Look::stroke(theme::ink);
    if (state == CellState::above || state == CellState::torn) look.fill = Fill::hatched;
    look.color = state == CellState::above ? theme::outline : theme::trouble;
    return look;
}

void add_cell(Scene& scene, QRectF box, CellState state, const QString& text, const QString& id) {
    const QRectF inner = box.adjusted(1, 0, -1, 0);
    scene.rectangle(inner, Look::solid(theme::paper));
    if (state == CellState::lost) {
        const Look pale = Look::stroke(theme::trouble.lighter(230), 1.2);
        scene.line(inner.topLeft(), inner.bottomRight(), pale);
        scene.line(inner.bottomLeft(), inner.topRight(), pale);
    }
    scene.rectangle(inner, look_of(state), id);
    const QColor color = state == CellState::committed ? theme::paper : theme::ink;
    const Letters letters = Letters::small(color).aligned(Qt::AlignHCenter);
    if (state >= CellState::above && !text.isEmpty()) {  // digits stand on paper, not on hatch
        const qreal half = std::min(letters.width(text) / 2, inner.width() / 2 - 2);
        scene.rectangle({box.center().x() - half, box.center().y() - 7, 2 * half, 14},
                        Look::solid(theme::paper));
    }
    scene.text(box, text, letters);
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
        draw_flag();
        draw_row();
        draw_synced();
        draw_lost();
        for (const ClientPicture* client : clients_)
            draw_client(*client);
        return y_ + 16;
    }

    // Which states there are to explain.
    const std::set<CellState>& states() const { return states_; }

private:
    qreal left() const { return margin + label_width; }

    std::int64_t room() const {
        const qreal width = in_.size.width() - left() - end_width - margin;
        return std::max<std::int64_t>(4, static_cast<std::int64_t>(width / cell_width_));
    }

    // Where the boundary below `offset` is drawn, in the row and in what is lost beyond it.
    qreal x_of(Offset offset) const {
        const auto is_below = [offset](const Cell& cell) { return cell.last < offset; };
        const auto below = std::count_if(cells_.begin(), cells_.end(), is_below);
        const auto lost = std::count_if(lost_.begin(), lost_.end(), [&](const Cell& cell) {
            return is_below(cell) && cell.first >= log_.log_end;
        });
        return left() + cell_width_ * static_cast<qreal>(below + (is_aligned() ? lost : 0));
    }

    bool has_tail() const { return log_.synced < log_.log_end; }

    bool is_shown(Offset offset) const { return cells_.empty() || offset >= cells_.front().first; }

    // Whether what is lost stands below the offsets of the row.
    bool is_aligned() const {
        const Offset first = lost_.empty() ? log_.log_end : lost_.front().first;
        return is_by_batch_ ? first >= log_.log_end : is_shown(first);
    }

    void choose_cells();
    CellState state_of(const Cell& cell) const;
    QString header_text() const;
    QString state_text() const;

    void draw_header();
    void draw_flag();
    void draw_row();
    void draw_cell(const Cell& cell, qreal x, CellState state);
    void draw_synced();
    void draw_lost();
    void draw_client(const ClientPicture& client);

    Scene& scene_;
    const LaneInput& in_;
    const ReplicaPicture& log_;
    qreal y_;
    qreal cell_width_ = theme::cell_width;
    Offset consumed_upto_;
    std::vector<const ClientPicture*> clients_;
    std::vector<Cell> cells_;  // of the row
    std::vector<Cell> lost_;   // of the row below
    bool is_by_batch_ = false;
    std::set<CellState> states_;
};

// The newest records, or batches where these show a boundary of interest that is older.
void Lane::choose_cells() {
    Offset end = log_.log_end;
    if (!log_.lost.empty()) end = std::max(end, log_.lost.back().last + 1);
    const qreal widest = Letters::small(theme::ink).width(QString::number(end.value()));
    cell_width_ = std::max(cell_width_, widest + 6);
    Offset interesting = std::min(log_.synced, log_.log_end);
    if (log_.is_committed_told) interesting = std::min(interesting, log_.high_watermark);
    is_by_batch_ = end - interesting + context_cells > room();
    const Offset begin = std::max(log_.log_start, end - room());
    const auto add = [&](const BatchPicture& batch, Offset from, std::vector<Cell>& cells) {
        if (is_by_batch_) return cells.push_back({batch.base, batch.last, &batch});
        for (Offset at = std::max(batch.base, from); at <= batch.last && ssize(cells) < room();
             ++at)
            cells.push_back({at, at, &batch});
    };
    const Offset seen = log_.recent.empty() ? log_.log_end : log_.recent.front().base;
    for (Offset at = begin; !is_by_batch_ && at < seen; ++at)
        cells_.push_back({at, at, nullptr});
    for (const BatchPicture& batch : log_.recent)
        add(batch, begin, cells_);
    for (const BatchPicture& batch : log_.lost)
        add(batch, batch.base, lost_);
    const auto is_beyond = [&](const Cell& cell) { return cell.first >= log_.log_end; };
    const auto all = ssize(cells_) + std::count_if(lost_.begin(), lost_.end(), is_beyond);
    const auto spare = std::max(ssize(cells_) - context_cells, std::int64_t(0));
    cells_.erase(cells_.begin(), cells_.begin() + std::clamp(all - room(), std::int64_t(0), spare));
}

CellState Lane::state_of(const Cell& cell) const {
    if (log_.is_unsure && cell.last >= log_.synced) return CellState::unsure;
    if (cell.last < consumed_upto_) return CellState::consumed;
    if (!log_.is_committed_told) return CellState::untold;
    return cell.last < log_.high_watermark ? CellState::committed : CellState::above;
}

QString Lane::header_text() const {
    const QString unit = tr("a cell is a batch, named by its first offset");
    if (log_.state != LogState::open) return is_by_batch_ ? unit : QString();
    QString text = tr("on %1").arg(shown(in_.now.node_name(log_.node)));
    const QString leader = shown(in_.now.node_name(log_.leader));
    if (log_.leader != no_node)
        text += tr(" · leader %1 · epoch %2").arg(leader).arg(log_.leader_epoch.value());
    text += tr(" · log start %1").arg(log_.log_start.value());
    return is_by_batch_ ? text + QStringLiteral(" · ") + unit : text;
}

QString Lane::state_text() const {
    if (log_.state == LogState::open) return {};
    const QString words = state_words(log_);
    if (log_.state == LogState::recovering) return tr("↻ %1: every batch is checked").arg(words);
    if (log_.state == LogState::closed)
        return tr("■ %1: the process is gone, its writes are not").arg(words);
    const QString text = tr("✕ power lost · %1").arg(words);
    return has_tail() ? text + tr(": what was not synced may be gone") : text;
}

void Lane::draw_header() {
    const QString name = shown(log_.name.text());
    const QString id = QStringLiteral("log:") + name;
    const QRectF box(margin, y_, Letters::strong(theme::ink).width(name), 20);
    if (in_.selected == id)
        scene_.rectangle(box.adjusted(-6, 0, 6, 0), Look::solid(theme::halo, 4));
    scene_.text(box, name, Letters::strong(theme::ink), id);
    QPointF at(box.right() + 12, y_ + 10);
    const QString state = state_text();
    if (!state.isEmpty()) {
        const QColor color = log_.state == LogState::uncertain ? theme::trouble : theme::ink;
        Look look = Look::stroke(color, 1.4, Qt::DashLine);
        look.corner = 4;
        scene_.rectangle({at.x(), y_ - 1, Letters::strong(color).width(state) + 20, 22}, look);
        at = scene_.text_at(at + QPointF(10, 0), state, Letters::strong(color)) + QPointF(22, 0);
    }
    scene_.text_at(at, header_text(), Letters::small(theme::secondary));
    y_ += 24;
}

void Lane::draw_flag() {
    const QString text = tr("HW %1").arg(watermark_text(log_));
    const Letters letters = Letters::small(theme::paper, true);
    if (!log_.is_committed_told) {  // it stands nowhere
        scene_.text_at({margin, y_ + 11.5}, text, Letters::small(theme::secondary, true));
    } else if (is_shown(log_.high_watermark)) {
        const qreal x = x_of(log_.high_watermark);
        scene_.rectangle({x - 1, y_ + 3, letters.width(text) + 9, 17}, Look::solid(theme::ink));
        scene_.text_at({x + 4, y_ + 11.5}, text, letters);
        const Look pole = Look::stroke(theme::ink, theme::leader_line);
        scene_.line({x, y_ + 18}, {x, y_ + theme::cell_height + 28}, pole);
    }
    y_ += 24;
}

void Lane::draw_cell(const Cell& cell, qreal x, CellState state) {
    states_.insert(state);
    QString id;
    if (cell.batch != nullptr) id = QStringLiteral("batch:%1").arg(cell.batch->event.value());
    const QRectF box(x, y_, cell_width_, theme::cell_height);
    const bool is_selected = !id.isEmpty() && in_.selected == id;
    if (is_selected) scene_.rectangle(box.adjusted(-2, -5, 2, 5), Look::solid(theme::halo));
    const bool is_control = cell.batch != nullptr && cell.batch->is_control;
    const QString text = is_control ? QStringLiteral("◆") : QString::number(cell.first.value());
    add_cell(scene_, box, state, text, id);
}

void Lane::draw_row() {
    const bool is_leader = log_.leader == log_.node;
    const QString name = shown((is_leader ? "★ " : "") + in_.now.node_name(log_.node));
    const QString end = tr("end %1").arg(log_.log_end.value());
    const qreal middle = y_ + theme::cell_height / 2;
    const QRectF box(margin, y_, label_width - 16, theme::cell_height);
    scene_.text(box, name, Letters::strong(theme::ink));
    if (!cells_.empty() && cells_.front().first > log_.log_start)
        scene_.text_at({left() - 14, middle}, "…", Letters::strong(theme::secondary));
    qreal x = left();
    for (const Cell& cell : cells_) {
        draw_cell(cell, x, state_of(cell));
        x += cell_width_;
    }
    const Look bracket = Look::stroke(theme::ink, theme::leader_line);
    const qreal bottom = y_ + theme::cell_height + 1;
    scene_.line({x + 4, y_ - 1}, {x + 4, bottom}, bracket);
    for (const qreal y : {y_ - 1, bottom})
        scene_.line({x - 1, y}, {x + 5, y}, bracket);
    scene_.text_at({x + 10, middle}, end, Letters::small(theme::ink, true));
    y_ += theme::cell_height;
}

void Lane::draw_synced() {
    const qreal y = y_ + 10;
    const qreal end = x_of(log_.log_end);
    const qreal synced = x_of(std::min(log_.synced, log_.log_end));
    const QColor tail = log_.is_unsure ? theme::trouble : theme::secondary;
    scene_.text_at({margin, y}, tr("disk"), Letters::small(theme::secondary));
    scene_.line({left(), y}, {synced, y}, Look::stroke(theme::ink, 4));
    scene_.line({synced, y - 5}, {synced, y + 5}, Look::stroke(theme::ink, 2));
    if (has_tail()) scene_.line({synced + 3, y}, {end, y}, Look::stroke(tail, 2, Qt::DashLine));
    const QString text =
        has_tail() ? tr("synced to %1").arg(log_.synced.value()) : tr("all synced");
    const qreal begin = std::max(left(), synced - Letters::small(theme::ink).width(text) - 6);
    const QPointF next = scene_.text_at({begin, y + 12}, text, Letters::small(theme::ink));
    const QString cache = log_.is_unsure ? tr("was in the page cache only") : tr("page cache only");
    if (has_tail())
        scene_.text_at({std::max(next.x(), synced) + 8, y + 12}, cache, Letters::small(tail));
    y_ += 34;
}

void Lane::draw_lost() {
    if (log_.lost.empty()) return;
    const Offset first = log_.lost.front().base;
    const Offset last = log_.lost.back().last;
    const std::int64_t records = last - first + 1;
    QString label = tr("lost");
    if (!is_aligned()) {  // far from the row above, and not in its columns
        y_ += 6;
        label += QStringLiteral(" %1–%2").arg(first.value()).arg(last.value());
    }
    const Letters letters = Letters::small(theme::trouble, true);
    const qreal middle = y_ + theme::cell_height / 2;
    const qreal next = scene_.text_at({margin, middle}, label, Letters::strong(theme::trouble)).x();
    qreal x = is_aligned() ? x_of(first) : next + 10;
    std::int64_t hidden = is_by_batch_ ? ssize(log_.lost) : records;
    for (const Cell& cell : lost_) {
        const qreal more = hidden > 1 ? 46 : 0;  // "… +12"
        if (x + cell_width_ + more > in_.size.width() - margin) break;
        const bool is_torn = cell.batch->fate == BatchFate::torn;
        draw_cell(cell, x, is_torn ? CellState::torn : CellState::lost);
        x += cell_width_;
        --hidden;
    }
    if (hidden > 0) scene_.text_at({x + 6, middle}, tr("… +%1").arg(hidden), letters);
    QString text = tr("%1 records lost").arg(records);
    if (log_.cut_bytes > 0) text += tr(" · torn tail of %1 bytes cut").arg(log_.cut_bytes);
    scene_.text_at({left(), y_ + theme::cell_height + 10}, text, letters);
    y_ += theme::cell_height + 26;
}

void Lane::draw_client(const ClientPicture& client) {
    const QString name = shown(in_.now.node_name(client.node));
    const bool is_producer = client.produced > 0;
    const Offset at = is_producer ? client.acked_upto : client.consumed_upto;
    const bool is_broken = is_producer && at > log_.log_end && !log_.lost.empty();
    QString text = is_producer ? tr("%1 was promised everything below %2")
                               : tr("%1 has read everything below %2");
    text = text.arg(name).arg(at.value());
    if (is_broken) text += tr(": %1 promised records are gone").arg(at - log_.log_end);
    const qreal x = is_shown(at) ? x_of(at) : left() - 10;
    scene_.polygon(QPolygonF({QPointF(x, y_), QPointF(x - 6, y_ + 10), QPointF(x + 6, y_ + 10)}),
                   Look::framed(theme::ink, 1, is_producer ? theme::produce : theme::consume));
    const Letters letters = Letters::small(is_broken ? theme::trouble : theme::ink, is_broken);
    const qreal width = letters.width(text);
    const bool fits = x + 12 + width < in_.size.width() - margin;
    scene_.text_at({fits ? x + 11 : x - 11 - width, y_ + 5}, text, letters);
    y_ += 19;
}

void draw_legend(Scene& scene, const std::set<CellState>& states, bool has_more) {
    const QSizeF size = scene.size();
    const qreal top = size.height() - legend_height;
    const char* const names[] =
        {"consumed", "committed", "not told", "above the high watermark", "unsure", "lost", "torn"};
    QPointF at(margin, top + 16);
    for (const CellState state : states) {
        add_cell(scene, {at.x(), at.y() - 9, 22, 18}, state, {}, {});
        at = scene.text_at(at + QPointF(28, 0), tr(names[int(state)]), {theme::ink});
        at += QPointF(18, 0);
    }
    QString text = tr("HW = high watermark · ] = log end · thick bar = synced to disk");
    if (has_more) text += tr(" · the wheel shows more logs");
    scene.text_at({margin, top + 40}, text, Letters::small(theme::secondary));
}

}  // namespace

std::vector<const ReplicaPicture*> logs_in_order(const trace::Snapshot& snapshot) {
    std::vector<const ReplicaPicture*> logs;
    for (const auto& [key, log] : *snapshot.replicas)
        logs.push_back(&*log);
    const auto rank = [](const ReplicaPicture* log) {
        return std::pair(log->name.topic.starts_with("__"), log->log_end == Offset(0));
    };
    std::ranges::stable_sort(logs, {}, rank);
    return logs;
}

QString state_words(const ReplicaPicture& log) {
    if (log.state != LogState::uncertain) return QString::fromLatin1(trace::name(log.state));
    return log.synced < log.log_end ? tr("tail unsure") : tr("all synced");
}

QString watermark_text(const ReplicaPicture& log) {
    return log.is_committed_told ? QString::number(log.high_watermark.value())
                                 : QStringLiteral("?");
}

Scene layout_lanes(const LaneInput& input) {
    Scene scene(input.size);
    std::set<CellState> states;
    auto logs = logs_in_order(input.now);
    if (input.has_quorum) {
        std::erase_if(logs, [](const ReplicaPicture* log) {
            return log->name.topic == "__cluster_metadata";
        });
    }
    const qreal bottom = input.size.height() - legend_height;
    qreal y = 4;
    std::size_t at = std::min(input.skipped, logs.size());
    for (; at < logs.size(); ++at) {
        Scene one;
        Lane lane(one, input, *logs[at], y);
        const qreal end = lane.draw();
        if (end > bottom && at > input.skipped) break;  // whole or not at all
        y = end;
        scene.add(one);
        states.insert(lane.states().begin(), lane.states().end());
    }
    if (logs.empty()) {
        scene.text_at({margin, 20}, tr("No partition yet."), Letters::small(theme::secondary));
    }
    draw_legend(scene, states, at < logs.size() || input.skipped > 0);
    return scene;
}

}  // namespace glasslog::gui
