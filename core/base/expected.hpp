#pragma once

// Expected<T, E>: a value, or the reason why there is none. For failures that a healthy program
// can meet; dropping one is a compile error (-Werror=unused-result), a deliberate drop is
// ignore(x, "why").

#include "core/base/check.hpp"

#include <optional>
#include <utility>
#include <variant>

namespace glasslog {

template <typename E>
struct Unexpected {
    E error;
};

template <typename E>
Unexpected(E) -> Unexpected<E>;

template <typename T, typename E>
class [[nodiscard]] Expected {
public:
    using Value = T;
    using Error = E;

    Expected(T value)
        : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit on purpose

    template <typename F>
    Expected(Unexpected<F> unexpected)  // NOLINT: implicit on purpose
        : state_(std::in_place_index<1>, std::move(unexpected.error)) {}

    bool has_value() const { return state_.index() == 0; }

    explicit operator bool() const { return has_value(); }

    T& value() & {
        CHECK(has_value());
        return *std::get_if<0>(&state_);
    }

    const T& value() const& {
        CHECK(has_value());
        return *std::get_if<0>(&state_);
    }

    T&& value() && {
        CHECK(has_value());
        return std::move(*std::get_if<0>(&state_));
    }

    T& operator*() & { return value(); }

    const T& operator*() const& { return value(); }

    T&& operator*() && { return std::move(*this).value(); }

    T* operator->() { return &value(); }

    const T* operator->() const { return &value(); }

    E& error() & {
        CHECK(!has_value());
        return *std::get_if<1>(&state_);
    }

    const E& error() const& {
        CHECK(!has_value());
        return *std::get_if<1>(&state_);
    }

    E&& error() && {
        CHECK(!has_value());
        return std::move(*std::get_if<1>(&state_));
    }

private:
    std::variant<T, E> state_;
};

template <typename E>
class [[nodiscard]] Expected<void, E> {
public:
    using Value = void;
    using Error = E;

    Expected() = default;

    template <typename F>
    Expected(Unexpected<F> unexpected)  // NOLINT: implicit on purpose
        : error_(std::move(unexpected.error)) {}

    bool has_value() const { return !error_.has_value(); }

    explicit operator bool() const { return has_value(); }

    void value() const { CHECK(has_value()); }

    void operator*() const { value(); }

    E& error() & {
        CHECK(!has_value());
        return *error_;
    }

    const E& error() const& {
        CHECK(!has_value());
        return *error_;
    }

    E&& error() && {
        CHECK(!has_value());
        return std::move(*error_);
    }

private:
    std::optional<E> error_;
};

// Drops a result on purpose; `why` is for the reader.
template <typename T>
void ignore(T&&, const char* /*why*/) {}

}  // namespace glasslog

// auto x = TRY(f()); leaves the function with f's error when there is one.
#define TRY(...)                                                           \
    __extension__({                                                        \
        auto try_result_ = (__VA_ARGS__);                                  \
        if (!try_result_.has_value()) [[unlikely]]                         \
            return ::glasslog::Unexpected{std::move(try_result_).error()}; \
        *std::move(try_result_);                                           \
    })
