#include "sim/direct/script.hpp"

#include <fmt/format.h>

#include <charconv>
#include <utility>

namespace glasslog::sim::direct {
namespace {

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    std::size_t at = 0;
    while (at < line.size()) {
        const std::size_t begin = line.find_first_not_of(' ', at);
        if (begin == std::string_view::npos) break;
        const std::size_t end = std::min(line.find(' ', begin), line.size());
        words.push_back(line.substr(begin, end - begin));
        at = end;
    }
    return words;
}

template <typename Number>
bool read_number(std::string_view text, Number& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size();
}

Unexpected<InputError> refuse(std::string where, std::string what, std::string expected) {
    return Unexpected{InputError{.where = std::move(where),
                                 .what = std::move(what),
                                 .expected = std::move(expected),
                                 .hint = {}}};
}

// One line of the heading; false when it is a command.
class Heading {
public:
    Heading(Script& script, std::string where) : script_(script), where_(std::move(where)) {}

    Expected<bool, InputError> take(std::span<const std::string_view> words) {
        const std::string_view first = words[0];
        if (first == "nodes") return take_nodes(words);
        if (words.size() != 2) return false;
        if (first == "kraft") return number(words[1], script_.world.kraft_version);
        if (first == "seed") {
            const bool is_taken = TRY(number(words[1], script_.world.seed));
            script_.pace.seed = script_.world.seed;
            return is_taken;
        }
        if (first == "fast") return take_fast(words[1]);
        if (first == "latency") return take_time(words[1], script_.pace.latency_max);
        if (first == "sync-time") return take_time(words[1], script_.pace.sync_max);
        if (first == "joins") return take_joins(words[1]);
        if (first == "chunks") return number(words[1], script_.world.snapshot_chunks);
        if (first == "rule") return take_rule(words[1]);
        if (first == "watch") return take_watch(words[1]);
        if (first == "expect") return take_expected(words[1]);
        return false;
    }

private:
    template <typename Number>
    Expected<bool, InputError> number(std::string_view word, Number& out) {
        if (read_number(word, out)) return true;
        return refuse(where_, fmt::format("'{}' is no number", word), "a number");
    }

    Expected<bool, InputError> take_nodes(std::span<const std::string_view> words) {
        WorldOptions& world = script_.world;
        const bool is_read = words.size() == 4 && read_number(words[1], world.voters) &&
                             read_number(words[2], world.spares) &&
                             read_number(words[3], world.observers);
        const bool is_possible = is_read && world.voters > 0 && world.spares >= 0 &&
                                 world.observers >= 0 &&
                                 world.nodes() <= static_cast<int>(nodes_max);
        if (is_possible) return true;
        return refuse(where_, "unusable numbers of nodes", "nodes VOTERS SPARES OBSERVERS, <= 12");
    }

    Expected<bool, InputError> take_fast(std::string_view word) {
        std::int64_t ms = 0;
        const bool is_taken = TRY(number(word, ms));
        script_.world.timing.fast_election_delay_max = Duration::milliseconds(ms);
        return is_taken;
    }

    // Nanoseconds, at most.
    Expected<bool, InputError> take_time(std::string_view word, Duration& out) {
        std::int64_t ns = 0;
        const bool is_taken = TRY(number(word, ns));
        out = std::max(Duration::nanoseconds(ns), Duration::milliseconds(1));
        return is_taken;
    }

    Expected<bool, InputError> take_joins(std::string_view word) {
        script_.world.joins_by_itself = word == "yes";
        return true;
    }

    Expected<bool, InputError> take_rule(std::string_view word) {
        const Mistake* const mistake = TRY(find_mistake(word, where_));
        mistake->plant(script_.world.rules);
        script_.planted.push_back(mistake);
        return true;
    }

    Expected<Theorem, InputError> theorem(std::string_view word) {
        if (const auto found = find_theorem(word)) return *found;
        return refuse(where_, fmt::format("no theorem '{}'", word), "R1 … R18, M1 … M7, R-L1 …");
    }

    Expected<bool, InputError> take_watch(std::string_view word) {
        const Theorem watched = TRY(theorem(word));
        if (script_.world.watched == all_theorems) script_.world.watched = 0;
        script_.world.watched |= set_of(watched);
        return true;
    }

    Expected<bool, InputError> take_expected(std::string_view word) {
        script_.is_expected = true;
        if (word == "holds") return true;
        script_.expected = TRY(theorem(word));
        return true;
    }

    Script& script_;
    std::string where_;
};

Expected<void, InputError> take_line(Script& script, std::string_view line, std::string where) {
    if (line.starts_with('#')) {
        script.comments.emplace_back(line);
        return {};
    }
    const std::vector<std::string_view> words = words_of(line);
    if (words.empty()) return {};
    const bool is_heading = TRY(Heading(script, where).take(words));
    if (!is_heading) script.commands.push_back(TRY(parse_command(line, where)));
    return {};
}

}  // namespace

Expected<Script, InputError> parse_script(std::string_view text, std::string_view name) {
    Script script;
    script.world.timing.change_voter_timeout = Duration::milliseconds(3'000);
    script.pace.seed = script.world.seed;
    std::size_t number = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        TRY(take_line(script, text.substr(0, end), fmt::format("{}:{}", name, ++number)));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return script;
}

std::string text(const Script& script) {
    std::string out;
    for (const std::string& comment : script.comments)
        out += comment + "\n";
    const WorldOptions& world = script.world;
    out += fmt::format("nodes {} {} {}\n", world.voters, world.spares, world.observers);
    if (world.kraft_version != 1) out += fmt::format("kraft {}\n", world.kraft_version);
    out += fmt::format("seed {}\n", world.seed);
    const std::int64_t fast = world.timing.fast_election_delay_max.milliseconds();
    if (fast > 0) out += fmt::format("fast {}\n", fast);
    out += fmt::format("latency {}\n", script.pace.latency_max.nanoseconds());
    out += fmt::format("sync-time {}\n", script.pace.sync_max.nanoseconds());
    if (world.joins_by_itself) out += "joins yes\n";
    if (world.snapshot_chunks != WorldOptions().snapshot_chunks)
        out += fmt::format("chunks {}\n", world.snapshot_chunks);
    for (const Mistake* const mistake : script.planted)
        out += fmt::format("rule {}\n", mistake->text());
    for (std::size_t i = 0; i < theorem_count && world.watched != all_theorems; ++i) {
        const auto theorem = static_cast<Theorem>(i);
        if ((world.watched & set_of(theorem)) != 0)
            out += fmt::format("watch {}\n", name_of(theorem).id);
    }
    if (script.is_expected)
        out += fmt::format("expect {}\n", script.expected ? name_of(*script.expected).id : "holds");
    for (const Command& command : script.commands)
        out += text(command) + "\n";
    return out;
}

Replay replay(const WorldOptions& options, const Pace& pace, std::span<const Command> commands) {
    World world(options);
    Pacer pacer(world, pace);
    Replay result;
    for (const Command& command : commands) {
        if (world.finding()) break;
        pacer.apply(command);
        ++result.used;
    }
    result.finding = world.finding();
    result.steps = world.steps();
    result.digest = world.digest();
    return result;
}

Script script_of(const RunReport& report, std::vector<const Mistake*> planted) {
    Script script;
    script.world = report.world;
    script.pace = report.pace;
    script.planted = std::move(planted);
    script.commands = report.commands;
    script.is_expected = report.finding.has_value();
    if (report.finding) script.expected = report.finding->theorem;
    return script;
}

}  // namespace glasslog::sim::direct
