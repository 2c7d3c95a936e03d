#pragma once

// What the control plane decided; the event's node is the active controller.

#include "core/base/ids.hpp"
#include "core/trace/kinds/kind.hpp"

#include <cstdint>
#include <string>

namespace glasslog::trace::kinds {

// id: its Uuid in text form.
struct TopicCreated {
    static constexpr KindFacts kind{80, "topic_created", Level::log};

    std::string topic;
    std::string id;
    std::int32_t partitions = 0;

    static void walk(auto& self, auto& w) {
        w.field("topic", self.topic);
        w.field("id", self.id);
        w.field("partitions", self.partitions);
    }
};

// Its partitions follow.
struct TopicDeleted {
    static constexpr KindFacts kind{81, "topic_deleted", Level::log};

    std::string topic;

    static void walk(auto& self, auto& w) { w.field("topic", self.topic); }
};

// A broker is known from here on, with the epoch of this registration.
struct BrokerRegistered {
    static constexpr KindFacts kind{82, "broker_registered", Level::state};

    NodeId broker = no_node;
    std::int64_t broker_epoch = 0;

    static void walk(auto& self, auto& w) {
        w.field("broker", self.broker);
        w.field("broker_epoch", self.broker_epoch);
    }
};

// Every metadata record up to `offset`, inclusive, is committed and applied.
struct MetadataCommitted {
    static constexpr KindFacts kind{83, "metadata_committed", Level::state};

    Offset offset;

    static void walk(auto& self, auto& w) { w.field("offset", self.offset); }
};

}  // namespace glasslog::trace::kinds
