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

    // Runs every node until `finished` holds, which is asked between tasks; false when nothing
    // made it hold before `limit`. The limit is only for tests that fail: no test waits for it.
    virtual bool run_until(UniqueFunction<bool()> finished, Duration limit) = 0;
};

// Defined once by each test program.
std::unique_ptr<World> make_world();

// The base of every suite. Nodes: `a` with two reactors, `b` with one. What a test keeps (members,
// locals captured by reference) must outlive the callbacks: the world ends in TearDown.
class ConformanceTest : public testing::Test {
protected:
    void SetUp() override;
    void TearDown() override;

    // Runs until `finished`; a failure of the test when it never does.
    [[nodiscard]] bool run_until(UniqueFunction<bool()> finished);

    // Lets everything happen that is due, by running until a task posted now has run on each
    // reactor, some rounds long. For "and nothing else was called".
    void settle();

    runtime::Runtime& at_a() { return a_->reactors[0]; }

    runtime::Runtime& at_a2() { return a_->reactors[1]; }

    runtime::Runtime& at_b() { return b_->reactors[0]; }

    std::unique_ptr<World> world_;
    Node* a_ = nullptr;
    Node* b_ = nullptr;
};

}  // namespace glasslog::conformance
