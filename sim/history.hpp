#pragma once

// What each client asked and was told, and what the log held in the end. Kept outside of every
// node, as the notes of an observer: a crash loses nothing of it.

#include "core/base/uuid.hpp"
#include "core/client/records.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace glasslog::sim {

using client::TopicPartition;

enum class Outcome : std::uint8_t { unknown, acked, failed };

// One record that a producer handed over. Its value names it: see record_value().
struct ProducedRecord {
    Outcome outcome = Outcome::unknown;
    TopicPartition partition;
    Offset offset = no_offset;  // as acked
};

// The records of one producer, by their number.
struct ProducerHistory {
    std::vector<ProducedRecord> records;
    std::int64_t acked = 0;
    std::int64_t failed = 0;
    bool is_idempotent = false;
    bool is_acked_by_offset = true;  // false with acks=0: nobody says where a record stands
};

struct SeenRecord {
    Offset offset;
    std::uint64_t value_hash = 0;
};

// What one consumer was given, by partition. next: the offset after the last one.
struct ConsumerHistory {
    std::map<TopicPartition, std::vector<SeenRecord>> seen;
    std::map<TopicPartition, Offset> next;
    std::int64_t consumed = 0;
    std::map<TopicPartition, Offset> furthest;  // the highest `next` that there was
    std::int64_t gaps = 0;                      // times that offsets were left out
    std::int64_t repeats = 0;                   // records that came again
    std::string first_fault;                    // "orders-0: 17 after 12"
};

// A record as it stood in the log when everything was over.
struct AuditedRecord {
    Offset offset;
    std::uint64_t value_hash = 0;
    std::string producer;
    std::int64_t number = -1;
};

// Topics that one load asked for, by number; its n-th is topic_name(load, n).
struct CreatorHistory {
    struct Asked {
        Outcome outcome = Outcome::unknown;
        Uuid id;  // as answered
    };

    std::vector<Asked> topics;
    std::int64_t acked = 0;
    std::int64_t failed = 0;
    std::int64_t lost = 0;  // acked, and in the end unknown to a controller
};

// "a1-7".
std::string topic_name(const std::string& creator, std::int64_t number);

class History {
public:
    // --- producers; a number counts from 0
    ProducerHistory& producer(const std::string& name) { return producers_[name]; }

    std::int64_t produced(const std::string& name);
    void acked(const std::string& name, std::int64_t number, const client::RecordPlace& place);
    void failed(const std::string& name, std::int64_t number);

    // --- consumers
    ConsumerHistory& consumer(const std::string& name) { return consumers_[name]; }

    void consumed(const std::string& name, const client::ConsumedRecord& record);

    // --- who creates topics; a number counts from 0
    std::int64_t asked_topic(const std::string& name);
    void created_topic(const std::string& name, std::int64_t number, const Uuid& id);
    void failed_topic(const std::string& name, std::int64_t number);

    void lost_topic(const std::string& name) { ++creators_[name].lost; }

    // --- who changes the voters of the quorum: changes that were acknowledged
    void changed_voters(const std::string& name);

    std::int64_t voters_changed(const std::string& name) const;

    const std::map<std::string, CreatorHistory>& creators() const { return creators_; }

    // --- the end
    void audited(const client::ConsumedRecord& record);

    void audit_is_complete() { is_audited_ = true; }

    bool is_audited() const { return is_audited_; }

    const std::map<std::string, ProducerHistory>& producers() const { return producers_; }

    const std::map<std::string, ConsumerHistory>& consumers() const { return consumers_; }

    const std::map<TopicPartition, std::vector<AuditedRecord>>& log() const { return log_; }

    // Called after each change of what conditions can ask.
    void on_change(UniqueFunction<void()> callback) { changed_ = std::move(callback); }

private:
    void tell();

    std::map<std::string, ProducerHistory> producers_;
    std::map<std::string, ConsumerHistory> consumers_;
    std::map<std::string, CreatorHistory> creators_;
    std::map<std::string, std::int64_t> voters_changed_;
    std::map<TopicPartition, std::vector<AuditedRecord>> log_;
    bool is_audited_ = false;
    UniqueFunction<void()> changed_;
};

// "p1/17 " and letters up to `size`; at least the name fits.
Bytes record_value(const std::string& producer, std::int64_t number, std::size_t size);

// What the audit found of one producer.
struct ProducerAudit {
    std::int64_t in_log = 0;
    std::int64_t lost = 0;          // acked, but not where it was said to be
    std::int64_t duplicated = 0;    // found more than once
    std::int64_t out_of_order = 0;  // found behind a later one of the same partition
    std::string first_loss;         // "record 17, acked at orders-0 offset 12"
    std::string first_disorder;
};

ProducerAudit audit_producer(const History& history, const std::string& name);

}  // namespace glasslog::sim
