#pragma once

// InitProducerId (API key 22): a producer id and epoch. Version 6 is spoken, but not advertised:
// Kafka calls it unstable.

#include "core/protocol/api.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// transactional_id is null for a producer that is idempotent only.
struct InitProducerIdRequest {
    static constexpr std::string_view message_name = "InitProducerIdRequest";
    static constexpr MessageKind kind = MessageKind::request;
    static constexpr ApiKey key = ApiKey::init_producer_id;
    static constexpr VersionRange versions{0, 6};
    static constexpr Version flexible_from{2};

    std::optional<std::string> transactional_id;
    std::int32_t transaction_timeout_ms = 0;
    ProducerId producer_id{-1};
    ProducerEpoch producer_epoch{-1};
    bool enable_2pc = false;
    bool keep_prepared_txn = false;

    static void walk(auto& self, auto& w) {
        w.field("transactional_id", self.transactional_id, nullable());
        w.field("transaction_timeout_ms", self.transaction_timeout_ms);
        w.field("producer_id", self.producer_id, since(3));
        w.field("producer_epoch", self.producer_epoch, since(3));
        w.field("enable_2pc", self.enable_2pc, since(6));
        w.field("keep_prepared_txn", self.keep_prepared_txn, since(6));
    }

    friend bool operator==(const InitProducerIdRequest&, const InitProducerIdRequest&) = default;
};

// producer_id is -1 on error.
struct InitProducerIdResponse {
    static constexpr std::string_view message_name = "InitProducerIdResponse";
    static constexpr MessageKind kind = MessageKind::response;
    static constexpr ApiKey key = ApiKey::init_producer_id;
    static constexpr VersionRange versions{0, 6};
    static constexpr Version flexible_from{2};

    std::int32_t throttle_time_ms = 0;
    WireError error_code = WireError::none;
    ProducerId producer_id{-1};
    ProducerEpoch producer_epoch;
    ProducerId ongoing_txn_producer_id{-1};
    ProducerEpoch ongoing_txn_producer_epoch{-1};

    static void walk(auto& self, auto& w) {
        w.field("throttle_time_ms", self.throttle_time_ms);
        w.field("error_code", self.error_code);
        w.field("producer_id", self.producer_id);
        w.field("producer_epoch", self.producer_epoch);
        w.field("ongoing_txn_producer_id", self.ongoing_txn_producer_id, since(6));
        w.field("ongoing_txn_producer_epoch", self.ongoing_txn_producer_epoch, since(6));
    }

    friend bool operator==(const InitProducerIdResponse&, const InitProducerIdResponse&) = default;
};

}  // namespace glasslog::protocol
