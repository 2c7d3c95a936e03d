#pragma once

// A server node and client nodes in a simulated world, for tests of both sides of core/rpc.

#include "core/protocol/frame.hpp"
#include "core/protocol/messages/api_versions.hpp"
#include "core/rpc/client.hpp"
#include "core/rpc/frame_buffer.hpp"
#include "core/rpc/server.hpp"
#include "sim/world.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace glasslog::rpc {

// A node that does nothing but lend its runtimes to the test.
class Host final : public sim::Program {
public:
    void start() override {}
};

// Keeps every request until the test answers it.
class KeepingHandler final : public Handler {
public:
    void handle(const ConnectionFacts&, Request request) override {
        if (answer_bytes.has_value()) {
            request.responder.respond(Bytes::from(std::vector<std::uint8_t>(*answer_bytes)));
            ++answered_count;
            return;
        }
        requests.push_back(std::move(request));
    }

    std::optional<std::size_t> answer_bytes;  // answers at once with so many
    std::size_t answered_count = 0;
    std::vector<Request> requests;
};

// A connection that a test drives byte by byte.
class RawPeer {
public:
    explicit RawPeer(std::unique_ptr<runtime::Connection> connection)
        : connection_(std::move(connection)) {}

    void send(Bytes bytes) {
        connection_->write(Payload(std::move(bytes)), {}, [](const auto&) {});
    }

    // A request of version 0 without a body, which only an ApiVersions request really lacks.
    void send_request(std::int32_t correlation,
                      protocol::ApiKey key = protocol::ApiKey::api_versions) {
        protocol::RequestHeader header;
        header.request_api_key = key;
        header.correlation_id = CorrelationId{correlation};
        send(protocol::encode_request_frame(header, {}).flatten());
    }

    // Reads on until the stream ends.
    void read_all() {
        connection_->read(64 * 1024, [this](Expected<Bytes, IoError> chunk) {
            if (!chunk || chunk->empty()) {
                is_ended = true;
                return;
            }
            frames_.append(std::move(*chunk));
            take_frames();
            read_all();
        });
    }

    void reset() { connection_.reset(); }

    std::vector<std::int32_t> answered;  // correlation ids, as they came
    std::size_t answer_bytes = 0;
    bool is_ended = false;

private:
    void take_frames() {
        for (auto next = frames_.next(); std::holds_alternative<Bytes>(next);
             next = frames_.next()) {
            const Bytes& frame = std::get<Bytes>(next);
            answered.push_back(load_be<std::int32_t>(frame.data()));
            answer_bytes += frame.size();
        }
    }

    std::unique_ptr<runtime::Connection> connection_;
    FrameBuffer frames_{std::size_t{1} << 30};
};

class RpcTest : public testing::Test {
protected:
    static constexpr Duration patience = Duration::seconds(60);

    RpcTest() : world_({.seed = 7}) {
        server_node_ = add_node("server", server_runtimes_);
        client_node_ = add_node("client", client_runtimes_);
        world_.observe([this](const trace::Event& event) {
            if (event.kind.value() != trace::kinds::LogLine::kind.number) return;
            const auto kind = trace::decode(event);
            if (kind) log_lines_.push_back(std::get<trace::kinds::LogLine>(*kind).text);
        });
    }

    // Handles of the world go before it does.
    void TearDown() override {
        peers_.clear();
        server_.reset();
    }

    NodeId add_node(const std::string& name, std::vector<runtime::Runtime>& into) {
        sim::NodeConfig config;
        config.name = name;
        const NodeId node = world_.add_node(config, [&into](std::vector<runtime::Runtime> given) {
            into.clear();
            for (const runtime::Runtime& one : given)
                into.push_back(one);
            return std::make_unique<Host>();
        });
        world_.start(node);
        return node;
    }

    runtime::Runtime& server_runtime() { return server_runtimes_.front(); }

    runtime::Runtime& client_runtime() { return client_runtimes_.front(); }

    void serve(const ServerLimits& limits) {
        world_.run_for(Duration::milliseconds(1));
        server_ = std::make_unique<Server>(server_runtime(), limits, handler_);
        const auto bound =
            server_->listen({.name = "PLAINTEXT", .endpoint = {.host = "server", .port = 9092}});
        ASSERT_TRUE(bound);
        endpoint_ = *bound;
    }

    RawPeer& connect() {
        const std::size_t before = peers_.size();
        client_runtime().transport.connect(
            endpoint_,
            [this](Expected<std::unique_ptr<runtime::Connection>, IoError> connection) {
                if (connection) {
                    peers_.push_back(std::make_unique<RawPeer>(std::move(*connection)));
                }
            });
        EXPECT_TRUE(run_until([&] { return peers_.size() > before; }));
        return *peers_.back();
    }

    bool run_until(UniqueFunction<bool()> finished) {
        return world_.run_until(std::move(finished), patience);
    }

    bool has_log_line_with(const std::string& text) const {
        for (const std::string& line : log_lines_) {
            if (line.find(text) != std::string::npos) return true;
        }
        return false;
    }

    sim::World world_;
    std::vector<runtime::Runtime> server_runtimes_;
    std::vector<runtime::Runtime> client_runtimes_;
    NodeId server_node_;
    NodeId client_node_;
    std::vector<std::string> log_lines_;
    KeepingHandler handler_;
    std::unique_ptr<Server> server_;
    runtime::Endpoint endpoint_;
    std::vector<std::unique_ptr<RawPeer>> peers_;
};

}  // namespace glasslog::rpc
