#include "core/metadata/publisher.hpp"

#include "core/trace/event.hpp"

#include <utility>

namespace glasslog::metadata {

namespace {

namespace kinds = trace::kinds;

const Duration mailbox_retry = Duration::milliseconds(1);

// Tells the trace what a committed image has that the one before had not.
void trace_change(runtime::Trace& trace, const Image& before, const Image& after) {
    PersistentMap<Uuid, TopicPtr>::for_each_change(
        before.topics_by_id,
        after.topics_by_id,
        [&](const Uuid& id, const TopicPtr* old_topic, const TopicPtr* new_topic) {
            if (new_topic == nullptr) {
                trace::emit(trace, kinds::TopicDeleted{(*old_topic)->name});
            } else if (old_topic == nullptr) {
                const auto count = static_cast<std::int32_t>((*new_topic)->partitions.size());
                trace::emit(trace, kinds::TopicCreated{(*new_topic)->name, id.text(), count});
            }
        });
    PersistentMap<NodeId, BrokerPtr>::for_each_change(
        before.brokers,
        after.brokers,
        [&](NodeId id, const BrokerPtr* old_broker, const BrokerPtr* new_broker) {
            if (new_broker == nullptr) return;
            if (old_broker != nullptr && (*old_broker)->epoch == (*new_broker)->epoch) return;
            trace::emit(trace, kinds::BrokerRegistered{id, (*new_broker)->epoch.value()});
        });
}

}  // namespace

Publisher::Publisher(const runtime::Runtime& runtime)
    : runtime_(runtime), image_(std::make_shared<const Image>()) {}

void Publisher::subscribe(ReactorId reactor, MetadataFeed feed) {
    subscribers_.push_back(std::make_unique<Subscriber>(
        Subscriber{reactor, std::make_shared<MetadataFeed>(std::move(feed)), image_, {}}));
    deliver(*subscribers_.back());
}

void Publisher::publish(Image image, bool is_told) {
    const ImagePtr before = std::exchange(image_, std::make_shared<const Image>(std::move(image)));
    if (!is_told) trace_change(runtime_.trace, *before, *image_);
    trace::emit(runtime_.trace, kinds::MetadataCommitted{image_->offset});
    for (const auto& subscriber : subscribers_) {
        subscriber->due = image_;
        deliver(*subscriber);
    }
}

void Publisher::deliver(Subscriber& subscriber) {
    if (subscriber.due == nullptr) return;
    runtime::Task message = [feed = subscriber.feed, image = subscriber.due] { (*feed)(image); };
    if (subscriber.reactor == runtime_.reactor) {
        runtime_.executor.post(std::move(message));
    } else if (!runtime_.mailbox.post_to(subscriber.reactor, std::move(message))) {
        subscriber.retry =
            runtime_.executor.at(runtime_.clock.now() + mailbox_retry,
                                 [this, waiting = &subscriber] { deliver(*waiting); });
        return;
    }
    subscriber.due.reset();
}

}  // namespace glasslog::metadata
