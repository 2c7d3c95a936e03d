#include "gui/main_window.hpp"

#include "gui/model/sentences.hpp"
#include "gui/panes/canvas.hpp"
#include "gui/panes/events.hpp"
#include "gui/scene/lane_layout.hpp"
#include "gui/scene/map_layout.hpp"
#include "gui/scene/theme.hpp"
#include "gui/scene/time_layout.hpp"

#include <QAction>
#include <QApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QSlider>
#include <QSplitter>
#include <QStatusBar>
#include <QThread>
#include <QToolBar>
#include <QVBoxLayout>
#include <climits>

namespace glasslog::gui {
namespace {

constexpr int frame_ms = 16;
constexpr int receive_budget_ms = 5;

QLabel* make_label(QWidget* parent, int pixels, bool is_bold, const QColor& color = theme::ink) {
    auto* label = new QLabel(parent);
    label->setFont(theme::font(pixels, is_bold));
    label->setStyleSheet(QStringLiteral("color: %1; background: transparent").arg(color.name()));
    return label;
}

// A pane with its title above.
QWidget* titled(const QString& title, QWidget* pane, QWidget* parent) {
    auto* box = new QWidget(parent);
    auto* column = new QVBoxLayout(box);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    auto* label = make_label(box, theme::body, true);
    label->setText(title);
    label->setContentsMargins(16, 6, 0, 4);
    column->addWidget(label);
    column->addWidget(pane, 1);
    return box;
}

}  // namespace

MainWindow::MainWindow(std::unique_ptr<Source> source, const QString& title)
    : session_(std::move(source)) {
    setWindowTitle(tr("%1 — Glasslog").arg(title));
    QPalette colors(theme::panel, theme::paper);
    colors.setColor(QPalette::Window, theme::paper);
    colors.setColor(QPalette::Base, theme::paper);
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        colors.setColor(QPalette::Active, role, theme::ink);
    colors.setColor(QPalette::Disabled, QPalette::ButtonText, theme::outline);
    colors.setColor(QPalette::Highlight, theme::halo);
    colors.setColor(QPalette::HighlightedText, theme::ink);
    QApplication::setPalette(colors);
    setStyleSheet(
        QStringLiteral("QToolBar, QStatusBar, #story { background: %1; border: none }"
                       "QToolBar { spacing: 2px; padding: 4px 6px }"
                       "QToolButton { border: 1px solid transparent; padding: 4px 8px }"
                       "QToolButton:hover { border-color: %2 }"
                       "QTableView, QListWidget { border: 1px solid %3 }"
                       "QHeaderView::section { background: %1; border: none; padding: 3px }"
                       "QSplitter::handle { background: %3 }")
            .arg(theme::panel.name(), theme::outline.name(), theme::grid.name()));
    make_tools();
    make_panes();
    connect(&timer_, &QTimer::timeout, this, &MainWindow::tick);
    timer_.setTimerType(Qt::PreciseTimer);
    timer_.start(frame_ms);
    elapsed_.start();
    session_.want(Instant());
    refresh();
}

QAction* MainWindow::add_tool(const QString& text, const QString& tip, QKeySequence key) {
    auto* action = new QAction(text, this);
    action->setShortcut(key);
    action->setToolTip(QStringLiteral("%1 (%2)").arg(tip, key.toString()));
    addAction(action);
    return action;
}

void MainWindow::make_tools() {
    auto* bar = addToolBar(tr("Playback"));
    bar->setMovable(false);
    const auto add = [&](const QString& text, const QString& tip, QKeySequence key, auto act) {
        QAction* const action = add_tool(text, tip, key);
        connect(action, &QAction::triggered, this, [this, act] {
            act();
            refresh();
        });
        bar->addAction(action);
        return action;
    };
    add(QStringLiteral("◀◀"), tr("To the start"), Qt::Key_Home, [this] { session_.seek({}); });
    add(QStringLiteral("◀❘"), tr("One event back"), Qt::Key_Left, [this] {
        session_.seek_event(session_.count() - (session_.count() > 0 ? 1 : 0));
    });
    play_ = add(QStringLiteral("▶"), tr("Play or pause"), Qt::Key_Space, [this] {
        session_.play(!session_.is_playing());
    });
    add(QStringLiteral("❘▶"), tr("One event on"), Qt::Key_Right, [this] {
        session_.seek_event(session_.count() + 1);
    });
    add(QStringLiteral("▶▶"), tr("To the live edge"), Qt::Key_End, [this] {
        session_.seek(session_.edge());
    });
    clock_ = make_label(this, theme::clock, true);
    clock_->setContentsMargins(14, 0, 10, 0);
    bar->addWidget(clock_);
    position_ = make_label(this, theme::body, false, theme::secondary);
    bar->addWidget(position_);
    bar->addSeparator();
    auto* speed_name = make_label(this, theme::body, false);
    speed_name->setText(tr("Speed"));
    speed_name->setContentsMargins(10, 0, 6, 0);
    bar->addWidget(speed_name);
    speed_ = new QSlider(Qt::Horizontal, this);
    speed_->setAccessibleName(tr("Speed"));
    speed_->setRange(0, int(std::size(speeds)) - 1);
    speed_->setValue(default_speed);
    speed_->setFixedWidth(130);
    connect(speed_, &QSlider::valueChanged, this, [this](int value) {
        session_.set_speed(value);
        refresh_texts();
    });
    bar->addWidget(speed_);
    speed_label_ = make_label(this, theme::body, false);
    speed_label_->setFixedWidth(64);
    bar->addWidget(speed_label_);
    bar->addSeparator();
    make_fault_actions();
    for (const Fault& fault : faults_)
        bar->addAction(fault.action);
    auto* gap = new QWidget(this);
    gap->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    bar->addWidget(gap);
    badge_ = make_label(this, theme::body, true);
    badge_->setContentsMargins(0, 0, 14, 0);
    bar->addWidget(badge_);
}

void MainWindow::make_fault_actions() {
    faults_ = {{"crash", tr("✕ Crash")},
               {"power-loss", tr("⚡ Power loss")},
               {"restart", tr("↻ Restart")},
               {"cut", tr("✂ Cut link")},
               {"heal", tr("Heal link")}};
    for (Fault& fault : faults_) {
        fault.action = new QAction(fault.name, this);
        fault.action->setObjectName(fault.verb);
        connect(fault.action, &QAction::triggered, this, [this, verb = fault.verb] {
            session_.command(line_of(verb));
        });
    }
}

QWidget* MainWindow::make_story() {
    auto* story = new QWidget(this);
    story->setObjectName(QStringLiteral("story"));
    auto* words = new QHBoxLayout(story);
    words->setContentsMargins(16, 8, 16, 8);
    narration_ = make_label(story, theme::title, false);
    narration_->setWordWrap(true);
    narration_->setMinimumHeight(40);
    verdict_ = make_label(story, theme::body, true);
    words->addWidget(narration_, 1);
    words->addWidget(verdict_);
    return story;
}

void MainWindow::make_panes() {
    map_ = new Canvas(
        tr("Cluster"),
        [this](QSizeF size) {
            return layout_map(
                {session_.now(), session_.all(), session_.time(), size, session_.selected});
        },
        this);
    lanes_ = new Canvas(
        tr("Partition logs"),
        [this](QSizeF size) {
            return layout_lanes({session_.now(), size, session_.selected, scroll_});
        },
        this);
    time_ = new Canvas(
        tr("Time"),
        [this](QSizeF size) { return layout_time(session_, size); },
        this);
    time_->setFixedHeight(142);
    events_ = new EventPane(session_, this);
    connect(map_, &Canvas::touched, this, [this](const QString& id) { select(id); });
    connect(lanes_, &Canvas::touched, this, [this](const QString& id) { select(id); });
    connect(map_, &Canvas::menu_wanted, this, &MainWindow::open_menu);
    connect(lanes_, &Canvas::wheeled, this, [this](int pixels) {
        scroll_ = std::max(0.0, scroll_ + pixels);
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

    auto* right = new QSplitter(Qt::Vertical, this);
    right->addWidget(titled(tr("Partition logs"), lanes_, this));
    right->addWidget(titled(tr("Events"), events_, this));
    right->setSizes({430, 280});
    auto* middle = new QSplitter(Qt::Horizontal, this);
    middle->addWidget(titled(tr("Cluster"), map_, this));
    middle->addWidget(right);
    middle->setSizes({720, 880});
    auto* all = new QWidget(this);
    auto* column = new QVBoxLayout(all);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(1);
    column->addWidget(make_story());
    column->addWidget(middle, 1);
    column->addWidget(titled(tr("Time"), time_, this));
    setCentralWidget(all);
    status_ = make_label(this, theme::small, false, theme::secondary);
    status_->setContentsMargins(14, 0, 0, 0);
    statusBar()->addWidget(status_, 1);
    resize(1600, 1000);
}

void MainWindow::tick() {
    const auto elapsed = Duration::milliseconds(elapsed_.restart());
    const bool has_more = session_.receive(receive_budget_ms);
    const bool has_moved = session_.advance(elapsed);
    if (has_more || has_moved) refresh();
}

void MainWindow::load_until(Instant time) {
    session_.want(time);
    // A file that still grows may never reach that time: it is enough that nothing more came.
    const int quiet_max = session_.is_steerable() ? INT_MAX : 40;
    for (int quiet = 0; !session_.is_ended() && quiet < quiet_max; ++quiet) {
        if (session_.receive(1000)) quiet = 0;
        if (session_.is_steerable() && session_.edge() >= time) break;
        QThread::msleep(5);
    }
    session_.seek(time);
    refresh();
}

void MainWindow::select(const QString& id) {
    session_.selected = id;
    refresh();
}

QString MainWindow::line_of(const QString& verb) const {
    const QStringList parts = session_.selected.split(QLatin1Char(':'));
    const bool is_of_link = verb == QLatin1String("cut") || verb == QLatin1String("heal");
    if (parts.size() != (is_of_link ? 3 : 2)) return {};
    if (parts[0] != (is_of_link ? QLatin1String("link") : QLatin1String("node"))) return {};
    const trace::Snapshot names = session_.all();
    const QString first = QString::fromStdString(names.node_name(NodeId(parts[1].toInt())));
    if (!is_of_link) return verb + QLatin1Char(' ') + first;
    const QString second = QString::fromStdString(names.node_name(NodeId(parts[2].toInt())));
    if (verb == QLatin1String("heal")) return QStringLiteral("heal %1-%2").arg(first, second);
    return QStringLiteral("cut %1 | %2 as %1-%2").arg(first, second);
}

void MainWindow::open_menu(const QString& id, QPoint global) {
    select(id);
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->setToolTipsVisible(true);
    for (const Fault& fault : faults_)
        menu->addAction(fault.action);
    menu->popup(global);
}

void MainWindow::refresh() {
    map_->refresh();
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
    const QString seed = session_.header() ? QString::number(session_.header()->seed) : QString();
    badge_->setText(session_.is_steerable() ? tr("● SIMULATION  seed %1").arg(seed)
                    : session_.is_ended()   ? tr("■ RECORDED  seed %1").arg(seed)
                                            : tr("● GROWING FILE  seed %1").arg(seed));
    narration_->setText(QString::fromStdString(story.en));
    // A violation that the scenario expects is no violation of the verdict.
    const bool is_bad = story.is_held ? !*story.is_held : !story.violations.empty();
    QString verdict = tr("no verdict yet");
    if (!story.violations.empty()) {
        verdict = tr("✕ violated: %1").arg(QString::fromStdString(story.violations.front()));
    }
    if (story.is_held) {
        verdict = (is_bad ? tr("✕ violated: %1") : tr("✓ holds: %1"))
                      .arg(QString::fromStdString(story.verdict));
    }
    const QColor color = is_bad ? theme::trouble : story.is_held ? theme::ink : theme::secondary;
    verdict_->setStyleSheet(QStringLiteral("background: transparent; color: ") + color.name());
    verdict_->setText(verdict);
    QString status =
        tr("%1 in flight · %2 connections").arg(now.in_flight->size()).arg(now.connections->size());
    if (!story.fault.empty())
        status += tr(" · last fault: %1").arg(QString::fromStdString(story.fault));
    status_->setText(session_.problem().isEmpty() ? status : session_.problem());
}

void MainWindow::refresh_faults() {
    const QString refusal = session_.command_refusal();
    for (const Fault& fault : faults_) {
        const QString line = line_of(fault.verb);
        QString tip = line;
        if (line.isEmpty()) tip = tr("Not now: click a node, or a link for cut and heal, first.");
        if (!refusal.isEmpty()) tip = tr("Not now: %1.").arg(refusal);
        fault.action->setEnabled(refusal.isEmpty() && !line.isEmpty());
        fault.action->setToolTip(tip);
    }
}

}  // namespace glasslog::gui
