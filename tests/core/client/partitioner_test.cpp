#include "core/client/partitioner.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace glasslog::client {
namespace {

// Values of Java's Utils.murmur2, as Kafka's own tests state them.
TEST(PartitionerTest, HashesAsJavaDoes) {
    struct Case {
        std::string_view key;
        std::int32_t hash;
    };

    for (const Case& known : {Case{"21", -973932308},
                              Case{"foobar", -790332482},
                              Case{"a-little-bit-long-string", -985981536},
                              Case{"a-little-bit-longer-string", -1486304829},
                              Case{"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
                              Case{"abc", 479470107}}) {
        EXPECT_EQ(static_cast<std::int32_t>(murmur2(as_bytes(known.key))), known.hash) << known.key;
    }
}

TEST(PartitionerTest, DropsTheSignBeforeItDivides) {
    EXPECT_EQ(partition_of_key(as_bytes("21"), 1000),
              PartitionIndex{static_cast<std::int32_t>((-973932308 & 0x7fffffff) % 1000)});
    EXPECT_EQ(partition_of_key(as_bytes(""), 1), PartitionIndex{0});
}

}  // namespace
}  // namespace glasslog::client
