#include "core/metadata/decision_batches.hpp"

#include "core/metadata/image_records.hpp"

#include <fmt/format.h>

#include <utility>

namespace glasslog::metadata {

namespace {

constexpr std::int16_t transactions_since = 13;  // 3.6-IV1

class Cutter {
public:
    Cutter(std::int16_t level, const BatchLimits& limits) : level_(level), limits_(limits) {}

    void add(Record record) {
        Bytes value = protocol::encode_metadata_record({record, version_at(record, level_)});
        const bool is_full =
            !batches_.empty() && (batches_.back().records.size() >= limits_.records_max ||
                                  bytes_ + value.size() > limits_.bytes_max);
        if (batches_.empty() || is_full) {
            batches_.emplace_back();
            bytes_ = 0;
        }
        bytes_ += value.size();
        batches_.back().records.push_back(std::move(record));
        batches_.back().values.push_back(std::move(value));
    }

    std::vector<DecisionBatch> finish() { return std::exchange(batches_, {}); }

private:
    std::int16_t level_;
    BatchLimits limits_;
    std::vector<DecisionBatch> batches_;
    std::size_t bytes_ = 0;  // of the last one
};

}  // namespace

std::vector<DecisionBatch> batches_of(std::vector<Record> records,
                                      std::int16_t level,
                                      const BatchLimits& limits) {
    Cutter cutter(level, limits);
    for (Record& record : records)
        cutter.add(std::move(record));
    std::vector<DecisionBatch> plain = cutter.finish();
    if (plain.size() <= 1 || level < transactions_since) return plain;
    cutter.add(
        protocol::BeginTransactionRecord{fmt::format("a decision of {} records", records.size())});
    for (DecisionBatch& batch : plain) {
        for (Record& record : batch.records)
            cutter.add(std::move(record));
    }
    cutter.add(protocol::EndTransactionRecord{});
    return cutter.finish();
}

}  // namespace glasslog::metadata
