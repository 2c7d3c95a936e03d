#include "sim/scenario_parser.hpp"

#include "core/base/overloaded.hpp"
#include "sim/chaos.hpp"
#include "sim/mistakes.hpp"
#include "sim/stage.hpp"
#include "sim/steps.hpp"
#include "sim/token.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace glasslog::sim {
namespace {

template <typename T>
using Read = Expected<T, InputError>;

constexpr std::int64_t partitions_max = 1'000;
constexpr std::int64_t controllers_max = 9;
constexpr Duration voters_every_min = Duration::milliseconds(1);
constexpr std::int64_t size_max = 10'000'000;  // bytes of a record

const std::vector<std::string>& openers() {
    static const std::vector<std::string> words{
        "scenario", "about",   "level", "minutes", "model",  "seed", "twin-of",
        "mistake",  "cluster", "net",   "disk",    "topic",  "load", "chaos",
        "at",       "when",    "after", "always",  "expect", "end"};
    return words;
}

class Parser {
public:
    explicit Parser(std::string where) : where_(std::move(where)) {}

    Read<Scenario> parse(std::string_view text) {
        std::int32_t number = 0;
        while (!text.empty()) {
            const std::size_t end = std::min(text.find('\n'), text.size());
            TokenLine line = TRY(TokenLine::split(text.substr(0, end), where_, ++number));
            text.remove_prefix(std::min(end + 1, text.size()));
            if (!line.is_empty()) TRY(read_line(line));
        }
        if (scenario_.brokers.empty()) {
            return Unexpected{InputError{fmt::format("{}:{}:1", where_, number + 1),
                                         "a scenario without a cluster",
                                         "cluster brokers b1",
                                         {}}};
        }
        return std::move(scenario_);
    }

private:
    // The ?-operator for Read<void> in a function that gives Read<void>.
    Read<void> read_line(TokenLine& line) {
        if (line.is_indented() && !scenario_.blocks.empty()) return read_step(line);
        const TextPlace place = line.place();
        if (std::ranges::find(step_words(), line.peek().text) != step_words().end()) {
            return Unexpected{step_without_block(line)};
        }
        const std::string word = TRY(line.take_one_of(openers()));
        if (word == "at" || word == "when" || word == "after") return read_block(line, word, place);
        if (word == "cluster") return read_cluster(line);
        if (word == "net") return read_net(line);
        if (word == "disk") return read_disk(line);
        if (word == "topic") return read_topic(line);
        if (word == "load") return read_load(line);
        if (word == "chaos") return read_chaos(line);
        if (word == "always") return read_always(line);
        if (word == "expect") return read_expect(line);
        if (word == "end") return read_end(line);
        return read_header(line, word);
    }

    InputError step_without_block(const TokenLine& line) const {
        const std::string what =
            fmt::format("the step '{}' at the beginning of a line", line.peek().text);
        if (!scenario_.blocks.empty()) {
            return line.error_at(line.place(),
                                 what,
                                 "a step of the block above",
                                 "indent it by a blank or more");
        }
        return line.error_at(line.place(),
                             what,
                             "a step in a block",
                             fmt::format("for example at 1s {}", line.peek().text));
    }

    // Header words may share a line: "level intermediate   seed 7".
    Read<void> read_header(TokenLine& line, std::string word) {
        static const std::vector<std::string>
            headers{"scenario", "about", "level", "minutes", "model", "seed", "twin-of", "mistake"};
        while (true) {
            if (word == "scenario") scenario_.title = TRY(line.take_text());
            if (word == "about") scenario_.about = TRY(line.take_text());
            if (word == "twin-of") scenario_.twin_of = TRY(line.take_text());
            if (word == "level") {
                scenario_.level = TRY(line.take_one_of({"beginner", "intermediate", "advanced"}));
            }
            if (word == "minutes")
                scenario_.minutes = static_cast<std::int32_t>(TRY(line.take_count(0, 10'000)));
            if (word == "model") scenario_.model = TRY(line.take_one_of({"keyed/1"}));
            if (word == "seed")
                scenario_.seed = static_cast<std::uint64_t>(TRY(line.take_count(0)));
            if (word == "mistake") scenario_.mistake = TRY(line.take_one_of(mistake_names()));
            if (line.is_at_end()) return {};
            word = TRY(line.take_one_of(headers));
        }
    }

    // --- the cluster

    Read<void> take_new_name(TokenLine& line, std::string& into) {
        const TextPlace place = line.place();
        into = TRY(line.take_word("a name"));
        if (names_.insert(into).second) return {};
        return Unexpected{line.error_at(place,
                                        fmt::format("there is already a '{}'", into),
                                        "a name that is not taken",
                                        {})};
    }

    static bool is_cluster_word(const TokenLine& line) {
        const std::string& text = line.peek().text;
        return text == "reactors" || text == "controllers" || text.find('=') != std::string::npos;
    }

    Read<void> take_names(TokenLine& line, std::vector<std::string>& into) {
        do {
            into.emplace_back();
            TRY(take_new_name(line, into.back()));
        } while (!line.is_at_end() && !is_cluster_word(line));
        return {};
    }

    Read<void> read_cluster(TokenLine& line) {
        names_.insert({"controller", "follower", "others"});
        TRY(line.take_one_of({"brokers"}));
        const TextPlace place = line.place();
        TRY(take_names(line, scenario_.brokers));
        while (!line.is_at_end()) {
            if (line.skip("reactors")) {
                scenario_.reactors = static_cast<std::int32_t>(TRY(line.take_count(1, 8)));
            } else if (line.skip("controllers")) {
                TRY(read_controllers(line));
            } else if (line.peek().text.find('=') != std::string::npos) {
                TRY(take_setting(line, scenario_.broker_configs));
            } else {
                return Unexpected{
                    line.error("controllers, reactors or key=value", {"controllers", "reactors"})};
            }
        }
        if (scenario_.brokers.size() > 1 && scenario_.controllers.empty()) {
            std::string hint = "for example controllers 3";
            for (const std::string& name : scenario_.brokers) {
                const std::string meant = nearest_word(name, {"controllers", "reactors"});
                if (!meant.empty()) hint = fmt::format("did you mean '{}'?", meant);
            }
            return Unexpected{line.error_at(place,
                                            "several brokers, each a cluster of its own",
                                            "one broker, or controllers",
                                            hint)};
        }
        const std::string where = fmt::format("{}:{}:{}", where_, place.line, place.column);
        for (const std::string& name : server_names(scenario_))
            TRY(broker::config_from(server_properties(scenario_, name), where));
        return {};
    }

    // "controllers c1 c2 c3", "controllers 3", "controllers combined": the brokers.
    Read<void> read_controllers(TokenLine& line) {
        if (line.skip("combined")) {
            scenario_.is_combined = true;
            scenario_.controllers = scenario_.brokers;
            return {};
        }
        if (!to_integer(line.peek().text)) return take_names(line, scenario_.controllers);
        const TextPlace place = line.place();
        const std::int64_t count = TRY(line.take_count(1, controllers_max));
        for (std::int64_t i = 1; i <= count; ++i) {
            const std::string name = fmt::format("c{}", i);
            if (!names_.insert(name).second) {
                return Unexpected{line.error_at(place,
                                                fmt::format("there is already a '{}'", name),
                                                "names for the controllers",
                                                "for example controllers q1 q2 q3")};
            }
            scenario_.controllers.push_back(name);
        }
        return {};
    }

    Read<void> take_setting(TokenLine& line, Settings& into) {
        const TextPlace place = line.place();
        const std::string text = TRY(line.take_word("key=value"));
        const std::size_t equals = text.find('=');
        if (equals == std::string::npos || equals == 0) {
            return Unexpected{
                line.error_at(place, fmt::format("unexpected word '{}'", text), "key=value", {})};
        }
        into.emplace_back(text.substr(0, equals), text.substr(equals + 1));
        return {};
    }

    Read<Latency> take_latency(TokenLine& line) {
        Latency range = TRY(line.take_range());
        if (line.skip("exp")) range.shape = Shape::exponential;
        return range;
    }

    Read<void> read_net(TokenLine& line) {
        TRY(line.take_one_of({"latency"}));
        scenario_.latency = TRY(take_latency(line));
        return line.take_end();
    }

    Read<void> read_disk(TokenLine& line) {
        static const std::vector<std::string> words{"fsync", "append", "read", "crash-model"};
        while (!line.is_at_end()) {
            const std::string word = TRY(line.take_one_of(words));
            if (word == "fsync") scenario_.disk.sync = TRY(take_latency(line));
            if (word == "append") scenario_.disk.append = TRY(take_latency(line));
            if (word == "read") scenario_.disk.read = TRY(take_latency(line));
            if (word == "crash-model") scenario_.crash_model = TRY(take_crash_model(line));
        }
        return {};
    }

    Read<void> read_topic(TokenLine& line) {
        TopicSpec topic;
        TRY(take_new_name(line, topic.name));
        while (!line.is_at_end()) {
            if (line.skip("partitions")) {
                topic.partitions =
                    static_cast<std::int32_t>(TRY(line.take_count(1, partitions_max)));
            } else if (line.skip("replicas")) {
                const TextPlace place = line.place();
                const std::int64_t replicas = TRY(line.take_count(1));
                if (replicas > 1) {
                    return Unexpected{line.error_at(place,
                                                    fmt::format("{} replicas", replicas),
                                                    "1, as no broker copies from another yet",
                                                    {})};
                }
            } else if (line.peek().text.find('=') != std::string::npos) {
                TRY(take_setting(line, topic.configs));
            } else {
                return Unexpected{
                    line.error("partitions, replicas or key=value", {"partitions", "replicas"})};
            }
        }
        scenario_.topics.push_back(std::move(topic));
        return {};
    }

    // --- load

    Read<void> read_load(TokenLine& line) {
        LoadSpec load;
        load.place = line.place();
        TRY(take_new_name(line, load.client));
        const std::string work = TRY(line.take_one_of({"produce", "consume", "topics", "voters"}));
        if (work == "voters" && scenario_.controllers.empty()) {
            return Unexpected{line.error_at(load.place,
                                            "changes of voters without controllers",
                                            "controllers in the cluster line",
                                            "for example cluster brokers b1 controllers 3")};
        }
        if (work == "topics" || work == "voters") {
            if (work == "topics") load.work = TRY(read_topics(line));
            if (work == "voters") load.work = TRY(read_voters(line));
            scenario_.loads.push_back(std::move(load));
            return {};
        }
        std::vector<std::string> topics;
        for (const TopicSpec& topic : scenario_.topics)
            topics.push_back(topic.name);
        load.topic = TRY(line.take_name("a topic of a line above", topics));
        if (work == "produce") {
            load.work = TRY(read_produce(line));
        } else {
            load.work = TRY(read_consume(line));
        }
        scenario_.loads.push_back(std::move(load));
        return {};
    }

    Read<ProduceLoad> read_produce(TokenLine& line) {
        static const std::vector<std::string>
            words{"rate", "size", "count", "linger", "acks=all", "acks=1", "acks=0", "idempotent"};
        ProduceLoad load;
        while (!line.is_at_end()) {
            const std::string word = TRY(line.take_one_of(words));
            if (word == "rate") load.rate_per_second = TRY(take_rate(line));
            if (word == "size") load.size_bytes = TRY(line.take_count(1, size_max));
            if (word == "count") load.count = TRY(line.take_count(0));
            if (word == "linger") load.linger = TRY(line.take_duration());
            if (word == "idempotent") load.is_idempotent = true;
            if (word.starts_with("acks=")) load.acks = word.substr(5);
        }
        if (load.is_idempotent && load.acks != "all") {
            return Unexpected{line.error_at(line.place(),
                                            "an idempotent producer with acks=" + load.acks,
                                            "acks=all",
                                            "Kafka refuses this combination too")};
        }
        return load;
    }

    Read<TopicsLoad> read_topics(TokenLine& line) {
        TopicsLoad load;
        while (!line.is_at_end()) {
            const std::string word = TRY(line.take_one_of({"rate", "partitions", "count"}));
            if (word == "rate") load.rate_per_second = TRY(take_rate(line));
            if (word == "partitions") load.partitions = TRY(line.take_count(1, 100));
            if (word == "count") load.count = TRY(line.take_count(0));
        }
        return load;
    }

    Read<VotersLoad> read_voters(TokenLine& line) {
        VotersLoad load;
        if (line.skip("every")) load.every = TRY(line.take_duration());
        if (load.every < voters_every_min)
            return Unexpected{line.error_at(line.place(),
                                            fmt::format("voters every {}", load.every),
                                            fmt::format("at least {}", voters_every_min),
                                            "each change waits for the one before it")};
        return load;
    }

    Read<std::int64_t> take_rate(TokenLine& line) {
        const std::string expected = "a rate as 200/s, at most 100000/s";
        const std::string& text = line.peek().text;
        const std::size_t slash = text.find("/s");
        const auto rate = to_integer(std::string_view(text).substr(0, slash));
        if (slash == std::string::npos || slash + 2 != text.size() || !rate || *rate < 1 ||
            *rate > 100'000) {
            return Unexpected{line.error(expected)};
        }
        TRY(line.take_word(expected));
        return *rate;
    }

    Read<ConsumeLoad> read_consume(TokenLine& line) {
        ConsumeLoad load;
        while (!line.is_at_end()) {
            TRY(line.take_one_of({"forgetful"}));
            load.is_repeating = true;
        }
        return load;
    }

    Read<void> read_chaos(TokenLine& line) {
        const TextPlace place = line.place();
        Chaos chaos = TRY(take_chaos(line));
        if (chaos.targets == "controllers" && scenario_.controllers.empty()) {
            return Unexpected{line.error_at(place,
                                            "chaos on controllers that are not there",
                                            "controllers in the cluster line",
                                            "for example cluster brokers b1 controllers 3")};
        }
        scenario_.chaos.push_back(std::move(chaos));
        return line.take_end();
    }

    // --- what happens

    Read<void> read_block(TokenLine& line, const std::string& word, TextPlace place) {
        Block block;
        block.place = place;
        if (word == "at") {
            block.trigger = At{TRY(line.take_duration())};
        } else if (word == "after") {
            block.trigger = After{TRY(line.take_duration())};
        } else {
            block.trigger = TRY(read_when(line));
        }
        scenario_.blocks.push_back(std::move(block));
        if (line.is_at_end()) return {};
        return read_step(line);
    }

    Read<When> read_when(TokenLine& line) {
        When when;
        when.condition = TRY(take_condition(line, vocabulary()));
        if (line.skip("within")) when.within = TRY(line.take_duration());
        if (line.skip("else")) {
            TRY(line.take_one_of({"fail"}));
            when.fail = TRY(line.take_text());
        }
        return when;
    }

    Read<void> read_step(TokenLine& line) {
        std::vector<Step>& steps = scenario_.blocks.back().steps;
        if (line.skip("say.pt")) {
            SayStep* const say = steps.empty() ? nullptr : std::get_if<SayStep>(&steps.back());
            const TextPlace place = line.place();
            const std::string text = TRY(line.take_text());
            if (say == nullptr) {
                return Unexpected{
                    line.error_at(place, "say.pt without a say", "a say before it", {})};
            }
            say->pt = text;
            return line.take_end();
        }
        Step step = TRY(take_step(line, vocabulary()));
        if (const auto* let = std::get_if<LetStep>(&step)) {
            if (!names_.insert(let->name).second) {
                return Unexpected{line.error_at(line.place(),
                                                fmt::format("'{}' is bound already", let->name),
                                                "a new name",
                                                {})};
            }
            lets_.push_back(let->name);
        }
        if (const auto* fault = std::get_if<FaultStep>(&step);
            fault != nullptr && !fault->label.empty()) {
            labels_.push_back(fault->label);
        }
        steps.push_back(std::move(step));
        return line.take_end();
    }

    Vocabulary vocabulary() const {
        Vocabulary words = vocabulary_of(scenario_);
        words.lets = lets_;
        words.labels = labels_;
        return words;
    }

    // --- what must hold

    Read<void> read_always(TokenLine& line) {
        Always always;
        always.place = line.place();
        always.name = TRY(line.take_one_of(promise_names()));
        scenario_.always.push_back(always);
        return line.take_end();
    }

    Read<void> read_expect(TokenLine& line) {
        const TextPlace place = line.place();
        if (line.skip("violation")) {
            const std::string name = TRY(line.take_one_of(promise_names()));
            scenario_.expects.push_back(ExpectViolation{name, place});
        } else {
            scenario_.expects.push_back(
                ExpectCondition{TRY(take_condition(line, vocabulary())), place});
        }
        return line.take_end();
    }

    Read<void> read_end(TokenLine& line) {
        line.skip("at");
        scenario_.end = TRY(line.take_duration());
        return line.take_end();
    }

    std::string where_;
    Scenario scenario_;
    std::set<std::string> names_;
    std::vector<std::string> lets_;
    std::vector<std::string> labels_;
};

}  // namespace

Expected<Scenario, InputError> parse_scenario(std::string_view text, const std::string& where) {
    return Parser(where).parse(text);
}

Expected<Command, InputError> parse_command(std::string_view text,
                                            const Scenario& scenario,
                                            std::int32_t number) {
    TokenLine line = TRY(TokenLine::split(text, "stdin", number));
    if (line.skip("run")) {
        const std::string word = TRY(line.take_one_of({"until", "for"}));
        const Duration time = TRY(line.take_duration());
        TRY(line.take_end());
        if (word == "until") return Command(RunUntil{time});
        return Command(RunFor{time});
    }
    if (line.skip("end")) {
        TRY(line.take_end());
        return Command(Finish{});
    }
    DoAt act;
    if (line.skip("at")) act.time = TRY(line.take_duration());
    Vocabulary words = vocabulary_of(scenario);
    words.has_commands = true;
    act.steps.push_back(TRY(take_step(line, words)));
    TRY(line.take_end());
    return Command(std::move(act));
}

}  // namespace glasslog::sim
