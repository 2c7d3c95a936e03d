#pragma once

// One program's door to a cluster: the view of it, and one connection to each broker in use.
// Long polls delay what follows them on a connection, so producers and consumers have one each.

#include "core/base/time.hpp"
#include "core/client/client_error.hpp"
#include "core/client/cluster_view.hpp"
#include "core/rpc/client.hpp"
#include "core/runtime/gate.hpp"
#include "core/runtime/runtime.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace glasslog::client {

struct ClusterConfig {
    std::vector<runtime::Endpoint> bootstrap;  // at least one
    std::string client_id = "glasslog";
    Duration request_timeout = Duration::seconds(30);
    Duration retry_backoff = Duration::milliseconds(100);
    Duration metadata_age_max = Duration::seconds(300);  // metadata.max.age.ms
    bool allow_topic_creation = false;                   // by asking for metadata
};

template <typename T>
using ClientDone = UniqueFunction<void(Expected<T, ClientError>)>;

class Cluster {
public:
    Cluster(const runtime::Runtime& runtime, const ClusterConfig& config);
    ~Cluster();
    Cluster(const Cluster&) = delete;
    Cluster& operator=(const Cluster&) = delete;

    const ClusterView& view() const { return view_; }

    const ClusterConfig& config() const { return config_; }

    const runtime::Runtime& runtime() const { return runtime_; }

    // Topics whose metadata every refresh asks for.
    void watch(const std::string& topic);

    // Asks one broker after the other, bootstrap last, for brokers and the watched topics. Joins a
    // refresh on its way. `done` may be empty.
    void refresh(ClientDone<void> done);

    // refresh() of every topic there is.
    void refresh_all(ClientDone<void> done);

    // To one broker that is known.
    template <typename Response, typename Request>
    void send(NodeId node,
              Request request,
              const rpc::SendOptions& options,
              rpc::Client::Done<Response> done) {
        connection_to(node).send<Response>(std::move(request), options, std::move(done));
    }

    // To any broker, also before the first refresh.
    template <typename Response, typename Request>
    void send_any(Request request,
                  const rpc::SendOptions& options,
                  rpc::Client::Done<Response> done) {
        any_connection().send<Response>(std::move(request), options, std::move(done));
    }

private:
    enum class Scope : std::uint8_t { watched, all };

    // One kind of refresh: at most one on its way, and who waits for it.
    struct Refresh {
        Scope scope = Scope::watched;
        bool is_running = false;
        bool is_stale = false;  // a topic was added since it began: once more
        std::vector<ClientDone<void>> waiting;
    };

    rpc::Client& connection_to(NodeId node);
    rpc::Client& any_connection();
    rpc::Client& connection_at(const runtime::Endpoint& endpoint);
    std::vector<runtime::Endpoint> candidates() const;
    protocol::MetadataRequest request_for(Scope scope) const;
    void join(Refresh& refresh, ClientDone<void> done);
    void ask(Refresh& refresh, std::size_t tries_left);
    void answered(Refresh& refresh,
                  std::size_t tries_left,
                  Expected<rpc::Answered<protocol::MetadataResponse>, rpc::RpcError> answer);
    void finish(Refresh& refresh, const Expected<void, ClientError>& result);

    runtime::Runtime runtime_;
    ClusterConfig config_;
    ClusterView view_;
    std::set<std::string> watched_;
    std::map<runtime::Endpoint, std::unique_ptr<rpc::Client>> connections_;
    std::size_t next_candidate_ = 0;
    Refresh watched_refresh_{.scope = Scope::watched};
    Refresh full_refresh_{.scope = Scope::all};
    runtime::Gate gate_;
};

}  // namespace glasslog::client
