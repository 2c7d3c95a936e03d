#include "tests/core/replication/partition_script.hpp"

#include "core/base/overloaded.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <sstream>
#include <vector>

namespace glasslog::replication::test {
namespace {

// "produce 1 n=2 acks=-1": the word, the first number, and named numbers.
class Line {
public:
    explicit Line(const std::string& text) {
        std::istringstream in(text);
        in >> word_;
        for (std::string part; in >> part;) {
            const std::size_t equals = part.find('=');
            if (equals == std::string::npos) {
                first_ = part;
            } else {
                named_[part.substr(0, equals)] = part.substr(equals + 1);
            }
        }
    }

    const std::string& word() const { return word_; }

    const std::string& first() const { return first_; }

    std::int64_t number() const { return first_.empty() ? 0 : std::stoll(first_); }

    std::int64_t number(const std::string& name, std::int64_t otherwise) const {
        const auto at = named_.find(name);
        return at == named_.end() ? otherwise : std::stoll(at->second);
    }

    std::int32_t small(const std::string& name, std::int32_t otherwise) const {
        return static_cast<std::int32_t>(number(name, otherwise));
    }

    std::vector<NodeId> nodes(const std::string& name) const {
        std::vector<NodeId> nodes;
        const auto at = named_.find(name);
        std::istringstream in(at == named_.end() ? "1" : at->second);
        for (std::string one; std::getline(in, one, ',');)
            nodes.emplace_back(std::stoi(one));
        return nodes;
    }

    RequestToken token() const { return RequestToken(static_cast<std::uint64_t>(number())); }

private:
    std::string word_;
    std::string first_;
    std::map<std::string, std::string> named_;
};

Event produce_event(const Line& line) {
    const std::int64_t count = line.number("n", 1);
    log::BatchFacts facts;
    facts.last_offset = Offset(count - 1);
    facts.size_bytes = static_cast<std::uint32_t>(line.number("bytes", 100));
    facts.max_timestamp = WallTime::from_milliseconds(line.number("time", 1000));
    if (line.number("pid", -1) >= 0) {
        facts.producer_id = ProducerId(line.number("pid", -1));
        facts.producer_epoch = ProducerEpoch(static_cast<std::int16_t>(line.number("pe", 0)));
        facts.base_sequence = Sequence(line.small("seq", 0));
    }
    return Produce{.token = line.token(),
                   .facts = facts,
                   .acks = static_cast<std::int16_t>(line.number("acks", -1)),
                   .timeout = Duration::milliseconds(line.number("timeout", 1000))};
}

Event configure_event(const Line& line) {
    PartitionConfig config;
    config.min_insync_replicas = line.number("min_isr", 1);
    config.flush_messages = line.number("flush", INT64_MAX);
    if (line.number("flush_ms", -1) >= 0) {
        config.flush_interval = Duration::milliseconds(line.number("flush_ms", 0));
    }
    config.may_delete_records = line.number("delete", 1) != 0;
    config.parked_max = static_cast<std::size_t>(line.number("parked", 10'000));
    return Configure{config};
}

std::optional<Event> read_event(const Line& line) {
    const std::string& word = line.word();
    const LeaderEpoch current(line.small("current", -1));
    const IsolationLevel isolation = line.number("committed", 0) != 0
                                         ? IsolationLevel::read_committed
                                         : IsolationLevel::read_uncommitted;
    const NodeId replica(line.small("replica", -1));
    if (word == "lead") {
        return Lead{LeaderEpoch(static_cast<std::int32_t>(line.number())),
                    line.nodes("replicas"),
                    line.nodes("isr")};
    }
    if (word == "resign") return Resign{};
    if (word == "config") return configure_event(line);
    if (word == "produce") return produce_event(line);
    if (word == "appended") return Appended{Offset(line.number())};
    if (word == "synced") return Synced{Offset(line.number())};
    if (word == "log_failed") return LogFailed{};
    if (word == "fetch") {
        return Fetch{.token = line.token(),
                     .offset = Offset(line.number("at", 0)),
                     .current_leader_epoch = current,
                     .last_fetched_epoch = LeaderEpoch(line.small("last", -1)),
                     .replica = replica,
                     .isolation = isolation};
    }
    if (word == "watch") {
        return Watch{line.token(),
                     Offset(line.number("seen", 0)),
                     isolation,
                     static_cast<std::uint64_t>(line.number("bytes", 0))};
    }
    if (word == "unwatch") return Unwatch{line.token()};
    if (word == "list") {
        return ListOffset{.token = line.token(),
                          .timestamp = line.number("time", -1),
                          .current_leader_epoch = current,
                          .replica = replica,
                          .isolation = isolation};
    }
    if (word == "delete") return DeleteRecords{line.token(), Offset(line.number("at", -1))};
    if (word == "end_of_epoch") {
        return EndOfEpoch{line.token(), current, LeaderEpoch(line.small("epoch", -1))};
    }
    if (word == "log_start") return LogStartMoved{Offset(line.number())};
    if (word == "timer") {
        return TimerFired{line.first() == "flush" ? Timer::flush : Timer::produce_timeout};
    }
    return std::nullopt;
}

std::string show(const AnyReply& reply) {
    const auto refused = [](WireError error) { return std::string(protocol::name(error)); };
    return std::visit(
        overloaded{
            [&](const ProduceReply& one) {
                if (one.error != WireError::none) return refused(one.error);
                return fmt::format("stored at {}, log start {}", one.base_offset, one.log_start);
            },
            [&](const FetchReply& one) {
                if (one.error != WireError::none) return refused(one.error);
                std::string text = fmt::format("may read [{}, {}), high watermark {}, stable {}",
                                               one.offset,
                                               one.upto,
                                               one.high_watermark,
                                               one.last_stable_offset);
                if (one.diverging) {
                    text += fmt::format(", diverges: epoch {} ends at {}",
                                        one.diverging->epoch,
                                        one.diverging->end);
                }
                return text;
            },
            [&](const ListOffsetReply& one) {
                if (one.error != WireError::none) return refused(one.error);
                return fmt::format("offset {}, epoch {}", one.offset, one.leader_epoch);
            },
            [&](const DeleteRecordsReply& one) {
                if (one.error != WireError::none) return refused(one.error);
                return fmt::format("low watermark {}", one.low_watermark);
            },
            [&](const EndOfEpochReply& one) {
                if (one.error != WireError::none) return refused(one.error);
                return fmt::format("epoch {} ends at {}", one.end.epoch, one.end.end);
            },
        },
        reply);
}

std::string show(const Effects& effects) {
    std::string text;
    const auto say = [&](const std::string& line) { text += "  " + line + "\n"; };
    if (effects.assign_epoch) {
        say(fmt::format("epoch {} begins at {}",
                        effects.assign_epoch->epoch,
                        effects.assign_epoch->start));
    }
    if (effects.append) {
        say(fmt::format("append {} at {}, epoch {}",
                        effects.append->token,
                        effects.append->base_offset,
                        effects.append->leader_epoch));
    }
    if (effects.sync) say("sync");
    if (effects.advance_log_start) {
        say(fmt::format("log start to {}", *effects.advance_log_start));
    }
    if (effects.high_watermark_moved) {
        say(fmt::format("high watermark {}", *effects.high_watermark_moved));
    }
    for (const Reply& reply : effects.reply)
        say(fmt::format("answer {}: {}", reply.token, show(reply.reply)));
    if (effects.reply_by_time) {
        say(fmt::format("look up time {} below {} for {}",
                        effects.reply_by_time->timestamp,
                        effects.reply_by_time->upto,
                        effects.reply_by_time->token));
    }
    for (const News& news : effects.news) {
        say(fmt::format("watcher {}: {}",
                        news.token,
                        news.is_urgent ? "look again" : fmt::format("{} bytes", news.bytes)));
    }
    for (const WakeAt& alarm : effects.wake_at) {
        say(fmt::format("wake for {} at {} ms",
                        alarm.timer == Timer::flush ? "flush" : "timeouts",
                        alarm.when.nanoseconds() / 1'000'000));
    }
    return text;
}

}  // namespace

PartitionScript::PartitionScript() : partition_({}, {}) {}

std::string PartitionScript::run(const std::string& text) {
    const Line line(text);
    if (line.word() == "at") {
        now_ = Instant() + Duration::milliseconds(line.number());
        return "";
    }
    const auto event = read_event(line);
    EXPECT_TRUE(event.has_value()) << "no such event: " << text;
    if (!event) return "";

    const State before = partition_.state();
    const Effects effects = partition_.step(now_, *event);
    const State& state = partition_.state();

    EXPECT_EQ(check_invariants(state).value_or("all hold"), "all hold") << text;
    EXPECT_EQ(check_step(before, state).value_or("all hold"), "all hold") << text;
    return show(effects) + fmt::format("  = start {} committed {} local {} end {} parked {}\n",
                                       state.log_start,
                                       state.high_watermark,
                                       state.local_end,
                                       state.log_end,
                                       state.produces.size());
}

std::string replay_transcript(const std::string& text) {
    PartitionScript script;
    std::string out;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with(' ')) continue;
        out += line + "\n";
        if (line.empty() || line.starts_with('#')) continue;
        out += script.run(line);
    }
    return out;
}

}  // namespace glasslog::replication::test
