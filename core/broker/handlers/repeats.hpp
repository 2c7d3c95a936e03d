#pragma once

// Repeats: which entries of a request name the same partition, over all of its topic entries. A
// megabyte of request may hold a hundred thousand of them.

#include "core/base/ids.hpp"
#include "core/base/uuid.hpp"

#include <cstdint>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

namespace glasslog::broker {

class Repeats {
public:
    // The next topic entry of the request; topics are named by id or by name.
    void add_topic(const Uuid& id, std::string_view name);

    // The next partition of that entry. Partitions are numbered from 0 through the request.
    void add(PartitionIndex index);

    // After the last one; the questions below follow.
    void find();

    // Of the partition with this number: the first and the last one that name the same.
    std::uint32_t first(std::size_t number) const { return spans_[number].first; }

    std::uint32_t last(std::size_t number) const { return spans_[number].last; }

private:
    struct Entry {
        std::uint32_t topic = 0;
        PartitionIndex index;
        std::uint32_t number = 0;

        friend auto operator<=>(const Entry&, const Entry&) = default;
    };

    struct Span {
        std::uint32_t first = 0;
        std::uint32_t last = 0;
    };

    std::map<std::pair<Uuid, std::string_view>, std::uint32_t> topics_;
    std::uint32_t topic_ = 0;
    std::vector<Entry> entries_;
    std::vector<Span> spans_;
};

}  // namespace glasslog::broker
