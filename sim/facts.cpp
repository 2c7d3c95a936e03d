#include "sim/facts.hpp"

#include "core/base/overloaded.hpp"
#include "sim/steps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace glasslog::sim {
namespace {

namespace kinds = trace::kinds;

std::string name_of(const auto& event) {
    return fmt::format("{}-{}", event.topic, event.partition);
}

constexpr std::array told{kinds::NodeCrashed::kind.number,
                          kinds::NodeStopped::kind.number,
                          kinds::LogOpened::kind.number,
                          kinds::RecoveryCut::kind.number,
                          kinds::RecoveryFinished::kind.number,
                          kinds::BatchAppended::kind.number,
                          kinds::LogSynced::kind.number,
                          kinds::HighWatermarkMoved::kind.number,
                          kinds::LogStartMoved::kind.number,
                          kinds::LogTruncated::kind.number,
                          kinds::LeaderChanged::kind.number,
                          kinds::MetadataCommitted::kind.number,
                          kinds::QuorumRoleChanged::kind.number,
                          kinds::QuorumVoteAnswered::kind.number,
                          kinds::QuorumCommitted::kind.number,
                          kinds::LogLine::kind.number};

// By number; the last place stands for everything above.
constexpr auto is_told = [] {
    std::array<bool, 256> flags{};
    for (const std::uint16_t number : told)
        flags[number] = true;
    return flags;
}();

bool compare(std::int64_t left, Relation relation, std::int64_t right) {
    switch (relation) {
        case Relation::equal:
            return left == right;
        case Relation::unequal:
            return left != right;
        case Relation::less:
            return left < right;
        case Relation::at_most:
            return left <= right;
        case Relation::more:
            return left > right;
        case Relation::at_least:
            return left >= right;
    }
    return false;
}

}  // namespace

const std::vector<FunctionFacts>& functions() {
    static const std::vector<FunctionFacts> list{{"log-start", Subject::partition},
                                                 {"log-end", Subject::partition},
                                                 {"high-watermark", Subject::partition},
                                                 {"synced", Subject::partition},
                                                 {"leader", Subject::partition},
                                                 {"recoveries", Subject::partition},
                                                 {"recovery-cuts", Subject::partition},
                                                 {"cut-bytes", Subject::partition},
                                                 {"produced", Subject::producer},
                                                 {"acked", Subject::producer},
                                                 {"failed", Subject::producer},
                                                 {"in-log", Subject::producer},
                                                 {"lost", Subject::producer},
                                                 {"duplicated", Subject::producer},
                                                 {"consumed", Subject::consumer},
                                                 {"gaps", Subject::consumer},
                                                 {"repeats", Subject::consumer},
                                                 {"behind", Subject::consumer},
                                                 {"topics-asked", Subject::creator},
                                                 {"topics-acked", Subject::creator},
                                                 {"topics-failed", Subject::creator},
                                                 {"topics-lost", Subject::creator},
                                                 {"voters-changed", Subject::changer},
                                                 {"epoch", Subject::server},
                                                 {"committed", Subject::server},
                                                 {"elections", Subject::server},
                                                 {"running", Subject::node}};
    return list;
}

trace::AnyKind decode_if_told(const trace::Event& event) {
    if (!is_told[std::min<std::size_t>(event.kind.value(), is_told.size() - 1)]) return {};
    auto decoded = trace::decode(event);
    return decoded ? *std::move(decoded) : trace::AnyKind();
}

bool Facts::see(NodeId node, const trace::AnyKind& kind) {
    return std::visit(overloaded{[&](const kinds::LogOpened& e) {
                                     PartitionFacts& facts = partitions_[name_of(e)];
                                     facts.log_start = e.log_start.value();
                                     facts.log_end = e.log_end.value();
                                     facts.synced = e.log_end.value();
                                     return true;
                                 },
                                 [&](const kinds::RecoveryCut& e) {
                                     PartitionFacts& facts = partitions_[name_of(e)];
                                     ++facts.cuts;
                                     facts.cut_bytes += e.bytes;
                                     return true;
                                 },
                                 [&](const kinds::RecoveryFinished& e) {
                                     ++partitions_[name_of(e)].recoveries;
                                     return true;
                                 },
                                 [&](const kinds::BatchAppended& e) {
                                     partitions_[name_of(e)].log_end = e.last.value() + 1;
                                     return true;
                                 },
                                 [&](const kinds::LogSynced& e) {
                                     partitions_[name_of(e)].synced = e.upto.value();
                                     return true;
                                 },
                                 [&](const kinds::HighWatermarkMoved& e) {
                                     partitions_[name_of(e)].high_watermark = e.to.value();
                                     return true;
                                 },
                                 [&](const kinds::LogStartMoved& e) {
                                     partitions_[name_of(e)].log_start = e.to.value();
                                     return true;
                                 },
                                 [&](const kinds::LogTruncated& e) {
                                     partitions_[name_of(e)].log_end = e.to.value();
                                     partitions_[name_of(e)].synced = e.to.value();
                                     return true;
                                 },
                                 [&](const kinds::LeaderChanged& e) {
                                     partitions_[name_of(e)].leader = e.leader.value();
                                     return true;
                                 },
                                 [&](const kinds::QuorumRoleChanged& e) {
                                     MemberFacts& facts = members_[node];
                                     facts.epoch = e.epoch.value();
                                     if (e.role == "prospective" || e.role == "candidate")
                                         ++facts.elections;
                                     return true;
                                 },
                                 [&](const kinds::QuorumCommitted& e) {
                                     members_[node].committed = e.to.value();
                                     return true;
                                 },
                                 // Who is active is asked of the nodes themselves; these are the
                                 // moments at which that changes.
                                 [](const kinds::LogLine&) { return true; },
                                 [](const kinds::NodeCrashed&) { return true; },
                                 [](const kinds::NodeStopped&) { return true; },
                                 [](const auto&) { return false; }},
                      kind);
}

const PartitionFacts& Facts::partition(const std::string& name) const {
    static const PartitionFacts unknown;
    const auto found = partitions_.find(name);
    return found == partitions_.end() ? unknown : found->second;
}

void Facts::reads(const std::string& consumer, TopicPartition partition) {
    reading_[consumer].push_back(std::move(partition));
}

std::int64_t Facts::behind(const std::string& consumer) const {
    const auto partitions = reading_.find(consumer);
    const auto mine = history_.consumers().find(consumer);
    std::int64_t sum = 0;
    if (partitions == reading_.end()) return 0;
    for (const TopicPartition& partition : partitions->second) {
        std::int64_t next = 0;
        if (mine != history_.consumers().end()) {
            const auto position = mine->second.next.find(partition);
            if (position != mine->second.next.end()) next = position->second.value();
        }
        sum += std::max<std::int64_t>(0, this->partition(partition.text()).log_end - next);
    }
    return sum;
}

std::int64_t Facts::of_partition(const std::string& function, const PartitionFacts& facts) const {
    if (function == "log-start") return facts.log_start;
    if (function == "log-end") return facts.log_end;
    if (function == "high-watermark") return facts.high_watermark;
    if (function == "synced") return facts.synced;
    if (function == "leader") return facts.leader;
    if (function == "recoveries") return facts.recoveries;
    if (function == "recovery-cuts") return facts.cuts;
    CHECK(function == "cut-bytes", "{}", function);
    return facts.cut_bytes;
}

std::int64_t Facts::of_member(const Call& call,
                              const std::map<std::string, std::int64_t>& bound) const {
    const auto node = bound.find(call.argument);
    if (node == bound.end()) return -1;
    const auto found = members_.find(NodeId(static_cast<std::int32_t>(node->second)));
    const MemberFacts facts = found == members_.end() ? MemberFacts() : found->second;
    if (call.function == "epoch") return facts.epoch;
    return call.function == "committed" ? facts.committed : facts.elections;
}

std::int64_t Facts::of_topics(const std::string& function, const std::string& creator) const {
    const auto found = history_.creators().find(creator);
    if (found == history_.creators().end()) return 0;
    if (function == "topics-asked") return std::ssize(found->second.topics);
    if (function == "topics-failed") return found->second.failed;
    return function == "topics-lost" ? found->second.lost : found->second.acked;
}

std::int64_t Facts::call(const Call& call, const std::map<std::string, std::int64_t>& bound) const {
    const auto facts =
        std::ranges::find_if(functions(), [&](const auto& f) { return f.name == call.function; });
    CHECK(facts != functions().end(), "{}", call.function);
    if (facts->subject == Subject::partition) {
        return of_partition(call.function, partition(call.argument));
    }
    if (call.function == "running") {
        const auto running = bound.find("running " + call.argument);
        return running == bound.end() ? 0 : running->second;
    }
    if (facts->subject == Subject::server) return of_member(call, bound);
    if (facts->subject == Subject::creator) return of_topics(call.function, call.argument);
    if (facts->subject == Subject::changer) return history_.voters_changed(call.argument);
    if (call.function == "behind") return behind(call.argument);
    const auto producer = history_.producers().find(call.argument);
    if (producer != history_.producers().end()) {
        if (call.function == "produced") return std::ssize(producer->second.records);
        if (call.function == "acked") return producer->second.acked;
        if (call.function == "failed") return producer->second.failed;
        const ProducerAudit audit = audit_producer(history_, call.argument);
        if (call.function == "in-log") return audit.in_log;
        if (call.function == "lost") return audit.lost;
        if (call.function == "duplicated") return audit.duplicated;
    }
    const auto consumer = history_.consumers().find(call.argument);
    if (consumer != history_.consumers().end()) {
        if (call.function == "consumed") return consumer->second.consumed;
        if (call.function == "gaps") return consumer->second.gaps;
        if (call.function == "repeats") return consumer->second.repeats;
    }
    return 0;
}

std::optional<std::int64_t> Facts::value(const Term& term,
                                         const std::map<std::string, std::int64_t>& bound) const {
    if (const auto* number = std::get_if<Number>(&term)) return number->value;
    if (const auto* name = std::get_if<Name>(&term)) {
        const auto found = bound.find(name->name);
        if (found == bound.end()) return std::nullopt;
        return found->second;
    }
    return call(std::get<Call>(term), bound);
}

bool Facts::holds(const Condition& condition,
                  const std::map<std::string, std::int64_t>& bound) const {
    return std::ranges::all_of(condition, [&](const Comparison& comparison) {
        const auto left = value(comparison.left, bound);
        const auto right = value(comparison.right, bound);
        return left && right && compare(*left, comparison.relation, *right);
    });
}

std::string Facts::why_not(const Condition& condition,
                           const std::map<std::string, std::int64_t>& bound) const {
    for (const Comparison& comparison : condition) {
        if (holds({comparison}, bound)) continue;
        const auto left = value(comparison.left, bound);
        const auto right = value(comparison.right, bound);
        const auto say = [](std::optional<std::int64_t> number) {
            return number ? std::to_string(*number) : std::string("unknown");
        };
        return fmt::format("{}: {} against {}", print({comparison}), say(left), say(right));
    }
    return "";
}

}  // namespace glasslog::sim
