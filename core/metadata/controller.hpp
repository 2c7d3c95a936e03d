#pragma once

// Controller: decides every change of the cluster's metadata. A machine of the second shape: handle
// looks at the image as of the last appended record, and returns records and answers; only replay
// changes the image, when the records were appended. The service keeps each answer until the
// records below it are committed. Sources: KIP-500, KIP-631; docs/metadata.md.

#include "core/base/expected.hpp"
#include "core/base/ids.hpp"
#include "core/base/strong.hpp"
#include "core/base/time.hpp"
#include "core/base/uuid.hpp"
#include "core/metadata/configs.hpp"
#include "core/metadata/image.hpp"
#include "core/metadata/records.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/messages/create_partitions.hpp"
#include "core/protocol/messages/create_topics.hpp"
#include "core/protocol/messages/delete_topics.hpp"
#include "core/protocol/messages/incremental_alter_configs.hpp"

#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace glasslog::metadata {

// Names a request that waits for its answer.
using RequestToken = Strong<struct RequestTokenTag, std::uint64_t>;

inline constexpr std::int64_t producer_id_block_size = 1'000;

// [first, first + producer_id_block_size)
struct ProducerIdBlock {
    ProducerId first;
};

// What a broker says of itself when it starts.
struct BrokerRegistration {
    NodeId id;
    std::string cluster_id;
    Uuid incarnation_id;  // new at every start
    std::vector<ListenerEndpoint> endpoints;
    std::optional<std::string> rack;
    std::vector<Uuid> log_directories;
};

// Requests. `draw`s are the chance in them: ids of new topics, and where placement begins.
struct CreateTopics {
    protocol::CreateTopicsRequest body;
    std::vector<Uuid> topic_ids;  // one per topic of the body
    std::uint64_t draw = 0;
};

struct DeleteTopics {
    protocol::DeleteTopicsRequest body;
    protocol::Version version;
};

struct CreatePartitions {
    protocol::CreatePartitionsRequest body;
    std::uint64_t draw = 0;
};

struct AlterConfigs {
    protocol::IncrementalAlterConfigsRequest body;
};

struct RegisterBroker {
    BrokerRegistration registration;
};

struct AllocateProducerIds {
    NodeId broker;
    BrokerEpoch epoch;
};

using Request = std::variant<CreateTopics,
                             DeleteTopics,
                             CreatePartitions,
                             AlterConfigs,
                             RegisterBroker,
                             AllocateProducerIds>;

// Answers, in the order of the requests above.
using Response = std::variant<protocol::CreateTopicsResponse,
                              protocol::DeleteTopicsResponse,
                              protocol::CreatePartitionsResponse,
                              protocol::IncrementalAlterConfigsResponse,
                              Expected<BrokerEpoch, protocol::WireError>,
                              Expected<ProducerIdBlock, protocol::WireError>>;

struct Reply {
    RequestToken token;
    Response response;
};

// The same answer for all that a request asks, by a node that cannot decide it.
Response refuse_all(const Request& request, protocol::WireError error);

// records: one atomic batch, or none. replies: when the records, and all that they rest on, are
// committed.
struct Decision {
    std::vector<Record> records;
    std::vector<Reply> replies;
};

struct ControllerOptions {
    NodeId node{1};
    std::string cluster_id;
    StaticConfigs file;                                // defaults: num.partitions, …
    std::int32_t partitions_per_request_max = 10'000;  // of one atomic batch
};

class Controller {
public:
    // The image is that of the committed log when this controller begins to lead.
    Controller(ControllerOptions options, Image image);

    // Decides. next_offset: where the first record of the decision will stand (a broker's epoch is
    // the offset of its registration).
    Decision handle(const Request& request, RequestToken token, Offset next_offset) const;

    // The records that make an empty log a cluster: the feature levels.
    std::vector<Record> bootstrap() const;

    // Applies a batch that was appended: its first record stands at `base`.
    void replay(std::span<const Record> records, Offset base, LeaderEpoch epoch);

    // A control record of the metadata log finalized this level of kraft.version.
    void replay_kraft_version(std::int16_t level, Offset offset, LeaderEpoch epoch);

    const Image& state() const { return image_; }

private:
    Decision create_topics(const CreateTopics& request, RequestToken token) const;
    Decision delete_topics(const DeleteTopics& request, RequestToken token) const;
    Decision create_partitions(const CreatePartitions& request, RequestToken token) const;
    Decision alter_configs(const AlterConfigs& request, RequestToken token) const;
    Decision register_broker(const RegisterBroker& request,
                             RequestToken token,
                             Offset next_offset) const;
    Decision allocate_producer_ids(const AllocateProducerIds& request, RequestToken token) const;

    ConfigLayers layers() const;

    ControllerOptions options_;
    Image image_;
};

}  // namespace glasslog::metadata
