// Creating, deleting and growing topics: what Apache Kafka 4.3.1 answers (its behaviour cases
// 216-273), and the records behind it.

#include "tests/core/metadata/controller_lab.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace glasslog::metadata::test {
namespace {

using protocol::WireError;
using testing::ElementsAre;

using Wanted = protocol::CreateTopicsRequest::Topic;

Wanted plain(const std::string& name) {
    Wanted topic;
    topic.name = name;
    topic.num_partitions = 1;
    topic.replication_factor = 1;
    return topic;
}

Wanted assigned(std::vector<std::pair<int, std::vector<NodeId>>> assignments) {
    Wanted topic = plain("new");
    topic.num_partitions = -1;
    topic.replication_factor = -1;
    for (auto& [index, brokers] : assignments)
        topic.assignments.push_back({PartitionIndex(index), std::move(brokers)});
    return topic;
}

Wanted configured(const std::string& key, std::optional<std::string> value) {
    Wanted topic = plain("new");
    topic.configs.push_back({key, std::move(value)});
    return topic;
}

Wanted counted(std::int32_t partitions, std::int16_t factor) {
    Wanted topic = plain("new");
    topic.num_partitions = partitions;
    topic.replication_factor = factor;
    return topic;
}

struct Case {
    const char* what;
    Wanted topic;
    WireError error;
};

const NodeId one(1);
const NodeId nobody(9);

std::vector<Case> creation_cases() {
    Wanted both = assigned({{0, {one}}});
    both.num_partitions = 1;
    both.replication_factor = 1;
    Wanted twice = configured("retention.ms", "1");
    twice.configs.push_back({"retention.ms", "2"});
    return {
        {"partitions 0", counted(0, 1), WireError::invalid_partitions},
        {"partitions -2", counted(-2, 1), WireError::invalid_partitions},
        {"replication factor 0", counted(1, 0), WireError::invalid_replication_factor},
        {"replication factor -2", counted(1, -2), WireError::invalid_replication_factor},
        {"replication factor 2", counted(1, 2), WireError::invalid_replication_factor},
        {"defaults", counted(-1, -1), WireError::none},
        {"a million partitions", counted(1'000'000, 1), WireError::policy_violation},
        {"counts and assignments", both, WireError::invalid_request},
        {"assignment", assigned({{0, {one}}}), WireError::none},
        {"unknown broker", assigned({{0, {nobody}}}), WireError::invalid_replica_assignment},
        {"broker twice", assigned({{0, {one, one}}}), WireError::invalid_replica_assignment},
        {"a hole", assigned({{0, {one}}, {2, {one}}}), WireError::invalid_replica_assignment},
        {"no replica", assigned({{0, {}}}), WireError::invalid_replica_assignment},
        {"index twice", assigned({{0, {one}}, {0, {one}}}), WireError::invalid_replica_assignment},
        {"unknown key", configured("nosuch.key", "1"), WireError::invalid_config},
        {"no number", configured("retention.ms", "abc"), WireError::invalid_config},
        {"out of range", configured("segment.bytes", "10"), WireError::invalid_config},
        {"null value", configured("retention.ms", {}), WireError::invalid_config},
        {"key twice", twice, WireError::none},
        {"empty name", plain(""), WireError::invalid_topic_exception},
        {"name .", plain("."), WireError::invalid_topic_exception},
        {"name with a slash", plain("a/b"), WireError::invalid_topic_exception},
        {"249 characters", plain(std::string(249, 'n')), WireError::none},
        {"250 characters", plain(std::string(250, 'n')), WireError::invalid_topic_exception},
        {"exists", plain("there.is"), WireError::topic_already_exists},
        {"collides", plain("there_is"), WireError::invalid_topic_exception},
        {"metadata log", plain("__cluster_metadata"), WireError::invalid_request},
    };
}

TEST(TopicsTest, AnswersCreationAsKafkaDoes) {
    for (const Case& one_case : creation_cases()) {
        ControllerLab lab;
        lab.create("there.is");

        const auto response = lab.create({.topics = {one_case.topic}});

        ASSERT_EQ(response.topics.size(), 1U) << one_case.what;
        const auto& topic = response.topics[0];
        EXPECT_EQ(topic.error_code, one_case.error) << one_case.what;
        const bool is_made = one_case.error == WireError::none;
        EXPECT_EQ(topic.error_message.has_value(), !is_made) << one_case.what;
        EXPECT_EQ(topic.num_partitions, is_made ? 1 : -1) << one_case.what;
        EXPECT_EQ(topic.topic_id.is_zero(), !is_made) << one_case.what;
        EXPECT_EQ(lab.last.records.empty(), !is_made) << one_case.what;
        EXPECT_EQ(lab.image().find_topic(one_case.topic.name) != nullptr,
                  is_made || one_case.error == WireError::topic_already_exists)
            << one_case.what;
    }
}

TEST(TopicsTest, AnswersATopicThatIsNamedTwiceOnce) {
    ControllerLab lab;

    const auto response = lab.create({.topics = {plain("a"), plain("b"), plain("a")}});

    ASSERT_EQ(response.topics.size(), 2U);
    EXPECT_EQ(response.topics[0].error_code, WireError::invalid_request);
    EXPECT_EQ(response.topics[1].error_code, WireError::none);
}

TEST(TopicsTest, DecidesNothingWhenTheTimeIsOver) {
    ControllerLab lab;

    const auto response = lab.create({.topics = {plain("late")}, .timeout_ms = 0});

    EXPECT_EQ(response.topics.at(0).error_code, WireError::request_timed_out);
    EXPECT_EQ(lab.image().find_topic("late"), nullptr);
}

TEST(TopicsTest, WritesNothingWhenAskedToValidateOnly) {
    ControllerLab lab;

    const auto response = lab.create({.topics = {plain("maybe")}, .validate_only = true});

    EXPECT_EQ(response.topics.at(0).error_code, WireError::none);
    EXPECT_FALSE(response.topics.at(0).topic_id.is_zero());
    EXPECT_TRUE(lab.last.records.empty());
}

// The record of the topic is the one too many.
TEST(TopicsTest, RefusesATopicWhoseRecordsAreNoBatch) {
    ControllerLab lab;

    const auto asked = lab.create({.topics = {counted(10'000, 1)}, .validate_only = true});
    EXPECT_EQ(asked.topics.at(0).error_code, WireError::policy_violation);
    EXPECT_EQ(lab.create("big", 10'000), WireError::policy_violation);
    EXPECT_TRUE(lab.last.records.empty());
    EXPECT_EQ(lab.image().find_topic("big"), nullptr);

    EXPECT_EQ(lab.create("big", 9'999), WireError::none);
    EXPECT_EQ(lab.last.records.size(), 10'000U);
}

ControllerOptions with_records_per_request(std::size_t records_max) {
    ControllerOptions options = ControllerLab::options();
    options.records_per_request_max = records_max;
    return options;
}

TEST(TopicsTest, RefusesAsAWholeWhatIsNoBatch) {
    ControllerLab lab(with_records_per_request(3));
    for (const char* name : {"a", "b", "c", "d"})
        ASSERT_EQ(lab.create(name), WireError::none);
    const auto deleted = [&](std::vector<std::string> names) {
        protocol::DeleteTopicsRequest body;
        body.topic_names = std::move(names);
        body.timeout_ms = 1'000;
        std::vector<WireError> codes;
        for (const auto& answer :
             lab.ask<protocol::DeleteTopicsResponse>(DeleteTopics{body, protocol::Version(5)})
                 .responses) {
            codes.push_back(answer.error_code);
        }
        return codes;
    };
    constexpr WireError refused = WireError::policy_violation;

    const auto two = lab.create({.topics = {plain("e"), plain("f")}});
    EXPECT_EQ(two.topics.at(0).error_code, refused);
    EXPECT_EQ(two.topics.at(1).error_code, refused);
    EXPECT_THAT(deleted({"a", "b", "c", "d"}), ElementsAre(refused, refused, refused, refused));
    EXPECT_EQ(lab.image().topics.size(), 4U);

    EXPECT_THAT(deleted({"a", "b", "c"}),
                ElementsAre(WireError::none, WireError::none, WireError::none));
    EXPECT_EQ(lab.image().topics.size(), 1U);
}

TEST(TopicsTest, WritesTopicThenConfigsThenPartitions) {
    ControllerLab lab;
    Wanted topic = counted(2, 1);
    topic.configs.push_back({"retention.ms", "5"});

    lab.create({.topics = {topic}});

    std::vector<std::string> names;
    for (const Record& record : lab.last.records)
        names.push_back(protocol::metadata_record_name(record));
    EXPECT_THAT(names,
                ElementsAre("TopicRecord", "ConfigRecord", "PartitionRecord", "PartitionRecord"));
    const PartitionState* second =
        lab.image().find_partition(lab.image().find_topic("new")->id, PartitionIndex(1));
    ASSERT_NE(second, nullptr);
    EXPECT_EQ(second->leader, one);
    EXPECT_THAT(second->isr, ElementsAre(one));
    EXPECT_EQ(second->leader_epoch, LeaderEpoch(0));
    EXPECT_THAT(second->directories, ElementsAre(Uuid{9, 1}));
}

// ---------------------------------------------------------------------------------------- deletion

struct Deletion {
    const char* what;
    std::vector<protocol::DeleteTopicsRequest::Topic> topics;
    std::vector<WireError> errors;
};

TEST(TopicsTest, AnswersDeletionAsKafkaDoes) {
    const Uuid id{1, 1};  // of the first topic that a lab makes
    const Uuid unknown{5, 5};
    const std::vector<Deletion> cases = {
        {"unknown name", {{"nosuch", {}}}, {WireError::unknown_topic_or_partition}},
        {"unknown id", {{std::nullopt, unknown}}, {WireError::unknown_topic_id}},
        {"name and id", {{"gone", id}}, {WireError::invalid_request}},
        {"neither", {{std::nullopt, {}}}, {WireError::invalid_request}},
        {"name twice", {{"gone", {}}, {"gone", {}}}, {WireError::invalid_request}},
        {"by name and by id", {{"gone", {}}, {std::nullopt, id}}, {WireError::invalid_request}},
        {"by name", {{"gone", {}}}, {WireError::none}},
        {"by id", {{std::nullopt, id}}, {WireError::none}},
        {"empty name", {{"", {}}}, {WireError::unknown_topic_or_partition}},
        {"two",
         {{"gone", {}}, {"nosuch", {}}},
         {WireError::none, WireError::unknown_topic_or_partition}},
    };
    for (const Deletion& one_case : cases) {
        ControllerLab lab;
        lab.create("gone");
        protocol::DeleteTopicsRequest body{.topics = one_case.topics, .timeout_ms = 5000};

        const auto response = lab.ask<protocol::DeleteTopicsResponse>(
            DeleteTopics{std::move(body), protocol::Version(6)});

        std::vector<WireError> errors;
        for (const auto& topic : response.responses)
            errors.push_back(topic.error_code);
        EXPECT_EQ(errors, one_case.errors) << one_case.what;
        const bool is_gone = one_case.errors[0] == WireError::none;
        EXPECT_EQ(lab.image().find_topic("gone") == nullptr, is_gone) << one_case.what;
    }
}

TEST(TopicsTest, ForgetsTheConfigurationOfADeletedTopic) {
    ControllerLab lab;
    lab.create({.topics = {configured("retention.ms", "5")}});
    const ConfigResource resource{ConfigResourceType::topic, "new"};
    ASSERT_FALSE(lab.image().configs_of(resource).empty());

    protocol::DeleteTopicsRequest body{.topic_names = {"new"}, .timeout_ms = 5000};
    lab.ask<protocol::DeleteTopicsResponse>(DeleteTopics{std::move(body), protocol::Version(5)});

    EXPECT_TRUE(lab.image().configs_of(resource).empty());
}

// ------------------------------------------------------------------------------------------ growth

struct Growth {
    const char* what;
    protocol::CreatePartitionsRequest::Topic topic;
    WireError error;
};

TEST(TopicsTest, AnswersGrowthAsKafkaDoes) {
    using Assignments = std::vector<protocol::CreatePartitionsRequest::Assignment>;
    const std::vector<Growth> cases = {
        {"lower", {"wide", 2, std::nullopt}, WireError::invalid_partitions},
        {"same", {"wide", 3, std::nullopt}, WireError::invalid_partitions},
        {"-1", {"wide", -1, std::nullopt}, WireError::invalid_partitions},
        {"unknown", {"nosuch", 4, std::nullopt}, WireError::unknown_topic_or_partition},
        {"wrong length", {"wide", 5, Assignments{{{one}}}}, WireError::invalid_replica_assignment},
        {"unknown broker",
         {"wide", 4, Assignments{{{nobody}}}},
         WireError::invalid_replica_assignment},
        {"two replicas",
         {"wide", 4, Assignments{{{one, NodeId(2)}}}},
         WireError::invalid_replica_assignment},
        {"assigned", {"wide", 4, Assignments{{{one}}}}, WireError::none},
        {"placed", {"wide", 4, std::nullopt}, WireError::none},
    };
    for (const Growth& one_case : cases) {
        ControllerLab lab;
        lab.create("wide", 3);
        protocol::CreatePartitionsRequest body{.topics = {one_case.topic}, .timeout_ms = 5000};

        const auto response =
            lab.ask<protocol::CreatePartitionsResponse>(CreatePartitions{std::move(body), 1});

        EXPECT_EQ(response.results.at(0).error_code, one_case.error) << one_case.what;
        const std::size_t count = one_case.error == WireError::none ? 4U : 3U;
        EXPECT_EQ(lab.image().find_topic("wide")->partitions.size(), count) << one_case.what;
    }
}

}  // namespace
}  // namespace glasslog::metadata::test
