#include "core/client/client_error.hpp"

namespace glasslog::client {
namespace {

const char* name(Cause cause) {
    switch (cause) {
        case Cause::unreachable:
            return "no broker answers";
        case Cause::timed_out:
            return "timed out";
        case Cause::refused:
            return "refused";
        case Cause::unsupported:
            return "not supported by the broker";
        case Cause::full:
            return "buffer full";
        case Cause::too_large:
            return "too large";
        case Cause::out_of_range:
            return "offset out of range";
        case Cause::corrupt:
            return "corrupt";
        case Cause::closed:
            return "closed";
    }
    UNREACHABLE();
}

}  // namespace

std::string ClientError::text() const {
    std::string what = name(cause);
    if (cause == Cause::refused) {
        const std::string_view known = protocol::name(code);
        what = known.empty() ? fmt::format("error {}", static_cast<int>(code)) : std::string(known);
    }
    const bool says_more = !detail.empty() && detail != what;
    return says_more ? fmt::format("{}: {}", what, detail) : what;
}

ClientError refused(protocol::WireError code, std::string detail) {
    return {.cause = Cause::refused, .code = code, .detail = std::move(detail)};
}

ClientError from_rpc(const rpc::RpcError& error) {
    using rpc::RpcFailure;
    switch (error.failure) {
        case RpcFailure::unreachable:
        case RpcFailure::lost:
            return {.cause = Cause::unreachable,
                    .code = protocol::WireError::network_exception,
                    .detail = error.detail};
        case RpcFailure::timed_out:
            return {.cause = Cause::timed_out,
                    .code = protocol::WireError::request_timed_out,
                    .detail = error.detail};
        case RpcFailure::full:
            return {.cause = Cause::full, .detail = error.detail};
        case RpcFailure::unsupported:
            return {.cause = Cause::unsupported,
                    .code = protocol::WireError::unsupported_version,
                    .detail = error.detail};
        case RpcFailure::garbage:
            return {.cause = Cause::corrupt, .detail = error.detail};
    }
    UNREACHABLE();
}

bool is_retriable(const ClientError& error) {
    switch (error.cause) {
        case Cause::unreachable:
        case Cause::timed_out:
            return true;
        case Cause::refused:
            return protocol::is_retriable(error.code);
        case Cause::unsupported:
        case Cause::full:
        case Cause::too_large:
        case Cause::out_of_range:
        case Cause::corrupt:
        case Cause::closed:
            return false;
    }
    UNREACHABLE();
}

}  // namespace glasslog::client
