#include "core/base/errors.hpp"

namespace glasslog {

const char* name(IoCode code) {
    switch (code) {
        case IoCode::not_found:
            return "not found";
        case IoCode::exists:
            return "already exists";
        case IoCode::refused:
            return "refused";
        case IoCode::reset:
            return "connection reset";
        case IoCode::timed_out:
            return "timed out";
        case IoCode::full:
            return "full";
        case IoCode::poisoned:
            return "unusable after a failed sync";
        case IoCode::closed:
            return "closed";
        case IoCode::failed:
            return "failed";
    }
    return "unknown";
}

std::string IoError::text() const {
    std::string out = fmt::format("{}: {}", subject, name(code));
    if (!detail.empty()) out += fmt::format(": {}", detail);
    if (errno_value != 0) out += fmt::format(" (errno {})", errno_value);
    return out;
}

std::string DecodeError::text() const {
    return fmt::format("{} at byte {}", what, at);
}

std::string InputError::text() const {
    std::string out = fmt::format("{}: {}", where, what);
    if (!expected.empty()) out += fmt::format("; expected {}", expected);
    if (!hint.empty()) out += fmt::format("; {}", hint);
    return out;
}

}  // namespace glasslog
