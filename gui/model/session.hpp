#pragma once

// What the window looks at: the trace so far, the moment shown, what is selected. Pictures are
// asked for by time; there is no animation state.

#include "core/trace/fold.hpp"
#include "gui/sources/source.hpp"

#include <QElapsedTimer>
#include <QString>

#include <cstdint>
#include <map>
#include <vector>

namespace glasslog::gui {

// Speeds: simulated seconds in a thousand shown ones.
inline constexpr std::int64_t speeds[] = {
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1'000, 2'000, 5'000, 10'000, 100'000};
inline constexpr int default_speed = 6;  // 1/10

// A moment that the time axis marks. fault: also what a fault led to, and a broken promise.
// election: a controller begins to lead.
enum class MarkKind : std::uint8_t { said, fault, cure, verdict, election };

struct Mark {
    Instant time;
    MarkKind kind;
    QString text;
};

class Session {
public:
    explicit Session(std::unique_ptr<Source> source) : source_(std::move(source)) {
        last_news_.start();
    }

    // Takes what has arrived, for at most `budget` milliseconds; true when there was anything.
    bool receive(int budget_ms);

    // Moves the moment by `elapsed` of shown time when playing; true when it moved.
    bool advance(Duration elapsed);

    void play(bool is_playing);

    void set_speed(int index) { speed_ = index; }

    void seek(Instant time);

    // To after the first `count` events.
    void seek_event(std::size_t count);

    // Asks the simulator for everything up to there; without effect on a file. At the scenario's
    // end it is asked for the verdict.
    void want(Instant time);

    // Whether all that was wanted has come.
    bool is_answered() const { return header_ && unanswered_ == 0; }

    // A line of the scenario language, stamped with the newest moment; when that has come it is
    // shown.
    void command(const QString& line);

    // Why command() would do nothing now; empty when it works.
    QString command_refusal() const;

    bool is_playing() const { return is_playing_; }

    bool is_ended() const { return is_ended_ && waiting_at_ == waiting_.size(); }

    // Nothing has come for a while, and nothing said that nothing more will.
    bool is_quiet() const { return !is_ended_ && last_news_.hasExpired(2000); }

    bool is_steerable() const { return source_->is_steerable(); }

    int speed() const { return speed_; }

    Instant time() const { return time_; }

    Instant edge() const;  // of what is known

    std::size_t count() const { return count_; }

    const trace::Timeline& timeline() const { return timeline_; }

    const trace::Snapshot& now() const { return now_; }

    trace::Snapshot all() const { return timeline_.after(timeline_.events().size()); }

    const std::vector<Mark>& marks() const { return marks_; }

    const std::optional<trace::TraceHeader>& header() const { return header_; }

    const QString& problem() const { return problem_; }

    QString selected;  // an id of a Scene

private:
    void append_some();
    void note(const trace::Event& event);

    Duration scaled(Duration d) const { return d * speeds[speed_] / 1000; }

    void show(std::size_t count);

    std::unique_ptr<Source> source_;
    trace::Timeline timeline_;
    std::vector<trace::Event> waiting_;  // taken, not yet appended; from waiting_at_
    std::size_t waiting_at_ = 0;
    std::vector<Mark> marks_;
    std::map<NodeId, QString> names_;  // of nodes that have started
    std::optional<trace::TraceHeader> header_;
    QString problem_;
    bool is_ended_ = false;

    Instant time_;
    std::size_t count_ = 0;
    trace::Snapshot now_;
    bool is_playing_ = false;
    int speed_ = default_speed;
    Instant wanted_ = Instant::from_nanoseconds(-1);
    std::int64_t unanswered_ = 0;    // `run until` that were sent and not reached
    std::optional<Instant> follow_;  // after the last command, when it is not yet known
    QElapsedTimer last_news_;
};

}  // namespace glasslog::gui
