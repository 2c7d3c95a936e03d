#pragma once

// ProducerIds: gives out the ids of the broker's present block and asks the controller for the next
// one in time. On reactor 0. Source: KIP-730.

#include "core/base/ids.hpp"
#include "core/base/unique_function.hpp"
#include "core/broker/controller_channel.hpp"
#include "core/broker/registrar.hpp"
#include "core/protocol/messages/allocate_producer_ids.hpp"
#include "core/runtime/gate.hpp"

#include <cstdint>
#include <deque>
#include <optional>

namespace glasslog::broker {

class ProducerIds {
public:
    using Done = UniqueFunction<void(Expected<ProducerId, protocol::WireError>)>;

    // registrar: knows this broker's present epoch.
    ProducerIds(ControllerChannel& channel, const Registrar& registrar, NodeId broker);

    // An id that nobody got before, now or when the next block came. COORDINATOR_LOAD_IN_PROGRESS
    // (clients try again) when too many wait.
    void next(Done done);

private:
    static constexpr std::size_t waiting_count_max = 10'000;

    void ask_for_block();
    void take(const protocol::AllocateProducerIdsResponse& block);
    void refuse_all();
    void serve();

    ControllerChannel& channel_;
    const Registrar& registrar_;
    NodeId broker_;
    std::optional<ProducerId> next_;  // of the present block
    std::int64_t left_count_ = 0;
    bool is_asking_ = false;
    std::deque<Done> waiting_;
    runtime::Gate gate_;
};

}  // namespace glasslog::broker
