#pragma once

// The programs that a scenario's nodes run: the broker itself, and clients that note in the History
// what they asked and were told.

#include "core/broker/broker.hpp"
#include "core/client/admin.hpp"
#include "core/client/consumer.hpp"
#include "core/client/producer.hpp"
#include "core/client/quorum.hpp"
#include "core/runtime/gate.hpp"
#include "sim/history.hpp"
#include "sim/scenario.hpp"
#include "sim/world.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace glasslog::sim {

// A client that works until it is told to finish.
class LoadProgram : public Program {
public:
    // Nothing further is asked.
    virtual void finish() {}

    // Everything asked has its answer.
    virtual bool is_idle() const { return true; }
};

// How a broker's process ended by itself.
enum class BrokerEnd : std::uint8_t { never_ready, failed_later };

// A broker. `ended` is told why it could not start, or that its disk failed later, as a process
// would say before it exits.
class BrokerProgram final : public Program {
public:
    using Ended = UniqueFunction<void(BrokerEnd end, const IoError& error)>;

    BrokerProgram(std::vector<runtime::Runtime> reactors,
                  broker::Config config,
                  const broker::BrokerRules& rules,
                  Ended ended);

    void start() override;

    bool is_ready() const { return is_ready_; }

    // nullptr while it opens its directory.
    metadata::Service* metadata() { return broker_.metadata(); }

    // An orderly end; `done` once.
    void stop(UniqueFunction<void()> done) { broker_.stop(std::move(done)); }

private:
    broker::Broker broker_;
    Ended ended_;
    bool is_ready_ = false;
    runtime::Gate gate_;
};

// Creates the topics, one after the other; `ready` when they are all there, or with the reason why
// they never will be.
class AdminProgram final : public Program {
public:
    using Ready = UniqueFunction<void(std::optional<std::string> problem)>;

    AdminProgram(const runtime::Runtime& runtime,
                 const client::ClusterConfig& cluster,
                 std::vector<TopicSpec> topics,
                 Ready ready);

    void start() override { create_next(); }

private:
    void create_next();

    runtime::Runtime runtime_;
    client::Admin admin_;
    std::vector<TopicSpec> topics_;
    std::size_t created_ = 0;
    Ready ready_;
    runtime::Timer retry_;
    runtime::Gate gate_;
};

// Creates topics at a steady rate, each asked for once; what no answer came for stays unknown.
class TopicsProgram final : public LoadProgram {
public:
    TopicsProgram(const runtime::Runtime& runtime,
                  const client::ClusterConfig& cluster,
                  const LoadSpec& load,
                  History& history);

    void start() override;

    void finish() override { is_finished_ = true; }

    bool is_idle() const override { return outstanding_ == 0; }

private:
    void tick();
    void create_one();

    runtime::Runtime runtime_;
    LoadSpec load_;
    TopicsLoad work_;
    History& history_;
    client::Admin admin_;
    Instant next_;
    std::int64_t outstanding_ = 0;
    bool is_finished_ = false;
    runtime::Timer timer_;
    runtime::Gate gate_;
};

// Takes voters out of the quorum and puts them in again, one change after the other, each asked for
// once, whatever became of the one before.
class VotersProgram final : public LoadProgram {
public:
    // Who may vote.
    struct Member {
        NodeId node;
        protocol::VoterEndpoint listener;
    };

    // cluster: its bootstrap are controllers.
    VotersProgram(const runtime::Runtime& runtime,
                  const client::ClusterConfig& cluster,
                  std::vector<Member> members,
                  const LoadSpec& load,
                  History& history);

    void start() override;

    void finish() override { is_finished_ = true; }

    bool is_idle() const override { return !is_asking_; }

private:
    void later();
    void ask();
    void change(const client::QuorumView& view);
    void end(bool is_changed);

    runtime::Runtime runtime_;
    std::vector<Member> members_;
    LoadSpec load_;
    History& history_;
    client::QuorumAdmin quorum_;
    bool is_asking_ = false;
    bool is_finished_ = false;
    runtime::Timer timer_;
    runtime::Gate gate_;
};

// Produces numbered records at a steady rate. After a restart it goes on with the next number.
class ProducerProgram final : public LoadProgram {
public:
    ProducerProgram(const runtime::Runtime& runtime,
                    const client::ClusterConfig& cluster,
                    const LoadSpec& load,
                    History& history);

    void start() override;

    void finish() override { is_finished_ = true; }

    bool is_idle() const override { return outstanding_ == 0; }

private:
    void tick();
    void produce_one();

    runtime::Runtime runtime_;
    LoadSpec load_;
    ProduceLoad work_;
    History& history_;
    client::Producer producer_;
    Instant next_;
    std::int64_t outstanding_ = 0;
    bool is_finished_ = false;
    runtime::Timer timer_;
    runtime::Gate gate_;
};

// Consumes every partition of a topic from where the History says that it is, as an application
// does that keeps its position with its results.
class ConsumerProgram final : public LoadProgram {
public:
    ConsumerProgram(const runtime::Runtime& runtime,
                    const client::ClusterConfig& cluster,
                    const LoadSpec& load,
                    std::int32_t partitions,
                    History& history);

    void start() override;

private:
    void poll();

    runtime::Runtime runtime_;
    LoadSpec load_;
    std::int32_t partitions_;
    History& history_;
    client::Consumer consumer_;
    runtime::Timer retry_;
    runtime::Gate gate_;
};

// Reads all logs from their first record to their end into the History.
class AuditProgram final : public Program {
public:
    using Done = UniqueFunction<void(std::optional<std::string> problem)>;

    AuditProgram(const runtime::Runtime& runtime,
                 const client::ClusterConfig& cluster,
                 std::vector<TopicPartition> partitions,
                 History& history,
                 Done done);

    void start() override;

    // The first partition that is not read to its end, and where it stands.
    std::string progress() const;

private:
    void read();
    bool is_complete() const;
    void finish(std::optional<std::string> problem);

    client::Admin admin_;
    client::Consumer consumer_;
    std::vector<TopicPartition> partitions_;
    History& history_;
    Done done_;
    std::vector<client::ListedOffset> ends_;
    runtime::Gate gate_;
};

}  // namespace glasslog::sim
