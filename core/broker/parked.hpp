#pragma once

// Parked: what waits for answers of other reactors, by token. A token travels, what waits does not:
// its responders and buffers stay on the reactor of their connection.

#include "core/base/check.hpp"
#include "core/base/unique_function.hpp"

#include <cstdint>
#include <map>

namespace glasslog::broker {

class Parked {
public:
    // `resumed` will be called `count` times with an Answer, then forgotten.
    template <typename Answer>
    std::uint64_t park(std::size_t count, UniqueFunction<void(Answer)> resumed) {
        CHECK(count > 0);
        const std::uint64_t token = ++last_token_;
        waiting_.emplace(token,
                         Waiting{count, [resumed = std::move(resumed)](void* answer) mutable {
                                     resumed(std::move(*static_cast<Answer*>(answer)));
                                 }});
        return token;
    }

    template <typename Answer>
    void resume(std::uint64_t token, Answer answer) {
        const auto found = waiting_.find(token);
        if (found == waiting_.end()) return;  // given up meanwhile
        if (found->second.count_left > 1) {
            --found->second.count_left;
            found->second.resumed(&answer);
            return;
        }
        // The last answer may park anew or end the reactor's work: forget first.
        const auto last = waiting_.extract(found);
        last.mapped().resumed(&answer);
    }

    void forget(std::uint64_t token) { waiting_.erase(token); }

    std::size_t size() const { return waiting_.size(); }

    void clear() { waiting_.clear(); }

private:
    struct Waiting {
        std::size_t count_left = 0;
        UniqueFunction<void(void*)> resumed;
    };

    std::uint64_t last_token_ = 0;
    std::map<std::uint64_t, Waiting> waiting_;
};

}  // namespace glasslog::broker
