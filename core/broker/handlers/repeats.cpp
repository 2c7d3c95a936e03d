#include "core/broker/handlers/repeats.hpp"

#include <algorithm>

namespace glasslog::broker {

void Repeats::add_topic(const Uuid& id, std::string_view name) {
    const auto next = static_cast<std::uint32_t>(topics_.size());
    topic_ = topics_.try_emplace({id, name}, next).first->second;
}

void Repeats::add(PartitionIndex index) {
    entries_.push_back({topic_, index, static_cast<std::uint32_t>(entries_.size())});
}

void Repeats::find() {
    spans_.resize(entries_.size());
    std::ranges::sort(entries_);
    for (std::size_t begin = 0; begin < entries_.size();) {
        std::size_t end = begin;
        while (end < entries_.size() && entries_[end].topic == entries_[begin].topic &&
               entries_[end].index == entries_[begin].index) {
            ++end;
        }
        const Span span{entries_[begin].number, entries_[end - 1].number};
        for (; begin < end; ++begin)
            spans_[entries_[begin].number] = span;
    }
}

}  // namespace glasslog::broker
