#pragma once

// Accepts the connections of one endpoint on one reactor.

#include "core/os/listening_sockets.hpp"
#include "core/os/os_connection.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <functional>
#include <memory>

namespace glasslog::os {

// Gives the connections of one reactor of a node their numbers.
class ConnectionIds {
public:
    ConnectionIds(NodeId node, ReactorId reactor, std::int32_t reactor_count)
        : node_(node),
          next_(static_cast<std::uint64_t>(reactor.value()) + 1),
          step_(static_cast<std::uint64_t>(reactor_count)) {}

    std::uint64_t next() { return std::exchange(next_, next_ + step_); }

    NodeId node() const { return node_; }

private:
    NodeId node_;
    std::uint64_t next_;
    std::uint64_t step_;
};

// Takes a connected socket, and tells the trace; fails when the peer is gone already. listener:
// empty on the side that connected.
Expected<std::unique_ptr<runtime::Connection>, IoError> make_connection(
    OsExecutor& executor,
    boost::asio::ip::tcp::socket socket,
    ConnectionIds& ids,
    const std::string& listener);

// The accepting socket; outlives the Listener while an accept is in flight.
class ListenerCore final : public std::enable_shared_from_this<ListenerCore> {
public:
    ListenerCore(OsExecutor& executor, ConnectionIds& ids, std::string name);

    // Takes the descriptor.
    Expected<void, IoError> assign(ListeningSockets::Opened opened);

    void accept(runtime::Listener::AcceptDone done);
    void detach();

    const runtime::Endpoint& endpoint() const { return share_->endpoint(); }

private:
    void accept_next();
    void on_accept(const boost::system::error_code& error, boost::asio::ip::tcp::socket socket);

    OsExecutor& executor_;
    ConnectionIds& ids_;
    std::string name_;
    std::unique_ptr<ListeningSockets::Share> share_;
    boost::asio::ip::tcp::acceptor acceptor_;
    runtime::Listener::AcceptDone done_;
    runtime::Timer retry_;  // armed when the process has no descriptor left
    bool is_detached_ = false;
};

class OsListener final : public runtime::Listener {
public:
    explicit OsListener(std::shared_ptr<ListenerCore> core)
        : core_(std::move(core)), endpoint_(core_->endpoint()) {}

    ~OsListener() override { core_->detach(); }

    void accept(AcceptDone done) override { core_->accept(std::move(done)); }

    const runtime::Endpoint& endpoint() const override { return endpoint_; }

private:
    std::shared_ptr<ListenerCore> core_;
    runtime::Endpoint endpoint_;
};

}  // namespace glasslog::os
