#pragma once

// Why something asked of a cluster did not happen, for programs and for people.

#include "core/protocol/errors.hpp"
#include "core/rpc/client.hpp"

#include <cstdint>
#include <string>

namespace glasslog::client {

enum class Cause : std::uint8_t {
    unreachable,   // no broker answers
    timed_out,     // the time given was not enough; it may have happened
    refused,       // a broker said no: see `code`
    unsupported,   // the broker does not speak what this needs
    full,          // a limit of this side: nothing was sent
    too_large,     // the record is larger than a batch may be: nothing was sent
    out_of_range,  // the position is no longer, or not yet, in the log
    corrupt,       // what came back cannot be read
    closed,        // this side ended first
};

struct ClientError {
    Cause cause = Cause::refused;
    protocol::WireError code = protocol::WireError::none;
    std::string detail;

    // "NOT_LEADER_OR_FOLLOWER: orders-0: …"
    std::string text() const;
};

// detail: what was asked, "orders-0".
ClientError refused(protocol::WireError code, std::string detail);
ClientError from_rpc(const rpc::RpcError& error);

// True when the same may be asked again with hope.
bool is_retriable(const ClientError& error);

}  // namespace glasslog::client
