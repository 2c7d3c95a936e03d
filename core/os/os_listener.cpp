#include "core/os/os_listener.hpp"

#include "core/base/check.hpp"
#include "core/os/io_error.hpp"
#include "core/trace/event.hpp"

#include <cerrno>

namespace glasslog::os {

namespace asio = boost::asio;

namespace {

// The pause before the next try when the system has no descriptor or memory for a connection.
constexpr Duration accept_pause = Duration::milliseconds(100);

runtime::Endpoint endpoint_of(const asio::ip::tcp::endpoint& from) {
    // A listener for both families sees 127.0.0.1 as ::ffff:127.0.0.1, the peer does not.
    const asio::ip::address address = from.address();
    const bool is_mapped = address.is_v6() && address.to_v6().is_v4_mapped();
    if (!is_mapped) return {.host = address.to_string(), .port = from.port()};
    const auto plain = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
    return {.host = plain.to_string(), .port = from.port()};
}

bool is_exhaustion(int errno_value) {
    return errno_value == EMFILE || errno_value == ENFILE || errno_value == ENOBUFS ||
           errno_value == ENOMEM;
}

}  // namespace

Expected<std::unique_ptr<runtime::Connection>, IoError> make_connection(
    OsExecutor& executor,
    asio::ip::tcp::socket socket,
    ConnectionIds& ids,
    const std::string& listener) {
    boost::system::error_code error;
    ConnectionFacts facts{.id = ids.next(), .listener = listener, .local = {}, .peer = {}};
    facts.local = endpoint_of(socket.local_endpoint(error));
    if (!error) facts.peer = endpoint_of(socket.remote_endpoint(error));
    if (error) {
        return Unexpected{IoError{.code = IoCode::reset,
                                  .subject = listener,
                                  .errno_value = error.value(),
                                  .detail = "the peer left at once"}};
    }
    const bool is_accepted = !listener.empty();
    trace::emit(executor.trace(),
                trace::kinds::ConnectionOpened{.connection = static_cast<std::int64_t>(facts.id),
                                               .from = is_accepted ? no_node : ids.node(),
                                               .to = is_accepted ? ids.node() : no_node,
                                               .local = facts.local.text(),
                                               .peer = facts.peer.text()});
    auto core = std::make_shared<ConnectionCore>(executor, std::move(socket), facts.peer.text());
    return std::unique_ptr<runtime::Connection>(
        std::make_unique<OsConnection>(std::move(core), std::move(facts)));
}

ListenerCore::ListenerCore(OsExecutor& executor, ConnectionIds& ids, std::string name)
    : executor_(executor), ids_(ids), name_(std::move(name)), acceptor_(executor.context()) {}

Expected<void, IoError> ListenerCore::assign(ListeningSockets::Opened opened) {
    share_ = std::move(opened.share);
    const auto protocol = opened.family == AF_INET6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4();
    boost::system::error_code error;
    acceptor_.assign(protocol, opened.descriptor.get(), error);
    if (error) return Unexpected{io_error(error.value(), share_->endpoint().text(), "listen")};
    opened.descriptor.release();
    return {};
}

void ListenerCore::accept(runtime::Listener::AcceptDone done) {
    CHECK(!done_, "one accept at a time");
    done_ = std::move(done);
    accept_next();
}

void ListenerCore::detach() {
    is_detached_ = true;
    done_ = {};
    retry_.cancel();
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    share_.reset();
}

void ListenerCore::accept_next() {
    acceptor_.async_accept([self = shared_from_this()](const boost::system::error_code& error,
                                                       asio::ip::tcp::socket socket) {
        self->executor_.handle([&] { self->on_accept(error, std::move(socket)); });
    });
}

void ListenerCore::on_accept(const boost::system::error_code& error, asio::ip::tcp::socket socket) {
    if (is_detached_ || error == asio::error::operation_aborted) return;
    if (error && is_exhaustion(error.value())) {
        retry_ = executor_.after(accept_pause, [this] { accept_next(); });
        return;
    }
    if (error == asio::error::connection_aborted) return accept_next();
    Expected<std::unique_ptr<runtime::Connection>, IoError> result =
        error ? Unexpected{io_error(error.value(), endpoint().text(), "accept")}
              : make_connection(executor_, std::move(socket), ids_, name_);
    if (!error && !result) return accept_next();  // came and went
    auto done = std::move(done_);
    executor_.run_under(runtime::no_event, [&] { done(std::move(result)); });
}

}  // namespace glasslog::os
