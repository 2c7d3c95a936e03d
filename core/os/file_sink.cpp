#include "core/os/file_sink.hpp"

namespace glasslog::os {

Expected<std::unique_ptr<FileSink>, IoError> FileSink::create(const std::string& path) {
    return std::make_unique<FileSink>(TRY(create_file(path)), path);
}

Expected<void, IoError> FileSink::write(ByteView frame) {
    const std::lock_guard guard(mutex_);
    return write_locked(frame);
}

Expected<void, IoError> FileSink::finish() {
    const std::lock_guard guard(mutex_);
    return write_locked(index_.frame());
}

Expected<void, IoError> FileSink::write_locked(ByteView frame) {
    if (error_) return Unexpected{*error_};
    auto written = write_all(descriptor_.get(), frame);
    if (written) {
        index_.add(frame);
        return written;
    }
    if (!name_.empty()) written.error().subject = name_;
    error_ = written.error();
    return written;
}

}  // namespace glasslog::os
