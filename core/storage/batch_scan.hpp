#pragma once

// BatchScanner: batches of a segment file, one after another, from chunks that its user reads.
// Holds one chunk, or one batch when that is larger.

#include "core/base/bytes.hpp"
#include "core/log/batch_facts.hpp"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace glasslog::storage {

enum class CheckCrc : std::uint8_t { no, yes };

struct ScannedBatch {
    log::BatchFacts facts;
    std::uint64_t position = 0;  // in the file
};

// Read [position, position + max_bytes) of the file and feed() it.
struct WantsBytes {
    std::uint64_t position = 0;
    std::size_t max_bytes = 0;
};

// No whole batch begins at `position`; the scan ends here.
struct BrokenBatch {
    std::uint64_t position = 0;
    std::string reason;
};

struct EndOfScan {};

using ScanResult = std::variant<ScannedBatch, WantsBytes, BrokenBatch, EndOfScan>;

class BatchScanner {
public:
    // Of [begin, end) of a file; a batch begins at `begin`.
    BatchScanner(std::uint64_t begin, std::uint64_t end, CheckCrc check);

    ScanResult next();

    // What was wanted; fewer bytes, or none, only when the file ends early.
    void feed(ByteView bytes);

    // Where the next batch begins: everything before it was whole.
    std::uint64_t position() const { return position_; }

    // The bytes of the batch that next() gave, until the next call.
    ByteView batch() const { return batch_; }

private:
    ScanResult want(std::size_t bytes_needed);
    BrokenBatch broken(std::string reason) const;

    std::uint64_t position_;
    std::uint64_t end_;
    CheckCrc check_;
    std::vector<std::uint8_t> buffer_;
    std::size_t used_ = 0;                // of the buffer: batches that were given
    std::size_t chunk_bytes_ = 16 << 10;  // of the next read; grows, as most look-ups end soon
    ByteView batch_;
};

}  // namespace glasslog::storage
