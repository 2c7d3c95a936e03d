#pragma once

// A metadata service on the simulated disk.

#include "core/metadata/service.hpp"
#include "core/storage/log_directory.hpp"
#include "sim/disk_lab.hpp"

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
        return started->has_value();
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
        service_ = std::make_unique<Service>(
            *runtime_,
            *directory_,
            ServiceOptions{.node = NodeId(1), .opened = **opened, .file = {}});
        return true;
    }

    std::optional<protocol::WireError> create(const std::string& name) {
        protocol::CreateTopicsRequest body;
        body.topics.emplace_back();
        body.topics[0].name = name;
        body.topics[0].num_partitions = 1;
        body.topics[0].replication_factor = 1;
        const auto response = await<protocol::CreateTopicsResponse>(
            [&](auto done) { service_->create_topics(std::move(body), std::move(done)); });
        if (!response) return std::nullopt;
        return response->topics.at(0).error_code;
    }

    std::optional<BrokerEpoch> register_broker(std::uint64_t incarnation) {
        BrokerRegistration registration{.id = NodeId(1),
                                        .cluster_id = "cluster",
                                        .incarnation_id = {7, incarnation},
                                        .endpoints = {{"PLAINTEXT", "localhost", 9092, 0}},
                                        .rack = std::nullopt,
                                        .log_directories = {Uuid{3, 3}}};
        using Answered = Expected<BrokerEpoch, protocol::WireError>;
        const auto epoch = await<Answered>([&](auto done) {
            service_->register_broker(std::move(registration), std::move(done));
        });
        if (!epoch || !*epoch) return std::nullopt;
        return **epoch;
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

    const Image& image() { return *service_->image(); }

    storage::LogDirectory& directory() { return *directory_; }

    sim::DiskLab& lab() { return lab_; }

private:
    sim::DiskLab lab_;
    std::unique_ptr<runtime::Runtime> runtime_;
    std::unique_ptr<storage::LogDirectory> directory_;
    std::unique_ptr<Service> service_;
};

}  // namespace glasslog::metadata::test
