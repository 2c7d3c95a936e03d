#include "gui/main_window.hpp"

#include "gui/model/sentences.hpp"
#include "gui/panes/canvas.hpp"
#include "gui/panes/events.hpp"
#include "gui/scene/lane_layout.hpp"
#include "gui/scene/map_layout.hpp"
#include "gui/scene/quorum_layout.hpp"
#include "gui/scene/theme.hpp"
#include "gui/scene/time_layout.hpp"

#include <QAction>
#include <QApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QSlider>
#include <QSplitter>
#include <QStatusBar>
#include <QThread>
#include <QToolBar>
#include <QVBoxLayout>
#include <climits>

#include <algorithm>
#include <utility>

namespace glasslog::gui {
namespace {

constexpr int frame_ms = 16;
constexpr int receive_budget_ms = 5;

QLabel* make_label(const QString& text, int pixels, bool is_bold, QMargins margins = {}) {
    auto* label = new QLabel(text);
    label->setFont(theme::font(pixels, is_bold));
    label->setContentsMargins(margins);
    return label;
}

void paint_label(QLabel* label, const QColor& color) {
    const QString sheet = QStringLiteral("color: ") + color.name();
    if (label->styleSheet() != sheet) label->setStyleSheet(sheet);  // costs a new layout
}

// A pane with its title above.
QWidget* titled(const QString& title, QWidget* pane) {
    auto* box = new QWidget;
    auto* column = new QVBoxLayout(box);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(make_label(title, theme::body, true, {16, 6, 0, 4}));
    column->addWidget(pane, 1);
    return box;
}

}  // namespace

MainWindow::MainWindow(std::unique_ptr<Source> source, const QString& title)
    : session_(std::move(source)) {
    setWindowTitle(tr("%1 — Glasslog").arg(title));
    theme::apply();
    make_tools();
    make_panes();
    connect(&timer_, &QTimer::timeout, this, &MainWindow::tick);
    timer_.setTimerType(Qt::PreciseTimer);
    timer_.start(frame_ms);
    elapsed_.start();
    session_.want(Instant());
    refresh();
}

void MainWindow::make_tools() {
    auto* bar = addToolBar(tr("Playback"));
    bar->setMovable(false);
    const auto add = [&](const char* text, const QString& tip, QKeySequence key, auto act) {
        QAction* const action = bar->addAction(QString::fromUtf8(text), [this, act] {
            act();
            refresh();
        });
        action->setShortcut(key);
        action->setToolTip(QStringLiteral("%1 (%2)").arg(tip, key.toString()));
        return action;
    };
    add("◀◀", tr("To the start"), Qt::Key_Home, [this] { session_.seek({}); });
    add("◀❘", tr("One event back"), Qt::Key_Left, [this] {
        session_.seek_event(session_.count() - (session_.count() > 0 ? 1 : 0));
    });
    play_ = add("▶", tr("Play or pause"), Qt::Key_Space, [this] {
        session_.play(!session_.is_playing());
    });
    add("❘▶", tr("One event on"), Qt::Key_Right, [this] {
        session_.seek_event(session_.count() + 1);
    });
    add("▶▶", tr("To the live edge"), Qt::Key_End, [this] { session_.seek(session_.edge()); });
    bar->addWidget(clock_ = make_label({}, theme::clock, true, {14, 0, 10, 0}));
    bar->addWidget(position_ = make_label({}, theme::body, false, {0, 0, 8, 0}));
    bar->addSeparator();
    bar->addWidget(make_label(tr("Speed"), theme::body, false, {10, 0, 6, 0}));
    auto* speed = new QSlider(Qt::Horizontal);
    speed->setAccessibleName(tr("Speed"));
    speed->setRange(0, int(std::size(speeds)) - 1);
    speed->setValue(default_speed);
    speed->setFixedWidth(130);
    connect(speed, &QSlider::valueChanged, this, [this](int value) {
        session_.set_speed(value);
        refresh_texts();
    });
    bar->addWidget(speed);
    bar->addWidget(speed_label_ = make_label({}, theme::body, false));
    speed_label_->setFixedWidth(64);
    bar->addSeparator();
    const std::pair<QString, QString> faults[] = {{"crash", tr("✕ Crash")},
                                                  {"power-loss", tr("⚡ Power loss")},
                                                  {"restart", tr("↻ Restart")},
                                                  {"cut", tr("✂ Cut link")},
                                                  {"heal", tr("Heal link")}};
    for (const auto& [verb, name] : faults) {
        faults_.push_back(bar->addAction(name, [this, verb = verb] { inflict(verb); }));
        faults_.back()->setObjectName(verb);
    }
    auto* gap = new QWidget;
    gap->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    bar->addWidget(gap);
    bar->addWidget(badge_ = make_label({}, theme::body, true, {0, 0, 14, 0}));
}

QWidget* MainWindow::make_story() {
    auto* story = new QWidget;
    story->setObjectName(QStringLiteral("story"));
    auto* words = new QHBoxLayout(story);
    words->setContentsMargins(16, 8, 16, 8);
    narration_ = make_label({}, theme::title, false);
    narration_->setWordWrap(true);
    narration_->setMinimumHeight(40);
    verdict_ = make_label({}, theme::body, true);
    words->addWidget(narration_, 1);
    words->addWidget(verdict_);
    return story;
}

void MainWindow::make_panes() {
    map_ = new Canvas(tr("Cluster"), [this](QSizeF size) {
        return layout_map(
            {session_.now(), session_.all(), session_.time(), size, session_.selected});
    });
    quorum_ = new Canvas(tr("Metadata quorum"), [this](QSizeF size) {
        return layout_quorum(
            {session_.now(), session_.all(), session_.time(), size, session_.selected});
    });
    lanes_ = new Canvas(tr("Partition logs"), [this](QSizeF size) {
        return layout_lanes({.now = session_.now(),
                             .size = size,
                             .selected = session_.selected,
                             .skipped = std::size_t(skipped_),
                             .has_quorum = has_quorum(session_.all())});
    });
    time_ = new Canvas(tr("Time"), [this](QSizeF size) { return layout_time(session_, size); });
    time_->setFixedHeight(time_height);
    events_ = new EventPane(session_, this);
    for (Canvas* canvas : {map_, quorum_, lanes_}) {
        connect(canvas, &Canvas::touched, this, [this](const QString& id) {
            session_.selected = id;
            refresh();
        });
    }
    connect(lanes_, &Canvas::wheeled, this, [this](int pixels) {
        const int last = int(session_.now().replicas->size()) - 1;
        skipped_ = std::clamp(skipped_ + (pixels > 0 ? 1 : -1), 0, std::max(0, last));
        lanes_->refresh();
    });
    connect(time_, &Canvas::touched, this, [this](const QString&, QPointF at) {
        session_.seek(TimeAxis(time_->width(), session_.edge()).time_at(at.x()));
        refresh();
    });
    connect(events_, &EventPane::chosen, this, [this](std::size_t position) {
        session_.play(false);
        session_.seek_event(position + 1);
        const NodeId node = session_.timeline().events()[position].node;
        if (node != no_node) session_.selected = QStringLiteral("node:%1").arg(node.value());
        refresh();
    });

    auto* right = new QSplitter(Qt::Vertical);
    quorum_box_ = titled(tr("Metadata quorum"), quorum_);
    quorum_box_->hide();
    right->addWidget(quorum_box_);
    right->addWidget(titled(tr("Partition logs"), lanes_));
    right->addWidget(titled(tr("Events"), events_));
    right->setSizes({200, 430, 280});
    right->setCollapsible(0, false);
    auto* middle = new QSplitter(Qt::Horizontal);
    middle->addWidget(titled(tr("Cluster"), map_));
    middle->addWidget(right);
    middle->setSizes({720, 880});
    auto* all = new QWidget;
    auto* column = new QVBoxLayout(all);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(1);
    column->addWidget(make_story());
    column->addWidget(middle, 1);
    column->addWidget(titled(tr("Time"), time_));
    setCentralWidget(all);
    status_ = make_label({}, theme::small, false, {14, 0, 0, 0});
    paint_label(status_, theme::secondary);
    statusBar()->addWidget(status_, 1);
    resize(1600, 1000);
}

void MainWindow::tick() {
    const auto elapsed = Duration::milliseconds(elapsed_.restart());
    const bool has_more = session_.receive(receive_budget_ms);
    const bool has_moved = session_.advance(elapsed);
    const bool was_quiet = std::exchange(is_quiet_, session_.is_quiet());
    if (has_more || has_moved || is_quiet_ != was_quiet) refresh();
}

void MainWindow::load_until(Instant time) {
    constexpr Duration longest = Duration::seconds(1'000'000);  // of any run
    session_.want(std::min(time, Instant() + longest));
    // A file that still grows may never reach that time: it is enough that nothing more came.
    const int quiet_max = session_.is_steerable() ? INT_MAX : 40;
    constexpr qint64 growing_ms_max = 20'000;  // a cluster at work is never quiet
    QElapsedTimer timer;
    timer.start();
    for (int quiet = 0; !session_.is_ended() && quiet < quiet_max; ++quiet) {
        if (!session_.is_steerable() && timer.hasExpired(growing_ms_max)) break;
        if (session_.receive(1000)) quiet = 0;
        if (session_.is_steerable() && session_.is_answered() && session_.edge() >= time) break;
        QThread::msleep(5);
    }
    is_quiet_ = true;
    asked_ = time < Instant::never() ? time : Instant();
    session_.seek(time);
    refresh();
}

QString MainWindow::why_not(const QString& verb) const {
    const QString refusal = session_.command_refusal();
    if (!refusal.isEmpty()) return refusal;
    const bool is_of_link = verb == "cut" || verb == "heal";
    const QStringList parts = session_.selected.split(QLatin1Char(':'));
    if (parts[0] != (is_of_link ? "link" : "node"))
        return is_of_link ? tr("click a link first") : tr("click a node first");
    const trace::Snapshot all = session_.all();
    for (const QString& part : parts.mid(1)) {
        const auto node = all.nodes->find(NodeId(part.toInt()));
        if (node == all.nodes->end() || node->second->role == "admin")
            return tr("the scenario does not name it");
    }
    const NodeId first(parts[1].toInt());
    const NodeId second(parts.back().toInt());
    const auto is_it = [&](const trace::LinkPicture& link) {
        return std::minmax(link.from, link.to) == std::minmax(first, second);
    };
    const auto& links = *session_.now().links;
    const bool is_broken = std::any_of(links.begin(), links.end(), is_it);
    const auto found = session_.now().nodes->find(first);
    using trace::NodeState;
    const bool is_known = found != session_.now().nodes->end();
    const NodeState state = is_known ? found->second->state : NodeState::unknown;
    const bool is_running = state == NodeState::up || state == NodeState::paused;
    if (verb == "heal" && !cuts_.contains(session_.selected))
        return tr("it was not cut in this window");
    if (verb == "cut" && is_broken) return tr("it is not whole");
    if (!is_of_link && state == NodeState::unknown) return tr("it has not started yet");
    if (verb == "restart" && is_running) return tr("it is running");
    const bool needs_life = !is_of_link && verb != "restart";
    return needs_life && !is_running ? tr("it is not running") : QString();
}

QString MainWindow::line_of(const QString& verb) const {
    const QStringList parts = session_.selected.split(QLatin1Char(':'));
    const trace::Snapshot names = session_.all();
    const auto name = [&](int part) { return shown(names.node_name(NodeId(parts[part].toInt()))); };
    if (parts.size() == 2) return verb + QLatin1Char(' ') + name(1);
    const QString label = name(1) + QLatin1Char('-') + name(2);
    if (verb == "heal") return QStringLiteral("heal %1").arg(label);
    return QStringLiteral("cut %1 | %2 as %3").arg(name(1), name(2), label);
}

void MainWindow::inflict(const QString& verb) {
    if (!why_not(verb).isEmpty()) return;
    session_.command(line_of(verb));
    if (verb == "cut") cuts_.insert(session_.selected);
    if (verb == "heal") cuts_.erase(session_.selected);
    refresh_faults();
}

// The quorum's pane is there when several vote, as high as it needs.
void MainWindow::show_quorum() {
    const trace::Snapshot all = session_.all();
    const bool is_wanted = has_quorum(all);
    if (is_wanted) quorum_->setFixedHeight(quorum_height(voters_of(all).size()));
    if (quorum_box_->isVisibleTo(this) != is_wanted) quorum_box_->setVisible(is_wanted);
}

void MainWindow::refresh() {
    show_quorum();
    map_->refresh();
    quorum_->refresh();
    lanes_->refresh();
    time_->refresh();
    events_->refresh();
    refresh_texts();
    refresh_faults();
}

void MainWindow::refresh_texts() {
    const auto& now = session_.now();
    const auto& story = *now.story;
    clock_->setText(QStringLiteral("t = %1 s").arg(time_text(session_.time())));
    position_->setText(
        tr("event %1 of %2").arg(session_.count()).arg(session_.timeline().events().size()));
    const std::int64_t speed = speeds[session_.speed()];
    speed_label_->setText(speed < 1000 ? tr(" 1/%1 ×").arg(1000 / speed)
                                       : tr(" %1 ×").arg(speed / 1000));
    play_->setText(session_.is_playing() ? QStringLiteral("❚❚") : QStringLiteral("▶"));
    // A broker at work has no seed, and nobody judges it.
    const std::uint64_t number = session_.header() ? session_.header()->seed : 0;
    const bool has_seed = number != 0 || session_.is_steerable();
    const QString seed = has_seed ? tr("  seed %1").arg(number) : QString();
    badge_->setText(session_.is_steerable() ? tr("● SIMULATION") + seed
                    : session_.is_ended()   ? tr("■ RECORDED") + seed
                    : is_quiet_             ? tr("● FILE, waiting for more")
                                            : tr("● GROWING FILE"));
    narration_->setText(shown(story.en));
    // A violation that the scenario expects is no violation of the verdict.
    const bool is_bad = story.is_held ? !*story.is_held : !story.violations.empty();
    QString verdict = is_bad ? tr("✕ violated: ") : has_seed ? tr("no verdict yet") : QString();
    if (story.is_held && !is_bad) verdict = tr("✓ holds: ");
    if (is_bad && !story.is_held) verdict += shown(story.violations.front());
    if (story.is_held) verdict += shown(story.verdict);
    const bool is_said = is_bad || story.is_held;
    paint_label(verdict_, is_bad ? theme::trouble : is_said ? theme::ink : theme::secondary);
    verdict_->setText(verdict);
    const bool is_short = session_.time() == session_.edge() && session_.time() < asked_;
    QString status =
        tr("%1 in flight · %2 connections").arg(now.in_flight->size()).arg(now.connections->size());
    if (is_short) status += tr(" · %1 s is beyond the end: this is the end").arg(time_text(asked_));
    status_->setText(session_.problem().isEmpty() ? status : session_.problem());
}

void MainWindow::refresh_faults() {
    for (QAction* action : faults_) {
        const QString reason = why_not(action->objectName());
        action->setEnabled(reason.isEmpty());
        action->setToolTip(reason.isEmpty() ? line_of(action->objectName())
                                            : tr("Not now: %1.").arg(reason));
    }
}

}  // namespace glasslog::gui
