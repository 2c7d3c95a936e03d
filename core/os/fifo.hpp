#pragma once

// Fifo: a queue in one run of memory that it keeps, so that a steady flow allocates nothing.

#include <cstddef>
#include <utility>
#include <vector>

namespace glasslog::os {

template <typename T>
class Fifo {
public:
    void push(T item) { items_.push_back(std::move(item)); }

    T pop() {
        T item = std::move(items_[first_]);
        ++first_;
        if (first_ == items_.size()) {
            clear();
        } else if (first_ >= 64 && first_ * 2 >= items_.size()) {
            items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(first_));
            first_ = 0;
        }
        return item;
    }

    T& front() { return items_[first_]; }

    T& operator[](std::size_t index) { return items_[first_ + index]; }

    std::size_t size() const { return items_.size() - first_; }

    bool empty() const { return size() == 0; }

    void clear() {
        items_.clear();
        first_ = 0;
    }

private:
    std::vector<T> items_;
    std::size_t first_ = 0;
};

}  // namespace glasslog::os
