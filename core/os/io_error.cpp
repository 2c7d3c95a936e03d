#include "core/os/io_error.hpp"

#include <cerrno>
#include <cstring>

namespace glasslog::os {

namespace {

IoCode code_of(int errno_value) {
    switch (errno_value) {
        case ENOENT:
        case ESRCH:
            return IoCode::not_found;
        case EEXIST:
        case EADDRINUSE:
        case EWOULDBLOCK:
            return IoCode::exists;
        case ECONNREFUSED:
            return IoCode::refused;
        case ECONNRESET:
        case ECONNABORTED:
        case EPIPE:
            return IoCode::reset;
        case ETIMEDOUT:
            return IoCode::timed_out;
        case ENOSPC:
        case EDQUOT:
            return IoCode::full;
        default:
            return IoCode::failed;
    }
}

std::string_view hint_of(int errno_value) {
    switch (errno_value) {
        case EMFILE:
            return "; raise the limit of open files (ulimit -n)";
        case EACCES:
            return "; check owner and permissions";
        case EROFS:
            return "; the file system is mounted read-only";
        case ENOSPC:
            return "; free some space";
        default:
            return "";
    }
}

}  // namespace

IoError io_error(int errno_value, std::string subject, std::string_view doing) {
    return {.code = code_of(errno_value),
            .subject = std::move(subject),
            .errno_value = errno_value,
            .detail = fmt::format("cannot {}: {}{}",
                                  doing,
                                  std::strerror(errno_value),  // NOLINT: glibc's is thread-safe
                                  hint_of(errno_value))};
}

}  // namespace glasslog::os
