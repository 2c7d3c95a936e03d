#include "core/cli/up_files.hpp"

#include "core/cli/json.hpp"
#include "core/cli/up_format.hpp"
#include "core/os/os_random.hpp"
#include "core/os/process.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <unistd.h>

namespace glasslog::cli {
namespace {

std::string identities_path(const std::string& directory) {
    return directory + "/cluster.properties";
}

std::string record_path(const std::string& directory) {
    return directory + "/up.json";
}

InputError unwritable(const IoError& error) {
    return {"--data",
            error.text(),
            "a directory that this user can write",
            "give another one with --data, or change its owner"};
}

Uuid random_id(os::OsRandom& random) {
    const std::uint64_t high = random.draw("uuid", "up");
    const std::uint64_t low = random.draw("uuid", "up");
    return Uuid::version_4(high, low);
}

// Empty: no cluster yet.
Expected<std::optional<Identities>, InputError> load_identities(const std::string& directory) {
    const std::string path = identities_path(directory);
    if (!os::path_exists(path)) return std::optional<Identities>();
    const auto text = os::read_file(path, 1 << 20);
    if (!text) return Unexpected{unwritable(text.error())};
    return std::optional(TRY(read_identities(as_text(text->view()), path)));
}

Expected<void, InputError> save_identities(const std::string& directory,
                                           const Identities& identities) {
    const std::string text = identities_text(identities);
    const auto saved = os::replace_file(identities_path(directory), as_bytes(text));
    if (!saved) return Unexpected{unwritable(saved.error())};
    return {};
}

// Somebody else's node, or what is left of a cluster that lost its cluster.properties.
Expected<void, InputError> refuse_strangers(const ClusterPlan& plan) {
    for (const NodePlan& node : plan.nodes) {
        if (!os::path_exists(node.directory)) continue;
        return Unexpected{InputError{"--data",
                                     fmt::format("{} exists, but {} does not",
                                                 node.directory,
                                                 identities_path(plan.directory)),
                                     "a directory that `glasslog up` made, or an empty one",
                                     "move it away, or give another one with --data"}};
    }
    return {};
}

Expected<void, InputError> make_node_files(const ClusterPlan& plan) {
    for (const NodePlan& node : plan.nodes) {
        const auto made = os::make_directories(node.data);
        if (!made) return Unexpected{unwritable(made.error())};
        const std::string text = properties_text(plan, node);
        const auto written = os::replace_file(node.config_file(), as_bytes(text));
        if (!written) return Unexpected{unwritable(written.error())};
    }
    return {};
}

Identities draw_identities(const ClusterPlan& plan) {
    os::OsRandom random;
    Identities identities{.cluster_id = random_id(random).text(), .directory_ids = {}};
    for (const NodePlan& node : plan.nodes)
        identities.directory_ids[node.id] = random_id(random);
    return identities;
}

Expected<void, InputError> format_one(const ClusterPlan& plan,
                                      const NodePlan& node,
                                      const Identities& identities,
                                      Membership membership) {
    const auto made = os::make_directories(node.data);
    if (!made) return Unexpected{unwritable(made.error())};
    const auto formatted = format_node(plan, node, identities, membership);
    if (!formatted) return Unexpected{unwritable(formatted.error())};
    return {};
}

// All together: whoever votes has the others' ids.
Expected<void, InputError> format_all(const ClusterPlan& plan, Identities& identities) {
    for (const NodePlan& node : plan.nodes)
        TRY(format_one(plan, node, identities, Membership::first_voter));
    identities.is_complete = true;
    return save_identities(plan.directory, identities);
}

Expected<PreparedCluster, InputError> make_cluster(const PlanWish& wish,
                                                   bool has_begun,
                                                   PlanCheck check) {
    PreparedCluster made{.plan = TRY(new_plan(wish)), .cluster_id = {}, .replaced = {}};
    if (!has_begun) TRY(refuse_strangers(made.plan));
    TRY(check(made.plan));
    Identities identities = draw_identities(made.plan);
    TRY(save_identities(wish.directory, identities));
    TRY(make_node_files(made.plan));
    TRY(format_all(made.plan, identities));
    made.cluster_id = identities.cluster_id;
    return made;
}

Expected<ClusterPlan, InputError> read_nodes(const std::string& directory,
                                             const Identities& identities) {
    ClusterPlan plan{.directory = directory, .nodes = {}};
    for (const auto& [id, uuid] : identities.directory_ids) {
        const std::string node_directory = fmt::format("{}/node-{}", directory, id);
        const std::string path = node_directory + "/server.properties";
        const auto text = os::read_file(path, 1 << 20);
        if (!text) {
            return Unexpected{InputError{path,
                                         "the node's configuration cannot be read",
                                         "the file that `glasslog up` made",
                                         text.error().text()}};
        }
        plan.nodes.push_back(TRY(read_node(as_text(text->view()), path, node_directory)));
        if (plan.nodes.back().id == id) continue;
        return Unexpected{InputError{path,
                                     fmt::format("node.id={}", plan.nodes.back().id),
                                     fmt::format("node.id={}", id),
                                     {}}};
    }
    return plan;
}

Expected<PreparedCluster, InputError> keep_cluster(const PlanWish& wish,
                                                   Identities identities,
                                                   PlanCheck check) {
    PreparedCluster kept{.plan = TRY(read_nodes(wish.directory, identities)),
                         .cluster_id = identities.cluster_id,
                         .replaced = {}};
    TRY(check_wish(kept.plan, wish));
    TRY(check(kept.plan));
    if (std::ranges::none_of(kept.plan.nodes, is_formatted)) {
        // Nobody remembers anything: a new cluster, with the configuration of the old one.
        identities = draw_identities(kept.plan);
        TRY(save_identities(wish.directory, identities));
        TRY(format_all(kept.plan, identities));
        kept.cluster_id = identities.cluster_id;
        return kept;
    }
    os::OsRandom random;
    for (const NodePlan& node : kept.plan.nodes) {
        if (is_formatted(node)) continue;
        identities.directory_ids[node.id] = random_id(random);
        TRY(save_identities(wish.directory, identities));
        TRY(format_one(kept.plan, node, identities, Membership::observer));
        kept.replaced.push_back(node.id);
    }
    return kept;
}

}  // namespace

std::string absolute_path(const std::string& path) {
    std::error_code error;
    std::string absolute = std::filesystem::absolute(path, error).lexically_normal().string();
    while (absolute.size() > 1 && absolute.ends_with('/'))
        absolute.pop_back();
    return absolute;
}

Expected<void, InputError> make_usable(const std::string& directory) {
    const auto made = os::make_directories(directory);
    if (!made) return Unexpected{unwritable(made.error())};
    return {};
}

Expected<PreparedCluster, InputError> prepare(const PlanWish& wish, PlanCheck check) {
    auto identities = TRY(load_identities(wish.directory));
    if (identities && identities->is_complete)
        return keep_cluster(wish, std::move(*identities), check);
    return make_cluster(wish, identities.has_value(), check);
}

Expected<ClusterPlan, InputError> read_cluster(const std::string& directory) {
    const auto identities = TRY(load_identities(directory));
    if (identities) return read_nodes(directory, *identities);
    return Unexpected{InputError{"--data",
                                 fmt::format("{} holds no cluster", directory),
                                 "a directory that `glasslog up` made",
                                 "start one with: glasslog up --data " + directory}};
}

// --- the record ---------------------------------------------------------------------------------

namespace {

Json process_json(const ProcessRecord& process) {
    Json json;
    json["pid"] = process.pid;
    json["start"] = process.start;
    return json;
}

bool is_number(const Json& json, const char* key) {
    return json.is_object() && json.contains(key) && json[key].is_number_integer();
}

bool is_string(const Json& json, const char* key) {
    return json.is_object() && json.contains(key) && json[key].is_string();
}

std::optional<ProcessRecord> parse_process(const Json& json) {
    if (!is_number(json, "pid") || !is_number(json, "start")) return std::nullopt;
    return ProcessRecord{.pid = json["pid"].get<int>(),
                         .start = json["start"].get<std::uint64_t>()};
}

}  // namespace

const NodeRecord* UpRecord::find(NodeId id) const {
    const auto found = std::ranges::find(nodes, id, &NodeRecord::id);
    return found == nodes.end() ? nullptr : &*found;
}

std::string record_text(const UpRecord& record) {
    Json json = process_json(record.up);
    json["nodes"] = Json::array();
    for (const NodeRecord& node : record.nodes) {
        Json one;
        one["node"] = node.id.value();
        one.update(process_json(node.process));
        one["starts"] = node.starts;
        one["state"] = node.state;
        one["ending"] = node.ending;
        json["nodes"].push_back(std::move(one));
    }
    return to_text(json) + "\n";
}

std::optional<UpRecord> parse_record(std::string_view text) {
    const Json json = Json::parse(text, nullptr, false);
    const auto up = parse_process(json);
    if (!up || !json.contains("nodes") || !json["nodes"].is_array()) return std::nullopt;
    UpRecord record{.up = *up, .nodes = {}};
    for (const Json& one : json["nodes"]) {
        const auto process = parse_process(one);
        const bool is_whole = process && is_number(one, "node") && is_number(one, "starts") &&
                              is_string(one, "state") && is_string(one, "ending");
        if (!is_whole) return std::nullopt;
        record.nodes.push_back({.id = NodeId(one["node"].get<std::int32_t>()),
                                .process = *process,
                                .starts = one["starts"].get<std::int32_t>(),
                                .state = one["state"].get<std::string>(),
                                .ending = one["ending"].get<std::string>()});
    }
    return record;
}

Expected<void, IoError> save_record(const std::string& directory, const UpRecord& record) {
    const std::string text = record_text(record);
    return os::replace_file(record_path(directory), as_bytes(text));
}

std::optional<UpRecord> load_record(const std::string& directory) {
    const auto text = os::read_file(record_path(directory), 1 << 20);
    if (!text) return std::nullopt;
    return parse_record(as_text(text->view()));
}

ProcessRecord own_process() {
    const int pid = ::getpid();
    const auto facts = os::process_facts(pid);
    return {.pid = pid, .start = facts ? facts->start : 0};
}

bool is_alive(const ProcessRecord& process) {
    if (process.pid <= 0) return false;
    const auto facts = os::process_facts(process.pid);
    return facts && facts->start == process.start && facts->state != 'Z';
}

std::string last_line(const std::string& log_file) {
    const auto tail = os::read_tail(log_file, 4096);
    if (!tail) return {};
    std::string text(as_text(tail->view()));
    while (!text.empty() && text.back() == '\n')
        text.pop_back();
    const std::size_t begin = text.rfind('\n');
    if (begin != std::string::npos) text.erase(0, begin + 1);
    // It may quote a peer.
    std::ranges::replace_if(
        text,
        [](unsigned char c) { return c < ' '; },
        '?');
    return text;
}

}  // namespace glasslog::cli
