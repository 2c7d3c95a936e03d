// The metadata log of a Kafka cluster of three, decided again: before each operation of its brokers
// the controller stands where Kafka's stood, is asked what Kafka's was asked, and must answer with
// the same records. Their order within an operation is not Kafka's promise. golden/metadata/
// brokers.log: the batches of such a log that are about brokers, topics and partitions.

#include "core/metadata/controller.hpp"
#include "core/metadata/invariants.hpp"
#include "core/metadata/node_sets.hpp"
#include "core/metadata/one_voter_log.hpp"
#include "core/protocol/record_batch.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <map>

namespace glasslog::metadata::test {
namespace {

using protocol::BrokerRegistrationChangeRecord;
using protocol::PartitionChangeRecord;
using protocol::RegisterBrokerRecord;

std::vector<ReplayedBatch> kafka_log() {
    std::ifstream in(GLASSLOG_SOURCE_DIR "/tests/golden/metadata/brokers.log", std::ios::binary);
    EXPECT_TRUE(in.good());
    const std::vector<std::uint8_t> bytes((std::istreambuf_iterator<char>(in)), {});
    std::vector<ReplayedBatch> log;
    for (ByteView left = bytes; !left.empty();) {
        const auto batch = protocol::BatchView::read(left);
        const auto entries = read_entries(*batch);
        for (const LogEntry& entry : *entries) {
            if (const auto* replayed = std::get_if<ReplayedBatch>(&entry)) log.push_back(*replayed);
        }
        left = left.subspan(batch->size());
    }
    return log;
}

std::vector<std::string> lines(std::span<const Record> records) {
    std::vector<std::string> all;
    for (const Record& record : records)
        all.push_back(protocol::print_metadata_record({record, version_to_write(record)}));
    std::sort(all.begin(), all.end());
    return all;
}

// The lines that only one of them has.
std::string difference(const std::vector<std::string>& ours,
                       const std::vector<std::string>& kafkas) {
    std::string text;
    const auto add = [&](const char* who, const auto& some, const auto& others) {
        for (const std::string& line : some) {
            const bool is_alone = std::find(others.begin(), others.end(), line) == others.end();
            if (is_alone) text += std::string("\n") + who + line;
        }
    };
    add("ours:  ", ours, kafkas);
    add("Kafka: ", kafkas, ours);
    return text;
}

template <typename T>
const T* as(std::span<const Record> batch, std::size_t at) {
    return at < batch.size() ? std::get_if<T>(&batch[at]) : nullptr;
}

// An operation at the beginning of the rest of a batch: what was asked, and how many records it
// made. Requests that could have been asked in two ways are both tried.
struct Operation {
    const char* what;
    std::vector<Request> requests;
    std::size_t size = 1;
};

protocol::BrokerHeartbeatRequest heartbeat(const BrokerRegistrationChangeRecord& change) {
    protocol::BrokerHeartbeatRequest request;
    request.broker_id = change.broker_id;
    request.broker_epoch = change.broker_epoch;
    request.current_metadata_offset = Offset(1'000'000);
    return request;
}

Operation registration(const Image& image, const RegisterBrokerRecord& record) {
    protocol::BrokerRegistrationRequest request;
    request.broker_id = record.broker_id;
    request.incarnation_id = record.incarnation_id;
    request.listeners = record.endpoints;
    request.features = record.features;
    request.rack = record.rack;
    request.log_dirs = record.log_dirs;
    Operation operation{"registration", {}};
    const Broker* before = image.find_broker(record.broker_id);
    for (const BrokerEpoch previous : {BrokerEpoch(-1), before ? before->epoch : BrokerEpoch(-1)}) {
        request.previous_broker_epoch = previous;
        operation.requests.emplace_back(request);
    }
    return operation;
}

std::optional<Operation> change_of_broker(const Image& image,
                                          const BrokerRegistrationChangeRecord& change) {
    auto request = heartbeat(change);
    if (change.fenced > 0) {
        auto last = request;
        last.want_shut_down = true;
        return Operation{"fencing", {FenceBroker{change.broker_id, change.broker_epoch}, last}};
    }
    if (change.fenced < 0) return Operation{"unfencing", {request}};
    if (change.in_controlled_shutdown > 0) {
        request.want_shut_down = true;
        return Operation{"controlled shutdown", {request}};
    }
    if (!change.cordoned_log_dirs) return std::nullopt;
    request.cordoned_log_dirs = change.cordoned_log_dirs;
    request.want_fence = image.find_broker(change.broker_id)->is_fenced;
    return Operation{"cordoned directories", {request}};
}

std::optional<Operation> directory_assignment(const PartitionChangeRecord& change,
                                              const PartitionState& before) {
    for (std::size_t at = 0; at < before.replicas.size(); ++at) {
        if (before.directories[at] == change.directories->at(at)) continue;
        protocol::AssignReplicasToDirsRequest request;
        request.broker_id = before.replicas[at];
        request.directories.push_back(
            {change.directories->at(at), {{change.topic_id, {{change.partition_id}}}}});
        return Operation{"directory", {request}};
    }
    return std::nullopt;
}

std::optional<Operation> change_of_partition(const Image& image,
                                             const PartitionChangeRecord& change) {
    const PartitionState* before = image.find_partition(change.topic_id, change.partition_id);
    if (before == nullptr) return std::nullopt;
    if (!change.isr && !change.replicas && change.directories) {
        auto operation = directory_assignment(change, *before);
        if (!operation) return std::nullopt;
        auto& request = std::get<protocol::AssignReplicasToDirsRequest>(operation->requests[0]);
        request.broker_epoch = image.find_broker(request.broker_id)->epoch;
        return operation;
    }
    const bool by_its_leader = change.isr && contains(*change.isr, before->leader) &&
                               !change.replicas && change.leader == NodeId(-2);
    if (!by_its_leader) return std::nullopt;
    protocol::AlterPartitionRequest request;
    request.broker_id = before->leader;
    request.broker_epoch = image.find_broker(before->leader)->epoch;
    auto& wanted = request.topics.emplace_back();
    wanted.topic_id = change.topic_id;
    auto& partition = wanted.partitions.emplace_back();
    partition.partition_index = change.partition_id;
    partition.leader_epoch = before->leader_epoch;
    partition.partition_epoch = before->partition_epoch;
    partition.new_isr = *change.isr;
    return Operation{"in-sync set", {request}};
}

// Partition changes that end in a record of a broker belong to it, as those that follow one do.
std::optional<Operation> operation_at(const Image& image, std::span<const Record> rest) {
    std::size_t run = 0;
    while (as<PartitionChangeRecord>(rest, run) != nullptr)
        ++run;
    const auto* fenced = as<BrokerRegistrationChangeRecord>(rest, run);
    std::optional<Operation> operation;
    if (const auto* record = as<RegisterBrokerRecord>(rest, run)) {
        operation = registration(image, *record);
    } else if (fenced != nullptr && fenced->fenced > 0) {
        operation = change_of_broker(image, *fenced);
    } else if (run > 0) {
        return change_of_partition(image, *as<PartitionChangeRecord>(rest, 0));
    } else if (fenced != nullptr) {
        operation = change_of_broker(image, *fenced);
        while (as<PartitionChangeRecord>(rest, run + 1) != nullptr)
            ++run;
    }
    if (operation) operation->size = run + 1;
    return operation;
}

TEST(KafkaDecisionsTest, DecidesWhatKafkaDecided) {
    const ControllerOptions options{.node = NodeId(1), .cluster_id = "", .file = {}};
    Controller controller(options, {});
    std::map<std::string, int> seen;
    for (const ReplayedBatch& batch : kafka_log()) {
        std::span<const Record> rest = batch.records;
        Offset at = batch.base;
        while (!rest.empty()) {
            const auto operation = operation_at(controller.state(), rest);
            const auto records = rest.first(operation ? operation->size : 1);
            bool is_same = !operation;
            std::vector<std::string> decided;
            for (std::size_t way = 0; operation && !is_same && way < operation->requests.size();
                 ++way) {
                Controller probe(options, controller.state());
                const Decision decision =
                    probe.handle(operation->requests[way], RequestToken(1), {Instant(), at});
                decided = lines(decision.records);
                is_same = decided == lines(records);
            }
            if (operation) ++seen[operation->what];
            EXPECT_TRUE(is_same) << operation->what << " at " << at.value()
                                 << difference(decided, lines(records));
            const Image before = controller.state();
            controller.replay(records, at, batch.epoch);
            EXPECT_EQ(check_step(before, controller.state()).value_or(""), "") << at.value();
            at = at + static_cast<std::int64_t>(records.size());
            rest = rest.subspan(records.size());
        }
    }
    EXPECT_EQ(check_invariants(controller.state()).value_or(""), "");
    EXPECT_GE(seen["registration"], 8);
    EXPECT_GE(seen["fencing"], 6);
    EXPECT_GE(seen["unfencing"], 8);
    EXPECT_GE(seen["controlled shutdown"], 3);
    EXPECT_GE(seen["in-sync set"], 600);
    EXPECT_GE(seen["directory"], 400);
}

}  // namespace
}  // namespace glasslog::metadata::test
