#include "tests/core/client/fake_broker.hpp"

#include <utility>

namespace glasslog::client {
namespace {

using protocol::ApiKey;
using protocol::WireError;

constexpr Uuid orders_id{7, 7};

}  // namespace

void FakeBroker::handle(const rpc::ConnectionFacts&, rpc::Request request) {
    switch (request.header.request_api_key) {
        case ApiKey::api_versions: {
            protocol::ApiVersionsResponse response;
            for (const protocol::Api& api : protocol::apis()) {
                if (!api.served_on.broker) continue;
                response.api_keys.push_back({api.key, api.versions.first, api.versions.last});
            }
            return answer(request, response);
        }
        case ApiKey::metadata:
            return metadata(std::move(request));
        case ApiKey::produce:
            return produce(std::move(request));
        case ApiKey::fetch:
            return fetch(std::move(request));
        case ApiKey::list_offsets:
            return list_offsets(std::move(request));
        case ApiKey::init_producer_id: {
            protocol::InitProducerIdResponse response;
            response.producer_id = ProducerId{next_producer_id++};
            return answer(request, response);
        }
        default:
            return request.responder.close_connection();
    }
}

void FakeBroker::metadata(rpc::Request request) {
    ++metadata_count;
    protocol::MetadataResponse response;
    response.brokers.push_back(
        {.node_id = NodeId{1}, .host = endpoint_.host, .port = endpoint_.port, .rack = {}});
    protocol::MetadataResponse::Topic topic;
    topic.name = "orders";
    topic.topic_id = orders_id;
    for (const auto& [index, log] : logs) {
        protocol::MetadataResponse::Partition partition;
        partition.partition_index = PartitionIndex{index};
        partition.leader_id = NodeId{1};
        partition.leader_epoch = LeaderEpoch{0};
        topic.partitions.push_back(partition);
    }
    response.topics.push_back(std::move(topic));
    answer(request, response);
}

void FakeBroker::produce(rpc::Request request) {
    auto body = body_of<protocol::ProduceRequest>(request);
    Order order;
    if (!orders.empty()) {
        order = orders.front();
        orders.pop_front();
    }
    protocol::ProduceResponse response;
    for (auto& topic : body.topic_data) {
        protocol::ProduceResponse::Topic answered{.name = "orders", .topic_id = orders_id};
        for (auto& partition : topic.partition_data) {
            protocol::ProduceResponse::Partition result;
            result.index = partition.index;
            std::int64_t base = -1;
            result.error_code = order.fate == Fate::refuse
                                    ? order.error
                                    : keep(partition.index.value(), *partition.records, base);
            result.base_offset = Offset{base};
            answered.partition_responses.push_back(std::move(result));
            partition.records.reset();
        }
        response.responses.push_back(std::move(answered));
    }
    const bool wants_answer = body.acks != 0;
    produced.push_back(std::move(body));
    if (is_silent) return unanswered.push_back(std::move(request));
    if (order.fate == Fate::drop) return request.responder.close_connection();
    if (!wants_answer) return request.responder.no_answer();
    answer(request, response);
}

// Appends unless the producer's numbers forbid it; a repeated batch is told its old place.
WireError FakeBroker::keep(std::int32_t partition, const Payload& records, std::int64_t& base) {
    Log& log = logs.at(partition);
    const Bytes bytes = records.flatten();
    const auto batch = protocol::BatchView::read(bytes.view());
    if (!batch || !batch->is_crc_right()) return WireError::corrupt_message;
    const std::int64_t producer = batch->producer_id().value();
    if (producer >= 0) {
        for (const Bytes& kept : log.batches) {
            const auto old = protocol::BatchView::read(kept.view());
            if (old->producer_id() == batch->producer_id() &&
                old->producer_epoch() == batch->producer_epoch() &&
                old->base_sequence() == batch->base_sequence()) {
                base = old->base_offset().value();
                return WireError::none;
            }
        }
        if (log.epoch[producer] != batch->producer_epoch().value()) {
            log.epoch[producer] = batch->producer_epoch().value();
            log.next_sequence[producer] = 0;
        }
        if (log.next_sequence[producer] != batch->base_sequence().value())
            return WireError::out_of_order_sequence_number;
        log.next_sequence[producer] += batch->record_count();
    }
    base = log.end;
    append(partition, bytes);
    return WireError::none;
}

void FakeBroker::append(std::int32_t partition, const Bytes& batch) {
    Log& log = logs[partition];
    const auto view = protocol::BatchView::read(batch.view());
    log.batches.push_back(protocol::assigned_copy(*view,
                                                  {.base_offset = Offset{log.end},
                                                   .leader_epoch = LeaderEpoch{0},
                                                   .timestamp_type = view->timestamp_type(),
                                                   .max_timestamp = view->max_timestamp()}));
    log.end += view->last_offset_delta() + 1;
}

protocol::FetchResponse::Partition FakeBroker::read(const Log& log,
                                                    const protocol::FetchRequest::Partition& asked,
                                                    WireError order) {
    protocol::FetchResponse::Partition result;
    result.partition_index = asked.partition;
    result.high_watermark = Offset{log.end};
    result.error_code = order;
    const std::int64_t from = asked.fetch_offset.value();
    if (order == WireError::none && (from < log.start || from > log.end))
        result.error_code = WireError::offset_out_of_range;
    if (result.error_code != WireError::none) return result;
    for (const Bytes& batch : log.batches) {
        const auto view = protocol::BatchView::read(batch.view());
        if (view->next_offset().value() <= from) continue;
        result.records->append(batch);
        if (result.records->size() >= static_cast<std::size_t>(asked.partition_max_bytes)) break;
    }
    return result;
}

void FakeBroker::fetch(rpc::Request request) {
    auto body = body_of<protocol::FetchRequest>(request);
    fetched.push_back(body);
    WireError order = WireError::none;
    if (!fetch_errors.empty()) {
        order = fetch_errors.front();
        fetch_errors.pop_front();
    }
    protocol::FetchResponse response;
    for (const auto& topic : body.topics) {
        protocol::FetchResponse::Topic answered{.topic = "orders", .topic_id = orders_id};
        for (const auto& partition : topic.partitions) {
            auto result = read(logs.at(partition.partition.value()), partition, order);
            answered.partitions.push_back(std::move(result));
        }
        response.responses.push_back(std::move(answered));
    }
    answer(request, response);
}

void FakeBroker::list_offsets(rpc::Request request) {
    const auto body = body_of<protocol::ListOffsetsRequest>(request);
    protocol::ListOffsetsResponse response;
    for (const auto& topic : body.topics) {
        protocol::ListOffsetsResponse::Topic answered{.name = topic.name, .partitions = {}};
        for (const auto& partition : topic.partitions) {
            const Log& log = logs.at(partition.partition_index.value());
            protocol::ListOffsetsResponse::Partition result;
            result.partition_index = partition.partition_index;
            result.offset = Offset{partition.timestamp == -2 ? log.start : log.end};
            answered.partitions.push_back(result);
        }
        response.topics.push_back(std::move(answered));
    }
    answer(request, response);
}

std::vector<std::string> FakeBroker::values(std::int32_t partition) const {
    std::vector<std::string> all;
    for (const Bytes& batch : logs.at(partition).batches) {
        const auto view = protocol::BatchView::read(batch.view());
        const auto section = protocol::RecordSection::open(*view, std::size_t{1} << 24);
        protocol::RecordIterator records = section->records();
        while (records.next())
            all.emplace_back(as_text(records.record().value.value_or(ByteView{})));
    }
    return all;
}

}  // namespace glasslog::client
