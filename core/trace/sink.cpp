#include "core/trace/sink.hpp"

namespace glasslog::trace {

Expected<void, IoError> MemorySink::write(ByteView frame) {
    bytes_.insert(bytes_.end(), frame.begin(), frame.end());
    return {};
}

Expected<void, IoError> RingSink::write(ByteView frame) {
    Bytes copy = Bytes::copy_of(frame);
    bytes_ += copy.size();
    if (header_.empty()) {
        header_ = std::move(copy);
        return {};
    }
    frames_.push_back(std::move(copy));
    while (bytes_ > bytes_max_ && frames_.size() > 1) {
        bytes_ -= frames_.front().size();
        frames_.pop_front();
    }
    return {};
}

Expected<void, IoError> RingSink::dump(Sink& to) const {
    TRY(to.write(header_.view()));
    for (const Bytes& frame : frames_)
        TRY(to.write(frame.view()));
    return {};
}

}  // namespace glasslog::trace
