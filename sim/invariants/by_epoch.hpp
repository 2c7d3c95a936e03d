#pragma once

// One value for each epoch, in a flat table that grows with the highest epoch seen.

#include "core/base/check.hpp"
#include "core/base/ids.hpp"

#include <cstddef>
#include <vector>

namespace glasslog::sim {

template <typename Value>
class ByEpoch {
public:
    Value& at(LeaderEpoch epoch) {
        CHECK(epoch >= LeaderEpoch(0), "epoch {}", epoch);
        const auto index = static_cast<std::size_t>(epoch.value());
        if (index >= values_.size()) values_.resize(index + 16);
        return values_[index];
    }

    void clear() { values_.clear(); }

private:
    std::vector<Value> values_;
};

}  // namespace glasslog::sim
