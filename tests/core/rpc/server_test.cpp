#include "tests/core/rpc/rig.hpp"

namespace glasslog::rpc {
namespace {

class ServerTest : public RpcTest {
protected:
    static Bytes length_only(std::int32_t length) {
        std::vector<std::uint8_t> bytes;
        append_be(bytes, length);
        return Bytes::from(std::move(bytes));
    }

    // In one chunk: a Fetch, and so many bytes of a frame of 60 KiB behind it.
    static Bytes fetch_and_more(std::size_t more) {
        protocol::RequestHeader header;
        header.request_api_key = protocol::ApiKey::fetch;
        Payload all = protocol::encode_request_frame(header, {});
        all.append(Payload(length_only(60 * 1024)));
        all.append(Payload(Bytes::from(std::vector<std::uint8_t>(more))));
        return all.flatten();
    }
};

TEST_F(ServerTest, AnswersInTheOrderOfTheRequests) {
    serve({});
    RawPeer& peer = connect();
    peer.read_all();
    for (const int correlation : {1, 2, 3})
        peer.send_request(correlation);
    ASSERT_TRUE(run_until([&] { return handler_.requests.size() == 3; }));

    for (std::size_t i = 3; i > 0; --i)
        handler_.requests[i - 1].responder.respond({});

    ASSERT_TRUE(run_until([&] { return peer.answered.size() == 3; }));
    EXPECT_EQ(peer.answered, (std::vector<std::int32_t>{1, 2, 3}));
}

TEST_F(ServerTest, HandsOutNoMoreRequestsThanTheLimitOfAConnection) {
    serve({.in_flight_count_max = 2});
    RawPeer& peer = connect();
    peer.read_all();
    for (int correlation = 0; correlation < 5; ++correlation)
        peer.send_request(correlation);

    world_.run_for(Duration::seconds(1));
    EXPECT_EQ(handler_.requests.size(), 2U);
    handler_.requests[0].responder.respond({});

    ASSERT_TRUE(run_until([&] { return handler_.requests.size() == 3; }));
    world_.run_for(Duration::seconds(1));
    EXPECT_EQ(handler_.requests.size(), 3U);
}

TEST_F(ServerTest, ClosesAtOnceOnALengthThatCannotBe) {
    for (const std::int32_t length : {-1, 2'000'000'000}) {
        serve({});
        RawPeer& peer = connect();
        peer.read_all();
        const Instant before = world_.now();

        peer.send(length_only(length));

        ASSERT_TRUE(run_until([&] { return peer.is_ended; }));
        EXPECT_LT(world_.now() - before, Duration::milliseconds(100));
        EXPECT_EQ(server_->counters().garbage_closed_count, 1U);
        EXPECT_TRUE(has_log_line_with("socket.request.max.bytes"));
        EXPECT_LT(server_->counters().memory_bytes_peak, 1000U);
        log_lines_.clear();
        peers_.clear();
        server_.reset();
    }
}

TEST_F(ServerTest, ClosesOnAHeaderThatCannotBeRead) {
    serve({});
    RawPeer& garbage = connect();
    RawPeer& other = connect();
    garbage.read_all();
    other.read_all();

    garbage.send(Bytes::copy_of(as_bytes(std::string("\0\0\0\x10GET / HTTP/1.1\r\n", 20))));
    other.send_request(1);

    ASSERT_TRUE(run_until([&] { return garbage.is_ended && handler_.requests.size() == 1; }));
    EXPECT_EQ(server_->counters().garbage_closed_count, 1U);
    EXPECT_FALSE(other.is_ended);
}

TEST_F(ServerTest, ClosesASilentConnectionAndHalfAFrameAfterTheIdleTime) {
    serve({.idle_max = Duration::seconds(2)});
    RawPeer& silent = connect();
    RawPeer& half = connect();
    silent.read_all();
    half.read_all();
    half.send(length_only(100));
    const Instant before = world_.now();

    world_.run_for(Duration::milliseconds(1900));
    EXPECT_FALSE(silent.is_ended || half.is_ended);
    ASSERT_TRUE(run_until([&] { return silent.is_ended && half.is_ended; }));

    EXPECT_LE(world_.now() - before, Duration::milliseconds(2500));
    EXPECT_EQ(server_->counters().idle_closed_count, 2U);
    EXPECT_TRUE(has_log_line_with("connections.max.idle.ms"));
    EXPECT_EQ(server_->memory_bytes(), 0U);
}

TEST_F(ServerTest, KeepsAConnectionWhoseRequestIsInWork) {
    serve({.idle_max = Duration::seconds(2)});
    RawPeer& peer = connect();
    peer.read_all();
    peer.send_request(1);

    world_.run_for(Duration::seconds(10));
    ASSERT_EQ(handler_.requests.size(), 1U);
    handler_.requests[0].responder.respond({});

    EXPECT_TRUE(run_until([&] { return peer.answered.size() == 1; }));
}

TEST_F(ServerTest, HoldsBoundedMemoryForAReaderThatDoesNotRead) {
    constexpr std::size_t answer = 64 * 1024;
    constexpr std::size_t count = 1000;
    handler_.answer_bytes = answer;
    serve({.in_flight_count_max = 16, .response_queue_bytes_max = 1024 * 1024});
    RawPeer& slow = connect();
    for (std::size_t i = 0; i < count; ++i)
        slow.send_request(static_cast<std::int32_t>(i));
    RawPeer& other = connect();
    other.read_all();

    world_.run_for(Duration::seconds(3));
    EXPECT_LT(handler_.answered_count, 100U);
    EXPECT_LT(server_->counters().memory_bytes_peak, 3U * 1024 * 1024);
    other.send_request(1);
    ASSERT_TRUE(run_until([&] { return other.answered.size() == 1; }));

    slow.read_all();
    ASSERT_TRUE(run_until([&] { return slow.answered.size() == count; }));
    for (std::size_t i = 0; i < count; ++i)
        ASSERT_EQ(slow.answered[i], static_cast<std::int32_t>(i));
    EXPECT_EQ(server_->memory_bytes(), 0U);
}

TEST_F(ServerTest, HandsOutNothingBehindAFetchInWork) {
    serve({});
    RawPeer& peer = connect();
    peer.read_all();
    peer.send_request(0);
    peer.send_request(1, protocol::ApiKey::fetch);
    peer.send_request(2, protocol::ApiKey::fetch);
    peer.send_request(3);
    ASSERT_TRUE(run_until([&] { return handler_.requests.size() == 2; }));
    world_.run_for(Duration::seconds(1));
    ASSERT_EQ(handler_.requests.size(), 2U);

    handler_.requests[0].responder.respond({});
    world_.run_for(Duration::seconds(1));
    ASSERT_EQ(handler_.requests.size(), 2U);
    handler_.requests[1].responder.respond({});
    ASSERT_TRUE(run_until([&] { return handler_.requests.size() == 3; }));
    handler_.requests[2].responder.respond({});
    ASSERT_TRUE(run_until([&] { return handler_.requests.size() == 4; }));
    handler_.requests[3].responder.respond({});

    ASSERT_TRUE(run_until([&] { return peer.answered.size() == 4; }));
    EXPECT_EQ(peer.answered, (std::vector<std::int32_t>{0, 1, 2, 3}));
}

TEST_F(ServerTest, ClosesWhoLeavesAnswersWhileTheyMakeOthersSmall) {
    handler_.answer_bytes = 256 * 1024;
    serve({.response_queue_bytes_max = 512 * 1024,
           .answer_bytes_max = 1024 * 1024,
           .stall_max = Duration::seconds(5)});
    RawPeer& slow = connect();
    for (int i = 0; i < 20; ++i)
        slow.send_request(i);

    world_.run_for(Duration::seconds(1));
    EXPECT_LT(server_->answer_bytes_left(), 512U * 1024);
    EXPECT_EQ(server_->counters().stall_closed_count, 0U);

    ASSERT_TRUE(run_until([&] { return server_->counters().stall_closed_count == 1; }));
    EXPECT_EQ(server_->answer_bytes_left(), 1024U * 1024);
    EXPECT_EQ(server_->memory_bytes(), 0U);
}

// The next frame's beginning stays in memory behind a Fetch that waits for months.
TEST_F(ServerTest, ClosesWhoHoldsMemoryBehindAFetchWhenOthersNeedIt) {
    serve({.request_bytes_max = 64 * 1024,
           .memory_bytes_max = 1024 * 1024,
           .stall_max = Duration::seconds(5)});
    for (int i = 0; i < 40; ++i) {
        RawPeer& peer = connect();
        peer.send(fetch_and_more(59 * 1024));
    }
    world_.run_for(Duration::seconds(1));
    ASSERT_EQ(server_->memory_bytes_left(), 0U);
    RawPeer& poll = connect();
    poll.read_all();
    poll.send_request(1, protocol::ApiKey::fetch);
    RawPeer& other = connect();
    other.send(length_only(32 * 1024));
    other.send(Bytes::from(std::vector<std::uint8_t>(32 * 1024)));

    world_.run_for(Duration::seconds(12));

    EXPECT_GT(server_->memory_bytes_left(), 100U * 1024);
    EXPECT_LT(server_->counters().stall_closed_count, 40U);
    EXPECT_FALSE(poll.is_ended) << "it holds nothing";
}

TEST_F(ServerTest, ClosesAConnectionWhoseAnswerNoFrameCanHold) {
    handler_.answer_bytes = 5000;
    serve({.answer_frame_bytes_max = 4000});
    RawPeer& peer = connect();
    peer.read_all();

    peer.send_request(1);

    ASSERT_TRUE(run_until([&] { return peer.is_ended; }));
    EXPECT_TRUE(has_log_line_with("an answer to ApiVersions of 5000 bytes"));
    EXPECT_EQ(server_->memory_bytes(), 0U);
    EXPECT_EQ(server_->answer_bytes_left(), ServerLimits().answer_bytes_max);
}

TEST_F(ServerTest, ClosesWhoHoldsMemoryWithoutMovingWhenOthersNeedIt) {
    handler_.answer_bytes = 512 * 1024;
    serve({.request_bytes_max = 64 * 1024,
           .response_queue_bytes_max = 4 * 1024 * 1024,
           .memory_bytes_max = 2 * 1024 * 1024,
           .stall_max = Duration::seconds(5)});
    RawPeer& slow = connect();
    for (int i = 0; i < 20; ++i)
        slow.send_request(i);
    world_.run_for(Duration::seconds(1));
    ASSERT_EQ(server_->memory_bytes_left(), 0U);
    RawPeer& other = connect();
    other.read_all();

    // Needs more than what a connection may always hold.
    other.send(length_only(32 * 1024));
    other.send(Bytes::from(std::vector<std::uint8_t>(32 * 1024)));

    ASSERT_TRUE(run_until([&] { return server_->counters().stall_closed_count == 1; }));
    EXPECT_TRUE(has_log_line_with("holds memory"));
    ASSERT_TRUE(run_until([&] { return server_->memory_bytes_left() > 1024 * 1024; }));
}

TEST_F(ServerTest, RefusesOneConnectionTooMany) {
    serve({.connection_count_max = 2});
    connect();
    connect();

    std::unique_ptr<runtime::Connection> third;
    client_runtime().transport.connect(
        endpoint_,
        [&](Expected<std::unique_ptr<runtime::Connection>, IoError> connection) {
            if (connection) third = std::move(*connection);
        });

    ASSERT_TRUE(run_until([&] { return server_->counters().rejected_count == 1; }));
    EXPECT_EQ(server_->connection_count(), 2U);
    EXPECT_TRUE(has_log_line_with("max.connections"));
}

TEST_F(ServerTest, SendsNothingForARequestWithoutAnswer) {
    serve({});
    RawPeer& peer = connect();
    peer.read_all();
    peer.send_request(1);
    peer.send_request(2);
    ASSERT_TRUE(run_until([&] { return handler_.requests.size() == 2; }));

    handler_.requests[0].responder.no_answer();
    handler_.requests[1].responder.respond({});

    ASSERT_TRUE(run_until([&] { return !peer.answered.empty(); }));
    EXPECT_EQ(peer.answered, std::vector<std::int32_t>{2});
}

TEST_F(ServerTest, AnswersWhatCameBeforeARequestThatClosesTheConnection) {
    serve({});
    RawPeer& peer = connect();
    peer.read_all();
    for (const int correlation : {1, 2, 3})
        peer.send_request(correlation);
    ASSERT_TRUE(run_until([&] { return handler_.requests.size() == 3; }));

    handler_.requests[2].responder.respond({});
    handler_.requests[1].responder.close_connection();
    handler_.requests[0].responder.respond({});

    ASSERT_TRUE(run_until([&] { return peer.is_ended; }));
    EXPECT_EQ(peer.answered, std::vector<std::int32_t>{1});
    ASSERT_TRUE(run_until([&] { return server_->connection_count() == 0; }));
    EXPECT_EQ(server_->memory_bytes(), 0U);
}

TEST_F(ServerTest, ClosesTheConnectionOfARequestThatIsDropped) {
    serve({});
    RawPeer& peer = connect();
    peer.read_all();
    peer.send_request(1);
    ASSERT_TRUE(run_until([&] { return handler_.requests.size() == 1; }));

    handler_.requests.clear();

    EXPECT_TRUE(run_until([&] { return peer.is_ended; }));
    EXPECT_TRUE(peer.answered.empty());
}

TEST_F(ServerTest, CountsARequestUntilItIsAnsweredAlsoWhenItsConnectionIsGone) {
    serve({});
    RawPeer& peer = connect();
    peer.send_request(1);
    ASSERT_TRUE(run_until([&] { return handler_.requests.size() == 1; }));

    peer.reset();
    ASSERT_TRUE(run_until([&] { return server_->connection_count() == 0; }));
    EXPECT_GT(server_->memory_bytes(), 0U);
    handler_.requests[0].responder.respond({});

    EXPECT_EQ(server_->memory_bytes(), 0U);
}

TEST_F(ServerTest, StopsWhenWhatIsInWorkHasBeenAnswered) {
    serve({});
    RawPeer& busy = connect();
    RawPeer& idle = connect();
    busy.read_all();
    idle.read_all();
    busy.send_request(1);
    ASSERT_TRUE(run_until([&] { return handler_.requests.size() == 1; }));
    bool is_stopped = false;

    server_->stop(world_.now() + Duration::seconds(100), [&] { is_stopped = true; });
    ASSERT_TRUE(run_until([&] { return idle.is_ended; }));
    EXPECT_FALSE(is_stopped);
    handler_.requests[0].responder.respond({});

    ASSERT_TRUE(run_until([&] { return is_stopped && busy.is_ended; }));
    EXPECT_EQ(busy.answered, std::vector<std::int32_t>{1});
}

TEST_F(ServerTest, StopsAtTheDeadlineWhateverIsInWork) {
    serve({});
    RawPeer& peer = connect();
    peer.send_request(1);
    ASSERT_TRUE(run_until([&] { return handler_.requests.size() == 1; }));
    bool is_stopped = false;

    server_->stop(server_runtime().clock.now() + Duration::seconds(3), [&] { is_stopped = true; });

    world_.run_for(Duration::milliseconds(2900));
    EXPECT_FALSE(is_stopped);
    world_.run_for(Duration::milliseconds(200));
    EXPECT_TRUE(is_stopped);
    handler_.requests.clear();
}

}  // namespace
}  // namespace glasslog::rpc
