#pragma once

// A broker of one node in memory, for tests of the client: keeps batches, checks sequences as Kafka
// does, and gives the errors that a test orders.

#include "core/protocol/codec.hpp"
#include "core/protocol/messages/api_versions.hpp"
#include "core/protocol/messages/fetch.hpp"
#include "core/protocol/messages/init_producer_id.hpp"
#include "core/protocol/messages/list_offsets.hpp"
#include "core/protocol/messages/metadata.hpp"
#include "core/protocol/messages/produce.hpp"
#include "core/protocol/record_batch.hpp"
#include "core/rpc/server.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace glasslog::client {

class FakeBroker final : public rpc::Handler {
public:
    struct Log {
        std::vector<Bytes> batches;
        std::int64_t start = 0;
        std::int64_t end = 0;
        std::map<std::int64_t, std::int32_t> next_sequence;  // by producer id
        std::map<std::int64_t, std::int16_t> epoch;
    };

    explicit FakeBroker(runtime::Endpoint endpoint) : endpoint_(std::move(endpoint)) {}

    void handle(const rpc::ConnectionFacts&, rpc::Request request) override;

    // Values of all records, in order.
    std::vector<std::string> values(std::int32_t partition) const;

    // Puts batches as they are, at the end.
    void append(std::int32_t partition, const Bytes& batch);

    std::map<std::int32_t, Log> logs;  // partitions of the topic "orders"

    // What the next produce requests are told, one each; `drop` closes the connection after the
    // records were kept.
    enum class Fate : std::uint8_t { normal, refuse, drop };

    struct Order {
        Fate fate = Fate::normal;
        protocol::WireError error = protocol::WireError::none;
    };

    std::deque<Order> orders;
    std::deque<protocol::WireError> fetch_errors;
    std::vector<protocol::ProduceRequest> produced;  // without the records
    std::vector<protocol::FetchRequest> fetched;
    std::int64_t next_producer_id = 1000;
    int metadata_count = 0;
    bool is_silent = false;  // keeps produce requests without an answer
    std::vector<rpc::Request> unanswered;

private:
    template <typename Request>
    Request body_of(const rpc::Request& request) const {
        return protocol::decode<Request>(request.body, request.header.request_api_version).value();
    }

    template <typename Response>
    static void answer(rpc::Request& request, const Response& response) {
        request.responder.respond(protocol::encode(response, request.header.request_api_version));
    }

    void metadata(rpc::Request request);
    void produce(rpc::Request request);
    protocol::WireError keep(std::int32_t partition, const Payload& records, std::int64_t& base);
    static protocol::FetchResponse::Partition read(const Log& log,
                                                   const protocol::FetchRequest::Partition& asked,
                                                   protocol::WireError order);
    void fetch(rpc::Request request);
    void list_offsets(rpc::Request request);

    runtime::Endpoint endpoint_;
};

}  // namespace glasslog::client
