#pragma once

// Parts that several messages and records have in the same form: where a node listens, and what it
// supports.

#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// A listener of a registered broker or controller. security_protocol: 0 PLAINTEXT, 1 SSL, 2
// SASL_PLAINTEXT, 3 SASL_SSL.
struct RegisteredEndpoint {
    std::string name;
    std::string host;
    std::uint16_t port = 0;
    std::int16_t security_protocol = 0;

    static void walk(auto& self, auto& w) {
        w.field("name", self.name);
        w.field("host", self.host);
        w.field("port", self.port);
        w.field("security_protocol", self.security_protocol);
    }

    friend bool operator==(const RegisteredEndpoint&, const RegisteredEndpoint&) = default;
};

// Levels of one feature that a registered node supports, both ends included.
struct RegisteredFeature {
    std::string name;
    std::int16_t min_supported_version = 0;
    std::int16_t max_supported_version = 0;

    static void walk(auto& self, auto& w) {
        w.field("name", self.name);
        w.field("min_supported_version", self.min_supported_version);
        w.field("max_supported_version", self.max_supported_version);
    }

    friend bool operator==(const RegisteredFeature&, const RegisteredFeature&) = default;
};

// A listener of a voter.
struct VoterEndpoint {
    std::string name;
    std::string host;
    std::uint16_t port = 0;

    static void walk(auto& self, auto& w) {
        w.field("name", self.name);
        w.field("host", self.host);
        w.field("port", self.port);
    }

    friend bool operator==(const VoterEndpoint&, const VoterEndpoint&) = default;
};

// Levels of kraft.version that a voter supports, both ends included.
struct KRaftVersionFeature {
    std::int16_t min_supported_version = 0;
    std::int16_t max_supported_version = 0;

    static void walk(auto& self, auto& w) {
        w.field("min_supported_version", self.min_supported_version);
        w.field("max_supported_version", self.max_supported_version);
    }

    friend bool operator==(const KRaftVersionFeature&, const KRaftVersionFeature&) = default;
};

// Where a leader listens that an answer names.
struct QuorumNodeEndpoint {
    NodeId node_id;
    std::string host;
    std::uint16_t port = 0;

    static void walk(auto& self, auto& w) {
        w.field("node_id", self.node_id);
        w.field("host", self.host);
        w.field("port", self.port);
    }

    friend bool operator==(const QuorumNodeEndpoint&, const QuorumNodeEndpoint&) = default;
};

}  // namespace glasslog::protocol
