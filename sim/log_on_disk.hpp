#pragma once

// LogOnDisk: the batches of a machine's metadata log, read from its files without asking any
// process. Reads on where it stopped, unless the files say something else by now.

#include "sim/disk_image.hpp"
#include "sim/invariants/committed_prefix.hpp"

#include <span>
#include <string>
#include <vector>

namespace glasslog::sim {

class LogOnDisk {
public:
    // To the first batch that is not whole. committed: what stands below a log that begins with a
    // snapshot. The result: how many of batches() were known before.
    std::size_t read(const DiskImage& disk, const CommittedPrefix& committed);

    // As the page cache shows them.
    std::span<const LoggedBatch> batches() const { return batches_; }

    // Those that no power loss can take; after read().
    std::span<const LoggedBatch> durable(const DiskImage& disk) const;

private:
    struct Place {
        InodeId file;
        std::uint64_t begin = 0;
        std::uint64_t end = 0;
    };

    void forget_what_changed(const DiskImage& disk);
    void read_file(const DiskImage& disk, InodeId file, const CommittedPrefix& committed);

    std::vector<LoggedBatch> batches_;
    std::vector<Place> places_;  // of each
};

}  // namespace glasslog::sim
