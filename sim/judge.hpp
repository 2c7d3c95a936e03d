#pragma once

// Judge: evaluates what a scenario promises, while it runs and in the end.

#include "sim/facts.hpp"
#include "sim/history.hpp"
#include "sim/invariants/high_watermark_sound.hpp"
#include "sim/invariants/log_contiguous.hpp"
#include "sim/run.hpp"
#include "sim/scenario.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace glasslog::sim {

class Judge {
public:
    // One `expect`, after it was looked at.
    struct Looked {
        std::string text;
        bool is_met = false;
    };

    Judge(const Scenario& scenario, const History& history)
        : scenario_(scenario), history_(history) {}

    // --- while it runs
    void see(NodeId node, const trace::AnyKind& kind);
    void see_consumers();

    // A theorem about the quorum does not hold (quorum_watch.hpp).
    void see_broken(const std::string& promise, const std::string& text);

    void problem(std::string text) { problems_.push_back(std::move(text)); }

    void on_violation(UniqueFunction<void(const Violation&)> callback) {
        tell_ = std::move(callback);
    }

    void on_now(UniqueFunction<Instant()> now) { now_ = std::move(now); }

    // --- in the end. unread: why there was no audit.
    void conclude(const std::optional<std::string>& unread,
                  const std::map<std::string, std::int64_t>& bound,
                  const Facts& facts);

    const std::vector<std::string>& problems() const { return problems_; }

    const std::vector<Violation>& violations() const { return violations_; }

    const std::vector<Looked>& looked() const { return looked_; }

    // What held, when there is no problem.
    std::string praise() const;

private:
    void violate(const std::string& promise, const std::string& text);
    void look(const std::string& text, bool is_met, const std::string& why);
    bool is_expected_broken(const std::string& promise) const;
    const Violation* find(const std::string& promise) const;

    const Scenario& scenario_;
    const History& history_;
    LogContiguous log_contiguous_;
    HighWatermarkSound high_watermark_sound_;
    std::vector<Violation> violations_;  // the first of each promise
    std::vector<std::string> problems_;
    std::vector<Looked> looked_;
    UniqueFunction<void(const Violation&)> tell_;
    UniqueFunction<Instant()> now_;
};

}  // namespace glasslog::sim
