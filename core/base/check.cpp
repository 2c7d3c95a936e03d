#include "core/base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace glasslog::detail {

void check_failed(const char* file, int line, const char* what, const std::string& detail) {
    const std::string text =
        detail.empty() ? fmt::format("{}:{}: CHECK failed: {}\n", file, line, what)
                       : fmt::format("{}:{}: CHECK failed: {} ({})\n", file, line, what, detail);
    std::fputs(text.c_str(), stderr);
    std::fflush(stderr);
    std::abort();
}

}  // namespace glasslog::detail
