#include "core/os/file_sink.hpp"

namespace glasslog::os {

Expected<std::unique_ptr<FileSink>, IoError> FileSink::create(const std::string& path) {
    return std::make_unique<FileSink>(TRY(create_file(path)));
}

Expected<void, IoError> FileSink::write(ByteView frame) {
    const std::lock_guard guard(mutex_);
    return write_all(descriptor_.get(), frame);
}

}  // namespace glasslog::os
