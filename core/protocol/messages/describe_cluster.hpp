#pragma once

// DescribeCluster (API key 60).

#include "core/protocol/api.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// endpoint_type: 1 brokers, 2 controllers.
struct DescribeClusterRequest {
    static constexpr std::string_view message_name = "DescribeClusterRequest";
    static constexpr MessageKind kind = MessageKind::request;
    static constexpr ApiKey key = ApiKey::describe_cluster;
    static constexpr VersionRange versions{0, 2};
    static constexpr Version flexible_from{0};

    bool include_cluster_authorized_operations = false;
    std::int8_t endpoint_type = 1;
    bool include_fenced_brokers = false;

    static void walk(auto& self, auto& w) {
        w.field("include_cluster_authorized_operations",
                self.include_cluster_authorized_operations);
        w.field("endpoint_type", self.endpoint_type, since(1));
        w.field("include_fenced_brokers", self.include_fenced_brokers, since(2));
    }

    friend bool operator==(const DescribeClusterRequest&, const DescribeClusterRequest&) = default;
};

// cluster_authorized_operations is INT32_MIN when not asked for.
struct DescribeClusterResponse {
    static constexpr std::string_view message_name = "DescribeClusterResponse";
    static constexpr MessageKind kind = MessageKind::response;
    static constexpr ApiKey key = ApiKey::describe_cluster;
    static constexpr VersionRange versions{0, 2};
    static constexpr Version flexible_from{0};

    struct Broker {
        NodeId broker_id;
        std::string host;
        std::int32_t port = 0;
        std::optional<std::string> rack;
        bool is_fenced = false;

        static void walk(auto& self, auto& w) {
            w.field("broker_id", self.broker_id);
            w.field("host", self.host);
            w.field("port", self.port);
            w.field("rack", self.rack, nullable());
            w.field("is_fenced", self.is_fenced, since(2));
        }

        friend bool operator==(const Broker&, const Broker&) = default;
    };

    std::int32_t throttle_time_ms = 0;
    WireError error_code = WireError::none;
    std::optional<std::string> error_message;
    std::int8_t endpoint_type = 1;
    std::string cluster_id;
    NodeId controller_id{-1};
    std::vector<Broker> brokers;
    std::int32_t cluster_authorized_operations = INT32_MIN;

    static void walk(auto& self, auto& w) {
        w.field("throttle_time_ms", self.throttle_time_ms);
        w.field("error_code", self.error_code);
        w.field("error_message", self.error_message, nullable());
        w.field("endpoint_type", self.endpoint_type, since(1));
        w.field("cluster_id", self.cluster_id);
        w.field("controller_id", self.controller_id);
        w.array("brokers", self.brokers);
        w.field("cluster_authorized_operations", self.cluster_authorized_operations);
    }

    friend bool operator==(const DescribeClusterResponse&,
                           const DescribeClusterResponse&) = default;
};

}  // namespace glasslog::protocol
