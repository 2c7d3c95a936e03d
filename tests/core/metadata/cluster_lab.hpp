#pragma once

// A controller of several brokers without a log: decisions are replayed at once, and every one is
// checked against the invariants. Time passes when the test says so.

#include "core/metadata/controller.hpp"
#include "core/metadata/invariants.hpp"
#include "tests/core/metadata/registration.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace glasslog::metadata::test {

class ClusterLab {
public:
    explicit ClusterLab(Rules rules = {}, bool checks = true)
        : rules_(rules), checks_(checks), controller_(options(rules), {}) {
        replay(controller_.bootstrap());
        begin();
    }

    static ControllerOptions options(const Rules& rules) {
        return {.node = NodeId(100),
                .cluster_id = "cluster",
                .file = {},
                .max_replication_factor = 5,
                .rules = rules};
    }

    void begin() { controller_.begin(now); }

    // Another node leads, with what is logged and nothing else.
    void fail_over() {
        controller_ = Controller(controller_options(), image());
        begin();
    }

    // Decides, checks, replays. What was decided stays in `last`.
    template <typename T>
    T ask(const Request& request) {
        const Image before = image();
        last = controller_.handle(request, RequestToken(1), {now, next_});
        note(check_decision(before, request, last));
        replay(last.records);
        EXPECT_EQ(last.replies.size(), 1U);
        return std::get<T>(last.replies.at(0).response);
    }

    // Lets time pass, and the timers have their turn. All that they decided stays in `last`.
    void pass(Duration time) {
        const Instant end = now + time;
        Decision all;
        while (controller_.soft().next_deadline() <= end) {
            now = std::max(now, controller_.soft().next_deadline());
            const Decision decision = controller_.on_timer({now, next_});
            replay(decision.records);
            all.records.insert(all.records.end(), decision.records.begin(), decision.records.end());
        }
        now = end;
        last = std::move(all);
    }

    // ------------------------------------------------------------------------------------ brokers

    protocol::BrokerRegistrationRequest registration(int id, std::uint64_t incarnation) const {
        return registration_of(NodeId(id),
                               incarnation,
                               {Uuid{9, static_cast<std::uint64_t>(100 + id)}},
                               epoch_of(id));
    }

    protocol::BrokerRegistrationResponse enroll(protocol::BrokerRegistrationRequest request) {
        return ask<protocol::BrokerRegistrationResponse>(std::move(request));
    }

    protocol::BrokerHeartbeatRequest heartbeat(int id) const {
        return heartbeat_of(NodeId(id), epoch_of(id), image().offset);
    }

    protocol::BrokerHeartbeatResponse beat(protocol::BrokerHeartbeatRequest request) {
        return ask<protocol::BrokerHeartbeatResponse>(std::move(request));
    }

    protocol::BrokerHeartbeatResponse beat(int id) { return beat(heartbeat(id)); }

    // Registers a new incarnation after a clean shutdown, and unfences it.
    BrokerEpoch start(int id) {
        const auto response = enroll(registration(id, ++incarnations_));
        EXPECT_EQ(response.error_code, protocol::WireError::none);
        beat(id);
        EXPECT_FALSE(image().find_broker(NodeId(id))->is_fenced);
        return response.broker_epoch;
    }

    void fence(int id) { ask<FenceBrokerResponse>(FenceBroker{NodeId(id), epoch_of(id)}); }

    // -1 when it is not registered.
    BrokerEpoch epoch_of(int id) const {
        const Broker* broker = image().find_broker(NodeId(id));
        return broker == nullptr ? BrokerEpoch(-1) : broker->epoch;
    }

    // ------------------------------------------------------------------------------------- topics

    using Assignments = std::vector<std::vector<int>>;
    using Configs = std::map<std::string, std::string>;

    protocol::WireError create(const std::string& name,
                               const Assignments& assignments,
                               const Configs& configs = {}) {
        protocol::CreateTopicsRequest body;
        auto& topic = body.topics.emplace_back();
        topic.name = name;
        topic.num_partitions = -1;
        topic.replication_factor = -1;
        for (std::size_t at = 0; at < assignments.size(); ++at) {
            auto& assignment = topic.assignments.emplace_back();
            assignment.partition_index = PartitionIndex(static_cast<std::int32_t>(at));
            for (const int id : assignments[at])
                assignment.broker_ids.emplace_back(id);
        }
        for (const auto& [key, value] : configs)
            topic.configs.push_back({key, value});
        const CreateTopics request{std::move(body), {Uuid{1, ++topics_}}, 1};
        const auto response = ask<protocol::CreateTopicsResponse>(request);
        return response.topics.at(0).error_code;
    }

    void remove(const std::string& name) {
        protocol::DeleteTopicsRequest body{.topic_names = {name}, .timeout_ms = 5000};
        ask<protocol::DeleteTopicsResponse>(DeleteTopics{std::move(body), protocol::Version(5)});
    }

    // A copy: the image moves on.
    PartitionState partition(const std::string& topic, int index = 0) const {
        return image().find_topic(topic)->partitions.at(static_cast<std::size_t>(index));
    }

    // What the leader of the partition would send to make this its in-sync set.
    protocol::AlterPartitionRequest in_sync(const std::string& name,
                                            const std::vector<int>& isr,
                                            int index = 0) const {
        const PartitionState state = partition(name, index);
        protocol::AlterPartitionRequest request;
        request.broker_id = state.leader;
        request.broker_epoch = epoch_of(state.leader.value());
        auto& topic = request.topics.emplace_back();
        topic.topic_id = image().find_topic(name)->id;
        auto& wanted = topic.partitions.emplace_back();
        wanted.partition_index = PartitionIndex(index);
        wanted.leader_epoch = state.leader_epoch;
        wanted.partition_epoch = state.partition_epoch;
        for (const int id : isr) {
            auto& member = wanted.new_isr_with_epochs.emplace_back();
            member.broker_id = NodeId(id);
            member.broker_epoch = epoch_of(id);
        }
        return request;
    }

    protocol::AlterPartitionResponse alter(protocol::AlterPartitionRequest request) {
        return ask<protocol::AlterPartitionResponse>(std::move(request));
    }

    // The one error of a request for one partition.
    protocol::WireError alter_error(protocol::AlterPartitionRequest request) {
        const auto response = alter(std::move(request));
        if (response.error_code != protocol::WireError::none) return response.error_code;
        return response.topics.at(0).partitions.at(0).error_code;
    }

    // -------------------------------------------------------------------------------------
    // findings

    const Image& image() const { return controller_.state(); }

    Controller& controller() { return controller_; }

    // What an invariant said, the first time.
    const std::optional<std::string>& finding() const { return finding_; }

    void replay(const std::vector<Record>& records) {
        if (records.empty()) return;
        const Image before = image();
        controller_.replay(records, next_, LeaderEpoch(1));
        next_ = next_ + static_cast<std::int64_t>(records.size());
        note(check_step(before, image()));
        note(check_invariants(image()));
    }

    Decision last;
    Instant now = Instant::from_nanoseconds(0);

private:
    ControllerOptions controller_options() const { return options(rules_); }

    void note(std::optional<std::string> finding) {
        if (!finding || finding_) return;
        finding_ = std::move(finding);
        if (checks_) ADD_FAILURE() << *finding_;
    }

    Rules rules_;
    bool checks_;
    Controller controller_;
    Offset next_{0};
    std::uint64_t topics_ = 0;
    std::uint64_t incarnations_ = 0;
    std::optional<std::string> finding_;
};

}  // namespace glasslog::metadata::test
