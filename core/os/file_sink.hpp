#pragma once

// The Sink of a trace on a real machine: a file or a pipe. Guarded by a lock, so that the reactors
// of one node may share it; a frame is written whole.

#include "core/os/process.hpp"
#include "core/trace/sink.hpp"

#include <mutex>
#include <string>

namespace glasslog::os {

class FileSink final : public trace::Sink {
public:
    // Creates or empties the file.
    static Expected<std::unique_ptr<FileSink>, IoError> create(const std::string& path);

    // Takes the descriptor of a pipe or of standard output.
    explicit FileSink(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

    Expected<void, IoError> write(ByteView frame) override;

private:
    std::mutex mutex_;
    Descriptor descriptor_;
};

}  // namespace glasslog::os
