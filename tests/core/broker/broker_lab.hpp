#pragma once

// A broker in a simulated world, and clients that ask it.

#include "core/broker/broker.hpp"
#include "core/broker/reactor.hpp"
#include "core/protocol/messages/create_topics.hpp"
#include "core/protocol/messages/fetch.hpp"
#include "core/protocol/messages/metadata.hpp"
#include "core/protocol/messages/produce.hpp"
#include "core/rpc/client.hpp"
#include "sim/world.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace glasslog::broker::test {

class BrokerLab {
public:
    // The last version in which topics of Produce and Fetch have names.
    static constexpr protocol::Version by_name{12};
    static constexpr Duration patience = Duration::seconds(60);

    // Of the default configuration, on `reactors` reactors; ready when this returns.
    explicit BrokerLab(std::int32_t reactors = 1, Properties properties = {});
    ~BrokerLab();

    // A connection of its own.
    rpc::Client& connect();

    // Whether the broker closes a new connection, on which `frame` arrives, without an answer.
    bool closes_after(Payload frame);

    // What was answered; empty when the connection was lost.
    template <typename Response, typename Request>
    std::optional<Response> ask(rpc::Client& client,
                                Request request,
                                protocol::Version version_max = by_name) {
        auto answer = begin<Response>(client, std::move(request), version_max);
        EXPECT_TRUE(run_until([&] { return answer->is_over; }));
        return std::move(answer->response);
    }

    template <typename Response>
    struct Answer {
        bool is_over = false;
        std::optional<Response> response;
    };

    // The same without waiting for it.
    template <typename Response, typename Request>
    std::shared_ptr<Answer<Response>> begin(rpc::Client& client,
                                            Request request,
                                            protocol::Version version_max = by_name) {
        auto answer = std::make_shared<Answer<Response>>();
        const rpc::SendOptions options{.timeout = Duration::seconds(3'000'000),
                                       .version_max = version_max};
        client.send<Response>(std::move(request), options, [answer](auto reply) {
            answer->is_over = true;
            if (reply) answer->response = std::move(reply->response);
        });
        return answer;
    }

    void create(rpc::Client& client, const std::string& topic, std::int32_t partitions);
    protocol::WireError produce(rpc::Client& client,
                                const std::string& topic,
                                std::int32_t partition,
                                std::size_t value_bytes);

    // The first partition of a topic that lives on this reactor.
    std::int32_t partition_on(const std::string& topic, std::size_t reactor);

    bool run_until(UniqueFunction<bool()> finished, Duration limit = patience) {
        return world_.run_until(std::move(finished), limit);
    }

    void run_for(Duration time) { world_.run_for(time); }

    Instant now() const { return world_.now(); }

    Reactor& reactor(std::size_t index = 0) { return broker_->reactor(index); }

    Broker& broker() { return *broker_; }

    // Of all reactors together.
    std::size_t waiting_fetches();
    std::size_t connections();
    std::size_t fetch_bytes_reserved();

    // False when it took longer than `limit`.
    bool stop(Duration limit);

private:
    NodeId add_node(const std::string& name,
                    std::int32_t reactors,
                    std::vector<runtime::Runtime>& into);

    sim::World world_;
    std::vector<runtime::Runtime> brokers_;
    std::vector<runtime::Runtime> clients_;
    std::unique_ptr<Broker> broker_;
    std::vector<std::unique_ptr<rpc::Client>> connections_;
    std::size_t reactor_count_;
};

// A Fetch of some partitions of one topic, by default the most patient one.
struct FetchSpec {
    std::string topic;
    std::vector<std::int32_t> partitions;
    std::int64_t offset = 0;
    std::int32_t min_bytes = 1;
    std::int32_t max_bytes = 50 << 20;
    std::int32_t partition_bytes = 1 << 20;
    std::int32_t max_wait_ms = INT32_MAX;
};

protocol::FetchRequest fetch_request(const FetchSpec& spec);
std::size_t record_bytes(const protocol::FetchResponse& response);

}  // namespace glasslog::broker::test
