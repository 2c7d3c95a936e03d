#include "sim/scenario.hpp"

#include "core/base/overloaded.hpp"
#include "sim/token.hpp"

#include <fmt/format.h>

#include <iterator>

namespace glasslog::sim {
namespace {

std::string print_settings(const Settings& settings) {
    std::string out;
    for (const auto& [key, value] : settings)
        out += fmt::format(" {}={}", key, value);
    return out;
}

std::string print_range(const Latency& latency) {
    const bool is_single = latency.low == latency.high;
    std::string out = duration_text(latency.low);
    if (!is_single) out += ".." + duration_text(latency.high);
    if (latency.shape == Shape::exponential) out += " exp";
    return out;
}

std::string print_header(const Scenario& s) {
    std::string out = fmt::format("scenario \"{}\"\n", s.title);
    if (!s.about.empty()) out += fmt::format("about    \"{}\"\n", s.about);
    if (!s.twin_of.empty()) out += fmt::format("twin-of  \"{}\"\n", s.twin_of);
    if (!s.mistake.empty()) out += fmt::format("mistake  {}\n", s.mistake);
    if (!s.level.empty()) out += fmt::format("level    {}\n", s.level);
    if (s.minutes > 0) out += fmt::format("minutes  {}\n", s.minutes);
    return out + fmt::format("model    {}      seed {}\n\n", s.model, s.seed);
}

std::string print_load(const LoadSpec& load) {
    const std::string work = std::visit(
        overloaded{
            [&](const ProduceLoad& p) {
                std::string out = fmt::format("produce {} rate {}/s size {} acks={} linger {}",
                                              load.topic,
                                              p.rate_per_second,
                                              p.size_bytes,
                                              p.acks,
                                              duration_text(p.linger));
                if (p.is_idempotent) out += " idempotent";
                if (p.count) out += fmt::format(" count {}", *p.count);
                return out;
            },
            [&](const ConsumeLoad& c) {
                return fmt::format("consume {}{}", load.topic, c.is_repeating ? " forgetful" : "");
            },
            [](const TopicsLoad& t) {
                std::string out =
                    fmt::format("topics rate {}/s partitions {}", t.rate_per_second, t.partitions);
                if (t.count) out += fmt::format(" count {}", *t.count);
                return out;
            },
            [](const VotersLoad& v) {
                return fmt::format("voters every {}", duration_text(v.every));
            }},
        load.work);
    return fmt::format("load     {} {}\n", load.client, work);
}

std::string print_cluster(const Scenario& s) {
    std::string out = "cluster  brokers";
    for (const std::string& broker : s.brokers)
        out += " " + broker;
    if (!s.controllers.empty()) out += "   controllers";
    if (s.is_combined) {
        out += " combined";
    } else {
        for (const std::string& controller : s.controllers)
            out += " " + controller;
    }
    return out + fmt::format("   reactors {}{}\n", s.reactors, print_settings(s.broker_configs));
}

std::string print_chaos(const Chaos& chaos) {
    std::string kinds;
    for (const ChaosKind& kind : chaos.kinds) {
        kinds += fmt::format("{}{} {} ..{}",
                             kinds.empty() ? "" : ", ",
                             kind.verb,
                             thousandths_text(kind.per_thousand_seconds) + "/s",
                             duration_text(kind.lasting_max));
    }
    return fmt::format("chaos    from {} to {} {}{{ {} }} on {} at-most {}\n",
                       duration_text(chaos.from),
                       duration_text(chaos.to),
                       chaos.is_swarm ? "swarm " : "",
                       kinds,
                       chaos.targets,
                       chaos.at_most);
}

std::string print_trigger(const Block& block) {
    return std::visit(
        overloaded{[](const At& at) { return "at " + duration_text(at.time); },
                   [](const After& after) { return "after " + duration_text(after.time); },
                   [](const When& when) {
                       std::string out = fmt::format("when {} within {}",
                                                     print(when.condition),
                                                     duration_text(when.within));
                       if (!when.fail.empty()) out += fmt::format(" else fail \"{}\"", when.fail);
                       return out;
                   }},
        block.trigger);
}

}  // namespace

std::vector<std::string> server_names(const Scenario& scenario) {
    std::vector<std::string> names = scenario.brokers;
    if (!scenario.is_combined) {
        names.insert(names.end(), scenario.controllers.begin(), scenario.controllers.end());
    }
    return names;
}

std::string print(const Scenario& s) {
    std::string out = print_header(s) + print_cluster(s);
    out += fmt::format("net      latency {}\n", print_range(s.latency));
    out += fmt::format("disk     fsync {} append {} read {} crash-model {}\n",
                       print_range(s.disk.sync),
                       print_range(s.disk.append),
                       print_range(s.disk.read),
                       text(s.crash_model));
    for (const TopicSpec& topic : s.topics) {
        out += fmt::format("topic    {} partitions {}{}\n",
                           topic.name,
                           topic.partitions,
                           print_settings(topic.configs));
    }
    for (const LoadSpec& load : s.loads)
        out += print_load(load);
    out += "\n";
    for (const Chaos& chaos : s.chaos)
        out += print_chaos(chaos);
    for (const Block& block : s.blocks) {
        out += print_trigger(block) + "\n";
        for (const Step& step : block.steps)
            out += fmt::format("         {}\n", print(step));
    }
    out += "\n";
    for (const Always& always : s.always)
        out += fmt::format("always   {}\n", always.name);
    for (const Expect& expect : s.expects) {
        out += std::visit(overloaded{[](const ExpectViolation& e) {
                                         return fmt::format("expect   violation {}\n", e.name);
                                     },
                                     [](const ExpectCondition& e) {
                                         return fmt::format("expect   {}\n", print(e.condition));
                                     }},
                          expect);
    }
    return out + fmt::format("end      at {}\n", duration_text(s.end));
}

}  // namespace glasslog::sim
