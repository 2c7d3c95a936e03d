// Directories that Apache Kafka 4.3.1 wrote, opened by our code: batches, indexes, producer state
// and checkpoints are what Kafka's dump tool says. A small one lies in tests/golden/storage; with
// GLASSLOG_FACTS those of a whole broker are opened too, stopped cleanly and killed.

#include "core/storage/dump.hpp"
#include "core/storage/log_directory.hpp"
#include "tests/core/storage/storage_lab.hpp"
#include "tests/support/facts_archive.hpp"
#include "tests/support/golden.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace glasslog::storage::test {
namespace {

namespace fs = std::filesystem;

using support::read_file;

using Lines = std::vector<std::string>;

// "rolls-0/00000000000000000036.index" to the lines that Kafka's tool printed of it: batches, index
// entries, producers. Records are left out: how they are printed depends on the topic.
std::map<std::string, Lines> parse_dump(std::istream& in) {
    std::map<std::string, Lines> files;
    Lines* current = nullptr;
    std::string line;
    while (std::getline(in, line)) {
        if (line.starts_with("###")) current = nullptr;
        if (line.starts_with("Dumping ")) current = &files[line.substr(8)];
        const bool is_fact = line.starts_with("baseOffset: ") || line.starts_with("offset: ") ||
                             line.starts_with("timestamp: ") || line.starts_with("producerId: ") ||
                             line.starts_with("version: ");
        // The first zeros of a preallocated index, which the tool takes for an entry.
        const bool is_padding = line.starts_with("timestamp: 0 ") ||
                                (line.starts_with("offset: ") && line.ends_with("position: 0"));
        if (current != nullptr && is_fact && !is_padding) current->push_back(line);
    }
    return files;
}

// What our dump prints of a file, without its remarks.
Lines our_dump(const std::string& name, ByteView bytes) {
    Lines lines;
    LineSink sink = [&](const std::string& line) {
        if (line.find(": ") != std::string::npos && !line.starts_with("no ")) lines.push_back(line);
    };
    EXPECT_TRUE(describe_file(name, bytes, DumpDepth::batches, sink)) << name;
    return lines;
}

// Copies a folder into the simulated disk.
void put_folder(StorageLab& lab, const fs::path& from, const std::string& to) {
    ASSERT_TRUE(lab.lab().image().make_directory(to).has_value());
    for (const auto& entry : fs::directory_iterator(from)) {
        const std::string name = to + "/" + entry.path().filename().string();
        if (entry.is_directory()) {
            put_folder(lab, entry.path(), name);
        } else {
            lab.put_file(name, read_file(entry.path()).view());
        }
    }
}

TEST(KafkaDirectoryTest, OpensACleanPartitionAsKafkaLeftIt) {
    const fs::path golden = fs::path(GLASSLOG_SOURCE_DIR) / "tests/golden/storage";
    StorageLab lab;
    put_folder(lab, golden / "rolls-0", log_folder);

    const Loaded loaded = lab.must_open({.shutdown = Shutdown::clean});

    EXPECT_EQ(loaded.recovery, RecoveryReport{});
    EXPECT_EQ(loaded.log_start, Offset(36));
    EXPECT_EQ(loaded.log_end, Offset(72));
    EXPECT_EQ(lab.log().segments().size(), 2U);
    EXPECT_EQ(lab.read_all(Offset(54)), as_text(lab.contents(Offset(54), SegmentFile::log).view()));
}

TEST(KafkaDirectoryTest, RebuildsTheIndexesThatKafkaHad) {
    const fs::path golden = fs::path(GLASSLOG_SOURCE_DIR) / "tests/golden/storage";
    StorageLab lab;
    put_folder(lab, golden / "rolls-0", log_folder);
    for (const char* base : {"36", "54"}) {
        for (const char* suffix : {".index", ".timeindex"})
            lab.put_file(std::string(log_folder) + "/000000000000000000" + base + suffix,
                         as_bytes("garbage"));
    }

    const Loaded loaded = lab.must_open({.shutdown = Shutdown::unclean});
    ASSERT_TRUE(lab.close());

    EXPECT_EQ(loaded.recovery.rebuilt_index_count, 2U);
    std::ifstream dump(golden / "rolls-0.dump.txt");
    for (const auto& [file, lines] : parse_dump(dump)) {
        const std::string name = file.substr(file.find('/') + 1);
        const auto bytes = lab.lab().image().contents(std::string(log_folder) + "/" + name);
        ASSERT_TRUE(bytes.has_value()) << name;
        EXPECT_EQ(our_dump(name, bytes->view()), lines) << name;
    }
}

// A broker's directory unpacked, with what Kafka's tool says of it.
class BrokerDirectory {
public:
    explicit BrokerDirectory(const std::string& name) : archive_(name) {
        if (!is_there()) return;
        std::ifstream in(archive_.dump());
        dump = parse_dump(in);
        EXPECT_FALSE(dump.empty());
    }

    bool is_there() const { return archive_.is_there(); }

    fs::path data() const { return archive_.data(); }

    std::map<std::string, Lines> dump;

private:
    support::FactsArchive archive_;
};

TEST(KafkaDirectoryTest, DumpsEveryFileAsKafkaDoes) {
    for (const char* name : {"one-node-clean",
                             "one-node-killed",
                             "metadata-active",
                             "metadata-follower",
                             "formatted-standalone",
                             "mixed-group-consumer-offsets"}) {
        const BrokerDirectory broker(name);
        if (!broker.is_there()) GTEST_SKIP() << "GLASSLOG_FACTS is not set";
        std::size_t compared = 0;
        for (const auto& [file, lines] : broker.dump) {
            if (!fs::exists(broker.data() / file)) continue;
            const Bytes bytes = read_file(broker.data() / file);
            EXPECT_EQ(our_dump(fs::path(file).filename(), bytes.view()), lines) << file;
            ++compared;
        }
        EXPECT_GT(compared, 0U) << name;
    }
}

struct OpenedBroker {
    std::unique_ptr<LogDirectory> directory;
    OpenedDirectory opened;
};

OpenedBroker open_broker(StorageLab& lab, const BrokerDirectory& broker) {
    put_folder(lab, broker.data(), "broker");
    OpenedBroker result;
    result.directory = std::make_unique<LogDirectory>(lab.lab().runtime(), "broker");
    const auto opened = lab.await<OpenedDirectory>([&](auto done) {
        result.directory->open(
            {.owner = {.cluster_id = std::nullopt, .node_id = NodeId(1)}, .format = std::nullopt},
            std::move(done));
    });
    EXPECT_TRUE(opened && *opened);
    if (opened && *opened) result.opened = **opened;
    return result;
}

std::string all_batches(StorageLab& lab, const std::string& folder) {
    std::string text;
    for (const std::string& file : lab.lab().image().files()) {
        if (file.starts_with(folder + "/") && file.ends_with(".log"))
            text += as_text(lab.lab().image().contents(file)->view());
    }
    return text;
}

std::string read_log(StorageLab& lab, PartitionLog& log) {
    std::string all;
    Offset from = log.log_start();
    while (from < log.log_end()) {
        const auto result = lab.await<ReadResult>([&](auto done) {
            log.read(
                {.from = from, .upto = log.log_end(), .max_bytes = 1 << 20, .min_one_batch = true},
                std::move(done));
        });
        if (!result || !*result || (*result)->next == from) return all;
        const Bytes bytes = (*result)->batches.flatten();
        all += as_text(bytes.view());
        from = (*result)->next;
    }
    return all;
}

Lines producers_of(const PartitionLog& log) {
    return our_dump("00000000000000000000.snapshot", log::encode_snapshot(log.producers()).view());
}

TEST(KafkaDirectoryTest, OpensABrokerThatWasStoppedCleanly) {
    const BrokerDirectory broker("one-node-clean");
    if (!broker.is_there()) GTEST_SKIP() << "GLASSLOG_FACTS is not set";
    StorageLab lab;
    const OpenedBroker opened = open_broker(lab, broker);
    EXPECT_EQ(opened.opened.clean_shutdown, BrokerEpoch(14));
    EXPECT_EQ(opened.opened.meta.cluster_id, "CXUrWNcaRVaeM6guPruWhA");
    EXPECT_EQ(opened.opened.partitions.size(), 26U);

    for (const FoundPartition& found : opened.opened.partitions) {
        ASSERT_TRUE(found.topic_id.has_value()) << found.path;
        PartitionLog log(lab.lab().runtime(), found.path, {});
        const auto loaded = lab.await<Loaded>([&](auto done) {
            log.open({.shutdown = Shutdown::clean,
                      .recovery_point = found.recovery_point,
                      .log_start = found.log_start},
                     std::move(done));
        });
        ASSERT_TRUE(loaded && *loaded) << found.path;
        EXPECT_EQ((*loaded)->recovery, RecoveryReport{}) << found.path;
        if (found.recovery_point > Offset(0)) {
            EXPECT_EQ(log.log_end(), found.recovery_point);
        }
        const Offset first = log.segments().front().base;
        EXPECT_EQ(log.log_start(), std::max(first, found.log_start));
        if (log.log_start() == first) {
            EXPECT_EQ(read_log(lab, log), all_batches(lab, found.path)) << found.path;
        }

        const std::string snapshot = partition_directory_name(found.name) + "/" +
                                     segment_file_name(log.log_end(), SegmentFile::snapshot);
        const auto expected = broker.dump.find(snapshot);
        if (expected == broker.dump.end()) continue;
        EXPECT_EQ(producers_of(log), expected->second);
    }
}

// Recovery gives the batches that Kafka's tool found in the killed broker's files, and indexes with
// the entries that Kafka had written, ahead of the last one that only a close adds.
TEST(KafkaDirectoryTest, RecoversABrokerThatWasKilled) {
    const BrokerDirectory broker("one-node-killed");
    if (!broker.is_there()) GTEST_SKIP() << "GLASSLOG_FACTS is not set";
    StorageLab lab;
    const OpenedBroker opened = open_broker(lab, broker);
    EXPECT_FALSE(opened.opened.clean_shutdown.has_value());

    for (const FoundPartition& found : opened.opened.partitions) {
        const std::string before = all_batches(lab, found.path);
        auto log = std::make_unique<PartitionLog>(lab.lab().runtime(), found.path, LogConfig{});
        const auto loaded = lab.await<Loaded>([&](auto done) {
            log->open({.shutdown = Shutdown::unclean,
                       .recovery_point = found.recovery_point,
                       .log_start = found.log_start},
                      std::move(done));
        });
        ASSERT_TRUE(loaded && *loaded) << found.path;
        EXPECT_EQ((*loaded)->recovery.cut_bytes, 0U) << (*loaded)->recovery.reason;
        EXPECT_EQ((*loaded)->recovery.dropped_segment_count, 0U) << (*loaded)->recovery.reason;
        EXPECT_GT((*loaded)->recovery.scanned_segment_count, 0U);
        EXPECT_EQ(all_batches(lab, found.path), before) << found.path;
        const auto closed = lab.await<void>([&](auto done) { log->close(std::move(done)); });
        ASSERT_TRUE(closed && *closed) << found.path;

        for (const auto& [file, lines] : broker.dump) {
            if (!file.starts_with(partition_directory_name(found.name) + "/")) continue;
            const bool is_index = file.ends_with(".index") || file.ends_with(".timeindex");
            const auto bytes = lab.lab().image().contents("broker/" + file);
            if (!is_index || !bytes) continue;
            Lines ours = our_dump(fs::path(file).filename(), bytes->view());
            ASSERT_GE(ours.size(), lines.size()) << file;
            ours.resize(lines.size());
            EXPECT_EQ(ours, lines) << file;
        }
    }
}

}  // namespace
}  // namespace glasslog::storage::test
