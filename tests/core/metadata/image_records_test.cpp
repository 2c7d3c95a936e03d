#include "core/metadata/image_records.hpp"

#include "tests/core/metadata/image_text.hpp"
#include "tests/support/generators.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace glasslog::metadata::test {
namespace {

using support::Draw;
using support::Generator;

template <typename T>
T any(const Draw& draw) {
    return Generator(protocol::Version(T::versions.last), draw).message<T>();
}

NodeId some_node(const Draw& draw) {
    return NodeId(static_cast<std::int32_t>(draw(3)));
}

Uuid some_id(const Draw& draw) {
    return {1, draw(3)};
}

std::string some_name(const Draw& draw) {
    return fmt::format("name-{}", draw(3));
}

// Few names, so that records meet what earlier ones set.
using Maker = Record (*)(const Draw&);

constexpr std::array makers{
    Maker([](const Draw& draw) -> Record {
        auto record = any<protocol::RegisterBrokerRecord>(draw);
        record.broker_id = some_node(draw);
        record.broker_epoch = BrokerEpoch(static_cast<std::int64_t>(draw(2)));
        return record;
    }),
    Maker([](const Draw& draw) -> Record {
        auto record = any<protocol::BrokerRegistrationChangeRecord>(draw);
        record.broker_id = some_node(draw);
        record.broker_epoch = BrokerEpoch(static_cast<std::int64_t>(draw(2)));
        return record;
    }),
    Maker([](const Draw& draw) -> Record {
        const BrokerEpoch epoch(static_cast<std::int64_t>(draw(2)));
        if (draw(2) == 0) return protocol::FenceBrokerRecord{some_node(draw), epoch};
        return protocol::UnfenceBrokerRecord{some_node(draw), epoch};
    }),
    Maker([](const Draw& draw) -> Record {
        const BrokerEpoch epoch(static_cast<std::int64_t>(draw(2)));
        return protocol::UnregisterBrokerRecord{some_node(draw), epoch};
    }),
    Maker([](const Draw& draw) -> Record {
        auto record = any<protocol::RegisterControllerRecord>(draw);
        record.controller_id = some_node(draw);
        record.zk_migration_ready = false;  // of old logs; the image does not keep it
        return record;
    }),
    Maker([](const Draw& draw) -> Record {
        const Uuid id = some_id(draw);
        return protocol::TopicRecord{fmt::format("topic-{}", id.low), id};
    }),
    Maker([](const Draw& draw) -> Record {
        auto record = any<protocol::PartitionRecord>(draw);
        record.topic_id = some_id(draw);
        record.partition_id = PartitionIndex(static_cast<std::int32_t>(draw(4)));
        record.leader_epoch = LeaderEpoch(static_cast<std::int32_t>(draw(9)));
        record.partition_epoch = static_cast<std::int32_t>(draw(9));
        return record;
    }),
    Maker([](const Draw& draw) -> Record {
        auto record = any<protocol::PartitionChangeRecord>(draw);
        record.topic_id = some_id(draw);
        record.partition_id = PartitionIndex(static_cast<std::int32_t>(draw(4)));
        return record;
    }),
    Maker([](const Draw& draw) -> Record { return protocol::RemoveTopicRecord{some_id(draw)}; }),
    Maker([](const Draw& draw) -> Record {
        return protocol::ClearElrRecord{draw(2) == 0 ? "" : fmt::format("topic-{}", draw(3))};
    }),
    Maker([](const Draw& draw) -> Record {
        auto record = any<protocol::ConfigRecord>(draw);
        record.resource_name = some_name(draw);
        record.name = some_name(draw);
        return record;
    }),
    Maker([](const Draw& draw) -> Record {
        // Records stand in the versions of this level: a lower one would leave fields out.
        if (draw(2) == 0) return protocol::FeatureLevelRecord{"metadata.version", 30};
        const auto level = static_cast<std::int16_t>(draw(3));
        return protocol::FeatureLevelRecord{some_name(draw), level};
    }),
    Maker([](const Draw& draw) -> Record {
        return protocol::ProducerIdsRecord{some_node(draw),
                                           BrokerEpoch(1),
                                           ProducerId(static_cast<std::int64_t>(draw(5000)))};
    }),
    Maker([](const Draw& draw) -> Record {
        auto record = any<protocol::ClientQuotaRecord>(draw);
        record.entity = {{"user", some_name(draw)}};
        if (draw(2) == 0) record.entity.push_back({"client-id", std::nullopt});
        record.quota_key = some_name(draw);
        return record;
    }),
    Maker([](const Draw& draw) -> Record {
        if (draw(3) == 0) return protocol::RemoveAccessControlEntryRecord{some_id(draw)};
        auto record = any<protocol::AccessControlEntryRecord>(draw);
        record.id = some_id(draw);
        return record;
    }),
    Maker([](const Draw& draw) -> Record {
        const auto mechanism = static_cast<std::int8_t>(1 + draw(2));
        if (draw(3) == 0) {
            return protocol::RemoveUserScramCredentialRecord{some_name(draw), mechanism};
        }
        auto record = any<protocol::UserScramCredentialRecord>(draw);
        record.name = some_name(draw);
        record.mechanism = mechanism;
        return record;
    }),
    Maker([](const Draw& draw) -> Record {
        if (draw(3) == 0) return protocol::RemoveDelegationTokenRecord{some_name(draw)};
        auto record = any<protocol::DelegationTokenRecord>(draw);
        record.token_id = some_name(draw);
        return record;
    }),
    Maker([](const Draw& draw) -> Record {
        switch (draw(4)) {
            case 0:
                return protocol::AbortTransactionRecord{};
            case 1:
                return protocol::EndTransactionRecord{};
            case 2:
                return protocol::BeginTransactionRecord{};
            default:
                return protocol::NoOpRecord{};
        }
    }),
};

std::vector<Record> some_records(const Draw& draw, std::size_t count) {
    std::vector<Record> records;
    for (std::size_t i = 0; i < count; ++i)
        records.push_back(makers[draw(makers.size())](draw));
    return records;
}

Image folded(const std::vector<Record>& records) {
    ImageFold fold({});
    fold.apply(records, Offset(0), LeaderEpoch(1));
    return fold.image();
}

Image through_snapshot(const Image& image) {
    const auto kraft = image.features.find("kraft.version");
    auto read =
        image_of_snapshot(snapshot_values(image),
                          {image.offset + 1,
                           image.epoch,
                           kraft == image.features.end() ? std::int16_t{0} : kraft->second});
    EXPECT_TRUE(read.has_value()) << read.error().text();
    return read ? *read : Image{};
}

RC_GTEST_PROP(ImageRecordsTest, RebuildTheImageThatTheyCameFrom, (std::uint64_t seed)) {
    const Draw draw = support::seeded_draw(seed);
    ImageFold fold({});
    fold.apply_kraft_version(1, Offset(0), LeaderEpoch(1));
    fold.apply(some_records(draw, 120), Offset(1), LeaderEpoch(1));
    const Image& image = fold.image();

    const Image again = through_snapshot(image);

    RC_ASSERT(content_of(again) == content_of(image));
    RC_ASSERT(again.offset == image.offset);
    RC_ASSERT(again.epoch == image.epoch);
}

// A snapshot may be taken anywhere: what follows it in the log leads to the same image.
RC_GTEST_PROP(ImageRecordsTest, GoOnAsTheLogItselfWould, (std::uint64_t seed)) {
    const Draw draw = support::seeded_draw(seed);
    ImageFold whole({});
    whole.apply(some_records(draw, 60), Offset(0), LeaderEpoch(1));
    RC_PRE(!whole.is_in_transaction());
    ImageFold from_snapshot(through_snapshot(whole.image()));
    const std::vector<Record> later = some_records(draw, 60);

    whole.apply(later, Offset(60), LeaderEpoch(1));
    from_snapshot.apply(later, Offset(60), LeaderEpoch(1));

    RC_ASSERT(content_of(from_snapshot.image()) == content_of(whole.image()));
    RC_ASSERT(from_snapshot.is_in_transaction() == whole.is_in_transaction());
}

// However records are cut into batches, the image is the same.
RC_GTEST_PROP(ImageRecordsTest, AreFoldedAlikeInOneBatchAndInMany, (std::uint64_t seed)) {
    const std::vector<Record> records = some_records(support::seeded_draw(seed), 80);
    ImageFold one_by_one({});
    for (std::size_t i = 0; i < records.size(); ++i) {
        one_by_one.apply(std::span(records).subspan(i, 1),
                         Offset(static_cast<std::int64_t>(i)),
                         LeaderEpoch(1));
    }

    RC_ASSERT(content_of(one_by_one.image()) == content_of(folded(records)));
}

TEST(ImageRecordsTest, StandInTheOrderOfKafkasSnapshots) {
    const Image image = folded({
        protocol::DelegationTokenRecord{.token_id = "token"},
        protocol::UserScramCredentialRecord{.name = "alice", .mechanism = 1},
        protocol::AccessControlEntryRecord{.id = {5, 5}},
        protocol::ProducerIdsRecord{NodeId(1), BrokerEpoch(9), ProducerId(1000)},
        protocol::ClientQuotaRecord{.entity = {{"user", "alice"}}, .quota_key = "key"},
        protocol::ConfigRecord{ConfigResourceType::broker, "", "a", "b"},
        protocol::TopicRecord{"orders", {1, 1}},
        protocol::PartitionRecord{.partition_id = PartitionIndex(0), .topic_id = {1, 1}},
        protocol::RegisterControllerRecord{.controller_id = NodeId(1)},
        protocol::RegisterBrokerRecord{.broker_id = NodeId(1)},
        protocol::FeatureLevelRecord{"group.version", 1},
        protocol::FeatureLevelRecord{"metadata.version", 30},
    });

    std::vector<std::string> names;
    for (const Record& record : image_records(image))
        names.push_back(protocol::metadata_record_name(record));

    EXPECT_THAT(names,
                testing::ElementsAre("FeatureLevelRecord",
                                     "FeatureLevelRecord",
                                     "RegisterBrokerRecord",
                                     "RegisterControllerRecord",
                                     "TopicRecord",
                                     "PartitionRecord",
                                     "ConfigRecord",
                                     "ClientQuotaRecord",
                                     "ProducerIdsRecord",
                                     "AccessControlEntryRecord",
                                     "UserScramCredentialRecord",
                                     "DelegationTokenRecord"));
    EXPECT_EQ(std::get<protocol::FeatureLevelRecord>(image_records(image).front()).name,
              "metadata.version");
}

TEST(ImageRecordsTest, AreOfTheVersionThatTheFinalizedLevelAllows) {
    struct Row {
        std::int16_t level;
        std::int16_t broker;
        std::int16_t partition;
    };

    for (const Row row : {Row{7, 1, 0},
                          {8, 2, 0},
                          {16, 2, 0},
                          {17, 3, 1},
                          {22, 3, 1},
                          {23, 3, 2},
                          {29, 3, 2},
                          {30, 4, 2}}) {
        EXPECT_EQ(version_at(protocol::RegisterBrokerRecord{}, row.level).value(), row.broker);
        EXPECT_EQ(version_at(protocol::PartitionRecord{}, row.level).value(), row.partition);
    }
}

TEST(ImageFoldTest, ShowsATransactionOnlyWhenItHasEnded) {
    ImageFold fold({});
    const std::vector<Record> begin{protocol::TopicRecord{"before", {1, 1}},
                                    protocol::BeginTransactionRecord{"many topics"},
                                    protocol::TopicRecord{"inside", {1, 2}}};
    const std::vector<Record> end{protocol::TopicRecord{"inside too", {1, 3}},
                                  protocol::EndTransactionRecord{}};

    fold.apply(begin, Offset(0), LeaderEpoch(1));
    const Image open = fold.image();
    const bool is_open = fold.is_in_transaction();
    fold.apply(end, Offset(3), LeaderEpoch(1));

    EXPECT_TRUE(is_open);
    EXPECT_NE(open.find_topic("before"), nullptr);
    EXPECT_EQ(open.find_topic("inside"), nullptr);
    EXPECT_EQ(open.offset, no_offset) << "a snapshot of it would not know where it stands";
    EXPECT_FALSE(fold.is_in_transaction());
    EXPECT_NE(fold.image().find_topic("inside"), nullptr);
    EXPECT_NE(fold.image().find_topic("inside too"), nullptr);
    EXPECT_EQ(fold.image().offset, Offset(4));
}

TEST(ImageFoldTest, ForgetsAnAbortedTransaction) {
    ImageFold fold({});
    const std::vector<Record> records{protocol::TopicRecord{"before", {1, 1}},
                                      protocol::BeginTransactionRecord{},
                                      protocol::RemoveTopicRecord{{1, 1}},
                                      protocol::AbortTransactionRecord{},
                                      protocol::TopicRecord{"after", {1, 2}}};

    fold.apply(records, Offset(0), LeaderEpoch(1));

    EXPECT_NE(fold.image().find_topic("before"), nullptr);
    EXPECT_NE(fold.image().find_topic("after"), nullptr);
}

TEST(ImageDeltaTest, ClearsEligibleLeadersOfOneTopicOrOfAll) {
    const auto elr_count = [](const std::string& cleared) {
        std::vector<Record> records;
        for (std::uint64_t i = 1; i <= 2; ++i) {
            records.emplace_back(protocol::TopicRecord{fmt::format("t{}", i), {1, i}});
            protocol::PartitionRecord partition{.partition_id = PartitionIndex(0),
                                                .topic_id = {1, i}};
            partition.eligible_leader_replicas = {NodeId(1)};
            records.emplace_back(partition);
        }
        records.emplace_back(protocol::ClearElrRecord{cleared});
        std::size_t count = 0;
        folded(records).topics_by_id.for_each([&](const Uuid&, const TopicPtr& topic) {
            count += topic->partitions.at(0).eligible_leader_replicas.size();
        });
        return count;
    };

    EXPECT_EQ(elr_count("t1"), 1U);
    EXPECT_EQ(elr_count(""), 0U);
    EXPECT_EQ(elr_count("other"), 2U);
}

TEST(SecurityTest, NamesQuotasByTheirEntityWhateverItsOrder) {
    const protocol::ClientQuotaRecord set{
        .entity = {{"user", "alice"}, {"client-id", std::nullopt}},
        .quota_key = "rate"};
    const protocol::ClientQuotaRecord removed{
        .entity = {{"client-id", std::nullopt}, {"user", "alice"}},
        .quota_key = "rate",
        .remove = true};

    EXPECT_EQ(folded({set}).security.quotas.size(), 1U);
    EXPECT_EQ(folded({set, removed}).security.quotas.size(), 0U);
}

}  // namespace
}  // namespace glasslog::metadata::test
