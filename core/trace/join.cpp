#include "core/trace/join.hpp"

#include "core/base/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace glasslog::trace {
namespace {

// Two decimal digits, so that a person sees which file an id is of.
constexpr std::int64_t stride = 100;

static_assert(joined_files_max < stride);

EventId joined(EventId id, std::size_t file) {
    if (id == no_event) return no_event;
    return EventId(id.value() * stride + file);
}

// A file may hold any number: one that is too large names some other connection, and no more.
std::int64_t joined(std::int64_t connection, std::size_t file) {
    const auto wide = static_cast<std::uint64_t>(connection) * static_cast<std::uint64_t>(stride);
    return static_cast<std::int64_t>(wide + file);
}

// From the earliest origin; none that a clock could have: no distance.
Duration since(std::int64_t zero_ns, std::int64_t origin_ns) {
    std::int64_t out = 0;
    return __builtin_sub_overflow(origin_ns, zero_ns, &out) ? Duration()
                                                            : Duration::nanoseconds(out);
}

}  // namespace

Expected<std::size_t, InputError> Joiner::add(const std::string& name, const TraceHeader& header) {
    if (files_.size() == joined_files_max) {
        return Unexpected{InputError{name,
                                     "one trace too many",
                                     fmt::format("at most {} at once", joined_files_max),
                                     {}}};
    }
    if (header.origin.machine.empty()) {
        return Unexpected{InputError{name,
                                     "its times cannot be compared with those of another trace",
                                     "traces of processes, not of a simulation",
                                     "open it alone"}};
    }
    if (!files_.empty() && files_.front().origin.machine != header.origin.machine) {
        return Unexpected{
            InputError{name,
                       fmt::format("written on another machine than {}, or before it was "
                                   "started anew",
                                   files_.front().name),
                       "traces of processes that share a clock",
                       "open it alone"}};
    }
    files_.push_back({.name = name, .origin = header.origin, .first = {}, .last = {}});
    return files_.size();
}

Event Joiner::take(std::size_t file, Event event) {
    CHECK(file >= 1 && file <= files_.size(), "{}", file);
    if (!zero_ns_) {
        const auto begins_earlier = [](const File& a, const File& b) {
            return a.origin.steady_ns < b.origin.steady_ns;
        };
        zero_ns_ = std::ranges::min_element(files_, begins_earlier)->origin.steady_ns;
    }
    const Duration shift = since(*zero_ns_, files_[file - 1].origin.steady_ns);
    event.time = std::max(Instant(), event.time + shift);
    event.id = joined(event.id, file);
    event.cause = joined(event.cause, file);
    event.second_cause = joined(event.second_cause, file);
    note_life(event, file);
    auto kind = decode(event);
    if (kind) std::visit([&](auto& fields) { rewrite(event, fields, file); }, *kind);
    return event;
}

template <typename Kind>
void Joiner::rewrite(Event& event, Kind& fields, std::size_t file) {
    if constexpr (requires { fields.connection; }) {
        fields.connection = joined(fields.connection, file);
        if constexpr (std::is_same_v<Kind, kinds::ConnectionOpened>) join_ends(event, fields);
        fields.connection = joint_id(fields.connection);
        event.payload = Bytes::from(encode(fields));
    }
}

std::int64_t Joiner::joint_id(std::int64_t connection) const {
    const auto found = joint_.find(connection);
    return found == joint_.end() ? connection : found->second;
}

// A port is used again later: the other end is the one that was told nearest in time.
void Joiner::join_ends(const Event& event, kinds::ConnectionOpened& opened) {
    if (opened.local.empty() || opened.peer.empty()) return;
    const bool is_opener = opened.from != no_node;
    const Addresses addresses =
        is_opener ? Addresses(opened.local, opened.peer) : Addresses(opened.peer, opened.local);
    std::vector<End>& others = (is_opener ? accepted_ : opened_)[addresses];
    const auto distance = [&](const End& end) {
        return std::abs((end.time - event.time).nanoseconds());
    };
    const auto nearest = std::ranges::min_element(others, {}, distance);
    if (nearest == others.end()) {
        const NodeId node = is_opener ? opened.from : opened.to;
        (is_opener ? opened_ : accepted_)[addresses].push_back(
            {opened.connection, node, event.time});
        return;
    }
    joint_[opened.connection] = nearest->connection;
    (is_opener ? opened.to : opened.from) = nearest->node;
    others.erase(nearest);
}

// A node that was started again has a trace for each of its lives; these do not overlap.
void Joiner::note_life(const Event& event, std::size_t file) {
    File& own = files_[file - 1];
    const bool is_start = event.kind.value() == kinds::NodeStarted::kind.number;
    if (is_start) own.node = event.node;
    if (own.node == no_node || own.node != event.node || problem_) return;
    own.first = is_start ? event.time : own.first;
    own.last = std::max(own.last, event.time);
    for (const File& other : files_) {
        const bool is_same_node = &other != &own && other.node == own.node;
        if (!is_same_node || event.time < other.first || event.time > other.last) continue;
        problem_ = InputError{own.name,
                              fmt::format("tells of node {} while {} does", own.node, other.name),
                              "traces of one cluster",
                              "a cluster's are below the directory of glasslog up"};
    }
}

Expected<TraceFile, InputError> join(std::vector<NamedTrace> traces) {
    CHECK(!traces.empty());
    if (traces.size() == 1) return std::move(traces.front().file);
    Joiner joiner;
    for (const NamedTrace& trace : traces)
        TRY(joiner.add(trace.name, trace.file.header));
    TraceFile all;
    all.header = traces.front().file.header;
    for (std::size_t i = 0; i < traces.size(); ++i) {
        TraceFile& file = traces[i].file;
        for (Event& event : file.events)
            all.events.push_back(joiner.take(i + 1, std::move(event)));
        all.torn_bytes += file.torn_bytes;
        if (!all.error) all.error = file.error;
    }
    if (joiner.problem()) return Unexpected{*joiner.problem()};
    std::ranges::stable_sort(all.events, {}, &Event::time);
    return all;
}

}  // namespace glasslog::trace
