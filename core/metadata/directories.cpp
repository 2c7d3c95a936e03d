#include "core/metadata/directories.hpp"

#include <algorithm>

namespace glasslog::metadata {

bool is_directory_online(const Broker& broker, const Uuid& directory) {
    if (directory == lost_directory) return false;
    if (is_reserved_directory(directory) || broker.log_directories.empty()) return true;
    const auto& online = broker.log_directories;
    return std::find(online.begin(), online.end(), directory) != online.end();
}

Uuid default_directory(const Image& image, NodeId broker) {
    const Broker* found = image.find_broker(broker);
    if (found == nullptr || found->log_directories.size() != 1) return unassigned_directory;
    return found->log_directories.front();
}

bool is_active(const Image& image, NodeId broker) {
    const Broker* found = image.find_broker(broker);
    return found != nullptr && !found->is_fenced && !found->is_in_controlled_shutdown;
}

}  // namespace glasslog::metadata
