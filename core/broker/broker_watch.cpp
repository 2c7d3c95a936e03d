#include "core/broker/broker_watch.hpp"

#include "core/trace/log.hpp"

#include <fmt/format.h>

#include <utility>

namespace glasslog::broker {

namespace {

constexpr Duration between_knocks = Duration::milliseconds(25);

}  // namespace

BrokerWatch::BrokerWatch(const runtime::Runtime& runtime, metadata::Service& service)
    : runtime_(runtime), service_(service) {}

void BrokerWatch::beat(std::uint64_t connection, NodeId id, BrokerEpoch epoch) {
    if (watched_.size() >= watched_count_max && !watched_.contains(connection)) return;
    watched_[connection] = {id, epoch};
}

void BrokerWatch::closed(std::uint64_t connection) {
    const auto at = watched_.find(connection);
    if (at == watched_.end()) return;
    const Incarnation broker = at->second;
    watched_.erase(at);
    if (service_.is_active()) knock(broker, 0);
}

void BrokerWatch::knock(const Incarnation& broker, int refusals) {
    using Connected = Expected<std::unique_ptr<runtime::Connection>, IoError>;
    const metadata::Broker* known = service_.image()->find_broker(broker.id);
    const bool is_same = known != nullptr && known->epoch == broker.epoch && !known->is_fenced;
    if (!is_same || known->endpoints.empty()) return;
    const metadata::ListenerEndpoint& listener = known->endpoints.front();
    runtime_.transport.connect({listener.host, listener.port, runtime::Security::plaintext},
                               gate_.wrap([this, broker, refusals](const Connected& connected) {
                                   const bool is_refused =
                                       !connected && connected.error().code == IoCode::refused;
                                   if (is_refused) refused(broker, refusals + 1);
                               }));
}

void BrokerWatch::refused(const Incarnation& broker, int refusals) {
    if (refusals < 2) {
        second_knocks_[broker.id] =
            runtime_.executor.at(runtime_.clock.now() + between_knocks,
                                 gate_.wrap([this, broker, refusals] { knock(broker, refusals); }));
        return;
    }
    trace::log(runtime_.trace,
               trace::LogLevel::info,
               "broker",
               fmt::format("broker {} is gone: its connection ended and its listener refuses; it "
                           "is fenced",
                           broker.id));
    service_.ask(metadata::FenceBroker{broker.id, broker.epoch}, [](const metadata::Response&) {});
}

}  // namespace glasslog::broker
