#include "core/broker/reactor.hpp"

#include "core/base/check.hpp"
#include "core/broker/dispatcher.hpp"
#include "core/trace/log.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::broker {
namespace {

// So much room for answers every reactor has, however many there are: Fetches of a few megabytes.
constexpr std::size_t answer_bytes_min = 8 * 1024 * 1024;

// Each reactor has its share of the broker's limits.
rpc::ServerLimits limits_of(const Config& config) {
    const auto share = [&](std::int64_t whole) {
        return static_cast<std::size_t>(std::max<std::int64_t>(whole / config.reactor_count, 1));
    };
    rpc::ServerLimits limits;
    limits.connection_count_max = share(config.connection_count_max);
    limits.request_bytes_max = static_cast<std::size_t>(config.request_bytes_max);
    limits.memory_bytes_max =
        std::max(share(config.queued_request_bytes_max), limits.request_bytes_max);
    limits.answer_bytes_max =
        std::max(limits.answer_bytes_max / static_cast<std::size_t>(config.reactor_count),
                 answer_bytes_min);
    limits.idle_max = config.connection_idle_max;
    return limits;
}

// How long a stop waits for answers in work.
constexpr Duration stop_wait = Duration::seconds(5);
constexpr Duration outbox_retry = Duration::milliseconds(1);

}  // namespace

Reactor::Reactor(const runtime::Runtime& runtime, const Config& config, ReactorTable& table)
    : runtime_(runtime),
      config_(config),
      table_(table),
      image_(std::make_shared<const metadata::Image>()),
      server_(runtime, limits_of(config), *this) {}

Reactor::~Reactor() = default;

void Reactor::open_replicas(replication::DirectoryHost& host, replication::ReplicaOptions options) {
    replicas_ = std::make_unique<replication::ReplicaManager>(runtime_, host, std::move(options));
}

void Reactor::attach_control(ControllerChannel* channel, ControllerApis* apis, BrokerWatch* watch) {
    channel_ = channel;
    apis_ = apis;
    watch_ = watch;
}

void Reactor::set_image(metadata::ImagePtr image) {
    image_ = std::move(image);
    if (is_ready_ && !is_stopping_) replicas_->apply(image_);
}

void Reactor::become_ready() {
    is_ready_ = true;
    replicas_->apply(image_);  // what came while the logs were opening
    while (!early_.empty()) {
        EarlyRequest early = std::move(early_.front());
        early_.pop_front();
        dispatch(*this, early.from, std::move(early.request));
    }
}

void Reactor::stop(UniqueFunction<void(bool is_clean)> done) {
    is_stopping_ = true;
    early_.clear();
    if (replicas_) replicas_->end_waits();
    server_.stop(runtime_.clock.now() + stop_wait,
                 gate_.wrap([this, done = std::move(done)]() mutable {
                     parked_.clear();
                     // A controller has none; a broker that has none yet did not open its logs.
                     if (!replicas_) return done(!config_.roles.is_broker);
                     replicas_->stop(std::move(done));
                 }));
}

bool Reactor::is_controllers(const std::string& listener) const {
    const auto& listeners = config_.quorum.listeners;
    return std::any_of(listeners.begin(), listeners.end(), [&](const ListenerAddress& one) {
        return one.bind.name == listener;
    });
}

// The quorum talks before there is a cluster, so this waits for nothing but the metadata log.
void Reactor::handle_as_controller(const rpc::ConnectionFacts& from, rpc::Request request) {
    if (apis_ == nullptr) return;  // drops the responder: the connection closes
    const protocol::Version version = request.header.request_api_version;
    if (watch_ != nullptr && request.header.request_api_key == protocol::ApiKey::broker_heartbeat) {
        const auto beat = protocol::decode<protocol::BrokerHeartbeatRequest>(request.body, version);
        if (beat) watch_->beat(from.id, beat->broker_id, beat->broker_epoch);
    }
    auto responder = std::make_shared<rpc::Responder>(std::move(request.responder));
    const bool is_taken =
        apis_->serve(from.listener,
                     request.header.request_api_key,
                     request.header.request_api_version,
                     request.body,
                     [responder](Payload body) { responder->respond(std::move(body)); });
    if (is_taken) return;
    trace::log(runtime_.trace,
               trace::LogLevel::info,
               "broker",
               fmt::format("closing the connection of {}: {} {} is not served to it",
                           from.peer.text(),
                           protocol::api_name(request.header.request_api_key),
                           request.header.request_api_version));
    responder->close_connection();
}

void Reactor::handle(const rpc::ConnectionFacts& from, rpc::Request request) {
    if (is_controllers(from.listener)) return handle_as_controller(from, std::move(request));
    if (is_ready_) return dispatch(*this, from, std::move(request));
    if (early_.size() >= early_count_max) return;  // drops the responder: the connection closes
    early_.push_back({from, std::move(request)});
}

void Reactor::closed(const rpc::ConnectionFacts& from) {
    if (watch_ != nullptr) watch_->closed(from.id);
}

void Reactor::release_fetch_bytes(std::size_t bytes) {
    CHECK(fetch_bytes_reserved_ >= bytes);
    fetch_bytes_reserved_ -= bytes;
}

void Reactor::tell(ReactorId target, UniqueFunction<void(Reactor& there)> task) {
    auto message = [&there = table_.at(target), task = std::move(task)]() mutable { task(there); };
    if (target == runtime_.reactor) return runtime_.executor.post(std::move(message));
    outbox_.push_back({target, std::move(message)});
    flush_outbox();
}

void Reactor::flush_outbox() {
    if (outbox_timer_.is_armed()) return;
    while (!outbox_.empty()) {
        Outgoing& first = outbox_.front();
        if (!runtime_.mailbox.post_to(first.target, std::move(first.task))) {
            outbox_timer_ =
                runtime_.executor.at(runtime_.clock.now() + outbox_retry, gate_.wrap([this] {
                    outbox_timer_.cancel();
                    flush_outbox();
                }));
            return;
        }
        outbox_.pop_front();
    }
}

bool Reactor::overloaded() {
    ++overload_count_;
    const bool is_power_of_two = (overload_count_ & (overload_count_ - 1)) == 0;
    if (is_power_of_two) {
        trace::log(runtime_.trace,
                   trace::LogLevel::warning,
                   "broker",
                   fmt::format("overload: {} requests dropped so far; their clients reconnect and "
                               "try again",
                               overload_count_));
    }
    return false;
}

}  // namespace glasslog::broker
