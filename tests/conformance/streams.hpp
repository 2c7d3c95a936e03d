#pragma once

// Verbs for tests of connections.

#include "tests/conformance/world.hpp"

#include <functional>

namespace glasslog::conformance {

class StreamTest : public ConformanceTest {
protected:
    using Handle = std::unique_ptr<runtime::Connection>;

    // The client is on node b, the server on reactor 0 of node a.
    struct Pair {
        std::unique_ptr<runtime::Listener> listener;
        Handle client;
        Handle server;
    };

    static Payload payload_of(const std::string& text);

    std::unique_ptr<runtime::Listener> listen();
    Pair connect();

    // Accepts one after the other, for as long as the listener lives.
    static void accept_all(runtime::Listener& listener, std::vector<Handle>& into);

    // Waits until the bytes have left.
    void write(runtime::Connection& connection, const std::string& text);

    std::string read_some(runtime::Connection& connection, std::size_t max);
    std::string read_exactly(runtime::Connection& connection, std::size_t count);
    std::string read_to_end(runtime::Connection& connection);

    // How the stream ends, after whatever is still to be read; no_code: regularly.
    IoCode read_result(runtime::Connection& connection);
};

}  // namespace glasslog::conformance
