#include "sim/serve.hpp"

#include "core/base/overloaded.hpp"
#include "sim/scenario_parser.hpp"

#include <fmt/format.h>

#include <utility>

namespace glasslog::sim {
namespace {

RunOptions to_sink(trace::Sink& sink) {
    RunOptions options;
    options.sink = &sink;
    return options;
}

}  // namespace

Serve::Serve(const Scenario& scenario, std::uint64_t seed, trace::Sink& sink)
    : scenario_(scenario), run_(scenario, seed, to_sink(sink)) {
    run_.flush();
}

Expected<void, InputError> Serve::line(std::string_view text) {
    ++line_;
    if (text.find_first_not_of(" \t\r") == std::string_view::npos || report_) return {};
    Command command = TRY(parse_command(text, scenario_, line_));
    const auto* const act = std::get_if<DoAt>(&command);
    if (act != nullptr && !act->time && !is_waiting_) {
        for (const Step& step : act->steps) {
            if (auto why = run_.refusal_of(step))
                return Unexpected{InputError{fmt::format("stdin:{}:1", line_),
                                             *why,
                                             "a command that applies now",
                                             {}}};
        }
    }
    // Tells who shows the run that time went on, also when nothing happened.
    const auto run_until = [&](Instant when) {
        run_.run_until(when);
        is_waiting_ = false;
        run_.world().emit(no_node, trace::kinds::TimeReached{});
    };
    std::visit(overloaded{[&](const RunUntil& c) { run_until(Instant() + c.time); },
                          [&](const RunFor& c) { run_until(run_.world().now() + c.time); },
                          [&](DoAt& c) {
                              std::optional<Instant> when;
                              if (c.time) when = Instant() + *c.time;
                              run_.plan(when, std::move(c.steps));
                              is_waiting_ = true;
                          },
                          [&](const Finish&) { report_ = run_.finish(); }},
               command);
    if (!report_) run_.flush();
    return {};
}

}  // namespace glasslog::sim
