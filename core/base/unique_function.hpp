#pragma once

// UniqueFunction<R(Args...)>: a callable that may own what cannot be copied. C++23 calls it
// std::move_only_function; both of our compilers are in C++20 mode.

#include "core/base/check.hpp"

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace glasslog {

template <typename Signature>
class UniqueFunction;

template <typename R, typename... Args>
class UniqueFunction<R(Args...)> {
public:
    UniqueFunction() = default;

    template <typename F>
        requires(!std::is_same_v<std::remove_cvref_t<F>, UniqueFunction> &&
                 std::is_invocable_r_v<R, std::remove_cvref_t<F>&, Args...>)
    UniqueFunction(F&& callable) {  // NOLINT: implicit on purpose
        using Callable = std::remove_cvref_t<F>;
        if constexpr (fits<Callable>) {
            ::new (static_cast<void*>(space_)) Callable(std::forward<F>(callable));
            table_ = &local_table<Callable>;
        } else {
            ::new (static_cast<void*>(space_)) Callable*(new Callable(std::forward<F>(callable)));
            table_ = &heap_table<Callable>;
        }
    }

    UniqueFunction(UniqueFunction&& other) noexcept { take(other); }

    UniqueFunction& operator=(UniqueFunction&& other) noexcept {
        if (this == &other) return *this;
        reset();
        take(other);
        return *this;
    }

    ~UniqueFunction() { reset(); }

    explicit operator bool() const { return table_ != nullptr; }

    R operator()(Args... args) {
        CHECK(table_ != nullptr);
        return table_->call(space_, std::forward<Args>(args)...);
    }

private:
    struct Table {
        R (*call)(void* space, Args&&... args);
        void (*move)(void* from, void* to);  // leaves `from` destroyed
        void (*destroy)(void* space);
    };

    static constexpr std::size_t space_bytes = 48;

    template <typename F>
    static constexpr bool fits = sizeof(F) <= space_bytes && alignof(F) <= alignof(void*) &&
                                 std::is_nothrow_move_constructible_v<F>;

    template <typename F>
    static constexpr Table local_table{
        [](void* space, Args&&... args) -> R {
            return (*static_cast<F*>(space))(std::forward<Args>(args)...);
        },
        [](void* from, void* to) {
            ::new (to) F(std::move(*static_cast<F*>(from)));
            static_cast<F*>(from)->~F();
        },
        [](void* space) { static_cast<F*>(space)->~F(); }};

    template <typename F>
    static constexpr Table heap_table{
        [](void* space, Args&&... args) -> R {
            return (**static_cast<F**>(space))(std::forward<Args>(args)...);
        },
        [](void* from, void* to) { ::new (to) F*(*static_cast<F**>(from)); },
        [](void* space) { delete *static_cast<F**>(space); }};

    void take(UniqueFunction& other) noexcept {
        if (other.table_ == nullptr) return;
        other.table_->move(other.space_, space_);
        table_ = std::exchange(other.table_, nullptr);
    }

    void reset() {
        if (table_ == nullptr) return;
        std::exchange(table_, nullptr)->destroy(space_);
    }

    alignas(void*) std::byte space_[space_bytes];
    const Table* table_ = nullptr;
};

}  // namespace glasslog
