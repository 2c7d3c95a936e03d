// Transport, Listener, Connection.

#include "tests/conformance/streams.hpp"

#include <gmock/gmock.h>

namespace glasslog::conformance {
namespace {

using testing::ElementsAre;

class TransportTest : public StreamTest {};

TEST_F(TransportTest, ListensOnAFreePortAndTellsIt) {
    const auto listener = listen();

    EXPECT_NE(listener->endpoint().port, 0);
    EXPECT_EQ(listener->endpoint().host, a_->host);
}

TEST_F(TransportTest, ConnectsBothSides) {
    Pair pair = connect();

    ASSERT_TRUE(pair.client && pair.server);
    EXPECT_EQ(pair.server->listener(), "PLAINTEXT");
    EXPECT_EQ(pair.client->listener(), "");
    EXPECT_EQ(pair.client->peer(), pair.listener->endpoint());
    EXPECT_EQ(pair.server->local(), pair.listener->endpoint());
    EXPECT_EQ(pair.server->peer(), pair.client->local());
}

TEST_F(TransportTest, NumbersConnections) {
    Pair one = connect();
    Pair other = connect();

    EXPECT_NE(one.server->id(), other.server->id());
    EXPECT_NE(one.client->id(), other.client->id());
}

TEST_F(TransportTest, NeverConnectsInsideTheCall) {
    const auto listener = listen();
    Answer<Handle> accepted;
    Answer<Handle> connected;
    listener->accept(accepted.callback());
    at_b().transport.connect(listener->endpoint(), connected.callback());

    EXPECT_FALSE(accepted.has_come());
    EXPECT_FALSE(connected.has_come());
    EXPECT_TRUE(await(accepted));
    EXPECT_TRUE(await(connected));
}

TEST_F(TransportTest, IsRefusedWhereNobodyListens) {
    auto listener = listen();
    const runtime::Endpoint endpoint = listener->endpoint();
    listener.reset();
    Answer<Handle> connected;

    at_b().transport.connect(endpoint, connected.callback());

    EXPECT_FALSE(connected.has_come()) << "inside the call";
    ASSERT_TRUE(await(connected));
    EXPECT_EQ(connected.code(), IoCode::refused);
}

TEST_F(TransportTest, OneReactorListensOnceOnAnEndpoint) {
    const auto listener = listen();

    const auto second =
        at_a().transport.listen({.name = "SECOND", .endpoint = listener->endpoint()});

    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code, IoCode::exists);
}

TEST_F(TransportTest, ReactorsOfOneNodeShareAnEndpoint) {
    const auto listener = listen();
    auto shared = at_a2().transport.listen({.name = "PLAINTEXT", .endpoint = listener->endpoint()});
    ASSERT_TRUE(shared.has_value());
    std::vector<Handle> accepted;
    std::vector<Handle> connected;
    accept_all(*listener, accepted);
    accept_all(**shared, accepted);

    for (int i = 0; i < 8; ++i) {
        at_b().transport.connect(listener->endpoint(),
                                 [&](auto handle) { connected.push_back(*std::move(handle)); });
    }

    EXPECT_TRUE(run_until([&] { return accepted.size() == 8 && connected.size() == 8; }));
}

TEST_F(TransportTest, AConnectionOutlivesItsListener) {
    Pair pair = connect();
    pair.listener.reset();

    write(*pair.client, "still here");

    EXPECT_EQ(read_exactly(*pair.server, 10), "still here");
}

TEST_F(TransportTest, AConnectionWaitsInTheBacklogUntilItIsAccepted) {
    const auto listener = listen();
    Answer<Handle> connected;
    at_b().transport.connect(listener->endpoint(), connected.callback());
    ASSERT_TRUE(await(connected));
    Answer<Handle> accepted;

    listener->accept(accepted.callback());

    ASSERT_TRUE(await(accepted));
    EXPECT_TRUE(accepted.is_good());
}

TEST_F(TransportTest, NoAcceptAfterTheListenerIsGone) {
    auto listener = listen();
    const runtime::Endpoint endpoint = listener->endpoint();
    Answer<Handle> accepted;
    listener->accept(accepted.callback());
    listener.reset();
    Answer<Handle> connected;

    at_b().transport.connect(endpoint, connected.callback());

    ASSERT_TRUE(await(connected));
    settle();
    EXPECT_EQ(accepted.calls, 0);
}

TEST_F(TransportTest, ReadsBetweenOneAndMaxBytes) {
    Pair pair = connect();
    write(*pair.client, "hello");
    std::string got;

    while (got.size() < 5) {
        const std::string chunk = read_some(*pair.server, 2);
        ASSERT_GE(chunk.size(), 1u);
        ASSERT_LE(chunk.size(), 2u);
        got += chunk;
    }

    EXPECT_EQ(got, "hello");
}

TEST_F(TransportTest, AReadWaitsForBytes) {
    Pair pair = connect();
    Answer<Bytes> answer;
    pair.server->read(100, answer.callback());
    settle();
    ASSERT_FALSE(answer.has_come());

    write(*pair.client, "x");

    ASSERT_TRUE(await(answer));
    EXPECT_EQ(as_text(answer.told->value().view()), "x");
    EXPECT_EQ(answer.calls, 1);
}

TEST_F(TransportTest, NeverAnswersAReadInsideTheCall) {
    Pair pair = connect();
    write(*pair.client, "abcdef");
    ASSERT_EQ(read_exactly(*pair.server, 3), "abc");

    Answer<Bytes> answer;
    pair.server->read(3, answer.callback());

    EXPECT_FALSE(answer.has_come());
    EXPECT_TRUE(await(answer));
}

TEST_F(TransportTest, TheEndOfTheStreamIsAnEmptyReadAgainAndAgain) {
    Pair pair = connect();
    write(*pair.client, "bye");
    pair.client->close();

    EXPECT_EQ(read_exactly(*pair.server, 3), "bye");
    for (int i = 0; i < 3; ++i) {
        Answer<Bytes> answer;
        pair.server->read(10, answer.callback());
        EXPECT_FALSE(answer.has_come()) << "inside the call";
        ASSERT_TRUE(await(answer));
        ASSERT_TRUE(answer.is_good());
        EXPECT_TRUE(answer.told->value().empty());
    }
}

TEST_F(TransportTest, CloseSendsWhatWasWritten) {
    Pair pair = connect();
    const std::string text(3'000'000, 'z');
    pair.client->write(payload_of(text), {}, [](auto) {});
    pair.client->close();

    EXPECT_EQ(read_to_end(*pair.server), text);
}

TEST_F(TransportTest, DestructionAfterCloseStillSendsWhatWasWritten) {
    Pair pair = connect();
    write(*pair.server, "unread by the client");
    const std::string text(3'000'000, 'z');
    pair.client->write(payload_of(text), {}, [](auto) {});
    pair.client->close();
    pair.client.reset();

    EXPECT_EQ(read_to_end(*pair.server), text);
}

TEST_F(TransportTest, AClosedSideStillReads) {
    Pair pair = connect();
    pair.client->close();
    ASSERT_EQ(read_to_end(*pair.server), "");

    write(*pair.server, "the answer");
    pair.server->close();

    EXPECT_EQ(read_to_end(*pair.client), "the answer");
}

TEST_F(TransportTest, AWriteAfterCloseFails) {
    Pair pair = connect();
    pair.client->close();
    Answer<void> written;

    pair.client->write(payload_of("late"), {}, written.callback());

    EXPECT_FALSE(written.has_come()) << "inside the call";
    ASSERT_TRUE(await(written));
    EXPECT_EQ(written.code(), IoCode::closed);
    EXPECT_EQ(pair.client->write_queue_bytes(), 0u);
}

TEST_F(TransportTest, ThePeerOfADestroyedConnectionSeesAReset) {
    Pair pair = connect();
    Answer<Bytes> answer;
    pair.server->read(10, answer.callback());

    pair.client.reset();

    ASSERT_TRUE(await(answer));
    EXPECT_EQ(answer.code(), IoCode::reset);
}

TEST_F(TransportTest, AResetStays) {
    Pair pair = connect();
    Answer<Bytes> first;
    pair.server->read(10, first.callback());
    pair.client.reset();
    ASSERT_TRUE(await(first));
    Answer<Bytes> second;
    Answer<void> written;

    pair.server->read(10, second.callback());
    pair.server->write(payload_of("x"), {}, written.callback());

    ASSERT_TRUE(await(second));
    ASSERT_TRUE(await(written));
    EXPECT_EQ(second.code(), IoCode::reset);
    EXPECT_EQ(written.code(), IoCode::reset);
    EXPECT_EQ(pair.server->write_queue_bytes(), 0u);
}

TEST_F(TransportTest, AWriterLearnsOfAReset) {
    Pair pair = connect();
    pair.client.reset();
    IoCode code = Answer<void>::no_code;

    for (int i = 0; i < 1000 && code == Answer<void>::no_code; ++i) {
        Answer<void> written;
        pair.server->write(payload_of("x"), {}, written.callback());
        ASSERT_TRUE(await(written));
        code = written.code();
        settle();
    }

    EXPECT_EQ(code, IoCode::reset);
}

TEST_F(TransportTest, NoCallbackAfterDestruction) {
    Pair pair = connect();
    Answer<Bytes> read;
    Answer<void> written;
    pair.server->read(10, read.callback());
    pair.server->write(payload_of("x"), {}, written.callback());

    pair.server.reset();

    EXPECT_EQ(read_result(*pair.client), IoCode::reset);
    settle();
    EXPECT_EQ(read.calls, 0);
    EXPECT_EQ(written.calls, 0);
}

TEST_F(TransportTest, AConnectionMayBeDestroyedInItsCallback) {
    Pair pair = connect();
    int calls = 0;
    pair.server->write(payload_of("one"), {}, [&](auto) {
        ++calls;
        pair.server.reset();
    });
    pair.server->write(payload_of("two"), {}, [&](auto) { ++calls; });

    ASSERT_TRUE(run_until([&] { return calls > 0; }));
    settle();

    EXPECT_EQ(calls, 1);
}

TEST_F(TransportTest, ACallbackMayAskForMore) {
    Pair pair = connect();
    write(*pair.client, "0123456789");
    std::string got;
    std::function<void()> next = [&] {
        pair.server->read(1, [&](Expected<Bytes, IoError> bytes) {
            got += as_text(bytes->view());
            if (got.size() < 10) next();
        });
    };
    next();

    ASSERT_TRUE(run_until([&] { return got.size() == 10; }));
    EXPECT_EQ(got, "0123456789");
}

TEST_F(TransportTest, ConnectionsAreIndependent) {
    std::vector<Pair> pairs;
    for (int i = 0; i < 8; ++i)
        pairs.push_back(connect());

    for (std::size_t i = 0; i < pairs.size(); ++i)
        write(*pairs[i].client, std::string(1000, static_cast<char>('a' + i)));
    pairs[3].client.reset();

    for (std::size_t i = 0; i < pairs.size(); ++i) {
        if (i == 3) continue;
        EXPECT_EQ(read_exactly(*pairs[i].server, 1000),
                  std::string(1000, static_cast<char>('a' + i)));
    }
}

TEST_F(TransportTest, BothDirectionsFlowAtOnce) {
    Pair pair = connect();
    const std::string there(500'000, 't');
    const std::string back(500'000, 'b');
    pair.client->write(payload_of(there), {}, [](auto) {});
    pair.server->write(payload_of(back), {}, [](auto) {});
    pair.client->close();
    pair.server->close();

    EXPECT_EQ(read_to_end(*pair.client), back);
    EXPECT_EQ(read_to_end(*pair.server), there);
}

}  // namespace
}  // namespace glasslog::conformance
