#pragma once

#include "gui/model/session.hpp"

#include <QElapsedTimer>
#include <QMainWindow>
#include <QTimer>

#include <memory>

class QAction;
class QLabel;
class QMenu;
class QSlider;

namespace glasslog::gui {

class Canvas;
class EventPane;

// Tool bar, narration, map, lanes, events, time axis. Reads snapshots; what it changes goes to the
// simulator as lines of the scenario language.
class MainWindow final : public QMainWindow {
    Q_OBJECT

public:
    // title: of the file or the scenario.
    MainWindow(std::unique_ptr<Source> source, const QString& title);

    Session& session() { return session_; }

    // Reads on until the trace is known up to `time` or has ended, then shows that moment.
    void load_until(Instant time);

    // Everything again, from the session.
    void refresh();

private:
    void make_tools();
    QWidget* make_story();
    void make_panes();
    void make_fault_actions();
    QAction* add_tool(const QString& text, const QString& tip, QKeySequence key);

    void tick();
    void select(const QString& id);
    void open_menu(const QString& id, QPoint global);
    void refresh_texts();
    void refresh_faults();

    // The command that a fault's verb makes of what is selected; empty when it does not apply.
    QString line_of(const QString& verb) const;

    Session session_;
    QTimer timer_;
    QElapsedTimer elapsed_;
    qreal scroll_ = 0;
    Canvas* map_ = nullptr;
    Canvas* lanes_ = nullptr;
    Canvas* time_ = nullptr;
    EventPane* events_ = nullptr;
    QLabel* clock_ = nullptr;
    QLabel* position_ = nullptr;
    QLabel* speed_label_ = nullptr;
    QLabel* badge_ = nullptr;
    QLabel* narration_ = nullptr;
    QLabel* verdict_ = nullptr;
    QLabel* status_ = nullptr;
    QSlider* speed_ = nullptr;
    QAction* play_ = nullptr;

    // An act on what is selected. verb: of the scenario language.
    struct Fault {
        QString verb;
        QString name;
        QAction* action = nullptr;
    };

    std::vector<Fault> faults_;
};

}  // namespace glasslog::gui
