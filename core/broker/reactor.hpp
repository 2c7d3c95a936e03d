#pragma once

// Reactor: one thread's share of a broker: its server, its partitions, its view of the metadata.
// Reactors reach each other by mailbox only; what asks stays here as a token in Parked.

#include "core/broker/broker_watch.hpp"
#include "core/broker/config.hpp"
#include "core/broker/controller_apis.hpp"
#include "core/broker/controller_channel.hpp"
#include "core/broker/parked.hpp"
#include "core/broker/producer_ids.hpp"
#include "core/replication/replica_manager.hpp"
#include "core/rpc/server.hpp"
#include "core/runtime/gate.hpp"
#include "core/runtime/runtime.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

namespace glasslog::broker {

class Reactor;

// What the reactors of one broker know of each other. Written before the reactors run.
struct ReactorTable {
    std::vector<std::unique_ptr<Reactor>> reactors;

    Reactor& at(ReactorId id) { return *reactors[static_cast<std::size_t>(id.value())]; }
};

template <typename Answer>
using AnswerDone = UniqueFunction<void(Answer)>;

// Work for another reactor, done there; it answers through `reply`, once.
template <typename Answer>
using RemoteWork = UniqueFunction<void(Reactor& there, AnswerDone<Answer> reply)>;

class Reactor final : public rpc::Handler {
public:
    Reactor(const runtime::Runtime& runtime, const Config& config, ReactorTable& table);
    ~Reactor() override;

    // --- life; broker.cpp calls these on this reactor

    void open_replicas(replication::DirectoryHost& host, replication::ReplicaOptions options);
    void set_image(metadata::ImagePtr image);

    // Requests that came before are handled now.
    void become_ready();
    void stop(UniqueFunction<void(bool is_clean)> done);

    // --- rpc::Handler

    void handle(const rpc::ConnectionFacts& from, rpc::Request request) override;
    void closed(const rpc::ConnectionFacts& from) override;

    // --- what handlers use

    // Asks another reactor, or this one. False, and `done` is dropped (which closes the connections
    // that wait for it), when too much is outstanding.
    template <typename Answer>
    bool ask(ReactorId target, RemoteWork<Answer> work, AnswerDone<Answer> done) {
        if (target == runtime_.reactor) {
            work(*this, std::move(done));
            return true;
        }
        if (ask_count_ >= ask_count_max) return overloaded();
        ++ask_count_;
        const std::uint64_t token =
            parked_.park<Answer>(1, [this, done = std::move(done)](Answer answer) mutable {
                --ask_count_;
                done(std::move(answer));
            });
        tell(target,
             [origin = runtime_.reactor, token, work = std::move(work)](Reactor& there) mutable {
                 work(there, [&there, origin, token](Answer answer) {
                     there.tell(origin, [token, answer = std::move(answer)](Reactor& home) mutable {
                         home.parked().resume<Answer>(token, std::move(answer));
                     });
                 });
             });
        return true;
    }

    // Runs `task` on the other reactor, in the order of calls; kept and tried again while its
    // mailbox is full. For what is bounded in another way.
    void tell(ReactorId target, UniqueFunction<void(Reactor& there)> task);

    const runtime::Runtime& runtime() const { return runtime_; }

    const Config& config() const { return config_; }

    const metadata::Image& image() const { return *image_; }

    replication::ReplicaManager& replicas() { return *replicas_; }

    rpc::Server& server() { return server_; }

    Parked& parked() { return parked_; }

    // On reactor 0 only: the way to the active controller, since the metadata log is open; what
    // this node's controller listeners serve; and, since the broker is registered, its producer
    // ids.
    ControllerChannel& control() const { return *channel_; }

    ProducerIds& producer_ids() const { return *producer_ids_; }

    // watch: null without fast detection.
    void attach_control(ControllerChannel* channel, ControllerApis* apis, BrokerWatch* watch);

    void attach_producer_ids(ProducerIds* producer_ids) { producer_ids_ = producer_ids; }

    const std::string& cluster_id() const { return cluster_id_; }

    void set_cluster_id(std::string id) { cluster_id_ = std::move(id); }

    const Uuid& directory_id() const { return directory_id_; }

    void set_directory_id(const Uuid& id) { directory_id_ = id; }

    bool is_ready() const { return is_ready_; }

    bool is_stopping() const { return is_stopping_; }

    // What the Fetches of this reactor's connections may bring that read, here or elsewhere, and
    // that no answer counts yet: reads of one turn are issued before the first of them is
    // answered, and only the sum says how much is under way.
    std::size_t fetch_bytes_reserved() const { return fetch_bytes_reserved_; }

    void reserve_fetch_bytes(std::size_t bytes) { fetch_bytes_reserved_ += bytes; }

    void release_fetch_bytes(std::size_t bytes);

    // Unlike those of all other reactors.
    replication::WaitId next_wait_id() {
        const auto count = static_cast<std::uint64_t>(runtime_.reactor_count);
        const auto own = static_cast<std::uint64_t>(runtime_.reactor.value());
        return replication::WaitId(++last_wait_ * count + own);
    }

    // Requests at other reactors, unanswered.
    std::size_t ask_count() const { return ask_count_; }

private:
    struct EarlyRequest {
        rpc::ConnectionFacts from;
        rpc::Request request;
    };

    static constexpr std::size_t ask_count_max = 1'500;
    static constexpr std::size_t early_count_max = 1'000;

    bool is_controllers(const std::string& listener) const;
    void handle_as_controller(const rpc::ConnectionFacts& from, rpc::Request request);

    // Counts and tells it; false.
    bool overloaded();
    void flush_outbox();

    runtime::Runtime runtime_;
    const Config& config_;
    ReactorTable& table_;
    std::size_t fetch_bytes_reserved_ = 0;
    std::size_t ask_count_ = 0;  // in parked_
    std::uint64_t last_wait_ = 0;
    Parked parked_;
    metadata::ImagePtr image_;
    std::string cluster_id_;
    Uuid directory_id_;
    std::unique_ptr<replication::ReplicaManager> replicas_;
    ControllerChannel* channel_ = nullptr;
    ControllerApis* apis_ = nullptr;
    BrokerWatch* watch_ = nullptr;
    ProducerIds* producer_ids_ = nullptr;
    bool is_ready_ = false;
    bool is_stopping_ = false;
    std::deque<EarlyRequest> early_;

    struct Outgoing {
        ReactorId target;
        runtime::Task task;
    };

    // Bounded by what is asked (ask_count_max a reactor) and by one Fetch a connection.
    std::deque<Outgoing> outbox_;
    runtime::Timer outbox_timer_;
    std::int64_t overload_count_ = 0;
    rpc::Server server_;
    runtime::Gate gate_;
};

}  // namespace glasslog::broker
