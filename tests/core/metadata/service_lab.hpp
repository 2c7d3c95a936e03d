#pragma once

// A metadata service on the simulated disk.

#include "core/metadata/service.hpp"
#include "core/storage/log_directory.hpp"
#include "sim/disk_lab.hpp"
#include "tests/core/metadata/registration.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace glasslog::metadata::test {

class ServiceLab {
public:
    explicit ServiceLab(std::uint64_t seed = 1)
        : lab_(sim::DiskLab::Options{.seed = seed, .disk = {}, .reactors = 1}) {}

    // Runs the world until `start` has its answer; empty when the node crashed before.
    template <typename T, typename F>
    std::optional<T> await(F start) {
        auto answer = std::make_shared<std::optional<T>>();
        start([answer](T got) { answer->emplace(std::move(got)); });
        EXPECT_FALSE(answer->has_value()) << "answered from inside the call";
        lab_.run_until([&] { return answer->has_value() || lab_.has_crashed(); });
        return std::move(*answer);
    }

    // Opens the directory and starts the service; false when the node crashed on the way.
    bool start() {
        if (!open()) return false;
        const auto started =
            await<Expected<void, IoError>>([&](auto done) { service_->start(std::move(done)); });
        if (!started) return false;
        EXPECT_TRUE(started->has_value()) << (*started ? "" : started->error().text());
        if (!*started) return false;
        lab_.run_until([&] { return is_leading() || lab_.has_crashed(); }, Duration::seconds(10));
        return !lab_.has_crashed();
    }

    // It decides, and the first records of its log are committed.
    bool is_leading() {
        return service_->is_active() && image().features.contains("metadata.version");
    }

    // The same, without waiting for the service.
    bool begin_start() {
        if (!open()) return false;
        service_->start([](const Expected<void, IoError>&) {});
        return true;
    }

    bool open() {
        runtime_ = std::make_unique<runtime::Runtime>(lab_.runtime());
        directory_ = std::make_unique<storage::LogDirectory>(*runtime_, "data");
        using Opened = Expected<storage::OpenedDirectory, IoError>;
        auto opened = await<Opened>([&](auto done) {
            directory_->open(
                {.owner = {}, .format = storage::MetaProperties{"cluster", NodeId(1), {3, 3}}},
                std::move(done));
        });
        if (!opened) return false;
        EXPECT_TRUE(opened->has_value());
        ServiceOptions chosen = options(**opened);
        if (has_static_voters) chosen.quorum.configured = static_voters(chosen.quorum.configured);
        chosen.batch = batch;
        chosen.controller.records_per_request_max = batch.records_max;
        if (snapshot_after_bytes) chosen.snapshot_after_bytes = *snapshot_after_bytes;
        service_ = std::make_unique<Service>(*runtime_, *directory_, std::move(chosen));
        service_->on_failure([this](IoError error) { failure_ = std::move(error); });
        return true;
    }

    // Of a service that is opened later.
    BatchLimits batch;

    // Of a service that is opened later: its voters stand in a configuration file.
    bool has_static_voters = false;

    static raft::VotersAt static_voters(const raft::VotersAt& voters) {
        std::vector<raft::Voter> all(voters.voters.all().begin(), voters.voters.all().end());
        for (raft::Voter& one : all)
            one.voter_directory_id = {};
        return {no_offset, raft::VoterSet(std::move(all)), 0};
    }

    // A quorum of this node alone.
    static ServiceOptions options(const storage::OpenedDirectory& opened) {
        const raft::Voter self{.voter_id = NodeId(1),
                               .voter_directory_id = opened.meta.directory_id,
                               .endpoints = {{"CONTROLLER", "host", 9093}},
                               .kraft_version_feature = {0, 1}};
        ServiceOptions options;
        options.controller.node = NodeId(1);
        options.controller.trusts_directory_locks = true;  // as a node does
        options.controller.cluster_id = opened.meta.cluster_id;
        options.quorum.machine.self = raft::key_of(self);
        options.quorum.machine.endpoints = self.endpoints;
        options.quorum.cluster_id = opened.meta.cluster_id;
        options.quorum.configured = {no_offset, raft::VoterSet({self}), 1};
        options.quorum.shutdown =
            opened.clean_shutdown ? storage::Shutdown::clean : storage::Shutdown::unclean;
        options.quorum.is_new = opened.partitions.empty();
        return options;
    }

    std::optional<protocol::WireError> create(const std::string& name, int partitions = 1) {
        protocol::CreateTopicsRequest body;
        body.topics.emplace_back();
        body.topics[0].name = name;
        body.topics[0].num_partitions = partitions;
        body.topics[0].replication_factor = 1;
        const auto response = await<protocol::CreateTopicsResponse>([&](auto done) {
            service_->handle<protocol::CreateTopicsResponse>(std::move(body),
                                                             protocol::Version(7),
                                                             std::move(done));
        });
        if (!response) return std::nullopt;
        return response->topics.at(0).error_code;
    }

    std::optional<BrokerEpoch> register_broker(std::uint64_t incarnation) {
        using Registered = protocol::BrokerRegistrationResponse;
        const auto registered = await<Registered>([&](auto done) {
            service_->handle<Registered>(registration_of(NodeId(1), incarnation, {Uuid{3, 3}}),
                                         protocol::Version(4),
                                         std::move(done));
        });
        if (!registered || registered->error_code != protocol::WireError::none) return std::nullopt;
        using Beaten = protocol::BrokerHeartbeatResponse;
        const BrokerEpoch epoch = registered->broker_epoch;
        const auto beaten = await<Beaten>([&](auto done) {
            service_->handle<Beaten>(heartbeat_of(NodeId(1), epoch, image().offset),
                                     protocol::Version(1),
                                     std::move(done));
        });
        if (!beaten || beaten->is_fenced) return std::nullopt;
        return epoch;
    }

    // The process dies, or the power goes; everything is gone but the disk.
    void crash(std::optional<sim::CrashModel> model) {
        if (!lab_.has_crashed()) lab_.crash(model);
        drop();
        lab_.reopen();
    }

    void drop() {
        service_.reset();
        directory_.reset();
        runtime_.reset();
    }

    // A file of the data directory, as a format left it: durable.
    void put_file(const std::string& name, ByteView bytes) {
        sim::DiskImage& image = lab_.image();
        ASSERT_TRUE(image.make_directory("data").has_value());
        const auto inode = image.open("data/" + name, runtime::OpenMode::create);
        ASSERT_TRUE(inode.has_value()) << name;
        image.append(*inode, Payload(Bytes::copy_of(bytes)), WallTime::from_milliseconds(1));
        image.sync_upto(*inode, image.changes(*inode));
        ASSERT_TRUE(image.sync_directory("data").has_value());
    }

    Service& service() { return *service_; }

    const std::optional<IoError>& failure() const { return failure_; }

    const Image& image() { return *service_->image(); }

    storage::LogDirectory& directory() { return *directory_; }

    sim::DiskLab& lab() { return lab_; }

    std::optional<std::int64_t> snapshot_after_bytes;  // of the next start

private:
    sim::DiskLab lab_;
    std::unique_ptr<runtime::Runtime> runtime_;
    std::unique_ptr<storage::LogDirectory> directory_;
    std::unique_ptr<Service> service_;
    std::optional<IoError> failure_;
};

}  // namespace glasslog::metadata::test
