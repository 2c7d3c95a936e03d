// glasslog topic create|list|describe|delete.

#include "core/cli/json.hpp"
#include "core/cli/session.hpp"
#include "core/cli/verbs.hpp"
#include "core/client/admin.hpp"
#include "core/protocol/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace glasslog::cli {
namespace {

using client::ConfigEntry;
using client::CreatedTopic;
using client::TopicView;

struct TopicFlags {
    ClientFlags client;
    std::string topic;
    std::int32_t partitions = -1;
    std::int16_t replication_factor = -1;
    std::vector<std::string> configs;  // key=value
    bool is_json = false;
    bool is_tolerant = false;  // --if-exists, --if-not-exists
    bool shows_internal = false;
};

// Runs `work` against the cluster that the flags name.
template <typename Work>
ExitCode with_admin(const std::string& verb, const TopicFlags& flags, Work work) {
    auto config = cluster_config(flags.client);
    if (!config) return complain(verb, config.error());
    Session session(*config);
    client::Admin admin(session.runtime(), session.config());
    return work(session, admin);
}

Expected<std::map<std::string, std::string>, InputError> parse_configs(
    const std::vector<std::string>& texts) {
    std::map<std::string, std::string> configs;
    for (const std::string& text : texts) {
        const std::size_t equals = text.find('=');
        if (equals == std::string::npos || equals == 0) {
            return Unexpected{InputError{"--config",
                                         fmt::format("'{}' is no setting", text),
                                         "key=value, for example retention.ms=60000",
                                         {}}};
        }
        std::string value = text.substr(equals + 1);
        if (value.size() > protocol::string_bytes_max) {
            return Unexpected{InputError{
                "--config",
                fmt::format("the value of {} has {} bytes", text.substr(0, equals), value.size()),
                fmt::format("at most {} bytes", protocol::string_bytes_max),
                {}}};
        }
        configs[text.substr(0, equals)] = std::move(value);
    }
    return configs;
}

// A change whose time ran out may yet be made.
ExitCode fail_change(const std::string& verb,
                     const client::ClientError& error,
                     const TopicFlags& flags) {
    const ExitCode code = fail(verb, error, flags.client);
    if (error.code != protocol::WireError::request_timed_out) return code;
    fmt::print(stderr,
               "  {0} may still be {1}d: see glasslog topic list; is a majority of the controllers "
               "running? see glasslog quorum describe\n",
               flags.topic,
               verb.substr(verb.find(' ') + 1));
    return code;
}

ExitCode create(const TopicFlags& flags) {
    const auto configs = parse_configs(flags.configs);
    if (!configs) return complain("topic create", configs.error());
    return with_admin("topic create", flags, [&](Session& session, client::Admin& admin) {
        const auto created = session.wait<CreatedTopic>([&](auto done) {
            admin.create_topic({.name = flags.topic,
                                .partition_count = flags.partitions,
                                .replication_factor = flags.replication_factor,
                                .configs = *configs},
                               std::move(done));
        });
        const bool is_there =
            !created && created.error().code == protocol::WireError::topic_already_exists;
        if (is_there && flags.is_tolerant) {
            fmt::print("{} exists already\n", flags.topic);
            return ExitCode::done;
        }
        if (!created) return fail_change("topic create", created.error(), flags);
        fmt::print("created {}: {} partitions, replication factor {}, id {}\n",
                   created->name,
                   created->partition_count,
                   created->replication_factor,
                   created->id);
        return ExitCode::done;
    });
}

ExitCode remove(const TopicFlags& flags) {
    return with_admin("topic delete", flags, [&](Session& session, client::Admin& admin) {
        const auto deleted = session.wait<void>(
            [&](auto done) { admin.delete_topic(flags.topic, std::move(done)); });
        const bool is_missing =
            !deleted && deleted.error().code == protocol::WireError::unknown_topic_or_partition;
        if (is_missing && flags.is_tolerant) {
            fmt::print("{} does not exist\n", flags.topic);
            return ExitCode::done;
        }
        if (!deleted) return fail_change("topic delete", deleted.error(), flags);
        fmt::print("deleted {}\n", flags.topic);
        return ExitCode::done;
    });
}

Json json_of(const TopicView& topic) {
    Json partitions = Json::array();
    for (const auto& [index, partition] : topic.partitions) {
        Json one;
        one["partition"] = index.value();
        one["leader"] = partition.leader.value();
        one["leader_epoch"] = partition.leader_epoch.value();
        one["replicas"] = Json::array();
        for (const NodeId replica : partition.replicas)
            one["replicas"].push_back(replica.value());
        one["isr"] = Json::array();
        for (const NodeId replica : partition.isr)
            one["isr"].push_back(replica.value());
        partitions.push_back(std::move(one));
    }
    Json json;
    json["name"] = topic.name;
    json["id"] = topic.id.text();
    json["is_internal"] = topic.is_internal;
    json["partitions"] = std::move(partitions);
    return json;
}

ExitCode list(const TopicFlags& flags) {
    return with_admin("topic list", flags, [&](Session& session, client::Admin& admin) {
        const auto topics = session.wait<std::vector<TopicView>>(
            [&](auto done) { admin.list_topics(std::move(done)); });
        if (!topics) return fail("topic list", topics.error(), flags.client);
        Json all = Json::array();
        for (const TopicView& topic : *topics) {
            if (topic.is_internal && !flags.shows_internal) continue;
            all.push_back(json_of(topic));
            if (!flags.is_json) fmt::print("{}\n", topic.name);
        }
        if (flags.is_json) fmt::print("{}\n", to_text(all));
        return ExitCode::done;
    });
}

std::string ids_text(const std::vector<NodeId>& ids) {
    return fmt::format("{}", fmt::join(ids, ","));
}

void print_topic(const TopicView& topic, const std::vector<ConfigEntry>& configs) {
    const std::size_t replicas =
        topic.partitions.empty() ? 0 : topic.partitions.begin()->second.replicas.size();
    fmt::print("{}  id {}  partitions {}  replication factor {}\n",
               topic.name,
               topic.id,
               topic.partitions.size(),
               replicas);
    for (const ConfigEntry& config : configs) {
        if (config.source == protocol::ConfigSource::dynamic_topic)
            fmt::print("  {}={}\n", config.name, config.value.value_or(""));
    }
    for (const auto& [index, partition] : topic.partitions) {
        fmt::print("  partition {}  leader {}  epoch {}  replicas {}  isr {}\n",
                   index,
                   partition.leader,
                   partition.leader_epoch,
                   ids_text(partition.replicas),
                   ids_text(partition.isr));
    }
}

ExitCode describe(const TopicFlags& flags) {
    return with_admin("topic describe", flags, [&](Session& session, client::Admin& admin) {
        const auto topic = session.wait<TopicView>(
            [&](auto done) { admin.describe_topic(flags.topic, std::move(done)); });
        if (!topic) return fail("topic describe", topic.error(), flags.client);
        const auto configs = session.wait<std::vector<ConfigEntry>>(
            [&](auto done) { admin.describe_topic_configs(flags.topic, std::move(done)); });
        if (!configs) return fail("topic describe", configs.error(), flags.client);
        if (!flags.is_json) {
            print_topic(*topic, *configs);
            return ExitCode::done;
        }
        Json json = json_of(*topic);
        for (const ConfigEntry& config : *configs) {
            Json value;
            if (config.value.has_value()) value = *config.value;
            json["configs"][config.name] = std::move(value);
        }
        fmt::print("{}\n", to_text(json));
        return ExitCode::done;
    });
}

void add_topic_name(CLI::App& verb, TopicFlags& flags) {
    verb.add_option("topic,--topic", flags.topic, "The topic's name")->required();
}

CLI::App* add_one(CLI::App& topic, const std::string& name, const std::string& about) {
    return topic.add_subcommand(name, about);
}

}  // namespace

void add_topic_verb(CLI::App& app, Action& action) {
    CLI::App* topic = app.add_subcommand("topic", "Create, list, describe and delete topics");
    topic->require_subcommand(1);
    topic->footer(
        "Examples:\n"
        "  glasslog topic create orders --partitions 3\n"
        "  glasslog topic list\n"
        "  glasslog topic describe orders --json");
    auto flags = std::make_shared<TopicFlags>();

    CLI::App* verb = add_one(*topic, "create", "Create a topic");
    add_topic_name(*verb, *flags);
    verb->add_option("--partitions", flags->partitions, "Default: the broker's num.partitions")
        ->check(CLI::Range(1, 100'000));
    verb->add_option("--replication-factor", flags->replication_factor, "Default: the broker's")
        ->check(CLI::Range(1, 32'767));
    verb->add_option("--config", flags->configs, "key=value; may be repeated");
    verb->add_flag("--if-not-exists", flags->is_tolerant, "An existing topic is no error");
    add_client_flags(*verb, flags->client);
    verb->footer(
        "Examples:\n"
        "  glasslog topic create orders --partitions 3\n"
        "  glasslog topic create events --config retention.ms=60000 --if-not-exists");
    verb->callback([flags, &action] { action = [flags] { return create(*flags); }; });

    verb = add_one(*topic, "list", "List topics");
    verb->add_flag("--internal", flags->shows_internal, "Also topics of the cluster itself");
    verb->add_flag("--json", flags->is_json, "One JSON array");
    add_client_flags(*verb, flags->client);
    verb->footer("Examples:\n  glasslog topic list --bootstrap-server 127.0.0.1:9092");
    verb->callback([flags, &action] { action = [flags] { return list(*flags); }; });

    verb = add_one(*topic, "describe", "Show partitions, leaders, replicas and settings");
    add_topic_name(*verb, *flags);
    verb->add_flag("--json", flags->is_json, "One JSON object");
    add_client_flags(*verb, flags->client);
    verb->footer(
        "Examples:\n  glasslog topic describe orders\n  glasslog topic describe orders --json");
    verb->callback([flags, &action] { action = [flags] { return describe(*flags); }; });

    verb = add_one(*topic, "delete", "Delete a topic and its records");
    add_topic_name(*verb, *flags);
    verb->add_flag("--if-exists", flags->is_tolerant, "A missing topic is no error");
    add_client_flags(*verb, flags->client);
    verb->footer("Examples:\n  glasslog topic delete orders");
    verb->callback([flags, &action] { action = [flags] { return remove(*flags); }; });
}

}  // namespace glasslog::cli
