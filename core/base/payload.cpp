#include "core/base/payload.hpp"

namespace glasslog {

Bytes Payload::flatten() const {
    if (parts_.empty()) return {};
    if (parts_.size() == 1) return parts_.front();
    std::vector<std::uint8_t> all;
    all.reserve(size_);
    for (const Bytes& part : parts_)
        all.insert(all.end(), part.view().begin(), part.view().end());
    return Bytes::from(std::move(all));
}

bool operator==(const Payload& a, const Payload& b) {
    return a.size_ == b.size_ && a.flatten() == b.flatten();
}

}  // namespace glasslog
