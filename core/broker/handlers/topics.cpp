// Deletion of topics, which a broker may refuse by itself.

#include "core/broker/handlers/forward.hpp"
#include "core/broker/handlers/handlers.hpp"
#include "core/broker/reactor.hpp"

namespace glasslog::broker {
namespace {

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

void handle_delete_topics(Reactor& reactor, Call<protocol::DeleteTopicsRequest> call) {
    if (!reactor.config().delete_topics) return call.answer(deletion_disabled(call));
    forward_to_controller<protocol::DeleteTopicsResponse>(reactor, std::move(call));
}

}  // namespace glasslog::broker
