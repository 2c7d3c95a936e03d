#pragma once

// Ids of log directories, and the ids that stand for no directory. Source: KIP-858.

#include "core/base/uuid.hpp"
#include "core/metadata/image.hpp"

namespace glasslog::metadata {

inline constexpr Uuid migrating_directory{0, 0};   // an older broker that names none
inline constexpr Uuid unassigned_directory{0, 1};  // the broker chooses one and reports it
inline constexpr Uuid lost_directory{0, 2};        // was offline when it was reported

// The first hundred ids name no directory.
constexpr bool is_reserved_directory(const Uuid& id) {
    return id.high == 0 && id.low < 100;
}

bool is_directory_online(const Broker& broker, const Uuid& directory);

// Where a new replica on this broker lies: its only directory, else unassigned.
Uuid default_directory(const Image& image, NodeId broker);

// Registered, not fenced, not shutting down.
bool is_active(const Image& image, NodeId broker);

}  // namespace glasslog::metadata
