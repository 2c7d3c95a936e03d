#include "core/trace/event.hpp"
#include "core/trace/export.hpp"
#include "core/trace/json.hpp"
#include "tests/core/trace/sample.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <sstream>

namespace glasslog::trace {
namespace {

const std::string golden_path = std::string(GLASSLOG_SOURCE_DIR) + "/tests/golden/trace/kinds.txt";

// Fills every field with a value of its own, so that two fields in the wrong order show.
class Filler {
public:
    template <typename T>
    void field(std::string_view name, T& value, protocol::Spec = {}) {
        ++count_;
        if constexpr (std::is_same_v<T, std::string>) {
            value = std::string(name) + " \"é\"";
        } else if constexpr (std::is_same_v<T, bool>) {
            value = true;
        } else if constexpr (is_strong<T>) {
            value = T(static_cast<typename T::Representation>(count_ * 3));
        } else {
            value = static_cast<T>(count_ * 3);
        }
    }

private:
    int count_ = 0;
};

// One line a kind: number, name, bytes, fields.
template <std::size_t I>
void describe(std::string& out) {
    using Kind = std::variant_alternative_t<I + 1, AnyKind>;
    Kind fields;
    Filler filler;
    Kind::walk(fields, filler);
    const Bytes bytes = Bytes::from(encode(fields));
    out += fmt::format("{} {} {} {}\n",
                       Kind::kind.number,
                       Kind::kind.name,
                       to_hex(bytes.view()),
                       fields_json(Kind::kind.number, bytes));
}

template <std::size_t... I>
std::string describe_all(std::index_sequence<I...>) {
    std::string out;
    (describe<I>(out), ...);
    return out;
}

std::string read_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST(KindsTest, KeepTheirNumbersNamesAndBytes) {
    const std::string now =
        describe_all(std::make_index_sequence<std::variant_size_v<AnyKind> - 1>());

    if (std::getenv("GLASSLOG_UPDATE") != nullptr) std::ofstream(golden_path) << now;

    EXPECT_EQ(now, read_text(golden_path)) << "a kind changed: add a tagged field or a new kind";
}

TEST(KindsTest, DecodeWhatWasEncoded) {
    const kinds::BatchAppended
        batch{"orders", PartitionIndex(3), Offset(40), Offset(44), LeaderEpoch(2), 512, 5, true};

    const auto decoded = decode_kind(64, Bytes::from(encode(batch)));

    ASSERT_TRUE(decoded);
    const auto& got = std::get<kinds::BatchAppended>(*decoded);
    EXPECT_EQ(got.topic, "orders");
    EXPECT_EQ(got.last, Offset(44));
    EXPECT_TRUE(got.is_control);
}

TEST(KindsTest, RefuseEveryTruncation) {
    const auto bytes = encode(kinds::Said{"a power loss", "falta de luz"});

    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_FALSE(decode_kind(140, Bytes::copy_of(ByteView(bytes).first(size)))) << size;
}

TEST(KindsTest, SkipAFieldOfALaterBuild) {
    auto bytes = encode(kinds::DiskState{"slow"});
    bytes.back() = 1;  // one tagged field: tag 0, two bytes
    bytes.insert(bytes.end(), {0, 2, 0xAB, 0xCD});

    const auto decoded = decode_kind(102, Bytes::from(bytes));

    ASSERT_TRUE(decoded);
    EXPECT_EQ(std::get<kinds::DiskState>(*decoded).state, "slow");
}

TEST(KindsTest, LeaveAnUnknownKindAsItsBytes) {
    const Bytes bytes = Bytes::from({0, 0xFF});

    EXPECT_TRUE(std::holds_alternative<std::monostate>(decode_kind(999, bytes).value()));
    EXPECT_EQ(kind_name(999), "kind 999");
    EXPECT_EQ(fields_json(999, bytes), R"({"bytes":"00ff"})");
    EXPECT_EQ(kind_number("log_synced"), 65);
    EXPECT_FALSE(kind_number("log_sunk"));
}

TEST(KindsTest, PrintForPeopleAndPrograms) {
    const Bytes bytes = Bytes::from(encode(kinds::Expectation{"no \"gap\"\n", true}));

    EXPECT_EQ(fields_text(143, bytes), "text=\"no \\\"gap\\\"\\u000a\" is_met=true");
    EXPECT_EQ(fields_json(143, bytes), R"({"text":"no \"gap\"\u000a","is_met":true})");
}

TEST(KindsTest, JsonStringsAreUtf8WhateverTheBytes) {
    EXPECT_EQ(json_string("caf\xC3\xA9"), "\"caf\xC3\xA9\"");
    EXPECT_EQ(json_string("\xC0\x80 \xED\xA0\x80 \xFF"),
              "\"\\ufffd\\ufffd \\ufffd\\ufffd\\ufffd \\ufffd\"");
    EXPECT_EQ(json_string("\xE2\x82"), "\"\\ufffd\\ufffd\"");
}

TEST(KindsTest, OneEventIsOneJsonLine) {
    Story story;
    story.add(1250, broker, kinds::LogSynced{"orders", PartitionIndex(0), Offset(52)}, EventId(5));

    EXPECT_EQ(json_line(story.events()[0]),
              R"({"id":1,"time_ns":1250000000,"cause":5,"second_cause":0,"node":1,)"
              R"("kind":"log_synced","fields":{"topic":"orders","partition":0,"upto":52}})");
}

// A Trace that notes what it was given.
class NotingTrace final : public runtime::Trace {
public:
    explicit NotingTrace(runtime::TraceLevel level) : level_(level) {}

    bool wants(runtime::TraceLevel level) const override { return level <= level_; }

    EventId emit(EventKind kind, ByteView bytes, EventId second_cause) override {
        events.push_back({.time = {},
                          .id = EventId(events.size() + 1),
                          .cause = no_event,
                          .second_cause = second_cause,
                          .node = broker,
                          .kind = kind,
                          .payload = Bytes::copy_of(bytes)});
        return events.back().id;
    }

    EventId current_cause() const override { return no_event; }

    std::vector<Event> events;

private:
    runtime::TraceLevel level_;
};

TEST(KindsTest, EmitLeavesOutWhatNobodyReads) {
    NotingTrace trace(runtime::TraceLevel::state);

    const EventId quiet = emit(trace, kinds::MessageDelivered{1, true, 0});
    const EventId heard = emit(trace, kinds::DiskState{"full"}, EventId(9));

    EXPECT_EQ(quiet, no_event);
    EXPECT_EQ(heard, EventId(1));
    ASSERT_EQ(trace.events.size(), 1U);
    EXPECT_EQ(trace.events[0].second_cause, EventId(9));
    EXPECT_EQ(fields_text(102, trace.events[0].payload), "state=full");
}

TEST(KindsTest, TheHashSeesTimeNodeKindAndPayload) {
    const auto hash =
        [](std::int64_t ns, std::int32_t node, std::uint16_t kind, const char* bytes) {
            TraceHash h;
            h.add(Instant::from_nanoseconds(ns), NodeId(node), EventKind(kind), as_bytes(bytes));
            return h.value();
        };

    EXPECT_EQ(hash(1, 2, 3, "x"), hash(1, 2, 3, "x"));
    EXPECT_NE(hash(1, 2, 3, "x"), hash(2, 2, 3, "x"));
    EXPECT_NE(hash(1, 2, 3, "x"), hash(1, 3, 3, "x"));
    EXPECT_NE(hash(1, 2, 3, "x"), hash(1, 2, 4, "x"));
    EXPECT_NE(hash(1, 2, 3, "x"), hash(1, 2, 3, "y"));
}

}  // namespace
}  // namespace glasslog::trace
