#pragma once

// SimNetwork: the links between machines and the byte streams on them. It plays the kernels too:
// connections outlive the process's interest in them, buffers fill up, what is lost is sent again,
// and a machine that was switched off answers old connections with resets when it is back.
//
// A message (one write) is cut into chunks at any byte. Each chunk takes its turn on the link
// (bandwidth), is shown to the filters, and arrives after the message's latency; a stream never
// overtakes itself. Not modelled: acknowledgements of their own (the way back of a one-way cut).

#include "core/runtime/transport.hpp"
#include "sim/active_fault.hpp"
#include "sim/engine.hpp"
#include "sim/link_filter.hpp"

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace glasslog::sim {

class SimNetwork {
public:
    SimNetwork(Engine& engine, const NetworkConfig& config);
    ~SimNetwork();

    // Nodes come in the order of their numbers. The name is the host name.
    void add_node(NodeId node, const std::string& name);
    std::optional<NodeId> find_host(std::string_view host, NodeId asking) const;

    // Connections that either side still knows.
    std::size_t connection_count() const;

    // For one reactor of one incarnation.
    std::unique_ptr<runtime::Transport> attach(Owner owner, ReactorId reactor);

    // Its kernel tells the peers.
    void process_died(NodeId node);

    // Nobody tells anybody. Until switch_on() packets to it vanish.
    void machine_died(NodeId node);
    void switch_on(NodeId node);

    void inject(ActiveFault& fault);
    void heal(ActiveFault& fault);
    void add_filter(LinkFilter& filter);
    void remove_filter(LinkFilter& filter);

private:
    class Attached;
    class Stream;     // a runtime::Connection
    class Listening;  // a runtime::Listener

    // A cut of one message on its way.
    struct Chunk {
        Bytes bytes;  // none: the orderly end of the stream
        PacketKind kind = PacketKind::data;
        runtime::MessageTag tag;
        std::int64_t message_position = 0;
        std::int64_t message_bytes = 0;
        bool is_last_of_message = false;
        bool is_continued = false;  // not the first of its message: comes `latency` after it
        trace::EventId sent_event;
        Duration latency;
        Instant first_try;
        Instant arrival;
        bool is_lost = false;  // the last try was; the next one is planned
        bool is_held = false;  // by a filter
        bool is_drop_told = false;
        const char* reason = "";  // why it is lost
    };

    struct Write {
        std::vector<Chunk> chunks;  // those that have not left yet
        std::size_t next = 0;
        std::size_t bytes = 0;
        runtime::Connection::WriteDone done;
    };

    // One direction of a connection, seen from its sender (side i writes pipes[i]).
    struct Pipe {
        std::deque<Write> unsent;
        std::size_t queued_bytes = 0;  // of writes whose callback has not run
        std::size_t window_bytes = 0;  // sent and not yet read by the receiver
        std::int64_t position = 0;     // of the next byte to be written
        bool is_end_written = false;
        std::deque<Chunk> flying;
        Duration retry_gap;
        Instant last_arrival;
        std::deque<Bytes> received;
        bool is_end_received = false;
        bool is_arrival_planned = false;
        Lane lane;
    };

    enum class SideState : std::uint8_t {
        open,
        released,   // closed in order and no longer held; what was written still goes out
        forgotten,  // its machine knows nothing of it: packets are answered with a reset
        mute,       // like forgotten, but packets vanish
    };

    struct Side {
        Owner owner;
        SideState state = SideState::open;
        std::optional<IoError> error;  // what reads and writes are told from now on
        std::string listener;
        runtime::Endpoint local;
        runtime::Endpoint peer;
        std::size_t reading_max = 0;
        runtime::Connection::ReadDone reading;
        bool is_read_planned = false;
        bool is_handle_open = false;  // the process holds a runtime::Connection
    };

    struct Link {
        Instant free_at;
    };

    struct Joint {
        std::uint64_t id = 0;
        bool is_end_told = false;
        bool is_collect_planned = false;
        std::array<Side, 2> sides;  // 0: the side that connected
        std::array<Pipe, 2> pipes;
    };

    struct Attempt {
        std::uint64_t id = 0;
        Owner owner;
        NodeId to = no_node;
        runtime::Endpoint endpoint;
        runtime::Endpoint local;
        runtime::Transport::ConnectDone done;
        Instant begin;
        Duration retry_gap;
        bool is_held = false;
        std::uint64_t joint = 0;  // once the other side has answered
        Lane lane;
    };

    struct ListenerState {
        std::uint64_t id = 0;
        Owner owner;
        ReactorId reactor;
        runtime::ListenerConfig config;
        std::deque<std::uint64_t> backlog;
        runtime::Listener::AcceptDone accepting;
        bool is_accept_planned = false;
        Lane lane;
    };

    struct Machine {
        std::string name;
        bool is_on = true;
        std::uint16_t next_port = 32'768;
    };

    // What happens to one try of a packet; latency included.
    struct Fate {
        bool is_lost = false;
        bool is_held = false;
        Duration delay;
        const char* reason = "";  // why it is lost
    };

    // --- packets (sim_network.cpp)
    Fate judge(const Packet& packet);
    void judge_held_again();
    Duration latency_of(NodeId from, NodeId to, const runtime::MessageTag& tag);
    Instant departure(NodeId from, NodeId to, std::size_t bytes);
    const char* state_of(NodeId from, NodeId to) const;
    void tell_link(NodeId from, NodeId to);
    void tell_links(const Fault& fault);
    template <typename F>
    ActiveFault* find_fault(NodeId node);
    ActiveFault* find_refusal(NodeId node);
    void reset_all(NodeId a, NodeId b, ActiveFault& fault);
    void forget_all(NodeId silent, NodeId other, ActiveFault& fault);

    // --- opening (sim_connect.cpp)
    Expected<std::unique_ptr<runtime::Listener>, IoError> listen(
        Owner owner, ReactorId reactor, const runtime::ListenerConfig& config);
    void connect(Owner owner,
                 const runtime::Endpoint& endpoint,
                 runtime::Transport::ConnectDone done);
    void try_connect(std::uint64_t attempt);
    void retry_connect(Attempt& attempt);
    void arrive_connect(std::uint64_t attempt);
    void answer_connect(std::uint64_t attempt, std::optional<IoError> refusal);
    void finish_connect(std::uint64_t attempt, std::optional<IoError> refusal);
    ListenerState* choose_listener(NodeId node, std::uint16_t port);
    std::uint64_t join(Attempt& attempt, ListenerState& listener);
    void accept(std::uint64_t listener, runtime::Listener::AcceptDone done);
    void plan_accept(ListenerState& listener);
    void give_accepted(std::uint64_t listener);
    void close_listener(std::uint64_t listener);
    ListenerState* find_listener(std::uint64_t id);
    Attempt* find_attempt(std::uint64_t id);
    Packet connect_packet(NodeId from, NodeId to) const;

    // --- streams (sim_stream.cpp)
    Joint* find(std::uint64_t id);
    void write(Joint& joint,
               std::size_t side,
               Payload payload,
               runtime::MessageTag tag,
               runtime::Connection::WriteDone done);
    void tell_sent(Joint& joint, std::size_t side, std::int64_t position);
    trace::EventId tell_message(const Joint& joint,
                                std::size_t side,
                                const Chunk& last,
                                std::int64_t due_ns);
    void plan_write_done(Joint& joint,
                         std::size_t side,
                         Write write,
                         Expected<void, IoError> result);
    Duration gap_of(const Joint& joint, std::size_t side);
    std::vector<Chunk> cut(const Joint& joint, std::size_t side, const Bytes& bytes);
    void pump(Joint& joint, std::size_t side);
    void launch(Joint& joint, std::size_t side, Chunk chunk);
    void try_once(Joint& joint, std::size_t side, Chunk& chunk);
    void plan_arrival(Joint& joint, std::size_t side, Instant when);
    void plan_next(Joint& joint, std::size_t side);
    void arrive(std::uint64_t id, std::size_t side);
    void lose_rest(Joint& joint, std::size_t side);
    void try_again(Joint& joint, std::size_t side);
    void deliver(Joint& joint, std::size_t side, Chunk chunk);
    void read(Joint& joint, std::size_t side, std::size_t max, runtime::Connection::ReadDone done);
    void plan_read(Joint& joint, std::size_t side);
    void give_read(std::uint64_t id, std::size_t side);
    void close(Joint& joint, std::size_t side);
    void release(Joint& joint, std::size_t side);
    void reset_peer(Joint& joint, std::size_t side);
    void fail(Joint& joint, std::size_t side, IoCode code, const char* reason);
    void tell_dropped(const Joint& joint, std::size_t side, Chunk& chunk, const char* reason);
    void tell_try(const Joint& joint, std::size_t side, Chunk& chunk);
    std::int64_t due_of(const Joint& joint, std::size_t side, const Chunk& chunk) const;
    void tell_closed(Joint& joint, std::size_t side, const char* reason);
    Machine& machine_of(const Side& side);
    Packet packet_of(const Joint& joint, std::size_t side, const Chunk& chunk) const;
    void plan_collect(Joint& joint);
    void collect(std::uint64_t id);

    Engine& engine_;
    NetworkConfig config_;
    std::vector<Machine> machines_;  // of node i + 1
    std::vector<LinkFilter*> filters_;
    std::vector<ActiveFault*> faults_;
    std::map<std::pair<NodeId, NodeId>, Link> links_;
    std::vector<std::unique_ptr<Joint>> joints_;  // by id - 1
    std::map<std::uint64_t, Attempt> attempts_;
    std::map<std::uint64_t, ListenerState> listeners_;
    Lane lane_;
    std::uint64_t last_attempt_ = 0;
    std::uint64_t last_listener_ = 0;
};

}  // namespace glasslog::sim
