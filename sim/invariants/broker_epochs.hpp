#pragma once

// M8 "broker-epochs": an epoch names one life of one broker for ever, and the epochs of a broker
// only grow along the metadata log.

#include "core/base/ids.hpp"
#include "core/base/uuid.hpp"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>

namespace glasslog::sim {

class BrokerEpochs {
public:
    // A broker as an image at `offset` shows it.
    std::optional<std::string> see(Offset offset,
                                   NodeId broker,
                                   BrokerEpoch epoch,
                                   const Uuid& incarnation) {
        const auto [life, is_new] = lives_.try_emplace(epoch, Life{broker, incarnation});
        if (!is_new && (life->second.broker != broker || life->second.incarnation != incarnation))
            return fmt::format("epoch {} was given to brokers {} and {}, or to two lives of one",
                               epoch,
                               life->second.broker,
                               broker);
        Newest& newest = newest_.try_emplace(broker, Newest{offset, epoch}).first->second;
        const bool is_back = offset >= newest.offset ? epoch < newest.epoch : epoch > newest.epoch;
        if (is_back)
            return fmt::format("broker {} has epoch {} at {} and {} at {}",
                               broker,
                               newest.epoch,
                               newest.offset,
                               epoch,
                               offset);
        if (offset > newest.offset) newest = {offset, epoch};
        return std::nullopt;
    }

private:
    struct Life {
        NodeId broker;
        Uuid incarnation;
    };

    struct Newest {
        Offset offset;
        BrokerEpoch epoch;
    };

    std::map<BrokerEpoch, Life> lives_;
    std::map<NodeId, Newest> newest_;
};

}  // namespace glasslog::sim
