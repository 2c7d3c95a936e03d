#pragma once

// ControllerApis: what a controller's listener serves, by API: requests of brokers and of clients
// go to the metadata service, those of the quorum to its log. On reactor 0. An Envelope carries a
// client's request from a broker (KIP-590).

#include "core/base/bytes.hpp"
#include "core/base/payload.hpp"
#include "core/broker/config.hpp"
#include "core/metadata/service.hpp"
#include "core/protocol/api.hpp"
#include "core/protocol/messages/api_versions.hpp"
#include "core/protocol/messages/describe_cluster.hpp"
#include "core/protocol/messages/envelope.hpp"

#include <string>
#include <utility>

namespace glasslog::broker {

class ControllerApis {
public:
    // The body of an answer.
    using Done = UniqueFunction<void(Payload)>;

    ControllerApis(metadata::Service& service, const Config& config, std::string cluster_id);

    // A request that came to a controller's listener. False: nothing like it is served there, or
    // its bytes are broken, and the connection is to be closed; `done` is dropped.
    // listener: its name.
    bool serve(const std::string& listener,
               protocol::ApiKey key,
               protocol::Version version,
               const Bytes& body,
               Done done);

    // The same for a client's request that a broker forwards: only those are taken.
    bool serve_forwarded(protocol::ApiKey key,
                         protocol::Version version,
                         const Bytes& body,
                         Done done);

    template <typename Response, typename Body>
    void handle(Body body, protocol::Version version, metadata::Answer<Response> done) {
        constexpr bool is_of_quorum = requires { service_.log().handle(body, std::move(done)); };
        if constexpr (is_of_quorum) {
            service_.log().handle(body, std::move(done));
        } else {
            service_.handle<Response>(std::move(body), version, std::move(done));
        }
    }

    void handle(const protocol::EnvelopeRequest& request,
                metadata::Answer<protocol::EnvelopeResponse> done);
    void handle(const protocol::ApiVersionsRequest& request,
                protocol::Version version,
                metadata::Answer<protocol::ApiVersionsResponse> done);
    void handle(const protocol::DescribeClusterRequest& request,
                const std::string& listener,
                metadata::Answer<protocol::DescribeClusterResponse> done);

private:
    void add_controllers(const std::string& listener,
                         protocol::DescribeClusterResponse& response) const;

    metadata::Service& service_;
    const Config& config_;
    std::string cluster_id_;
};

}  // namespace glasslog::broker
