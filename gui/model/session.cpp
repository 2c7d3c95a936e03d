#include "gui/model/session.hpp"

#include "core/base/overloaded.hpp"
#include "gui/model/sentences.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace glasslog::gui {
namespace {

namespace kinds = trace::kinds;

constexpr Duration lookahead = Duration::milliseconds(20);  // of shown time, times the speed

// A simulator that is behind is not asked for more.
constexpr std::int64_t unanswered_max = 4;

}  // namespace

Instant Session::edge() const {
    return timeline_.events().empty() ? Instant() : timeline_.events().back().time;
}

bool Session::receive(int budget_ms) {
    QElapsedTimer timer;
    timer.start();
    const bool was_ended = is_ended();
    if (waiting_at_ == waiting_.size()) {
        Batch batch = source_->take();
        waiting_ = std::move(batch.events);
        waiting_at_ = 0;
        if (batch.header) header_ = batch.header;
        if (!batch.problem.empty()) problem_ = shown(batch.problem);
        is_ended_ = batch.is_ended;
    }
    const std::size_t before = timeline_.events().size();
    const bool is_stepped = count_ < timeline_.count_at(time_);
    while (waiting_at_ < waiting_.size() && timer.elapsed() < budget_ms)
        append_some();
    if (timeline_.events().size() == before) return is_ended() != was_ended;
    last_news_.restart();
    show(is_stepped ? count_ : timeline_.count_at(time_));
    if (follow_ && edge() >= *follow_) seek(std::max(time_, *std::exchange(follow_, {})));
    return true;
}

// As many as fit well into a frame.
void Session::append_some() {
    constexpr std::size_t chunk = 500;
    const std::size_t end = std::min(waiting_.size(), waiting_at_ + chunk);
    std::vector<trace::Event> events;
    for (; waiting_at_ < end; ++waiting_at_) {
        note(waiting_[waiting_at_]);
        events.push_back(std::move(waiting_[waiting_at_]));
    }
    if (!timeline_.append(std::move(events)))
        problem_ = tr("The trace is longer than this window holds; its end is not shown.");
}

void Session::note(const trace::Event& event) {
    const auto kind = trace::decode(event);
    if (!kind) return;
    const auto mark = [&](MarkKind what, const QString& text) {
        const auto is_earlier = [](Instant time, const Mark& m) { return time < m.time; };
        const auto place = std::upper_bound(marks_.begin(), marks_.end(), event.time, is_earlier);
        marks_.insert(place, {event.time, what, text});
    };
    std::visit(overloaded{
                   [&](const kinds::Said& k) { mark(MarkKind::said, shown(k.en)); },
                   [&](const kinds::FaultInjected& k) {
                       const std::string verb = k.text.substr(0, k.text.find(' '));
                       const bool is_cure = verb == "restart" || verb == "resume" || verb == "heal";
                       mark(is_cure ? MarkKind::cure : MarkKind::fault, shown(k.text));
                   },
                   [&](const kinds::RecoveryCut&) { mark(MarkKind::fault, tr("log cut")); },
                   [&](const kinds::QuorumRoleChanged& k) {
                       if (k.role != "leader") return;
                       const QString& name = names_[event.node];
                       mark(MarkKind::election,
                            tr("%1 leads, epoch %2").arg(name).arg(k.epoch.value()));
                   },
                   [&](const kinds::NodeStarted& k) { names_[event.node] = shown(k.name); },
                   [&](const kinds::InvariantViolated& k) { mark(MarkKind::fault, shown(k.name)); },
                   [&](const kinds::Verdict& k) {
                       mark(MarkKind::verdict, k.is_held ? tr("holds") : tr("violated"));
                   },
                   [&](const kinds::TimeReached&) {
                       // Short of what was asked: the scenario ends here.
                       const bool is_over = --unanswered_ == 0 && event.time < wanted_;
                       if (is_over) source_->send("end");
                   },
                   [](const auto&) {},
               },
               *kind);
}

void Session::show(std::size_t count) {
    const auto& events = timeline_.events();
    const bool is_ahead = count >= now_.event_count && count - now_.event_count < 512;
    // An event that is filed earlier moves all that follow it.
    const bool is_same_past =
        now_.event_count == 0 ||
        (now_.event_count <= events.size() && events[now_.event_count - 1].id == now_.last);
    if (is_ahead && is_same_past) {
        for (auto at = static_cast<std::size_t>(now_.event_count); at < count; ++at)
            trace::apply(now_, events[at]);
    } else {
        now_ = timeline_.after(count);
    }
    count_ = count;
}

bool Session::advance(Duration elapsed) {
    if (!is_playing_) return false;
    const Instant target = time_ + scaled(elapsed);
    if (unanswered_ < unanswered_max) want(target + scaled(lookahead));
    if (target > edge() && is_ended()) is_playing_ = false;
    const Instant reached = std::min(target, std::max(edge(), time_));
    if (reached == time_) return false;
    time_ = reached;
    show(timeline_.count_at(time_));
    return true;
}

void Session::play(bool is_playing) {
    if (is_playing && is_ended() && time_ >= edge()) seek(Instant());
    is_playing_ = is_playing;
}

void Session::seek(Instant time) {
    time_ = std::clamp(time, Instant(), std::max(edge(), Instant()));
    show(timeline_.count_at(time_));
}

void Session::seek_event(std::size_t count) {
    const std::size_t bounded = std::min(count, timeline_.events().size());
    time_ = bounded == 0 ? Instant() : timeline_.events()[bounded - 1].time;
    show(bounded);
}

void Session::want(Instant time) {
    if (!is_steerable() || time <= wanted_ || is_ended_) return;
    wanted_ = time;
    ++unanswered_;
    source_->send(fmt::format("run until {}ns", time.nanoseconds()));
}

void Session::command(const QString& line) {
    if (!command_refusal().isEmpty()) return;
    const Instant when = std::max({time_, edge(), wanted_});
    source_->send(fmt::format("at {}ns {}", when.nanoseconds(), line.toStdString()));
    follow_ = when + Duration::milliseconds(1);
    want(*follow_);
}

QString Session::command_refusal() const {
    if (!is_steerable()) return tr("a recorded run cannot be changed: open a scenario");
    if (is_ended_) return tr("the run has ended");
    if (follow_) return tr("the last act is still on its way");
    if (edge() - time_ > Duration::milliseconds(250) + scaled(lookahead))
        return tr("this is the past: go to the live edge (End) to change the run");
    return {};
}

}  // namespace glasslog::gui
