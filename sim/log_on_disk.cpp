#include "sim/log_on_disk.hpp"

#include "core/log/batch_facts.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace glasslog::sim {
namespace {

constexpr std::string_view folder = "data/__cluster_metadata-0";

std::uint64_t digest_of(ByteView batch) {
    return StableHash().add(batch).value();
}

}  // namespace

// A log that was cut and grew again has another batch where the last one stood: its epoch differs.
void LogOnDisk::forget_what_changed(const DiskImage& disk) {
    while (!places_.empty()) {
        const Place& place = places_.back();
        const bool is_there = disk.exists(place.file) && disk.size(place.file) >= place.end;
        if (is_there) {
            const auto size = static_cast<std::size_t>(place.end - place.begin);
            const Bytes bytes = disk.read(place.file, place.begin, size);
            if (digest_of(bytes.view()) == batches_.back().digest) return;
        }
        places_.pop_back();
        batches_.pop_back();
    }
}

void LogOnDisk::read_file(const DiskImage& disk, InodeId file, const CommittedPrefix& committed) {
    std::uint64_t position = 0;
    for (const Place& place : places_) {
        if (place.file == file) position = place.end;
    }
    const std::uint64_t size = disk.size(file);
    if (size <= position) return;
    const Bytes bytes = disk.read(file, position, static_cast<std::size_t>(size - position));
    ByteView rest = bytes.view();
    while (!rest.empty()) {
        const auto facts = log::read_facts(rest);
        if (!facts) return;
        LoggedBatch batch;
        batch.base = facts->base_offset;
        batch.end = facts->last_offset + 1;
        batch.epoch = facts->leader_epoch;
        batch.digest = digest_of(rest.first(facts->size_bytes));
        const auto* const below = batches_.empty() ? committed.ending_at(batch.base) : nullptr;
        const std::uint64_t before = below != nullptr   ? below->batch.chain
                                     : batches_.empty() ? 0
                                                        : batches_.back().chain;
        batch.chain = chain_after(before, batch);
        batches_.push_back(batch);
        places_.push_back({file, position, position + facts->size_bytes});
        position += facts->size_bytes;
        rest = rest.subspan(facts->size_bytes);
    }
}

std::size_t LogOnDisk::read(const DiskImage& disk, const CommittedPrefix& committed) {
    forget_what_changed(disk);
    const auto entries = disk.list(std::string(folder));
    std::vector<std::string> names;
    if (entries) {
        for (const runtime::DirectoryEntry& entry : *entries) {
            if (entry.name.ends_with(".log")) names.push_back(entry.name);
        }
    }
    std::ranges::sort(names);
    // A log that begins elsewhere now was installed anew.
    const auto first =
        names.empty() ? std::nullopt : disk.find(fmt::format("{}/{}", folder, names.front()));
    if (!places_.empty() && first != places_.front().file) {
        places_.clear();
        batches_.clear();
    }
    const std::size_t known = batches_.size();
    for (const std::string& name : names) {
        const auto file = disk.find(fmt::format("{}/{}", folder, name));
        if (file) read_file(disk, *file, committed);
    }
    return known;
}

std::span<const LoggedBatch> LogOnDisk::durable(const DiskImage& disk) const {
    std::size_t count = places_.size();
    while (count > 0) {
        const Place& place = places_[count - 1];
        const std::uint64_t size = disk.size(place.file);
        if (place.end + disk.unsynced_bytes(place.file) <= size) break;
        --count;
    }
    return std::span(batches_).first(count);
}

}  // namespace glasslog::sim
