// Random work against a Partition, compared with a plain list of everything that was ever stored.

#include "core/replication/partition.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace glasslog::replication::test {
namespace {

struct Stored {
    int producer = 0;
    std::int64_t first = 0;  // sequence
    std::int64_t count = 1;
    std::int64_t base = 0;
};

// Knows the rules by searching everything.
class Oracle {
public:
    struct Answer {
        WireError error = WireError::none;
        std::int64_t base = -1;
        std::int64_t waits_for = 0;  // an end
    };

    Answer produce(int producer, std::int64_t first, std::int64_t count) {
        std::vector<Stored> own;
        for (const Stored& one : log_) {
            if (one.producer == producer) own.push_back(one);
        }
        const std::size_t skipped = own.size() > 5 ? own.size() - 5 : 0;
        for (std::size_t at = skipped; at < own.size(); ++at) {
            if (own[at].first != first || own[at].count != count) continue;
            return {.base = own[at].base, .waits_for = own[at].base + count};
        }
        if (!own.empty() && first != own.back().first + own.back().count) {
            return {.error = WireError::out_of_order_sequence_number};
        }
        log_.push_back({producer, first, count, end_});
        end_ += count;
        return {.base = end_ - count, .waits_for = end_};
    }

    std::int64_t end() const { return end_; }

    std::int64_t next_sequence(int producer) const {
        std::int64_t next = 0;
        for (const Stored& one : log_) {
            if (one.producer == producer) next = one.first + one.count;
        }
        return next;
    }

private:
    std::vector<Stored> log_;
    std::int64_t end_ = 0;
};

// One run: the machine, the oracle, and what is owed.
class Trial {
public:
    Trial() : partition_({}, {}) {
        const NodeId self(1);
        step(Lead{LeaderEpoch(0), {self}, {self}});
    }

    void produce() {
        const int producer = *rc::gen::inRange(0, 3);
        const std::int64_t count = *rc::gen::inRange(1, 4);
        const std::int64_t back = *rc::gen::inRange(-1, 12);
        const std::int64_t first =
            std::max<std::int64_t>(oracle_.next_sequence(producer) - back, 0);
        const std::int16_t acks = *rc::gen::element<std::int16_t>(-1, 0, 1);
        const RequestToken token(++tokens_);
        log::BatchFacts facts;
        facts.last_offset = Offset(count - 1);
        facts.producer_id = ProducerId(producer);
        facts.producer_epoch = ProducerEpoch(0);
        facts.base_sequence = Sequence(static_cast<std::int32_t>(first));
        facts.size_bytes = 10;

        const auto expected = oracle_.produce(producer, first, count);
        owed_[token] = expected;
        step(Produce{.token = token, .facts = facts, .acks = acks, .timeout = {}});
    }

    void write() {
        if (written_ == oracle_.end()) return;
        written_ = *rc::gen::inRange(written_, oracle_.end()) + 1;
        step(Appended{Offset(written_)});
    }

    void read() {
        const std::int64_t at = *rc::gen::inRange<std::int64_t>(-1, oracle_.end() + 2);
        const Effects effects = step(Fetch{.token = RequestToken(++tokens_), .offset = Offset(at)});
        RC_ASSERT(effects.reply.size() == 1U);
        const auto& reply = std::get<FetchReply>(effects.reply[0].reply);
        const bool is_inside = at >= start_ && at <= partition_.state().local_end.value();
        RC_ASSERT((reply.error == WireError::none) == is_inside);
        if (is_inside) RC_ASSERT(reply.upto == Offset(committed_));
    }

    void delete_records() {
        const std::int64_t at = *rc::gen::inRange<std::int64_t>(0, oracle_.end() + 2);
        const Effects effects = step(DeleteRecords{RequestToken(++tokens_), Offset(at)});
        const auto& reply = std::get<DeleteRecordsReply>(effects.reply.at(0).reply);
        RC_ASSERT((reply.error == WireError::none) == (at <= committed_));
        if (reply.error == WireError::none) start_ = std::max(start_, at);
        RC_ASSERT(partition_.state().log_start == Offset(start_));
    }

    void finish() {
        if (written_ < oracle_.end()) {
            written_ = oracle_.end();
            step(Appended{Offset(written_)});
        }
        RC_ASSERT(owed_.empty());
        RC_ASSERT(partition_.state().high_watermark == Offset(oracle_.end()));
    }

private:
    Effects step(const Event& event) {
        const State before = partition_.state();
        Effects effects = partition_.step({}, event);
        RC_ASSERT(check_invariants(partition_.state()).value_or("") == "");
        RC_ASSERT(check_step(before, partition_.state()).value_or("") == "");
        committed_ = partition_.state().high_watermark.value();
        RC_ASSERT(committed_ <= oracle_.end());
        for (const Reply& reply : effects.reply)
            settle(reply);
        return effects;
    }

    void settle(const Reply& reply) {
        const auto* produced = std::get_if<ProduceReply>(&reply.reply);
        if (produced == nullptr) return;
        const auto expected = owed_.extract(reply.token);
        RC_ASSERT(!expected.empty());
        RC_ASSERT(produced->error == expected.mapped().error);
        RC_ASSERT(produced->base_offset == Offset(expected.mapped().base));
        RC_ASSERT(expected.mapped().waits_for <= committed_);
    }

    Partition partition_;
    Oracle oracle_;
    std::uint64_t tokens_ = 0;
    std::int64_t written_ = 0;
    std::int64_t committed_ = 0;
    std::int64_t start_ = 0;
    std::map<RequestToken, Oracle::Answer> owed_;
};

TEST(PartitionOracleTest, AgreesWithAPlainListOfAllThatWasStored) {
    const bool holds = rc::check("partition against a list", [] {
        Trial trial;
        const int steps = *rc::gen::inRange(0, 60);
        for (int step = 0; step < steps; ++step) {
            switch (*rc::gen::weightedElement<int>({{4, 0}, {3, 1}, {2, 2}, {1, 3}})) {
                case 0:
                    trial.produce();
                    break;
                case 1:
                    trial.write();
                    break;
                case 2:
                    trial.read();
                    break;
                default:
                    trial.delete_records();
                    break;
            }
        }
        trial.finish();
    });
    EXPECT_TRUE(holds);
}

}  // namespace
}  // namespace glasslog::replication::test
