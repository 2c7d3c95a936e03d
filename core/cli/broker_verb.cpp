// glasslog broker: one broker on real sockets, until SIGTERM.

#include "core/broker/broker.hpp"
#include "core/cli/node_trace.hpp"
#include "core/cli/trace_output.hpp"
#include "core/cli/verbs.hpp"
#include "core/os/os_clock.hpp"
#include "core/os/os_node.hpp"
#include "core/os/process.hpp"

#include <fmt/format.h>

#include <memory>
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

// The ring is not guarded, so it takes one reactor; said before anything starts.
constexpr const char* ring_needs_one =
    "--trace ring: works with one reactor; give a file, or --reactors 1";

// What a quiet reactor has told reaches the file, too: somebody may be watching it grow.
class Flusher {
public:
    Flusher(const runtime::Runtime& runtime, NodeTrace& trace) : runtime_(runtime), trace_(trace) {
        arm();
    }

private:
    static constexpr Duration interval = Duration::milliseconds(100);

    void arm() {
        timer_ = runtime_.executor.at(runtime_.clock.now() + interval, [this] {
            trace_.flush();
            arm();
        });
    }

    runtime::Runtime runtime_;
    NodeTrace& trace_;
    runtime::Timer timer_;
};

// What the trace calls this node. One that both serves and votes is "node 1", as `up` calls it; one
// that stands alone, without process.roles, is simply a broker.
trace::kinds::NodeStarted start_of(const broker::Config& config) {
    const char* const role = config.roles.is_broker ? "broker" : "controller";
    const bool is_both = config.roles.is_broker && config.roles.is_controller;
    const bool is_node = is_both && config.properties.contains("process.roles");
    return {.name = fmt::format("{} {}", is_node ? "node" : role, config.node_id),
            .role = role,
            .reactors = static_cast<std::int32_t>(config.reactor_count)};
}

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
    trace::emit(*traces.front(), start_of(config));
    std::optional<IoError> failure;
    {
        std::vector<std::unique_ptr<Flusher>> flushers;
        for (const runtime::Runtime& runtime : node.runtimes()) {
            if (output.sink() == nullptr) break;
            const auto index = static_cast<std::size_t>(runtime.reactor.value());
            flushers.push_back(std::make_unique<Flusher>(runtime, *traces.at(index)));
        }
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
    if (const auto written = output.finish(); !written) {
        fmt::print(stderr,
                   "glasslog broker: the trace is incomplete: {}\n",
                   written.error().text());
        if (!failure) return ExitCode::failed;
    }
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
    if (most > 1000 && !config.properties.contains("max.connections")) return;  // plenty
    fmt::print(stderr,
               "glasslog broker: max.connections is {}: this process may have {} files and sockets "
               "open (ulimit -n)\n",
               config.connection_count_max,
               os::descriptors_max());
}

// A mistyped key would have no effect, in silence.
void tell_unknown_keys(const broker::Config& config) {
    for (const std::string& key : broker::unknown_keys(config))
        fmt::print(stderr, "glasslog broker: {} is no key of a broker: it has no effect\n", key);
}

ExitCode run(const BrokerFlags& flags) {
    auto config = config_of(flags);
    if (!config) return complain(config.error().text());
    limit_connections(*config);
    tell_unknown_keys(*config);
    auto output = TraceOutput::open(flags.trace, *config, os::OsClock().origin());
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
