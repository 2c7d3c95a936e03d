// glasslog broker: one broker on real sockets, until SIGTERM.

#include "core/broker/broker.hpp"
#include "core/cli/node_trace.hpp"
#include "core/cli/verbs.hpp"
#include "core/os/file_sink.hpp"
#include "core/os/os_node.hpp"
#include "core/os/process.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <vector>

namespace glasslog::cli {
namespace {

struct BrokerFlags {
    std::string config_file;
    std::string data;
    std::string listen;
    std::int64_t reactors = 0;  // 0: as the file says
    std::string trace;
    std::vector<std::string> properties;  // key=value
};

constexpr const char* examples =
    "Examples:\n"
    "  glasslog broker --data /tmp/glasslog --listen 127.0.0.1:9092\n"
    "  glasslog broker --config server.properties --reactors 2\n"
    "  glasslog broker --data /tmp/glasslog --listen 127.0.0.1:0 --trace broker.trace\n"
    "  glasslog broker --data /tmp/glasslog --listen :9092 --set num.partitions=3\n"
    "SIGTERM stops it cleanly; a second one at once.";

ExitCode complain(const std::string& text) {
    fmt::print(stderr, "glasslog broker: {}\n", text);
    return ExitCode::unusable;
}

// A flag beats the file beats the default.
Expected<broker::Config, InputError> config_of(const BrokerFlags& flags) {
    broker::Properties properties;
    if (!flags.config_file.empty()) {
        auto text = os::read_file(flags.config_file, 1 << 20);
        if (!text)
            return Unexpected{InputError{"--config", text.error().text(), "a readable file", {}}};
        properties = TRY(broker::parse_properties(as_text(text->view()), flags.config_file));
    }
    for (const std::string& property : flags.properties) {
        for (auto& [key, value] : TRY(broker::parse_properties(property, "--set")))
            properties[key] = value;
    }
    if (!flags.data.empty()) {
        properties.erase("log.dirs");
        properties["log.dir"] = flags.data;
    }
    if (!flags.listen.empty()) {
        const auto listener = TRY(broker::parse_listener(flags.listen, "--listen"));
        properties["listeners"] = fmt::format("{}://{}", listener.name, listener.endpoint.text());
        properties.erase("advertised.listeners");
    }
    if (flags.reactors > 0) properties["glasslog.reactors"] = fmt::format("{}", flags.reactors);
    const bool has_directory = properties.contains("log.dirs") || properties.contains("log.dir");
    if (!has_directory) {
        return Unexpected{InputError{"--data",
                                     "no data directory",
                                     "--data DIR or log.dirs in --config FILE",
                                     {}}};
    }
    return broker::config_from(std::move(properties),
                               flags.config_file.empty() ? "flags" : flags.config_file);
}

// Where the trace goes: a file as it grows, or memory that is written at the end.
class TraceOutput {
public:
    // "FILE", or "ring:64MiB", which is written to glasslog.trace at the end.
    static Expected<std::unique_ptr<TraceOutput>, InputError> open(const std::string& where,
                                                                   const broker::Config& config) {
        auto output = std::make_unique<TraceOutput>();
        if (where.empty()) return output;
        const trace::TraceHeader header{.seed = 0,
                                        .build = "glasslog",
                                        .configuration = text_of(config.properties)};
        if (where.starts_with("ring:")) {
            const std::size_t bytes = TRY(size_of(where.substr(5)));
            output->ring_ = std::make_unique<trace::RingSink>(bytes);
        } else {
            auto file = os::FileSink::create(where);
            if (!file)
                return Unexpected{
                    InputError{"--trace", file.error().text(), "a file that can be written", {}}};
            output->file_ = std::move(*file);
        }
        ignore(trace::write_header(*output->sink(), header), "the first block's failure is told");
        return output;
    }

    trace::Sink* sink() const {
        if (ring_) return ring_.get();
        return file_.get();
    }

    bool is_ring() const { return ring_ != nullptr; }

    void finish() const {
        if (!ring_) return;
        auto file = os::FileSink::create("glasslog.trace");
        if (file) ignore(ring_->dump(**file), "there is nobody left to tell");
        fmt::print(stderr,
                   "glasslog broker: the newest {} bytes of the trace are in glasslog.trace\n",
                   ring_->bytes());
    }

private:
    static std::string text_of(const broker::Properties& properties) {
        std::string text;
        for (const auto& [key, value] : properties)
            text += fmt::format("{}={}\n", key, value);
        return text;
    }

    static Expected<std::size_t, InputError> size_of(const std::string& text) {
        std::size_t used = 0;
        unsigned long long count = 0;
        while (used < text.size() && text[used] >= '0' && text[used] <= '9' && used < 12) {
            count = count * 10 + static_cast<unsigned long long>(text[used++] - '0');
        }
        const std::string unit = text.substr(used);
        const std::size_t scale = unit == "MiB"   ? 1 << 20
                                  : unit == "KiB" ? 1 << 10
                                  : unit.empty()  ? 1
                                                  : 0;
        if (count > 0 && scale > 0) return static_cast<std::size_t>(count) * scale;
        return Unexpected{
            InputError{"--trace", fmt::format("'ring:{}' has no size", text), "ring:64MiB", {}}};
    }

    std::unique_ptr<trace::RingSink> ring_;
    std::unique_ptr<os::FileSink> file_;
};

// The ring is not guarded, so it takes one reactor; said before anything starts.
constexpr const char* ring_needs_one =
    "--trace ring: works with one reactor; give a file, or --reactors 1";

ExitCode serve(const broker::Config& config, TraceOutput& output) {
    std::vector<NodeTrace*> traces;
    const auto count = static_cast<std::int32_t>(config.reactor_count);
    os::OsNode node({.node = config.node_id,
                     .reactors = count,
                     .make_trace = [&](ReactorId reactor, const runtime::Clock& clock) {
                         auto made = std::make_unique<NodeTrace>(
                             clock,
                             output.sink(),
                             trace::TraceLog::Options{.node = config.node_id,
                                                      .reactor = reactor,
                                                      .reactor_count = count});
                         traces.push_back(made.get());
                         return made;
                     }});
    trace::emit(*traces.front(),
                trace::kinds::NodeStarted{.name = fmt::format("broker {}", config.node_id),
                                          .role = "broker",
                                          .reactors = count});
    std::optional<IoError> failure;
    {
        broker::Broker broker(node.runtimes(), config);
        broker.on_failure([&](IoError error) {
            failure = std::move(error);
            node.stop();
        });
        node.on_terminate([&] { broker.stop([&] { node.stop(); }); });
        broker.start([&](const Expected<broker::Started, IoError>& started) {
            if (started) return;
            failure = started.error();
            node.stop();
        });
        node.run();
    }
    trace::emit(*traces.front(), trace::kinds::NodeStopped{});
    for (NodeTrace* made : traces)
        made->flush();
    output.finish();
    if (!failure) return ExitCode::done;
    fmt::print(stderr, "glasslog broker: {}\n", failure->text());
    return ExitCode::failed;
}

// A file that cannot be opened for want of descriptors would end the broker: files have their half.
void limit_connections(broker::Config& config) {
    constexpr std::int64_t reserve = 64;
    const std::int64_t most = static_cast<std::int64_t>(os::descriptors_max() / 2) - reserve;
    if (config.connection_count_max <= most) return;
    config.connection_count_max = std::max<std::int64_t>(most, 1);
}

ExitCode run(const BrokerFlags& flags) {
    auto config = config_of(flags);
    if (!config) return complain(config.error().text());
    limit_connections(*config);
    auto output = TraceOutput::open(flags.trace, *config);
    if (!output) return complain(output.error().text());
    if ((*output)->is_ring() && config->reactor_count > 1) return complain(ring_needs_one);
    return serve(*config, **output);
}

}  // namespace

void add_broker_verb(CLI::App& app, Action& action) {
    CLI::App* verb = app.add_subcommand("broker", "Run one broker until SIGTERM");
    auto flags = std::make_shared<BrokerFlags>();
    verb->add_option("--config", flags->config_file, "Kafka's server.properties");
    verb->add_option("--data", flags->data, "The data directory (log.dirs)");
    verb->add_option("--listen",
                     flags->listen,
                     "HOST:PORT or NAME://HOST:PORT (listeners); port 0: any free one");
    verb->add_option("--reactors", flags->reactors, "Threads that serve (default 1)")
        ->check(CLI::Range(1, 64));
    verb->add_option("--trace",
                     flags->trace,
                     "Write every event to FILE, or keep the newest: ring:64MiB");
    verb->add_option("--set",
                     flags->properties,
                     "key=value, as in server.properties; may be repeated");
    verb->footer(examples);
    verb->callback([flags, &action] { action = [flags] { return run(*flags); }; });
}

}  // namespace glasslog::cli
