// glasslog produce: lines of standard input become records.

#include "core/cli/session.hpp"
#include "core/cli/verbs.hpp"
#include "core/client/producer.hpp"
#include "core/os/process.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

namespace glasslog::cli {
namespace {

struct ProduceFlags {
    ClientFlags client;
    std::string topic;
    std::string key_separator;
    std::vector<std::string> headers;  // name=value
    std::optional<std::int32_t> partition;
    std::string acks = "all";
    std::string compression = "none";
    bool is_idempotent = false;
    bool is_plain = false;  // --no-idempotent
    std::size_t batch_bytes = 16 * 1024;
    std::int64_t linger_ms = 5;
    std::int64_t delivery_timeout_ms = 120'000;
    bool is_quiet = false;
};

constexpr std::size_t read_bytes = 64 * 1024;
constexpr std::size_t line_bytes_max = 16 * 1024 * 1024;
constexpr Duration idle_wait = Duration::milliseconds(20);

Expected<client::ProducerConfig, InputError> producer_config(const ProduceFlags& flags) {
    client::ProducerConfig config;
    if (flags.acks == "0") config.acks = client::Acks::none;
    if (flags.acks == "1") config.acks = client::Acks::leader;
    if (flags.is_idempotent && config.acks != client::Acks::all) {
        return Unexpected{InputError{"--idempotent",
                                     fmt::format("not with --acks {}", flags.acks),
                                     "--acks all",
                                     {}}};
    }
    for (const std::string& header : flags.headers) {
        if (header.find('=') != std::string::npos) continue;
        return Unexpected{InputError{"--header",
                                     fmt::format("'{}' has no value", header),
                                     "name=value, for example source=shell",
                                     {}}};
    }
    if (flags.is_plain) config.idempotence = client::Idempotence::off;
    config.compression = protocol::compression_named(flags.compression).value();
    config.batch_bytes = flags.batch_bytes;
    config.linger = Duration::milliseconds(flags.linger_ms);
    config.delivery_timeout = Duration::milliseconds(flags.delivery_timeout_ms);
    config.request_bytes_max = std::max(config.request_bytes_max, flags.batch_bytes * 2);
    return config;
}

// Standard input as lines; reads only when asked.
class LineReader {
public:
    // Reads what is there, waiting at most `patience`. False at the end or on an error.
    bool read(Duration patience) {
        if (!os::wait_readable({STDIN_FILENO}, patience).has_value()) return true;
        const auto chunk = os::read_some(STDIN_FILENO, read_bytes);
        if (!chunk || chunk->empty()) return false;
        text_.erase(0, at_);
        at_ = 0;
        text_ += as_text(chunk->view());
        return text_.size() <= line_bytes_max;
    }

    // The next whole line; at the end of input also one without its newline.
    std::optional<std::string_view> next(bool is_at_end) {
        const std::size_t newline = text_.find('\n', at_);
        if (newline == std::string::npos && (!is_at_end || at_ == text_.size())) return {};
        const std::size_t end = std::min(newline, text_.size());
        const std::string_view line = std::string_view(text_).substr(at_, end - at_);
        at_ = std::min(end + 1, text_.size());
        return line;
    }

private:
    std::string text_;
    std::size_t at_ = 0;
};

class Production {
public:
    Production(Session& session, const ProduceFlags& flags, const client::ProducerConfig& config)
        : session_(session),
          flags_(flags),
          config_(config),
          producer_(session.runtime(), session.config(), config) {}

    ExitCode run() {
        const auto ready = find_topic();
        if (!ready) return fail("produce", ready.error(), flags_.client);
        LineReader reader;
        for (bool has_more = true; has_more && !error_.has_value();) {
            has_more = reader.read(idle_wait);
            while (const auto line = reader.next(!has_more)) {
                if (!produce(*line)) break;
            }
            pump();
        }
        finish();
        return report();
    }

private:
    Expected<void, client::ClientError> find_topic() {
        producer_.cluster().watch(flags_.topic);
        const auto known =
            session_.wait<void>([&](auto done) { producer_.cluster().refresh(std::move(done)); });
        if (!known) return known;
        const client::TopicView* const topic = producer_.cluster().view().find_topic(flags_.topic);
        using protocol::WireError;
        const WireError error =
            topic == nullptr ? WireError::unknown_topic_or_partition : topic->error;
        if (error != WireError::none) return Unexpected{client::refused(error, flags_.topic)};
        const bool has_partition = !flags_.partition.has_value() ||
                                   topic->partitions.contains(PartitionIndex{*flags_.partition});
        if (has_partition) return {};
        return Unexpected{client::refused(
            WireError::unknown_topic_or_partition,
            fmt::format("{} has {} partitions", flags_.topic, topic->partitions.size()))};
    }

    client::NewRecord record_of(std::string_view line) const {
        client::NewRecord record;
        record.topic = flags_.topic;
        if (flags_.partition.has_value()) record.partition = PartitionIndex{*flags_.partition};
        const std::size_t separator =
            flags_.key_separator.empty() ? std::string_view::npos : line.find(flags_.key_separator);
        if (separator != std::string_view::npos) {
            record.key = Bytes::copy_of(as_bytes(line.substr(0, separator)));
            line.remove_prefix(separator + flags_.key_separator.size());
        }
        record.value = Bytes::copy_of(as_bytes(line));
        for (const std::string& header : flags_.headers) {
            const std::size_t equals = std::min(header.find('='), header.size());
            client::Header added{.key = header.substr(0, equals), .value = {}};
            if (equals < header.size())
                added.value = Bytes::copy_of(as_bytes(std::string_view(header).substr(equals + 1)));
            record.headers.push_back(std::move(added));
        }
        return record;
    }

    bool produce(std::string_view line) {
        for (;;) {
            const auto taken = producer_.produce(
                record_of(line),
                [this](const Expected<client::RecordPlace, client::ClientError>& at) {
                    if (!at && !error_.has_value()) error_ = at.error();
                });
            if (taken) return true;
            if (taken.error().cause != client::Cause::full) {
                error_ = taken.error();
                return false;
            }
            // Goes on when half of what waits has left.
            session_.node().run_until([this] {
                return producer_.buffered_bytes() < config_.buffer_bytes_max / 2 ||
                       error_.has_value();
            });
            if (error_.has_value()) return false;
        }
    }

    // What is ready now, or the next thing when it comes soon.
    void pump() {
        bool has_run = false;
        ignore(session_.node().run_until([&has_run] { return std::exchange(has_run, true); },
                                         Duration::milliseconds(1)),
               "time is its end");
    }

    void finish() {
        bool is_done = false;
        producer_.flush([&is_done] { is_done = true; });
        ignore(session_.node().run_until([&is_done] { return is_done; }), "only a signal ends it");
    }

    ExitCode report() const {
        const client::ProducerCounters& counters = producer_.counters();
        if (error_.has_value()) {
            fmt::print(stderr,
                       "glasslog produce: {} records acknowledged, {} failed\n",
                       counters.acked_count,
                       counters.failed_count);
            return fail("produce", *error_, flags_.client);
        }
        if (!flags_.is_quiet) {
            fmt::print(stderr,
                       "{} records {} in {} batches, {} bytes\n",
                       counters.acked_count,
                       config_.acks == client::Acks::none ? "sent" : "acknowledged",
                       counters.batch_count,
                       counters.batch_bytes);
        }
        return ExitCode::done;
    }

    Session& session_;
    const ProduceFlags& flags_;
    client::ProducerConfig config_;
    client::Producer producer_;
    std::optional<client::ClientError> error_;
};

ExitCode run(const ProduceFlags& flags) {
    auto cluster = cluster_config(flags.client);
    if (!cluster) return complain("produce", cluster.error());
    const auto config = producer_config(flags);
    if (!config) return complain("produce", config.error());
    Session session(*cluster);
    Production production(session, flags, *config);
    return production.run();
}

}  // namespace

void add_produce_verb(CLI::App& app, Action& action) {
    CLI::App* verb = app.add_subcommand("produce", "Make a record of each line of standard input");
    auto flags = std::make_shared<ProduceFlags>();
    verb->add_option("topic,--topic", flags->topic, "The topic's name")->required();
    verb->add_option("--key-separator",
                     flags->key_separator,
                     "What stands between key and value in a line; without it there is no key");
    verb->add_option("--header", flags->headers, "name=value for every record; may be repeated");
    verb->add_option("--partition", flags->partition, "Default: by key, as Java's client does")
        ->check(CLI::NonNegativeNumber);
    verb->add_option("--acks", flags->acks, "all, 1 or 0")
        ->capture_default_str()
        ->transform(CLI::IsMember({"all", "-1", "1", "0"}));
    verb->add_option("--compression,-z", flags->compression, "none, gzip, snappy, lz4 or zstd")
        ->capture_default_str()
        ->check(CLI::IsMember({"none", "gzip", "snappy", "lz4", "zstd"}));
    auto* yes = verb->add_flag("--idempotent",
                               flags->is_idempotent,
                               "No record twice, none out of order (the default with --acks all)");
    verb->add_flag("--no-idempotent", flags->is_plain, "Without producer id and sequences")
        ->excludes(yes);
    verb->add_option("--batch-bytes", flags->batch_bytes, "Of a batch, before compression")
        ->capture_default_str()
        ->check(CLI::Range(1, 64 * 1024 * 1024));
    verb->add_option("--linger", flags->linger_ms, "Milliseconds that a batch waits to be filled")
        ->capture_default_str()
        ->check(CLI::Range(0, 60'000));
    verb->add_option("--delivery-timeout", flags->delivery_timeout_ms, "Milliseconds for a record")
        ->capture_default_str()
        ->check(CLI::Range(1, 86'400'000));
    verb->add_flag("--quiet,-q", flags->is_quiet, "No summary on standard error");
    add_client_flags(*verb, flags->client);
    verb->footer(
        "Examples:\n"
        "  seq 1000 | glasslog produce orders\n"
        "  glasslog produce orders --key-separator : --compression zstd < orders.txt\n"
        "  echo 'a record' | glasslog produce orders --partition 2 --header source=shell");
    verb->callback([flags, &action] { action = [flags] { return run(*flags); }; });
}

}  // namespace glasslog::cli
