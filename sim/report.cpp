// A run's report for people and for programs; see run.hpp.

#include "sim/run.hpp"

#include <fmt/format.h>

#include <iterator>

namespace glasslog::sim {
namespace {

std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        if (static_cast<unsigned char>(c) < 0x20) {
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
            out += c;
        }
    }
    return out + "\"";
}

const char* word(RunCode code) {
    switch (code) {
        case RunCode::holds:
            return "holds";
        case RunCode::violated:
            return "violated";
        case RunCode::diverged:
            return "diverged";
        case RunCode::false_green:
            return "false-green";
    }
    return "";
}

}  // namespace

std::string report_text(const RunReport& report) {
    std::string out = fmt::format("{} (seed {})\n", report.title, report.seed);
    out += fmt::format("  {}: {}\n", word(report.code), report.verdict);
    for (std::size_t i = 1; i < report.problems.size(); ++i)
        out += fmt::format("  also: {}\n", report.problems[i]);
    for (const Violation& violation : report.violations) {
        if (!violation.is_expected) continue;
        out += fmt::format("  shown, as expected: {}: {}\n", violation.promise, violation.text);
    }
    for (std::size_t i = 0; i < report.faults.size(); ++i) {
        out += fmt::format("  {} {}: bit {} time{}\n",
                           report.faults[i].injected_at,
                           report.fault_texts[i],
                           report.faults[i].bites,
                           report.faults[i].bites == 1 ? "" : "s");
    }
    for (const std::string& problem : report.unread_trace)
        out += fmt::format("  the trace is incomplete: {}\n", problem);
    return out + fmt::format(
                     "  {} simulated, {} events, {} records produced, {} acked, {} consumed, "
                     "hash {:016x}\n",
                     report.simulated,
                     report.event_count,
                     report.produced,
                     report.acked,
                     report.consumed,
                     report.hash);
}

std::string report_json(const RunReport& report) {
    std::string out = fmt::format(
        "{{\"title\":{},\"seed\":{},\"code\":{},\"outcome\":\"{}\","
        "\"verdict\":{},\"problems\":[",
        quoted(report.title),
        report.seed,
        static_cast<int>(report.code),
        word(report.code),
        quoted(report.verdict));
    for (std::size_t i = 0; i < report.problems.size(); ++i)
        out += (i > 0 ? "," : "") + quoted(report.problems[i]);
    out += "],\"violations\":[";
    for (std::size_t i = 0; i < report.violations.size(); ++i) {
        const Violation& violation = report.violations[i];
        out += fmt::format("{}{{\"promise\":{},\"text\":{},\"at_ns\":{}}}",
                           i > 0 ? "," : "",
                           quoted(violation.promise),
                           quoted(violation.text),
                           violation.at.nanoseconds());
    }
    out += "],\"faults\":[";
    for (std::size_t i = 0; i < report.faults.size(); ++i) {
        out += fmt::format("{}{{\"fault\":{},\"at_ns\":{},\"bites\":{}}}",
                           i > 0 ? "," : "",
                           quoted(report.fault_texts[i]),
                           report.faults[i].injected_at.nanoseconds(),
                           report.faults[i].bites);
    }
    return out + fmt::format(
                     "],\"simulated_ns\":{},\"events\":{},\"produced\":{},\"acked\":{},"
                     "\"consumed\":{},\"hash\":\"{:016x}\"}}",
                     report.simulated.nanoseconds(),
                     report.event_count,
                     report.produced,
                     report.acked,
                     report.consumed,
                     report.hash);
}

}  // namespace glasslog::sim
