#pragma once

// What `glasslog storage` must know of a server.properties: whose directories are to be formatted,
// and with which quorum.

#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/base/ids.hpp"
#include "core/base/uuid.hpp"
#include "core/broker/config.hpp"
#include "core/metadata/releases.hpp"
#include "core/protocol/messages/control_records.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace glasslog::cli {

struct StorageConfig {
    NodeId node{1};
    bool is_controller = true;           // process.roles names it, or there is no process.roles
    std::vector<std::string> data;       // log.dirs in their order, without the metadata directory
    std::string metadata;                // metadata.log.dir, or the first of log.dirs
    bool has_configured_voters = false;  // controller.quorum.voters
    std::string controller_listener;     // the first of controller.listener.names; may be empty
    // Where this controller is reached: of advertised.listeners or listeners; an empty host is
    // "localhost".
    std::optional<protocol::VotersRecord::Endpoint> controller_endpoint;

    // The metadata directory first.
    std::vector<std::string> directories() const;
};

// where: the file's name, for errors.
Expected<StorageConfig, InputError> storage_config_from(const broker::Properties& properties,
                                                        const std::string& where);

// "id@host:port:directory-id,…" of --initial-controllers. listener: the name of their endpoints.
Expected<protocol::VotersRecord, InputError> parse_initial_controllers(std::string_view text,
                                                                       const std::string& listener);

// "group.version=1" of --feature, each name once.
Expected<metadata::FeatureLevels, InputError> parse_features(
    const std::vector<std::string>& features);

}  // namespace glasslog::cli
