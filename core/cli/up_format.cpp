#include "core/cli/up_format.hpp"

#include "core/base/check.hpp"
#include "core/metadata/bootstrap.hpp"
#include "core/metadata/releases.hpp"
#include "core/os/os_clock.hpp"
#include "core/os/process.hpp"

#include <filesystem>

namespace glasslog::cli {
namespace {

constexpr std::int16_t kraft_version_max = 1;

std::string meta_path(const NodePlan& node) {
    return node.data + "/meta.properties";
}

protocol::VotersRecord voters_of(const ClusterPlan& plan, const Identities& identities) {
    protocol::VotersRecord voters;
    for (const NodePlan& node : plan.nodes) {
        if (!node.controller) continue;
        voters.voters.push_back(
            {.voter_id = node.id,
             .voter_directory_id = identities.directory_ids.at(node.id),
             .endpoints = {{.name = std::string(controller_listener_name),
                            .host = node.controller->host,
                            .port = node.controller->port}},
             .kraft_version_feature = {.max_supported_version = kraft_version_max}});
    }
    return voters;
}

}  // namespace

Expected<void, IoError> format_node(const ClusterPlan& plan,
                                    const NodePlan& node,
                                    const Identities& identities,
                                    Membership membership) {
    const auto levels = metadata::initial_levels(std::nullopt, {});
    CHECK(levels.has_value());
    metadata::Formatting formatting{.meta = {.cluster_id = identities.cluster_id,
                                             .node_id = node.id,
                                             .directory_id = identities.directory_ids.at(node.id)},
                                    .records = metadata::level_records(*levels),
                                    .voters = std::nullopt,
                                    .now = os::OsClock().wall().milliseconds()};
    if (node.controller && membership == Membership::first_voter)
        formatting.voters = voters_of(plan, identities);
    for (const metadata::FormattedFile& file : metadata::formatted_files(formatting)) {
        const std::string path = node.data + "/" + file.name;
        TRY(os::make_directories(std::filesystem::path(path).parent_path().string()));
        TRY(os::replace_file(path, file.content.view()));
    }
    return {};
}

bool is_formatted(const NodePlan& node) {
    return os::path_exists(meta_path(node));
}

}  // namespace glasslog::cli
