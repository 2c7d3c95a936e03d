#pragma once

// Payload: a chain of Bytes, written as one: a header of ours before batches that came in.

#include "core/base/bytes.hpp"

#include <cstddef>
#include <vector>

namespace glasslog {

class Payload {
public:
    Payload() = default;

    Payload(Bytes bytes) { append(std::move(bytes)); }  // NOLINT: implicit on purpose

    void append(Bytes bytes) {
        if (bytes.empty()) return;
        size_ += bytes.size();
        parts_.push_back(std::move(bytes));
    }

    void append(Payload tail) {
        for (Bytes& part : tail.parts_)
            append(std::move(part));
    }

    std::size_t size() const { return size_; }

    bool empty() const { return size_ == 0; }

    const std::vector<Bytes>& parts() const { return parts_; }

    // One run of bytes; copies only when there is more than one part.
    Bytes flatten() const;

    // The same bytes, however they are cut into parts.
    friend bool operator==(const Payload& a, const Payload& b);

private:
    std::vector<Bytes> parts_;
    std::size_t size_ = 0;
};

}  // namespace glasslog
