#include "core/os/listening_sockets.hpp"

#include "core/os/io_error.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <optional>
#include <string>
#include <sys/socket.h>

namespace glasslog::os {

namespace {

constexpr int backlog = 4096;  // the system cuts it to net.core.somaxconn

struct FreeAddresses {
    void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

IoError listen_error(int errno_value, const runtime::Endpoint& endpoint) {
    IoError error = io_error(errno_value, endpoint.text(), "listen");
    if (errno_value == EADDRINUSE) {
        error.detail =
            "another process listens there, or this one does; stop it or choose another port";
    } else if (errno_value == EADDRNOTAVAIL) {
        error.code = IoCode::not_found;
        error.detail = "this machine has no such address; choose one of its own, or 0.0.0.0";
    } else if (errno_value == EACCES) {
        error.detail = "the port is not for everybody; choose one from 1024 on";
    }
    return error;
}

// IPv4 first: "localhost" is both, and clients that do not say otherwise try 127.0.0.1.
Expected<Addresses, IoError> addresses_of(const runtime::Endpoint& endpoint) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    addrinfo* list = nullptr;
    const char* host = endpoint.host.empty() ? nullptr : endpoint.host.c_str();
    const std::string port = std::to_string(endpoint.port);
    int failure = 0;
    for (const int family : {AF_INET, AF_INET6}) {
        hints.ai_family = family;
        failure = ::getaddrinfo(host, port.c_str(), &hints, &list);
        if (failure == 0) return Addresses(list);
    }
    return Unexpected{IoError{.code = IoCode::not_found,
                              .subject = endpoint.text(),
                              .detail = fmt::format("cannot resolve the host to listen on: {}",
                                                    ::gai_strerror(failure))}};
}

Expected<Descriptor, IoError> bind_to(const addrinfo& address, const runtime::Endpoint& endpoint) {
    Descriptor socket(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) return Unexpected{listen_error(errno, endpoint)};
    // Lets a restarted node take its port back from connections in TIME_WAIT; two listening
    // sockets still exclude each other.
    const int on = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(socket.get(), address.ai_addr, address.ai_addrlen) != 0 ||
        ::listen(socket.get(), backlog) != 0) {
        return Unexpected{listen_error(errno, endpoint)};
    }
    return socket;
}

std::uint16_t port_of(int socket) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    // The system fills either form; both begin with the family, both have the port next.
    ::getsockname(socket, reinterpret_cast<sockaddr*>(&storage), &size);  // NOLINT
    static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
    return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);  // NOLINT
}

}  // namespace

ListeningSockets::Share::Share(ListeningSockets& sockets,
                               ReactorId reactor,
                               runtime::Endpoint endpoint)
    : sockets_(sockets), reactor_(reactor), endpoint_(std::move(endpoint)) {}

ListeningSockets::Share::~Share() {
    sockets_.release(reactor_, endpoint_);
}

Expected<ListeningSockets::Opened, IoError> ListeningSockets::open(
    ReactorId reactor, const runtime::Endpoint& endpoint) {
    const std::lock_guard guard(mutex_);
    Socket* socket = find(endpoint);
    if (socket == nullptr) {
        const Addresses addresses = TRY(addresses_of(endpoint));
        Descriptor bound = TRY(bind_to(*addresses, endpoint));
        runtime::Endpoint real = endpoint;
        real.port = port_of(bound.get());
        sockets_.push_back({.endpoint = std::move(real),
                            .descriptor = std::move(bound),
                            .family = addresses->ai_family,
                            .reactors = {}});
        socket = &sockets_.back();
    } else if (std::ranges::find(socket->reactors, reactor) != socket->reactors.end()) {
        return Unexpected{listen_error(EADDRINUSE, endpoint)};
    }
    Descriptor own(::fcntl(socket->descriptor.get(), F_DUPFD_CLOEXEC, 0));
    if (!own) return Unexpected{listen_error(errno, endpoint)};
    socket->reactors.push_back(reactor);
    return Opened{.descriptor = std::move(own),
                  .family = socket->family,
                  .share = std::make_unique<Share>(*this, reactor, socket->endpoint)};
}

ListeningSockets::Socket* ListeningSockets::find(const runtime::Endpoint& endpoint) {
    if (endpoint.port == 0) return nullptr;
    const auto at = std::ranges::find(sockets_, endpoint, &Socket::endpoint);
    return at == sockets_.end() ? nullptr : &*at;
}

void ListeningSockets::release(ReactorId reactor, const runtime::Endpoint& endpoint) {
    const std::lock_guard guard(mutex_);
    const auto at = std::ranges::find(sockets_, endpoint, &Socket::endpoint);
    if (at == sockets_.end()) return;
    std::erase(at->reactors, reactor);
    if (at->reactors.empty()) sockets_.erase(at);
}

}  // namespace glasslog::os
