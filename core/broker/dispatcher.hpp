#pragma once

// From a request's header to its handler: the version is checked, the body decoded, the handler
// called. What cannot be understood closes the connection, as in Kafka; ApiVersions alone answers a
// version that it does not know (KIP-511).

#include "core/rpc/server.hpp"

namespace glasslog::broker {

class Reactor;

void dispatch(Reactor& reactor, const rpc::ConnectionFacts& from, rpc::Request request);

}  // namespace glasslog::broker
