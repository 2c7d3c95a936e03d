#pragma once

// `glasslog sim serve`: lines of the scenario language in, the trace stream out. The caller reads
// the lines and gives the Sink; nothing here touches files or pipes.
//
//   run until 3s | run for 20ms     time goes on, at most to the scenario's end; then the trace is
//                                   complete up to there and says so (kinds::TimeReached)
//   crash b1 | at 3.2s crash b1     any step of the language, now or then; one that does not apply
//                                   (a restart of what runs) is refused: now as an error, then in
//                                   a log line of the trace
//   end                             to the scenario's end, with the verdict; the trace is finished

#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "sim/run.hpp"
#include "sim/scenario.hpp"

#include <optional>
#include <string_view>

namespace glasslog::sim {

class Serve {
public:
    // Writes the trace's header at once.
    Serve(const Scenario& scenario, std::uint64_t seed, trace::Sink& sink);

    // A line that cannot be read changes nothing.
    Expected<void, InputError> line(std::string_view text);

    // After `end`: the report. No line is taken any more.
    const std::optional<RunReport>& report() const { return report_; }

    bool is_ended() const { return report_.has_value(); }

private:
    Scenario scenario_;
    Run run_;
    std::int32_t line_ = 0;    // the number of the newest line
    bool is_waiting_ = false;  // a command that was taken has not been performed
    std::optional<RunReport> report_;
};

}  // namespace glasslog::sim
