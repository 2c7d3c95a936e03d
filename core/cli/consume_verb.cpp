// glasslog consume: records of a topic as lines.

#include "core/cli/json.hpp"
#include "core/cli/session.hpp"
#include "core/cli/verbs.hpp"
#include "core/client/admin.hpp"
#include "core/client/consumer.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace glasslog::cli {
namespace {

struct ConsumeFlags {
    ClientFlags client;
    std::string topic;
    std::vector<std::int32_t> partitions;
    bool is_from_beginning = false;
    std::string offset;  // a number, earliest or latest
    std::optional<std::int64_t> from_time_ms;
    std::optional<std::uint64_t> messages_max;
    std::optional<std::int64_t> timeout_ms;
    bool stops_at_end = false;
    bool is_json = false;
    std::string key_separator = "\t";
    bool prints_key = false;
    bool prints_timestamp = false;
    bool prints_offset = false;
    bool prints_headers = false;
};

constexpr std::size_t poll_records_max = 10'000;
constexpr Duration poll_wait = Duration::milliseconds(200);

Expected<client::StartAt, InputError> start_of(const ConsumeFlags& flags) {
    if (flags.from_time_ms.has_value())
        return client::StartAt(WallTime::from_milliseconds(*flags.from_time_ms));
    if (flags.is_from_beginning || flags.offset == "earliest")
        return client::StartAt(client::Earliest{});
    if (flags.offset.empty() || flags.offset == "latest") return client::StartAt(client::Latest{});
    std::int64_t number = 0;
    const char* const end = flags.offset.data() + flags.offset.size();
    const auto [rest, error] = std::from_chars(flags.offset.data(), end, number);
    if (error == std::errc{} && rest == end && number >= 0) return client::StartAt(Offset{number});
    return Unexpected{InputError{"--offset",
                                 fmt::format("'{}' is no offset", flags.offset),
                                 "a number from 0, earliest or latest",
                                 {}}};
}

std::string text_of(const std::optional<Bytes>& bytes) {
    return bytes.has_value() ? std::string(as_text(bytes->view())) : "null";
}

// One record as one line, appended to `out`.
void put_text(const client::ConsumedRecord& record, const ConsumeFlags& flags, std::string& out) {
    if (flags.prints_timestamp) out += fmt::format("{}\t", record.timestamp);
    if (flags.prints_offset)
        out += fmt::format("{}:{}\t", record.partition.partition, record.offset);
    if (flags.prints_headers) {
        std::string separator;
        for (const client::Header& header : record.headers) {
            out += fmt::format("{}{}={}", separator, header.key, text_of(header.value));
            separator = ",";
        }
        out += '\t';
    }
    if (flags.prints_key) {
        out += text_of(record.key);
        out += flags.key_separator;
    }
    out += text_of(record.value);
    out += '\n';
}

void put_json(const client::ConsumedRecord& record, std::string& out) {
    Json json;
    json["topic"] = record.partition.topic;
    json["partition"] = record.partition.partition.value();
    json["offset"] = record.offset.value();
    json["timestamp"] = record.timestamp.milliseconds();
    json["timestamp_type"] = record.timestamp_type == protocol::TimestampType::create_time
                                 ? "CreateTime"
                                 : "LogAppendTime";
    json["key"] = json_of(record.key);
    json["value"] = json_of(record.value);
    json["headers"] = Json::array();
    for (const client::Header& header : record.headers) {
        Json one;
        one["key"] = header.key;
        one["value"] = json_of(header.value);
        json["headers"].push_back(std::move(one));
    }
    out += to_line(json);
    out += '\n';
}

class Consumption {
public:
    using Records = std::vector<client::ConsumedRecord>;

    Consumption(Session& session, const ConsumeFlags& flags, client::OutOfRange policy)
        : session_(session),
          flags_(flags),
          consumer_(
              session.runtime(), session.config(), client::ConsumerConfig{.out_of_range = policy}) {
    }

    ExitCode run(const client::StartAt& start) {
        const auto partitions = find_partitions();
        if (!partitions) return fail("consume", partitions.error(), flags_.client);
        if (flags_.stops_at_end) {
            const auto ends = find_ends(*partitions);
            if (!ends) return fail("consume", ends.error(), flags_.client);
        }
        std::vector<client::Assignment> assignments;
        for (const client::TopicPartition& partition : *partitions)
            assignments.push_back({partition, start});
        consumer_.assign(std::move(assignments));
        session_.node().on_terminate([this] { is_interrupted_ = true; });
        return loop();
    }

private:
    Expected<std::vector<client::TopicPartition>, client::ClientError> find_partitions() {
        client::Admin admin(session_.runtime(), session_.config());
        const auto topic = session_.wait<client::TopicView>(
            [&](auto done) { admin.describe_topic(flags_.topic, std::move(done)); });
        if (!topic) return Unexpected{topic.error()};
        std::vector<client::TopicPartition> partitions;
        for (const auto& [index, view] : topic->partitions) {
            if (flags_.partitions.empty()) partitions.push_back({flags_.topic, index});
        }
        for (const std::int32_t index : flags_.partitions) {
            if (!topic->partitions.contains(PartitionIndex{index})) {
                return Unexpected{client::refused(
                    protocol::WireError::unknown_topic_or_partition,
                    fmt::format("{} has {} partitions", flags_.topic, topic->partitions.size()))};
            }
            partitions.push_back({flags_.topic, PartitionIndex{index}});
        }
        return partitions;
    }

    Expected<void, client::ClientError> find_ends(
        const std::vector<client::TopicPartition>& partitions) {
        client::Admin admin(session_.runtime(), session_.config());
        const auto ends = session_.wait<std::vector<client::ListedOffset>>([&](auto done) {
            admin.list_offsets(partitions, client::latest_timestamp, std::move(done));
        });
        if (!ends) return Unexpected{ends.error()};
        for (const client::ListedOffset& end : *ends)
            ends_[end.partition] = end.offset;
        return {};
    }

    bool is_at_end() const {
        if (!flags_.stops_at_end) return false;
        for (const auto& [partition, end] : ends_) {
            const auto position = consumer_.position(partition);
            if (!position.has_value() || *position < end) return false;
        }
        return true;
    }

    std::size_t records_wanted() const {
        if (!flags_.messages_max.has_value()) return poll_records_max;
        return std::min<std::size_t>(poll_records_max, *flags_.messages_max - count_);
    }

    ExitCode loop() {
        const runtime::Clock& clock = session_.runtime().clock;
        Instant last_record = clock.now();
        while (!is_interrupted_ && records_wanted() > 0 && !is_at_end()) {
            const auto records = poll();
            if (!records.has_value()) break;
            if (!*records) return fail("consume", records->error(), flags_.client);
            print(**records);
            const Instant now = clock.now();
            if (!(*records)->empty()) last_record = now;
            if (!flags_.timeout_ms.has_value()) continue;
            if (now - last_record >= Duration::milliseconds(*flags_.timeout_ms)) return give_up();
        }
        std::fflush(stdout);
        return is_interrupted_ ? ExitCode::interrupted : ExitCode::done;
    }

    // None when interrupted.
    std::optional<Expected<Records, client::ClientError>> poll() {
        std::optional<Expected<Records, client::ClientError>> answer;
        consumer_.poll(records_wanted(),
                       poll_wait,
                       [&answer](Expected<Records, client::ClientError> records) {
                           answer.emplace(std::move(records));
                       });
        ignore(session_.node().run_until([&] { return answer.has_value(); }),
               "a poll ends by itself");
        return answer;
    }

    void print(const Records& records) {
        if (records.empty()) return;
        std::string out;
        for (const client::ConsumedRecord& record : records) {
            if (flags_.is_json) {
                put_json(record, out);
            } else {
                put_text(record, flags_, out);
            }
        }
        count_ += records.size();
        std::fwrite(out.data(), 1, out.size(), stdout);
        std::fflush(stdout);
    }

    ExitCode give_up() const {
        std::fflush(stdout);
        if (!flags_.messages_max.has_value()) return ExitCode::done;
        fmt::print(stderr,
                   "glasslog consume: {} of {} messages, then none for {} ms (--timeout)\n",
                   count_,
                   *flags_.messages_max,
                   *flags_.timeout_ms);
        return ExitCode::failed;
    }

    Session& session_;
    const ConsumeFlags& flags_;
    client::Consumer consumer_;
    std::map<client::TopicPartition, Offset> ends_;
    std::uint64_t count_ = 0;
    bool is_interrupted_ = false;
};

ExitCode run(const ConsumeFlags& flags) {
    auto cluster = cluster_config(flags.client);
    if (!cluster) return complain("consume", cluster.error());
    const auto start = start_of(flags);
    if (!start) return complain("consume", start.error());
    const bool is_exact = std::holds_alternative<Offset>(*start);
    Session session(*cluster);
    Consumption consumption(session,
                            flags,
                            is_exact ? client::OutOfRange::fail : client::OutOfRange::earliest);
    return consumption.run(*start);
}

void add_output_flags(CLI::App& verb, ConsumeFlags& flags) {
    verb.add_flag("--json", flags.is_json, "One JSON object a line, with everything");
    verb.add_flag("--print-key", flags.prints_key, "Key, separator, value");
    verb.add_option_function<std::string>(
        "--key-separator",
        [&flags](const std::string& text) {
            flags.key_separator = text;
            flags.prints_key = true;
        },
        "Between key and value; prints the key");
    verb.add_flag("--print-timestamp", flags.prints_timestamp, "Milliseconds since 1970 UTC first");
    verb.add_flag("--print-offset", flags.prints_offset, "PARTITION:OFFSET before key and value");
    verb.add_flag("--print-headers", flags.prints_headers, "name=value,… before key and value");
}

}  // namespace

void add_consume_verb(CLI::App& app, Action& action) {
    CLI::App* verb = app.add_subcommand("consume", "Print the records of a topic");
    auto flags = std::make_shared<ConsumeFlags>();
    verb->add_option("topic,--topic", flags->topic, "The topic's name")->required();
    verb->add_option("--partition", flags->partitions, "Default: all; may be repeated")
        ->check(CLI::NonNegativeNumber);
    auto* begin = verb->add_flag("--from-beginning",
                                 flags->is_from_beginning,
                                 "From the first record; default: only new ones");
    auto* offset =
        verb->add_option("--offset", flags->offset, "From N, earliest or latest")->excludes(begin);
    verb->add_option("--from-time",
                     flags->from_time_ms,
                     "From the first record at or after this time (ms since 1970 UTC)")
        ->excludes(begin)
        ->excludes(offset);
    verb->add_option("--max-messages,-n", flags->messages_max, "Stop after so many")
        ->check(CLI::PositiveNumber);
    verb->add_option("--timeout,--timeout-ms",
                     flags->timeout_ms,
                     "Stop after so many milliseconds without a record; fails when --max-messages "
                     "was not reached")
        ->check(CLI::PositiveNumber);
    verb->add_flag("--exit-at-end,-e", flags->stops_at_end, "Stop at what is the end at the start");
    add_output_flags(*verb, *flags);
    add_client_flags(*verb, flags->client);
    verb->footer(
        "Examples:\n"
        "  glasslog consume orders --from-beginning --exit-at-end\n"
        "  glasslog consume orders --partition 0 --offset 100 --max-messages 10 --json\n"
        "  glasslog consume orders --print-timestamp --key-separator :");
    verb->callback([flags, &action] { action = [flags] { return run(*flags); }; });
}

}  // namespace glasslog::cli
