#pragma once

// The replicas of a broker's reactors on the simulated disk, with a controller that decides topics
// in memory.

#include "core/metadata/controller.hpp"
#include "core/protocol/batch_builder.hpp"
#include "core/replication/replica_manager.hpp"
#include "sim/disk_lab.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace glasslog::replication::test {

struct Batch {
    int count = 1;
    std::int64_t producer = -1;
    int sequence = 0;
    std::size_t value_bytes = 20;
    std::int64_t time = 1000;  // of its first record; each next one is a ms later
};

Payload make_batch(const Batch& batch);

// A topic's configuration.
using Configs = std::vector<std::pair<std::string, std::string>>;

class ReplicaLab {
public:
    explicit ReplicaLab(std::uint64_t seed = 1, std::int32_t reactors = 1);

    // Opens the directory and starts a manager on every reactor; false: crashed on the way.
    bool start();

    // Closes all; the clean mark is left.
    bool stop();

    // Closes all; what the managers say of it. Empty: crashed on the way.
    std::optional<bool> close_logs();

    // Everything goes but the disk and the metadata.
    void crash(std::optional<sim::CrashModel> model);

    // Decides, and applies the image on every reactor.
    void create(const std::string& topic, std::int32_t partitions = 1, Configs configs = {});
    void remove(const std::string& topic);
    void configure(const std::string& topic, Configs configs);

    // Before start(): as if the metadata had been lost.
    void forget_topics() { image_ = std::make_shared<const metadata::Image>(); }

    PartitionId id(const std::string& topic, std::int32_t index = 0) const;

    // Empty answers: the node crashed before.
    std::optional<AppendResult> append(const PartitionId& partition,
                                       const Batch& batch,
                                       std::int16_t acks = -1);
    std::optional<AppendResult> append_bytes(const PartitionId& partition, Payload records);
    std::optional<std::vector<ReadResult>> fetch(FetchRequest request);
    ReadResult read(const PartitionId& partition, std::int64_t from, std::int32_t max = 1 << 20);
    std::optional<ListOffsetReply> list_offset(const PartitionId& partition, std::int64_t time);
    std::optional<DeleteRecordsReply> delete_records(const PartitionId& partition,
                                                     std::int64_t offset);

    ReplicaManager& manager(const PartitionId& partition) {
        return *managers_.at(static_cast<std::size_t>(
            reactor_of(partition, static_cast<std::int32_t>(managers_.size())).value()));
    }

    ReplicaManager& manager() { return *managers_.at(0); }

    sim::DiskLab& lab() { return lab_; }

    ReplicaOptions options;

    template <typename T, typename F>
    std::optional<T> await(F start) {
        auto answer = std::make_shared<std::optional<T>>();
        start([answer](T got) { answer->emplace(std::move(got)); });
        EXPECT_FALSE(answer->has_value()) << "answered from inside the call";
        lab_.run_until([&] { return answer->has_value() || lab_.has_crashed(); });
        return std::move(*answer);
    }

private:
    void decide(const metadata::Request& request);
    bool wait_for(std::shared_ptr<int> left);

    sim::DiskLab lab_;
    std::int32_t reactor_count_;
    metadata::Controller controller_;
    Offset next_record_{0};
    std::uint64_t topic_ids_ = 0;
    metadata::ImagePtr image_;
    std::vector<std::unique_ptr<runtime::Runtime>> runtimes_;
    std::unique_ptr<storage::LogDirectory> directory_;
    std::unique_ptr<DirectoryHost> host_;
    std::vector<std::unique_ptr<ReplicaManager>> managers_;
};

}  // namespace glasslog::replication::test
