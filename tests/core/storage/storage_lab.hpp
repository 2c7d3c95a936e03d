#pragma once

// A partition's log on the simulated disk, and batches to put into it.

#include "core/log/batch_facts.hpp"
#include "core/protocol/batch_builder.hpp"
#include "core/storage/names.hpp"
#include "core/storage/partition_log.hpp"
#include "sim/disk_lab.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace glasslog::storage::test {

inline constexpr const char* log_folder = "data/orders-0";

// A batch as a leader has it after assigning offsets. Values tell their offset, and are padded.
struct BatchSpec {
    std::int64_t base = 0;
    int count = 1;
    std::int64_t time = 1'700'000'000'000;  // of its first record; each next one is a ms later
    int epoch = 0;
    std::int64_t producer = -1;
    int producer_epoch = 0;
    int sequence = 0;
    std::size_t value_bytes = 20;
};

inline Bytes make_batch(const BatchSpec& spec) {
    protocol::BatchOptions options;
    options.base_offset = Offset(spec.base);
    options.leader_epoch = LeaderEpoch(spec.epoch);
    if (spec.producer >= 0) {
        options.producer_id = ProducerId(spec.producer);
        options.producer_epoch = ProducerEpoch(static_cast<std::int16_t>(spec.producer_epoch));
        options.base_sequence = Sequence(spec.sequence);
    }
    protocol::BatchBuilder builder(options);
    for (int i = 0; i < spec.count; ++i) {
        std::string value = fmt::format("value {}", spec.base + i);
        value.resize(std::max(spec.value_bytes, value.size()), '.');
        builder.append({.timestamp = spec.time < 0 ? -1 : spec.time + i,
                        .key = std::nullopt,
                        .value = as_bytes(value),
                        .headers = {}});
    }
    return builder.build();
}

inline std::vector<log::BatchFacts> facts_of(const Bytes& batches) {
    std::vector<log::BatchFacts> all;
    ByteView rest = batches.view();
    while (!rest.empty()) {
        const auto facts = log::read_facts(rest);
        EXPECT_TRUE(facts.has_value());
        if (!facts) break;
        all.push_back(*facts);
        rest = rest.subspan(facts->size_bytes);
    }
    return all;
}

class StorageLab {
public:
    explicit StorageLab(LogConfig config = {}, std::uint64_t seed = 1)
        : lab_(sim::DiskLab::Options{.seed = seed, .disk = {}, .reactors = 1}), config_(config) {
        EXPECT_TRUE(lab_.image().make_directory(log_folder).has_value());
        EXPECT_TRUE(lab_.image().sync_directory("data").has_value());
        EXPECT_TRUE(lab_.image().sync_directory("").has_value());
    }

    // Runs the world until `start` has its answer; empty when the node crashed before.
    template <typename T, typename F>
    std::optional<Expected<T, IoError>> await(F start) {
        auto answer = std::make_shared<std::optional<Expected<T, IoError>>>();
        start([answer](Expected<T, IoError> got) { answer->emplace(std::move(got)); });
        EXPECT_FALSE(answer->has_value()) << "answered from inside the call";
        lab_.run_until([&] { return answer->has_value() || lab_.has_crashed(); });
        return *answer;
    }

    std::optional<Expected<Loaded, IoError>> open(OpenLog how, StorageRules rules = {}) {
        log_ = std::make_unique<PartitionLog>(lab_.runtime(), log_folder, config_, rules);
        return await<Loaded>([&](auto done) { log_->open(how, std::move(done)); });
    }

    // Clean, from the beginning; fails the test when that does not work.
    Loaded must_open(OpenLog how = {.shutdown = Shutdown::unclean}) {
        const auto loaded = open(how);
        EXPECT_TRUE(loaded.has_value() && loaded->has_value());
        if (!loaded || !*loaded) return {};
        return **loaded;
    }

    bool append(const BatchSpec& spec) {
        const Bytes batch = make_batch(spec);
        const auto facts = facts_of(batch);
        const auto done = await<void>([&](auto callback) {
            log_->append({batch, facts}, std::move(callback));
        });
        return done.has_value() && done->has_value();
    }

    bool sync() {
        const auto done = await<Offset>([&](auto callback) { log_->sync(std::move(callback)); });
        return done.has_value() && done->has_value();
    }

    bool close() {
        const auto done = await<void>([&](auto callback) { log_->close(std::move(callback)); });
        log_.reset();
        return done.has_value() && done->has_value();
    }

    // Everything in [from, log end), by as many reads as it takes.
    std::string read_all(Offset from, std::size_t max_bytes = 1 << 20) {
        std::string all;
        while (from < log_->log_end()) {
            const auto result = await<ReadResult>([&](auto done) {
                log_->read({.from = from,
                            .upto = log_->log_end(),
                            .max_bytes = max_bytes,
                            .min_one_batch = true},
                           std::move(done));
            });
            if (!result || !*result) return all + "error";
            if ((*result)->batches.empty()) return all + "stuck";
            const Bytes bytes = (*result)->batches.flatten();
            all += as_text(bytes.view());
            from = (*result)->next;
        }
        return all;
    }

    // The process dies, or the power goes; the log object goes with it.
    void crash(std::optional<sim::CrashModel> model) {
        if (!lab_.has_crashed()) lab_.crash(model);
        log_.reset();
        lab_.reopen();
    }

    std::string path(Offset base, SegmentFile kind) const {
        return std::string(log_folder) + "/" + segment_file_name(base, kind);
    }

    std::vector<std::string> files() {
        std::vector<std::string> names;
        for (const std::string& file : lab_.image().files()) {
            const std::string folder = std::string(log_folder) + "/";
            if (file.starts_with(folder)) names.push_back(file.substr(folder.size()));
        }
        return names;
    }

    Bytes contents(Offset base, SegmentFile kind) {
        return lab_.image().contents(path(base, kind)).value_or(Bytes());
    }

    // As if another program had written it, and synced.
    void put_file(const std::string& name, ByteView bytes) {
        sim::DiskImage& image = lab_.image();
        const auto inode = image.open(name, runtime::OpenMode::create_or_append);
        ASSERT_TRUE(inode.has_value()) << name;
        image.truncate(*inode, 0, WallTime::from_milliseconds(1));
        image.append(*inode, Payload(Bytes::copy_of(bytes)), WallTime::from_milliseconds(1));
        image.sync_upto(*inode, image.changes(*inode));
        const std::size_t slash = name.rfind('/');
        ASSERT_TRUE(image.sync_directory(name.substr(0, slash)).has_value());
    }

    PartitionLog& log() { return *log_; }

    sim::DiskLab& lab() { return lab_; }

    LogConfig& config() { return config_; }

private:
    sim::DiskLab lab_;
    LogConfig config_;
    std::unique_ptr<PartitionLog> log_;
};

}  // namespace glasslog::storage::test
