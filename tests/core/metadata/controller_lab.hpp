#pragma once

// A controller with one registered broker, without a log: decisions are replayed at once.

#include "core/metadata/controller.hpp"
#include "tests/core/metadata/registration.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace glasslog::metadata::test {

class ControllerLab {
public:
    explicit ControllerLab(ControllerOptions chosen = options())
        : controller_(std::move(chosen), {}) {
        replay(controller_.bootstrap());
        register_broker(NodeId(1));
    }

    static ControllerOptions options() {
        return {.node = NodeId(1), .cluster_id = "cluster", .file = {}};
    }

    BrokerEpoch register_broker(NodeId id, std::uint64_t incarnation = 1) {
        const auto registered = ask<protocol::BrokerRegistrationResponse>(
            registration_of(id, incarnation, {Uuid{9, static_cast<std::uint64_t>(id.value())}}));
        EXPECT_EQ(registered.error_code, protocol::WireError::none);
        const BrokerEpoch epoch = registered.broker_epoch;
        ask<protocol::BrokerHeartbeatResponse>(heartbeat_of(id, epoch, image().offset));
        return epoch;
    }

    // Decides and replays. The decision stays in `last`.
    template <typename T>
    T ask(const Request& request) {
        last = controller_.handle(request, RequestToken(1), {now, next_});
        replay(last.records);
        EXPECT_EQ(last.replies.size(), 1U);
        return std::get<T>(last.replies.at(0).response);
    }

    protocol::CreateTopicsResponse create(protocol::CreateTopicsRequest body) {
        std::vector<Uuid> ids;
        for (std::size_t at = 0; at < body.topics.size(); ++at)
            ids.push_back({1, ++ids_});
        return ask<protocol::CreateTopicsResponse>(CreateTopics{std::move(body), ids, 1});
    }

    // One plain topic.
    protocol::WireError create(const std::string& name, std::int32_t partitions = 1) {
        protocol::CreateTopicsRequest body;
        body.topics.emplace_back();
        body.topics[0].name = name;
        body.topics[0].num_partitions = partitions;
        body.topics[0].replication_factor = 1;
        return create(std::move(body)).topics.at(0).error_code;
    }

    const Image& image() const { return controller_.state(); }

    Controller& controller() { return controller_; }

    void replay(const std::vector<Record>& records) {
        if (records.empty()) return;
        controller_.replay(records, next_, LeaderEpoch(1));
        next_ = next_ + static_cast<std::int64_t>(records.size());
    }

    Decision last;
    Instant now;

private:
    Controller controller_;
    Offset next_{0};
    std::uint64_t ids_ = 0;
};

}  // namespace glasslog::metadata::test
