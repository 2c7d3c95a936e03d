// glasslog sim trace show|export|why|diff: what a trace file tells.

#include "core/cli/session.hpp"
#include "core/cli/verbs.hpp"
#include "core/os/process.hpp"
#include "core/os/trace_files.hpp"
#include "core/trace/diff.hpp"
#include "core/trace/export.hpp"
#include "core/trace/fold.hpp"
#include "core/trace/join.hpp"
#include "core/trace/why.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace glasslog::cli {
namespace {

struct TraceFlags {
    std::vector<std::string> files;  // or directories
    std::string file;
    std::string other;
    std::uint64_t event = 0;
    std::string from;
    std::string to;
    std::string node;
    std::string kind;
    std::string partition;
    bool is_jsonl = false;
};

constexpr std::size_t trace_bytes_max = std::size_t{4} << 30;

Expected<trace::TraceFile, InputError> open_trace(const std::string& path) {
    const auto bytes = os::read_file(path, trace_bytes_max);
    if (!bytes) return Unexpected{unreadable(bytes.error(), "a trace file")};
    auto file = trace::read_trace(bytes->view());
    if (!file) return Unexpected{InputError{path, file.error().text(), "a trace file", {}}};
    if (file->error.has_value()) {
        fmt::print(stderr, "glasslog sim trace: {}: {}\n", path, file->error->text());
    }
    if (file->torn_bytes > 0) {
        fmt::print(stderr,
                   "glasslog sim trace: {}: {} bytes {} left out\n",
                   path,
                   file->torn_bytes,
                   file->error.has_value() ? "from there" : "of a torn tail");
    }
    return std::move(*file);
}

// A directory stands for the traces in it.
Expected<std::vector<std::string>, InputError> files_of(const std::vector<std::string>& paths) {
    std::vector<std::string> files;
    for (const std::string& path : paths) {
        if (!os::is_directory(path)) {
            files.push_back(path);
            continue;
        }
        const auto found = os::trace_files(path);
        if (!found) return Unexpected{unreadable(found.error(), "a directory of traces")};
        if (found->empty()) {
            return Unexpected{InputError{path,
                                         "no file 'trace' or 'trace.N' in it, nor in the "
                                         "directories below",
                                         "a directory of glasslog up --trace",
                                         "files of other names can be given one by one"}};
        }
        files.insert(files.end(), found->begin(), found->end());
    }
    return files;
}

// Several are one picture.
Expected<trace::TraceFile, InputError> open_traces(const std::vector<std::string>& paths) {
    std::vector<trace::NamedTrace> traces;
    const std::vector<std::string> files = TRY(files_of(paths));
    for (const std::string& file : files) {
        auto opened = TRY(open_trace(file));
        traces.push_back({file, std::move(opened)});
    }
    return trace::join(std::move(traces));
}

// What could be read was shown; damage (not the torn tail of a file that grows) is a failure.
ExitCode outcome_of(const trace::TraceFile& file) {
    return file.error.has_value() ? ExitCode::failed : ExitCode::done;
}

// "3s", "250ms", "12us", "7ns" or "3.25s".
Expected<std::optional<Instant>, InputError> time_of(const std::string& flag,
                                                     const std::string& text) {
    if (text.empty()) return std::optional<Instant>();
    const auto wrong = [&] {
        return Unexpected{InputError{flag,
                                     fmt::format("'{}' is no time", text),
                                     "a number and s, ms, us or ns",
                                     "for example 3.25s or 250ms"}};
    };
    const std::size_t unit_at = text.find_first_not_of("0123456789.");
    const std::string unit = unit_at == std::string::npos ? "s" : text.substr(unit_at);
    std::int64_t scale = 0;
    if (unit == "s") scale = 1'000'000'000;
    if (unit == "ms") scale = 1'000'000;
    if (unit == "us") scale = 1'000;
    if (unit == "ns") scale = 1;
    std::int64_t whole = 0;
    const char* const end = text.data() + std::min(unit_at, text.size());
    auto [at, error] = std::from_chars(text.data(), end, whole);
    if (scale == 0 || error != std::errc{} || whole > INT64_MAX / scale - 1) return wrong();
    std::int64_t nanoseconds = whole * scale;
    if (at != end && *at == '.') {
        for (++at; at != end && *at >= '0' && *at <= '9'; ++at) {
            scale /= 10;
            nanoseconds += (*at - '0') * scale;
        }
    }
    if (at != end) return wrong();
    return std::optional<Instant>(Instant::from_nanoseconds(nanoseconds));
}

Expected<trace::Selection, InputError> selection_of(const TraceFlags& flags) {
    trace::Selection selection;
    selection.from = TRY(time_of("--from", flags.from));
    selection.to = TRY(time_of("--to", flags.to));
    if (!flags.partition.empty()) selection.partition = flags.partition;
    if (flags.kind.empty()) return selection;
    selection.kind = trace::kind_number(flags.kind);
    if (selection.kind.has_value()) return selection;
    return Unexpected{InputError{"--kind",
                                 fmt::format("'{}' is no kind of event", flags.kind),
                                 "a kind as `trace show` prints it",
                                 "for example batch_appended"}};
}

// By its name, or by its number.
Expected<std::optional<NodeId>, InputError> node_of(const std::string& text,
                                                    const trace::TraceFile& file) {
    if (text.empty()) return std::optional<NodeId>();
    std::int32_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, number);
    if (error == std::errc() && at == end) return std::optional(NodeId{number});
    trace::Snapshot all;
    for (const trace::Event& event : file.events)
        apply(all, event);
    std::vector<std::string> names;
    for (const auto& [id, node] : *all.nodes) {
        names.push_back(all.node_name(id));
        if (names.back() == text) return std::optional(id);
    }
    return Unexpected{InputError{"--node",
                                 fmt::format("'{}' is no node of this trace", text),
                                 fmt::format("a number or one of {}", fmt::join(names, ", ")),
                                 {}}};
}

void put(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    if (!text.empty() && text.back() != '\n') std::fputc('\n', stdout);
}

ExitCode show(const TraceFlags& flags) {
    auto selection = selection_of(flags);
    if (!selection) return complain("sim trace show", selection.error());
    const auto file = open_traces(flags.files);
    if (!file) return complain("sim trace show", file.error());
    const auto node = node_of(flags.node, *file);
    if (!node) return complain("sim trace show", node.error());
    selection->node = *node;
    put(trace::show_text(*file, *selection));
    return outcome_of(*file);
}

ExitCode export_events(const TraceFlags& flags) {
    const auto file = open_traces(flags.files);
    if (!file) return complain("sim trace export", file.error());
    put(trace::to_jsonl(file->events));
    return outcome_of(*file);
}

ExitCode explain(const TraceFlags& flags) {
    auto file = open_traces({flags.file});
    if (!file) return complain("sim trace why", file.error());
    trace::Timeline timeline;
    for (trace::Event& event : file->events) {
        if (!timeline.append(std::move(event))) break;
    }
    const trace::EventId id{flags.event};
    if (!timeline.find(id).has_value()) {
        return complain("sim trace why",
                        InputError{"EVENT",
                                   fmt::format("no event {} in {}", flags.event, flags.file),
                                   "an id as `trace show` prints it",
                                   {}});
    }
    put(trace::why_text(timeline, id));
    return outcome_of(*file);
}

ExitCode compare(const TraceFlags& flags) {
    const auto left = open_trace(flags.file);
    if (!left) return complain("sim trace diff", left.error());
    const auto right = open_trace(flags.other);
    if (!right) return complain("sim trace diff", right.error());
    put(trace::diff_text(left->events, right->events));
    const bool is_same = !trace::first_divergence(left->events, right->events).has_value();
    const bool is_whole = !left->error.has_value() && !right->error.has_value();
    return is_same && is_whole ? ExitCode::done : ExitCode::failed;
}

}  // namespace

void add_trace_verb(CLI::App& sim, Action& action) {
    CLI::App* trace = sim.add_subcommand("trace", "Read a trace file");
    trace->require_subcommand(1);
    trace->footer(
        "Examples:\n"
        "  glasslog sim trace show run.trace --kind batch_appended\n"
        "  glasslog sim trace show /tmp/cluster     all nodes of glasslog up --trace, joined\n"
        "  glasslog sim trace why run.trace 1234\n"
        "  glasslog sim trace diff a.trace b.trace\n"
        "Exit codes: 0 all of it was read, 1 the file is damaged (what comes before is shown), 2 "
        "no "
        "trace.");
    auto flags = std::make_shared<TraceFlags>();
    const char* const origin = "Of sim run --trace or broker --trace";
    const char* const origins =
        "Of sim run --trace or broker --trace; several, or a directory of them, are one picture";
    const auto add_files = [&](CLI::App& verb) {
        verb.add_option("files", flags->files, origins)->required();
    };

    CLI::App* verb = trace->add_subcommand("show", "One line an event");
    add_files(*verb);
    verb->add_option("--from", flags->from, "Not before this time: 3s, 250ms");
    verb->add_option("--to", flags->to, "Not after this time");
    verb->add_option("--node", flags->node, "Only of this node: b1, or its number");
    verb->add_option("--kind", flags->kind, "Only of this kind");
    verb->add_option("--partition", flags->partition, "Only about this partition: orders-0");
    verb->footer(
        "Examples:\n"
        "  glasslog sim trace show run.trace --from 2s --to 2.5s\n"
        "  glasslog sim trace show run.trace --kind batch_appended --partition orders-0\n"
        "  glasslog sim trace show /tmp/cluster --kind quorum_role_changed\n"
        "  glasslog sim trace show node-1/trace node-2/trace");
    verb->callback([flags, &action] { action = [flags] { return show(*flags); }; });

    verb = trace->add_subcommand("export", "All events for other programs");
    add_files(*verb);
    verb->add_flag("--jsonl", flags->is_jsonl, "One JSON object a line (the default)");
    verb->footer("Examples:\n  glasslog sim trace export --jsonl run.trace | grep log_truncated");
    verb->callback([flags, &action] { action = [flags] { return export_events(*flags); }; });

    verb = trace->add_subcommand("why", "The causes of an event, the nearest first");
    verb->add_option("file", flags->file, "A trace, or a directory of traces")->required();
    verb->add_option("event", flags->event, "Its id")->required();
    verb->footer("Examples:\n  glasslog sim trace why run.trace 1234");
    verb->callback([flags, &action] { action = [flags] { return explain(*flags); }; });

    verb = trace->add_subcommand("diff", "Where two runs part");
    verb->add_option("file", flags->file, origin)->required();
    verb->add_option("other", flags->other, "The other trace")->required();
    verb->footer(
        "Exit codes: 0 equal, 1 different or damaged.\nExamples:\n"
        "  glasslog sim trace diff a.trace b.trace");
    verb->callback([flags, &action] { action = [flags] { return compare(*flags); }; });
}

}  // namespace glasslog::cli
