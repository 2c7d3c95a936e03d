#include "sim/steps.hpp"

#include "core/base/overloaded.hpp"
#include "sim/scenario_parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace glasslog::sim {
namespace {

template <typename T>
using Read = Expected<T, InputError>;

// What a verb takes after it, by example.

enum class Object : std::uint8_t {
    node,       // crash b1
    machine,    // power-loss b1 lose-unsynced
    pair,       // cut b1 | p1
    cut,        // like pair, or cut b1 -> p1
    arrow,      // half-open b1 -> p1
    pair_time,  // slow-link b1 | p1 by 5ms
    pair_rate,  // throttle b1 | p1 to 1000/s
    factor,     // slow-disk b1 x10
    bytes,      // full-disk b1 after 1000
    path,       // fail-sync b1 data/orders-0
    bit,        // bit-rot b1 data/x byte 100 bit 3
    node_time,  // clock-skew b1 by 5s
    drift,      // clock-drift b1 by 100ppm
    jump,       // clock-jump b1 by 5s wall 3s
};

struct VerbFacts {
    const char* verb;
    Object object;
};

constexpr std::array verbs{
    VerbFacts{"crash", Object::node},         VerbFacts{"power-loss", Object::machine},
    VerbFacts{"bounce", Object::node},        VerbFacts{"restart", Object::node},
    VerbFacts{"stop", Object::node},          VerbFacts{"pause", Object::node},
    VerbFacts{"resume", Object::node},        VerbFacts{"cut", Object::cut},
    VerbFacts{"clog", Object::pair},          VerbFacts{"slow-link", Object::pair_time},
    VerbFacts{"throttle", Object::pair_rate}, VerbFacts{"reset", Object::pair},
    VerbFacts{"half-open", Object::arrow},    VerbFacts{"refuse-connects", Object::node},
    VerbFacts{"hang-connects", Object::node}, VerbFacts{"slow-disk", Object::factor},
    VerbFacts{"stall-disk", Object::node},    VerbFacts{"full-disk", Object::bytes},
    VerbFacts{"fail-sync", Object::path},     VerbFacts{"bit-rot", Object::bit},
    VerbFacts{"dead-disk", Object::node},     VerbFacts{"clock-skew", Object::node_time},
    VerbFacts{"clock-drift", Object::drift},  VerbFacts{"clock-jump", Object::jump}};

const VerbFacts* find_verb(const std::string& word) {
    const auto found =
        std::ranges::find_if(verbs, [&](const VerbFacts& facts) { return facts.verb == word; });
    return found == verbs.end() ? nullptr : &*found;
}

Read<std::string> take_node(TokenLine& line, const Vocabulary& words) {
    if (line.skip("{")) {
        const std::string name =
            TRY(line.take_name("a name that a let above has bound", words.lets));
        TRY(line.take_sign("}"));
        return "{" + name + "}";
    }
    return line.take_name("a node", words.nodes);
}

Read<void> take_pair(TokenLine& line, const Vocabulary& words, FaultStep& step) {
    step.first = TRY(take_node(line, words));
    TRY(line.take_sign("|"));
    Vocabulary other = words;
    other.nodes.emplace_back("others");
    step.second = TRY(take_node(line, other));
    return {};
}

// A number with a fixed beginning or end: "x10", "100ppm", "1000/s".
struct Affixed {
    std::string_view before;
    std::string_view after;
    std::int64_t low = 0;
    std::int64_t high = 0;
};

constexpr Affixed factor_form{"x", "", 1, 100'000};
constexpr Affixed drift_form{"", "ppm", -900'000, 1'000'000};
constexpr Affixed rate_form{"", "/s", 1, 1'000'000'000'000};

Read<std::int64_t> take_affixed(TokenLine& line, const Affixed& form) {
    const auto [before, after, low, high] = form;
    const std::string expected =
        fmt::format("a number from {0}{2}{1} to {0}{3}{1}", before, after, low, high);
    const std::string& text = line.peek().text;
    std::optional<std::int64_t> value;
    if (text.starts_with(before) && text.ends_with(after) &&
        text.size() > before.size() + after.size()) {
        value =
            to_integer(std::string_view(text).substr(before.size(),
                                                     text.size() - before.size() - after.size()));
    }
    if (!value || *value < low || *value > high) return Unexpected{line.error(expected)};
    TRY(line.take_word(expected));
    return *value;
}

Read<void> take_bit(TokenLine& line, FaultStep& step) {
    step.path = TRY(line.take_word("a path"));
    TRY(line.take_one_of({"byte"}));
    step.number = TRY(line.take_count(0));
    TRY(line.take_one_of({"bit"}));
    const std::int64_t bit = TRY(line.take_count(0, 7));
    step.second = std::to_string(bit);
    return {};
}

Read<void> take_jump(TokenLine& line, FaultStep& step) {
    TRY(line.take_one_of({"by"}));
    step.time = TRY(line.take_duration());
    if (line.skip("wall")) {
        const Duration wall = TRY(line.take_signed_duration());
        step.number = wall.nanoseconds();
    }
    return {};
}

Read<void> take_cut(TokenLine& line, const Vocabulary& words, FaultStep& step) {
    Vocabulary other = words;
    other.nodes.emplace_back("others");
    step.first = TRY(take_node(line, other));
    if (line.skip("->")) {
        step.verb = "cut-one-way";
    } else if (!line.skip("|")) {
        return Unexpected{line.error("| (both ways) or -> (one way)")};
    }
    step.second = TRY(take_node(line, other));
    return {};
}

// After the node.
Read<void> take_rest(TokenLine& line, Object object, FaultStep& step) {
    switch (object) {
        case Object::machine:
            if (line.is_at_end() || line.peek().text == "for" || line.peek().text == "as")
                return {};
            step.model = TRY(take_crash_model(line));
            return {};
        case Object::factor:
            step.number = TRY(take_affixed(line, factor_form));
            return {};
        case Object::bytes:
            TRY(line.take_one_of({"after"}));
            step.number = TRY(line.take_count(0));
            return {};
        case Object::path:
            step.path = TRY(line.take_word("a path"));
            return {};
        case Object::bit:
            return take_bit(line, step);
        case Object::node_time:
            TRY(line.take_one_of({"by"}));
            step.time = TRY(line.take_signed_duration());
            return {};
        case Object::drift:
            TRY(line.take_one_of({"by"}));
            step.number = TRY(take_affixed(line, drift_form));
            return {};
        case Object::jump:
            return take_jump(line, step);
        case Object::node:
        case Object::pair:
        case Object::cut:
        case Object::arrow:
        case Object::pair_time:
        case Object::pair_rate:
            return {};
    }
    return {};
}

Read<void> take_object(TokenLine& line, const Vocabulary& words, Object object, FaultStep& step) {
    switch (object) {
        case Object::pair:
            return take_pair(line, words, step);
        case Object::cut:
            return take_cut(line, words, step);
        case Object::arrow:
            step.first = TRY(take_node(line, words));
            TRY(line.take_sign("->"));
            step.second = TRY(take_node(line, words));
            return {};
        case Object::pair_time:
            TRY(take_pair(line, words, step));
            TRY(line.take_one_of({"by"}));
            step.time = TRY(line.take_duration());
            return {};
        case Object::pair_rate:
            TRY(take_pair(line, words, step));
            TRY(line.take_one_of({"to"}));
            step.number = TRY(take_affixed(line, rate_form));
            return {};
        case Object::node:
        case Object::machine:
        case Object::factor:
        case Object::bytes:
        case Object::path:
        case Object::bit:
        case Object::node_time:
        case Object::drift:
        case Object::jump:
            break;
    }
    step.first = TRY(take_node(line, words));
    return take_rest(line, object, step);
}

Read<Step> take_fault(TokenLine& line, const Vocabulary& words, const VerbFacts& facts) {
    FaultStep step;
    step.place = line.place();
    step.verb = facts.verb;
    TRY(take_object(line, words, facts.object, step));
    if (line.skip("for")) step.lasting = TRY(line.take_duration());
    if (line.skip("as")) step.label = TRY(line.take_word("a name for this fault"));
    return Step(std::move(step));
}

// What the function is of: a producer has no position to be behind of, a broker loses no record.
Read<std::string> take_subject(TokenLine& line,
                               const Vocabulary& words,
                               const FunctionFacts& function) {
    struct Choice {
        const char* kind;
        const std::vector<std::string>* names;
    };

    const auto choose = [&]() -> Choice {
        switch (function.subject) {
            case Subject::producer:
                return {"a producer", &words.producers};
            case Subject::consumer:
                return {"a consumer", &words.consumers};
            case Subject::partition:
                return {"a partition", &words.partitions};
            case Subject::creator:
                return {"a load that creates topics", &words.creators};
            case Subject::changer:
                return {"a load that changes the voters", &words.changers};
            case Subject::server:
                return {"a broker or controller", &words.servers};
            case Subject::node:
                break;
        }
        return {"a node", &words.nodes};
    };
    const Choice choice = choose();
    const bool is_node = choice.names == &words.nodes || choice.names == &words.servers;
    if (is_node && line.peek().text == "{") {
        line.skip("{");
        const std::string let =
            TRY(line.take_name("a name that a let above has bound", words.lets));
        TRY(line.take_sign("}"));
        return "{" + let + "}";
    }
    return line.take_name(choice.kind, *choice.names);
}

Read<Term> take_term(TokenLine& line, const Vocabulary& words) {
    const TextPlace place = line.place();
    if (line.peek().kind == TokenKind::word) {
        if (const auto number = to_integer(line.peek().text)) {
            TRY(line.take_word("a number"));
            return Term(Number{*number});
        }
    }
    std::vector<std::string> names;
    for (const FunctionFacts& facts : functions())
        names.emplace_back(facts.name);
    std::vector<std::string> all = names;
    all.insert(all.end(), words.lets.begin(), words.lets.end());
    all.insert(all.end(), words.nodes.begin(), words.nodes.end());
    if (line.skip("{")) {
        const std::string let =
            TRY(line.take_name("a name that a let above has bound", words.lets));
        TRY(line.take_sign("}"));
        return Term(Name{"{" + let + "}", place});
    }
    const std::string word = TRY(line.take_one_of(all));
    const auto function =
        std::ranges::find_if(functions(), [&](const FunctionFacts& f) { return f.name == word; });
    if (function == functions().end()) return Term(Name{word, place});
    TRY(line.take_sign("("));
    const std::string argument = TRY(take_subject(line, words, *function));
    TRY(line.take_sign(")"));
    return Term(::glasslog::sim::Call{word, argument, place});
}

constexpr std::array<std::pair<std::string_view, Relation>, 6> relations{
    {{"==", Relation::equal},
     {"!=", Relation::unequal},
     {"<=", Relation::at_most},
     {">=", Relation::at_least},
     {"<", Relation::less},
     {">", Relation::more}}};

Read<Relation> take_relation(TokenLine& line) {
    for (const auto& [sign, relation] : relations) {
        if (line.skip(sign)) return relation;
    }
    return Unexpected{line.error("==, !=, <, <=, > or >=")};
}

constexpr std::array<std::pair<const char*, Unsynced>, 4> fates{
    {{"keep", Unsynced::kept},
     {"lose-unsynced", Unsynced::lost},
     {"lose-suffix", Unsynced::suffix_lost},
     {"lose-subset", Unsynced::subset_lost}}};

}  // namespace

const std::vector<std::string>& step_words() {
    static const std::vector<std::string> list = [] {
        std::vector<std::string> words{"say", "say.pt", "let", "heal", "check"};
        for (const VerbFacts& facts : verbs)
            words.emplace_back(facts.verb);
        return words;
    }();
    return list;
}

Vocabulary vocabulary_of(const Scenario& scenario) {
    Vocabulary words;
    words.servers = server_names(scenario);
    if (!scenario.controllers.empty()) {
        words.servers.insert(words.servers.end(), {"controller", "follower"});
    }
    words.nodes = words.servers;
    for (const LoadSpec& load : scenario.loads) {
        words.nodes.push_back(load.client);
        std::visit(overloaded{[&](const ProduceLoad&) { words.producers.push_back(load.client); },
                              [&](const ConsumeLoad&) { words.consumers.push_back(load.client); },
                              [&](const TopicsLoad&) { words.creators.push_back(load.client); },
                              [&](const VotersLoad&) { words.changers.push_back(load.client); }},
                   load.work);
    }
    for (const TopicSpec& topic : scenario.topics) {
        for (std::int32_t i = 0; i < topic.partitions; ++i)
            words.partitions.push_back(fmt::format("{}-{}", topic.name, i));
    }
    return words;
}

Expected<Step, InputError> take_step(TokenLine& line, const Vocabulary& words) {
    const TextPlace place = line.place();
    const std::string word = TRY(line.take_one_of(step_words()));
    if (word == "say") return Step(SayStep{TRY(line.take_text()), {}});
    if (word == "let") {
        LetStep let;
        let.place = place;
        let.name = TRY(line.take_word("a name"));
        TRY(line.take_sign("="));
        let.value = TRY(take_term(line, words));
        return Step(std::move(let));
    }
    if (word == "check") return Step(CheckStep{TRY(take_condition(line, words)), place});
    if (word == "heal") {
        const TextPlace label_place = line.place();
        const std::string label =
            TRY(words.has_commands
                    ? line.take_word("a fault's name")
                    : line.take_name("a fault that is named above (as NAME)", words.labels));
        return Step(HealStep{label, label_place});
    }
    return take_fault(line, words, *find_verb(word));
}

Expected<Condition, InputError> take_condition(TokenLine& line, const Vocabulary& words) {
    Condition condition;
    while (true) {
        Comparison comparison;
        comparison.left = TRY(take_term(line, words));
        comparison.relation = TRY(take_relation(line));
        comparison.right = TRY(take_term(line, words));
        condition.push_back(std::move(comparison));
        if (!line.skip("and")) return condition;
    }
}

// "lose-unsynced+tear+names-keep".
Expected<CrashModel, InputError> take_crash_model(TokenLine& line) {
    static const std::vector<std::string> words{"keep",
                                                "lose-unsynced",
                                                "lose-suffix",
                                                "lose-subset",
                                                "lose-unsynced+tear",
                                                "lose-suffix+tear",
                                                "lose-unsynced+names-keep",
                                                "lose-unsynced+tear+names-keep"};
    const std::string expected = "a crash model as lose-unsynced+tear";
    const InputError error = line.error(expected, words);
    const std::string text = TRY(line.take_word(expected));
    CrashModel model;
    bool has_names = false;
    bool is_first = true;
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('+'), rest.size());
        std::string_view part = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        const bool is_name = part.starts_with("names-");
        if (is_name) part.remove_prefix(6);
        const auto fate =
            std::ranges::find_if(fates, [&](const auto& f) { return f.first == part; });
        if (fate != fates.end() && (is_first || is_name)) {
            (is_name ? model.names : model.contents) = fate->second;
            has_names = has_names || is_name;
        } else if (!is_first && (part == "tear" || part == "tear-4096")) {
            model.sector_bytes = part == "tear" ? 512 : 4096;
        } else {
            return Unexpected{error};
        }
        is_first = false;
    }
    if (!has_names) model.names = model.contents;
    return model;
}

// --- text ---------------------------------------------------------------------------------------

namespace {

std::string print_term(const Term& term) {
    return std::visit(overloaded{[](const Number& n) { return std::to_string(n.value); },
                                 [](const Name& n) { return n.name; },
                                 [](const ::glasslog::sim::Call& c) {
                                     return fmt::format("{}({})", c.function, c.argument);
                                 }},
                      term);
}

std::string print_object(const FaultStep& step, Object object) {
    const std::string pair = fmt::format("{} | {}", step.first, step.second);
    switch (object) {
        case Object::node:
            return step.first;
        case Object::machine:
            return step.model ? fmt::format("{} {}", step.first, text(*step.model)) : step.first;
        case Object::pair:
            return pair;
        case Object::cut:
            return pair;
        case Object::arrow:
            return fmt::format("{} -> {}", step.first, step.second);
        case Object::pair_time:
            return fmt::format("{} by {}", pair, duration_text(step.time));
        case Object::pair_rate:
            return fmt::format("{} to {}/s", pair, step.number);
        case Object::factor:
            return fmt::format("{} x{}", step.first, step.number);
        case Object::bytes:
            return fmt::format("{} after {}", step.first, step.number);
        case Object::path:
            return fmt::format("{} {}", step.first, step.path);
        case Object::bit:
            return fmt::format("{} {} byte {} bit {}",
                               step.first,
                               step.path,
                               step.number,
                               step.second);
        case Object::node_time:
            return fmt::format("{} by {}", step.first, duration_text(step.time));
        case Object::drift:
            return fmt::format("{} by {}ppm", step.first, step.number);
        case Object::jump:
            return fmt::format("{} by {} wall {}",
                               step.first,
                               duration_text(step.time),
                               duration_text(Duration::nanoseconds(step.number)));
    }
    return {};
}

std::string print_fault(const FaultStep& step) {
    std::string out;
    if (step.verb == "cut-one-way") {
        out = fmt::format("cut {} -> {}", step.first, step.second);
    } else {
        out = step.verb + " " + print_object(step, find_verb(step.verb)->object);
    }
    if (step.lasting) out += " for " + duration_text(*step.lasting);
    if (!step.label.empty()) out += " as " + step.label;
    return out;
}

}  // namespace

std::string print(const Condition& condition) {
    std::string out;
    for (const Comparison& comparison : condition) {
        if (!out.empty()) out += " and ";
        const auto sign = std::ranges::find_if(relations, [&](const auto& r) {
            return r.second == comparison.relation;
        });
        out += fmt::format("{} {} {}",
                           print_term(comparison.left),
                           sign->first,
                           print_term(comparison.right));
    }
    return out;
}

std::string print(const Step& step) {
    return std::visit(
        overloaded{[](const SayStep& s) {
                       const std::string en = fmt::format("say \"{}\"", s.en);
                       return s.pt.empty() ? en
                                           : fmt::format("{}\n         say.pt \"{}\"", en, s.pt);
                   },
                   [](const FaultStep& s) { return print_fault(s); },
                   [](const HealStep& s) { return "heal " + s.label; },
                   [](const LetStep& s) {
                       return fmt::format("let {} = {}", s.name, print_term(s.value));
                   },
                   [](const CheckStep& s) { return "check " + print(s.condition); }},
        step);
}

}  // namespace glasslog::sim
