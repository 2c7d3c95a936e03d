#include "core/metadata/placement.hpp"

#include "core/base/random.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace glasslog::metadata {

namespace {

// Shuffles by the n-th draws of one seed.
class Shuffler {
public:
    explicit Shuffler(std::uint64_t seed) : seed_(seed) {}

    template <typename T>
    void shuffle(std::vector<T>& items) {
        for (std::size_t left = items.size(); left > 1; --left) {
            const std::uint64_t at = below(keyed_draw(seed_, "placement", "", count_), left);
            ++count_;
            std::swap(items[left - 1], items[at]);
        }
    }

private:
    std::uint64_t seed_;
    std::uint64_t count_ = 0;
};

// The brokers of a rack and how far each of its two rings has turned.
struct Rack {
    std::vector<NodeId> unfenced;
    std::vector<NodeId> fenced;
    std::size_t unfenced_taken = 0;  // of this partition's turn
    std::size_t fenced_taken = 0;
    std::size_t turn = 0;  // where both rings begin: one further for each leader it gave

    void begin_partition() {
        unfenced_taken = 0;
        fenced_taken = 0;
    }

    std::optional<NodeId> take_unfenced() {
        if (unfenced_taken >= unfenced.size()) return std::nullopt;
        return unfenced[(turn + unfenced_taken++) % unfenced.size()];
    }

    // Unfenced brokers first.
    std::optional<NodeId> take() {
        if (const auto broker = take_unfenced()) return broker;
        if (fenced_taken >= fenced.size()) return std::nullopt;
        return fenced[(turn + fenced_taken++) % fenced.size()];
    }
};

class Placer {
public:
    Placer(const std::vector<UsableBroker>& brokers, std::uint64_t draw) : shuffler_(draw) {
        std::map<std::optional<std::string>, Rack> by_rack;
        std::vector<UsableBroker> sorted = brokers;
        std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
            return a.id < b.id;
        });
        for (const UsableBroker& broker : sorted) {
            Rack& rack = by_rack[broker.rack];
            (broker.is_fenced ? rack.fenced : rack.unfenced).push_back(broker.id);
            if (!broker.is_fenced) ++unfenced_count_;
        }
        for (auto& [name, rack] : by_rack)
            racks_.push_back(std::move(rack));
        shuffle();
    }

    bool has_leader() const { return unfenced_count_ > 0; }

    std::vector<NodeId> next(std::size_t replication_factor) {
        if (epoch_ == unfenced_count_ && unfenced_count_ > 1) {
            shuffle();
            epoch_ = 0;
        }
        if (offset_ == racks_.size()) offset_ = 0;
        for (Rack& rack : racks_)
            rack.begin_partition();
        std::vector<NodeId> replicas{take_leader()};
        const std::size_t leader_rack = taken_from_;
        take_others(replicas, leader_rack, replication_factor);
        ++epoch_;
        ++offset_;
        return replicas;
    }

private:
    void shuffle() {
        for (Rack& rack : racks_) {
            shuffler_.shuffle(rack.unfenced);
            shuffler_.shuffle(rack.fenced);
            rack.turn = 0;
        }
        shuffler_.shuffle(racks_);
    }

    // From the first rack at or after offset_ that has one.
    NodeId take_leader() {
        for (std::size_t step = 0;; ++step) {
            taken_from_ = (offset_ + step) % racks_.size();
            Rack& rack = racks_[taken_from_];
            if (rack.unfenced.empty()) continue;
            const NodeId leader = rack.unfenced[rack.turn % rack.unfenced.size()];
            rack.unfenced_taken = 1;
            return leader;
        }
    }

    void take_others(std::vector<NodeId>& replicas,
                     std::size_t leader_rack,
                     std::size_t replication_factor) {
        bool skips_leader_rack = racks_.size() > 1;
        for (std::size_t step = 0; replicas.size() < replication_factor; ++step) {
            const std::size_t at = (offset_ + step) % racks_.size();
            if (at == leader_rack && skips_leader_rack) {
                skips_leader_rack = false;
                continue;
            }
            if (const auto broker = racks_[at].take()) replicas.push_back(*broker);
        }
        ++racks_[leader_rack].turn;
    }

    Shuffler shuffler_;
    std::vector<Rack> racks_;
    std::size_t unfenced_count_ = 0;
    std::size_t epoch_ = 0;
    std::size_t offset_ = 0;
    std::size_t taken_from_ = 0;
};

}  // namespace

std::vector<std::vector<NodeId>> place(const std::vector<UsableBroker>& brokers,
                                       const PlacementRequest& request) {
    const auto factor = static_cast<std::size_t>(std::max(request.replication_factor, 0));
    Placer placer(brokers, request.draw);
    if (!placer.has_leader() || factor == 0 || factor > brokers.size()) return {};
    std::vector<std::vector<NodeId>> placed;
    for (std::int32_t partition = 0; partition < request.partition_count; ++partition)
        placed.push_back(placer.next(factor));
    return placed;
}

}  // namespace glasslog::metadata
