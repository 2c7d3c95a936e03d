// glasslog storage: format the directories of a node, and show how they are formatted. Flags and
// words are those of kafka-storage.

#include "core/cli/session.hpp"
#include "core/cli/storage_config.hpp"
#include "core/cli/storage_info.hpp"
#include "core/cli/verbs.hpp"
#include "core/metadata/bootstrap.hpp"
#include "core/metadata/features.hpp"
#include "core/metadata/releases.hpp"
#include "core/metadata/scram.hpp"
#include "core/os/os_node.hpp"
#include "core/os/process.hpp"
#include "core/storage/atomic_file.hpp"
#include "core/storage/checkpoints.hpp"
#include "core/storage/job.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace glasslog::cli {
namespace {

constexpr const char* verb_name = "storage";
constexpr std::size_t config_bytes_max = 1U << 20;
constexpr std::size_t small_file_bytes_max = 16U << 20;

struct StorageFlags {
    std::string config_file;
    std::string cluster_id;
    std::string release;
    std::vector<std::string> features;
    std::vector<std::string> scram;
    std::string initial_controllers;
    bool is_standalone = false;
    bool has_no_controllers = false;
    bool ignores_formatted = false;
    bool is_json = false;
};

Expected<StorageConfig, InputError> read_config(const StorageFlags& flags) {
    const auto text = os::read_file(flags.config_file, config_bytes_max);
    if (!text) {
        return Unexpected{InputError{"--config", text.error().text(), "a readable file", {}}};
    }
    const auto properties = TRY(broker::parse_properties(as_text(text->view()), flags.config_file));
    return storage_config_from(properties, flags.config_file);
}

// One reactor on the calling thread, for disk jobs and chance.
class Workshop {
public:
    Workshop() : node_({}), runner_(runtime().executor, runtime().disk) {}

    runtime::Runtime runtime() { return node_.runtimes().front(); }

    Uuid draw_id() {
        const runtime::Runtime here = runtime();
        const std::uint64_t high = here.random.draw("format", "id");
        const std::uint64_t low = here.random.draw("format", "id");
        return Uuid::version_4(high, low);
    }

    Bytes draw_salt() {
        const Uuid first = draw_id();
        const Uuid second = draw_id();
        std::vector<std::uint8_t> salt;
        for (const std::uint64_t word : {first.high, first.low, second.high, second.low})
            append_be(salt, word);
        return Bytes::from(std::move(salt));
    }

    std::int64_t now() { return runtime().clock.wall().milliseconds(); }

    Expected<void, IoError> run(std::vector<storage::DiskOp> operations) {
        std::optional<Expected<void, IoError>> outcome;
        runner_.run(storage::run_in_order(std::move(operations)),
                    [&](Expected<void, IoError> done) { outcome = std::move(done); });
        const bool is_done = node_.run_until([&] { return outcome.has_value(); });
        if (is_done) return *std::move(outcome);
        return Unexpected{
            IoError{.code = IoCode::closed, .subject = "format", .detail = "interrupted"}};
    }

private:
    os::OsNode node_;
    storage::JobRunner runner_;
};

// ------------------------------------------------------------------------------------------ format

// What the flags say of the first quorum.
enum class Quorum : std::uint8_t { configured, standalone, initial, none };

Expected<Quorum, InputError> quorum_of(const StorageFlags& flags, const StorageConfig& config) {
    const bool has_initial = !flags.initial_controllers.empty();
    const int count = int{flags.is_standalone} + int{has_initial} + int{flags.has_no_controllers};
    const std::string flag = flags.is_standalone ? "--standalone"
                             : has_initial       ? "--initial-controllers"
                                                 : "--no-initial-controllers";
    const std::string choice = "--standalone, --initial-controllers or --no-initial-controllers";
    if (count > 1) {
        return Unexpected{
            InputError{flag, "not with the others of its kind", "one of " + choice, {}}};
    }
    if (count == 0 && (config.has_configured_voters || !config.is_controller)) {
        return Quorum::configured;
    }
    if (count == 0) {
        return Unexpected{InputError{flags.config_file,
                                     "this controller does not know its first voters",
                                     choice + ", or controller.quorum.voters in the file",
                                     "--standalone makes it a quorum of its own"}};
    }
    if (config.has_configured_voters) {
        return Unexpected{InputError{
            flag,
            "the file has controller.quorum.voters, a quorum that is configured",
            "one of the two",
            "a quorum that can change has controller.quorum.bootstrap.servers in its place"}};
    }
    if (flags.has_no_controllers) return Quorum::none;
    if (!config.is_controller) {
        return Unexpected{InputError{flag,
                                     "process.roles has no controller here",
                                     "the file of a controller",
                                     "a broker is formatted without this flag"}};
    }
    if (has_initial) return Quorum::initial;
    if (config.controller_endpoint) return Quorum::standalone;
    return Unexpected{InputError{flags.config_file,
                                 "no listener of the controller",
                                 "controller.listener.names, and that name in listeners",
                                 "for example CONTROLLER, and CONTROLLER://127.0.0.1:9093"}};
}

// kraft.version follows from the quorum; to write it anyway is no error when it fits.
Expected<void, InputError> take_kraft_version(metadata::FeatureLevels& wanted, Quorum quorum) {
    const auto found = wanted.find(metadata::kraft_version);
    if (found == wanted.end()) return {};
    const std::int16_t level = quorum == Quorum::configured ? 0 : 1;
    if (found->second != level) {
        return Unexpected{InputError{
            "--feature",
            fmt::format("kraft.version={} cannot be used with this quorum", found->second),
            fmt::format("kraft.version={}", level),
            level == 0 ? "--standalone or --initial-controllers make a quorum of kraft.version 1"
                       : "controller.quorum.voters makes a quorum of kraft.version 0"}};
    }
    wanted.erase(found);
    return {};
}

bool is_cluster_id(const std::string& text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '-' || c == '_' || c == '.';
    });
}

// Everything that the flags ask for, checked.
struct Plan {
    StorageConfig config;
    Quorum quorum = Quorum::configured;
    metadata::FeatureLevels levels;
    std::optional<protocol::VotersRecord> voters;
    std::vector<metadata::Record> records;
    Uuid metadata_directory_id;
};

Expected<void, InputError> add_credentials(const StorageFlags& flags,
                                           Workshop& workshop,
                                           Plan& plan) {
    constexpr std::int16_t first_with_scram = 11;  // 3.5-IV2
    if (flags.scram.empty()) return {};
    if (plan.levels.find(metadata::metadata_version)->second < first_with_scram) {
        return Unexpected{InputError{"--add-scram",
                                     "this release keeps no SCRAM credentials in its metadata",
                                     "--release-version 3.5-IV2 or later",
                                     {}}};
    }
    for (const std::string& text : flags.scram) {
        plan.records.emplace_back(TRY(metadata::scram_credential(text, workshop.draw_salt())));
    }
    return {};
}

Expected<void, InputError> choose_voters(const StorageFlags& flags, Plan& plan) {
    if (plan.quorum == Quorum::standalone) {
        plan.voters.emplace().voters.push_back({plan.config.node,
                                                plan.metadata_directory_id,
                                                {*plan.config.controller_endpoint},
                                                {0, 1}});
    }
    if (plan.quorum != Quorum::initial) return {};
    plan.voters =
        TRY(parse_initial_controllers(flags.initial_controllers, plan.config.controller_listener));
    for (const auto& voter : plan.voters->voters) {
        // The others know this controller by the id that stands there.
        if (voter.voter_id == plan.config.node)
            plan.metadata_directory_id = voter.voter_directory_id;
    }
    return {};
}

Expected<Plan, InputError> plan_of(const StorageFlags& flags, Workshop& workshop) {
    if (!is_cluster_id(flags.cluster_id)) {
        return Unexpected{InputError{"--cluster-id",
                                     fmt::format("'{}' is no cluster id", flags.cluster_id),
                                     "letters, digits, '-', '_' and '.'",
                                     "`glasslog storage random-uuid` makes one"}};
    }
    Plan plan;
    plan.config = TRY(read_config(flags));
    plan.quorum = TRY(quorum_of(flags, plan.config));
    std::optional<metadata::Release> release;
    if (!flags.release.empty()) {
        const metadata::Release* found = metadata::find_release(flags.release);
        if (found == nullptr) {
            std::vector<std::string_view> names;
            for (const metadata::Release& one : metadata::releases())
                names.push_back(one.name);
            return Unexpected{InputError{"--release-version",
                                         fmt::format("no release '{}'", flags.release),
                                         fmt::format("one of {}", fmt::join(names, ", ")),
                                         {}}};
        }
        release = *found;
    }
    auto wanted = TRY(parse_features(flags.features));
    TRY(take_kraft_version(wanted, plan.quorum));
    plan.levels = TRY(metadata::initial_levels(release, wanted));
    plan.records = metadata::level_records(plan.levels);
    TRY(add_credentials(flags, workshop, plan));
    plan.metadata_directory_id = workshop.draw_id();
    TRY(choose_voters(flags, plan));
    return plan;
}

const char* kind_of(const Plan& plan, const std::string& directory) {
    if (directory != plan.config.metadata) return "data directory";
    if (!plan.voters) return "metadata directory";
    const bool is_voter = std::ranges::count(plan.voters->voters,
                                             plan.config.node,
                                             &protocol::VotersRecord::Voter::voter_id);
    return is_voter ? "dynamic metadata voter directory" : "dynamic metadata directory";
}

std::vector<storage::DiskOp> operations_of(const std::string& directory,
                                           const std::vector<metadata::FormattedFile>& files) {
    std::vector<storage::DiskOp> operations;
    operations.emplace_back(storage::MakeDirectory{directory});
    operations.emplace_back(storage::SyncDirectory{storage::parent_of(directory)});
    for (const metadata::FormattedFile& file : files) {
        const std::string path = fmt::format("{}/{}", directory, file.name);
        const std::string folder = storage::parent_of(path);
        if (folder != directory) {
            operations.emplace_back(storage::MakeDirectory{folder});
            operations.emplace_back(storage::SyncDirectory{directory});
        }
        std::ranges::move(storage::write_atomically(path, file.content),
                          std::back_inserter(operations));
    }
    return operations;
}

ExitCode fail(const std::string& text) {
    fmt::print(stderr, "glasslog storage format: {}\n", text);
    return ExitCode::failed;
}

Expected<void, IoError> format_directory(const Plan& plan,
                                         const std::string& cluster_id,
                                         const std::string& directory,
                                         Workshop& workshop) {
    const bool is_metadata = directory == plan.config.metadata;
    const Uuid id = is_metadata ? plan.metadata_directory_id : workshop.draw_id();
    const auto files =
        metadata::formatted_files({.meta = {cluster_id, plan.config.node, id},
                                   .records = plan.records,
                                   .voters = is_metadata ? plan.voters : std::nullopt,
                                   .now = workshop.now()});
    return workshop.run(operations_of(directory, files));
}

// Why a directory that is formatted cannot belong to this plan; empty when it can.
std::string contradiction(const std::string& directory, const Plan& plan, const std::string& id) {
    const auto text = os::read_file(directory + "/meta.properties", small_file_bytes_max);
    if (!text) return text.error().text();
    const auto meta = storage::decode_meta_properties(text->view());
    if (!meta) return fmt::format("{}: {}", directory, meta.error().text());
    if (meta->cluster_id != id) {
        return fmt::format(
            "{} belongs to the cluster {}, not to {}; give --cluster-id {} or "
            "another directory",
            directory,
            meta->cluster_id,
            id,
            meta->cluster_id);
    }
    if (meta->node_id == plan.config.node) return {};
    return fmt::format("{} belongs to node {}, not to {}; set node.id={} or another directory",
                       directory,
                       meta->node_id,
                       plan.config.node,
                       meta->node_id);
}

ExitCode format(const StorageFlags& flags) {
    Workshop workshop;
    const auto plan = plan_of(flags, workshop);
    if (!plan) return complain("storage format", plan.error());
    std::vector<std::string> fresh;
    for (const std::string& directory : plan->config.directories()) {
        if (!os::path_exists(directory + "/meta.properties")) {
            fresh.push_back(directory);
            continue;
        }
        if (!flags.ignores_formatted) {
            return fail(
                fmt::format("{} is formatted already; --ignore-formatted leaves it as it "
                            "is and formats the others",
                            directory));
        }
        const std::string reason = contradiction(directory, *plan, flags.cluster_id);
        if (!reason.empty()) return fail(reason);
    }
    if (fresh.empty()) fmt::print("All of the log directories are already formatted.\n");
    const metadata::Release* release =
        metadata::find_release(plan->levels.find(metadata::metadata_version)->second);
    // The metadata directory last: with it the node can be started.
    std::ranges::reverse(fresh);
    for (const std::string& directory : fresh) {
        const auto done = format_directory(*plan, flags.cluster_id, directory, workshop);
        if (!done) return fail(done.error().text());
        fmt::print("Formatting {} {} with metadata.version {}.\n",
                   kind_of(*plan, directory),
                   directory,
                   release->name);
    }
    return ExitCode::done;
}

ExitCode info(const StorageFlags& flags) {
    const auto config = read_config(flags);
    if (!config) return complain("storage info", config.error());
    return print_storage(*config, flags.is_json ? StorageForm::json : StorageForm::text);
}

ExitCode random_uuid() {
    Workshop workshop;
    fmt::print("{}\n", workshop.draw_id());
    return ExitCode::done;
}

// ------------------------------------------------------------------------------------ command line

void add_config(CLI::App& verb, StorageFlags& flags) {
    verb.add_option("-c,--config", flags.config_file, "Kafka's server.properties")->required();
}

void add_format(CLI::App& storage, const std::shared_ptr<StorageFlags>& flags, Action& action) {
    CLI::App* verb = storage.add_subcommand("format", "Format the directories of log.dirs");
    add_config(*verb, *flags);
    verb->add_option("-t,--cluster-id", flags->cluster_id, "The same for every node of a cluster")
        ->required();
    verb->add_flag("-s,--standalone",
                   flags->is_standalone,
                   "This controller is the quorum, until others are added");
    verb->add_option("-I,--initial-controllers",
                     flags->initial_controllers,
                     "ID@HOST:PORT:DIRECTORY-ID,...: the same for every controller");
    verb->add_flag("-N,--no-initial-controllers",
                   flags->has_no_controllers,
                   "This node finds its quorum, or is added to it later");
    verb->add_flag("-g,--ignore-formatted",
                   flags->ignores_formatted,
                   "Leave formatted directories as they are");
    verb->add_option("-r,--release-version",
                     flags->release,
                     "3.3-IV3 to 4.3-IV0 (default), or 4.1");
    verb->add_option("-f,--feature", flags->features, "NAME=LEVEL; may be repeated");
    verb->add_option("-S,--add-scram",
                     flags->scram,
                     "MECHANISM=[name=USER,password=SECRET]; may be repeated");
    verb->footer(
        "Exit codes: 0 formatted, 1 a directory is formatted already or cannot be written, 2 "
        "usage.\n"
        "Examples:\n"
        "  glasslog storage format -c server.properties -t $(glasslog storage random-uuid) "
        "--standalone\n"
        "  glasslog storage format -c broker.properties -t MkU3OEVBNTcwNTJENDM2Qg\n"
        "  glasslog storage format -c controller.properties -t MkU3OEVBNTcwNTJENDM2Qg \\\n"
        "      --initial-controllers 1@127.0.0.1:9093:JEXY6aqzQY-32P5TStzaFg");
    verb->callback([flags, &action] { action = [flags] { return format(*flags); }; });
}

}  // namespace

void add_storage_verb(CLI::App& app, Action& action) {
    CLI::App* storage =
        app.add_subcommand(verb_name, "Format the directories of a node, and show them");
    storage->require_subcommand(1);
    storage->footer(
        "Examples:\n"
        "  glasslog storage format -c server.properties -t MkU3OEVBNTcwNTJENDM2Qg --standalone\n"
        "  glasslog storage info -c server.properties\n"
        "  glasslog storage random-uuid");
    auto flags = std::make_shared<StorageFlags>();
    add_format(*storage, flags, action);

    CLI::App* verb = storage->add_subcommand("info", "Show how the directories are formatted");
    add_config(*verb, *flags);
    verb->add_flag("--json", flags->is_json, "One JSON object");
    verb->footer(
        "Exit codes: 0 all is well, 1 a problem was found, 2 usage.\n"
        "Examples:\n"
        "  glasslog storage info -c server.properties\n"
        "  glasslog storage info -c server.properties --json");
    verb->callback([flags, &action] { action = [flags] { return info(*flags); }; });

    verb = storage->add_subcommand("random-uuid", "Make an id for a cluster or a directory");
    verb->footer("Examples:\n  glasslog storage random-uuid");
    verb->callback([&action] { action = [] { return random_uuid(); }; });
}

}  // namespace glasslog::cli
