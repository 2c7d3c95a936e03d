// The metadata service over the log of a quorum that is this node alone, on the simulated disk:
// what it writes, that answers wait for the sync, and that a crash at any moment loses nothing that
// was answered.

#include "core/metadata/bootstrap.hpp"
#include "core/metadata/log_entries.hpp"
#include "core/protocol/record_batch.hpp"
#include "core/raft/snapshot_file.hpp"
#include "tests/core/metadata/service_lab.hpp"
#include "tests/support/facts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

namespace glasslog::metadata::test {
namespace {

using protocol::WireError;
using testing::ElementsAre;

const std::string log_path = "data/__cluster_metadata-0/00000000000000000000.log";
const std::string quorum_path = "data/__cluster_metadata-0/quorum-state";

TEST(ServiceTest, BeginsAnEmptyLogAsKafkaDoes) {
    ServiceLab lab;

    ASSERT_TRUE(lab.start());

    const Bytes log = lab.lab().image().contents(log_path).value_or(Bytes());
    const auto first = protocol::BatchView::read(log.view());
    ASSERT_TRUE(first.has_value());
    EXPECT_TRUE(first->is_control());
    EXPECT_EQ(first->record_count(), 3) << "leader change, kraft version, voters";
    EXPECT_EQ(first->leader_epoch(), LeaderEpoch(1));
    EXPECT_EQ(lab.image().features,
              (std::map<std::string, std::int16_t>{{"eligible.leader.replicas.version", 1},
                                                   {"kraft.version", 1},
                                                   {"metadata.version", 30}}));
    EXPECT_EQ(lab.image().configs_of({ConfigResourceType::broker, ""}).at("min.insync.replicas"),
              "1");
    const Bytes quorum = lab.lab().image().contents(quorum_path).value_or(Bytes());
    EXPECT_THAT(as_text(quorum.view()),
                testing::StartsWith("{\"leaderId\":1,\"leaderEpoch\":1,\"votedId\":1,"));
}

// kraft.version 0 to 1 of a running quorum, with what else the request asks.
class UpgradeServiceTest : public testing::Test {
protected:
    UpgradeServiceTest() {
        lab_.has_static_voters = true;
        EXPECT_TRUE(lab_.start());
    }

    struct Level {
        std::string feature;
        std::int16_t level = 0;
        protocol::FeatureUpgradeType type = protocol::FeatureUpgradeType::upgrade;
    };

    WireError update(const std::vector<Level>& levels, bool is_only_checked = false) {
        protocol::UpdateFeaturesRequest body;
        body.validate_only = is_only_checked;
        for (const Level& one : levels) {
            auto& update = body.feature_updates.emplace_back();
            update.feature = one.feature;
            update.max_version_level = one.level;
            update.upgrade_type = one.type;
        }
        using Answered = protocol::UpdateFeaturesResponse;
        const auto answer = lab_.await<Answered>([&](auto done) {
            lab_.service().handle<Answered>(std::move(body), protocol::Version(2), std::move(done));
        });
        EXPECT_TRUE(answer.has_value());
        return answer ? answer->error_code : WireError::unknown_server_error;
    }

    std::int16_t level(const std::string& feature) {
        const auto& features = lab_.image().features;
        const auto at = features.find(feature);
        return at == features.end() ? std::int16_t{0} : at->second;
    }

    ServiceLab lab_;
    const std::string kraft_ = "kraft.version";
    const std::string elr_ = "eligible.leader.replicas.version";
    const Level without_elr_{elr_, 0, protocol::FeatureUpgradeType::safe_downgrade};
};

TEST_F(UpgradeServiceTest, WritesTheVotersAndDecidesTheRest) {
    EXPECT_EQ(level(kraft_), 0);

    EXPECT_EQ(update({{kraft_, 1}, without_elr_}), WireError::none);

    EXPECT_EQ(level(kraft_), 1);
    EXPECT_EQ(level(elr_), 0);
    const raft::Voter& self = lab_.service().log().state().voters().all()[0];
    EXPECT_FALSE(self.voter_directory_id.is_zero());
    EXPECT_EQ(update({{kraft_, 1}}), WireError::none) << "as it is already";
    EXPECT_EQ(update({{kraft_, 0, protocol::FeatureUpgradeType::unsafe_downgrade}}),
              WireError::invalid_update_version);
}

TEST_F(UpgradeServiceTest, KeepsTheLevelOverACrash) {
    EXPECT_EQ(update({{kraft_, 1}}), WireError::none);

    lab_.crash(sim::CrashModel{});
    ASSERT_TRUE(lab_.start());

    EXPECT_EQ(level(kraft_), 1);
    const Bytes quorum = lab_.lab().image().contents(quorum_path).value_or(Bytes());
    EXPECT_THAT(as_text(quorum.view()), testing::HasSubstr("\"data_version\":1"));
}

TEST_F(UpgradeServiceTest, WritesNothingThatIsOnlyCheckedOrPartlyRefused) {
    const Offset before = lab_.service().log().end();

    EXPECT_EQ(update({{kraft_, 1}}, true), WireError::none);
    EXPECT_EQ(update({{kraft_, 1}, {"nosuch.version", 1}}), WireError::invalid_update_version);
    EXPECT_EQ(update({{kraft_, 2}}), WireError::invalid_update_version);

    EXPECT_EQ(lab_.service().log().end(), before);
    EXPECT_EQ(level(kraft_), 0);
}

TEST(ServiceTest, BeginsAnEmptyLogWithTheRecordsThatItWasFormattedWith) {
    ServiceLab lab;
    const std::vector<Record> records{protocol::FeatureLevelRecord{"metadata.version", 27},
                                      protocol::FeatureLevelRecord{"group.version", 1}};
    lab.put_file("bootstrap.checkpoint", encode_bootstrap(records, 5).view());

    ASSERT_TRUE(lab.start());

    EXPECT_THAT(lab.image().features,
                ElementsAre(std::pair("group.version", 1),
                            std::pair("kraft.version", 1),
                            std::pair("metadata.version", 27)));
}

TEST(ServiceTest, RefusesABrokenBootstrapFileByItsName) {
    ServiceLab lab;
    lab.put_file("bootstrap.checkpoint", as_bytes("no snapshot"));
    ASSERT_TRUE(lab.open());

    lab.service().start([](const Expected<void, IoError>&) {});
    lab.lab().run_until([&] { return lab.failure().has_value(); }, Duration::seconds(10));

    ASSERT_TRUE(lab.failure().has_value());
    EXPECT_THAT(lab.failure()->text(), testing::HasSubstr("data/bootstrap.checkpoint"));
}

TEST(ServiceTest, EveryStartIsANewEpochOfTheSameCluster) {
    ServiceLab lab;
    ASSERT_TRUE(lab.start());
    const auto first = lab.register_broker(1);
    ASSERT_EQ(lab.create("orders"), WireError::none);
    const Uuid id = lab.image().find_topic("orders")->id;

    lab.crash(std::nullopt);
    ASSERT_TRUE(lab.start());

    const Bytes quorum = lab.lab().image().contents(quorum_path).value_or(Bytes());
    EXPECT_THAT(as_text(quorum.view()), testing::HasSubstr("\"leaderEpoch\":2"));
    ASSERT_NE(lab.image().find_topic("orders"), nullptr);
    EXPECT_EQ(lab.image().find_topic("orders")->id, id);
    EXPECT_GT(lab.register_broker(2), first);
}

// SIGTERM may come at any moment of a start, on a new directory and on one with a log.
TEST(ServiceTest, StopsAtAnyStepOfItsStart) {
    for (const bool is_new : {true, false}) {
        for (int steps = 0; steps < 60; ++steps) {
            ServiceLab lab;
            if (!is_new) {
                ASSERT_TRUE(lab.start());
                lab.crash(std::nullopt);
            }
            ASSERT_TRUE(lab.begin_start());
            int asked = 0;
            lab.lab().run_until([&] { return asked++ >= steps; });
            std::optional<bool> is_clean;
            lab.service().stop([&](bool answer) { is_clean = answer; });

            lab.lab().run_until([&] { return is_clean.has_value(); }, Duration::seconds(10));

            EXPECT_TRUE(is_clean.has_value()) << "after " << steps << " steps";
            lab.lab().run(Duration::seconds(10));
        }
    }
}

TEST(ServiceTest, AnswersOnlyWhatIsDurable) {
    ServiceLab lab;
    ASSERT_TRUE(lab.start());
    lab.register_broker(1);

    ASSERT_EQ(lab.create("orders"), WireError::none);
    lab.crash(sim::CrashModel{});

    ASSERT_TRUE(lab.start());
    EXPECT_NE(lab.image().find_topic("orders"), nullptr);
}

TEST(ServiceTest, PublishesAnImageBeforeItsAnswer) {
    ServiceLab lab;
    ASSERT_TRUE(lab.start());
    lab.register_broker(1);
    std::vector<std::int64_t> offsets;
    lab.service().subscribe(ReactorId(0), [&](const ImagePtr& image) {
        offsets.push_back(image->offset.value());
    });

    ASSERT_EQ(lab.create("orders"), WireError::none);

    EXPECT_NE(lab.image().find_topic("orders"), nullptr);
    lab.lab().run(Duration::seconds(1));  // its session lasts longer
    ASSERT_EQ(offsets.size(), 2U) << "the present image, and the one with the topic";
    EXPECT_LT(offsets[0], offsets[1]);
}

TEST(ServiceTest, ARefusalIsAnsweredWithoutAWrite) {
    ServiceLab lab;
    ASSERT_TRUE(lab.start());
    lab.register_broker(1);
    lab.create("orders");
    const std::uint64_t before = lab.lab().boundaries();

    EXPECT_EQ(lab.create("orders"), WireError::topic_already_exists);

    EXPECT_EQ(lab.lab().boundaries(), before);
}

// The sync of the first one fails; the second is decided by a controller whose log is gone.
TEST(ServiceTest, TellsNothingAsDoneThatIsNotInItsLog) {
    ServiceLab lab;
    ASSERT_TRUE(lab.start());
    lab.register_broker(1);
    lab.lab().world().inject(sim::DeadDisk{*lab.lab().world().find_node("lab")});
    std::vector<WireError> answers;
    for (const char* name : {"orders", "payments"}) {
        protocol::CreateTopicsRequest body;
        body.topics.emplace_back();
        body.topics[0].name = name;
        body.topics[0].num_partitions = 1;
        body.topics[0].replication_factor = 1;
        lab.service().handle<protocol::CreateTopicsResponse>(
            std::move(body),
            protocol::Version(7),
            [&](const protocol::CreateTopicsResponse& response) {
                answers.push_back(response.topics.at(0).error_code);
            });
        lab.lab().run(Duration::seconds(10));
    }

    EXPECT_TRUE(lab.failure().has_value());
    EXPECT_THAT(answers, ElementsAre(WireError::not_controller));
}

// A reader of the header learns how old the state is, not when it was written.
TEST(ServiceTest, ASnapshotTellsTheTimeOfTheNewestBatchInside) {
    ServiceLab lab;
    lab.snapshot_after_bytes = 1;
    ASSERT_TRUE(lab.start());
    lab.register_broker(1);
    lab.lab().run(Duration::seconds(1));  // a snapshot at a time: the last one is of all
    ASSERT_EQ(lab.create("orders"), WireError::none);
    lab.lab().run(Duration::seconds(1));

    const Bytes log = lab.lab().image().contents(log_path).value_or(Bytes());
    std::map<Offset, std::int64_t> times;  // by the end of the batch
    for (ByteView left = log.view(); !left.empty();) {
        const auto batch = protocol::BatchView::read(left);
        ASSERT_TRUE(batch.has_value());
        times[batch->base_offset() + batch->record_count()] = batch->max_timestamp();
        left = left.subspan(batch->size());
    }
    const raft::SnapshotId newest{times.rbegin()->first, LeaderEpoch(1)};
    const std::string name = raft::snapshot_file_name({newest, raft::SnapshotFileKind::whole});
    const auto file = lab.lab().image().contents("data/__cluster_metadata-0/" + name);
    ASSERT_TRUE(file.has_value()) << name;
    const auto snapshot = raft::decode_snapshot(*file, newest.epoch);
    ASSERT_TRUE(snapshot.has_value());
    EXPECT_EQ(snapshot->last_contained_time, times.rbegin()->second);
}

// As a Kafka controller leaves it that dies in the middle.
TEST(ServiceTest, ANewLeaderEndsTheTransactionThatIsOpen) {
    ServiceLab lab;
    ASSERT_TRUE(lab.start());
    lab.register_broker(1);
    const std::vector<Record> open{protocol::BeginTransactionRecord{"half"},
                                   protocol::TopicRecord{"ghost", Uuid{9, 9}}};
    std::vector<Bytes> values;
    for (const Record& record : open)
        values.push_back(protocol::encode_metadata_record({record, protocol::Version(0)}));
    ASSERT_TRUE(lab.service().log().propose(values).has_value());
    lab.lab().run(Duration::seconds(1));

    lab.crash(std::nullopt);
    ASSERT_TRUE(lab.start());

    EXPECT_EQ(lab.create("orders"), WireError::none);
    EXPECT_NE(lab.image().find_topic("orders"), nullptr);
    EXPECT_EQ(lab.image().find_topic("ghost"), nullptr);
}

// What a user did, up to the crash: topics whose creation was answered.
std::set<std::string> work(ServiceLab& lab) {
    std::set<std::string> answered;
    if (!lab.start() || !lab.register_broker(1)) return answered;
    for (const char* name : {"a", "b", "c"}) {
        if (lab.create(name) != WireError::none) break;
        answered.insert(name);
    }
    return answered;
}

TEST(ServiceTest, LosesNoAnsweredTopicInAPowerLossAtAnyBoundary) {
    std::uint64_t boundaries = 0;
    {
        ServiceLab lab;
        work(lab);
        boundaries = lab.lab().boundaries();
    }
    ASSERT_GT(boundaries, 20U);
    for (const sim::CrashModel& model : sim::all_crash_models()) {
        for (std::uint64_t k = 0; k <= boundaries; ++k) {
            ServiceLab lab(k + 1);
            lab.lab().crash_at(k, model);
            const std::set<std::string> answered = work(lab);
            lab.crash(model);

            ASSERT_TRUE(lab.start()) << k;
            for (const std::string& name : answered)
                ASSERT_NE(lab.image().find_topic(name), nullptr) << name << " at " << k;
            EXPECT_EQ(lab.image().features.count("metadata.version"), 1U) << k;
        }
    }
}

// How many records of the type stand in the log.
template <typename Wanted>
int count_records(ServiceLab& lab) {
    const Bytes log = lab.lab().image().contents(log_path).value_or(Bytes());
    int count = 0;
    for (ByteView left = log.view(); !left.empty();) {
        const auto batch = protocol::BatchView::read(left);
        if (!batch) break;
        const auto entries = read_entries(*batch);
        for (const LogEntry& entry : entries.value()) {
            const auto* replayed = std::get_if<ReplayedBatch>(&entry);
            if (replayed == nullptr) continue;
            count +=
                static_cast<int>(std::ranges::count_if(replayed->records, [](const Record& one) {
                    return std::holds_alternative<Wanted>(one);
                }));
        }
        left = left.subspan(batch->size());
    }
    return count;
}

TEST(ServiceTest, WritesTheLargestTopicAsOneBatch) {
    ServiceLab lab;
    ASSERT_TRUE(lab.start());
    lab.register_broker(1);
    const Offset before = lab.image().offset;

    EXPECT_EQ(lab.create("big", 10'000), WireError::policy_violation);
    EXPECT_EQ(lab.image().offset, before);
    EXPECT_EQ(lab.create("big", 9'999), WireError::none);

    EXPECT_EQ(lab.image().offset, before + 10'000);
    EXPECT_EQ(count_records<protocol::BeginTransactionRecord>(lab), 0);
    const Bytes log = lab.lab().image().contents(log_path).value_or(Bytes());
    std::int32_t largest = 0;
    for (ByteView left = log.view(); !left.empty();) {
        const auto batch = protocol::BatchView::read(left);
        ASSERT_TRUE(batch.has_value());
        largest = std::max(largest, batch->record_count());
        left = left.subspan(batch->size());
    }
    EXPECT_EQ(largest, 10'000);
}

TEST(ServiceTest, RefusesWhatIsMoreBytesThanABatchMayHave) {
    ServiceLab lab;
    lab.batch.bytes_max = 200;
    ASSERT_TRUE(lab.start());
    ASSERT_TRUE(lab.register_broker(1)) << "of a broker: a transaction";
    const Offset before = lab.image().offset;

    EXPECT_EQ(lab.create(std::string(240, 'n')), WireError::record_list_too_large);
    EXPECT_EQ(lab.image().offset, before);
    EXPECT_EQ(lab.create("n"), WireError::none);
}

constexpr std::size_t few_records = 3;
const std::vector<std::string> topic_names{"a", "b", "c", "d", "e"};

// A log that begins with more records than a batch has.
Bytes long_bootstrap() {
    std::vector<Record> records{protocol::FeatureLevelRecord{"metadata.version", 30}};
    for (const std::string& name : topic_names)
        records.emplace_back(protocol::ConfigRecord{ConfigResourceType::broker, "", name, "1"});
    return encode_bootstrap(records, 5);
}

// A broker of five topics comes back: each changes its partition's leader. Its epoch, once told.
std::optional<BrokerEpoch> change_much(ServiceLab& lab) {
    lab.batch.records_max = few_records;
    lab.put_file("bootstrap.checkpoint", long_bootstrap().view());
    if (!lab.start() || !lab.register_broker(1)) return std::nullopt;
    for (const std::string& name : topic_names) {
        if (lab.create(name) != WireError::none) return std::nullopt;
    }
    return lab.register_broker(2);
}

// Each decision of the run above stands there as a whole.
void expect_whole_decisions(const Image& image) {
    const Topic* last = image.find_topic(topic_names.back());
    if (last == nullptr) return;
    for (const std::string& name : topic_names) {
        const PartitionState& partition = image.find_topic(name)->partitions.at(0);
        EXPECT_EQ(partition.leader_epoch, last->partitions.at(0).leader_epoch) << name;
        EXPECT_EQ(partition.leader, last->partitions.at(0).leader) << name;
    }
    const bool is_led = last->partitions.at(0).leader != no_node;
    const Broker* broker = image.find_broker(NodeId(1));
    ASSERT_NE(broker, nullptr);
    EXPECT_EQ(is_led, !broker->is_fenced);
}

TEST(ServiceTest, LeavesNoHalfOfADecisionInAPowerLossAtAnyBoundary) {
    std::uint64_t boundaries = 0;
    {
        ServiceLab lab;
        ASSERT_TRUE(change_much(lab));
        boundaries = lab.lab().boundaries();
        EXPECT_GE(count_records<protocol::EndTransactionRecord>(lab), 3)
            << "the beginning, the registration, the end of the fence";
    }
    int open_count = 0;
    for (const sim::CrashModel& model : sim::all_crash_models()) {
        for (std::uint64_t k = 0; k <= boundaries; ++k) {
            ServiceLab lab(k + 1);
            lab.lab().crash_at(k, model);
            const std::optional<BrokerEpoch> told = change_much(lab);
            lab.crash(model);
            // The first crashes take the directory with the file.
            const bool is_formatted =
                lab.lab().image().contents("data/bootstrap.checkpoint").has_value();

            ASSERT_TRUE(lab.start()) << k;
            SCOPED_TRACE(k);
            expect_whole_decisions(lab.image());
            if (is_formatted) {
                EXPECT_EQ(lab.image().configs_of({ConfigResourceType::broker, ""}).size(),
                          topic_names.size());
            }
            if (told) {
                EXPECT_EQ(lab.image().find_broker(NodeId(1))->epoch, *told);
            }
            open_count += count_records<protocol::AbortTransactionRecord>(lab);
        }
    }
    EXPECT_GT(open_count, 0) << "a crash in the middle of a transaction";
}

// The metadata log of a three-node Kafka cluster, with every type of record that was in use.
TEST(MetadataReplayTest, ReplaysTheLogOfAKafkaController) {
    std::ifstream in(GLASSLOG_SOURCE_DIR "/tests/golden/metadata/active.log", std::ios::binary);
    ASSERT_TRUE(in.good());
    const std::vector<std::uint8_t> bytes((std::istreambuf_iterator<char>(in)), {});
    Controller controller({.node = NodeId(1), .cluster_id = "", .file = {}}, {});

    for (ByteView left = bytes; !left.empty();) {
        const auto batch = protocol::BatchView::read(left);
        ASSERT_TRUE(batch.has_value());
        const auto entries = read_entries(*batch);
        ASSERT_TRUE(entries.has_value()) << batch->base_offset().value();
        for (const LogEntry& entry : *entries) {
            if (const auto* replayed = std::get_if<ReplayedBatch>(&entry)) {
                controller.replay(replayed->records, replayed->base, replayed->epoch);
            }
        }
        left = left.subspan(batch->size());
    }

    const Image& image = controller.state();
    EXPECT_EQ(image.features.at("metadata.version"), 30);
    EXPECT_EQ(image.next_producer_id, ProducerId(5000));
    EXPECT_EQ(image.topics.size(), image.topics_by_id.size());
    EXPECT_GT(image.topics.size(), 20U);
    EXPECT_NE(image.find_topic("warm"), nullptr);
    EXPECT_EQ(image.find_topic("warm")->partitions.at(0).replicas.size(), 3U);
    EXPECT_FALSE(image.find_broker(NodeId(1))->is_fenced);
}

}  // namespace
}  // namespace glasslog::metadata::test
