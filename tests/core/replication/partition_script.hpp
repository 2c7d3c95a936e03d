#pragma once

// A Partition driven by text, one event a line, for transcripts:
//   lead 0 isr=1 replicas=1        produce 1 n=2 acks=-1        appended 2
// Effects come back as lines that begin with "  ". The time is set by `at <ms>`.

#include "core/replication/partition.hpp"

#include <string>

namespace glasslog::replication::test {

class PartitionScript {
public:
    PartitionScript();

    // The effects of one line, then the state's offsets; an unknown word fails the test.
    std::string run(const std::string& line);

private:
    Partition partition_;
    Instant now_;
};

// A whole transcript: for every line of input what it did. Lines that begin with ' ' are old
// output and left out, '#' begins a comment.
std::string replay_transcript(const std::string& text);

}  // namespace glasslog::replication::test
