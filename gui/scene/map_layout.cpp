#include "gui/scene/map_layout.hpp"

#include "core/protocol/api.hpp"
#include "gui/model/sentences.hpp"
#include "gui/scene/lane_layout.hpp"
#include "gui/scene/quorum_layout.hpp"
#include "gui/scene/theme.hpp"

#include <QLineF>

#include <algorithm>
#include <cmath>
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
constexpr qreal client_height = 74;
constexpr qreal client_slot = 100;  // with less room they stand in two rows
constexpr qreal replica_height = 34;
constexpr qreal controller_height = 92;
constexpr qreal side = 14;       // messages travel this far right of their link
constexpr qreal lost_side = 34;  // those that are lost lie beside the way
constexpr int exact_max = 40;    // marks one by one on one link; a count beyond
constexpr int labelled_max = 4;  // marks with a name on one link

const Letters title_letters{
    .color = theme::ink, .pixels = theme::title, .is_bold = true, .alignment = Qt::AlignHCenter};

bool is_down(const NodePicture& node) {
    return node.state == NodeState::crashed || node.state == NodeState::lost_power;
}

using Messages = std::vector<const MessagePicture*>;

// Two nodes, the smaller number first.
using Pair = std::pair<NodeId, NodeId>;

Pair pair_of(NodeId a, NodeId b) {
    return std::minmax(a, b);
}

// What messages are about: a circle, a square, a triangle, a diamond, a pentagon.
enum class Family : std::uint8_t { produce, consume, replicate, quorum, other };

// A Fetch of a server is not a consumer's: it replicates a log.
Family family_of(std::int16_t api_key, bool is_of_client) {
    using protocol::ApiKey;
    const auto api = static_cast<ApiKey>(api_key);
    const auto is_one_of = [api](std::initializer_list<ApiKey> keys) {
        return std::ranges::count(keys, api) > 0;
    };
    if (is_one_of({ApiKey::produce, ApiKey::init_producer_id})) return Family::produce;
    if (is_one_of({ApiKey::fetch, ApiKey::list_offsets}))
        return is_of_client ? Family::consume : Family::replicate;
    const bool is_quorum = is_one_of({ApiKey::vote,
                                      ApiKey::begin_quorum_epoch,
                                      ApiKey::end_quorum_epoch,
                                      ApiKey::fetch_snapshot});
    return is_quorum ? Family::quorum : Family::other;
}

// Filled a request, hollow a response.
void add_mark(Scene& scene, Family family, QPointF at, bool is_hollow, const QString& id = {}) {
    const QColor colors[] = {theme::produce,
                             theme::consume,
                             theme::cure,
                             theme::quorum,
                             theme::ink};
    const QColor color = colors[int(family)];
    const QColor line = family == Family::consume && !is_hollow ? theme::ink : color;
    const Look look = Look::framed(line, is_hollow ? 2.4 : 1, is_hollow ? theme::paper : color);
    const qreal r = theme::mark_radius;
    const QRectF box(at.x() - r, at.y() - r, 2 * r, 2 * r);
    if (family == Family::produce) return scene.ellipse(box, look, id);
    if (family == Family::consume) return scene.rectangle(box.adjusted(1, 1, -1, -1), look, id);
    const QPointF x(r + 2, 0);
    const QPointF y(0, r + 2);
    if (family == Family::quorum)
        return scene.polygon(QPolygonF({at - y, at + x, at + y, at - x}), look, id);
    if (family == Family::replicate)
        return scene.polygon(QPolygonF({at - y, at + x + y * 0.7, at - x + y * 0.7}), look, id);
    scene.polygon(QPolygonF({at - y,
                             at + x * 0.95 - y * 0.3,
                             at + x * 0.6 + y * 0.8,
                             at - x * 0.6 + y * 0.8,
                             at - x * 0.95 - y * 0.3}),
                  look,
                  id);
}

// A message or request on its way: part 0 at the sender, 1 at the receiver.
struct Token {
    QLineF way;
    qreal part = 0;
    Family family = Family::other;
    bool is_hollow = false;
    bool is_lost = false;
    QString id;
    QString label;
};

class MapLayout {
public:
    explicit MapLayout(const MapInput& input) : in_(input), scene_(input.size) {}

    Scene build() {
        place();
        for (const QRectF& zone : {controllers_, brokers_, clients_}) {
            if (!zone.isEmpty())
                scene_.rectangle(zone, Look::framed(theme::grid, 1, theme::panel, 8));
        }
        const Letters letters = Letters::strong(theme::secondary);
        if (!controllers_.isEmpty())
            scene_.text_at(controllers_.topLeft() + QPointF(12, 16), tr("Controllers"), letters);
        scene_.text_at(brokers_.topLeft() + QPointF(12, 16), tr("Brokers"), letters);
        scene_.text_at(clients_.bottomLeft() + QPointF(12, -14), tr("Clients"), letters);
        draw_links();
        for (const auto& [id, box] : boxes_)
            draw_node(id, box);
        draw_messages();
        draw_requests();
        draw_legend();
        return std::move(scene_);
    }

private:
    bool is_server(NodeId id) const {
        const auto found = in_.all.nodes->find(id);
        const std::string role = found == in_.all.nodes->end() ? "" : found->second->role;
        return role == "broker" || role == "controller" || role.empty();
    }

    // Of several: one alone has nobody to vote with.
    bool is_voter(NodeId id) const {
        if (!has_quorum(in_.all) || !in_.all.nodes->at(id)->is_voter) return false;
        const std::vector<NodeId> told = in_.now.voters();
        return told.empty() || std::ranges::count(told, id) > 0;
    }

    bool is_controller(NodeId id) const { return in_.all.nodes->at(id)->role == "controller"; }

    bool is_placed(NodeId a, NodeId b) const {
        return a != b && boxes_.contains(a) && boxes_.contains(b);
    }

    void place();
    void place_row(const std::vector<NodeId>& ids, QRectF zone, QSizeF wanted, qreal step);
    QLineF link(Pair pair) const;
    QLineF way(NodeId from, NodeId to, qreal aside = side) const;
    QString state_text(const NodePicture& node) const;

    void draw_links();
    void draw_link(Pair pair, const std::string& state);
    void draw_node(NodeId id, QRectF box);
    void draw_broker(const NodePicture& node, QRectF box, const QString& title);
    void draw_badge(const NodePicture& node, QRectF box);
    void draw_replica(const trace::ReplicaPicture& log, QRectF row);
    void draw_client(NodeId id, QRectF box, const QString& state);
    void draw_messages();
    void draw_requests();
    void draw_lane(NodeId from, NodeId to, const Messages& messages);
    void draw_message(const MessagePicture& message, const QString& label);
    void draw_token(const Token& token);
    void draw_legend();

    const MapInput& in_;
    Scene scene_;
    QRectF controllers_;  // of those that are nothing else; empty without any
    QRectF brokers_;
    QRectF clients_;
    std::map<NodeId, QRectF> boxes_;
    std::set<Family> families_;  // on screen
    bool has_dropped_ = false;
    std::vector<std::pair<QRectF, QString>> labels_;  // of tokens, and where these stand
};

void MapLayout::place() {
    std::vector<NodeId> controllers;
    std::vector<NodeId> brokers;
    std::vector<NodeId> clients;
    for (const auto& [id, node] : *in_.all.nodes) {
        if (id == no_node) continue;
        const bool is_above = is_controller(id);
        (is_above ? controllers : is_server(id) ? brokers : clients).push_back(id);
    }
    std::map<NodeId, qreal> replicas;
    qreal replicas_most = 1;
    for (const auto& [key, log] : *in_.all.replicas)
        replicas_most = std::max(replicas_most, ++replicas[key.node]);
    qreal top = 4;
    qreal gap = 236;  // from there to the clients without the brokers
    if (!controllers.empty()) {
        controllers_ = {margin, top, in_.size.width() - 2 * margin, controller_height + 90};
        place_row(controllers, controllers_.adjusted(0, 32, 0, -58), {230, controller_height}, 0);
        top = controllers_.bottom() + 44;
        gap = 150;
    }
    const qreal bottom = in_.size.height() - legend_height;
    const qreal width = in_.size.width() - 2 * margin;
    const qreal step = width < client_slot * qreal(clients.size()) ? client_height + 14 : 0;
    const qreal clients_height = client_height + step + 58;
    clients_ = {margin, bottom - clients_height, width, clients_height};
    const qreal wanted = 62 + replica_height * replicas_most;
    const qreal height = std::min(wanted, std::max(100.0, clients_.top() - top - gap));
    brokers_ = {margin, top, width, height + 48};
    place_row(brokers, brokers_.adjusted(0, 32, 0, -16), {280, height}, 0);
    place_row(clients, clients_.adjusted(0, 14, 0, -30), {150, client_height}, step);
}

// step: of every second one, downwards; then each has twice the room.
void MapLayout::place_row(const std::vector<NodeId>& ids, QRectF zone, QSizeF wanted, qreal step) {
    const qreal places = std::max<qreal>(1, qreal(ids.size()) + (step > 0 ? 1 : 0));
    const qreal slot = zone.width() / places;
    const qreal width = std::min(wanted.width(), (step > 0 ? 2 * slot : slot) - 12);
    QRectF box(zone.left() + 6, zone.top(), width, wanted.height());
    if (step == 0) box.translate((slot - 12 - width) / 2, 0);
    for (std::size_t i = 0; i < ids.size(); ++i)
        boxes_[ids[i]] = box.translated(slot * qreal(i), i % 2 == 1 ? step : 0);
}

// Controllers stand above brokers and these above clients, so that ends never lie under a box. The
// links of the upper one are spread along its lower edge; those of the lower one begin at its
// middle. Between neighbours of a row they run below, those to the next but one deeper.
QLineF MapLayout::link(Pair pair) const {
    const QRectF a = boxes_.at(pair.first);
    const QRectF b = boxes_.at(pair.second);
    if (std::abs(a.center().y() - b.center().y()) < 1) {
        const qreal distance = std::abs(a.center().x() - b.center().x());
        const qreal steps = std::min(2.0, std::round(distance / (a.width() + 1)) - 1);
        const qreal y = a.bottom() + 24 + 18 * std::max(0.0, steps);
        return {a.center().x(), y, b.center().x(), y};
    }
    const auto end = [](QRectF box, QRectF other) {
        const qreal middle = box.center().x();
        if (box.top() > other.top()) return QPointF(middle, box.top());
        const qreal room = box.width() / 2 - 20;
        const qreal shift = std::clamp((other.center().x() - middle) * 0.35, -room, room);
        return QPointF(middle + shift, box.bottom());
    };
    return {end(a, b), end(b, a)};
}

// A lane of its own for each direction: right of the link, seen from the sender.
QLineF MapLayout::way(NodeId from, NodeId to, qreal aside) const {
    QLineF way = link(pair_of(from, to));
    if (from > to) way = QLineF(way.p2(), way.p1());
    const QPointF unit = (way.p2() - way.p1()) / std::max(1.0, way.length());
    const bool is_of_row = way.dy() == 0;  // little room below the boxes
    const QPointF right = QPointF(-unit.y(), unit.x()) * (is_of_row ? aside / 2 : aside);
    const QPointF inset = unit * (theme::mark_radius + 4);
    return {way.p1() + right + inset, way.p2() + right - inset};
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
        if (is_placed(pair.first, pair.second)) draw_link(pair, state);
    }
}

void MapLayout::draw_link(Pair pair, const std::string& state) {
    const QLineF line = link(pair);
    const QString id = QString("link:%1:%2").arg(pair.first.value()).arg(pair.second.value());
    if (in_.selected == id) scene_.line(line.p1(), line.p2(), Look::stroke(theme::halo, 10));
    if (line.dy() == 0) {  // of one row: from both boxes down to it
        for (const auto& [node, end] :
             {std::pair(pair.first, line.p1()), {pair.second, line.p2()}}) {
            const QPointF edge(end.x(), boxes_.at(node).bottom());
            scene_.line(edge, end, Look::stroke(theme::outline, 1.4));
        }
    }
    if (state == "up")
        return scene_.line(line.p1(), line.p2(), Look::stroke(theme::outline, 1.4), id);
    const bool is_cut = state == "cut";
    const Look broken = Look::stroke(theme::trouble, 2, is_cut ? Qt::DashLine : Qt::DotLine);
    const qreal gap = is_cut ? 0.06 : 0;
    scene_.line(line.p1(), line.pointAt(0.5 - gap), broken, id);
    scene_.line(line.pointAt(0.5 + gap), line.p2(), broken, id);
    const QPointF at = line.center() + QPointF(is_cut ? -18 : side + 14, 0);
    scene_.text_at(at, (is_cut ? "✂ " : "") + shown(state), Letters::strong(theme::trouble));
}

// Empty for a node that simply runs.
QString MapLayout::state_text(const NodePicture& node) const {
    const auto recovers = [&](const auto& entry) {
        return entry.first.node == node.id && entry.second->state == LogState::recovering;
    };
    const auto& logs = *in_.now.replicas;
    if (node.state == NodeState::up && std::any_of(logs.begin(), logs.end(), recovers))
        return tr("↻ recovering");
    const char* const texts[] =
        {"not started", "", "❚❚ paused", "✕ crashed", "✕ power lost", "■ stopped"};
    return tr(texts[int(node.state)]);
}

void MapLayout::draw_node(NodeId id, QRectF box) {
    static const NodePicture absent;
    const auto found = in_.now.nodes->find(id);
    const NodePicture& node = found == in_.now.nodes->end() ? absent : *found->second;
    const QString scene_id = QStringLiteral("node:%1").arg(id.value());
    if (in_.selected == scene_id)
        scene_.rectangle(box.adjusted(-9, -9, 9, 9), Look::solid(theme::halo, 14));
    const bool is_absent = node.state == NodeState::unknown || node.state == NodeState::stopped;
    const QColor line = is_down(node) ? theme::trouble : is_absent ? theme::outline : theme::ink;
    Look look = Look::framed(line, theme::node_line, theme::paper, 10);
    if (is_down(node) || is_absent) look.dash = Qt::DashLine;
    const QString state = state_text(node);
    if (is_server(id)) {
        scene_.rectangle(box, look, scene_id);
        const char* const gap = state.isEmpty() ? "" : "  ";
        draw_broker(node, box, shown(in_.all.node_name(id)) + gap + state);
    } else if (in_.all.nodes->at(id)->role == "consumer") {
        scene_.ellipse(box, look, scene_id);
        draw_client(id, box, state);
    } else {
        QPolygonF plate(box.adjusted(0, 0, -20, 0));
        plate.insert(2, QPointF(box.right(), box.center().y()));
        scene_.polygon(plate, look, scene_id);
        draw_client(id, box.adjusted(0, 0, -10, 0), state);
    }
}

void MapLayout::draw_broker(const NodePicture& node, QRectF box, const QString& title) {
    Letters letters = title_letters;
    if (is_down(node)) {
        Look hatch = Look::solid(theme::trouble.lighter(260), 10);
        hatch.fill = Fill::hatched;
        scene_.rectangle(box, hatch);
        letters.color = theme::trouble;
    }
    const qreal side_room = is_voter(node.id) ? 34 : 8;
    const QRectF line(box.left() + side_room, box.top() + 8, box.width() - 2 * side_room, 22);
    while (letters.pixels > theme::small && letters.width(title) > line.width())
        --letters.pixels;
    scene_.text(line, title, letters);
    if (is_voter(node.id)) draw_badge(node, box);
    QString facts = tr("%1 reactors").arg(node.reactors);
    if (node.reactors == 1) facts = tr("1 reactor");
    if (node.starts > 1) facts += tr(" · start %1").arg(node.starts);
    if (!node.disk_state.empty() && node.disk_state != "healthy")
        facts += tr(" · disk: %1").arg(shown(node.disk_state));
    if (!node.quorum.role.empty() && node.quorum.role != "observer")
        facts = tr("%1 · epoch %2").arg(shown(node.quorum.role)).arg(node.quorum.epoch.value());
    const Letters plain = Letters::small(theme::secondary).aligned(Qt::AlignHCenter);
    scene_.text({box.left() + 8, box.top() + 30, box.width() - 16, 16}, facts, plain);
    QRectF row(box.left() + 14, box.top() + 54, box.width() - 28, replica_height - 6);
    auto logs = logs_in_order(in_.now);
    std::erase_if(logs, [&](const auto* log) { return log->node != node.id; });
    for (std::size_t i = 0; i < logs.size(); ++i, row.translate(0, replica_height)) {
        const bool is_last = row.bottom() + replica_height > box.bottom();
        if (is_last && i + 1 < logs.size())
            return scene_.text(row, tr("+%1 more").arg(logs.size() - i), plain);
        draw_replica(*logs[i], row);
    }
}

// A hexagon at the upper right corner: it votes; double: it leads.
void MapLayout::draw_badge(const NodePicture& node, QRectF box) {
    const QPointF at = box.topRight() + QPointF(-20, 19);
    const auto hexagon = [at](qreal r) {
        const QPointF x(r, 0);
        const QPointF y(0, r * 0.87);
        return QPolygonF(
            {at - x, at - x / 2 - y, at + x / 2 - y, at + x, at + x / 2 + y, at - x / 2 + y});
    };
    const QColor line = is_down(node) ? theme::trouble : theme::quorum;
    scene_.polygon(hexagon(11), Look::framed(line, 1.6, theme::paper));
    if (node.quorum.role == "leader") scene_.polygon(hexagon(7), Look::solid(line));
}

void MapLayout::draw_replica(const trace::ReplicaPicture& log, QRectF row) {
    const bool is_bad = log.state == LogState::uncertain;
    const bool is_open = log.state == LogState::open;
    const bool is_leader = log.leader == log.node;
    const QString name = shown(log.name.text());
    const QColor line = is_bad ? theme::trouble : theme::ink;
    Look look = Look::framed(line, is_leader ? theme::leader_line : 1, theme::paper);
    if (!is_open) look.dash = Qt::DashLine;
    scene_.rectangle(row, look, QStringLiteral("log:") + name);
    const Letters name_letters{.color = theme::ink, .is_bold = is_leader};
    QString ends = tr("end %1 · HW %2").arg(log.log_end.value()).arg(watermark_text(log));
    if (!is_open) ends = state_words(log);
    const Letters letters = Letters::small(is_bad ? theme::trouble : theme::secondary);
    const qreal ends_width = letters.width(ends);
    const QRectF name_box = row.adjusted(8, 0, -ends_width - 14, 0);
    scene_.text(name_box, (is_leader ? "★ " : "") + name, name_letters);
    scene_.text(row.adjusted(row.width() - ends_width - 8, 0, -8, 0), ends, letters);
}

void MapLayout::draw_client(NodeId id, QRectF box, const QString& state) {
    std::int64_t sent = 0, acked = 0, failed = 0, read = 0;
    for (const auto& [key, client] : *in_.now.clients) {
        if (key.node != id) continue;
        sent += client->produced;
        acked += client->acked;
        failed += client->failed;
        read += client->consumed;
    }
    QString first = read > 0 ? tr("%1 read").arg(read) : QString();
    if (sent > 0) first = tr("%1 acked").arg(acked);
    QString second = sent > 0 ? tr("%1 sent").arg(sent) : QString();
    if (failed > 0) second = tr("%1 failed").arg(failed);
    const QRectF line(box.left() + 3, box.top() + 10, box.width() - 6, 20);
    if (!state.isEmpty()) second = state;
    const QString name = shown(in_.all.node_name(id));
    Letters name_letters = title_letters;
    while (name_letters.pixels > theme::small && name_letters.width(name) > line.width())
        --name_letters.pixels;
    scene_.text(line, name, name_letters);
    if (first.isEmpty()) std::swap(first, second);
    const Letters letters = Letters::small(theme::ink).aligned(Qt::AlignHCenter);
    scene_.text(line.translated(0, 21), first, letters);
    scene_.text(line.translated(0, 37), second, letters);
}

void MapLayout::draw_messages() {
    std::map<std::pair<NodeId, NodeId>, Messages> lanes;
    for (const auto& [key, message] : *in_.now.in_flight) {
        if (is_placed(message.from, message.to))
            lanes[{message.from, message.to}].push_back(&message);
    }
    for (const MessagePicture& message : *in_.now.dropped) {
        const bool is_recent = in_.time < *message.dropped + trace::dropped_shown;
        if (is_recent && is_placed(message.from, message.to)) draw_message(message, "lost");
    }
    for (const auto& [ends, messages] : lanes)
        draw_lane(ends.first, ends.second, messages);
}

// Those of which no event says when they arrive stand at their sender, all as one.
void MapLayout::draw_lane(NodeId from, NodeId to, const Messages& messages) {
    if (messages.size() > exact_max) {
        const QLineF lane = way(from, to);
        scene_.line(lane.p1(), lane.p2(), Look::stroke(theme::grid, 14));
        const QString text = tr("%1 messages").arg(messages.size());
        scene_.text_at(lane.center() + QPointF(10, 0), text, Letters::strong(theme::ink));
        return;
    }
    const MessagePicture* first_there = nullptr;
    int there = 0;
    for (const MessagePicture* message : messages) {
        if (message->due) {
            draw_message(*message, messages.size() <= labelled_max ? "" : nullptr);
        } else if (there++ == 0 || message->is_held) {
            first_there = message;
        }
    }
    if (there == 0) return;
    QString label = first_there->is_held ? tr("waits") : tr("not arrived yet");
    if (there > 1) label += tr(" · %1 in all").arg(there);
    draw_message(*first_there, label);
}

// What a broker has in work waits at its end of the link: the oldest, and how many there are.
void MapLayout::draw_requests() {
    std::map<Pair, std::pair<Token, int>> at_work;
    for (const auto& [number, requests] : *in_.now.requests) {
        const auto connection = in_.now.connections->find(number);
        if (connection == in_.now.connections->end() || requests.empty()) continue;
        const NodeId from = connection->second.from;
        const NodeId to = connection->second.to;
        if (!is_placed(from, to)) continue;
        auto& [token, count] = at_work[pair_of(from, to)];
        count += int(requests.size());
        const trace::RequestPicture& request = requests.front();
        token = {.way = way(from, to),
                 .part = 1,
                 .family = family_of(request.api_key, !is_server(from)),
                 .id = QStringLiteral("request:%1").arg(request.event.value()),
                 .label = tr("%1 at work").arg(api_name(request.api_key))};
        if (count > 1) token.label += tr(" · %1 in all").arg(count);
    }
    for (const auto& [pair, entry] : at_work)
        draw_token(entry.first);
}

// label: more than its name; null: no label.
void MapLayout::draw_message(const MessagePicture& message, const QString& label) {
    QString name = api_name(message.api_key);
    if (message.is_response) name += tr(" reply");
    if (!label.isEmpty()) name += QLatin1Char(' ') + label;
    const bool is_lost = message.dropped.has_value();
    const qreal part = progress(message, message.dropped.value_or(in_.time));
    draw_token({.way = way(message.from, message.to, is_lost ? lost_side : side),
                .part = is_lost ? std::max(part, 0.05) : part,  // clear of its sender
                .family = family_of(message.api_key,
                                    !is_server(message.is_response ? message.to : message.from)),
                .is_hollow = message.is_response || is_lost,
                .is_lost = is_lost,
                .id = QStringLiteral("message:%1").arg(message.event.value()),
                .label = label.isNull() ? label : name});
}

void MapLayout::draw_token(const Token& token) {
    families_.insert(token.family);
    has_dropped_ = has_dropped_ || token.is_lost;
    const QPointF at = token.way.pointAt(token.part);
    if (in_.selected == token.id)
        scene_.ellipse({at.x() - 15, at.y() - 15, 30, 30}, Look::solid(theme::halo));
    add_mark(scene_, token.family, at, token.is_hollow, token.id);
    if (token.is_lost) scene_.cross(at, theme::mark_radius + 3);
    if (token.label.isEmpty()) return;
    const bool is_right = token.way.dy() < 0;  // what goes up is named there
    const Letters letters = Letters::small(token.is_lost ? theme::trouble : theme::ink);
    const qreal width = letters.width(token.label);
    QRectF box(is_right ? at.x() + 15 : at.x() - 15 - width, at.y() - 8, width, 16);
    for (const auto& [other, label] : labels_) {
        if (label == token.label && other.adjusted(-32, 0, 32, 0).intersects(box)) return;
        if (other.intersects(box)) box.moveTop(other.bottom());
    }
    labels_.emplace_back(box, token.label);
    scene_.text(box, token.label, letters);
}

void MapLayout::draw_legend() {
    const QString names[] = {tr("Produce"),
                             tr("Consumer fetch"),
                             tr("Replica fetch"),
                             tr("Vote"),
                             tr("Metadata, admin")};
    QPointF at(margin + 8, in_.size.height() - legend_height + 20);
    for (const Family family : families_) {
        add_mark(scene_, family, at, false);
        at = scene_.text_at(at + QPointF(16, 0), names[int(family)], {theme::ink}) + QPointF(26, 0);
    }
    if (families_.empty()) scene_.text_at(at, tr("nothing is in flight"), {theme::ink});
    QString text = tr("filled = request · hollow = reply");
    if (has_dropped_) text += tr(" · ✕ = lost on the way");
    if (has_quorum(in_.all)) text += tr(" · ⬡ = votes, filled: leads");
    text += tr(" · ★ = leader · dashed = not running");
    at = {margin, in_.size.height() - legend_height + 42};
    scene_.text_at(at, text, Letters::small(theme::secondary));
}

}  // namespace

qreal progress(const MessagePicture& message, Instant time) {
    if (!message.due) return 0;
    const auto whole = static_cast<qreal>((*message.due - message.sent).nanoseconds());
    if (whole <= 0) return 1;
    return std::clamp(static_cast<qreal>((time - message.sent).nanoseconds()) / whole, 0.0, 1.0);
}

Scene layout_map(const MapInput& input) {
    return MapLayout(input).build();
}

}  // namespace glasslog::gui
