#include "core/base/check.hpp"
#include "core/protocol/record_batch.hpp"
#include "core/storage/batch_scan.hpp"
#include "core/storage/partition_log_state.hpp"
#include "core/trace/log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace glasslog::storage {

using protocol::BatchFault;
using protocol::BatchView;

namespace {

constexpr std::size_t read_bytes_max = 8 << 20;       // … unless one batch is larger
constexpr std::size_t read_bytes_min = 16 << 10;      // at least this much per system call
constexpr std::size_t record_bytes_max = 128U << 20;  // of one batch, decompressed
constexpr std::size_t index_file_bytes_max = 256U << 20;

// The first record of `batch` at or after `from` whose timestamp is `timestamp` or later.
std::optional<RecordPosition> find_record(ByteView bytes, Offset from, WallTime timestamp) {
    const auto batch = BatchView::read(bytes);
    if (!batch) return std::nullopt;
    const auto section = protocol::RecordSection::open(*batch, record_bytes_max);
    if (!section) return std::nullopt;
    protocol::RecordIterator records = section->records();
    while (records.next()) {
        const auto& record = records.record();
        const Offset offset = batch->base_offset() + record.offset_delta;
        const std::int64_t time = batch->timestamp_of(record);
        if (offset >= from && time >= timestamp.milliseconds())
            return RecordPosition{offset, WallTime::from_milliseconds(time), batch->leader_epoch()};
    }
    return std::nullopt;
}

}  // namespace

// One read of batches from a segment's file: chunk after chunk until the first batch wanted is
// whole. Lives as long as its callbacks.
class PartitionLog::State::Reader : public std::enable_shared_from_this<Reader> {
public:
    Reader(State& log, const ReadRequest& request, runtime::IoDone<ReadResult> done)
        : log_(log), request_(request), done_(std::move(done)) {}

    // log_ may be used in callbacks: they all go through its gate.
    void start(std::size_t segment) {
        const Offset base = log_.segments_[segment].base;
        if (const auto position = log_.hinted(base, request_.from)) {
            const Segment& found = log_.segments_[segment];
            if (found.file != nullptr) {
                located_ = {base, found.file, *position, found.size_bytes};
                return read();
            }
        }
        log_.locate(base,
                    {request_.from, std::nullopt},
                    [self = shared_from_this()](Expected<Located, IoError> located) {
                        if (!located) return self->fail(located.error());
                        self->located_ = std::move(*located);
                        self->read();
                    });
    }

private:
    void read() {
        if (located_.position >= located_.end) return next_segment();
        const std::uint64_t left = located_.end - located_.position;
        const std::size_t asked = std::clamp(request_.max_bytes, read_bytes_min, read_bytes_max);
        wanted_ = std::min<std::uint64_t>(std::max(asked, needed_), left);
        located_.file->read_at(
            located_.position,
            static_cast<std::size_t>(wanted_),
            log_.gate_.wrap([self = shared_from_this()](Expected<Bytes, IoError> bytes) {
                if (!bytes) return self->fail(bytes.error());
                self->parse(std::move(*bytes));
            }));
    }

    void parse(Bytes chunk) {
        is_async_ = true;
        std::size_t at = 0;
        std::size_t first = 0;
        ReadResult result{.batches = {}, .first = no_offset, .next = request_.from};
        while (at < chunk.size()) {
            const auto batch = BatchView::read(chunk.view().subspan(at));
            if (!batch && batch.error() != BatchFault::incomplete)
                return corrupt(at, name(batch.error()));
            if (!batch) break;
            if (batch->last_offset() >= request_.from) {
                const bool is_first = result.first == no_offset;
                const bool is_allowed = is_first && request_.min_one_batch;
                const std::size_t size = (is_first ? 0 : at - first) + batch->size();
                if (batch->next_offset() > request_.upto) return finish(chunk, first, at, result);
                if (size > request_.max_bytes && !is_allowed)
                    return finish(chunk, first, at, result);
                if (is_first) first = at;
                if (is_first) result.first = batch->base_offset();
                result.next = batch->next_offset();
            }
            at += batch->size();
        }
        if (result.first != no_offset || chunk.size() < wanted_)
            return finish(chunk, first, at, result);
        read_on(chunk, at);
    }

    // Nothing wanted is whole yet. What is cut off at the end of the chunk tells its size.
    void read_on(const Bytes& chunk, std::size_t at) {
        located_.position += at;
        needed_ = protocol::batch_header_size;
        const ByteView rest = chunk.view().subspan(at);
        if (rest.size() >= protocol::batch_length_end) {
            const auto length = load_be<std::int32_t>(rest.data() + 8);
            needed_ = protocol::batch_length_end + static_cast<std::size_t>(std::max(length, 0));
        }
        if (located_.position + needed_ > located_.end && !rest.empty())
            return corrupt(0, "it is longer than its segment");
        read();
    }

    // Offsets may be missing at a segment's end: the next batch is in a later one.
    void next_segment() {
        const std::size_t next = log_.segment_holding(located_.segment) + 1;
        const bool is_over =
            next >= log_.segments_.size() || log_.segments_[next].base >= request_.upto;
        if (is_over) return finish({}, 0, 0, {.batches = {}, .next = request_.from});
        needed_ = 0;
        start(next);
    }

    void finish(const Bytes& chunk, std::size_t begin, std::size_t end, ReadResult result) {
        if (result.first != no_offset) {
            result.batches = Payload(chunk.slice(begin, end - begin));
            log_.remember({result.next, located_.segment, located_.position + end});
        }
        answer(std::move(result));
    }

    void corrupt(std::size_t at, std::string_view why) {
        fail({.code = IoCode::failed,
              .subject = log_.path_of(located_.segment, SegmentFile::log),
              .errno_value = 0,
              .detail = fmt::format("no batch at {}: {}", located_.position + at, why)});
    }

    void fail(const IoError& error) { answer(Unexpected{error}); }

    void answer(Expected<ReadResult, IoError> result) {
        if (is_async_) return done_(std::move(result));
        log_.answer<ReadResult>(std::move(done_), std::move(result));
    }

    State& log_;
    ReadRequest request_;
    runtime::IoDone<ReadResult> done_;
    Located located_;
    std::uint64_t wanted_ = 0;
    std::size_t needed_ = 0;
    bool is_async_ = false;
};

// Scans batches from a place on until `visit` has what it looked for.
class PartitionLog::State::Searcher : public std::enable_shared_from_this<Searcher> {
public:
    using Visit =
        UniqueFunction<std::optional<RecordPosition>(const ScannedBatch&, ByteView bytes)>;

    Searcher(State& log, Located located, Visit visit, RecordDone done)
        : log_(log),
          file_(std::move(located.file)),
          scanner_(located.position, located.end, CheckCrc::no),
          visit_(std::move(visit)),
          done_(std::move(done)) {}

    void go_on() {
        while (true) {
            const ScanResult result = scanner_.next();
            if (const auto* wants = std::get_if<WantsBytes>(&result)) return read(*wants);
            if (const auto* broken = std::get_if<BrokenBatch>(&result)) return refuse(*broken);
            const auto* batch = std::get_if<ScannedBatch>(&result);
            if (batch == nullptr) return log_.answer<Found>(std::move(done_), Found{});
            if (auto found = visit_(*batch, scanner_.batch()))
                return log_.answer<Found>(std::move(done_), std::move(found));
        }
    }

private:
    using Found = std::optional<RecordPosition>;

    // "Not found" would be an answer about records that were not seen.
    void refuse(const BrokenBatch& broken) {
        log_.answer<Found>(
            std::move(done_),
            Unexpected{IoError{
                .code = IoCode::failed,
                .subject = log_.directory_,
                .detail = fmt::format("no batch at {}: {}", broken.position, broken.reason)}});
    }

    void read(const WantsBytes& wants) {
        file_->read_at(wants.position,
                       wants.max_bytes,
                       log_.gate_.wrap([self = shared_from_this()](Expected<Bytes, IoError> bytes) {
                           if (!bytes)
                               return self->log_.answer<Found>(std::move(self->done_),
                                                               Unexpected{bytes.error()});
                           self->scanner_.feed(bytes->view());
                           self->go_on();
                       }));
    }

    State& log_;
    std::shared_ptr<runtime::File> file_;
    BatchScanner scanner_;
    Visit visit_;
    RecordDone done_;
};

IoError PartitionLog::State::gone(Offset offset) const {
    return {.code = IoCode::not_found,
            .subject = directory_,
            .errno_value = 0,
            .detail = fmt::format("offset {} is outside [{}, {}]", offset, log_start_, log_end_)};
}

std::optional<ReadResult> PartitionLog::State::read_cached(const ReadRequest& request) const {
    if (failure_ || request.from < log_start_ || request.from > log_end_) return std::nullopt;
    // What is appended during a truncation counts in the log end and is not in the tail yet.
    if (is_rebuilding_) return std::nullopt;
    ReadResult result{.batches = {}, .first = no_offset, .next = request.from};
    if (request.from >= std::min(request.upto, log_end_)) return result;
    if (tail_.empty() || request.from < tail_.front().base) return std::nullopt;
    const auto ends_before = [](const TailBatch& batch, Offset from) { return batch.last < from; };
    auto batch = std::lower_bound(tail_.begin(), tail_.end(), request.from, ends_before);
    for (; batch != tail_.end() && batch->last < request.upto; ++batch) {
        const bool is_first = result.batches.empty();
        const bool fits = result.batches.size() + batch->bytes.size() <= request.max_bytes;
        if (!fits && !(is_first && request.min_one_batch)) break;
        if (is_first) result.first = batch->base;
        result.next = batch->last + 1;
        result.batches.append(batch->bytes);
    }
    return result;
}

void PartitionLog::State::read(const ReadRequest& request, runtime::IoDone<ReadResult> done) {
    if (refuse_failed(done)) return;
    if (is_rebuilding_) {
        deferred_.emplace_back(
            [this, request, done = std::move(done)]() mutable { read(request, std::move(done)); });
        return;
    }
    if (request.from < log_start_ || request.from > log_end_)
        return answer<ReadResult>(std::move(done), Unexpected{gone(request.from)});
    if (auto cached = read_cached(request))
        return answer<ReadResult>(std::move(done), std::move(*cached));
    std::make_shared<Reader>(*this, request, std::move(done))->start(segment_holding(request.from));
}

// The last segment whose base is at or below `offset`; the first when there is none.
std::size_t PartitionLog::State::segment_holding(Offset offset) const {
    const auto is_above = [](Offset asked, const Segment& segment) { return asked < segment.base; };
    const auto above = std::upper_bound(segments_.begin(), segments_.end(), offset, is_above);
    return above == segments_.begin() ? 0 : static_cast<std::size_t>(above - segments_.begin()) - 1;
}

Segment* PartitionLog::State::find_segment(Offset base) {
    if (segments_.empty()) return nullptr;
    Segment& segment = segments_[segment_holding(base)];
    return segment.base == base ? &segment : nullptr;
}

std::optional<std::uint64_t> PartitionLog::State::hinted(Offset segment, Offset from) const {
    for (const Hint& hint : hints_) {
        if (hint.next == from && hint.segment == segment) return hint.position;
    }
    return std::nullopt;
}

void PartitionLog::State::remember(const Hint& hint) {
    hints_[next_hint_] = hint;
    next_hint_ = (next_hint_ + 1) % hints_.size();
}

// `then` may run within the call.
void PartitionLog::State::open_segment(Offset base, runtime::IoDone<void> then) {
    Segment* segment = find_segment(base);
    if (segment == nullptr) return then(Unexpected{gone(base)});
    if (segment->file != nullptr) return then({});
    if (base >= recovery_point_ && (is_exclusive_ || !pipeline_.empty())) {
        pipeline_.emplace_back([this, base, then = std::move(then)]() mutable {
            if (failure_) return then(Unexpected{*failure_});
            open_segment(base, std::move(then));
        });
        return;
    }
    runtime_.disk.open(
        path_of(base, SegmentFile::log),
        runtime::OpenMode::read,
        gate_.wrap([this, base, then = std::move(then)](
                       Expected<std::unique_ptr<runtime::File>, IoError> file) mutable {
            if (!file) return then(Unexpected{file.error()});
            Segment* found = find_segment(base);
            if (found == nullptr) return then(Unexpected{gone(base)});
            if (found->file == nullptr) found->file = std::move(*file);
            then({});
        }));
}

// Indexes of sealed segments are read whole, once for all that ask meanwhile.
void PartitionLog::State::load_index(Offset base, runtime::IoDone<void> then) {
    const Segment* segment = find_segment(base);
    if (segment == nullptr) return then(Unexpected{gone(base)});
    const bool is_there = segment->index != nullptr || base == segments_.back().base;
    if (is_there) return then({});

    std::unique_ptr<IndexLoad>& load = index_loads_[base];
    const bool is_loading = load != nullptr;
    if (!is_loading) load = std::make_unique<IndexLoad>(runtime_);
    load->waiting.push_back(std::move(then));
    if (is_loading) return;
    // A file that cannot be read leaves its index empty.
    load->runner.run(
        read_whole({path_of(base, SegmentFile::offset_index), index_file_bytes_max}, load->offsets),
        [this, base](const Expected<void, IoError>&) {
            IndexLoad& first_done = *index_loads_.at(base);
            first_done.runner.run(
                read_whole({path_of(base, SegmentFile::time_index), index_file_bytes_max},
                           first_done.times),
                [this, base](const Expected<void, IoError>&) { index_loaded(base); });
        });
}

// A bad index counts as empty: look-ups scan the segment then.
void PartitionLog::State::index_loaded(Offset base) {
    const std::unique_ptr<IndexLoad> load = std::move(index_loads_.at(base));
    index_loads_.erase(base);
    if (const Segment* found = find_segment(base)) {
        auto offsets =
            decode_offset_index(*load->offsets, {base, found->size_bytes}, Padding::zeros);
        auto times = decode_time_index(*load->times, base, Padding::zeros);
        if (!offsets || !times)
            trace::log(runtime_.trace,
                       trace::LogLevel::warning,
                       "storage",
                       fmt::format("{}: the index of {} is broken: look-ups scan it instead",
                                   directory_,
                                   segment_file_name(base, SegmentFile::log)));
        keep_index(base,
                   std::make_shared<const SegmentIndexSnapshot>(
                       SegmentIndexSnapshot{offsets ? std::move(*offsets) : OffsetIndex(base),
                                            times ? std::move(*times) : TimeIndex(base)}));
    }
    for (runtime::IoDone<void>& then : load->waiting)
        then({});
}

// The newest used indexes stay in memory.
void PartitionLog::State::keep_index(Offset base,
                                     std::shared_ptr<const SegmentIndexSnapshot> index) {
    Segment* segment = find_segment(base);
    if (segment == nullptr || index == nullptr) return;
    segment->index = std::move(index);
    std::erase(cached_indexes_, base);
    cached_indexes_.push_back(base);
    while (cached_indexes_.size() > config_.cached_index_count_max) {
        if (Segment* oldest = find_segment(cached_indexes_.front())) oldest->index.reset();
        cached_indexes_.pop_front();
    }
}

void PartitionLog::State::locate(Offset base, const Target& target, runtime::IoDone<Located> then) {
    auto look_up = [this, base, target](runtime::IoDone<Located> done) {
        const Segment* segment = find_segment(base);
        if (segment == nullptr || segment->file == nullptr)
            return done(Unexpected{gone(target.offset)});
        const bool is_active = base == segments_.back().base;
        const std::shared_ptr<const SegmentIndexSnapshot> held = segment->index;
        const OffsetIndex& offsets = is_active ? active_->offsets() : held->offsets;
        const TimeIndex& times = is_active ? active_->times() : held->times;
        Offset from = target.offset;
        if (target.timestamp) from = std::max(from, times.lookup(*target.timestamp).offset);
        done(Located{base, segment->file, offsets.lookup(from), segment->size_bytes});
    };
    open_segment(base,
                 [this, base, look_up = std::move(look_up), then = std::move(then)](
                     Expected<void, IoError> opened) mutable {
                     if (!opened) return then(Unexpected{opened.error()});
                     load_index(base,
                                [look_up = std::move(look_up),
                                 then = std::move(then)](Expected<void, IoError> loaded) mutable {
                                    if (!loaded) return then(Unexpected{loaded.error()});
                                    look_up(std::move(then));
                                });
                 });
}

void PartitionLog::State::offset_for_timestamp(WallTime timestamp, RecordDone done) {
    if (refuse_failed(done)) return;
    if (is_rebuilding_) {
        deferred_.emplace_back([this, timestamp, done = std::move(done)]() mutable {
            offset_for_timestamp(timestamp, std::move(done));
        });
        return;
    }
    search_time(segment_holding(log_start_), timestamp, std::move(done));
}

// In the first segment, from `index` on, that has such a time; onward when its records that have it
// lie below the log start.
void PartitionLog::State::search_time(std::size_t index, WallTime timestamp, RecordDone done) {
    while (index < segments_.size() && segments_[index].largest.timestamp < timestamp)
        ++index;
    if (index == segments_.size())
        return answer<std::optional<RecordPosition>>(std::move(done),
                                                     std::optional<RecordPosition>());
    const Offset base = segments_[index].base;
    auto search = [this, base, timestamp, from = log_start_, done = std::move(done)](
                      Expected<Located, IoError> located) mutable {
        if (!located)
            return answer<std::optional<RecordPosition>>(std::move(done),
                                                         Unexpected{located.error()});
        auto visit = [from, timestamp](const ScannedBatch& batch, ByteView bytes) {
            const bool may_have =
                batch.facts.max_timestamp >= timestamp && batch.facts.last_offset >= from;
            return may_have ? find_record(bytes, from, timestamp) : std::nullopt;
        };
        auto next = [this, base, timestamp, done = std::move(done)](
                        Expected<std::optional<RecordPosition>, IoError> found) mutable {
            const bool is_over = !found || found->has_value();
            if (is_over) return done(std::move(found));
            search_time(segment_holding(base) + 1, timestamp, std::move(done));
        };
        std::make_shared<Searcher>(*this, std::move(*located), std::move(visit), std::move(next))
            ->go_on();
    };
    locate(base, {log_start_, timestamp}, std::move(search));
}

void PartitionLog::State::offset_of_max_timestamp(RecordDone done) {
    if (refuse_failed(done)) return;
    if (is_rebuilding_) {
        deferred_.emplace_back(
            [this, done = std::move(done)]() mutable { offset_of_max_timestamp(std::move(done)); });
        return;
    }
    const auto is_less = [](const Segment& a, const Segment& b) {
        return a.largest.timestamp < b.largest.timestamp;
    };
    const auto segment = std::max_element(segments_.begin(), segments_.end(), is_less);
    const TimestampOffset largest = segment->largest;
    if (largest.timestamp < WallTime::from_milliseconds(0))
        return answer<std::optional<RecordPosition>>(std::move(done),
                                                     std::optional<RecordPosition>());
    auto search = [this, largest, done = std::move(done)](
                      Expected<Located, IoError> located) mutable {
        if (!located)
            return answer<std::optional<RecordPosition>>(std::move(done),
                                                         Unexpected{located.error()});
        auto visit = [largest](const ScannedBatch& batch, ByteView bytes) {
            const bool has_it = batch.facts.max_timestamp == largest.timestamp;
            return has_it ? find_record(bytes, Offset(0), largest.timestamp) : std::nullopt;
        };
        std::make_shared<Searcher>(*this, std::move(*located), std::move(visit), std::move(done))
            ->go_on();
    };
    locate(segment->base, {largest.offset, std::nullopt}, std::move(search));
}

}  // namespace glasslog::storage
