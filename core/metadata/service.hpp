#pragma once

// Service: the driver of the metadata controller, on reactor 0. It binds Controller to a log (today
// one voter: __cluster_metadata-0 on this node's disk), appends what the controller decides,
// replays it, and answers when what the answer rests on is committed, that is, synced. Raft will
// replace what stands behind MetadataLog (one_voter_log.hpp), and nothing else.

#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/base/unique_function.hpp"
#include "core/metadata/configs.hpp"
#include "core/metadata/controller.hpp"
#include "core/metadata/image.hpp"
#include "core/runtime/runtime.hpp"
#include "core/storage/log_directory.hpp"

#include <memory>
#include <string>

namespace glasslog::metadata {

struct ServiceOptions {
    NodeId node{1};
    storage::OpenedDirectory opened;  // whose directory it is, and how it was left
    StaticConfigs file;               // server.properties: defaults of topics
    std::vector<ListenerEndpoint> controller_endpoints;  // may be empty
    std::size_t waiting_requests_max = 10'000;  // beyond it a request is answered with time-out
};

// Receives every committed image, in order, the newest only when several came meanwhile.
using MetadataFeed = UniqueFunction<void(ImagePtr)>;

template <typename Response>
using Answer = UniqueFunction<void(Response)>;

class Service {
public:
    // directory: already open.
    Service(const runtime::Runtime& runtime,
            storage::LogDirectory& directory,
            ServiceOptions options);
    ~Service();

    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

    // Reads and replays the whole log, begins a new epoch (LeaderChange record, quorum-state), and
    // writes the feature levels when the log was empty. Then the image stands and requests are
    // taken. Once.
    void start(UniqueFunction<void(Expected<void, IoError>)> done);

    // Finishes what is being written and closes the log; later requests are not answered. Also
    // before start() is done. is_clean: the log was open and is closed in order.
    void stop(UniqueFunction<void(bool is_clean)> done);

    // Called once when the log failed: nothing is decided any more, and the node should stop.
    void on_failure(UniqueFunction<void(IoError)> report);

    // The last committed image; never null.
    ImagePtr image() const;

    // `feed` runs on `reactor`, first with the present image. The service tries again while that
    // reactor's mailbox is full.
    void subscribe(ReactorId reactor, MetadataFeed feed);

    // Requests of clients, as they came; the answers have every topic of the request in its order.
    void create_topics(protocol::CreateTopicsRequest request,
                       Answer<protocol::CreateTopicsResponse> done);
    void delete_topics(protocol::DeleteTopicsRequest request,
                       protocol::Version version,
                       Answer<protocol::DeleteTopicsResponse> done);
    void create_partitions(protocol::CreatePartitionsRequest request,
                           Answer<protocol::CreatePartitionsResponse> done);
    void alter_configs(protocol::IncrementalAlterConfigsRequest request,
                       Answer<protocol::IncrementalAlterConfigsResponse> done);

    // Registers this incarnation of a broker and unfences it: with one node there is nobody to
    // wait for. The answer is its epoch.
    void register_broker(BrokerRegistration registration,
                         Answer<Expected<BrokerEpoch, protocol::WireError>> done);

    // The next block of 1000 producer ids.
    void allocate_producer_ids(NodeId broker,
                               BrokerEpoch epoch,
                               Answer<Expected<ProducerIdBlock, protocol::WireError>> done);

private:
    class Core;
    std::unique_ptr<Core> core_;
};

}  // namespace glasslog::metadata
