#pragma once

// Service: the driver of the metadata controller, on reactor 0. It folds what the quorum commits
// into images, on every node; while this node is the active controller it also binds a Controller
// to the log: proposes what that decides, replays it, and answers when what the answer rests on is
// committed. docs/metadata.md.

#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/base/unique_function.hpp"
#include "core/metadata/configs.hpp"
#include "core/metadata/controller.hpp"
#include "core/metadata/decision_batches.hpp"
#include "core/metadata/image.hpp"
#include "core/metadata/publisher.hpp"
#include "core/metadata/requests.hpp"
#include "core/raft/replicated.hpp"
#include "core/runtime/runtime.hpp"
#include "core/storage/log_directory.hpp"

#include <memory>
#include <string>

namespace glasslog::metadata {

struct ServiceOptions {
    ControllerOptions controller;
    raft::QuorumOptions quorum;
    BatchLimits batch;  // a decision beyond it is a transaction; a user's is refused
    std::int64_t snapshot_after_bytes = 20 << 20;        // of batches since the last one
    Duration snapshot_after = Duration::seconds(3'600);  // and something was committed; 0: never
    std::size_t waiting_requests_max = 10'000;  // beyond it a request is answered with time-out
};

template <typename Answered>
using Answer = UniqueFunction<void(Answered)>;

class Service {
public:
    // directory: already open.
    Service(const runtime::Runtime& runtime,
            storage::LogDirectory& directory,
            ServiceOptions options);
    ~Service();

    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

    // Opens the log and takes part in its quorum. Images follow as their records are known to be
    // committed: at once for a voter that is alone. An empty log begins with the records of the
    // directory's bootstrap file, or with the levels of this build. Once.
    void start(UniqueFunction<void(Expected<void, IoError>)> done);

    // Gives a leadership away, finishes what is being written and closes the log; later requests
    // are not answered. Also before start() is done. is_clean: the log was open and is closed in
    // order.
    void stop(UniqueFunction<void(bool is_clean)> done);

    // Called once when the log failed: nothing is decided any more, and the node should stop.
    void on_failure(UniqueFunction<void(IoError)> report);

    // Called when another node is the active controller, as this one learns it: itself, nobody, or
    // whoever has begun to commit.
    void on_controller_change(UniqueFunction<void()> report);

    // The last committed image; never null.
    ImagePtr image() const;

    // `feed` runs on `reactor`, first with the present image. The service tries again while that
    // reactor's mailbox is full.
    void subscribe(ReactorId reactor, MetadataFeed feed);

    // True when requests are decided here.
    bool is_active() const;

    raft::ReplicatedLog& log();

    // Decides, and answers when all of that is committed; NOT_CONTROLLER for all of it while
    // another node, or none, is the active controller; RECORD_LIST_TOO_LARGE, and nothing is done,
    // when what a user asks is more bytes than a batch may have.
    void ask(Request request, Answer<Response> done);

    // A request of the wire, with the chance that it needs.
    Request request_of(protocol::CreateTopicsRequest body, protocol::Version version);
    Request request_of(protocol::DeleteTopicsRequest body, protocol::Version version);
    Request request_of(protocol::CreatePartitionsRequest body, protocol::Version version);
    Request request_of(protocol::IncrementalAlterConfigsRequest body, protocol::Version version);
    Request request_of(protocol::UpdateFeaturesRequest body, protocol::Version version);

    template <typename Body>
    Request request_of(Body body, protocol::Version /*version*/) {
        return body;
    }

    // The same with the types of the wire: handle<CreateTopicsResponse>(body, version, done).
    template <typename Answered, typename Body>
    void handle(Body body, protocol::Version version, Answer<Answered> done) {
        ask(request_of(std::move(body), version),
            [done = std::move(done)](Response response) mutable {
                done(std::get<Answered>(std::move(response)));
            });
    }

private:
    class Core;
    std::unique_ptr<Core> core_;
};

}  // namespace glasslog::metadata
