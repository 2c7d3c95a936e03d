#pragma once

// Where the bytes of a trace go: a file, a pipe, memory. Bound by the command line (core/os).

#include "core/base/bytes.hpp"
#include "core/base/errors.hpp"
#include "core/base/expected.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace glasslog::trace {

// Takes one frame a call (writer.hpp), whole and in order. Several writers (the reactors of one
// node) may share a Sink if its write() is guarded; frames stand alone, so they may interleave.
class Sink {
public:
    virtual ~Sink() = default;

    virtual Expected<void, IoError> write(ByteView frame) = 0;
};

// All of a trace, in memory: for tests and for a run whose trace is wanted only if it fails.
class MemorySink final : public Sink {
public:
    Expected<void, IoError> write(ByteView frame) override;

    const std::vector<std::uint8_t>& bytes() const { return bytes_; }

private:
    std::vector<std::uint8_t> bytes_;
};

// The header and the newest blocks, at most `bytes_max` of them (`--trace ring:64MiB`).
class RingSink final : public Sink {
public:
    explicit RingSink(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    Expected<void, IoError> write(ByteView frame) override;

    // A trace that a reader accepts.
    Expected<void, IoError> dump(Sink& to) const;

    std::size_t bytes() const { return bytes_; }

private:
    std::size_t bytes_max_;
    std::size_t bytes_ = 0;
    Bytes header_;
    std::deque<Bytes> frames_;
};

}  // namespace glasslog::trace
