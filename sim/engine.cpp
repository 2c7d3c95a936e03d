#include "sim/engine.hpp"

#include "core/base/check.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::sim {

Engine::Engine(const WorldConfig& config)
    : order_(config.order),
      events_at_one_instant_max_(config.events_at_one_instant_max),
      draws_(config.seed) {}

// What a planned event owns may call back into the world while it is destroyed.
void Engine::clear() {
    for (Process& process : processes_)
        process.is_alive = false;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        const runtime::Task gone = std::move(slots_[i].task);
    }
    heap_.clear();
}

bool Engine::is_idle() {
    drop_cancelled();
    return heap_.empty();
}

// --- the queue ----------------------------------------------------------------------------------

bool Engine::later(const Entry& a, const Entry& b) {
    if (a.at != b.at) return a.at > b.at;
    if (a.order != b.order) return a.order > b.order;
    return a.sequence > b.sequence;
}

void Engine::push(const Entry& entry) {
    heap_.push_back(entry);
    std::ranges::push_heap(heap_, later);
}

Engine::Entry Engine::take_first() {
    std::ranges::pop_heap(heap_, later);
    const Entry entry = heap_.back();
    heap_.pop_back();
    return entry;
}

std::uint32_t Engine::fill_slot(Owner owner, trace::EventId cause, runtime::Task task) {
    if (free_slots_.empty()) {
        free_slots_.push_back(static_cast<std::uint32_t>(slots_.size()));
        slots_.emplace_back();
    }
    const std::uint32_t index = free_slots_.back();
    free_slots_.pop_back();
    Slot& slot = slots_[index];
    slot.task = std::move(task);
    slot.owner = owner;
    slot.cause = cause;
    return index;
}

void Engine::empty_slot(std::uint32_t index) {
    ++slots_[index].generation;
    free_slots_.push_back(index);
}

// fifo: all alike, so that the sequence decides. shuffled: each lane draws where its first event
// of this Instant stands, and each further one stands somewhere after the one before.
std::uint64_t Engine::order_in(Lane& lane, Instant at) {
    if (order_ == Order::fifo) return 0;
    if (lane.last_at != at) {
        lane.last_order = 0;
        lane.last_at = at;
    }
    const std::uint64_t draw =
        StableHash().add(draws_.seed()).add(lane.key).add(lane.count++).value();
    const std::uint64_t room = UINT64_MAX - lane.last_order;
    lane.last_order += below(draw, lane.last_order == 0 ? room : room / 8 + 1);
    return lane.last_order;
}

Engine::Ticket Engine::plan(Instant at, Lane& lane, Owner owner, runtime::Task task) {
    return plan_caused(at, lane, owner, cause_, std::move(task));
}

Engine::Ticket Engine::plan_caused(
    Instant at, Lane& lane, Owner owner, trace::EventId cause, runtime::Task task) {
    if (!is_alive(owner)) return {};
    const Instant when = std::max(at, now_);
    const std::uint64_t order = order_in(lane, when);
    const std::uint32_t slot = fill_slot(owner, cause, std::move(task));
    const std::uint32_t generation = slots_[slot].generation;
    push({when.nanoseconds(), order, ++sequence_, slot, generation});
    return {slot, generation};
}

void Engine::cancel(Ticket ticket) {
    if (ticket.slot >= slots_.size()) return;
    Slot& slot = slots_[ticket.slot];
    if (slot.generation != ticket.generation || !slot.task) return;
    const runtime::Task gone = std::move(slot.task);
    empty_slot(ticket.slot);
    ++cancelled_;
    if (cancelled_ > 1024 && cancelled_ > heap_.size() / 2) drop_cancelled();
}

void Engine::drop_cancelled() {
    std::erase_if(heap_, [&](const Entry& entry) {
        return slots_[entry.slot].generation != entry.generation;
    });
    std::ranges::make_heap(heap_, later);
    cancelled_ = 0;
}

bool Engine::step(Instant limit) {
    while (!heap_.empty()) {
        const Entry& first = heap_.front();
        if (slots_[first.slot].generation != first.generation) {
            take_first();
            if (cancelled_ > 0) --cancelled_;
            continue;
        }
        if (first.at > limit.nanoseconds()) return false;
        run(take_first());
        return true;
    }
    return false;
}

void Engine::run(const Entry& entry) {
    Slot& slot = slots_[entry.slot];
    if (entry.at > now_.nanoseconds()) {
        now_ = Instant::from_nanoseconds(entry.at);
        events_at_now_ = 0;
    }
    if (is_alive(slot.owner) && slot.owner.node != no_node && at(slot.owner.node).is_paused) {
        Process& process = at(slot.owner.node);
        process.held.push_back(entry);
        ++process.held_count;
        return;
    }
    ++event_count_;
    CHECK(++events_at_now_ <= events_at_one_instant_max_,
          "at {} nothing but more of the same instant happens",
          now_);
    const Owner owner = slot.owner;
    const trace::EventId cause = slot.cause;
    runtime::Task task = std::move(slot.task);
    empty_slot(entry.slot);
    if (is_alive(owner)) call(cause, task);
}

void Engine::finish_event() {
    while (!after_event_.empty()) {
        std::vector<runtime::Task> tasks = std::exchange(after_event_, {});
        for (runtime::Task& task : tasks)
            task();
    }
}

void Engine::hold(Owner owner, trace::EventId cause, runtime::Task task) {
    Process& process = at(owner.node);
    const std::uint32_t slot = fill_slot(owner, cause, std::move(task));
    process.held.push_back({now_.nanoseconds(), 0, ++sequence_, slot, slots_[slot].generation});
    ++process.held_count;
}

void Engine::advance_to(Instant when) {
    if (when <= now_) return;
    now_ = when;
    events_at_now_ = 0;
}

void Engine::after_event(runtime::Task task) {
    if (is_inside_event()) {
        after_event_.push_back(std::move(task));
    } else {
        task();
    }
}

// --- processes ----------------------------------------------------------------------------------

Engine::Process& Engine::at(NodeId node) {
    const auto index = static_cast<std::size_t>(node.value() - 1);
    CHECK(index < processes_.size(), "node {}", node);
    return processes_[index];
}

const Engine::Process& Engine::at(NodeId node) const {
    const auto index = static_cast<std::size_t>(node.value() - 1);
    CHECK(index < processes_.size(), "node {}", node);
    return processes_[index];
}

NodeId Engine::add_node() {
    processes_.emplace_back();
    return NodeId(static_cast<std::int32_t>(processes_.size()));
}

Owner Engine::begin_incarnation(NodeId node) {
    Process& process = at(node);
    CHECK(!process.is_alive);
    process.is_alive = true;
    process.is_paused = false;
    return {node, ++process.incarnation};
}

void Engine::end_incarnation(NodeId node) {
    Process& process = at(node);
    process.is_alive = false;
    process.is_paused = false;
    std::vector<Entry> held = std::exchange(process.held, {});
    for (const Entry& entry : held) {
        if (slots_[entry.slot].generation == entry.generation) push(entry);  // dropped when popped
    }
}

bool Engine::is_alive(Owner owner) const {
    if (owner.node == no_node) return true;
    const Process& process = at(owner.node);
    return process.is_alive && process.incarnation == owner.incarnation;
}

void Engine::pause(NodeId node) {
    if (at(node).is_alive) at(node).is_paused = true;
}

// What waited keeps its place before everything of this Instant.
void Engine::resume(NodeId node) {
    Process& process = at(node);
    process.is_paused = false;
    std::vector<Entry> held = std::exchange(process.held, {});
    for (const Entry& entry : held) {
        if (slots_[entry.slot].generation == entry.generation) push(entry);
    }
}

// --- trace --------------------------------------------------------------------------------------

trace::EventId Engine::emit(NodeId node,
                            trace::EventKind kind,
                            ByteView bytes,
                            trace::EventId second_cause) {
    hash_.add(now_, node, kind, bytes);
    const trace::EventId id(++last_id_);
    if (observers_.empty()) return id;
    const trace::Event event{now_, id, cause_, second_cause, node, kind, Bytes::copy_of(bytes)};
    for (auto& observer : observers_)
        observer(event);
    return id;
}

void Engine::observe(UniqueFunction<void(const trace::Event&)> observer) {
    observers_.push_back(std::move(observer));
}

}  // namespace glasslog::sim
