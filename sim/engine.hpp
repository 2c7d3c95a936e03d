#pragma once

// Engine: the heart of a World: the queue of what will happen, ordered by (Instant, order of
// equals, sequence); who is alive to see it; chance; and the trace with its running hash. The
// other files of sim/ build clocks, links and disks on it.

#include "core/runtime/executor.hpp"
#include "core/trace/event.hpp"
#include "sim/config.hpp"
#include "sim/draws.hpp"

#include <cstdint>
#include <utility>
#include <vector>

namespace glasslog::sim {

// Whose code an event runs: one incarnation of a node's process, or the world itself (no_node),
// which never dies: links, disks, faults.
struct Owner {
    NodeId node = no_node;
    std::uint32_t incarnation = 0;
};

// What must stay in order even among events of one Instant: the posts of an executor, the
// completions of a file, the bytes of a connection, the messages of two reactors.
struct Lane {
    std::uint64_t key = 0;
    Instant last_at = Instant::from_nanoseconds(-1);
    std::uint64_t last_order = 0;
    std::uint64_t count = 0;  // Instants at which it drew
};

class Engine {
public:
    // A planned event, for cancel().
    struct Ticket {
        std::uint32_t slot = UINT32_MAX;
        std::uint32_t generation = 0;
    };

    explicit Engine(const WorldConfig& config);

    ~Engine() { clear(); }

    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    // --- the queue

    Instant now() const { return now_; }

    // Not before now. The event's cause is what is being handled, or `cause`.
    Ticket plan(Instant at, Lane& lane, Owner owner, runtime::Task task);
    Ticket plan_caused(
        Instant at, Lane& lane, Owner owner, trace::EventId cause, runtime::Task task);

    // Void when it already ran.
    void cancel(Ticket ticket);

    // Runs `task` as the code of `owner`, inside the present event: now, or when a paused owner
    // resumes, or not at all when it is dead.
    template <typename F>
    void enter(Owner owner, trace::EventId cause, F task) {
        if (!is_alive(owner)) return;
        if (owner.node != no_node && at(owner.node).is_paused) {
            hold(owner, cause, std::move(task));
        } else {
            call(cause, task);
        }
    }

    // The next event; false when there is none until `limit`, which is included.
    bool step(Instant limit);

    // Without running anything; not back.
    void advance_to(Instant when);

    // Runs when the present event has returned; at once outside of events.
    void after_event(runtime::Task task);

    // Everybody is dead; destroys what is still planned. The world's end.
    void clear();

    // Nothing is planned that could still run.
    bool is_idle();

    bool is_inside_event() const { return depth_ > 0; }

    std::uint64_t event_count() const { return event_count_; }

    // --- processes

    NodeId add_node();
    Owner begin_incarnation(NodeId node);

    // From now on its events are void.
    void end_incarnation(NodeId node);
    bool is_alive(Owner owner) const;

    bool is_running(NodeId node) const { return at(node).is_alive; }

    void pause(NodeId node);
    void resume(NodeId node);

    bool is_paused(NodeId node) const { return at(node).is_paused; }

    // Events that waited for a resume, ever.
    std::uint64_t held_count(NodeId node) const { return at(node).held_count; }

    // --- chance

    Draws& draws() { return draws_; }

    // --- trace

    trace::EventId emit(NodeId node,
                        trace::EventKind kind,
                        ByteView bytes,
                        trace::EventId second_cause = trace::no_event);

    template <typename Kind>
    trace::EventId emit(NodeId node, const Kind& fields) {
        return emit(node, trace::EventKind(Kind::kind.number), trace::encode(fields));
    }

    trace::EventId cause() const { return cause_; }

    void set_cause(trace::EventId cause) { cause_ = cause; }

    std::uint64_t hash() const { return hash_.value(); }

    void observe(UniqueFunction<void(const trace::Event&)> observer);

private:
    struct Entry {
        std::int64_t at = 0;
        std::uint64_t order = 0;
        std::uint64_t sequence = 0;
        std::uint32_t slot = 0;
        std::uint32_t generation = 0;
    };

    struct Slot {
        runtime::Task task;
        Owner owner;
        trace::EventId cause;
        std::uint32_t generation = 0;
    };

    struct Process {
        std::uint32_t incarnation = 0;
        bool is_alive = false;
        bool is_paused = false;
        std::vector<Entry> held;
        std::uint64_t held_count = 0;
    };

    static bool later(const Entry& a, const Entry& b);
    void push(const Entry& entry);
    Entry take_first();
    std::uint32_t fill_slot(Owner owner, trace::EventId cause, runtime::Task task);
    void empty_slot(std::uint32_t slot);
    void drop_cancelled();
    std::uint64_t order_in(Lane& lane, Instant at);
    void run(const Entry& entry);
    void hold(Owner owner, trace::EventId cause, runtime::Task task);

    template <typename F>
    void call(trace::EventId cause, F& task) {
        const trace::EventId outer = std::exchange(cause_, cause);
        ++depth_;
        {
            // What the task owns goes before the world moves on.
            F running = std::move(task);
            running();
        }
        --depth_;
        cause_ = outer;
        if (depth_ == 0) finish_event();
    }

    void finish_event();
    Process& at(NodeId node);
    const Process& at(NodeId node) const;

    Order order_;
    std::uint64_t events_at_one_instant_max_;
    Draws draws_;

    Instant now_;
    std::vector<Entry> heap_;
    std::vector<Slot> slots_;
    std::vector<std::uint32_t> free_slots_;
    std::size_t cancelled_ = 0;  // entries of heap_ whose slot is gone
    std::uint64_t sequence_ = 0;
    std::uint64_t event_count_ = 0;
    std::uint64_t events_at_now_ = 0;
    int depth_ = 0;
    std::vector<runtime::Task> after_event_;

    std::vector<Process> processes_;

    trace::EventId cause_;
    std::uint64_t last_id_ = 0;
    trace::TraceHash hash_;
    std::vector<UniqueFunction<void(const trace::Event&)>> observers_;
};

}  // namespace glasslog::sim
