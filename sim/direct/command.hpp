#pragma once

// Commands: the only way in which anything happens in a direct world. A run is a list of them, and
// so is what the shrinker prints and what --replay reads. A command that does not apply (a message
// that is not in flight, a node that is down) changes nothing.

#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/base/ids.hpp"
#include "core/base/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace glasslog::sim::direct {

enum class Verb : std::uint8_t {
    deliver,    // the message arrives
    drop,       // it is lost, silently
    fail,       // it is lost, and who asked is told so
    duplicate,  // there are two of it now
    tick,       // node: its time comes
    sync,       // node: its oldest pending sync is done
    crash,      // node: count log changes and extra quorum states that were not synced survive
    restart,    // node
    cut,        // node > peer
    heal,       // node > peer; node none: all links
    pause,      // node
    resume,     // node
    wipe,       // node, which is down: an empty disk, another directory id
    unlist,     // node, which is down: its configuration names no voters any more
    refused,    // node learns that nobody listens at peer, which is down
    reset,      // node learns that its connection to peer broke
    propose,    // node: count records
    read,       // node
    snapshot,   // node: of all it applied
    add_voter,  // node is asked to add peer
    remove_voter,
    update_voter,
    upgrade,  // node is asked for kraft.version 1
    resign,   // node
    run,      // without faults for count milliseconds
    steady,   // as run; whoever leads, leads still: no_disruption
    alone,    // node is cut off; as run; it leads no more: progress
    settle,   // all is healed and started; as run; all liveness theorems
};

// Which message: the n-th of a kind on a link; n 0: the oldest in flight. kind: the index in
// raft::Request, or 16 and the index in raft::Response.
struct MessageName {
    std::uint8_t from = 0;
    std::uint8_t to = 0;
    std::uint8_t kind = 0;
    std::uint32_t n = 0;

    friend bool operator==(const MessageName&, const MessageName&) = default;
};

inline constexpr std::uint8_t first_answer_kind = 16;
inline constexpr std::uint8_t any_kind = 255;

// Nodes are numbered from 1. at: the node's clock reads at least this; 0: as it stands.
struct Command {
    Verb verb = Verb::tick;
    std::uint8_t node = 0;
    std::uint8_t peer = 0;
    std::uint32_t count = 0;
    std::uint32_t extra = 0;
    MessageName message;
    Instant at;

    friend bool operator==(const Command&, const Command&) = default;
};

// The command's word, for example "deliver".
std::string_view word(Verb verb);

// True for the verbs that name a message.
bool names_message(Verb verb);

// "@12000000 deliver 1>2 vote#3", "crash 1 2 1", "cut 1>2", "heal", "add-voter 1 4".
std::string text(const Command& command);

// One line of text() back; at column numbers from 1.
Expected<Command, InputError> parse_command(std::string_view line, std::string_view where);

}  // namespace glasslog::sim::direct
