#pragma once

// TCP of one reactor.

#include "core/os/os_listener.hpp"
#include "core/runtime/transport.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <cstdint>

namespace glasslog::os {

class OsTransport final : public runtime::Transport {
public:
    struct Place {
        NodeId node = no_node;
        ReactorId reactor;
        std::int32_t reactor_count = 1;
    };

    // listening: of the node.
    OsTransport(OsExecutor& executor, ListeningSockets& listening, Place place);

    Expected<std::unique_ptr<runtime::Listener>, IoError> listen(
        const runtime::ListenerConfig& config) override;

    void connect(const runtime::Endpoint& endpoint, ConnectDone done) override;

private:
    OsExecutor& executor_;
    ListeningSockets& listening_;
    ReactorId reactor_;
    ConnectionIds ids_;
    boost::asio::ip::tcp::resolver resolver_;  // has a thread of its own, from the first name on
};

}  // namespace glasslog::os
