// glasslog offsets: where the logs of a topic begin and end.

#include "core/cli/json.hpp"
#include "core/cli/session.hpp"
#include "core/cli/verbs.hpp"
#include "core/client/admin.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace glasslog::cli {
namespace {

struct OffsetsFlags {
    ClientFlags client;
    std::string topic;
    std::optional<std::int32_t> partition;
    std::optional<std::int64_t> time_ms;
    bool is_json = false;
};

using Listed = std::vector<client::ListedOffset>;

struct Columns {
    Listed earliest;
    Listed latest;
    Listed at_time;  // empty when no time was asked for
};

class Listing {
public:
    explicit Listing(const OffsetsFlags& flags, client::ClusterConfig config)
        : flags_(flags),
          session_(std::move(config)),
          admin_(session_.runtime(), session_.config()) {}

    ExitCode run() {
        const auto columns = ask();
        if (!columns) return fail("offsets", columns.error(), flags_.client);
        flags_.is_json ? print_json(*columns) : print_text(*columns);
        return ExitCode::done;
    }

private:
    Expected<Columns, client::ClientError> ask() {
        const auto topic = TRY(session_.wait<client::TopicView>(
            [&](auto done) { admin_.describe_topic(flags_.topic, std::move(done)); }));
        std::vector<client::TopicPartition> partitions;
        for (const auto& [index, view] : topic.partitions) {
            if (flags_.partition.value_or(index.value()) == index.value())
                partitions.push_back({flags_.topic, index});
        }
        if (partitions.empty()) {
            return Unexpected{client::refused(
                protocol::WireError::unknown_topic_or_partition,
                fmt::format("{} has {} partitions", flags_.topic, topic.partitions.size()))};
        }
        Columns columns;
        columns.earliest = TRY(list(partitions, client::earliest_timestamp));
        columns.latest = TRY(list(partitions, client::latest_timestamp));
        if (flags_.time_ms.has_value()) columns.at_time = TRY(list(partitions, *flags_.time_ms));
        return columns;
    }

    Expected<Listed, client::ClientError> list(
        const std::vector<client::TopicPartition>& partitions, std::int64_t timestamp) {
        return session_.wait<Listed>(
            [&](auto done) { admin_.list_offsets(partitions, timestamp, std::move(done)); });
    }

    static void print_text(const Columns& columns) {
        const bool has_time = !columns.at_time.empty();
        fmt::print("{:>9} {:>12} {:>12} {:>12}{}\n",
                   "PARTITION",
                   "EARLIEST",
                   "LATEST",
                   "RECORDS",
                   has_time ? fmt::format(" {:>12}", "AT TIME") : "");
        for (std::size_t i = 0; i < columns.latest.size(); ++i) {
            const Offset first = columns.earliest[i].offset;
            const Offset end = columns.latest[i].offset;
            fmt::print("{:>9} {:>12} {:>12} {:>12}{}\n",
                       columns.latest[i].partition.partition,
                       first,
                       end,
                       end - first,
                       has_time ? fmt::format(" {:>12}", columns.at_time[i].offset) : "");
        }
    }

    static void print_json(const Columns& columns) {
        Json all = Json::array();
        for (std::size_t i = 0; i < columns.latest.size(); ++i) {
            Json one;
            one["topic"] = columns.latest[i].partition.topic;
            one["partition"] = columns.latest[i].partition.partition.value();
            one["earliest"] = columns.earliest[i].offset.value();
            one["latest"] = columns.latest[i].offset.value();
            if (!columns.at_time.empty()) one["at_time"] = columns.at_time[i].offset.value();
            all.push_back(std::move(one));
        }
        fmt::print("{}\n", to_text(all));
    }

    const OffsetsFlags& flags_;
    Session session_;
    client::Admin admin_;
};

ExitCode run(const OffsetsFlags& flags) {
    auto config = cluster_config(flags.client);
    if (!config) return complain("offsets", config.error());
    return Listing(flags, std::move(*config)).run();
}

}  // namespace

void add_offsets_verb(CLI::App& app, Action& action) {
    CLI::App* verb = app.add_subcommand("offsets", "Show where the logs of a topic begin and end");
    auto flags = std::make_shared<OffsetsFlags>();
    verb->add_option("topic,--topic", flags->topic, "The topic's name")->required();
    verb->add_option("--partition", flags->partition, "Default: all")
        ->check(CLI::NonNegativeNumber);
    verb->add_option("--time",
                     flags->time_ms,
                     "Also the first offset at or after this time (ms since 1970 UTC); -1: none")
        ->check(CLI::NonNegativeNumber);
    verb->add_flag("--json", flags->is_json, "One JSON array");
    add_client_flags(*verb, flags->client);
    verb->footer(
        "Examples:\n"
        "  glasslog offsets orders\n"
        "  glasslog offsets orders --time 1767225600000 --json");
    verb->callback([flags, &action] { action = [flags] { return run(*flags); }; });
}

}  // namespace glasslog::cli
