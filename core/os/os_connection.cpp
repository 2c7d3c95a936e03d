#include "core/os/os_connection.hpp"

#include "core/base/check.hpp"
#include "core/os/io_error.hpp"
#include "core/trace/event.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>

namespace glasslog::os {

namespace asio = boost::asio;

namespace {

// How long a closed connection is kept for what is still to be sent and acknowledged.
constexpr Duration linger_max = Duration::seconds(10);

int errno_of(const boost::system::error_code& error) {
    if (error == asio::error::eof) return 0;
    return error.category() == asio::error::get_system_category() ? error.value() : EIO;
}

}  // namespace

ConnectionCore::ConnectionCore(OsExecutor& executor, asio::ip::tcp::socket socket, std::string peer)
    : executor_(executor), socket_(std::move(socket)), peer_(std::move(peer)) {
    boost::system::error_code ignored;
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    socket_.set_option(asio::socket_base::keep_alive(true), ignored);
}

// --- reading

void ConnectionCore::read(std::size_t max, runtime::Connection::ReadDone done) {
    CHECK(!read_done_, "one read at a time");
    CHECK(max > 0);
    read_done_ = std::move(done);
    read_max_ = max;
    if (broken_ || is_at_end_ || may_have_more_) {
        executor_.post([self = shared_from_this()] { self->read_at_once(); });
    } else {
        wait_for_bytes();
    }
}

void ConnectionCore::need_buffer(std::size_t size) {
    if (buffer_ != nullptr && buffer_size_ >= size && buffer_size_ <= 4 * size) return;
    buffer_ = std::make_shared_for_overwrite<std::uint8_t[]>(size);
    buffer_size_ = size;
}

void ConnectionCore::read_at_once() {
    if (is_detached_) return;
    if (broken_) return finish_read(Unexpected{*broken_});
    if (is_at_end_) return finish_read(Bytes());
    need_buffer(std::min(read_max_, burst_bytes_));
    ssize_t got = 0;
    do {
        const std::size_t wanted = std::min(buffer_size_, read_max_);
        got = ::recv(socket_.native_handle(), buffer_.get(), wanted, MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    if (got > 0) return on_bytes(static_cast<std::size_t>(got));
    if (got == 0) return on_read_end(0);
    if (errno != EAGAIN && errno != EWOULDBLOCK) return on_read_end(errno);
    may_have_more_ = false;
    wait_for_bytes();
}

void ConnectionCore::wait_for_bytes() {
    if (is_waiting_for_bytes_) return;
    is_waiting_for_bytes_ = true;
    need_buffer(std::min({read_max_, burst_bytes_, waiting_buffer_bytes_max}));
    socket_.async_read_some(
        asio::buffer(buffer_.get(), std::min(buffer_size_, read_max_)),
        [self = shared_from_this()](const boost::system::error_code& error, std::size_t count) {
            self->is_waiting_for_bytes_ = false;
            if (error == asio::error::operation_aborted) return;
            self->executor_.handle(
                [&] { error ? self->on_read_end(errno_of(error)) : self->on_bytes(count); });
        });
}

void ConnectionCore::on_bytes(std::size_t count) {
    if (is_detached_) {  // lingering: what the peer still says is not wanted any more
        drained_bytes_ += count;
        return drained_bytes_ > drained_bytes_max ? end_lingering() : wait_for_bytes();
    }
    const std::size_t asked = std::min(buffer_size_, read_max_);
    may_have_more_ = count == asked;
    if (count >= burst_bytes_) {
        burst_bytes_ = std::min(burst_bytes_ * 4, buffer_bytes_max);
    } else if (count < burst_bytes_ / 4 && asked >= burst_bytes_) {
        burst_bytes_ = std::max(burst_bytes_ / 2, first_buffer_bytes);
    }
    finish_read(take_bytes(count));
}

Bytes ConnectionCore::take_bytes(std::size_t count) {
    if (count * 2 >= buffer_size_) {
        const ByteView view(buffer_.get(), count);
        return Bytes::sharing(std::move(buffer_), view);
    }
    auto copy = std::make_shared_for_overwrite<std::uint8_t[]>(count);
    std::memcpy(copy.get(), buffer_.get(), count);
    const ByteView view(copy.get(), count);
    return Bytes::sharing(std::move(copy), view);
}

void ConnectionCore::on_read_end(int errno_value) {
    if (is_detached_) return end_lingering();
    if (errno_value != 0) {
        break_with(errno_value, "read");
    } else {
        is_at_end_ = true;
    }
    if (broken_) return finish_read(Unexpected{*broken_});
    finish_read(Bytes());
}

void ConnectionCore::finish_read(Expected<Bytes, IoError> result) {
    if (!read_done_) return;
    auto done = std::move(read_done_);
    is_telling_end_ = !result || result->empty();
    executor_.run_under(runtime::no_event, [&] { done(std::move(result)); });
    is_telling_end_ = false;
}

// --- writing

void ConnectionCore::write(Payload payload, runtime::Connection::WriteDone done) {
    const std::size_t size = payload.size();
    if (!is_closing_) queued_bytes_ += size;
    writes_.push({.payload = std::move(payload),
                  .done = std::move(done),
                  .cause = executor_.cause(),
                  .is_refused = is_closing_});
    schedule_flush();
}

void ConnectionCore::close() {
    if (is_closing_) return;
    is_closing_ = true;
    schedule_flush();
}

void ConnectionCore::schedule_flush() {
    if (is_flush_scheduled_ || is_waiting_writable_) return;
    is_flush_scheduled_ = true;
    executor_.post([self = shared_from_this()] {
        self->is_flush_scheduled_ = false;
        self->flush();
    });
}

void ConnectionCore::flush() {
    flushed_bytes_ = 0;
    while (!writes_.empty()) {
        if (!socket_.is_open()) return;
        if (broken_) return fail_writes();
        if (flushed_bytes_ > flush_bytes_max) return schedule_flush();
        if (!send_some()) return;
    }
    if (is_closing_) end_stream();
}

// One writev of what waits, and the callbacks of what has left. False: stop for now.
bool ConnectionCore::send_some() {
    if (writes_.front().is_refused) {
        return finish_first_write(Unexpected{
            IoError{.code = IoCode::closed, .subject = peer_, .detail = "written after close"}});
    }
    std::size_t bytes = 0;
    msghdr message{};
    message.msg_iovlen = gather(bytes);
    message.msg_iov = pieces_.data();
    if (bytes == 0) return advance(0);
    ssize_t sent = 0;
    do {
        sent = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
        break_with(errno, "write");
        return true;
    }
    const std::size_t taken = sent < 0 ? 0 : static_cast<std::size_t>(sent);
    flushed_bytes_ += taken;
    if (!advance(taken)) return false;
    if (taken == bytes) return true;
    wait_until_writable();
    return false;
}

// Fills pieces_ from the writes in order; the number of pieces.
std::size_t ConnectionCore::gather(std::size_t& bytes) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < writes_.size() && !writes_[i].is_refused; ++i) {
        const Write& write = writes_[i];
        const std::vector<Bytes>& parts = write.payload.parts();
        for (std::size_t part = write.part; part < parts.size(); ++part) {
            if (count == pieces_max) return count;
            const std::size_t offset = part == write.part ? write.offset : 0;
            const ByteView rest = parts[part].view().subspan(offset);
            // iovec is not const; sendmsg only reads.
            pieces_[count++] = {.iov_base = const_cast<std::uint8_t*>(rest.data()),  // NOLINT
                                .iov_len = rest.size()};
            bytes += rest.size();
        }
    }
    return count;
}

// Accounts for `sent` bytes and finishes the writes that they complete, also empty ones. False when
// a callback has destroyed the Connection and nothing is left to do.
bool ConnectionCore::advance(std::size_t sent) {
    queued_bytes_ -= sent;
    while (!writes_.empty() && !writes_.front().is_refused) {
        Write& write = writes_.front();
        const std::vector<Bytes>& parts = write.payload.parts();
        while (write.part < parts.size()) {
            const std::size_t rest = parts[write.part].size() - write.offset;
            if (sent < rest) {
                write.offset += sent;
                return true;
            }
            sent -= rest;
            write.offset = 0;
            ++write.part;
        }
        if (!finish_first_write({})) return false;
    }
    return true;
}

bool ConnectionCore::finish_first_write(Expected<void, IoError> result) {
    Write write = writes_.pop();
    write.payload = Payload();
    if (is_detached_) return true;
    executor_.run_under(write.cause, [&] { write.done(std::move(result)); });
    return !is_detached_ || is_closing_;
}

void ConnectionCore::fail_writes() {
    queued_bytes_ = 0;
    while (!writes_.empty()) {
        if (!finish_first_write(Unexpected{*broken_})) return;
    }
    if (is_detached_) end_lingering();
}

void ConnectionCore::wait_until_writable() {
    is_waiting_writable_ = true;
    socket_.async_wait(asio::ip::tcp::socket::wait_write,
                       [self = shared_from_this()](const boost::system::error_code& error) {
                           self->is_waiting_writable_ = false;
                           if (error == asio::error::operation_aborted) return;
                           self->executor_.handle([&] { self->flush(); });
                       });
}

void ConnectionCore::end_stream() {
    if (is_stream_ended_ || !socket_.is_open()) return;
    is_stream_ended_ = true;
    boost::system::error_code ignored;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    if (is_detached_ && (is_at_end_ || broken_)) return end_lingering();
}

// --- the end

// What the owner does about an end that it has just been told of follows from it.
void ConnectionCore::closed(runtime::EventId event) {
    if (is_telling_end_ && event != runtime::no_event) executor_.trace().set_current_cause(event);
}

void ConnectionCore::break_with(int errno_value, const char* doing) {
    if (!broken_) broken_ = io_error(errno_value, peer_, doing);
}

void ConnectionCore::detach() {
    is_detached_ = true;
    read_done_ = {};
    if (is_closing_ && !broken_) return begin_lingering();
    writes_.clear();
    boost::system::error_code ignored;
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    socket_.close(ignored);
}

// Closing a socket with unread bytes would reset it, and the peer would lose what was sent to it
// before. So read until the peer ends too, for a while.
void ConnectionCore::begin_lingering() {
    if (is_stream_ended_ && is_at_end_) return end_lingering();
    for (std::size_t i = 0; i < writes_.size(); ++i)
        writes_[i].done = {};
    read_max_ = waiting_buffer_bytes_max;
    if (!is_at_end_) wait_for_bytes();
    schedule_flush();
    linger_ = executor_.after(linger_max, [self = shared_from_this()] { self->end_lingering(); });
}

void ConnectionCore::end_lingering() {
    writes_.clear();
    linger_.cancel();
    boost::system::error_code ignored;
    socket_.close(ignored);
}

OsConnection::~OsConnection() {
    const runtime::EventId closed = trace::emit(
        core_->executor().trace(),
        trace::kinds::ConnectionClosed{.connection = static_cast<std::int64_t>(facts_.id),
                                       .reason = core_->how_it_ended()});
    core_->closed(closed);
    core_->detach();
}

}  // namespace glasslog::os
