#include "gui/scene/quorum_layout.hpp"

#include "gui/model/sentences.hpp"
#include "gui/scene/theme.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace glasslog::gui {
namespace {

using trace::BatchPicture;
using trace::NodePicture;
using trace::NodeState;
using trace::QuorumPicture;
using trace::ReplicaPicture;

constexpr qreal margin = 16;
constexpr qreal head_height = 56;  // the sentence, and the ruler of epochs
constexpr qreal row_height = 58;
constexpr qreal legend_height = 46;
constexpr qreal hexagon_width = 78;
constexpr qreal hexagon_height = 42;
constexpr int name_pixels_min = 9;  // "controller-3" fits
constexpr qreal gutter = 44;        // of the votes, right of the hexagons
constexpr qreal words_width = 166;
constexpr qreal end_width = 76;  // right of the cells: "end 1234"

// A pre-vote has no effect that lasts, so its arrow goes.
constexpr Duration answer_shown = Duration::milliseconds(600);

bool is_down(const NodePicture& node) {
    return node.state == NodeState::crashed || node.state == NodeState::lost_power ||
           node.state == NodeState::stopped || node.state == NodeState::unknown;
}

QColor tint(LeaderEpoch epoch) {
    const std::array colors{theme::epoch_0, theme::epoch_1, theme::epoch_2, theme::epoch_3};
    return colors[std::size_t(std::max(0, epoch.value())) % colors.size()];
}

enum class CellState : std::uint8_t { committed, open, lost };

Look look_of(CellState state, LeaderEpoch epoch) {
    if (state == CellState::committed) return Look::framed(theme::quorum, 1, tint(epoch));
    Look look = Look::stroke(theme::quorum, 1.2, Qt::DashLine);
    look.fill = Fill::hatched;
    look.color = theme::outline;
    if (state == CellState::lost) look = Look::stroke(theme::trouble, 1.4, Qt::DashLine);
    return look;
}

void add_cell(Scene& scene, QRectF box, const Look& look, const QString& text, const QString& id) {
    const QRectF inner = box.adjusted(1, 0, -1, 0);
    scene.rectangle(inner, look, id);
    const Letters letters = Letters::small(theme::ink).aligned(Qt::AlignHCenter);
    if (look.fill == Fill::hatched && !text.isEmpty()) {  // digits stand on paper, not on hatch
        const qreal half = std::min(letters.width(text) / 2, inner.width() / 2 - 2);
        scene.rectangle({box.center().x() - half, box.center().y() - 7, 2 * half, 14},
                        Look::solid(theme::paper));
    }
    if (look.fill == Fill::none) {
        scene.line(inner.topLeft(), inner.bottomRight(), Look::stroke(look.line, 1));
        scene.line(inner.bottomLeft(), inner.topRight(), Look::stroke(look.line, 1));
    }
    scene.text(box, text, letters);
}

// A vote from one row to another.
struct Arrow {
    std::size_t from = 0;
    std::size_t to = 0;
    bool is_pre_vote = false;
    bool is_granted = true;
};

class QuorumLayout {
public:
    explicit QuorumLayout(const QuorumInput& input)
        : in_(input),
          scene_(input.size),
          voters_(voters_of(input.all)),
          electing_(input.now.voters()) {
        if (electing_.empty()) electing_ = voters_;
        choose_columns();
    }

    Scene build() {
        draw_head();
        for (std::size_t i = 0; i < voters_.size(); ++i)
            draw_row(i);
        draw_ruler();
        draw_arrows();
        draw_legend();
        return std::move(scene_);
    }

private:
    static constexpr qreal left = margin + hexagon_width + gutter + words_width;

    const NodePicture& node(NodeId id) const {
        static const NodePicture absent;
        const auto found = in_.now.nodes->find(id);
        return found == in_.now.nodes->end() ? absent : *found->second;
    }

    const ReplicaPicture* log(NodeId id) const {
        const trace::ReplicaKey key{{"__cluster_metadata", PartitionIndex(0)}, id};
        const auto found = in_.now.replicas->find(key);
        return found == in_.now.replicas->end() ? nullptr : &*found->second;
    }

    // What it said last, also when its disk then cut what another leader has replaced since.
    Offset committed_of(const ReplicaPicture& its) const {
        const Offset said = node(its.node).quorum.committed;
        return std::max(its.high_watermark, std::min(said, its.log_end));
    }

    bool votes_now(NodeId id) const { return std::ranges::count(electing_, id) > 0; }

    QString name_of(NodeId id) const { return shown(in_.all.node_name(id)); }

    qreal top_of(std::size_t row) const { return head_height + row_height * qreal(row); }

    // Where the boundary below `offset` is drawn.
    qreal x_of(Offset offset) const {
        const auto columns = std::clamp<std::int64_t>(offset - first_, 0, columns_);
        return left + cell_width_ * qreal(columns);
    }

    void choose_columns();
    const NodePicture* leader() const;
    QString head_text() const;
    QString role_text(const NodePicture& node) const;
    QString vote_text(const NodePicture& node) const;
    std::vector<Arrow> arrows() const;

    void draw_head();
    void draw_row(std::size_t row);
    void draw_hexagon(const NodePicture& node, NodeId id, qreal middle);
    void draw_log(const ReplicaPicture& log, qreal y);
    void draw_end(const ReplicaPicture& log, qreal y);
    void draw_cells(const ReplicaPicture& log, const BatchPicture& batch, qreal y);
    void draw_committed(const ReplicaPicture& log, qreal y);
    void draw_ruler();
    void draw_arrows();
    void draw_arrow(const Arrow& arrow, std::size_t track);
    void draw_legend();

    const QuorumInput& in_;
    Scene scene_;
    std::vector<NodeId> voters_;    // each has a row
    std::vector<NodeId> electing_;  // those that vote now
    Offset first_;                  // of the first column
    std::int64_t columns_ = 0;      // shown
    qreal cell_width_ = theme::cell_width;
    std::map<LeaderEpoch, Offset> begins_;  // the first cell of each epoch on screen
    bool has_open_ = false;
    bool has_lost_ = false;
    bool has_refusal_ = false;
};

// The newest offsets of all logs, and of what was lost at their ends.
void QuorumLayout::choose_columns() {
    Offset end{0};
    for (const NodeId id : voters_) {
        const ReplicaPicture* const one = log(id);
        if (one == nullptr) continue;
        end = std::max(end, one->log_end);
        if (!one->lost.empty() && one->lost.back().last + 8 > one->log_end)
            end = std::max(end, one->lost.back().last + 1);
    }
    const qreal widest = Letters::small(theme::ink).width(QString::number(end.value()));
    cell_width_ = std::max(cell_width_, widest + 6);
    const qreal width = in_.size.width() - left - end_width - margin;
    const auto room = std::max<std::int64_t>(4, std::int64_t(width / cell_width_));
    first_ = std::max(Offset(0), end - room);
    columns_ = end - first_;
}

// Of those that believe to lead, the one of the latest epoch.
const NodePicture* QuorumLayout::leader() const {
    const NodePicture* found = nullptr;
    for (const NodeId id : voters_) {
        const NodePicture& one = node(id);
        if (one.quorum.role != "leader" || is_down(one)) continue;
        if (found == nullptr || found->quorum.epoch < one.quorum.epoch) found = &one;
    }
    return found;
}

QString QuorumLayout::head_text() const {
    LeaderEpoch epoch{0};
    Offset committed{0};
    bool is_told = false;
    for (const NodeId id : voters_) {
        epoch = std::max(epoch, node(id).quorum.epoch);
        const ReplicaPicture* const its = log(id);
        if (its == nullptr) continue;
        epoch = std::max(epoch, its->leader_epoch);  // a voter that is gone says nothing else
        committed = std::max(committed, committed_of(*its));
        is_told = is_told || its->is_committed_told;
    }
    const auto running = std::ranges::count_if(electing_, [this](NodeId id) {
        return !is_down(node(id)) && node(id).state != NodeState::paused;
    });
    const NodePicture* const first = leader();
    const bool is_led = first != nullptr && first->quorum.epoch == epoch;
    QString text = tr("Epoch %1 · ").arg(epoch.value());
    text += is_led ? tr("%1 leads").arg(name_of(first->id)) : tr("nobody leads");
    const bool is_known = is_told || committed > Offset(0);
    text += is_known ? tr(" · committed below %1").arg(committed.value())
                     : tr(" · what is committed is not told yet");
    const auto majority = ssize(electing_) / 2 + 1;
    text += tr(" · %1 of %2 voters run").arg(running).arg(electing_.size());
    if (running < majority) text += tr(": no majority of %1").arg(majority);
    return text;
}

QString QuorumLayout::role_text(const NodePicture& one) const {
    const char* const gone[] = {"not started", "", "", "✕ crashed", "✕ power lost", "■ stopped"};
    if (is_down(one)) return tr(gone[int(one.state)]);
    const QuorumPicture& quorum = one.quorum;
    const NodePicture* const first = leader();
    const bool is_late = first != nullptr && first != &one && quorum.role == "leader";
    const std::map<std::string_view, QString> words{
        {"leader", is_late ? tr("leader of the past") : tr("★ leader")},
        {"follower", tr("follows %1").arg(name_of(quorum.leader))},
        {"voted", tr("waits for the result")},
        {"unattached", tr("knows no leader")},
        {"prospective", tr("asks: could I win?")},
        {"candidate", tr("candidate, asks for votes")},
        {"resigned", tr("has resigned")},
        {"observer", tr("observes")}};
    const auto found = words.find(quorum.role);
    const QString role = found == words.end() ? shown(quorum.role) : found->second;
    if (one.state == NodeState::paused) return tr("❚❚ paused, %1").arg(shown(quorum.role));
    return role;
}

QString QuorumLayout::vote_text(const NodePicture& one) const {
    const QuorumPicture& quorum = one.quorum;
    if (quorum.role.empty()) return {};
    const QString epoch = tr("epoch %1 · ").arg(quorum.epoch.value());
    if (!votes_now(one.id)) return epoch + tr("is no voter");
    if (quorum.voted == no_node) return epoch + tr("no vote");
    const bool is_itself = quorum.voted == one.id;
    return epoch +
           (is_itself ? tr("voted for itself") : tr("voted for %1").arg(name_of(quorum.voted)));
}

void QuorumLayout::draw_head() {
    const bool is_led = leader() != nullptr;
    Letters letters{.color = is_led ? theme::ink : theme::trouble, .is_bold = true};
    letters.pixels = theme::title;
    scene_.text({margin, 2, in_.size.width() - 2 * margin, 24}, head_text(), letters);
}

void QuorumLayout::draw_row(std::size_t row) {
    const NodeId id = voters_[row];
    const NodePicture& one = node(id);
    const qreal y = top_of(row);
    const qreal middle = y + row_height / 2 - 4;
    if (row > 0) {
        const qreal line = y - 4;
        scene_.line({margin, line}, {in_.size.width() - margin, line}, Look::stroke(theme::grid));
    }
    draw_hexagon(one, id, middle);
    const qreal x = margin + hexagon_width + gutter;
    const bool is_first = &one == leader();
    const QColor color = is_down(one) ? theme::trouble : theme::ink;
    const Letters role{.color = color, .is_bold = is_first || is_down(one)};
    scene_.text({x, middle - 19, words_width - 8, 18}, role_text(one), role);
    const Letters plain = Letters::small(theme::secondary);
    scene_.text({x, middle + 1, words_width - 8, 16}, vote_text(one), plain);
    if (const ReplicaPicture* const its = log(id)) draw_log(*its, y + 8);
}

// Double: it leads. Dotted: it asks for votes. Dashed: it does not run. Thin and grey: it has no
// vote.
void QuorumLayout::draw_hexagon(const NodePicture& one, NodeId id, qreal middle) {
    const auto hexagon = [&](qreal grow) {
        const qreal w = hexagon_width / 2 + grow;
        const qreal h = hexagon_height / 2 + grow;
        const QPointF at(margin + hexagon_width / 2, middle);
        return QPolygonF({at + QPointF(-w, 0),
                          at + QPointF(-w * 0.55, -h),
                          at + QPointF(w * 0.55, -h),
                          at + QPointF(w, 0),
                          at + QPointF(w * 0.55, h),
                          at + QPointF(-w * 0.55, h)});
    };
    const QString scene_id = QStringLiteral("node:%1").arg(id.value());
    if (in_.selected == scene_id) scene_.polygon(hexagon(5), Look::solid(theme::halo));
    const bool is_first = &one == leader();
    const bool asks = one.quorum.role == "candidate" || one.quorum.role == "prospective";
    const bool votes = votes_now(id);
    const QColor alive = votes ? theme::quorum : theme::outline;
    const QColor line = is_down(one) ? theme::trouble : alive;
    const qreal width = is_first ? theme::leader_line : votes ? 1.6 : 1;
    Look look = Look::framed(line, width, theme::paper);
    if (asks) look.dash = Qt::DotLine;
    if (is_down(one)) look.dash = Qt::DashLine;
    scene_.polygon(hexagon(0), look, scene_id);
    if (is_first) scene_.polygon(hexagon(-4), Look::framed(line, 1.4, theme::leading));
    const QString name = name_of(id);
    const QColor ink = votes ? theme::ink : theme::secondary;
    Letters letters{.color = is_down(one) ? theme::trouble : ink,
                    .is_bold = true,
                    .alignment = Qt::AlignHCenter};
    while (letters.pixels > name_pixels_min && letters.width(name) > hexagon_width - 12)
        --letters.pixels;
    scene_.text({margin + 2, middle - 10, hexagon_width - 4, 20}, name, letters);
}

void QuorumLayout::draw_log(const ReplicaPicture& its, qreal y) {
    for (const BatchPicture& batch : its.recent)
        draw_cells(its, batch, y);
    for (const BatchPicture& batch : its.lost) {
        if (batch.last >= its.log_end) draw_cells(its, batch, y);
    }
    const qreal bottom = y + theme::cell_height;
    const qreal end = x_of(its.log_end);
    const Look bracket = Look::stroke(theme::ink, theme::leader_line);
    scene_.line({end + 3, y - 1}, {end + 3, bottom + 1}, bracket);
    for (const qreal at : {y - 1, bottom + 1})
        scene_.line({end - 1, at}, {end + 4, at}, bracket);
    const qreal synced = x_of(std::min(its.synced, its.log_end));
    scene_.line({x_of(its.log_start), bottom + 5},
                {synced, bottom + 5},
                Look::stroke(theme::ink, 3));
    draw_end(its, y);
    draw_committed(its, y);
}

// Of a log that ends left of the columns: beside what was cut off there, or below.
void QuorumLayout::draw_end(const ReplicaPicture& its, qreal y) {
    const Letters letters = Letters::small(theme::ink, true);
    const QString end = QString::number(its.log_end.value());
    if (its.log_end >= first_) {
        const QPointF at(x_of(first_ + columns_) + 10, y + 12);
        scene_.text_at(at, tr("end %1").arg(end), letters);
        return;
    }
    const QString text = tr("ends at %1, far behind").arg(end);
    QPointF at(left + 10, y + 12);
    for (const BatchPicture& batch : its.lost) {
        if (batch.last >= first_) at.setX(std::max(at.x(), x_of(batch.last + 1) + 10));
    }
    if (at.x() + letters.width(text) > in_.size.width() - margin)
        at = {left + 10, y + theme::cell_height + 14};
    scene_.text_at(at, text, letters);
}

void QuorumLayout::draw_cells(const ReplicaPicture& its, const BatchPicture& batch, qreal y) {
    const bool is_lost = batch.fate != trace::BatchFate::present;
    const Offset from = std::max({batch.base, first_, is_lost ? its.log_end : its.log_start});
    const QString id = QStringLiteral("batch:%1").arg(batch.event.value());
    for (Offset at = from; at <= batch.last && at < first_ + columns_; ++at) {
        const bool is_open = at >= committed_of(its);
        const CellState state = is_lost   ? CellState::lost
                                : is_open ? CellState::open
                                          : CellState::committed;
        has_open_ = has_open_ || state == CellState::open;
        has_lost_ = has_lost_ || is_lost;
        const QRectF box(x_of(at), y, cell_width_, theme::cell_height);
        if (in_.selected == id)
            scene_.rectangle(box.adjusted(-2, -4, 2, 4), Look::solid(theme::halo));
        const QString text = batch.is_control ? QStringLiteral("◆") : QString::number(at.value());
        add_cell(scene_, box, look_of(state, batch.leader_epoch), text, id);
        if (is_lost) continue;
        const auto [begin, is_new] = begins_.try_emplace(batch.leader_epoch, at);
        if (!is_new) begin->second = std::min(begin->second, at);
    }
}

// The pole stands where this voter knows everything below to be committed.
void QuorumLayout::draw_committed(const ReplicaPicture& its, qreal y) {
    const Offset committed = committed_of(its);
    if (committed < first_ || its.log_end < first_) return;
    if (!its.is_committed_told && committed == Offset(0)) return;
    const qreal x = x_of(committed);
    const qreal bottom = y + theme::cell_height + 8;
    scene_.line({x, y - 4}, {x, bottom}, Look::stroke(theme::ink, theme::leader_line));
    const QString text = tr("committed below %1").arg(committed.value());
    const Letters letters = Letters::small(theme::ink);
    const qreal width = letters.width(text);
    const qreal begin = std::max(left, x - width - 4);
    scene_.text_at({begin, bottom + 4}, text, letters);
}

// Above the columns: where each epoch begins.
void QuorumLayout::draw_ruler() {
    qreal free_from = left - 30;
    const qreal bottom = top_of(voters_.size()) - 10;
    for (const auto& [epoch, begin] : begins_) {
        const qreal x = x_of(begin);
        const Look dotted = Look::stroke(theme::quorum, 1.6, Qt::DotLine);
        if (begin > first_) scene_.line({x, head_height - 14}, {x, bottom}, dotted);
        const QString text = tr("epoch %1").arg(epoch.value());
        const Letters letters = Letters::small(theme::quorum, true);
        if (x < free_from) continue;
        scene_.text_at({x + 2, head_height - 12}, text, letters);
        free_from = x + letters.width(text) + 8;
    }
}

std::vector<Arrow> QuorumLayout::arrows() const {
    const auto row_of = [&](NodeId id) {
        return std::size_t(std::ranges::find(voters_, id) - voters_.begin());
    };
    std::vector<Arrow> found;
    for (std::size_t row = 0; row < voters_.size(); ++row) {
        const QuorumPicture& quorum = node(voters_[row]).quorum;
        const std::size_t voted = row_of(quorum.voted);
        if (voted < voters_.size() && voted != row) found.push_back({row, voted});
        if (!quorum.answer || in_.time > quorum.answer->time + answer_shown) continue;
        const trace::VotePicture& answer = *quorum.answer;
        const std::size_t asked = row_of(answer.candidate);
        const bool is_told = !answer.is_pre_vote && answer.is_granted;  // by the vote itself
        if (asked == voters_.size() || is_told) continue;
        found.push_back({row, asked, answer.is_pre_vote, answer.is_granted});
    }
    return found;
}

void QuorumLayout::draw_arrows() {
    const std::vector<Arrow> all = arrows();
    for (std::size_t i = 0; i < all.size(); ++i)
        draw_arrow(all[i], i);
}

// From the voter's hexagon to the candidate's, each on a track of its own.
void QuorumLayout::draw_arrow(const Arrow& arrow, std::size_t track) {
    const qreal edge = margin + hexagon_width - 2;
    const qreal x = edge + 12 + std::min<qreal>(qreal(track) * 9, gutter - 22);
    const qreal shift = qreal(track % 3) * 5 - 5;
    const qreal from = top_of(arrow.from) + row_height / 2 - 4 + shift;
    const qreal to = top_of(arrow.to) + row_height / 2 - 4 + shift;
    const QColor color = arrow.is_granted ? theme::quorum : theme::trouble;
    const Look look = Look::stroke(color, 2, arrow.is_pre_vote ? Qt::DashLine : Qt::SolidLine);
    scene_.line({edge, from}, {x, from}, look);
    scene_.line({x, from}, {x, to}, look);
    scene_.line({x, to}, {edge + 4, to}, look);
    const QPointF tip(edge, to);
    scene_.polygon(QPolygonF({tip, tip + QPointF(9, -5), tip + QPointF(9, 5)}),
                   Look::framed(color, 1, color));
    has_refusal_ = has_refusal_ || !arrow.is_granted;
    if (!arrow.is_granted) scene_.cross({x, (from + to) / 2}, 6);
}

void QuorumLayout::draw_legend() {
    const qreal y = top_of(voters_.size()) + 4;
    QPointF at(margin, y + 8);
    const auto explain = [&](const Look& look, const QString& text) {
        add_cell(scene_, {at.x(), at.y() - 8, 20, 16}, look, {}, {});
        at = scene_.text_at(at + QPointF(25, 0), text, Letters::small(theme::ink));
        at += QPointF(14, 0);
    };
    for (const auto& [epoch, begin] : begins_)
        explain(look_of(CellState::committed, epoch), tr("epoch %1").arg(epoch.value()));
    if (has_open_) explain(look_of(CellState::open, {}), tr("not known to be committed"));
    if (has_lost_) explain(look_of(CellState::lost, {}), tr("cut off"));
    QString text = tr("arrow = vote · dashed = pre-vote");
    if (has_refusal_) text += tr(" · ✕ = refused");
    text += tr(" · bar = on disk · ] = log end · ◆ = control record");
    scene_.text_at({margin, y + 28}, text, Letters::small(theme::secondary));
}

}  // namespace

std::vector<NodeId> voters_of(const trace::Snapshot& all) {
    std::vector<NodeId> voters;
    for (const auto& [id, node] : *all.nodes) {
        if (node->is_voter) voters.push_back(id);
    }
    return voters;
}

bool has_quorum(const trace::Snapshot& all) {
    return voters_of(all).size() > 1;
}

int quorum_height(std::size_t voters) {
    return int(head_height + row_height * qreal(voters) + legend_height);
}

Scene layout_quorum(const QuorumInput& input) {
    return QuorumLayout(input).build();
}

}  // namespace glasslog::gui
