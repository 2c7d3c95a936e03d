#pragma once

// Cow<T>: a value that copies share until one of them is edited.

#include <memory>
#include <utility>

namespace glasslog::trace {

template <typename T>
class Cow {
public:
    Cow() : value_(std::make_shared<T>()) {}

    explicit Cow(T value) : value_(std::make_shared<T>(std::move(value))) {}

    const T& operator*() const { return *value_; }

    const T* operator->() const { return value_.get(); }

    // The value, for this owner alone. One thread.
    T& edit() {
        if (value_.use_count() > 1) value_ = std::make_shared<T>(*value_);
        return *value_;
    }

    friend bool operator==(const Cow& a, const Cow& b) {
        return a.value_ == b.value_ || *a.value_ == *b.value_;
    }

private:
    std::shared_ptr<T> value_;
};

}  // namespace glasslog::trace
