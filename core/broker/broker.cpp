#include "core/broker/broker.hpp"

#include "core/broker/controller_registrar.hpp"
#include "core/broker/node_options.hpp"
#include "core/broker/reactor.hpp"
#include "core/broker/registrar.hpp"
#include "core/metadata/features.hpp"
#include "core/replication/directory_host.hpp"
#include "core/storage/log_directory.hpp"
#include "core/trace/log.hpp"

#include <optional>
#include <utility>

namespace glasslog::broker {
namespace {

constexpr ReactorId first_reactor(0);

Uuid random_id(runtime::Random& random, std::string_view entity) {
    const std::uint64_t high = random.draw("uuid", entity);
    const std::uint64_t low = random.draw("uuid", entity);
    return Uuid::version_4(high, low);
}

}  // namespace

// Steps of the broker's life, on reactor 0, in the order of start() and stop().
class Broker::Life {
public:
    Life(std::vector<runtime::Runtime> runtimes, Config config, BrokerRules rules)
        : config_(std::move(config)),
          rules_(std::move(rules)),
          runtimes_(std::move(runtimes)),
          directory_(runtimes_.front(), config_.log_directory) {
        CHECK(static_cast<std::int64_t>(runtimes_.size()) == config_.reactor_count);
        for (const runtime::Runtime& runtime : runtimes_) {
            table_.reactors.push_back(std::make_unique<Reactor>(runtime, config_, table_));
        }
    }

    void start(UniqueFunction<void(Expected<Started, IoError>)> done) {
        started_ = std::move(done);
        storage::OpenDirectory how;
        how.owner.node_id = config_.node_id;
        // A node of a cluster is formatted with the cluster's id; one that is alone makes its own.
        if (!is_part_of_cluster(config_))
            how.format =
                storage::MetaProperties{.cluster_id = random_id(random(), "cluster").text(),
                                        .node_id = config_.node_id,
                                        .directory_id = random_id(random(), "directory")};
        directory_.open(how, gate_.wrap([this](Expected<storage::OpenedDirectory, IoError> opened) {
            if (!opened) return fail(std::move(opened).error());
            take_directory(std::move(*opened));
        }));
    }

    void stop(UniqueFunction<void()> done) {
        if (is_stopping_) return;
        is_stopping_ = true;
        stopped_ = std::move(done);
        log(trace::LogLevel::info, "stopping");
        // The cluster gives what this broker leads to others first.
        const bool is_member = registrar_ && registrar_->stage() != LifeStage::gone;
        if (!is_member || has_lost_disk_) return stop_reactors();
        registrar_->leave();
    }

    void on_failure(UniqueFunction<void(IoError)> report) { failed_ = std::move(report); }

    Reactor& reactor(std::size_t index) { return *table_.reactors.at(index); }

    metadata::Service* metadata() { return service_.get(); }

private:
    Reactor& reactor0() { return *table_.reactors.front(); }

    runtime::Random& random() { return runtimes_.front().random; }

    void log(trace::LogLevel level, std::string text) {
        trace::log(runtimes_.front().trace, level, "broker", std::move(text));
    }

    void fail(IoError error) {
        if (!started_ || is_stopping_) return;  // a stop may come in the middle of the start
        std::exchange(started_, {})(Unexpected{std::move(error)});
    }

    // The disk is not to be trusted any more.
    void lose(IoError error) {
        if (std::exchange(has_lost_disk_, true)) return;
        log(trace::LogLevel::error, "the log directory failed: " + error.text());
        if (started_) return fail(std::move(error));
        if (failed_) failed_(std::move(error));
    }

    // Every reactor answers what is in work and closes its logs.
    void stop_reactors() {
        stopping_left_ = table_.reactors.size();
        for (std::size_t i = 0; i < table_.reactors.size(); ++i) {
            reactor0().tell(ReactorId(static_cast<std::int32_t>(i)), [this](Reactor& there) {
                there.stop([this, &there](bool is_clean) {
                    there.tell(first_reactor,
                               [this, is_clean](Reactor&) { reactor_stopped(is_clean); });
                });
            });
        }
    }

    void take_directory(storage::OpenedDirectory opened) {
        opened_ = std::make_shared<const storage::OpenedDirectory>(std::move(opened));
        host_.emplace(runtimes_.front(), directory_, *opened_);
        log(trace::LogLevel::info,
            fmt::format("{}: cluster {}, node {}, {} partitions, {}",
                        config_.log_directory,
                        opened_->meta.cluster_id,
                        config_.node_id,
                        opened_->partitions.size(),
                        opened_->clean_shutdown ? "shut down cleanly" : "to be recovered"));
        listen_here();
    }

    // Reactor 0 learns the ports; the others then listen on the same ones.
    void listen_here() {
        for (const ListenerAddress& listener : config_.listeners) {
            auto bound = reactor0().server().listen(listener.bind);
            if (!bound) return fail(std::move(bound).error());
            result_.listening.push_back(*bound);
        }
        for (ListenerAddress& listener : config_.quorum.listeners) {
            auto bound = reactor0().server().listen(listener.bind);
            if (!bound) return fail(std::move(bound).error());
            if (listener.advertised.port == 0) listener.advertised.port = bound->port;
            result_.controllers_listening.push_back(*bound);
        }
        listening_left_ = table_.reactors.size() - 1;
        if (listening_left_ == 0) return start_metadata();
        for (std::size_t i = 1; i < table_.reactors.size(); ++i) {
            reactor0().tell(ReactorId(static_cast<std::int32_t>(i)),
                            [this, bound = result_.listening](Reactor& there) {
                                auto error = listen_on(there, bound);
                                there.tell(first_reactor,
                                           [this, error = std::move(error)](Reactor&) mutable {
                                               if (error) return fail(std::move(*error));
                                               if (--listening_left_ == 0) start_metadata();
                                           });
                            });
        }
    }

    std::optional<IoError> listen_on(Reactor& there,
                                     const std::vector<runtime::Endpoint>& bound) const {
        for (std::size_t i = 0; i < bound.size(); ++i) {
            runtime::ListenerConfig listener = config_.listeners[i].bind;
            listener.endpoint.port = bound[i].port;
            auto same = there.server().listen(listener);
            if (!same) return std::move(same).error();
        }
        return std::nullopt;
    }

    void start_metadata() {
        result_.cluster_id = opened_->meta.cluster_id;
        service_ = std::make_unique<metadata::Service>(runtimes_.front(),
                                                       directory_,
                                                       service_options(config_, *opened_, rules_));
        apis_ = std::make_unique<ControllerApis>(*service_, config_, opened_->meta.cluster_id);
        channel_ =
            std::make_unique<ControllerChannel>(runtimes_.front(), *service_, *apis_, config_);
        service_->on_failure([this](IoError error) { lose(std::move(error)); });
        service_->on_controller_change([this] {
            const bool was_active = std::exchange(is_active_, service_->is_active());
            if (was_active != is_active_) {
                log(trace::LogLevel::info,
                    is_active_ ? "this node is the active controller"
                               : "this node is not the active controller any more");
            }
            channel_->controller_changed();
            if (registrar_) registrar_->controller_changed();
            if (introduction_) introduction_->tell();
        });
        service_->start(gate_.wrap([this](Expected<void, IoError> started) {
            if (!started) return fail(std::move(started).error());
            if (config_.fences_fast) {
                watch_ = std::make_unique<BrokerWatch>(runtimes_.front(), *service_);
            }
            reactor0().attach_control(channel_.get(), apis_.get(), watch_.get());
            if (config_.roles.is_controller && !config_.quorum.listeners.empty()) {
                introduce_controller();
            }
            if (config_.roles.is_broker) return join_cluster();
            become_started();
        }));
    }

    void introduce_controller() {
        protocol::ControllerRegistrationRequest request;
        request.controller_id = config_.node_id;
        request.incarnation_id = random_id(random(), "controller-incarnation");
        for (const ListenerAddress& listener : config_.quorum.listeners) {
            const runtime::Endpoint& advertised = listener.advertised;
            request.listeners.push_back({listener.bind.name, advertised.host, advertised.port, 0});
        }
        for (const metadata::SupportedFeature& feature : metadata::supported_features()) {
            request.features.push_back(
                {std::string(feature.name), feature.levels.first, feature.levels.last});
        }
        introduction_ = std::make_unique<ControllerRegistrar>(runtimes_.front(),
                                                              *channel_,
                                                              *service_,
                                                              std::move(request));
        introduction_->tell();
    }

    void join_cluster() {
        if (is_stopping_) return;
        registrar_ = std::make_unique<Registrar>(runtimes_.front(),
                                                 *channel_,
                                                 *service_,
                                                 registration(),
                                                 config_.life);
        producer_ids_ = std::make_unique<ProducerIds>(*channel_, *registrar_, config_.node_id);
        reactor0().attach_producer_ids(producer_ids_.get());
        registrar_->start(
            [this](LifeStage stage) { enter(stage); },
            [this](protocol::WireError error) {
                fail({.subject = config_.log_directory, .detail = registration_failure(error)});
            });
    }

    static std::string registration_failure(protocol::WireError error) {
        if (error != protocol::WireError::request_timed_out) {
            return fmt::format("the controller refused this broker: {}", protocol::name(error));
        }
        return "no controller registered this broker in time: are the controllers of "
               "controller.quorum.bootstrap.servers up, and is a majority of the voters there?";
    }

    protocol::BrokerRegistrationRequest registration() {
        protocol::BrokerRegistrationRequest request;
        request.broker_id = config_.node_id;
        request.cluster_id = opened_->meta.cluster_id;
        request.incarnation_id = random_id(random(), "incarnation");
        request.log_dirs = {opened_->meta.directory_id};
        request.previous_broker_epoch = opened_->clean_shutdown.value_or(BrokerEpoch(-1));
        for (std::size_t i = 0; i < config_.listeners.size(); ++i) {
            runtime::Endpoint advertised = config_.listeners[i].advertised;
            if (advertised.port == 0) advertised.port = result_.listening[i].port;
            request.listeners.push_back(
                {config_.listeners[i].bind.name, advertised.host, advertised.port, 0});
        }
        for (const metadata::SupportedFeature& feature : metadata::supported_features()) {
            request.features.push_back(
                {std::string(feature.name), feature.levels.first, feature.levels.last});
        }
        if (const auto rack = config_.properties.find("broker.rack");
            rack != config_.properties.end()) {
            request.rack = rack->second;
        }
        return request;
    }

    void enter(LifeStage stage) {
        if (is_stopping_) {
            if (stage == LifeStage::gone) stop_reactors();
            return;
        }
        if (stage == LifeStage::recovery) open_logs();
        if (stage == LifeStage::running) serve();
    }

    void open_logs() {
        opening_left_ = table_.reactors.size();
        for (std::size_t i = 0; i < table_.reactors.size(); ++i) {
            reactor0().tell(ReactorId(static_cast<std::int32_t>(i)),
                            [this, image = service_->image(), opened = opened_](Reactor& there) {
                                open_logs_on(there, image, opened);
                            });
        }
    }

    // On the reactor itself.
    void open_logs_on(Reactor& there,
                      const metadata::ImagePtr& image,
                      std::shared_ptr<const storage::OpenedDirectory> opened) {
        there.set_cluster_id(opened->meta.cluster_id);
        replication::ReplicaOptions options = replica_options(config_, rules_);
        options.opened = std::move(opened);
        there.set_image(image);
        there.open_replicas(*host_, std::move(options));
        there.replicas().on_failure([this, &there](IoError error) {
            there.tell(first_reactor, [this, error = std::move(error)](Reactor&) mutable {
                lose(std::move(error));
            });
        });
        there.replicas().start(image, [this, &there] {
            there.tell(first_reactor, [this](Reactor&) {
                if (--opening_left_ == 0 && !is_stopping_) registrar_->logs_ready();
            });
        });
    }

    void serve() {
        if (is_stopping_ || has_lost_disk_ || is_serving_) return;
        is_serving_ = true;
        for (std::size_t i = 0; i < table_.reactors.size(); ++i) {
            const ReactorId id(static_cast<std::int32_t>(i));
            reactor0().tell(id, [](Reactor& there) { there.become_ready(); });
            service_->subscribe(id, [this, id](metadata::ImagePtr image) {
                table_.at(id).set_image(std::move(image));
            });
        }
        become_started();
    }

    void become_started() {
        if (is_stopping_ || !started_) return;
        for (const auto* group : {&result_.listening, &result_.controllers_listening}) {
            for (const runtime::Endpoint& endpoint : *group)
                log(trace::LogLevel::info, fmt::format("listening on {}", endpoint.text()));
        }
        std::exchange(started_, {})(result_);
    }

    void reactor_stopped(bool is_clean) {
        is_clean_ = is_clean_ && is_clean;
        if (--stopping_left_ > 0) return;
        if (!service_) return finish();
        service_->stop(gate_.wrap([this](bool is_log_clean) {
            if (!is_clean_ || !is_log_clean || has_lost_disk_) {
                log(trace::LogLevel::warning,
                    "not every log was closed in order: the next start recovers them");
                return finish();
            }
            const BrokerEpoch epoch = registrar_ ? registrar_->epoch() : BrokerEpoch(-1);
            directory_.close_clean(epoch, gate_.wrap([this](Expected<void, IoError> closed) {
                if (!closed) log(trace::LogLevel::error, closed.error().text());
                finish();
            }));
        }));
    }

    void finish() {
        log(trace::LogLevel::info, "stopped");
        stopped_();
    }

    Config config_;
    BrokerRules rules_;
    std::vector<runtime::Runtime> runtimes_;
    ReactorTable table_;
    storage::LogDirectory directory_;
    std::optional<replication::DirectoryHost> host_;  // since the directory is open
    std::shared_ptr<const storage::OpenedDirectory>
        opened_;  // read by every reactor, written by none
    std::unique_ptr<metadata::Service> service_;
    std::unique_ptr<ControllerApis> apis_;
    std::unique_ptr<ControllerChannel> channel_;
    std::unique_ptr<BrokerWatch> watch_;
    std::unique_ptr<ControllerRegistrar> introduction_;  // of a controller with listeners
    std::unique_ptr<Registrar> registrar_;               // of a broker
    std::unique_ptr<ProducerIds> producer_ids_;
    Started result_;
    std::size_t listening_left_ = 0;
    std::size_t opening_left_ = 0;
    std::size_t stopping_left_ = 0;
    bool is_active_ = false;  // the active controller, as it was last told
    bool is_stopping_ = false;
    bool is_serving_ = false;
    bool is_clean_ = true;  // as far as reactors have stopped
    bool has_lost_disk_ = false;
    UniqueFunction<void(IoError)> failed_;
    UniqueFunction<void(Expected<Started, IoError>)> started_;
    UniqueFunction<void()> stopped_;
    runtime::Gate gate_;
};

Broker::Broker(std::vector<runtime::Runtime> runtimes, Config config, BrokerRules rules)
    : life_(std::make_unique<Life>(std::move(runtimes), std::move(config), std::move(rules))) {}

Broker::~Broker() = default;

void Broker::start(UniqueFunction<void(Expected<Started, IoError>)> done) {
    life_->start(std::move(done));
}

void Broker::on_failure(UniqueFunction<void(IoError)> report) {
    life_->on_failure(std::move(report));
}

void Broker::stop(UniqueFunction<void()> done) {
    life_->stop(std::move(done));
}

Reactor& Broker::reactor(std::size_t index) {
    return life_->reactor(index);
}

metadata::Service* Broker::metadata() {
    return life_->metadata();
}

}  // namespace glasslog::broker
