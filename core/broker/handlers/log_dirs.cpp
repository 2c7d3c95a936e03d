// DescribeLogDirs: how many bytes each partition has on the disk, from every reactor.

#include "core/broker/handlers/handlers.hpp"
#include "core/broker/scatter.hpp"

#include <set>

namespace glasslog::broker {
namespace {

using protocol::DescribeLogDirsRequest;
using protocol::DescribeLogDirsResponse;
using replication::LogSize;
using Sizes = std::vector<LogSize>;

struct AllSizes {};

using Wanted = std::optional<std::set<storage::PartitionName>>;  // empty: all

Wanted wanted_of(const DescribeLogDirsRequest& request) {
    if (!request.topics) return std::nullopt;
    std::set<storage::PartitionName> wanted;
    for (const auto& topic : *request.topics) {
        for (const PartitionIndex index : topic.partitions)
            wanted.insert({topic.topic, index});
    }
    return wanted;
}

DescribeLogDirsResponse::Directory directory_of(const std::vector<Sizes>& reactors,
                                                const Wanted& wanted) {
    std::map<std::string, std::vector<DescribeLogDirsResponse::Partition>> topics;
    for (const Sizes& sizes : reactors) {
        for (const LogSize& log : sizes) {
            if (wanted && !wanted->contains(log.name)) continue;
            topics[log.name.topic].push_back(
                {.partition_index = log.name.index,
                 .partition_size = static_cast<std::int64_t>(log.size_bytes)});
        }
    }
    DescribeLogDirsResponse::Directory directory;
    for (auto& [name, partitions] : topics)
        directory.topics.push_back({name, std::move(partitions)});
    return directory;
}

// Adds the volume's bytes; a disk that cannot tell leaves them unknown.
void answer_with_space(Reactor& reactor,
                       Call<DescribeLogDirsRequest> call,
                       DescribeLogDirsResponse response) {
    const std::string path = reactor.config().log_directory;
    reactor.runtime().disk.space(path,
                                 [call = std::move(call), response = std::move(response)](
                                     Expected<runtime::Disk::Space, IoError> space) mutable {
                                     if (space) {
                                         response.results.front().total_bytes =
                                             static_cast<std::int64_t>(space->total_bytes);
                                         response.results.front().usable_bytes =
                                             static_cast<std::int64_t>(space->free_bytes);
                                     }
                                     call.answer(response);
                                 });
}

}  // namespace

void handle_describe_log_dirs(Reactor& reactor, Call<DescribeLogDirsRequest> call) {
    std::vector<Owned<AllSizes>> parts;
    for (std::int32_t i = 0; i < reactor.runtime().reactor_count; ++i)
        parts.push_back({ReactorId(i), {}});
    scatter<AllSizes, Sizes>(
        reactor,
        std::move(parts),
        [](Reactor& there, AllSizes, AnswerDone<Sizes> done) {
            done(there.replicas().log_sizes());
        },
        [&reactor, call = std::move(call)](const std::vector<Sizes>& sizes) mutable {
            DescribeLogDirsResponse response;
            response.results.push_back(directory_of(sizes, wanted_of(call.body)));
            response.results.front().log_dir = reactor.config().log_directory;
            answer_with_space(reactor, std::move(call), std::move(response));
        });
}

}  // namespace glasslog::broker
