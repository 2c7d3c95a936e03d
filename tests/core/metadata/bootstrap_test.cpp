// What a directory is formatted with, against what kafka-storage of 4.3.1 wrote.

#include "core/metadata/bootstrap.hpp"

#include "core/metadata/scram.hpp"
#include "core/protocol/record_batch.hpp"
#include "tests/support/golden.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace glasslog::metadata::test {
namespace {

using support::golden;
using testing::HasSubstr;

// The times at which the batches of a file were begun.
std::vector<std::int64_t> batch_times(const Bytes& file) {
    std::vector<std::int64_t> times;
    for (ByteView left = file.view(); !left.empty();) {
        const auto batch = protocol::BatchView::read(left);
        times.push_back(batch.value().base_timestamp());
        left = left.subspan(batch->size());
    }
    return times;
}

// The n-th batch of a file.
std::string batch_of(const Bytes& file, std::size_t n) {
    ByteView left = file.view();
    for (; n > 0; --n)
        left = left.subspan(protocol::BatchView::read(left)->size());
    return to_hex(protocol::BatchView::read(left)->bytes());
}

protocol::VotersRecord golden_voters() {
    protocol::VotersRecord voters;
    voters.voters.push_back({NodeId(1),
                             *Uuid::parse("3hmAvgrVSXG9dOwvT08rbA"),
                             {{"CONTROLLER", "127.0.0.1", 12721}},
                             {0, 1}});
    return voters;
}

Formatting standalone(std::int64_t now) {
    return {.meta = {"xPh-zt9FQ4m40HNnR7BYew", NodeId(1), *Uuid::parse("3hmAvgrVSXG9dOwvT08rbA")},
            .records = level_records(*initial_levels(std::nullopt, {})),
            .voters = golden_voters(),
            .now = now};
}

// Each batch carries the time of its writing, so batches are compared one by one.
TEST(FormattingTest, HasTheBytesOfKafkasFormat) {
    const Bytes first_records = golden("metadata/bootstrap.checkpoint");
    const std::vector<std::int64_t> times = batch_times(first_records);
    ASSERT_EQ(times.size(), 3U);
    for (std::size_t n = 0; n < times.size(); ++n) {
        const auto files = formatted_files(standalone(times[n]));

        ASSERT_EQ(files.size(), 3U);
        EXPECT_EQ(files[1].name, "bootstrap.checkpoint");
        EXPECT_EQ(batch_of(files[1].content, n), batch_of(first_records, n)) << n;
    }
}

TEST(FormattingTest, HasTheVotersOfKafkasFormat) {
    const Bytes first_voters = golden("metadata/00000000000000000000-0000000000.checkpoint");
    const auto files = formatted_files(standalone(batch_times(first_voters).at(1)));

    EXPECT_EQ(files[0].name, "__cluster_metadata-0/00000000000000000000-0000000000.checkpoint");
    EXPECT_EQ(files[0].content.size(), first_voters.size());
    EXPECT_EQ(batch_of(files[0].content, 1), batch_of(first_voters, 1));
    EXPECT_EQ(files[2].name, "meta.properties") << "last: then the directory is formatted";
}

TEST(FormattingTest, LeavesVotersOutWhereTheyAreConfigured) {
    Formatting formatting = standalone(1);
    formatting.voters.reset();

    EXPECT_EQ(formatted_files(formatting).size(), 2U);
}

TEST(BootstrapTest, IsReadAsItWasWrittenAndRefusedWhenBroken) {
    const Bytes file = encode_bootstrap(standalone(1).records, 1);

    const auto records = decode_bootstrap(file);

    ASSERT_TRUE(records);
    EXPECT_EQ(*records, standalone(1).records);
    EXPECT_FALSE(decode_bootstrap(file.slice(0, file.size() - 1)));
}

struct ReleaseRow {
    const char* release;
    std::int16_t level;
    std::vector<std::string> others;  // "name=level"
};

// kafka-storage version-mapping of 4.3.1.
TEST(ReleasesTest, BeginWithTheLevelsOfKafka) {
    const std::vector<ReleaseRow> rows{
        {"3.3-IV3", 7, {}},
        {"3.9", 21, {}},
        {"4.0-IV0", 22, {"group.version=1"}},
        {"4.0-IV2", 24, {"group.version=1", "transaction.version=2"}},
        {"4.1",
         27,
         {"eligible.leader.replicas.version=1", "group.version=1", "transaction.version=2"}},
        {"4.2-IV0",
         28,
         {"eligible.leader.replicas.version=1",
          "group.version=1",
          "share.version=1",
          "transaction.version=2"}},
        {"4.3.1",
         30,
         {"eligible.leader.replicas.version=1",
          "group.version=1",
          "share.version=1",
          "streams.version=1",
          "transaction.version=2"}},
    };
    for (const ReleaseRow& row : rows) {
        const Release* release = find_release(row.release);
        ASSERT_NE(release, nullptr) << row.release;

        const auto levels = initial_levels(*release, {});

        ASSERT_TRUE(levels);
        EXPECT_EQ(levels->at("metadata.version"), row.level);
        std::vector<std::string> others;
        for (const auto& [name, level] : *levels) {
            if (name != "metadata.version") others.push_back(fmt::format("{}={}", name, level));
        }
        EXPECT_EQ(others, row.others) << row.release;
    }
}

TEST(ReleasesTest, KnowNoOthers) {
    for (const char* name : {"9.9", "4.3-IV1", "", "4", "IV0", "3.2"})
        EXPECT_EQ(find_release(name), nullptr) << name;
}

TEST(ReleasesTest, TakeWhatIsWantedAndRefuseWhatThereIsNot) {
    const auto wanted =
        initial_levels(std::nullopt, {{"group.version", 0}, {"transaction.version", 1}});
    const auto by_level = initial_levels(std::nullopt, {{"metadata.version", 22}});
    const auto no_feature = initial_levels(std::nullopt, {{"foo.version", 1}});
    const auto no_level = initial_levels(std::nullopt, {{"group.version", 9}});
    const auto no_release = initial_levels(std::nullopt, {{"metadata.version", 99}});
    const auto two = initial_levels(*find_release("4.3"), {{"metadata.version", 22}});

    ASSERT_TRUE(wanted && by_level);
    EXPECT_FALSE(wanted->contains("group.version"));
    EXPECT_EQ(wanted->at("transaction.version"), 1);
    EXPECT_EQ(by_level->size(), 2U);
    ASSERT_FALSE(no_feature || no_level || no_release || two);
    EXPECT_THAT(no_feature.error().text(), HasSubstr("one of metadata.version, eligible"));
    EXPECT_THAT(no_level.error().text(), HasSubstr("a level from 0 to 1"));
    EXPECT_THAT(no_release.error().text(), HasSubstr("a level from 7 to 30"));
    EXPECT_THAT(two.error().text(), HasSubstr("contradict"));
}

// Kafka 4.3.1 made these of the same words.
TEST(ScramTest, MakesTheCredentialsThatKafkaMakes) {
    const Bytes salt = Bytes::copy_of(as_bytes("amnpnqcrl1ps5m00fl5d39mxu"));

    const auto plain = scram_credential("SCRAM-SHA-256=[name=alice,password=alice-secret]", salt);
    const auto salted = scram_credential(
        R"(SCRAM-SHA-512=[name=alice,iterations=8192,salt="N3E=",saltedpassword="YCE="])",
        salt);

    ASSERT_TRUE(plain && salted);
    EXPECT_EQ(plain->name, "alice");
    EXPECT_EQ(plain->mechanism, 1);
    EXPECT_EQ(plain->iterations, 4096);
    EXPECT_EQ(plain->salt, salt);
    EXPECT_EQ(to_hex(plain->stored_key.view()),
              "de95617cba71e21f63b4c12044009b82df3b96566d4d5428a0eb57649bdce383");
    EXPECT_EQ(to_hex(plain->server_key.view()),
              "7ed13e0a2658175bad478fcb76dc103459e844f19ce348e2f8c8d8399587895d");
    EXPECT_EQ(salted->mechanism, 2);
    EXPECT_EQ(salted->iterations, 8192);
    EXPECT_EQ(as_text(salted->salt.view()), "7q");
    EXPECT_EQ(to_hex(salted->stored_key.view()),
              "7176a349f91eb2e11d99e95730813516f2f64573dfc25ae618acaae9a8bfd66c"
              "ba1a74019002d38837e3f1bcac880015b32b23775e71a56dac1226a9a4b3b1bd");
}

TEST(ScramTest, RefusesWhatLacksAPartAndSaysWhich) {
    struct Row {
        const char* text;
        const char* why;
    };

    for (const Row row : {Row{"", "no mechanism"},
                          {"PLAIN=[name=a,password=b]", "no mechanism 'PLAIN'"},
                          {"SCRAM-SHA-256", "no list of parts"},
                          {"SCRAM-SHA-256=name=a", "no list of parts"},
                          {"SCRAM-SHA-256=[name=a]", "one of password and saltedpassword"},
                          {"SCRAM-SHA-256=[password=b]", "no name"},
                          {"SCRAM-SHA-256=[name=a,password=b,iterations=3]", "4096 to 16384"},
                          {"SCRAM-SHA-256=[name=a,password=b,colour=red]", "'colour' is no part"},
                          {"SCRAM-SHA-256=[name=a,saltedpassword=YCE=]", "without its salt"},
                          {"SCRAM-SHA-256=[name=a,password=b,salt=!]", "salt is no base64"}}) {
        const auto made = scram_credential(row.text, Bytes::copy_of(as_bytes("salt")));

        ASSERT_FALSE(made) << row.text;
        EXPECT_THAT(made.error().text(), HasSubstr(row.why));
        EXPECT_THAT(made.error().text(), HasSubstr("--add-scram"));
    }
}

}  // namespace
}  // namespace glasslog::metadata::test
