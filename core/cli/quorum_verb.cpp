// glasslog quorum describe|add|remove|upgrade: the metadata quorum, as kafka-metadata-quorum shows
// and changes it.

#include "core/broker/config.hpp"
#include "core/cli/quorum_text.hpp"
#include "core/cli/session.hpp"
#include "core/cli/verbs.hpp"
#include "core/client/quorum.hpp"
#include "core/os/process.hpp"
#include "core/storage/checkpoints.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace glasslog::cli {
namespace {

using client::NewVoter;
using client::QuorumAdmin;
using client::QuorumView;

struct QuorumFlags {
    ClientFlags client;
    std::string controllers;  // --bootstrap-controller; empty: brokers are asked
    bool is_json = false;
    bool shows_status = false;
    bool shows_replication = false;
    bool is_readable = false;
    bool is_rehearsal = false;  // --dry-run
    std::string config_file;
    std::optional<std::int32_t> node;
    std::string directory_id;
    std::vector<std::string> endpoints;
};

// Which verb was refused, and whom it asked.
struct Asked {
    std::string verb;
    bool is_change = false;
    bool is_by_brokers = true;
    std::string endpoints;
};

// The time ran out, here or at the leader.
std::string advice_on_time(const client::ClientError& error, const Asked& asked) {
    if (error.cause != client::Cause::timed_out) {
        return "the leader could not make the change in time: another one runs, it leads since a "
               "moment, the new voter is not running or has not caught up, or there is no "
               "majority; see glasslog quorum describe --replication, and try again";
    }
    if (asked.is_change && asked.verb == "quorum upgrade") {
        return "the leader did not end the change in time: a majority must be there; the change "
               "may have been made: see glasslog quorum upgrade --dry-run";
    }
    if (asked.is_change) {
        return "the leader did not end the change in time: a new voter must run and have caught "
               "up, and a majority must be there; give more time with --request-timeout MS; the "
               "change may have been made: see glasslog quorum describe";
    }
    if (asked.is_by_brokers) {
        return "no controller answers the broker: is a majority of the voters running? Or a node "
               "is paused or slow: name more endpoints, or give more time with --request-timeout "
               "MS";
    }
    return "it may be paused, cut off or slow: name more endpoints, or give more time with "
           "--request-timeout MS";
}

std::string advice_on_invalid(const Asked& asked) {
    if (asked.verb == "quorum remove")
        return "it is the last voter: let another one vote first, with glasslog quorum add";
    return "a voter needs an id of 0 or more, a directory id, an endpoint of a controller, and "
           "the quorum's kraft.version among those that it supports";
}

std::string advice(const client::ClientError& error, const Asked& asked) {
    using protocol::WireError;
    if (error.cause == client::Cause::unreachable) {
        return fmt::format("does a node listen at {}? `glasslog up --status` shows who runs",
                           asked.endpoints);
    }
    if (error.code == WireError::not_leader_or_follower || error.code == WireError::not_controller)
        return "no node that was asked leads: is a majority of the voters running?";
    if (error.code == WireError::unsupported_version) {
        return "voters can change from kraft.version 1 on; a quorum of controller.quorum.voters is "
               "at 0, which is raised by: glasslog quorum upgrade";
    }
    if (error.code == WireError::duplicate_voter) {
        return "a voter has this id already; see the voters with: glasslog quorum describe "
               "--replication; glasslog quorum remove ID makes room for another directory";
    }
    if (error.code == WireError::voter_not_found) {
        return "id and directory id must both be those of a voter; see them with: glasslog quorum "
               "describe --replication";
    }
    if (error.code == WireError::request_timed_out) return advice_on_time(error, asked);
    if (error.code == WireError::invalid_request) return advice_on_invalid(asked);
    return {};
}

ExitCode refuse(const client::ClientError& error, const Asked& asked) {
    if (error.cause == client::Cause::closed) return ExitCode::interrupted;
    fmt::print(stderr, "glasslog {}: {}\n", asked.verb, error.text());
    const std::string hint = advice(error, asked);
    if (!hint.empty()) fmt::print(stderr, "  {}\n", hint);
    return ExitCode::failed;
}

// Runs `work` against the quorum that the flags name.
template <typename Work>
ExitCode with_quorum(const std::string& verb, const QuorumFlags& flags, Work work) {
    const bool is_by_brokers = flags.controllers.empty();
    ClientFlags client_flags = flags.client;
    if (!is_by_brokers) client_flags.bootstrap = flags.controllers;
    auto config = cluster_config(client_flags);
    if (!config) {
        InputError error = config.error();
        if (!is_by_brokers) error.where = "--bootstrap-controller";
        return complain(verb, error);
    }
    Session session(*config);
    QuorumAdmin admin(
        session.runtime(),
        session.config(),
        is_by_brokers ? client::BootstrapKind::brokers : client::BootstrapKind::controllers);
    Asked asked{.verb = verb, .is_by_brokers = is_by_brokers, .endpoints = client_flags.bootstrap};
    const Expected<void, client::ClientError> done = work(session, admin, asked);
    return done ? ExitCode::done : refuse(done.error(), asked);
}

Expected<QuorumView, client::ClientError> ask_view(Session& session, QuorumAdmin& admin) {
    return session.wait<QuorumView>([&](auto done) { admin.describe(std::move(done)); });
}

// --- describe -----------------------------------------------------------------------------------

void print_lines(const std::vector<std::string>& lines) {
    for (const std::string& line : lines)
        fmt::print("{}\n", line);
}

ExitCode describe(const QuorumFlags& flags) {
    using Done = Expected<void, client::ClientError>;
    const auto work = [&](Session& session, QuorumAdmin& admin, Asked&) -> Done {
        const QuorumView view = TRY(ask_view(session, admin));
        const std::string cluster =
            TRY(session.wait<std::string>([&](auto done) { admin.cluster_id(std::move(done)); }));
        if (flags.is_json) {
            fmt::print("{}\n", to_text(json_of(view, cluster)));
            return {};
        }
        const bool shows_both = flags.shows_status == flags.shows_replication;
        if (shows_both || flags.shows_status) print_lines(status_text(view, cluster));
        if (shows_both) fmt::print("\n");
        if (shows_both || flags.shows_replication) {
            print_lines(
                replication_text(view,
                                 flags.is_readable ? TimeForm::readable : TimeForm::timestamps));
        }
        return {};
    };
    return with_quorum("quorum describe", flags, work);
}

// --- add ----------------------------------------------------------------------------------------

Expected<Uuid, InputError> parse_directory_id(const std::string& text) {
    const auto id = Uuid::parse(text);
    if (id) return *id;
    return Unexpected{InputError{"--directory-id",
                                 fmt::format("'{}' is no id", text),
                                 "22 characters, as in meta.properties",
                                 {}}};
}

// Whose directory it is, by its meta.properties.
Expected<Uuid, InputError> directory_id_of(const std::string& directory) {
    const std::string path = directory + "/meta.properties";
    const auto text = os::read_file(path, 1 << 20);
    if (!text) return Unexpected{unreadable(text.error(), "a formatted directory")};
    const auto meta = storage::decode_meta_properties(text->view());
    if (meta && !meta->directory_id.is_zero()) return meta->directory_id;
    return Unexpected{InputError{path,
                                 meta ? "there is no directory.id" : meta.error().text(),
                                 "directory.id=…, which a quorum knows its voters by",
                                 {}}};
}

Expected<NewVoter, InputError> voter_from_config(const std::string& file) {
    const auto text = os::read_file(file, 1 << 20);
    if (!text) return Unexpected{unreadable(text.error(), "a controller's server.properties")};
    auto properties = TRY(broker::parse_properties(as_text(text->view()), file));
    const auto metadata_directory = properties.find("metadata.log.dir");
    const std::string named =
        metadata_directory == properties.end() ? std::string() : metadata_directory->second;
    const auto config = TRY(broker::config_from(std::move(properties), file));
    if (!config.roles.is_controller || config.quorum.listeners.empty()) {
        return Unexpected{InputError{file,
                                     fmt::format("node {} is no controller", config.node_id),
                                     "process.roles with controller, and a listener of "
                                     "controller.listener.names",
                                     {}}};
    }
    NewVoter voter{
        .id = config.node_id,
        .directory_id = TRY(directory_id_of(named.empty() ? config.log_directory : named)),
        .listeners = {}};
    for (const auto& listener : config.quorum.listeners) {
        voter.listeners.push_back({.name = listener.bind.name,
                                   .host = listener.advertised.host,
                                   .port = listener.advertised.port});
    }
    return voter;
}

Expected<NewVoter, InputError> voter_from_flags(const QuorumFlags& flags) {
    if (!flags.node || flags.directory_id.empty() || flags.endpoints.empty()) {
        return Unexpected{InputError{"--config",
                                     "it is not said who is to vote",
                                     "--config FILE, or ID with --directory-id and --endpoint",
                                     {}}};
    }
    NewVoter voter{.id = NodeId(*flags.node),
                   .directory_id = TRY(parse_directory_id(flags.directory_id)),
                   .listeners = {}};
    for (const std::string& text : flags.endpoints) {
        const auto listener = TRY(broker::parse_listener(text, "--endpoint"));
        const bool has_name = text.find("://") != std::string::npos;
        voter.listeners.push_back({.name = has_name ? listener.name : "CONTROLLER",
                                   .host = listener.endpoint.host,
                                   .port = listener.endpoint.port});
    }
    return voter;
}

std::string text_of(const NewVoter& voter) {
    std::vector<std::string> endpoints;
    for (const auto& one : voter.listeners)
        endpoints.push_back(fmt::format("{}://{}:{}", one.name, one.host, one.port));
    return fmt::format("controller {} with directory id {} and endpoints {}",
                       voter.id,
                       voter.directory_id,
                       fmt::join(endpoints, ","));
}

Json change_json(const std::string& what, NodeId id, const Uuid& directory_id) {
    Json json;
    json["event"] = what;
    json["node"] = id.value();
    json["directory_id"] = directory_id.text();
    return json;
}

bool has_voter(Session& session, QuorumAdmin& admin, const NewVoter& wanted) {
    const auto view = ask_view(session, admin);
    const client::QuorumReplica* found = view ? view->find_voter(wanted.id) : nullptr;
    return found != nullptr && found->directory_id == wanted.directory_id;
}

ExitCode add(const QuorumFlags& flags) {
    using Done = Expected<void, client::ClientError>;
    const auto voter =
        flags.config_file.empty() ? voter_from_flags(flags) : voter_from_config(flags.config_file);
    if (!voter) return complain("quorum add", voter.error());
    if (flags.is_rehearsal) {
        const Json json = change_json("would-add", voter->id, voter->directory_id);
        fmt::print("{}\n", flags.is_json ? to_line(json) : "would add " + text_of(*voter));
        return ExitCode::done;
    }
    const auto work = [&](Session& session, QuorumAdmin& admin, Asked& asked) -> Done {
        const QuorumView before = TRY(ask_view(session, admin));
        asked.is_change = true;
        const auto added =
            session.wait<void>([&](auto done) { admin.add_voter(*voter, std::move(done)); });
        // Of two tries the first may have been late, and done all the same.
        const bool may_be_ours = !added && before.find_voter(voter->id) == nullptr &&
                                 added.error().code == protocol::WireError::duplicate_voter;
        if (!added && !(may_be_ours && has_voter(session, admin, *voter)))
            return Unexpected{added.error()};
        const Json json = change_json("added", voter->id, voter->directory_id);
        fmt::print("{}\n", flags.is_json ? to_line(json) : "added " + text_of(*voter));
        return {};
    };
    return with_quorum("quorum add", flags, work);
}

// --- remove -------------------------------------------------------------------------------------

Expected<Uuid, client::ClientError> find_directory(const QuorumView& view, NodeId id) {
    const client::QuorumReplica* voter = view.find_voter(id);
    if (voter != nullptr) return voter->directory_id;
    return Unexpected{client::refused(protocol::WireError::voter_not_found,
                                      fmt::format("node {} is no voter", id))};
}

ExitCode remove(const QuorumFlags& flags) {
    using Done = Expected<void, client::ClientError>;
    std::optional<Uuid> given;
    if (!flags.directory_id.empty()) {
        const auto parsed = parse_directory_id(flags.directory_id);
        if (!parsed) return complain("quorum remove", parsed.error());
        given = *parsed;
    }
    const NodeId id(*flags.node);
    const auto work = [&](Session& session, QuorumAdmin& admin, Asked& asked) -> Done {
        const QuorumView view = TRY(ask_view(session, admin));
        const Uuid directory = given ? *given : TRY(find_directory(view, id));
        if (flags.is_rehearsal) {
            const std::string words =
                fmt::format("would remove controller {} with directory id {}", id, directory);
            const Json json = change_json("would-remove", id, directory);
            fmt::print("{}\n", flags.is_json ? to_line(json) : words);
            return {};
        }
        asked.is_change = true;
        const auto removed = session.wait<void>(
            [&](auto done) { admin.remove_voter(id, directory, std::move(done)); });
        // Of two tries the first may have been late, and done all the same.
        const bool is_ours = !removed && view.find_voter(id) != nullptr &&
                             view.find_voter(id)->directory_id == directory &&
                             removed.error().code == protocol::WireError::voter_not_found;
        if (!removed && !is_ours) return Unexpected{removed.error()};
        const std::string words =
            fmt::format("removed controller {} with directory id {}", id, directory);
        fmt::print("{}\n", flags.is_json ? to_line(change_json("removed", id, directory)) : words);
        return {};
    };
    return with_quorum("quorum remove", flags, work);
}

// --- upgrade ------------------------------------------------------------------------------------

// Voters of configuration files have none, but for the leader.
bool has_known_disks(const QuorumView& view) {
    return view.voters.size() > 1 && std::ranges::none_of(view.voters, [](const auto& voter) {
               return voter.directory_id.is_zero();
           });
}

ExitCode upgrade(const QuorumFlags& flags) {
    using Done = Expected<void, client::ClientError>;
    const auto work = [&](Session& session, QuorumAdmin& admin, Asked& asked) -> Done {
        const QuorumView view = TRY(ask_view(session, admin));
        const bool is_done = has_known_disks(view);
        asked.is_change = !flags.is_rehearsal;
        TRY(session.wait<void>(
            [&](auto done) { admin.upgrade(flags.is_rehearsal, std::move(done)); }));
        Json json;
        json["event"] = is_done ? "unchanged" : flags.is_rehearsal ? "would-upgrade" : "upgraded";
        json["kraft_version"] = 1;
        const std::string_view words =
            is_done              ? "the voters are in the log already (kraft.version 1)"
            : flags.is_rehearsal ? "the voters can be written into the log (kraft.version 1)"
                                 : "the voters are in the log (kraft.version 1), and can change";
        fmt::print("{}\n", flags.is_json ? to_line(json) : words);
        return {};
    };
    return with_quorum("quorum upgrade", flags, work);
}

// --- command line -------------------------------------------------------------------------------

void add_quorum_flags(CLI::App& verb, QuorumFlags& flags) {
    add_client_flags(verb, flags.client);
    verb.add_option("--bootstrap-controller",
                    flags.controllers,
                    "HOST:PORT of one or more controllers, in place of brokers")
        ->excludes("--bootstrap-server");
    verb.add_flag("--json", flags.is_json, "JSON in place of words");
}

void add_describe(CLI::App& quorum, const std::shared_ptr<QuorumFlags>& flags, Action& action) {
    CLI::App* verb = quorum.add_subcommand("describe", "Show leader, voters and observers");
    verb->add_flag("--status", flags->shows_status, "Only the summary");
    verb->add_flag("--replication", flags->shows_replication, "Only how far each replica is");
    verb->add_flag("--human-readable", flags->is_readable, "Times as \"12 ms ago\"");
    add_quorum_flags(*verb, *flags);
    verb->footer(
        "Examples:\n"
        "  glasslog quorum describe\n"
        "  glasslog quorum describe --replication --human-readable\n"
        "  glasslog quorum describe --bootstrap-controller 127.0.0.1:10092 --json");
    verb->callback([flags, &action] { action = [flags] { return describe(*flags); }; });
}

void add_add(CLI::App& quorum, const std::shared_ptr<QuorumFlags>& flags, Action& action) {
    CLI::App* verb = quorum.add_subcommand("add", "Let a controller vote that follows already");
    auto* node = verb->add_option("id", flags->node, "The controller's node.id")
                     ->check(CLI::NonNegativeNumber);
    verb->add_option("--config", flags->config_file, "Its server.properties, read on its machine")
        ->excludes(node);
    verb->add_option("--directory-id", flags->directory_id, "directory.id of its meta.properties");
    verb->add_option("--endpoint",
                     flags->endpoints,
                     "NAME://HOST:PORT of its listener; may be repeated");
    verb->add_flag("--dry-run", flags->is_rehearsal, "Only say what would be asked");
    add_quorum_flags(*verb, *flags);
    verb->footer(
        "Examples:\n"
        "  glasslog quorum add --config /tmp/cluster/node-4/server.properties\n"
        "  glasslog quorum add 4 --directory-id JEXY6aqzQY-32P5TStzaFg \\\n"
        "      --endpoint CONTROLLER://127.0.0.1:10095 --bootstrap-controller 127.0.0.1:10092");
    verb->callback([flags, &action] { action = [flags] { return add(*flags); }; });
}

void add_remove(CLI::App& quorum, const std::shared_ptr<QuorumFlags>& flags, Action& action) {
    CLI::App* verb = quorum.add_subcommand("remove", "Let a voter vote no more");
    verb->add_option("id", flags->node, "Its node.id")->required()->check(CLI::NonNegativeNumber);
    verb->add_option("--directory-id",
                     flags->directory_id,
                     "Only the voter with this directory; default: whichever has the id");
    verb->add_flag("--dry-run", flags->is_rehearsal, "Only say what would be asked");
    add_quorum_flags(*verb, *flags);
    verb->footer(
        "Examples:\n"
        "  glasslog quorum remove 3\n"
        "  glasslog quorum remove 3 --directory-id JEXY6aqzQY-32P5TStzaFg --dry-run");
    verb->callback([flags, &action] { action = [flags] { return remove(*flags); }; });
}

void add_upgrade(CLI::App& quorum, const std::shared_ptr<QuorumFlags>& flags, Action& action) {
    CLI::App* verb =
        quorum.add_subcommand("upgrade", "Let voters change that controller.quorum.voters named");
    verb->add_flag("--dry-run", flags->is_rehearsal, "Only say whether it could be done");
    add_quorum_flags(*verb, *flags);
    verb->footer(
        "Writes the voters into the log, once: kraft.version goes from 0 to 1 and stays there.\n"
        "Then let each node's server.properties name controller.quorum.bootstrap.servers in place\n"
        "of controller.quorum.voters at its next start.\n"
        "Examples:\n"
        "  glasslog quorum upgrade --dry-run\n"
        "  glasslog quorum upgrade --bootstrap-controller 127.0.0.1:10092");
    verb->callback([flags, &action] { action = [flags] { return upgrade(*flags); }; });
}

}  // namespace

void add_quorum_verb(CLI::App& app, Action& action) {
    CLI::App* quorum = app.add_subcommand("quorum", "Show and change the metadata quorum");
    quorum->require_subcommand(1);
    quorum->footer(
        "Examples:\n"
        "  glasslog quorum describe\n"
        "  glasslog quorum add --config /tmp/cluster/node-4/server.properties\n"
        "  glasslog quorum remove 3");
    auto flags = std::make_shared<QuorumFlags>();
    add_describe(*quorum, flags, action);
    add_add(*quorum, flags, action);
    add_remove(*quorum, flags, action);
    add_upgrade(*quorum, flags, action);
}

}  // namespace glasslog::cli
