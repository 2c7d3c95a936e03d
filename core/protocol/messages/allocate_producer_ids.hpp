#pragma once

// AllocateProducerIds (API key 67): a broker takes a block of producer ids (KIP-730).

#include "core/protocol/api.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// A broker asks for itself.
struct AllocateProducerIdsRequest {
    static constexpr std::string_view message_name = "AllocateProducerIdsRequest";
    static constexpr MessageKind kind = MessageKind::request;
    static constexpr ApiKey key = ApiKey::allocate_producer_ids;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    NodeId broker_id;
    BrokerEpoch broker_epoch{-1};

    static void walk(auto& self, auto& w) {
        w.field("broker_id", self.broker_id);
        w.field("broker_epoch", self.broker_epoch);
    }

    friend bool operator==(const AllocateProducerIdsRequest&,
                           const AllocateProducerIdsRequest&) = default;
};

// The ids from producer_id_start on, producer_id_len of them.
struct AllocateProducerIdsResponse {
    static constexpr std::string_view message_name = "AllocateProducerIdsResponse";
    static constexpr MessageKind kind = MessageKind::response;
    static constexpr ApiKey key = ApiKey::allocate_producer_ids;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    std::int32_t throttle_time_ms = 0;
    WireError error_code = WireError::none;
    ProducerId producer_id_start;
    std::int32_t producer_id_len = 0;

    static void walk(auto& self, auto& w) {
        w.field("throttle_time_ms", self.throttle_time_ms);
        w.field("error_code", self.error_code);
        w.field("producer_id_start", self.producer_id_start);
        w.field("producer_id_len", self.producer_id_len);
    }

    friend bool operator==(const AllocateProducerIdsResponse&,
                           const AllocateProducerIdsResponse&) = default;
};

}  // namespace glasslog::protocol
