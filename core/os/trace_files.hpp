#pragma once

#include "core/base/errors.hpp"
#include "core/base/expected.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace glasslog::os {

bool is_directory(const std::string& path);

// The traces in a directory and in those directly below it, as `glasslog up --trace` leaves them:
// files named "trace", and "trace.1", "trace.2", … of earlier lives of a node. Those of the
// directory itself first, then by name. Empty when there is none.
Expected<std::vector<std::string>, IoError> trace_files(const std::string& directory);

// Before the node writes a new one: PATH becomes PATH.LIFE. One that is missing is no error.
Expected<void, IoError> set_trace_aside(const std::string& path, std::int32_t life);

}  // namespace glasslog::os
