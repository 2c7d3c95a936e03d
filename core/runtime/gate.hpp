#pragma once

// Gate: a member of what takes callbacks. A callback made through it is void once its owner is
// gone, so that an operation in flight may outlive the object that asked for it.

#include <memory>
#include <utility>

namespace glasslog::runtime {

class Gate {
public:
    Gate() : alive_(std::make_shared<char>()) {}

    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;

    // wrap(f)(args…) calls f(args…) while the Gate lives, and does nothing afterwards.
    template <typename F>
    auto wrap(F callable) const {
        return [weak = std::weak_ptr<char>(alive_),
                callable = std::move(callable)](auto&&... args) mutable {
            if (weak.expired()) return;
            callable(std::forward<decltype(args)>(args)...);
        };
    }

    // Voids every callback made so far; later ones work.
    void close() { alive_ = std::make_shared<char>(); }

private:
    std::shared_ptr<char> alive_;
};

}  // namespace glasslog::runtime
