#include "gui/scene/map_layout.hpp"

#include "gui/scene/marks.hpp"
#include "gui/scene/theme.hpp"

#include <QFontMetricsF>
#include <QLineF>
#include <QObject>

#include <algorithm>
#include <map>
#include <set>

namespace glasslog::gui {
namespace {

using trace::LogState;
using trace::MessagePicture;
using trace::NodePicture;
using trace::NodeState;

constexpr qreal margin = 20;
constexpr qreal legend_height = 58;
constexpr qreal client_zone_height = 132;
constexpr qreal side = 9;        // messages travel this far right of their link
constexpr int exact_max = 40;    // marks one by one on one link; a count beyond
constexpr int labelled_max = 6;  // marks with a name on one link

const Look link_look{.line = theme::outline, .width = 1.4};
const Look zone_look{
    .line = theme::grid, .width = 1, .fill = Fill::solid, .color = theme::panel, .corner = 8};

QString node_id(NodeId id) {
    return QStringLiteral("node:%1").arg(id.value());
}

Letters letters(QColor color, int pixels = theme::body, bool is_bold = false) {
    return {.color = color, .pixels = pixels, .is_bold = is_bold};
}

Letters left(Letters l) {
    l.alignment = Qt::AlignLeft | Qt::AlignVCenter;
    return l;
}

// One pair of nodes; `low` has the smaller number.
struct Pair {
    NodeId low;
    NodeId high;

    friend auto operator<=>(const Pair&, const Pair&) = default;
};

Pair pair_of(NodeId a, NodeId b) {
    return a < b ? Pair{a, b} : Pair{b, a};
}

class MapLayout {
public:
    explicit MapLayout(const MapInput& input) : in_(input), scene_(input.size) {}

    Scene build() {
        place();
        draw_zones();
        draw_links();
        for (const auto& [id, box] : boxes_)
            draw_node(id, box);
        draw_messages();
        draw_legend();
        return std::move(scene_);
    }

private:
    const NodePicture& picture(NodeId id) const {
        static const NodePicture absent;
        const auto found = in_.now.nodes->find(id);
        return found == in_.now.nodes->end() ? absent : *found->second;
    }

    const NodePicture& final_picture(NodeId id) const { return *in_.all.nodes->at(id); }

    bool is_broker(NodeId id) const {
        const std::string& role = final_picture(id).role;
        return role == "broker" || role.empty();
    }

    void place();
    void place_row(const std::vector<NodeId>& ids, QRectF zone, QSizeF wanted);
    QLineF link(Pair pair) const;

    void draw_zones();
    void draw_links();
    void draw_link(Pair pair, const std::string& state);
    void draw_node(NodeId id, QRectF box);
    void draw_broker(const NodePicture& node, NodeId id, QRectF box);
    void draw_replica(const trace::ReplicaPicture& log, QRectF row);
    void draw_client(const NodePicture& node, NodeId id, QRectF box);
    void draw_client_facts(NodeId id, QRectF box);
    void draw_messages();
    void draw_message(const MessagePicture& message, QLineF way, bool has_label);
    void draw_legend();

    QString state_text(const NodePicture& node) const;
    bool is_recovering(NodeId id) const;
    QLineF way_of(const MessagePicture& message) const;

    const MapInput& in_;
    Scene scene_;
    QRectF brokers_;
    QRectF clients_;
    std::map<NodeId, QRectF> boxes_;
    std::set<Family> families_;  // on screen
    bool has_dropped_ = false;
};

void MapLayout::place() {
    const QSizeF size = in_.size;
    const qreal bottom = size.height() - legend_height;
    clients_ = {margin, bottom - client_zone_height, size.width() - 2 * margin, client_zone_height};
    const qreal broker_height = std::clamp((clients_.top() - 12) * 0.52, 150.0, 260.0);
    brokers_ = {margin, 12, size.width() - 2 * margin, broker_height};
    std::vector<NodeId> brokers;
    std::vector<NodeId> clients;
    for (const auto& [id, node] : *in_.all.nodes) {
        if (id != no_node) (is_broker(id) ? brokers : clients).push_back(id);
    }
    place_row(brokers, brokers_.adjusted(0, 30, 0, -14), {280, brokers_.height() - 44});
    place_row(clients, clients_.adjusted(0, 14, 0, -30), {150, 74});
}

void MapLayout::place_row(const std::vector<NodeId>& ids, QRectF zone, QSizeF wanted) {
    if (ids.empty()) return;
    const qreal slot = zone.width() / static_cast<qreal>(ids.size());
    const qreal width = std::min(wanted.width(), slot - 12);
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const qreal center = zone.left() + slot * (static_cast<qreal>(i) + 0.5);
        boxes_[ids[i]] = {center - width / 2, zone.top(), width, wanted.height()};
    }
}

// From the low node's edge to the high one's; brokers are above, so ends never lie under a box.
QLineF MapLayout::link(Pair pair) const {
    const QRectF a = boxes_.at(pair.low);
    const QRectF b = boxes_.at(pair.high);
    const bool is_level = a.top() == b.top();
    if (is_level) {
        const bool a_is_left = a.left() < b.left();
        return {QPointF(a_is_left ? a.right() : a.left(), a.center().y()),
                QPointF(a_is_left ? b.left() : b.right(), b.center().y())};
    }
    const auto end = [](QRectF box, QRectF other) {
        const bool is_above = box.top() < other.top();
        // Spread along the wide edge, so that links to many peers do not meet in one point.
        const qreal room = box.width() / 2 - 20;
        const qreal shift = std::clamp((other.center().x() - box.center().x()) * 0.35, -room, room);
        return QPointF(box.center().x() + shift, is_above ? box.bottom() : box.top());
    };
    return {end(a, b), end(b, a)};
}

void MapLayout::draw_zones() {
    scene_.rectangle(brokers_, zone_look);
    scene_.rectangle(clients_, zone_look);
    const auto brokers = std::count_if(boxes_.begin(), boxes_.end(), [&](const auto& entry) {
        return is_broker(entry.first);
    });
    std::set<std::string> topics;
    for (const auto& [key, log] : *in_.now.replicas)
        topics.insert(key.name.topic);
    QString title = brokers == 1 ? QObject::tr("Broker") : QObject::tr("Brokers");
    for (const std::string& topic : topics)
        title += (topic == *topics.begin() ? QStringLiteral(" — ") : QStringLiteral(", ")) +
                 QString::fromStdString(topic);
    scene_.text({brokers_.left() + 12, brokers_.top() + 6, brokers_.width() - 24, 18},
                title,
                left(letters(theme::secondary, theme::body, true)));
    scene_.text({clients_.left() + 12, clients_.bottom() - 24, clients_.width() - 24, 18},
                QObject::tr("Clients"),
                left(letters(theme::secondary, theme::body, true)));
}

void MapLayout::draw_links() {
    std::map<Pair, std::string> links;
    for (const auto& [id, connection] : *in_.now.connections)
        links.try_emplace(pair_of(connection.from, connection.to), "up");
    for (const auto& [key, message] : *in_.now.in_flight)
        links.try_emplace(pair_of(message.from, message.to), "up");
    for (const trace::LinkPicture& link : *in_.now.links)
        links[pair_of(link.from, link.to)] = link.state;
    for (const auto& [pair, state] : links) {
        const bool is_placed = boxes_.contains(pair.low) && boxes_.contains(pair.high);
        if (is_placed && pair.low != pair.high) draw_link(pair, state);
    }
}

void MapLayout::draw_link(Pair pair, const std::string& state) {
    const QLineF line = link(pair);
    const QString id = QStringLiteral("link:%1:%2").arg(pair.low.value()).arg(pair.high.value());
    const QPointF middle = line.center();
    if (in_.selected == id) scene_.line(line.p1(), line.p2(), {.line = theme::halo, .width = 10});
    if (state == "up") {
        scene_.line(line.p1(), line.p2(), link_look, id);
        return;
    }
    QLineF along = line;
    along.setLength(16);
    const QPointF step = along.p2() - along.p1();
    const QPointF across(-step.y() / 2, step.x() / 2);
    if (state == "cut") {
        const Look cut{.line = theme::trouble, .width = 2, .dash = Qt::DashLine};
        scene_.line(line.p1(), middle - step, cut, id);
        scene_.line(middle + step, line.p2(), cut, id);
        const Look zigzag{.line = theme::trouble, .width = 2};
        scene_.line(middle - step, middle + across, zigzag);
        scene_.line(middle + across, middle - across, zigzag);
        scene_.line(middle - across, middle + step, zigzag);
    } else {
        scene_.line(line.p1() + across / 4, line.p2() + across / 4, link_look, id);
        scene_.line(line.p1() - across / 4, line.p2() - across / 4, link_look, id);
    }
    scene_.text({middle.x() + 16, middle.y() - 9, 120, 18},
                QString::fromStdString(state),
                left(letters(theme::trouble, theme::body, true)));
}

bool MapLayout::is_recovering(NodeId id) const {
    return std::any_of(in_.now.replicas->begin(), in_.now.replicas->end(), [id](const auto& entry) {
        return entry.first.node == id && entry.second->state == LogState::recovering;
    });
}

QString MapLayout::state_text(const NodePicture& node) const {
    switch (node.state) {
        case NodeState::unknown:
            return QObject::tr("not started");
        case NodeState::up:
            return is_recovering(node.id) ? QObject::tr("↻ recovering") : QObject::tr("up");
        case NodeState::paused:
            return QObject::tr("❚❚ paused");
        case NodeState::crashed:
            return QObject::tr("✕ crashed");
        case NodeState::lost_power:
            return QObject::tr("✕ power lost");
        case NodeState::stopped:
            return QObject::tr("■ stopped");
    }
    return {};
}

void MapLayout::draw_node(NodeId id, QRectF box) {
    if (in_.selected == node_id(id)) {
        scene_.rectangle(box.adjusted(-6, -6, 6, 6),
                         {.line = theme::halo,
                          .width = 8,
                          .fill = Fill::solid,
                          .color = theme::halo,
                          .corner = 12});
    }
    const NodePicture& node = picture(id);
    if (is_broker(id)) {
        draw_broker(node, id, box);
    } else {
        draw_client(node, id, box);
    }
}

bool is_down(const NodePicture& node) {
    return node.state == NodeState::crashed || node.state == NodeState::lost_power;
}

Look node_look(const NodePicture& node) {
    const bool is_absent = node.state == NodeState::unknown || node.state == NodeState::stopped;
    const QColor line = is_down(node) ? theme::trouble : is_absent ? theme::outline : theme::ink;
    return {.line = line,
            .width = theme::node_line,
            .dash = is_down(node) || is_absent ? Qt::DashLine : Qt::SolidLine,
            .fill = Fill::solid,
            .color = theme::paper,
            .corner = 10};
}

void MapLayout::draw_broker(const NodePicture& node, NodeId id, QRectF box) {
    Look look = node_look(node);
    scene_.rectangle(box, look, node_id(id));
    if (is_down(node)) {
        look.fill = Fill::hatched;
        look.color = theme::trouble.lighter(260);
        scene_.rectangle(box, look);
    }
    const QColor color = is_down(node) ? theme::trouble : theme::ink;
    const QString name = QString::fromStdString(in_.all.node_name(id));
    const QString title = node.state == NodeState::up && !is_recovering(id)
                              ? name
                              : name + QStringLiteral("  ") + state_text(node);
    scene_.text({box.left() + 12, box.top() + 8, box.width() - 24, 22},
                title,
                letters(color, theme::title, true));
    QString facts = node.reactors == 1 ? QObject::tr("1 reactor")
                                       : QObject::tr("%1 reactors").arg(node.reactors);
    if (!node.disk_state.empty() && node.disk_state != "healthy") {
        facts += QObject::tr(" · disk %1").arg(QString::fromStdString(node.disk_state));
    }
    if (node.starts > 1) facts += QObject::tr(" · start %1").arg(node.starts);
    scene_.text({box.left() + 12, box.top() + 29, box.width() - 24, 16},
                facts,
                letters(theme::secondary, theme::small));
    qreal y = box.top() + 52;
    for (const auto& [key, log] : *in_.now.replicas) {
        if (key.node != id || y + 30 > box.bottom()) continue;
        draw_replica(*log, {box.left() + 14, y, box.width() - 28, 28});
        y += 34;
    }
}

void MapLayout::draw_replica(const trace::ReplicaPicture& log, QRectF row) {
    const bool is_leader = log.leader == log.node || log.leader == no_node;
    const bool is_bad = log.state == LogState::uncertain;
    scene_.rectangle(row,
                     {.line = is_bad ? theme::trouble : theme::ink,
                      .width = is_leader ? theme::leader_line : 1,
                      .dash = log.state == LogState::open ? Qt::SolidLine : Qt::DashLine,
                      .fill = Fill::solid,
                      .color = theme::paper},
                     QStringLiteral("log:%1").arg(QString::fromStdString(log.name.text())));
    scene_.text(
        row.adjusted(8, 0, -8, 0),
        (is_leader ? QStringLiteral("★ ") : QString()) + QString::fromStdString(log.name.text()),
        left(letters(theme::ink, theme::body, is_leader)));
    const QString facts =
        log.state == LogState::open
            ? QObject::tr("end %1 · HW %2").arg(log.log_end.value()).arg(log.high_watermark.value())
            : QString::fromLatin1(trace::name(log.state));
    Letters right = letters(is_bad ? theme::trouble : theme::secondary, theme::small);
    right.alignment = Qt::AlignRight | Qt::AlignVCenter;
    scene_.text(row.adjusted(row.width() * 0.42, 0, -8, 0), facts, right);
}

void MapLayout::draw_client(const NodePicture& node, NodeId id, QRectF box) {
    const Look look = node_look(node);
    const bool is_consumer = final_picture(id).role == "consumer";
    if (is_consumer) {
        scene_.ellipse(box, look, node_id(id));
    } else {
        const qreal nose = 20;
        scene_.polygon(QPolygonF({box.topLeft(),
                                  QPointF(box.right() - nose, box.top()),
                                  QPointF(box.right(), box.center().y()),
                                  QPointF(box.right() - nose, box.bottom()),
                                  box.bottomLeft()}),
                       look,
                       node_id(id));
    }
    const bool is_up = node.state == NodeState::up;
    const QString name = QString::fromStdString(in_.all.node_name(id));
    scene_.text({box.left() + 8, box.top() + 10, box.width() - 30 + (is_consumer ? 14 : 0), 20},
                is_up ? name : name + QStringLiteral("  ") + state_text(node),
                letters(is_down(node) ? theme::trouble : theme::ink, theme::title, true));
    draw_client_facts(id, box.adjusted(8, 32, is_consumer ? -8 : -22, 0));
}

void MapLayout::draw_client_facts(NodeId id, QRectF box) {
    std::int64_t acked = 0;
    std::int64_t waiting = 0;
    std::int64_t failed = 0;
    std::int64_t consumed = 0;
    for (const auto& [key, client] : *in_.now.clients) {
        if (key.node != id) continue;
        acked += client->acked;
        failed += client->failed;
        consumed += client->consumed;
        waiting += client->produced - client->acked - client->failed;
    }
    const bool is_consumer = final_picture(id).role == "consumer";
    const QString first =
        is_consumer ? QObject::tr("%1 read").arg(consumed) : QObject::tr("%1 acked").arg(acked);
    QString second = is_consumer
                         ? QString()
                         : QObject::tr("%1 unanswered").arg(std::max<std::int64_t>(waiting, 0));
    if (failed > 0) second = QObject::tr("%1 failed").arg(failed);
    scene_.text({box.left(), box.top(), box.width(), 16}, first, letters(theme::ink, theme::body));
    scene_.text({box.left(), box.top() + 17, box.width(), 16},
                second,
                letters(theme::secondary, theme::small));
}

// The message's own lane: right of the link, seen from its sender.
QLineF MapLayout::way_of(const MessagePicture& message) const {
    QLineF way = link(pair_of(message.from, message.to));
    if (message.from > message.to) way = QLineF(way.p2(), way.p1());
    if (way.length() < 1) return way;
    const QPointF unit = (way.p2() - way.p1()) / way.length();
    const QPointF right = QPointF(-unit.y(), unit.x()) * side;
    const QPointF inset = unit * (theme::mark_radius + 4);
    return {way.p1() + right + inset, way.p2() + right - inset};
}

void MapLayout::draw_messages() {
    std::map<std::pair<NodeId, NodeId>, std::vector<const MessagePicture*>> lanes;
    for (const auto& [key, message] : *in_.now.in_flight) {
        if (boxes_.contains(message.from) && boxes_.contains(message.to)) {
            lanes[{message.from, message.to}].push_back(&message);
        }
    }
    for (const auto& [ends, messages] : lanes) {
        const QLineF way = way_of(*messages.front());
        if (messages.size() > exact_max) {
            scene_.line(way.p1(), way.p2(), {.line = theme::grid, .width = 14});
            scene_.text({way.center().x() + 10, way.center().y() - 9, 160, 18},
                        QObject::tr("%1 messages").arg(messages.size()),
                        left(letters(theme::ink, theme::body, true)));
            continue;
        }
        for (const MessagePicture* message : messages)
            draw_message(*message, way, messages.size() <= labelled_max);
    }
    for (const MessagePicture& message : *in_.now.dropped) {
        const bool is_recent = in_.time < *message.dropped + trace::dropped_shown;
        const bool is_placed = boxes_.contains(message.from) && boxes_.contains(message.to);
        if (is_recent && is_placed) draw_message(message, way_of(message), true);
    }
}

void MapLayout::draw_message(const MessagePicture& message, QLineF way, bool has_label) {
    const Family family =
        family_of(message.api_key, is_broker(message.from) && is_broker(message.to));
    families_.insert(family);
    const QPointF at = way.pointAt(progress(message, message.dropped.value_or(in_.time)));
    const QString id = QStringLiteral("message:%1").arg(message.event.value());
    if (in_.selected == id) {
        scene_.ellipse({at.x() - 15, at.y() - 15, 30, 30},
                       {.line = theme::ink, .width = 3, .fill = Fill::solid, .color = theme::halo});
    }
    add_mark(scene_, family, at, message.is_response || message.dropped, id);
    if (message.dropped) add_cross(scene_, at);
    has_dropped_ = has_dropped_ || message.dropped;
    if (!has_label) return;
    QString label = api_name(message.api_key);
    if (message.is_response) label += QObject::tr(" reply");
    if (message.dropped) label += QObject::tr(" lost");
    if (!message.due && !message.dropped) label += QObject::tr(" held");
    // Requests go up and are named on their right, replies go down and are named on their left.
    const bool is_right = way.p2().y() < way.p1().y() || (way.dy() == 0 && way.dx() > 0);
    Letters l = letters(message.dropped ? theme::trouble : theme::ink, theme::small);
    l.alignment = (is_right ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter;
    scene_.text({is_right ? at.x() + 15 : at.x() - 155, at.y() - 8, 140, 16}, label, l);
}

void MapLayout::draw_legend() {
    QPointF at(margin, in_.size.height() - legend_height + 20);
    for (const Family family : families_) {
        add_mark(scene_, family, at + QPointF(8, 0), false, {});
        at = add_caption(scene_, at + QPointF(24, 0), family_name(family));
    }
    if (families_.empty()) add_caption(scene_, at, QObject::tr("nothing is in flight"));
    QString text = QObject::tr("filled = request · hollow = reply");
    if (has_dropped_) text += QObject::tr(" · ✕ = lost on the way");
    text += QObject::tr(" · ★ = leader · dashed = not running");
    scene_.text({margin, in_.size.height() - legend_height + 34, in_.size.width() - 2 * margin, 16},
                text,
                left(letters(theme::secondary, theme::small)));
}

}  // namespace

qreal progress(const MessagePicture& message, Instant time) {
    if (!message.due) return 0.5;
    const auto whole = static_cast<qreal>((*message.due - message.sent).nanoseconds());
    if (whole <= 0) return 1;
    return std::clamp(static_cast<qreal>((time - message.sent).nanoseconds()) / whole, 0.0, 1.0);
}

Scene layout_map(const MapInput& input) {
    return MapLayout(input).build();
}

}  // namespace glasslog::gui
