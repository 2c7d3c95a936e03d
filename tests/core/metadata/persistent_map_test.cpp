#include "core/metadata/persistent_map.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <string>
#include <vector>

namespace glasslog::metadata {
namespace {

using Map = PersistentMap<std::string, int>;
using Plain = std::map<std::string, int>;

Plain contents(const Map& map) {
    Plain all;
    map.for_each([&](const std::string& key, int value) { all.emplace(key, value); });
    return all;
}

struct Both {
    Map map;
    Plain plain;
};

Both changed(Both both) {
    const std::string key = std::to_string(*rc::gen::inRange(0, 40));
    if (*rc::gen::inRange(0, 3) == 0) {
        both.map = both.map.without(key);
        both.plain.erase(key);
    } else {
        const int value = *rc::gen::inRange(0, 5);
        both.map = both.map.with(key, value);
        both.plain[key] = value;
    }
    return both;
}

TEST(PersistentMapTest, HoldsWhatAnOrdinaryMapHolds) {
    const bool holds = rc::check("contents", [] {
        Both both;
        const int steps = *rc::gen::inRange(0, 80);
        for (int step = 0; step < steps; ++step)
            both = changed(both);

        RC_ASSERT(contents(both.map) == both.plain);
        RC_ASSERT(both.map.size() == both.plain.size());
        for (int key = 0; key < 40; ++key) {
            const int* found = both.map.find(std::to_string(key));
            const auto at = both.plain.find(std::to_string(key));
            RC_ASSERT((found != nullptr) == (at != both.plain.end()));
            if (found != nullptr) RC_ASSERT(*found == at->second);
        }
    });
    EXPECT_TRUE(holds);
}

TEST(PersistentMapTest, NamesExactlyWhatDiffersBetweenTwoVersions) {
    const bool holds = rc::check("changes", [] {
        Both before;
        const int steps = *rc::gen::inRange(0, 60);
        for (int step = 0; step < steps; ++step)
            before = changed(before);
        Both after = before;
        const int changes = *rc::gen::inRange(0, 10);
        for (int step = 0; step < changes; ++step)
            after = changed(after);

        Plain patched = before.plain;
        std::vector<std::string> keys;
        Map::for_each_change(before.map,
                             after.map,
                             [&](const std::string& key, const int* was, const int* is) {
                                 keys.push_back(key);
                                 RC_ASSERT((was != nullptr) == before.plain.contains(key));
                                 if (is == nullptr) {
                                     patched.erase(key);
                                 } else {
                                     patched[key] = *is;
                                 }
                             });

        RC_ASSERT(patched == after.plain);
        RC_ASSERT(std::is_sorted(keys.begin(), keys.end()));
        RC_ASSERT(keys.size() <= static_cast<std::size_t>(changes));
    });
    EXPECT_TRUE(holds);
}

TEST(PersistentMapTest, LeavesOlderVersionsAsTheyWere) {
    const Map one = Map().with("a", 1).with("b", 2);

    const Map two = one.with("a", 9).without("b");

    EXPECT_EQ(contents(one), (Plain{{"a", 1}, {"b", 2}}));
    EXPECT_EQ(contents(two), (Plain{{"a", 9}}));
}

TEST(PersistentMapTest, WalksFromAKeyUntilTold) {
    const Map map = Map().with("a", 1).with("c", 2).with("d", 3).with("e", 4);

    std::string seen;
    map.for_each_from(std::string("b"), [&](const std::string& key, int) {
        seen += key;
        return key != "d";
    });

    EXPECT_EQ(seen, "cd");
}

}  // namespace
}  // namespace glasslog::metadata
