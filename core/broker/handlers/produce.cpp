// Produce and InitProducerId.

#include "core/broker/handlers/handlers.hpp"
#include "core/broker/handlers/repeats.hpp"
#include "core/broker/scatter.hpp"

#include <algorithm>

namespace glasslog::broker {
namespace {

using protocol::ProduceRequest;
using protocol::ProduceResponse;
using protocol::Version;
using protocol::WireError;
using replication::AppendRequest;
using replication::AppendResult;

constexpr Version topic_ids_from{13};
constexpr std::string_view admin_client_id = "__admin_client";

bool is_acks(std::int16_t acks) {
    return acks >= -1 && acks <= 1;
}

// Where the results of the scattered parts go in the response.
struct Place {
    std::size_t topic = 0;
    std::size_t partition = 0;
};

// The response, filled with what is known before any log was asked, and the parts that remain.
struct Plan {
    ProduceResponse response;
    std::vector<Owned<AppendRequest>> parts;
    std::vector<Place> places;
};

class Planner {
public:
    Planner(Reactor& reactor, Call<ProduceRequest>& call) : reactor_(reactor), call_(call) {}

    Plan make() {
        for (const ProduceRequest::Topic& topic : call_.body.topic_data) {
            repeats_.add_topic(topic.topic_id, topic.name);
            for (const ProduceRequest::Partition& partition : topic.partition_data)
                repeats_.add(partition.index);
        }
        repeats_.find();
        for (ProduceRequest::Topic& topic : call_.body.topic_data)
            add(topic);
        return std::move(plan_);
    }

private:
    void add(ProduceRequest::Topic& asked) {
        const bool by_id = call_.version >= topic_ids_from;
        const metadata::Image& image = reactor_.image();
        const metadata::Topic* topic =
            by_id ? image.find_topic(asked.topic_id) : image.find_topic(asked.name);
        ProduceResponse::Topic& out = plan_.response.responses.emplace_back();
        out.name = asked.name;
        out.topic_id = asked.topic_id;
        for (ProduceRequest::Partition& partition : asked.partition_data) {
            const std::size_t number = next_++;
            // Of several entries of one partition the last one counts, as in Kafka.
            if (repeats_.last(number) != number) continue;
            ProduceResponse::Partition& answer = out.partition_responses.emplace_back();
            answer.index = partition.index;
            answer.base_offset = no_offset;
            answer.error_code = refusal(topic, partition);
            if (answer.error_code == WireError::none) add_part(*topic, partition);
        }
        const bool is_all_replaced =
            out.partition_responses.empty() && !asked.partition_data.empty();
        if (is_all_replaced) plan_.response.responses.pop_back();
    }

    WireError refusal(const metadata::Topic* topic,
                      const ProduceRequest::Partition& partition) const {
        const bool by_id = call_.version >= topic_ids_from;
        if (topic == nullptr)
            return by_id ? WireError::unknown_topic_id : WireError::unknown_topic_or_partition;
        if (topic->find(partition.index) == nullptr) return WireError::unknown_topic_or_partition;
        if (!partition.records) return WireError::invalid_record;
        if (!is_acks(call_.body.acks)) return WireError::invalid_required_acks;
        const bool is_admin = call_.client_id == admin_client_id;
        if (metadata::is_internal_topic(topic->name) && !is_admin)
            return WireError::invalid_topic_exception;
        return WireError::none;
    }

    void add_part(const metadata::Topic& topic, ProduceRequest::Partition& partition) {
        AppendRequest part;
        part.partition = {topic.id, partition.index};
        part.records = std::move(*partition.records);
        part.acks = call_.body.acks;
        part.timeout = Duration::milliseconds(std::max(call_.body.timeout_ms, 0));
        part.version = call_.version;
        const ReactorId owner =
            replication::reactor_of(part.partition, reactor_.runtime().reactor_count);
        plan_.parts.push_back({owner, std::move(part)});
        plan_.places.push_back({plan_.response.responses.size() - 1,
                                plan_.response.responses.back().partition_responses.size() - 1});
    }

    Reactor& reactor_;
    Call<ProduceRequest>& call_;
    Repeats repeats_;
    std::size_t next_ = 0;  // number of an entry
    Plan plan_;
};

void fill(ProduceResponse::Partition& out, AppendResult&& result) {
    out.error_code = result.error;
    out.base_offset = result.base_offset;
    out.log_append_time_ms = result.log_append_time.milliseconds();
    out.log_start_offset = result.log_start;
    out.error_message = std::move(result.message);
    for (replication::RecordError& error : result.record_errors) {
        out.record_errors.push_back({error.batch_index, std::move(error.message)});
    }
}

void append_part(Reactor& there, AppendRequest part, AnswerDone<AppendResult> done) {
    there.replicas().append(std::move(part), std::move(done));
}

// Bit 4 of the attributes of a batch of magic 2, which end at byte 23.
bool is_transactional(const std::optional<Payload>& records) {
    constexpr std::size_t magic = 16;
    constexpr std::size_t attributes_low = 22;
    if (!records || records->empty()) return false;
    const Bytes& first = records->parts().front();
    return first.size() > attributes_low && first.data()[magic] == 2 &&
           (first.data()[attributes_low] & 0x10) != 0;
}

// A transactional batch needs a transactional id; without it the whole request is refused.
bool lacks_transactional_id(const ProduceRequest& request) {
    if (request.transactional_id) return false;
    return std::ranges::any_of(request.topic_data, [](const ProduceRequest::Topic& topic) {
        return std::ranges::any_of(topic.partition_data, [](const auto& partition) {
            return is_transactional(partition.records);
        });
    });
}

ProduceResponse refuse_all(const ProduceRequest& request, WireError error) {
    ProduceResponse response;
    for (const ProduceRequest::Topic& topic : request.topic_data) {
        ProduceResponse::Topic& out = response.responses.emplace_back();
        out.name = topic.name;
        out.topic_id = topic.topic_id;
        for (const ProduceRequest::Partition& partition : topic.partition_data) {
            out.partition_responses.push_back(
                {.index = partition.index, .error_code = error, .base_offset = no_offset});
        }
    }
    return response;
}

bool has_error(const ProduceResponse& response) {
    return std::ranges::any_of(response.responses, [](const ProduceResponse::Topic& topic) {
        return std::ranges::any_of(topic.partition_responses, [](const auto& partition) {
            return partition.error_code != WireError::none;
        });
    });
}

// acks 0 has no answer; the only way to tell of an error is to close the connection.
void finish(Call<ProduceRequest>& call, const ProduceResponse& response) {
    if (call.body.acks != 0) return call.answer(response);
    if (has_error(response)) return call.responder.close_connection();
    call.responder.no_answer();
}

}  // namespace

void handle_produce(Reactor& reactor, Call<ProduceRequest> call) {
    if (lacks_transactional_id(call.body)) {
        const auto error = WireError::transactional_id_authorization_failed;
        return finish(call, refuse_all(call.body, error));
    }
    Plan plan = Planner(reactor, call).make();
    scatter<AppendRequest, AppendResult>(
        reactor,
        std::move(plan.parts),
        append_part,
        [call = std::move(call),
         response = std::move(plan.response),
         places = std::move(plan.places)](std::vector<AppendResult> results) mutable {
            for (std::size_t i = 0; i < results.size(); ++i) {
                auto& topic = response.responses[places[i].topic];
                fill(topic.partition_responses[places[i].partition], std::move(results[i]));
            }
            finish(call, response);
        });
}

void handle_init_producer_id(Reactor& reactor, Call<protocol::InitProducerIdRequest> call) {
    using Result = Expected<ProducerId, WireError>;
    protocol::InitProducerIdResponse refused;
    refused.producer_epoch = no_producer_epoch;
    if (call.body.transactional_id) {
        // An empty id is a mistake; any other would need a transaction coordinator.
        refused.error_code = call.body.transactional_id->empty()
                                 ? WireError::invalid_request
                                 : WireError::coordinator_not_available;
        return call.answer(refused);
    }
    const bool has_id = call.body.producer_id != no_producer_id;
    const bool has_epoch = call.body.producer_epoch != no_producer_epoch;
    if (has_id != has_epoch) {
        refused.error_code = WireError::invalid_request;
        return call.answer(refused);
    }
    const bool is_asked = reactor.ask<Result>(
        ReactorId(0),
        [](Reactor& there, AnswerDone<Result> reply) {
            there.producer_ids().next(std::move(reply));
        },
        [call = std::move(call)](const Result& id) mutable {
            protocol::InitProducerIdResponse response;
            response.error_code = id ? WireError::none : id.error();
            response.producer_id = id ? *id : no_producer_id;
            response.producer_epoch = id ? ProducerEpoch(0) : no_producer_epoch;
            call.answer(response);
        });
    ignore(is_asked, "the connection closes");
}

}  // namespace glasslog::broker
