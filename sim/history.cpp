#include "sim/history.hpp"

#include "core/base/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

namespace glasslog::sim {
namespace {

std::uint64_t hash_of(const std::optional<Bytes>& value) {
    return value ? StableHash().add(value->view()).value() : 0;
}

}  // namespace

Bytes record_value(const std::string& producer, std::int64_t number, std::size_t size) {
    std::string text = fmt::format("{}/{} ", producer, number);
    while (text.size() < size)
        text += static_cast<char>('a' + text.size() % 26);
    return Bytes::copy_of(as_bytes(text));
}

void History::tell() {
    if (changed_) changed_();
}

std::int64_t History::produced(const std::string& name) {
    ProducerHistory& producer = producers_[name];
    producer.records.emplace_back();
    tell();
    return std::ssize(producer.records) - 1;
}

void History::acked(const std::string& name,
                    std::int64_t number,
                    const client::RecordPlace& place) {
    ProducerHistory& producer = producers_[name];
    producer.records[static_cast<std::size_t>(number)] = {Outcome::acked,
                                                          place.partition,
                                                          place.offset};
    ++producer.acked;
    tell();
}

void History::failed(const std::string& name, std::int64_t number) {
    ProducerHistory& producer = producers_[name];
    producer.records[static_cast<std::size_t>(number)].outcome = Outcome::failed;
    ++producer.failed;
    tell();
}

void History::consumed(const std::string& name, const client::ConsumedRecord& record) {
    ConsumerHistory& consumer = consumers_[name];
    const auto [next, is_new] = consumer.next.try_emplace(record.partition, record.offset);
    if (record.offset != next->second) {
        if (record.offset > next->second) ++consumer.gaps;
        if (consumer.first_fault.empty()) {
            consumer.first_fault = fmt::format("{}: offset {} came where {} was next",
                                               record.partition.text(),
                                               record.offset,
                                               next->second);
        }
    }
    Offset& furthest = consumer.furthest.try_emplace(record.partition, record.offset).first->second;
    if (record.offset < furthest) ++consumer.repeats;
    next->second = record.offset + 1;
    furthest = std::max(furthest, next->second);
    ++consumer.consumed;
    consumer.seen[record.partition].push_back({record.offset, hash_of(record.value)});
    tell();
}

std::string topic_name(const std::string& creator, std::int64_t number) {
    return fmt::format("{}-{}", creator, number);
}

std::int64_t History::asked_topic(const std::string& name) {
    CreatorHistory& mine = creators_[name];
    mine.topics.emplace_back();
    tell();
    return std::ssize(mine.topics) - 1;
}

void History::created_topic(const std::string& name, std::int64_t number, const Uuid& id) {
    CreatorHistory& mine = creators_[name];
    mine.topics.at(static_cast<std::size_t>(number)) = {Outcome::acked, id};
    ++mine.acked;
    tell();
}

void History::failed_topic(const std::string& name, std::int64_t number) {
    CreatorHistory& mine = creators_[name];
    mine.topics.at(static_cast<std::size_t>(number)).outcome = Outcome::failed;
    ++mine.failed;
    tell();
}

void History::changed_voters(const std::string& name) {
    ++voters_changed_[name];
    tell();
}

std::int64_t History::voters_changed(const std::string& name) const {
    const auto found = voters_changed_.find(name);
    return found == voters_changed_.end() ? 0 : found->second;
}

void History::audited(const client::ConsumedRecord& record) {
    AuditedRecord found{record.offset, hash_of(record.value), {}, -1};
    if (record.value) {
        const std::string_view text = as_text(record.value->view());
        const std::size_t slash = text.find('/');
        const std::size_t blank = text.find(' ');
        if (slash != std::string_view::npos && blank != std::string_view::npos && slash < blank) {
            found.producer = text.substr(0, slash);
            std::from_chars(text.data() + slash + 1, text.data() + blank, found.number);
        }
    }
    log_[record.partition].push_back(std::move(found));
}

namespace {

// What walking the logs gathers about one producer.
struct Gathered {
    std::vector<std::int64_t> copies;  // of each record
    std::vector<char> in_place;        // it stands where it was acked
};

void gather(const TopicPartition& partition,
            const std::vector<AuditedRecord>& log,
            const std::string& name,
            const std::vector<ProducedRecord>& records,
            std::pair<Gathered&, ProducerAudit&> into) {
    auto& [gathered, audit] = into;
    std::int64_t last = -1;
    for (const AuditedRecord& record : log) {
        const auto index = static_cast<std::size_t>(record.number);
        if (record.producer != name || record.number < 0 || index >= records.size()) continue;
        ++audit.in_log;
        ++gathered.copies[index];
        const ProducedRecord& told = records[index];
        if (told.partition == partition && told.offset == record.offset)
            gathered.in_place[index] = 1;
        if (record.number < last && audit.out_of_order++ == 0) {
            audit.first_disorder = fmt::format("{} offset {}: record {} after record {}",
                                               partition.text(),
                                               record.offset,
                                               record.number,
                                               last);
        }
        last = std::max(last, record.number);
    }
}

}  // namespace

ProducerAudit audit_producer(const History& history, const std::string& name) {
    ProducerAudit out;
    const auto found = history.producers().find(name);
    if (found == history.producers().end()) return out;
    const std::vector<ProducedRecord>& records = found->second.records;
    Gathered gathered{std::vector<std::int64_t>(records.size(), 0),
                      std::vector<char>(records.size(), 0)};
    for (const auto& [partition, log] : history.log())
        gather(partition, log, name, records, {gathered, out});
    for (std::size_t i = 0; i < records.size(); ++i) {
        if (gathered.copies[i] > 1) ++out.duplicated;
        const bool is_there =
            found->second.is_acked_by_offset ? gathered.in_place[i] != 0 : gathered.copies[i] > 0;
        if (records[i].outcome != Outcome::acked || is_there) continue;
        if (out.lost++ > 0) continue;
        out.first_loss = fmt::format("record {}, acked at {} offset {}",
                                     i,
                                     records[i].partition.text(),
                                     records[i].offset);
    }
    return out;
}

}  // namespace glasslog::sim
