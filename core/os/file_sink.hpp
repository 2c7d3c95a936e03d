#pragma once

// The Sink of a trace on a real machine: a file or a pipe. Guarded by a lock, so that the reactors
// of one node may share it; a frame is written whole. The first failure is the last write: what
// follows half a frame could not be read.

#include "core/os/process.hpp"
#include "core/trace/sink.hpp"
#include "core/trace/writer.hpp"

#include <mutex>
#include <optional>
#include <string>

namespace glasslog::os {

class FileSink final : public trace::Sink {
public:
    // Creates or empties the file.
    static Expected<std::unique_ptr<FileSink>, IoError> create(const std::string& path);

    // Takes the descriptor of a pipe or of standard output.
    explicit FileSink(Descriptor descriptor, std::string name = {})
        : descriptor_(std::move(descriptor)), name_(std::move(name)) {}

    Expected<void, IoError> write(ByteView frame) override;

    // The index of a trace whose writers are joint, after the last of them. Returns the first
    // failure of any write.
    Expected<void, IoError> finish();

private:
    Expected<void, IoError> write_locked(ByteView frame);

    std::mutex mutex_;
    Descriptor descriptor_;
    std::string name_;  // for errors, when it is known
    trace::FrameIndex index_;
    std::optional<IoError> error_;
};

}  // namespace glasslog::os
