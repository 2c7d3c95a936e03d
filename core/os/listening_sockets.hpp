#pragma once

// The sockets on which a node listens. The reactors of one node share one socket for one endpoint,
// each by a descriptor of its own: a connection goes to whichever asks first, so to one that is
// idle. SO_REUSEPORT, which would give each its own queue, would also let a second process take a
// part of the connections without a word.

#include "core/base/ids.hpp"
#include "core/os/process.hpp"
#include "core/runtime/transport.hpp"

#include <memory>
#include <mutex>
#include <vector>

namespace glasslog::os {

class ListeningSockets {
public:
    // A descriptor that one reactor accepts from. Destruction gives it back.
    class Share {
    public:
        Share(ListeningSockets& sockets, ReactorId reactor, runtime::Endpoint endpoint);
        ~Share();

        Share(const Share&) = delete;
        Share& operator=(const Share&) = delete;

        const runtime::Endpoint& endpoint() const { return endpoint_; }

    private:
        ListeningSockets& sockets_;
        ReactorId reactor_;
        runtime::Endpoint endpoint_;
    };

    struct Opened {
        Descriptor descriptor;  // listens, does not block
        int family = 0;         // AF_INET or AF_INET6
        std::unique_ptr<Share> share;
    };

    // Any thread. exists: another process, or this reactor, listens there; not_found: no such host.
    Expected<Opened, IoError> open(ReactorId reactor, const runtime::Endpoint& endpoint);

private:
    struct Socket {
        runtime::Endpoint endpoint;  // with the port that was bound
        Descriptor descriptor;
        int family = 0;
        std::vector<ReactorId> reactors;
    };

    Socket* find(const runtime::Endpoint& endpoint);
    void release(ReactorId reactor, const runtime::Endpoint& endpoint);

    std::mutex mutex_;  // guards sockets_
    std::vector<Socket> sockets_;
};

}  // namespace glasslog::os
