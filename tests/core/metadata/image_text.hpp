#pragma once

// An image in lines of text, everything that it holds: two images are compared, and their
// difference read.

#include "core/metadata/image.hpp"
#include "core/protocol/codec.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>
#include <string>
#include <vector>

namespace glasslog::metadata::test {

using Lines = std::vector<std::string>;

inline std::string ids_text(const std::vector<NodeId>& ids) {
    std::string text;
    for (const NodeId id : ids)
        text += fmt::format("{} ", id);
    return text;
}

inline std::string ids_text(const std::vector<Uuid>& ids) {
    std::string text;
    for (const Uuid& id : ids)
        text += id.text() + " ";
    return text;
}

// Sorted: Kafka's snapshots have them in any order.
template <typename Endpoint>
std::string endpoints_text(const std::vector<Endpoint>& endpoints) {
    std::set<std::string> texts;
    for (const Endpoint& one : endpoints) {
        texts.insert(
            fmt::format("{}://{}:{}/{}", one.name, one.host, one.port, one.security_protocol));
    }
    return fmt::format(" {}", fmt::join(texts, " "));
}

inline std::string text_of(const RegisteredController& controller) {
    std::string text = fmt::format("controller {}{}",
                                   controller.incarnation_id,
                                   endpoints_text(controller.endpoints));
    for (const auto& [name, range] : controller.features)
        text += fmt::format(" {}={}..{}", name, range.first, range.last);
    return text;
}

inline std::string text_of(const Broker& broker) {
    std::string text = fmt::format("broker {} epoch {} incarnation {} fenced {} leaving {} rack {}",
                                   broker.id,
                                   broker.epoch,
                                   broker.incarnation_id,
                                   broker.is_fenced,
                                   broker.is_in_controlled_shutdown,
                                   broker.rack.value_or("(none)"));
    text += endpoints_text(broker.endpoints);
    for (const auto& [name, range] : broker.features)
        text += fmt::format(" {}={}..{}", name, range.first, range.last);
    return text +
           fmt::format(" directories {}cordoned {}",
                       ids_text(broker.log_directories),
                       broker.cordoned_directories ? ids_text(*broker.cordoned_directories) : "?");
}

inline std::string text_of(const PartitionState& partition) {
    return fmt::format(
        "replicas {}isr {}removing {}adding {}elr {}last {}leader {} recovery {} epoch {} "
        "change {} directories {}",
        ids_text(partition.replicas),
        ids_text(partition.isr),
        ids_text(partition.removing_replicas),
        ids_text(partition.adding_replicas),
        ids_text(partition.eligible_leader_replicas),
        ids_text(partition.last_known_elr),
        partition.leader,
        partition.leader_recovery_state,
        partition.leader_epoch,
        partition.partition_epoch,
        ids_text(partition.directories));
}

// The bytes of records that the image keeps as they came: printing hides their secrets.
template <typename Kept>
void add_kept(const Kept& kept, Lines& lines) {
    kept.for_each([&](const auto&, const auto& record) {
        const Bytes bytes = protocol::encode(*record, protocol::Version(0)).flatten();
        lines.push_back(fmt::format("{} {}", record->message_name, to_hex(bytes.view())));
    });
}

// Without offset, epoch and controller: they say where the image was taken, not what it holds.
inline Lines content_of(const Image& image) {
    Lines lines;
    for (const auto& [name, level] : image.features)
        lines.push_back(fmt::format("feature {} {}", name, level));
    image.brokers.for_each([&](NodeId id, const BrokerPtr& broker) {
        lines.push_back(fmt::format("{}: {}", id, text_of(*broker)));
    });
    image.topics_by_id.for_each([&](const Uuid& id, const TopicPtr& topic) {
        const Topic* named = image.find_topic(topic->name);
        lines.push_back(fmt::format("topic {} {} {} {}",
                                    id,
                                    topic->id,
                                    topic->name,
                                    named == nullptr ? "(not by name)" : named->id.text()));
        for (const PartitionState& partition : topic->partitions)
            lines.push_back(fmt::format("partition of {} {}", topic->name, text_of(partition)));
    });
    image.configs.for_each([&](const ConfigResource& resource, const ConfigValuesPtr& values) {
        for (const auto& [key, value] : *values) {
            lines.push_back(fmt::format("config {} '{}' {}={}",
                                        static_cast<int>(resource.type),
                                        resource.name,
                                        key,
                                        value));
        }
    });
    lines.push_back(fmt::format("producer ids from {}", image.next_producer_id));
    lines.push_back(fmt::format("{} topics by name", image.topics.size()));
    for (const auto& [id, controller] : image.controllers)
        lines.push_back(fmt::format("{}: {}", id, text_of(controller)));
    add_kept(image.security.quotas, lines);
    add_kept(image.security.access_rules, lines);
    add_kept(image.security.scram_credentials, lines);
    add_kept(image.security.delegation_tokens, lines);
    return lines;
}

// The lines that only one of two contents has; empty when they are equal.
inline std::string difference(const Lines& left, const Lines& right) {
    std::string text;
    const std::multiset<std::string> lefts(left.begin(), left.end());
    const std::multiset<std::string> rights(right.begin(), right.end());
    for (const std::string& line : lefts) {
        if (lefts.count(line) != rights.count(line)) text += "< " + line + "\n";
    }
    for (const std::string& line : rights) {
        if (lefts.count(line) != rights.count(line)) text += "> " + line + "\n";
    }
    return text;
}

}  // namespace glasslog::metadata::test
