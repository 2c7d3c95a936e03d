#include "core/broker/producer_ids.hpp"

#include <utility>

namespace glasslog::broker {

ProducerIds::ProducerIds(metadata::Service& controller, NodeId broker, BrokerEpoch epoch)
    : controller_(controller), broker_(broker), epoch_(epoch) {}

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
    if (is_asking_) return;
    is_asking_ = true;
    controller_.allocate_producer_ids(
        broker_,
        epoch_,
        gate_.wrap([this](Expected<metadata::ProducerIdBlock, protocol::WireError> block) {
            is_asking_ = false;
            if (block) return take(*block);
            auto waiting = std::exchange(waiting_, {});
            for (Done& done : waiting) {
                done(Unexpected{protocol::WireError::coordinator_load_in_progress});
            }
        }));
}

void ProducerIds::take(metadata::ProducerIdBlock block) {
    next_ = block.first;
    left_count_ = metadata::producer_id_block_size;
    serve();
}

}  // namespace glasslog::broker
