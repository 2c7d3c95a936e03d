#include "core/storage/batch_scan.hpp"

#include "core/protocol/record_batch.hpp"
#include "core/storage/job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace glasslog::storage {

using protocol::BatchFault;
using protocol::BatchView;

BatchScanner::BatchScanner(std::uint64_t begin, std::uint64_t end, CheckCrc check)
    : position_(begin), end_(std::max(begin, end)), check_(check) {}

ScanResult BatchScanner::next() {
    batch_ = {};
    if (position_ == end_) return EndOfScan{};
    const ByteView held = ByteView(buffer_).subspan(used_);
    const std::uint64_t left = end_ - position_;
    if (left < protocol::batch_header_size) return broken("half a batch header");
    if (held.size() < protocol::batch_header_size) return want(protocol::batch_header_size);

    const auto batch = BatchView::read(held);
    if (!batch && batch.error() == BatchFault::incomplete) {
        const auto length = load_be<std::int32_t>(held.data() + 8);
        const auto size = static_cast<std::uint64_t>(length) + protocol::batch_length_end;
        if (size > left) return broken(fmt::format("a batch of {} bytes, {} are left", size, left));
        return want(static_cast<std::size_t>(size));
    }
    if (!batch) return broken(std::string(name(batch.error())));
    if (check_ == CheckCrc::yes && !batch->is_crc_right()) return broken("wrong checksum");
    auto facts = log::read_facts(batch->bytes());
    if (!facts) return broken(facts.error().what);

    batch_ = batch->bytes();
    ScannedBatch scanned{*facts, position_};
    position_ += batch->size();
    used_ += batch->size();
    return scanned;
}

void BatchScanner::feed(ByteView bytes) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(used_));
    used_ = 0;
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
    if (bytes.empty()) end_ = position_ + buffer_.size();  // shorter than was said
}

ScanResult BatchScanner::want(std::size_t bytes_needed) {
    const std::size_t held = buffer_.size() - used_;
    const std::uint64_t from = position_ + held;
    if (from >= end_) return broken("the file ends inside a batch");
    const std::size_t more = std::max(bytes_needed - held, chunk_bytes_);
    const std::uint64_t max = std::min<std::uint64_t>({more, chunk_bytes_max, end_ - from});
    chunk_bytes_ = std::min(chunk_bytes_ * 4, chunk_bytes_max);
    return WantsBytes{from, static_cast<std::size_t>(max)};
}

BrokenBatch BatchScanner::broken(std::string reason) const {
    return {position_, std::move(reason)};
}

}  // namespace glasslog::storage
