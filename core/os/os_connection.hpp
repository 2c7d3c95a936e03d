#pragma once

// One TCP connection.

#include "core/os/fifo.hpp"
#include "core/os/os_executor.hpp"
#include "core/runtime/transport.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <sys/uio.h>

namespace glasslog::os {

struct ConnectionFacts {
    std::uint64_t id = 0;
    std::string listener;
    runtime::Endpoint local;
    runtime::Endpoint peer;
};

// The socket with what waits on it. It outlives the Connection while operations are in flight, and
// after close() until the peer has got everything.
//
// Reading: a small buffer waits for the first bytes, as most connections are idle; when it comes
// back full, more is there, and the next read asks the socket at once with a larger one. A buffer
// that is at least half full is handed on as it is; otherwise the bytes are copied out of it and
// it is used again.
//
// Writing: a flush runs after the current task, so that all that a task writes leaves in one
// system call.
class ConnectionCore final : public std::enable_shared_from_this<ConnectionCore> {
public:
    ConnectionCore(OsExecutor& executor, boost::asio::ip::tcp::socket socket, std::string peer);

    void read(std::size_t max, runtime::Connection::ReadDone done);
    void write(Payload payload, runtime::Connection::WriteDone done);
    void close();

    // The Connection is gone: no callback from now on. Resets the stream unless it was closed.
    void detach();

    // `event` has told that it is gone.
    void closed(runtime::EventId event);

    std::size_t queued_bytes() const { return queued_bytes_; }

    // "closed", or "reset" when the peer or the network broke it.
    const char* how_it_ended() const { return broken_ ? "reset" : "closed"; }

    OsExecutor& executor() { return executor_; }

private:
    struct Write {
        Payload payload;
        runtime::Connection::WriteDone done;
        runtime::EventId cause;
        bool is_refused = false;  // came after close()
        std::size_t part = 0;     // of the payload, the next to send
        std::size_t offset = 0;   // in that part
    };

    static constexpr std::size_t first_buffer_bytes = 4 * 1024;
    static constexpr std::size_t waiting_buffer_bytes_max = 32 * 1024;
    static constexpr std::size_t buffer_bytes_max = 1024 * 1024;
    static constexpr std::size_t pieces_max = 64;                      // of one writev
    static constexpr std::size_t flush_bytes_max = 4 * 1024 * 1024;    // then others have a turn
    static constexpr std::size_t drained_bytes_max = 4 * 1024 * 1024;  // after close()

    void need_buffer(std::size_t size);
    void read_at_once();
    void wait_for_bytes();
    void on_bytes(std::size_t count);
    void on_read_end(int errno_value);
    Bytes take_bytes(std::size_t count);
    void finish_read(Expected<Bytes, IoError> result);

    void schedule_flush();
    void flush();
    bool send_some();
    std::size_t gather(std::size_t& bytes);
    bool advance(std::size_t sent);
    bool finish_first_write(Expected<void, IoError> result);
    void fail_writes();
    void wait_until_writable();
    void end_stream();

    void break_with(int errno_value, const char* doing);
    void begin_lingering();
    void end_lingering();

    OsExecutor& executor_;
    boost::asio::ip::tcp::socket socket_;
    std::string peer_;
    std::optional<IoError> broken_;  // by the peer or the network
    bool is_detached_ = false;

    // reading
    runtime::Connection::ReadDone read_done_;
    std::size_t read_max_ = 0;
    std::shared_ptr<std::uint8_t[]> buffer_;
    std::size_t buffer_size_ = 0;
    std::size_t burst_bytes_ = first_buffer_bytes;  // what a buffer should hold, by experience
    bool may_have_more_ = false;                    // the last buffer came back full
    bool is_at_end_ = false;
    bool is_waiting_for_bytes_ = false;
    bool is_telling_end_ = false;  // read_done_ is being told of it

    // writing
    Fifo<Write> writes_;
    std::size_t queued_bytes_ = 0;
    std::size_t flushed_bytes_ = 0;  // by the flush that runs
    std::array<iovec, pieces_max> pieces_;
    bool is_flush_scheduled_ = false;
    bool is_waiting_writable_ = false;
    bool is_closing_ = false;
    bool is_stream_ended_ = false;  // shutdown(send) done

    // after close() and destruction
    runtime::Timer linger_;
    std::size_t drained_bytes_ = 0;
};

class OsConnection final : public runtime::Connection {
public:
    OsConnection(std::shared_ptr<ConnectionCore> core, ConnectionFacts facts)
        : core_(std::move(core)), facts_(std::move(facts)) {}

    ~OsConnection() override;

    void read(std::size_t max, ReadDone done) override { core_->read(max, std::move(done)); }

    void write(Payload payload, runtime::MessageTag /*tag*/, WriteDone done) override {
        core_->write(std::move(payload), std::move(done));
    }

    void close() override { core_->close(); }

    std::size_t write_queue_bytes() const override { return core_->queued_bytes(); }

    std::uint64_t id() const override { return facts_.id; }

    const std::string& listener() const override { return facts_.listener; }

    const runtime::Endpoint& local() const override { return facts_.local; }

    const runtime::Endpoint& peer() const override { return facts_.peer; }

private:
    std::shared_ptr<ConnectionCore> core_;
    ConnectionFacts facts_;
};

}  // namespace glasslog::os
