#pragma once

// What the system's error numbers mean to the rooms above.

#include "core/base/errors.hpp"

#include <string>
#include <string_view>

namespace glasslog::os {

// subject: the path or the peer; doing: what was tried, "open". The detail has the system's words,
// and what to do where that is known.
IoError io_error(int errno_value, std::string subject, std::string_view doing);

}  // namespace glasslog::os
