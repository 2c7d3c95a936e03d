#pragma once

// The folder of facts about Apache Kafka that some tests compare with, named by GLASSLOG_FACTS.

#include <cstdlib>
#include <optional>
#include <string>

namespace glasslog::support {

// Empty when the variable is not set: the test then skips itself.
inline std::optional<std::string> facts_folder() {
    const char* folder = std::getenv("GLASSLOG_FACTS");
    if (folder == nullptr || *folder == '\0') return std::nullopt;
    return std::string(folder);
}

}  // namespace glasslog::support
