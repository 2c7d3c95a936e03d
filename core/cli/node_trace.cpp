#include "core/cli/node_trace.hpp"

#include "core/trace/log.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <unistd.h>

namespace glasslog::cli {
namespace {

std::string_view level_name(trace::LogLevel level) {
    switch (level) {
        case trace::LogLevel::debug:
            return "DEBUG";
        case trace::LogLevel::info:
            return "INFO";
        case trace::LogLevel::warning:
            return "WARN";
        case trace::LogLevel::error:
            return "ERROR";
    }
    return "?";
}

// "2026-11-21 11:02:03.456" in UTC.
std::string timestamp(WallTime time) {
    const std::time_t seconds = time.milliseconds() / 1000;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
    return fmt::format("{}.{:03}", text, time.milliseconds() % 1000);
}

std::string_view colour(trace::LogLevel level) {
    if (isatty(STDERR_FILENO) == 0) return "";
    if (level == trace::LogLevel::error) return "\033[31m";
    return level == trace::LogLevel::warning ? "\033[33m" : "";
}

struct Line {
    trace::LogLevel level = trace::LogLevel::info;
    std::string room;
    std::string text;
};

// A log line as it is; any other kind by its name and fields.
Line line_of(std::uint16_t kind, const Bytes& bytes) {
    if (kind == trace::kinds::LogLine::kind.number) {
        const auto decoded = trace::decode_kind(kind, bytes);
        if (decoded && std::holds_alternative<trace::kinds::LogLine>(*decoded)) {
            const auto& line = std::get<trace::kinds::LogLine>(*decoded);
            return {static_cast<trace::LogLevel>(line.level), line.room, line.text};
        }
    }
    return {trace::LogLevel::info,
            "event",
            fmt::format("{} {}", trace::kind_name(kind), trace::fields_text(kind, bytes))};
}

bool is_for_people(std::uint16_t kind) {
    namespace kinds = trace::kinds;
    for (const std::uint16_t known : {kinds::LogLine::kind.number,
                                      kinds::RecoveryStarted::kind.number,
                                      kinds::RecoveryCut::kind.number,
                                      kinds::RecoveryFinished::kind.number,
                                      kinds::DiskFailed::kind.number,
                                      kinds::TopicCreated::kind.number,
                                      kinds::TopicDeleted::kind.number}) {
        if (kind == known) return true;
    }
    return false;
}

void print(const Line& line, WallTime now) {
    const std::string_view begin = colour(line.level);
    std::string words = line.text;  // may quote a peer
    std::replace_if(
        words.begin(),
        words.end(),
        [](unsigned char c) { return c < ' '; },
        '?');
    const std::string text = fmt::format("{}{} {:5} {}: {}{}\n",
                                         begin,
                                         timestamp(now),
                                         level_name(line.level),
                                         line.room,
                                         words,
                                         begin.empty() ? "" : "\033[0m");
    std::fputs(text.c_str(), stderr);
}

}  // namespace

NodeTrace::NodeTrace(const runtime::Clock& clock,
                     trace::Sink* sink,
                     trace::TraceLog::Options options)
    : clock_(clock),
      file_(sink == nullptr ? nullptr : std::make_unique<trace::TraceLog>(clock, *sink, options)) {}

bool NodeTrace::wants(runtime::TraceLevel level) const {
    if (level == runtime::TraceLevel::log) return true;
    return file_ != nullptr && file_->wants(level);
}

runtime::EventId NodeTrace::emit(runtime::EventKind kind,
                                 ByteView bytes,
                                 runtime::EventId second_cause) {
    if (is_for_people(kind.value())) say(kind.value(), bytes);
    if (file_ == nullptr) return runtime::no_event;
    const runtime::EventId id = file_->emit(kind, bytes, second_cause);
    if (file_->writer().error() && !is_failure_told_) tell_failure();
    return id;
}

// Once: a broker that runs for long should not keep it to itself until its end.
void NodeTrace::tell_failure() {
    is_failure_told_ = true;
    print({trace::LogLevel::error,
           "trace",
           fmt::format("the trace ends here: {}", file_->writer().error()->text())},
          clock_.wall());
}

// Errors are always said.
void NodeTrace::say(std::uint16_t kind, ByteView bytes) {
    const Line line = line_of(kind, Bytes::copy_of(bytes));
    if (line.level < trace::LogLevel::info) return;
    if (line.level >= trace::LogLevel::error) return print(line, clock_.wall());
    const auto unsaid = allowance_.take(clock_.now());
    if (unsaid.value_or(0) > 0) {
        print({trace::LogLevel::warning, "log", fmt::format("{} lines were left out", *unsaid)},
              clock_.wall());
    }
    if (unsaid) print(line, clock_.wall());
}

runtime::EventId NodeTrace::current_cause() const {
    return file_ == nullptr ? runtime::no_event : file_->current_cause();
}

void NodeTrace::set_current_cause(runtime::EventId cause) {
    if (file_ != nullptr) file_->set_current_cause(cause);
}

void NodeTrace::flush() {
    if (file_ != nullptr) file_->flush();
}

}  // namespace glasslog::cli
