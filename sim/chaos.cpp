#include "sim/chaos.hpp"

#include "core/base/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace glasslog::sim {
namespace {

constexpr Duration settling = Duration::milliseconds(1'000);  // after a fault, still "touched"
constexpr std::int64_t rate_max = 1'000'000;                  // in a thousand seconds

template <typename T>
using Read = Expected<T, InputError>;

Read<ChaosKind> take_kind(TokenLine& line) {
    ChaosKind kind;
    kind.verb = TRY(line.take_one_of(chaos_words()));
    const std::string rate = "a rate as 0.2/s, at most 1000/s";
    const std::string& text = line.peek().text;
    const bool is_rate = text.ends_with("/s");
    const auto value =
        is_rate ? to_thousandths(std::string_view(text).substr(0, text.size() - 2)) : std::nullopt;
    if (!value || *value < 1 || *value > rate_max) return Unexpected{line.error(rate)};
    kind.per_thousand_seconds = *value;
    TRY(line.take_word(rate));
    const std::string most = "the longest that it lasts, as ..2s";
    const std::string& until = line.peek().text;
    const auto lasting =
        until.starts_with("..") ? to_duration(std::string_view(until).substr(2)) : std::nullopt;
    if (!lasting || *lasting <= Duration() || *lasting > Duration::seconds(3'600))
        return Unexpected{line.error(most)};
    kind.lasting_max = *lasting;
    TRY(line.take_word(most));
    return kind;
}

}  // namespace

const std::vector<std::string>& chaos_words() {
    static const std::vector<std::string> words{"crash",
                                                "power-loss",
                                                "pause",
                                                "cut",
                                                "cut-one-way",
                                                "clog",
                                                "slow-disk",
                                                "stall-disk",
                                                "stop"};
    return words;
}

Read<Chaos> take_chaos(TokenLine& line) {
    Chaos chaos;
    TRY(line.take_one_of({"from"}));
    chaos.from = TRY(line.take_duration());
    TRY(line.take_one_of({"to"}));
    chaos.to = TRY(line.take_duration());
    chaos.is_swarm = line.skip("swarm");
    TRY(line.take_sign("{"));
    do {
        chaos.kinds.push_back(TRY(take_kind(line)));
    } while (line.skip(","));
    TRY(line.take_sign("}"));
    TRY(line.take_one_of({"on"}));
    chaos.targets = TRY(line.take_one_of({"controllers", "brokers", "servers"}));
    if (line.skip("at-most")) chaos.at_most = TRY(line.take_count(1, 100));
    return chaos;
}

std::uint64_t ChaosPlay::draw(const std::string& key, std::uint64_t bound) {
    return glasslog::below(world_.draw(no_node, "chaos", key), bound);
}

void ChaosPlay::begin(const Chaos& chaos, std::size_t number, std::vector<std::string> nodes) {
    lines_.push_back(
        std::make_unique<Line>(Line{chaos, fmt::format("line {}", number), std::move(nodes), {}}));
    Line& line = *lines_.back();
    bool is_any = false;
    for (const ChaosKind& kind : chaos.kinds) {
        const bool is_in = draw(line.key + " swarm " + kind.verb, 2) == 0;
        const bool is_last = &kind == &chaos.kinds.back();
        if (chaos.is_swarm && !is_in && (is_any || !is_last)) continue;
        is_any = true;
        plan(line, kind, Instant() + chaos.from);
    }
}

// The next of its kind: on average as often as its rate says.
void ChaosPlay::plan(Line& line, const ChaosKind& kind, Instant after) {
    const auto mean = static_cast<std::uint64_t>(1'000'000'000'000 / kind.per_thousand_seconds);
    const std::uint64_t gap = draw(line.key + " gap " + kind.verb, 2 * mean) + 1;
    const Instant at = after + Duration::nanoseconds(static_cast<std::int64_t>(gap));
    if (at > Instant() + line.chaos.to) return;
    world_.at(at, [this, &line, &kind, at] {
        fire(line, kind);
        plan(line, kind, at);
    });
}

void ChaosPlay::fire(Line& line, const ChaosKind& kind) {
    const auto at = [&](const char* what, std::size_t below) {
        return static_cast<std::size_t>(
            draw(fmt::format("{} {} {}", line.key, what, kind.verb), below));
    };
    const std::string target = line.nodes[at("target", line.nodes.size())];
    const std::size_t other = at("other", line.nodes.size() + 1);
    const auto most = static_cast<std::size_t>(kind.lasting_max.nanoseconds());
    const Duration lasting = Duration::nanoseconds(static_cast<std::int64_t>(at("time", most) + 1));
    const Instant now = world_.now();
    std::erase_if(line.touched, [now](const auto& entry) { return entry.second <= now; });
    const bool is_within = std::ssize(line.touched) < line.chaos.at_most;
    if (line.touched.contains(target) || !is_within) return;
    line.touched[target] = now + lasting + settling;
    const bool is_one = other < line.nodes.size() && line.nodes[other] != target;
    happen_({kind, target, is_one ? line.nodes[other] : "others", lasting});
}

}  // namespace glasslog::sim
