#pragma once

// One handler for each API. Each answers its call once, now or later.

#include "core/broker/call.hpp"
#include "core/metadata/image.hpp"
#include "core/protocol/api.hpp"
#include "core/protocol/messages/api_versions.hpp"
#include "core/protocol/messages/delete_records.hpp"
#include "core/protocol/messages/delete_topics.hpp"
#include "core/protocol/messages/describe_cluster.hpp"
#include "core/protocol/messages/describe_configs.hpp"
#include "core/protocol/messages/describe_log_dirs.hpp"
#include "core/protocol/messages/describe_topic_partitions.hpp"
#include "core/protocol/messages/fetch.hpp"
#include "core/protocol/messages/incremental_alter_configs.hpp"
#include "core/protocol/messages/init_producer_id.hpp"
#include "core/protocol/messages/list_offsets.hpp"
#include "core/protocol/messages/metadata.hpp"
#include "core/protocol/messages/offset_for_leader_epoch.hpp"
#include "core/protocol/messages/produce.hpp"

namespace glasslog::broker {

class Reactor;

// api_versions.cpp
void handle_api_versions(Reactor& reactor, Call<protocol::ApiVersionsRequest> call);

// What a listener of this kind serves, and the features of the cluster.
protocol::ApiVersionsResponse describe_apis(const protocol::ApiVersionsRequest& request,
                                            protocol::Version version,
                                            const metadata::Image& image,
                                            protocol::ListenerKind kind);

// The answer to a version that is not spoken, in version 0: error 35, and which ones are.
protocol::ApiVersionsResponse unsupported_api_versions();

// metadata.cpp
void handle_metadata(Reactor& reactor, Call<protocol::MetadataRequest> call);
void handle_describe_cluster(Reactor& reactor, Call<protocol::DescribeClusterRequest> call);
void handle_describe_topic_partitions(Reactor& reactor,
                                      Call<protocol::DescribeTopicPartitionsRequest> call);

// topics.cpp
void handle_delete_topics(Reactor& reactor, Call<protocol::DeleteTopicsRequest> call);

// configs.cpp
void handle_describe_configs(Reactor& reactor, Call<protocol::DescribeConfigsRequest> call);

// alter_configs.cpp
void handle_alter_configs(Reactor& reactor, Call<protocol::IncrementalAlterConfigsRequest> call);

// produce.cpp
void handle_produce(Reactor& reactor, Call<protocol::ProduceRequest> call);
void handle_init_producer_id(Reactor& reactor, Call<protocol::InitProducerIdRequest> call);

// fetch.cpp
void handle_fetch(Reactor& reactor, Call<protocol::FetchRequest> call);

// offsets.cpp
void handle_list_offsets(Reactor& reactor, Call<protocol::ListOffsetsRequest> call);
void handle_offset_for_leader_epoch(Reactor& reactor,
                                    Call<protocol::OffsetForLeaderEpochRequest> call);
void handle_delete_records(Reactor& reactor, Call<protocol::DeleteRecordsRequest> call);

// log_dirs.cpp
void handle_describe_log_dirs(Reactor& reactor, Call<protocol::DescribeLogDirsRequest> call);

}  // namespace glasslog::broker
