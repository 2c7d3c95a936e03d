#pragma once

// ReplicaSet: which replicas this reactor has. It follows the metadata image: folders are made and
// logs opened (a few at a time), leadership and configuration passed on, and what is gone is closed
// and deleted. Used by ReplicaManager only.

#include "core/metadata/configs.hpp"
#include "core/metadata/image.hpp"
#include "core/replication/directory_host.hpp"
#include "core/replication/replica.hpp"
#include "core/replication/replica_manager.hpp"

#include <deque>
#include <map>
#include <memory>
#include <vector>

namespace glasslog::replication {

class ReplicaSet {
public:
    ReplicaSet(const runtime::Runtime& runtime,
               ReplicaListener& listener,
               DirectoryClient& directory,
               const ReplicaOptions& options);

    // `done` when every log of `image` is open or has failed. On reactor 0 it also sets folders
    // aside whose partition is in no image.
    void start(metadata::ImagePtr image, UniqueFunction<void()> done);

    void apply(metadata::ImagePtr image);

    void close_all(UniqueFunction<void()> done);

    // After close_all: every log was opened, took all that it was given, and was closed in order.
    bool is_clean() const { return is_clean_; }

    Replica* find(const PartitionId& id) const;

    const metadata::ImagePtr& image() const { return image_; }

    const ReplicaOptions& options() const { return options_; }

    std::size_t size() const { return replicas_.size(); }

    // visit(const Replica&), by id.
    template <typename Visit>
    void for_each(Visit visit) const {
        for (const auto& [id, replica] : replicas_)
            visit(*replica);
    }

    template <typename Visit>
    void for_each_mutable(Visit visit) {
        for (const auto& [id, replica] : replicas_)
            visit(*replica);
    }

    // The first one after `id`, for walks that go on later; nullptr at the end.
    Replica* find_after(const PartitionId& id) const;

private:
    using TopicChange = const metadata::TopicPtr*;

    bool is_mine(const PartitionId& id, const metadata::PartitionState& partition) const;
    metadata::ConfigLayers layers() const;
    void change_topic(TopicChange before, TopicChange after);
    void change_configs(const metadata::Image& before);
    void configure_topic(const metadata::Topic& topic);
    void add(const metadata::Topic& topic,
             PartitionIndex index,
             const metadata::TopicSettings& settings);
    void remove(const PartitionId& id);
    void lead(Replica& replica, const metadata::PartitionState& partition);
    const storage::FoundPartition* find_folder(const PartitionId& id,
                                               const std::string& topic) const;
    void open_more();
    void make_folder(const PartitionId& id);
    void open_log(const PartitionId& id);
    void opened_one();
    void set_strays_aside();
    void closed(const Replica& replica);
    void remove_folder(const storage::PartitionName& name);
    void closed_one(bool is_clean);

    const runtime::Runtime& runtime_;
    ReplicaListener& listener_;
    DirectoryClient& directory_;
    const ReplicaOptions& options_;
    metadata::ImagePtr image_;
    std::map<PartitionId, std::unique_ptr<Replica>> replicas_;
    std::vector<std::unique_ptr<Replica>> closing_;
    std::deque<PartitionId> to_open_;
    std::size_t opening_count_ = 0;
    std::size_t closing_count_ = 0;
    std::size_t removal_count_ = 0;  // from remove() until the folder is gone
    bool has_started_ = false;
    bool is_closing_ = false;
    bool is_clean_ = true;
    UniqueFunction<void()> started_;
    UniqueFunction<void()> closed_all_;
    runtime::Gate gate_;
};

}  // namespace glasslog::replication
