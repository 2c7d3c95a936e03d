#include "core/runtime/transport.hpp"

namespace glasslog::runtime {

std::string Endpoint::text() const {
    const bool is_ipv6 = host.find(':') != std::string::npos;
    return is_ipv6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

}  // namespace glasslog::runtime
