#include "core/replication/replica_set.hpp"

#include "core/trace/event.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::replication {

namespace {

namespace kinds = trace::kinds;

using metadata::ConfigResource;
using metadata::ConfigResourceType;
using metadata::PartitionState;
using metadata::Topic;
using metadata::TopicPtr;

PartitionIndex index_of(std::size_t at) {
    return PartitionIndex(static_cast<std::int32_t>(at));
}

// nullptr: the topic, or this partition of it, is not there.
const PartitionState* partition_of(const TopicPtr* topic, std::size_t at) {
    return topic == nullptr ? nullptr : (*topic)->find(index_of(at));
}

}  // namespace

ReplicaSet::ReplicaSet(const runtime::Runtime& runtime,
                       ReplicaListener& listener,
                       DirectoryClient& directory,
                       const ReplicaOptions& options)
    : runtime_(runtime),
      listener_(listener),
      directory_(directory),
      options_(options),
      image_(std::make_shared<const metadata::Image>()) {}

void ReplicaSet::start(metadata::ImagePtr image, UniqueFunction<void()> done) {
    started_ = std::move(done);
    apply(std::move(image));
    has_started_ = true;
    if (runtime_.reactor == ReactorId(0)) set_strays_aside();
    runtime_.executor.post(gate_.wrap([this] { open_more(); }));
}

Replica* ReplicaSet::find(const PartitionId& id) const {
    const auto at = replicas_.find(id);
    return at == replicas_.end() ? nullptr : at->second.get();
}

Replica* ReplicaSet::find_after(const PartitionId& id) const {
    const auto at = replicas_.upper_bound(id);
    return at == replicas_.end() ? nullptr : at->second.get();
}

bool ReplicaSet::is_mine(const PartitionId& id, const PartitionState& partition) const {
    if (reactor_of(id, runtime_.reactor_count) != runtime_.reactor) return false;
    const auto& replicas = partition.replicas;
    return std::find(replicas.begin(), replicas.end(), options_.node) != replicas.end();
}

metadata::ConfigLayers ReplicaSet::layers() const {
    return {*image_, options_.file, options_.node};
}

// ---------------------------------------------------------------------------------------- the
// image

void ReplicaSet::apply(metadata::ImagePtr image) {
    const metadata::ImagePtr before = std::exchange(image_, std::move(image));
    using Topics = metadata::PersistentMap<Uuid, TopicPtr>;
    Topics::for_each_change(before->topics_by_id,
                            image_->topics_by_id,
                            [this](const Uuid&, TopicChange old_topic, TopicChange new_topic) {
                                change_topic(old_topic, new_topic);
                            });
    change_configs(*before);
    if (has_started_) open_more();
}

void ReplicaSet::change_topic(TopicChange before, TopicChange after) {
    const Topic& topic = after == nullptr ? **before : **after;
    const std::size_t old_count = before == nullptr ? 0 : (*before)->partitions.size();
    const std::size_t new_count = after == nullptr ? 0 : (*after)->partitions.size();
    std::optional<metadata::TopicSettings> settings;
    for (std::size_t at = 0; at < std::max(old_count, new_count); ++at) {
        const PartitionId id{topic.id, index_of(at)};
        const PartitionState* was = partition_of(before, at);
        const PartitionState* is = partition_of(after, at);
        if (was != nullptr && is != nullptr && *was == *is) continue;
        const bool is_here = is != nullptr && is_mine(id, *is);
        Replica* replica = find(id);
        if (!is_here) {
            if (replica != nullptr) remove(id);
        } else if (replica == nullptr) {
            if (!settings) settings = metadata::topic_settings(layers(), topic.name);
            add(topic, id.index, *settings);
        } else {
            lead(*replica, *is);
        }
    }
}

void ReplicaSet::change_configs(const metadata::Image& before) {
    bool changes_all = false;
    using Configs = metadata::PersistentMap<ConfigResource, metadata::ConfigValuesPtr>;
    Configs::for_each_change(
        before.configs,
        image_->configs,
        [&](const ConfigResource& resource, const auto* /*was*/, const auto* /*is*/) {
            changes_all = changes_all || resource.type == ConfigResourceType::broker;
            if (resource.type != ConfigResourceType::topic) return;
            const Topic* topic = image_->find_topic(resource.name);
            if (topic != nullptr) configure_topic(*topic);
        });
    if (!changes_all) return;
    image_->topics.for_each(
        [this](const std::string&, const TopicPtr& topic) { configure_topic(*topic); });
}

void ReplicaSet::configure_topic(const Topic& topic) {
    const metadata::TopicSettings settings = metadata::topic_settings(layers(), topic.name);
    for (std::size_t at = 0; at < topic.partitions.size(); ++at) {
        if (Replica* replica = find({topic.id, index_of(at)})) replica->configure(settings);
    }
}

void ReplicaSet::lead(Replica& replica, const PartitionState& partition) {
    if (partition.leader != options_.node) return replica.resign();
    replica.lead({partition.leader_epoch, partition.replicas, partition.isr});
}

// ------------------------------------------------------------------------------------------
// opening

const storage::FoundPartition* ReplicaSet::find_folder(const PartitionId& id,
                                                       const std::string& topic) const {
    if (options_.opened == nullptr) return nullptr;
    const storage::PartitionName name{topic, id.index};
    const auto& found = options_.opened->partitions;
    const auto at = std::lower_bound(
        found.begin(),
        found.end(),
        name,
        [](const auto& one, const storage::PartitionName& key) { return one.name < key; });
    if (at == found.end() || at->name != name) return nullptr;
    return at->topic_id.value_or(id.topic) == id.topic ? &*at : nullptr;
}

void ReplicaSet::add(const Topic& topic,
                     PartitionIndex index,
                     const metadata::TopicSettings& settings) {
    const PartitionId id{topic.id, index};
    const storage::PartitionName name{topic.name, index};
    ReplicaSetup setup{.id = id,
                       .name = name,
                       .path = directory_.partition_path(name),
                       // A folder that is yet to be made has nothing to recover.
                       .how = {.shutdown = storage::Shutdown::clean},
                       .high_watermark = {},
                       .settings = settings,
                       .options = options_};
    const storage::FoundPartition* folder = has_started_ ? nullptr : find_folder(id, topic.name);
    if (folder != nullptr) {
        const bool was_clean = options_.opened->clean_shutdown.has_value();
        if (!was_clean) setup.how.shutdown = storage::Shutdown::unclean;
        setup.how.recovery_point = folder->recovery_point;
        setup.how.log_start = folder->log_start;
        setup.high_watermark = folder->high_watermark;
    }
    auto replica = std::make_unique<Replica>(runtime_, listener_, std::move(setup));
    lead(*replica, *topic.find(index));
    replicas_.emplace(id, std::move(replica));
    to_open_.push_back(id);
}

// A few at a time: each recovery reads its log.
void ReplicaSet::open_more() {
    while (opening_count_ < options_.opening_logs_max && !to_open_.empty()) {
        const PartitionId id = to_open_.front();
        to_open_.pop_front();
        if (find(id) == nullptr) continue;
        ++opening_count_;
        make_folder(id);
    }
    if (opening_count_ == 0 && started_) std::exchange(started_, {})();
}

void ReplicaSet::make_folder(const PartitionId& id) {
    directory_.create(find(id)->name(),
                      id.topic,
                      gate_.wrap([this, id](Expected<void, IoError> made) {
                          if (!made) listener_.on_failure(made.error());
                          // Without a folder the log cannot be opened, and says so.
                          open_log(id);
                      }));
}

void ReplicaSet::open_log(const PartitionId& id) {
    Replica* replica = find(id);
    if (replica == nullptr || is_closing_) return opened_one();
    replica->open([this] { opened_one(); });
}

void ReplicaSet::opened_one() {
    --opening_count_;
    open_more();
}

// Folders that no partition of the image owns: their topic was deleted while this broker was down,
// or the metadata lost them. Nothing is deleted for what a log does not say.
void ReplicaSet::set_strays_aside() {
    if (options_.opened == nullptr) return;
    for (const storage::FoundPartition& found : options_.opened->partitions) {
        if (found.name.topic == metadata::metadata_topic) continue;
        const Topic* topic = image_->find_topic(found.name.topic);
        const bool is_known = topic != nullptr && topic->find(found.name.index) != nullptr &&
                              found.topic_id.value_or(topic->id) == topic->id;
        if (is_known) continue;
        directory_.set_aside(found.name, gate_.wrap([this](Expected<void, IoError> moved) {
            if (!moved) listener_.on_failure(moved.error());
        }));
    }
}

// ------------------------------------------------------------------------------------------
// closing

void ReplicaSet::remove(const PartitionId& id) {
    ++removal_count_;
    auto taken = replicas_.extract(id);
    closing_.push_back(std::move(taken.mapped()));
    Replica& replica = *closing_.back();
    replica.resign();
    // A log that is still opening is closed when that is over.
    auto close = gate_.wrap([this, &replica] {
        replica.close(gate_.wrap([this, &replica](bool) { closed(replica); }));
    });
    if (replica.is_opening()) {
        replica.open_then(std::move(close));
    } else if (replica.is_open()) {
        close();
    } else {
        replica.release_waiting();
        closed(replica);
    }
}

// Its log may be in the middle of saying so: it goes in a task of its own, and then its folder.
void ReplicaSet::closed(const Replica& replica) {
    runtime_.executor.post(gate_.wrap([this, &replica, name = replica.name()] {
        std::erase_if(closing_, [&](const auto& one) { return one.get() == &replica; });
        remove_folder(name);
    }));
}

void ReplicaSet::remove_folder(const storage::PartitionName& name) {
    directory_.remove(name, gate_.wrap([this, name](Expected<void, IoError> gone) {
        --removal_count_;
        if (gone) {
            trace::emit(runtime_.trace, kinds::PartitionDeleted{name.topic, name.index});
        } else {
            listener_.on_failure(gone.error());
        }
        if (is_closing_) closed_one(gone.has_value());
    }));
}

void ReplicaSet::close_all(UniqueFunction<void()> done) {
    closed_all_ = std::move(done);
    is_closing_ = true;
    to_open_.clear();
    // Folders on their way out go first: the next start would take them for strays.
    closing_count_ = 1 + removal_count_;
    for (const auto& [id, replica] : replicas_) {
        ++closing_count_;
        const auto close = gate_.wrap([this, one = replica.get()] {
            one->close(gate_.wrap([this](bool is_clean) { closed_one(is_clean); }));
        });
        if (replica->is_opening()) {
            replica->open_then(close);
        } else if (replica->is_open()) {
            runtime_.executor.post(close);
        } else {
            --closing_count_;
            is_clean_ = false;  // what it holds was not looked at yet
        }
    }
    runtime_.executor.post(gate_.wrap([this] { closed_one(true); }));
}

void ReplicaSet::closed_one(bool is_clean) {
    is_clean_ = is_clean_ && is_clean;
    if (--closing_count_ == 0) std::exchange(closed_all_, {})();
}

}  // namespace glasslog::replication
