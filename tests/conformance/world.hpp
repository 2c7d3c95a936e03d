#pragma once

// The conformance suite: what core/runtime promises, tested once and run on every world that
// implements it. A test program links the suite (glasslog_conformance) and defines make_world().
//
// A test is written as if it were a node's code: it calls a node's Runtime between two run_until(),
// where no task is running, or inside callbacks. Everything runs on the test's thread.

#include "core/runtime/runtime.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace glasslog::conformance {

struct Node {
    std::vector<runtime::Runtime> reactors;

    // Where this node may listen, and how others reach it.
    std::string host;
};

class World {
public:
    virtual ~World() = default;

    // A running node with an empty disk. It lives until the world's end, as does the reference.
    virtual Node& add_node(std::int32_t reactors) = 0;

    // Runs every node until `finished` holds, which is asked now and then between tasks; false when
    // nothing made it hold before `limit`. The limit is only for tests that fail: no test waits for
    // it.
    virtual bool run_until(UniqueFunction<bool()> finished, Duration limit) = 0;
};

// Defined once by each test program.
std::unique_ptr<World> make_world();

// What one callback was told. Outlives the operation, or the handle that the operation is of.
template <typename T>
struct Answer {
    auto callback() {
        return [this](Expected<T, IoError> result) {
            ++calls;
            told.emplace(std::move(result));
        };
    }

    bool has_come() const { return told.has_value(); }

    bool is_good() const { return told && told->has_value(); }

    IoCode code() const { return told && !told->has_value() ? told->error().code : no_code; }

    // None of the enumerators.
    static constexpr IoCode no_code{-1};

    std::optional<Expected<T, IoError>> told;
    int calls = 0;
};

// The base of every suite. Nodes: `a` with two reactors, `b` with one. What a test keeps must
// outlive the callbacks; the world ends in TearDown, after the test's locals.
class ConformanceTest : public testing::Test {
protected:
    void SetUp() override;
    void TearDown() override;

    // Runs until `finished`; false, which fails the test, when it never does.
    bool run_until(UniqueFunction<bool()> finished);

    template <typename T>
    bool await(Answer<T>& answer) {
        return run_until([&] { return answer.has_come(); });
    }

    // Lets what is under way come to its end, by some rounds of tasks, messages and work of the
    // disk. For "and nothing else was called".
    void settle();

    runtime::Runtime& at_a() { return a_->reactors[0]; }

    runtime::Runtime& at_a2() { return a_->reactors[1]; }

    runtime::Runtime& at_b() { return b_->reactors[0]; }

    std::unique_ptr<World> world_;
    Node* a_ = nullptr;
    Node* b_ = nullptr;
};

}  // namespace glasslog::conformance
