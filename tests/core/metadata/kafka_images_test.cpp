// The metadata directories of Apache Kafka 4.3.1, folded to images: from the log alone, from a
// snapshot and the log behind it, of the active controller and of a follower. With GLASSLOG_FACTS.

#include "core/metadata/features.hpp"
#include "core/metadata/image_records.hpp"
#include "core/metadata/one_voter_log.hpp"
#include "core/protocol/record_batch.hpp"
#include "core/raft/snapshot_file.hpp"
#include "tests/core/metadata/image_text.hpp"
#include "tests/support/facts_archive.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

namespace glasslog::metadata::test {
namespace {

namespace fs = std::filesystem;

using nlohmann::json;
using raft::SnapshotId;
using support::FactsArchive;

const std::string log_folder = "__cluster_metadata-0/";

constexpr SnapshotId older{Offset(4589), LeaderEpoch(3)};
constexpr SnapshotId newer{Offset(4692), LeaderEpoch(3)};

// Batches of the log at and above the end of what `fold` has, below `upto`.
void fold_log(ImageFold& fold, const Bytes& log, Offset upto) {
    const Offset from = fold.image().offset + 1;
    for (ByteView left = log.view(); !left.empty();) {
        const auto batch = protocol::BatchView::read(left);
        if (!batch) break;  // preallocated zeros, a batch half copied while Kafka ran
        left = left.subspan(batch->size());
        if (batch->base_offset() < from || batch->base_offset() >= upto) continue;
        const auto entries = read_entries(*batch);
        ASSERT_TRUE(entries) << entries.error().text();
        for (const LogEntry& entry : *entries) {
            if (const auto* records = std::get_if<ReplayedBatch>(&entry)) {
                fold.apply(records->records, records->base, records->epoch);
            } else if (const auto* level = std::get_if<ReplayedKraftVersion>(&entry)) {
                fold.apply_kraft_version(level->level, level->offset, level->epoch);
            }
        }
    }
}

Image from_log(const FactsArchive& archive, Offset upto) {
    ImageFold fold({});
    const auto path = archive.data() / log_folder / "00000000000000000000.log";
    fold_log(fold, support::read_file(path), upto);
    EXPECT_FALSE(fold.is_in_transaction());
    return fold.image();
}

raft::Snapshot read_snapshot(const FactsArchive& archive, const SnapshotId& id) {
    const auto path = archive.data() / log_folder / raft::snapshot_file_name({id, {}});
    auto snapshot = raft::decode_snapshot(support::read_file(path), id.epoch);
    EXPECT_TRUE(snapshot) << path;
    return snapshot ? *std::move(snapshot) : raft::Snapshot{};
}

Image from_snapshot(const FactsArchive& archive, const SnapshotId& id) {
    const raft::Snapshot snapshot = read_snapshot(archive, id);
    auto image = image_of_snapshot(snapshot.records, {id.end, id.epoch, snapshot.kraft_version});
    EXPECT_TRUE(image);
    return image ? *std::move(image) : Image{};
}

TEST(KafkaImagesTest, AreTheSameFromTheLogAndFromASnapshot) {
    const FactsArchive active("metadata-active");
    const FactsArchive follower("metadata-follower");
    if (!active.is_there()) GTEST_SKIP() << "GLASSLOG_FACTS is not set";

    for (const SnapshotId& id : {older, newer}) {
        const Image snapshot = from_snapshot(active, id);
        EXPECT_EQ(difference(content_of(snapshot), content_of(from_log(active, id.end))), "");
        EXPECT_GT(content_of(snapshot).size(), 200U);
    }
    EXPECT_EQ(difference(content_of(from_snapshot(follower, newer)),
                         content_of(from_log(follower, newer.end))),
              "");
}

TEST(KafkaImagesTest, GoOnFromASnapshotAsFromTheLog) {
    const FactsArchive active("metadata-active");
    if (!active.is_there()) GTEST_SKIP() << "GLASSLOG_FACTS is not set";
    const Bytes log = support::read_file(active.data() / log_folder / "00000000000000000000.log");
    ImageFold fold(from_snapshot(active, older));

    fold_log(fold, log, Offset(INT64_MAX));

    const Image whole = from_log(active, Offset(INT64_MAX));
    EXPECT_GT(whole.offset, newer.end);
    EXPECT_EQ(fold.image().offset, whole.offset);
    EXPECT_EQ(fold.image().epoch, whole.epoch);
    EXPECT_EQ(difference(content_of(fold.image()), content_of(whole)), "");
}

TEST(KafkaImagesTest, AreTheSameOnEveryController) {
    const FactsArchive active("metadata-active");
    const FactsArchive follower("metadata-follower");
    if (!active.is_there()) GTEST_SKIP() << "GLASSLOG_FACTS is not set";

    for (const std::int64_t upto : {13, 500, 1'800, 2'715, 3'500, 4'126, 4'692, 4'750}) {
        const Image one = from_log(active, Offset(upto));
        const Image other = from_log(follower, Offset(upto));
        EXPECT_EQ(one.offset, other.offset) << upto;
        EXPECT_EQ(difference(content_of(one), content_of(other)), "") << upto;
    }
}

// Kafka keeps features and listeners of a node in maps without order.
template <typename Registration>
void sort_parts(Registration& record) {
    const auto name = [](const auto& part) { return part.name; };
    std::ranges::sort(record.features, {}, name);
    std::ranges::sort(record.endpoints, {}, name);
}

std::string canonical(Record record) {
    if (auto* broker = std::get_if<protocol::RegisterBrokerRecord>(&record)) sort_parts(*broker);
    if (auto* controller = std::get_if<protocol::RegisterControllerRecord>(&record)) {
        sort_parts(*controller);
    }
    return protocol::metadata_record_name(record) + to_hex(encode_record(record).view());
}

TEST(KafkaImagesTest, GiveBackTheRecordsOfKafkasSnapshot) {
    const FactsArchive active("metadata-active");
    if (!active.is_there()) GTEST_SKIP() << "GLASSLOG_FACTS is not set";
    std::vector<std::string> theirs;
    for (const Bytes& value : read_snapshot(active, newer).records) {
        const auto record = protocol::decode_metadata_record(value);
        ASSERT_TRUE(record);
        theirs.push_back(canonical(record->record));
    }

    std::vector<std::string> ours;
    for (const Record& record : image_records(from_log(active, newer.end)))
        ours.push_back(canonical(record));

    EXPECT_EQ(difference(ours, theirs), "");
}

TEST(KafkaImagesTest, ComeFromSnapshotsThatAreWrittenAsTheyWereRead) {
    std::size_t count = 0;
    for (const char* name :
         {"formatted-standalone", "metadata-active", "metadata-follower", "one-node-clean"}) {
        const FactsArchive archive(name);
        if (!archive.is_there()) GTEST_SKIP() << "GLASSLOG_FACTS is not set";
        for (const auto& entry : fs::recursive_directory_iterator(archive.data())) {
            const auto parsed = raft::parse_snapshot_file_name(entry.path().filename().string());
            const bool is_bootstrap = entry.path().filename() == "bootstrap.checkpoint";
            if (!parsed && !is_bootstrap) continue;
            const LeaderEpoch epoch = parsed ? parsed->id.epoch : LeaderEpoch(0);
            const auto theirs = raft::decode_snapshot(support::read_file(entry.path()), epoch);
            ASSERT_TRUE(theirs) << entry.path() << theirs.error().text();
            std::vector<std::uint8_t> ours;
            for (const Bytes& batch : raft::encode_snapshot(*theirs, {.epoch = epoch}))
                ours.insert(ours.end(), batch.view().begin(), batch.view().end());

            const auto again = raft::decode_snapshot(Bytes::from(std::move(ours)), epoch);

            ASSERT_TRUE(again) << entry.path();
            EXPECT_EQ(*again, *theirs) << entry.path();
            ++count;
        }
    }
    EXPECT_EQ(count, 9U);
}

// ------------------------------------------------- against the words of Kafka's own dump tool

// "type" and "data" of every record that the tool printed of `file`, or of all of them.
std::vector<json> dumped_records(const FactsArchive& archive, const std::string& file) {
    std::vector<json> records;
    std::ifstream in(archive.dump());
    bool is_inside = false;
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("Dumping ")) is_inside = line.ends_with(log_folder + file);
        const std::size_t at = line.find("payload: {");
        if (is_inside && at != std::string::npos)
            records.push_back(json::parse(line.substr(at + 9)));
    }
    EXPECT_FALSE(records.empty()) << file;
    return records;
}

std::string joined(const json& numbers) {
    std::string text;
    for (const auto& one : numbers)
        text += one.is_string() ? one.get<std::string>() + " " : fmt::format("{} ", one.dump());
    return text;
}

std::string partition_text(const json& data) {
    return fmt::format("{} {} replicas {}isr {}leader {} epoch {} change {} directories {}",
                       data.at("topicId").get<std::string>(),
                       data.at("partitionId").dump(),
                       joined(data.at("replicas")),
                       joined(data.at("isr")),
                       data.at("leader").dump(),
                       data.at("leaderEpoch").dump(),
                       data.at("partitionEpoch").dump(),
                       joined(data.at("directories")));
}

// What a record of the tool says, in the words of the function below.
std::string told_by_kafka(const json& record) {
    const std::string type = record.at("type");
    const json& data = record.at("data");
    const auto text = [&](const char* key) { return data.at(key).get<std::string>(); };
    if (type == "FEATURE_LEVEL_RECORD") {
        return fmt::format("feature {} {}", text("name"), data.at("featureLevel").dump());
    }
    if (type == "TOPIC_RECORD") return fmt::format("topic {} {}", text("topicId"), text("name"));
    if (type == "PARTITION_RECORD") return "partition " + partition_text(data);
    if (type == "CONFIG_RECORD") {
        return fmt::format("config {} '{}' {}={}",
                           data.at("resourceType").dump(),
                           text("resourceName"),
                           text("name"),
                           text("value"));
    }
    if (type == "REGISTER_BROKER_RECORD") {
        return fmt::format("broker {} {} {} rack {} fenced {} {} endpoints {}",
                           data.at("brokerId").dump(),
                           data.at("brokerEpoch").dump(),
                           text("incarnationId"),
                           text("rack"),
                           data.at("fenced").dump(),
                           joined(data.at("logDirs")),
                           data.at("endPoints").size());
    }
    if (type == "PRODUCER_IDS_RECORD") return "producer ids " + data.at("nextProducerId").dump();
    if (type == "REGISTER_CONTROLLER_RECORD") return "controller " + text("incarnationId");
    if (type == "ACCESS_CONTROL_ENTRY_RECORD") {
        return fmt::format("rule {} {} {}", text("id"), text("resourceName"), text("principal"));
    }
    if (type == "USER_SCRAM_CREDENTIAL_RECORD") {
        return fmt::format("credential {} {} {}",
                           text("name"),
                           data.at("mechanism").dump(),
                           data.at("iterations").dump());
    }
    if (type == "CLIENT_QUOTA_RECORD") return "quota " + text("key");
    return type;
}

// The same facts of an image.
std::vector<std::string> told_by_us(const Image& image) {
    std::vector<std::string> lines;
    for (const auto& [name, level] : image.features) {
        if (name != kraft_version) lines.push_back(fmt::format("feature {} {}", name, level));
    }
    image.brokers.for_each([&](NodeId id, const BrokerPtr& broker) {
        lines.push_back(fmt::format("broker {} {} {} rack {} fenced {} {} endpoints {}",
                                    id,
                                    broker->epoch,
                                    broker->incarnation_id,
                                    broker->rack.value_or(""),
                                    broker->is_fenced,
                                    ids_text(broker->log_directories),
                                    broker->endpoints.size()));
    });
    image.topics.for_each([&](const std::string& name, const TopicPtr& topic) {
        lines.push_back(fmt::format("topic {} {}", topic->id, name));
        for (std::size_t index = 0; index < topic->partitions.size(); ++index) {
            const PartitionState& one = topic->partitions[index];
            lines.push_back(fmt::format(
                "partition {} {} replicas {}isr {}leader {} epoch {} change {} directories {}",
                topic->id,
                index,
                ids_text(one.replicas),
                ids_text(one.isr),
                one.leader,
                one.leader_epoch,
                one.partition_epoch,
                ids_text(one.directories)));
        }
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
    lines.push_back(fmt::format("producer ids {}", image.next_producer_id));
    for (const auto& [id, controller] : image.controllers)
        lines.push_back(fmt::format("controller {}", controller.incarnation_id));
    image.security.access_rules.for_each([&](const Uuid& id, const auto& rule) {
        lines.push_back(fmt::format("rule {} {} {}", id, rule->resource_name, rule->principal));
    });
    image.security.scram_credentials.for_each([&](const ScramName& name, const auto& one) {
        lines.push_back(
            fmt::format("credential {} {} {}", name.user, name.mechanism, one->iterations));
    });
    image.security.quotas.for_each(
        [&](const QuotaName& name, const auto&) { lines.push_back("quota " + name.quota); });
    return lines;
}

TEST(KafkaImagesTest, HoldWhatKafkasToolPrintsOfTheSnapshot) {
    const FactsArchive active("metadata-active");
    if (!active.is_there()) GTEST_SKIP() << "GLASSLOG_FACTS is not set";
    std::vector<std::string> theirs;
    for (const json& record : dumped_records(active, raft::snapshot_file_name({newer, {}})))
        theirs.push_back(told_by_kafka(record));

    const std::vector<std::string> ours = told_by_us(from_log(active, newer.end));

    EXPECT_EQ(difference(ours, theirs), "");
    EXPECT_EQ(ours.size(), 218U);
}

// A node without a snapshot: what was created and not removed again is there.
TEST(KafkaImagesTest, HoldTheTopicsThatKafkasToolPrintsOfTheLog) {
    const FactsArchive node("one-node-clean");
    if (!node.is_there()) GTEST_SKIP() << "GLASSLOG_FACTS is not set";
    std::set<std::string> theirs;
    for (const json& record : dumped_records(node, "00000000000000000000.log")) {
        const std::string type = record.at("type");
        if (type == "TOPIC_RECORD") theirs.insert(record.at("data").at("topicId"));
        if (type == "REMOVE_TOPIC_RECORD") theirs.erase(record.at("data").at("topicId"));
    }

    const Image image = from_log(node, Offset(INT64_MAX));

    std::set<std::string> ours;
    image.topics_by_id.for_each([&](const Uuid& id, const TopicPtr&) { ours.insert(id.text()); });
    EXPECT_EQ(ours, theirs);
    EXPECT_EQ(ours.size(), 14U);
    EXPECT_EQ(image.features.at("metadata.version"), 30);
    EXPECT_EQ(image.features.at("kraft.version"), 1);
}

}  // namespace
}  // namespace glasslog::metadata::test
