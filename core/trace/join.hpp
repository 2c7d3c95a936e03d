#pragma once

// Several traces as one. Each process of a cluster writes its own (`glasslog up --trace`), on its
// own clock and with ids of its own; here they become one stream in which every id is unique and
// the two ends of a connection are one.

#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/trace/reader.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace glasslog::trace {

// Of one picture; a number of a file has two digits.
inline constexpr std::size_t joined_files_max = 99;

// Files are numbered from 1. Their events may be taken in any order, each file's in its own:
//   time        since the earliest origin of the files that were there at the first take()
//   ids         event 1234 of file 2 is 123402, its connection 7 is 702
//   connection  told by both ends, which are found by the addresses that they name: both then bear
//               the id of the end that was taken first, and the second one names both nodes
class Joiner {
public:
    // The number of the file. An error when its time cannot be compared with that of the others.
    Expected<std::size_t, InputError> add(const std::string& name, const TraceHeader& header);

    Event take(std::size_t file, Event event);

    // Two files tell of the same node at the same time: they are not of one cluster.
    const std::optional<InputError>& problem() const { return problem_; }

private:
    // One process: what it tells of itself, from node_started on.
    struct File {
        std::string name;
        ClockOrigin origin;
        NodeId node = no_node;  // whose process it is; no_node: not known yet, or of no node
        Instant first;
        Instant last;
    };

    // One end of a connection of which the other has not been told.
    struct End {
        std::int64_t connection = 0;
        NodeId node = no_node;
        Instant time;
    };

    // (address of the side that connected, address of the side that accepted).
    using Addresses = std::pair<std::string, std::string>;
    using Ends = std::map<Addresses, std::vector<End>>;

    template <typename Kind>
    void rewrite(Event& event, Kind& fields, std::size_t file);
    void join_ends(const Event& event, kinds::ConnectionOpened& opened);
    std::int64_t joint_id(std::int64_t connection) const;
    void note_life(const Event& event, std::size_t file);

    std::vector<File> files_;
    std::optional<std::int64_t> zero_ns_;  // of the machine's clock
    Ends opened_;
    Ends accepted_;
    std::map<std::int64_t, std::int64_t> joint_;  // of the end that was taken second
    std::optional<InputError> problem_;
};

struct NamedTrace {
    std::string name;
    TraceFile file;
};

// All of them, by time. error and torn_bytes: of any of them. At least one; one alone is as it is.
Expected<TraceFile, InputError> join(std::vector<NamedTrace> traces);

}  // namespace glasslog::trace
