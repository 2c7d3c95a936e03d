#include "tests/conformance/streams.hpp"

namespace glasslog::conformance {

Payload StreamTest::payload_of(const std::string& text) {
    return Bytes::copy_of(as_bytes(text));
}

std::unique_ptr<runtime::Listener> StreamTest::listen() {
    auto listener =
        at_a().transport.listen({.name = "PLAINTEXT", .endpoint = {.host = a_->host, .port = 0}});
    EXPECT_TRUE(listener.has_value()) << (listener ? "" : listener.error().text());
    return *std::move(listener);
}

StreamTest::Pair StreamTest::connect() {
    Pair pair;
    pair.listener = listen();
    Answer<Handle> accepted;
    Answer<Handle> connected;
    pair.listener->accept(accepted.callback());
    at_b().transport.connect(pair.listener->endpoint(), connected.callback());
    EXPECT_TRUE(await(accepted) && await(connected));
    EXPECT_TRUE(accepted.is_good() && connected.is_good());
    pair.server = *std::move(*accepted.told);
    pair.client = *std::move(*connected.told);
    return pair;
}

void StreamTest::accept_all(runtime::Listener& listener, std::vector<Handle>& into) {
    listener.accept([&](Expected<Handle, IoError> accepted) {
        into.push_back(*std::move(accepted));
        accept_all(listener, into);
    });
}

void StreamTest::write(runtime::Connection& connection, const std::string& text) {
    Answer<void> written;
    connection.write(payload_of(text), {}, written.callback());
    EXPECT_TRUE(await(written));
    EXPECT_TRUE(written.is_good());
}

std::string StreamTest::read_some(runtime::Connection& connection, std::size_t max) {
    Answer<Bytes> answer;
    connection.read(max, answer.callback());
    if (!await(answer) || !answer.is_good()) return {};
    return std::string(as_text(answer.told->value().view()));
}

std::string StreamTest::read_exactly(runtime::Connection& connection, std::size_t count) {
    std::string got;
    while (got.size() < count) {
        const std::string chunk = read_some(connection, count - got.size());
        EXPECT_FALSE(chunk.empty()) << "the stream ended after " << got.size() << " bytes";
        if (chunk.empty()) break;
        got += chunk;
    }
    return got;
}

std::string StreamTest::read_to_end(runtime::Connection& connection) {
    std::string got;
    while (true) {
        Answer<Bytes> answer;
        connection.read(100'000, answer.callback());
        EXPECT_TRUE(await(answer) && answer.is_good()) << "after " << got.size() << " bytes";
        if (!answer.is_good() || answer.told->value().empty()) return got;
        got += as_text(answer.told->value().view());
    }
}

IoCode StreamTest::read_result(runtime::Connection& connection) {
    while (true) {
        Answer<Bytes> answer;
        connection.read(100'000, answer.callback());
        if (!await(answer) || !answer.is_good()) return answer.code();
        if (answer.told->value().empty()) return Answer<Bytes>::no_code;
    }
}

}  // namespace glasslog::conformance
