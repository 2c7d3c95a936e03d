#pragma once

#include "gui/model/session.hpp"

#include <QElapsedTimer>
#include <QMainWindow>
#include <QTimer>

#include <memory>
#include <set>
#include <vector>

class QAction;
class QLabel;

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

    // Reads on until the trace is known up to `time` or has ended, then shows that moment. never():
    // the end of the run.
    void load_until(Instant time);

    // Everything again, from the session.
    void refresh();

private:
    void make_tools();
    QWidget* make_story();
    void make_panes();

    void show_quorum();
    void tick();
    void inflict(const QString& verb);
    void refresh_texts();
    void refresh_faults();

    // Why a fault's verb does not fit what is selected, as it is now; empty when it does.
    QString why_not(const QString& verb) const;

    // The command that the verb makes of what is selected.
    QString line_of(const QString& verb) const;

    Session session_;
    QTimer timer_;
    QElapsedTimer elapsed_;
    int skipped_ = 0;        // lanes above
    bool is_quiet_ = false;  // as the badge says
    Instant asked_;          // of load_until
    Canvas* map_ = nullptr;
    Canvas* quorum_ = nullptr;
    QWidget* quorum_box_ = nullptr;  // with its title
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
    QAction* play_ = nullptr;
    std::vector<QAction*> faults_;  // named by verbs of the scenario language
    std::set<QString> cuts_;        // links that were cut here, so that they can be healed
};

}  // namespace glasslog::gui
