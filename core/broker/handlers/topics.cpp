// Changes of topics: the controller, on reactor 0, decides; here they only travel.

#include "core/broker/handlers/handlers.hpp"
#include "core/broker/reactor.hpp"

namespace glasslog::broker {
namespace {

constexpr ReactorId controller_reactor(0);

// delete.topic.enable=false. Versions that do not know the error get another one.
protocol::DeleteTopicsResponse deletion_disabled(const Call<protocol::DeleteTopicsRequest>& call) {
    const auto error = call.version >= protocol::Version(3)
                           ? protocol::WireError::topic_deletion_disabled
                           : protocol::WireError::invalid_request;
    protocol::DeleteTopicsResponse response;
    for (const auto& topic : call.body.topics)
        response.responses.push_back({topic.name, topic.topic_id, error, {}});
    for (const std::string& name : call.body.topic_names)
        response.responses.push_back({name, {}, error, {}});
    return response;
}

}  // namespace

void handle_create_topics(Reactor& reactor, Call<protocol::CreateTopicsRequest> call) {
    using Response = protocol::CreateTopicsResponse;
    auto body = std::move(call.body);
    const bool is_asked = reactor.ask<Response>(
        controller_reactor,
        [body = std::move(body)](Reactor& there, AnswerDone<Response> reply) mutable {
            there.controller().create_topics(std::move(body), std::move(reply));
        },
        [call = std::move(call)](const Response& response) mutable { call.answer(response); });
    ignore(is_asked, "the connection closes");
}

void handle_delete_topics(Reactor& reactor, Call<protocol::DeleteTopicsRequest> call) {
    using Response = protocol::DeleteTopicsResponse;
    if (!reactor.config().delete_topics) return call.answer(deletion_disabled(call));
    auto body = std::move(call.body);
    const protocol::Version version = call.version;
    const bool is_asked = reactor.ask<Response>(
        controller_reactor,
        [version, body = std::move(body)](Reactor& there, AnswerDone<Response> reply) mutable {
            there.controller().delete_topics(std::move(body), version, std::move(reply));
        },
        [call = std::move(call)](const Response& response) mutable { call.answer(response); });
    ignore(is_asked, "the connection closes");
}

void handle_create_partitions(Reactor& reactor, Call<protocol::CreatePartitionsRequest> call) {
    using Response = protocol::CreatePartitionsResponse;
    auto body = std::move(call.body);
    const bool is_asked = reactor.ask<Response>(
        controller_reactor,
        [body = std::move(body)](Reactor& there, AnswerDone<Response> reply) mutable {
            there.controller().create_partitions(std::move(body), std::move(reply));
        },
        [call = std::move(call)](const Response& response) mutable { call.answer(response); });
    ignore(is_asked, "the connection closes");
}

}  // namespace glasslog::broker
