#include "core/broker/producer_ids.hpp"

#include <utility>

namespace glasslog::broker {

ProducerIds::ProducerIds(ControllerChannel& channel, const Registrar& registrar, NodeId broker)
    : channel_(channel), registrar_(registrar), broker_(broker) {}

void ProducerIds::next(Done done) {
    if (waiting_.size() >= waiting_count_max) {
        return done(Unexpected{protocol::WireError::coordinator_load_in_progress});
    }
    waiting_.push_back(std::move(done));
    serve();
}

void ProducerIds::serve() {
    while (!waiting_.empty() && left_count_ > 0) {
        const ProducerId id = *next_;
        ++*next_;
        --left_count_;
        Done done = std::move(waiting_.front());
        waiting_.pop_front();
        done(id);
    }
    if (left_count_ == 0 && !waiting_.empty()) ask_for_block();
}

void ProducerIds::ask_for_block() {
    using Response = protocol::AllocateProducerIdsResponse;
    if (is_asking_) return;
    is_asking_ = true;
    protocol::AllocateProducerIdsRequest request;
    request.broker_id = broker_;
    request.broker_epoch = registrar_.epoch();
    channel_.ask<Response>(request, gate_.wrap([this](Expected<Response, std::string> block) {
        is_asking_ = false;
        const bool is_usable =
            block && block->error_code == protocol::WireError::none && block->producer_id_len > 0;
        if (is_usable) return take(*block);
        refuse_all();
    }));
}

void ProducerIds::refuse_all() {
    auto waiting = std::exchange(waiting_, {});
    for (Done& done : waiting)
        done(Unexpected{protocol::WireError::coordinator_load_in_progress});
}

void ProducerIds::take(const protocol::AllocateProducerIdsResponse& block) {
    next_ = block.producer_id_start;
    left_count_ = block.producer_id_len;
    serve();
}

}  // namespace glasslog::broker
