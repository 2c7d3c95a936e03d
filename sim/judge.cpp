#include "sim/judge.hpp"

#include "core/base/overloaded.hpp"
#include "sim/invariants/acked_records_kept.hpp"
#include "sim/invariants/consumed_in_order.hpp"
#include "sim/quorum_watch.hpp"
#include "sim/steps.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace glasslog::sim {
namespace {

const std::string acked_kept = "acked-records-kept";
const std::string contiguous = "log-contiguous";
const std::string watermark = "high-watermark-sound";
const std::string quorum_sound = "quorum-sound";  // everything that is known of a quorum
const std::string in_order = "consumed-in-order";

}  // namespace

const std::vector<std::string>& promise_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> out{acked_kept, contiguous, watermark, in_order, quorum_sound};
        out.insert(out.end(), quorum_promises().begin(), quorum_promises().end());
        return out;
    }();
    return names;
}

const Violation* Judge::find(const std::string& promise) const {
    const auto found = std::ranges::find(violations_, promise, &Violation::promise);
    return found == violations_.end() ? nullptr : &*found;
}

void Judge::violate(const std::string& promise, const std::string& text) {
    if (find(promise) != nullptr) return;
    const bool is_named =
        is_expected_broken(promise) ||
        std::ranges::find(scenario_.always, promise, &Always::name) != scenario_.always.end();
    if (!is_named) return;
    violations_.push_back({promise, text, now_(), is_expected_broken(promise)});
    tell_(violations_.back());
}

void Judge::see(NodeId node, const trace::AnyKind& kind) {
    if (const auto text = log_contiguous_.see(node, kind)) violate(contiguous, *text);
    if (const auto text = high_watermark_sound_.see(node, kind)) violate(watermark, *text);
}

void Judge::see_consumers() {
    if (const auto text = consumed_in_order(history_)) violate(in_order, *text);
}

void Judge::see_broken(const std::string& promise, const std::string& text) {
    violate(promise, text);
    violate(quorum_sound, promise + ": " + text);
}

bool Judge::is_expected_broken(const std::string& promise) const {
    return std::ranges::any_of(scenario_.expects, [&](const Expect& expect) {
        const auto* const violation = std::get_if<ExpectViolation>(&expect);
        return violation != nullptr && violation->name == promise;
    });
}

void Judge::look(const std::string& text, bool is_met, const std::string& why) {
    looked_.push_back({text, is_met});
    if (!is_met) problem(why);
}

void Judge::conclude(const std::optional<std::string>& unread,
                     const std::map<std::string, std::int64_t>& bound,
                     const Facts& facts) {
    if (unread) {
        problem(*unread);
    } else {
        if (const auto text = acked_records_kept(history_)) violate(acked_kept, *text);
        if (const auto text = consumed_is_in_log(history_)) violate(in_order, *text);
    }
    for (const Always& always : scenario_.always) {
        const Violation* const violation = find(always.name);
        if (violation == nullptr || is_expected_broken(always.name)) continue;
        problem(fmt::format("{} broken at {}: {}", always.name, violation->at, violation->text));
    }
    for (const Expect& expect : scenario_.expects) {
        std::visit(
            overloaded{[&](const ExpectViolation& e) {
                           look("violation " + e.name,
                                find(e.name) != nullptr,
                                fmt::format("{} was expected to be broken, and held", e.name));
                       },
                       [&](const ExpectCondition& e) {
                           look(print(e.condition),
                                facts.holds(e.condition, bound),
                                fmt::format("line {}: expected {}",
                                            e.place.line,
                                            facts.why_not(e.condition, bound)));
                       }},
            expect);
    }
}

std::string Judge::praise() const {
    std::string out;
    for (const Always& always : scenario_.always)
        out += (out.empty() ? "" : ", ") + always.name;
    const std::size_t met = looked_.size();
    if (met > 0) {
        out += fmt::format("{}{} expectation{} met",
                           out.empty() ? "" : ", ",
                           met,
                           met == 1 ? "" : "s");
    }
    return out.empty() ? "it ran to its end" : out;
}

}  // namespace glasslog::sim
