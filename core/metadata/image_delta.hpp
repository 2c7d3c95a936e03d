#pragma once

// ImageDelta: applies the records of one batch to an image. A topic is copied once per batch,
// however many of its partitions change; everything else is shared with the image before.

#include "core/metadata/image.hpp"
#include "core/metadata/records.hpp"

#include <map>
#include <memory>

namespace glasslog::metadata {

class ImageDelta {
public:
    explicit ImageDelta(Image before) : image_(std::move(before)) {}

    // Records that name what does not exist change nothing: the log may be older than this build.
    void apply(const Record& record);

    // The image after all of them. Once.
    Image finish();

private:
    void apply_one(const protocol::RegisterBrokerRecord& record);
    void apply_one(const protocol::TopicRecord& record);
    void apply_one(const protocol::PartitionRecord& record);
    void apply_one(const protocol::ConfigRecord& record);
    void apply_one(const protocol::PartitionChangeRecord& record);
    void apply_one(const protocol::RemoveTopicRecord& record);
    void apply_one(const protocol::FeatureLevelRecord& record);
    void apply_one(const protocol::ProducerIdsRecord& record);
    void apply_one(const protocol::BrokerRegistrationChangeRecord& record);

    void apply_one(const protocol::UnregisterBrokerRecord& record);
    void apply_one(const protocol::FenceBrokerRecord& record);
    void apply_one(const protocol::UnfenceBrokerRecord& record);
    void apply_one(const protocol::RegisterControllerRecord& record);
    void apply_one(const protocol::ClearElrRecord& record);

    // Security knows credentials, rules, quotas. All else says nothing of the cluster: idle marks,
    // frames of transactions, what is gone since ZooKeeper, what a later Kafka wrote.
    template <typename Other>
    void apply_one(const Other& record) {
        if constexpr (requires(Security& security) { security.apply(record); }) {
            image_.security.apply(record);
        }
    }

    // The broker of this epoch, to be changed; nullptr when there is none.
    std::shared_ptr<Broker> edit(NodeId id, BrokerEpoch epoch) const;

    void clear_elr(const Uuid& topic);

    // The topic, to be changed; nullptr when there is none.
    Topic* edit(const Uuid& id);

    Image image_;
    std::map<Uuid, std::shared_ptr<Topic>> edited_;
};

}  // namespace glasslog::metadata
