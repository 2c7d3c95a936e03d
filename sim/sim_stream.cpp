// Bytes on connections; see sim_network.hpp.

#include "core/base/check.hpp"
#include "sim/sim_network.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::sim {
namespace {

constexpr std::size_t chunk_bytes_max = 64 * 1024;

}  // namespace

SimNetwork::Joint* SimNetwork::find(std::uint64_t id) {
    return id == 0 || id > joints_.size() ? nullptr : joints_[id - 1].get();
}

SimNetwork::Machine& SimNetwork::machine_of(const Side& side) {
    return machines_[static_cast<std::size_t>(side.owner.node.value()) - 1];
}

Packet SimNetwork::packet_of(const Joint& joint, std::size_t side, const Chunk& chunk) const {
    return {chunk.kind,
            joint.sides[side].owner.node,
            joint.sides[1 - side].owner.node,
            static_cast<std::int64_t>(joint.id),
            side == 0,
            chunk.message_position,
            chunk.bytes.size(),
            chunk.tag};
}

// --- writing ------------------------------------------------------------------------------------

void SimNetwork::write(Joint& joint,
                       std::size_t side,
                       Payload payload,
                       runtime::MessageTag tag,
                       runtime::Connection::WriteDone done) {
    Side& mine = joint.sides[side];
    Pipe& pipe = joint.pipes[side];
    std::optional<IoError> error = mine.error;
    if (!error && pipe.is_end_written) error = IoError{IoCode::closed, mine.peer.text(), 0, {}};
    if (error || payload.empty()) {
        Expected<void, IoError> result;
        if (error) result = Unexpected{*error};
        plan_write_done(joint, side, Write{{}, 0, 0, std::move(done)}, std::move(result));
        return;
    }
    const Bytes bytes = payload.flatten();
    const std::int64_t position = pipe.position;
    Write write{cut(joint, side, bytes), 0, bytes.size(), std::move(done)};
    for (Chunk& chunk : write.chunks) {
        chunk.tag = tag;
        chunk.message_position = position;
        chunk.message_bytes = static_cast<std::int64_t>(bytes.size());
    }
    pipe.position += static_cast<std::int64_t>(bytes.size());
    pipe.queued_bytes += bytes.size();
    pipe.unsent.push_back(std::move(write));
    pump(joint, side);
    tell_sent(joint, side, position);
}

// Tells of the message at `position`, which pump() has just seen, and lets its chunks know.
void SimNetwork::tell_sent(Joint& joint, std::size_t side, std::int64_t position) {
    Pipe& pipe = joint.pipes[side];
    const bool has_left = pipe.unsent.empty();
    Chunk& last = has_left ? pipe.flying.back() : pipe.unsent.back().chunks.back();
    const std::int64_t due = has_left ? due_of(joint, side, last) : -1;
    const trace::EventId event = tell_message(joint, side, last, due);
    for (auto chunk = pipe.flying.rbegin();
         chunk != pipe.flying.rend() && chunk->message_position == position;
         ++chunk) {
        chunk->sent_event = event;
    }
    if (!has_left) {
        for (Chunk& chunk : pipe.unsent.back().chunks)
            chunk.sent_event = event;
    } else if (last.is_lost) {
        const trace::EventId outer = engine_.cause();
        engine_.set_cause(event);
        tell_dropped(joint, side, last, last.reason);
        engine_.set_cause(outer);
    }
}

// `last`: the chunk that makes the message whole.
trace::EventId SimNetwork::tell_message(const Joint& joint,
                                        std::size_t side,
                                        const Chunk& last,
                                        std::int64_t due_ns) {
    trace::kinds::MessageSent sent;
    sent.connection = static_cast<std::int64_t>(joint.id);
    sent.is_from_opener = side == 0;
    sent.position = last.message_position;
    sent.to = joint.sides[1 - side].owner.node;
    sent.api_key = last.tag.api_key;
    sent.api_version = last.tag.api_version;
    sent.correlation = last.tag.correlation_id;
    sent.is_response = last.tag.is_response;
    sent.bytes = last.message_bytes;
    sent.due_ns = due_ns;
    return engine_.emit(joint.sides[side].owner.node, sent);
}

// When `chunk`, which flies, is to arrive; -1: it or what is before it is held or lost.
std::int64_t SimNetwork::due_of(const Joint& joint, std::size_t side, const Chunk& chunk) const {
    const Chunk& head = joint.pipes[side].flying.front();
    const auto waits = [](const Chunk& c) { return c.is_held || c.is_lost; };
    if (waits(chunk) || waits(head)) return -1;
    return std::max(chunk.arrival, head.arrival).nanoseconds();
}

// One message into chunks: now and then at keyed-random bytes, always at 64 KiB.
std::vector<SimNetwork::Chunk> SimNetwork::cut(const Joint& joint,
                                               std::size_t side,
                                               const Bytes& bytes) {
    const NodeId from = joint.sides[side].owner.node;
    const NodeId to = joint.sides[1 - side].owner.node;
    std::vector<std::size_t> ends;
    const std::uint64_t link =
        static_cast<std::uint64_t>(from.value()) << 32 | static_cast<std::uint32_t>(to.value());
    const std::uint64_t key = StableHash().add("chunk").add(link).value();
    if (config_.chunked.holds(engine_.draws().next(key)) && bytes.size() > 1) {
        const std::uint64_t count_draw = engine_.draws().next(key);
        const std::int64_t cuts =
            between(count_draw, 1, std::max<std::int64_t>(1, config_.chunks_max - 1));
        for (std::int64_t i = 0; i < cuts; ++i)
            ends.push_back(1 + below(engine_.draws().next(key), bytes.size() - 1));
    }
    for (std::size_t end = chunk_bytes_max; end < bytes.size(); end += chunk_bytes_max)
        ends.push_back(end);
    ends.push_back(bytes.size());
    if (ends.size() > 2) std::ranges::sort(ends);
    std::vector<Chunk> chunks;
    chunks.reserve(ends.size());
    std::size_t begin = 0;
    for (const std::size_t end : ends) {
        if (end == begin) continue;
        Chunk& chunk = chunks.emplace_back();
        chunk.bytes = bytes.slice(begin, end - begin);
        begin = end;
    }
    chunks.back().is_last_of_message = true;
    return chunks;
}

// Sends what the window allows; a chunk always goes when nothing is under way.
void SimNetwork::pump(Joint& joint, std::size_t side) {
    Pipe& pipe = joint.pipes[side];
    const std::size_t window = 2 * config_.socket_buffer_bytes;
    while (!pipe.unsent.empty()) {
        Write& write = pipe.unsent.front();
        while (write.next < write.chunks.size()) {
            Chunk& chunk = write.chunks[write.next];
            const std::size_t bytes = chunk.bytes.size();
            if (pipe.window_bytes > 0 && pipe.window_bytes + bytes > window) return;
            pipe.window_bytes += bytes;
            chunk.latency = write.next == 0 ? latency_of(joint.sides[side].owner.node,
                                                         joint.sides[1 - side].owner.node,
                                                         chunk.tag)
                                            : gap_of(joint, side);
            chunk.is_continued = write.next > 0;
            ++write.next;
            launch(joint, side, std::move(chunk));
        }
        if (write.done) plan_write_done(joint, side, std::move(write), {});
        pipe.unsent.pop_front();
    }
}

Duration SimNetwork::gap_of(const Joint& joint, std::size_t side) {
    const auto from = static_cast<std::uint64_t>(joint.sides[side].owner.node.value());
    const auto to = static_cast<std::uint64_t>(joint.sides[1 - side].owner.node.value());
    const std::uint64_t key = StableHash().add("chunk-gap").add(from << 32 | to).value();
    return config_.chunk_gap.sample(engine_.draws().next(key));
}

void SimNetwork::plan_write_done(Joint& joint,
                                 std::size_t side,
                                 Write write,
                                 Expected<void, IoError> result) {
    engine_.plan(engine_.now(),
                 joint.pipes[side].lane,
                 joint.sides[side].owner,
                 [this,
                  id = joint.id,
                  side,
                  bytes = write.bytes,
                  done = std::move(write.done),
                  result = std::move(result)]() mutable {
                     Joint* const found = find(id);
                     if (found == nullptr || !found->sides[side].is_handle_open) return;
                     found->pipes[side].queued_bytes -= bytes;
                     done(std::move(result));
                 });
}

// --- on the way ---------------------------------------------------------------------------------

void SimNetwork::launch(Joint& joint, std::size_t side, Chunk chunk) {
    Pipe& pipe = joint.pipes[side];
    chunk.first_try = engine_.now();
    try_once(joint, side, chunk);
    pipe.flying.push_back(std::move(chunk));
    // Told already when it had to wait for room.
    if (pipe.flying.back().sent_event != trace::no_event) tell_try(joint, side, pipe.flying.back());
    if (!pipe.is_arrival_planned && pipe.flying.size() == 1) plan_next(joint, side);
}

void SimNetwork::try_once(Joint& joint, std::size_t side, Chunk& chunk) {
    Pipe& pipe = joint.pipes[side];
    const NodeId from = joint.sides[side].owner.node;
    const NodeId to = joint.sides[1 - side].owner.node;
    const Fate fate = judge(packet_of(joint, side, chunk));
    chunk.is_lost = fate.is_lost || joint.sides[1 - side].state == SideState::mute;
    chunk.reason = fate.is_lost ? fate.reason : "half-open";
    chunk.is_held = fate.is_held;
    if (chunk.is_lost || chunk.is_held) return;
    const Instant gone = departure(from, to, chunk.bytes.size());
    const Instant after = chunk.is_continued ? std::max(gone, pipe.last_arrival) : gone;
    chunk.arrival = std::max(after + chunk.latency + fate.delay, pipe.last_arrival);
    pipe.last_arrival = chunk.arrival;
}

void SimNetwork::plan_arrival(Joint& joint, std::size_t side, Instant when) {
    Pipe& pipe = joint.pipes[side];
    pipe.is_arrival_planned = true;
    engine_.plan_caused(when,
                        pipe.lane,
                        Owner{},
                        pipe.flying.front().sent_event,
                        [this, id = joint.id, side] { arrive(id, side); });
}

// The head of what flies: its arrival, or its next try.
void SimNetwork::plan_next(Joint& joint, std::size_t side) {
    Pipe& pipe = joint.pipes[side];
    if (pipe.flying.empty() || pipe.is_arrival_planned) return;
    const Chunk& head = pipe.flying.front();
    if (head.is_held) return;
    if (!head.is_lost) {
        plan_arrival(joint, side, head.arrival);
        return;
    }
    const Duration gap = std::max(pipe.retry_gap, config_.retry_first);
    pipe.retry_gap = std::min(gap * 2, config_.retry_last);
    plan_arrival(joint, side, engine_.now() + gap);
}

void SimNetwork::arrive(std::uint64_t id, std::size_t side) {
    Joint* const joint = find(id);
    if (joint == nullptr) return;
    Pipe& pipe = joint->pipes[side];
    pipe.is_arrival_planned = false;
    if (pipe.flying.empty() || pipe.flying.front().is_held) return;
    Chunk& head = pipe.flying.front();
    if (!head.is_lost && !machine_of(joint->sides[1 - side]).is_on) {
        head.is_lost = true;
        lose_rest(*joint, side);
    }
    if (head.is_lost) {
        try_again(*joint, side);
        return;
    }
    if (head.arrival > engine_.now()) {
        plan_next(*joint, side);
        return;
    }
    Chunk chunk = std::move(head);
    pipe.flying.pop_front();
    pipe.retry_gap = {};
    deliver(*joint, side, std::move(chunk));
    plan_next(*joint, side);
}

// There is nobody where the head of what flies arrives, nor will there be for the rest.
void SimNetwork::lose_rest(Joint& joint, std::size_t side) {
    for (Chunk& chunk : joint.pipes[side].flying) {
        if (chunk.is_lost || chunk.is_held) continue;
        chunk.is_lost = true;
        tell_dropped(joint, side, chunk, "no power");
    }
}

void SimNetwork::try_again(Joint& joint, std::size_t side) {
    Pipe& pipe = joint.pipes[side];
    Chunk& head = pipe.flying.front();
    const SideState state = joint.sides[side].state;
    if (state == SideState::forgotten || state == SideState::mute) {
        // Nobody is there to send it again.
        tell_dropped(joint, side, head, "crash");
        pipe.flying.pop_front();
        plan_next(joint, side);
        plan_collect(joint);
        return;
    }
    if (engine_.now() - head.first_try >= config_.give_up_after) {
        fail(joint, side, IoCode::timed_out, "cut");
        for (Chunk& chunk : pipe.flying)
            tell_dropped(joint, side, chunk, "cut");
        pipe.flying.clear();
        plan_collect(joint);
        return;
    }
    // Once the first of them gets through, so do those behind it.
    for (Chunk& chunk : pipe.flying) {
        if (&chunk == &head || chunk.is_lost || chunk.is_held) try_once(joint, side, chunk);
        tell_try(joint, side, chunk);
        if (chunk.is_lost) break;
    }
    plan_next(joint, side);
}

void SimNetwork::deliver(Joint& joint, std::size_t side, Chunk chunk) {
    Pipe& pipe = joint.pipes[side];
    const std::size_t receiver = 1 - side;
    Side& theirs = joint.sides[receiver];
    if (chunk.kind == PacketKind::reset) {
        fail(joint, receiver, IoCode::reset, "reset");
        return;
    }
    if (theirs.state != SideState::open) {
        pipe.window_bytes -= chunk.bytes.size();
        const Pipe& back = joint.pipes[receiver];
        const bool is_finishing =
            theirs.state == SideState::released && !(back.flying.empty() && back.unsent.empty());
        if (theirs.state == SideState::mute || is_finishing) {
            tell_dropped(joint, side, chunk, "closed");
            pump(joint, side);
        } else if (chunk.kind == PacketKind::data || theirs.state == SideState::forgotten) {
            tell_dropped(joint, side, chunk, "closed");
            theirs.state = SideState::forgotten;
            reset_peer(joint, receiver);
        } else {
            pipe.is_end_received = true;
        }
        plan_collect(joint);
        return;
    }
    trace::EventId cause = chunk.sent_event;
    if (chunk.kind == PacketKind::end) {
        pipe.is_end_received = true;
        if (joint.pipes[receiver].is_end_written) tell_closed(joint, receiver, "closed");
    } else {
        pipe.received.push_back(std::move(chunk.bytes));
    }
    if (chunk.kind == PacketKind::data && chunk.is_last_of_message) {
        engine_.set_cause(chunk.sent_event);
        cause = engine_.emit(theirs.owner.node,
                             trace::kinds::MessageDelivered{static_cast<std::int64_t>(joint.id),
                                                            side == 0,
                                                            chunk.message_position});
    }
    if (!theirs.reading || theirs.is_read_planned) return;
    theirs.is_read_planned = true;
    engine_.enter(theirs.owner, cause, [this, id = joint.id, receiver] {
        give_read(id, receiver);
    });
}

// --- reading ------------------------------------------------------------------------------------

void SimNetwork::read(Joint& joint,
                      std::size_t side,
                      std::size_t max,
                      runtime::Connection::ReadDone done) {
    Side& mine = joint.sides[side];
    CHECK(!mine.reading, "one read at a time");
    CHECK(max > 0);
    mine.reading = std::move(done);
    mine.reading_max = max;
    const Pipe& incoming = joint.pipes[1 - side];
    if (mine.error || !incoming.received.empty() || incoming.is_end_received)
        plan_read(joint, side);
}

void SimNetwork::plan_read(Joint& joint, std::size_t side) {
    Side& mine = joint.sides[side];
    if (mine.is_read_planned) return;
    mine.is_read_planned = true;
    engine_.plan(engine_.now(),
                 joint.pipes[1 - side].lane,
                 mine.owner,
                 [this, id = joint.id, side] { give_read(id, side); });
}

void SimNetwork::give_read(std::uint64_t id, std::size_t side) {
    Joint* const joint = find(id);
    if (joint == nullptr) return;
    Side& mine = joint->sides[side];
    mine.is_read_planned = false;
    if (!mine.reading || !mine.is_handle_open) return;
    runtime::Connection::ReadDone done = std::move(mine.reading);
    if (mine.error) {
        done(Unexpected{*mine.error});
        return;
    }
    Pipe& pipe = joint->pipes[1 - side];
    if (pipe.received.empty()) {
        CHECK(pipe.is_end_received);
        done(Bytes());
        return;
    }
    Bytes bytes = pipe.received.front();
    if (bytes.size() > mine.reading_max) {
        pipe.received.front() = bytes.slice(mine.reading_max, bytes.size() - mine.reading_max);
        bytes = bytes.slice(0, mine.reading_max);
    } else {
        pipe.received.pop_front();
    }
    pipe.window_bytes -= bytes.size();
    if (!pipe.unsent.empty()) pump(*joint, 1 - side);
    done(std::move(bytes));
}

// --- endings ------------------------------------------------------------------------------------

void SimNetwork::close(Joint& joint, std::size_t side) {
    Pipe& pipe = joint.pipes[side];
    if (pipe.is_end_written || joint.sides[side].error) return;
    pipe.is_end_written = true;
    Write end;
    Chunk& chunk = end.chunks.emplace_back();
    chunk.kind = PacketKind::end;
    chunk.message_position = pipe.position;
    pipe.unsent.push_back(std::move(end));
    pump(joint, side);
    if (joint.pipes[1 - side].is_end_received) tell_closed(joint, side, "closed");
}

// The process lets go of its handle.
void SimNetwork::release(Joint& joint, std::size_t side) {
    Side& mine = joint.sides[side];
    mine.is_handle_open = false;
    engine_.after_event([gone = std::move(mine.reading)] {});
    if (mine.state == SideState::open) {
        if (joint.pipes[side].is_end_written) {
            mine.state = SideState::released;
            tell_closed(joint, side, "closed");
            Pipe& incoming = joint.pipes[1 - side];
            for (const Bytes& unread : incoming.received)
                incoming.window_bytes -= unread.size();
            incoming.received.clear();
            pump(joint, 1 - side);
        } else {
            fail(joint, side, IoCode::closed, "reset");
            reset_peer(joint, side);
        }
    }
    plan_collect(joint);
}

void SimNetwork::reset_peer(Joint& joint, std::size_t side) {
    if (joint.sides[1 - side].state == SideState::forgotten) return;
    Chunk chunk;
    chunk.kind = PacketKind::reset;
    chunk.message_position = joint.pipes[side].position;
    chunk.latency = latency_of(joint.sides[side].owner.node,
                               joint.sides[1 - side].owner.node,
                               runtime::MessageTag{});
    launch(joint, side, std::move(chunk));
}

// From here on this side knows the connection as broken: unread and unsent data is lost.
void SimNetwork::fail(Joint& joint, std::size_t side, IoCode code, const char* reason) {
    Side& mine = joint.sides[side];
    if (mine.state == SideState::forgotten || mine.state == SideState::mute) return;
    mine.state = SideState::forgotten;
    mine.error = IoError{code, mine.peer.text(), 0, reason};
    tell_closed(joint, side, reason);
    Pipe& outgoing = joint.pipes[side];
    for (Write& write : outgoing.unsent) {
        for (std::size_t i = write.next; i < write.chunks.size(); ++i)
            tell_dropped(joint, side, write.chunks[i], reason);
        if (write.done) plan_write_done(joint, side, std::move(write), Unexpected{*mine.error});
    }
    outgoing.unsent.clear();
    joint.pipes[1 - side].received.clear();
    if (mine.reading && mine.is_handle_open) plan_read(joint, side);
    plan_collect(joint);
}

void SimNetwork::tell_dropped(const Joint& joint,
                              std::size_t side,
                              Chunk& chunk,
                              const char* reason) {
    if (chunk.kind != PacketKind::data || !chunk.is_last_of_message) return;
    if (std::exchange(chunk.is_drop_told, true)) return;
    engine_.emit(joint.sides[side].owner.node,
                 trace::kinds::MessageDropped{static_cast<std::int64_t>(joint.id),
                                              side == 0,
                                              chunk.message_position,
                                              reason});
}

// What became of a try of a message that was told of before: what was lost is sent anew.
void SimNetwork::tell_try(const Joint& joint, std::size_t side, Chunk& chunk) {
    if (chunk.kind != PacketKind::data || !chunk.is_last_of_message) return;
    if (std::exchange(chunk.is_drop_told, false)) {
        chunk.sent_event = tell_message(joint, side, chunk, due_of(joint, side, chunk));
    } else if (!chunk.is_lost) {
        engine_.emit(joint.sides[side].owner.node,
                     trace::kinds::MessageDueMoved{static_cast<std::int64_t>(joint.id),
                                                   side == 0,
                                                   chunk.message_position,
                                                   due_of(joint, side, chunk)});
    }
    if (chunk.is_lost) tell_dropped(joint, side, chunk, chunk.reason);
}

void SimNetwork::tell_closed(Joint& joint, std::size_t side, const char* reason) {
    if (std::exchange(joint.is_end_told, true)) return;
    engine_.emit(joint.sides[side].owner.node,
                 trace::kinds::ConnectionClosed{static_cast<std::int64_t>(joint.id), reason});
}

void SimNetwork::plan_collect(Joint& joint) {
    if (std::exchange(joint.is_collect_planned, true)) return;
    engine_.plan(engine_.now(), lane_, Owner{}, [this, id = joint.id] { collect(id); });
}

void SimNetwork::collect(std::uint64_t id) {
    Joint* const joint = find(id);
    if (joint == nullptr) return;
    joint->is_collect_planned = false;
    for (std::size_t side = 0; side < 2; ++side) {
        const Side& mine = joint->sides[side];
        const bool is_held = mine.is_handle_open && engine_.is_alive(mine.owner);
        const Pipe& pipe = joint->pipes[side];
        if (is_held || mine.state == SideState::open) return;
        if (!pipe.flying.empty() || !pipe.unsent.empty()) return;
    }
    joints_[id - 1].reset();
}

std::size_t SimNetwork::connection_count() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(joints_, [](const auto& joint) { return joint != nullptr; }));
}

}  // namespace glasslog::sim
