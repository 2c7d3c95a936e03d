#pragma once

// M5 "metadata-log-matching": what a node knows of the cluster at one offset of the metadata log is
// what every other node, controller or broker, knows there.

#include "core/base/ids.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace glasslog::sim {

class MetadataLogMatching {
public:
    // digest: of the image that `node` made of everything up to `offset`.
    std::optional<std::string> see_image(NodeId node, Offset offset, std::uint64_t digest) {
        const auto [found, is_new] = images_.try_emplace(offset, Seen{node, digest});
        if (is_new || found->second.digest == digest) return std::nullopt;
        return fmt::format("at {} nodes {} and {} know different clusters",
                           offset,
                           found->second.by,
                           node);
    }

private:
    struct Seen {
        NodeId by;
        std::uint64_t digest = 0;
    };

    std::map<Offset, Seen> images_;
};

}  // namespace glasslog::sim
