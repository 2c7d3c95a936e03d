#include "core/os/os_transport.hpp"

#include "core/os/io_error.hpp"

#include <cerrno>
#include <vector>

namespace glasslog::os {

namespace asio = boost::asio;

namespace {

// One connect: tries the addresses of a name in turn.
class Connecting final : public std::enable_shared_from_this<Connecting> {
public:
    Connecting(OsExecutor& executor,
               ConnectionIds& ids,
               runtime::Endpoint peer,
               runtime::Transport::ConnectDone done)
        : executor_(executor),
          ids_(ids),
          peer_(std::move(peer)),
          done_(std::move(done)),
          cause_(executor.cause()),
          socket_(executor.context()) {}

    void start(asio::ip::tcp::resolver& resolver);

private:
    void on_resolve(const boost::system::error_code& error,
                    const asio::ip::tcp::resolver::results_type& results);
    void try_next();
    void on_connect(const boost::system::error_code& error);
    void fail(IoError error);
    void finish(Expected<std::unique_ptr<runtime::Connection>, IoError> result);

    OsExecutor& executor_;
    ConnectionIds& ids_;
    runtime::Endpoint peer_;
    runtime::Transport::ConnectDone done_;
    runtime::EventId cause_;
    asio::ip::tcp::socket socket_;
    std::vector<asio::ip::tcp::endpoint> addresses_;
    std::size_t next_ = 0;
};

void Connecting::start(asio::ip::tcp::resolver& resolver) {
    boost::system::error_code error;
    const auto address = asio::ip::make_address(peer_.host, error);
    if (!error) {
        addresses_.emplace_back(address, peer_.port);
        return try_next();
    }
    resolver.async_resolve(
        peer_.host,
        std::to_string(peer_.port),
        asio::ip::resolver_base::numeric_service,
        [self = shared_from_this()](const boost::system::error_code& failure,
                                    const asio::ip::tcp::resolver::results_type& results) {
            if (failure == asio::error::operation_aborted) return;
            self->executor_.handle([&] { self->on_resolve(failure, results); });
        });
}

void Connecting::on_resolve(const boost::system::error_code& error,
                            const asio::ip::tcp::resolver::results_type& results) {
    if (error) {
        return fail({.code = IoCode::not_found,
                     .subject = peer_.text(),
                     .detail = "cannot resolve the host: " + error.message()});
    }
    for (const auto& result : results)
        addresses_.push_back(result.endpoint());
    try_next();
}

void Connecting::try_next() {
    boost::system::error_code error;
    const asio::ip::tcp::endpoint to = addresses_[next_++];
    socket_.close(error);
    socket_.open(to.protocol(), error);
    if (error) {
        executor_.post([self = shared_from_this(), error] { self->on_connect(error); });
        return;
    }
    socket_.async_connect(to, [self = shared_from_this()](const boost::system::error_code& failed) {
        if (failed == asio::error::operation_aborted) return;
        self->executor_.handle([&] { self->on_connect(failed); });
    });
}

void Connecting::on_connect(const boost::system::error_code& error) {
    if (error && next_ < addresses_.size()) return try_next();
    if (error) return fail(io_error(error.value(), peer_.text(), "connect"));
    // Without a listener, a socket may be given the port that it connects to, and meet itself.
    boost::system::error_code gone;
    if (socket_.local_endpoint(gone) == socket_.remote_endpoint(gone) && !gone)
        return fail(io_error(ECONNREFUSED, peer_.text(), "connect"));
    finish(make_connection(executor_, std::move(socket_), ids_, ""));
}

void Connecting::fail(IoError error) {
    finish(Unexpected{std::move(error)});
}

void Connecting::finish(Expected<std::unique_ptr<runtime::Connection>, IoError> result) {
    executor_.run_under(cause_, [&] { done_(std::move(result)); });
}

}  // namespace

OsTransport::OsTransport(OsExecutor& executor, ListeningSockets& listening, Place place)
    : executor_(executor),
      listening_(listening),
      reactor_(place.reactor),
      ids_(place.node, place.reactor, place.reactor_count),
      resolver_(executor.context()) {}

Expected<std::unique_ptr<runtime::Listener>, IoError> OsTransport::listen(
    const runtime::ListenerConfig& config) {
    auto core = std::make_shared<ListenerCore>(executor_, ids_, config.name);
    ListeningSockets::Opened opened = TRY(listening_.open(reactor_, config.endpoint));
    TRY(core->assign(std::move(opened)));
    return std::unique_ptr<runtime::Listener>(std::make_unique<OsListener>(std::move(core)));
}

void OsTransport::connect(const runtime::Endpoint& endpoint, ConnectDone done) {
    std::make_shared<Connecting>(executor_, ids_, endpoint, std::move(done))->start(resolver_);
}

}  // namespace glasslog::os
