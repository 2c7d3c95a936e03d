#include "core/trace/writer.hpp"

#include "core/base/check.hpp"
#include "core/base/crc32c.hpp"
#include "core/base/varint.hpp"
#include "core/trace/frame.hpp"

#include <algorithm>
#include <zstd.h>

namespace glasslog::trace {
namespace {

constexpr std::size_t block_raw_bytes_goal = 64 * 1024;
constexpr int zstd_level = 3;

static_assert(block_raw_bytes_goal + payload_bytes_max + 64 < block_raw_bytes_max);

void append_bytes(std::vector<std::uint8_t>& out, ByteView bytes) {
    out.insert(out.end(), bytes.begin(), bytes.end());
}

// 0: none. Otherwise never 0, since an event does not cause itself.
std::int64_t cause_distance(EventId id, EventId cause) {
    return cause == no_event ? 0 : static_cast<std::int64_t>(id - cause);
}

void append_event(std::vector<std::uint8_t>& raw, const Event& event, Instant time, EventId id) {
    append_varint(raw, (event.time - time).nanoseconds());
    append_varint(raw, static_cast<std::int64_t>(event.id - id));
    append_varint(raw, event.node.value());
    append_varint(raw, cause_distance(event.id, event.cause));
    append_varint(raw, cause_distance(event.id, event.second_cause));
    append_unsigned_varint(raw, event.kind.value());
    append_unsigned_varint(raw, event.payload.size());
    append_bytes(raw, event.payload.view());
}

std::vector<std::uint8_t> block_body(const BlockPlace& block, ByteView raw) {
    std::vector<std::uint8_t> body;
    append_be(body, block.first.nanoseconds());
    append_be(body, block.last.nanoseconds());
    append_be(body, block.count);
    append_be(body, static_cast<std::uint32_t>(raw.size()));
    body.resize(block_head_bytes + ZSTD_compressBound(raw.size()));
    const std::size_t size = ZSTD_compress(body.data() + block_head_bytes,
                                           body.size() - block_head_bytes,
                                           raw.data(),
                                           raw.size(),
                                           zstd_level);
    CHECK(ZSTD_isError(size) == 0, "{}", ZSTD_getErrorName(size));
    body.resize(block_head_bytes + size);
    return body;
}

}  // namespace

std::uint32_t frame_checksum(FrameType type, ByteView body) {
    std::vector<std::uint8_t> head;
    append_be(head, static_cast<std::uint8_t>(type));
    append_be(head, static_cast<std::uint32_t>(body.size()));
    return crc32c(body, crc32c(head));
}

std::vector<std::uint8_t> make_frame(FrameType type, ByteView body) {
    CHECK(body.size() <= frame_body_bytes_max);
    std::vector<std::uint8_t> frame;
    frame.reserve(frame_head_bytes + body.size());
    append_be(frame, static_cast<std::uint8_t>(type));
    append_be(frame, static_cast<std::uint32_t>(body.size()));
    append_be(frame, frame_checksum(type, body));
    append_bytes(frame, body);
    return frame;
}

void append_string(std::vector<std::uint8_t>& out, const std::string& text) {
    append_be(out, static_cast<std::uint32_t>(text.size()));
    append_bytes(out, as_bytes(text));
}

BlockPlace block_facts(ByteView body, std::uint64_t position) {
    const std::uint8_t* const at = body.data();
    return {.position = position,
            .first = Instant::from_nanoseconds(load_be<std::int64_t>(at)),
            .last = Instant::from_nanoseconds(load_be<std::int64_t>(at + 8)),
            .count = load_be<std::uint32_t>(at + 16)};
}

namespace {

constexpr std::size_t machine_bytes_max = 256;

static_assert(configuration_bytes_max + machine_bytes_max < frame_body_bytes_max);

std::vector<std::uint8_t> header_bytes(const TraceHeader& header) {
    std::vector<std::uint8_t> body;
    append_be(body, file_version);
    append_be(body, header.seed);
    append_string(body, header.build);
    append_string(body, header.configuration.substr(0, configuration_bytes_max));
    append_string(body, header.origin.machine.substr(0, machine_bytes_max));
    append_be(body, header.origin.steady_ns);
    std::vector<std::uint8_t> out;
    append_bytes(out, as_bytes(file_magic));
    append_bytes(out, make_frame(FrameType::header, body));
    return out;
}

}  // namespace

Expected<void, IoError> write_header(Sink& sink, const TraceHeader& header) {
    return sink.write(header_bytes(header));
}

void FrameIndex::add(ByteView bytes) {
    const bool is_block = bytes.size() >= frame_head_bytes + block_head_bytes &&
                          bytes[0] == static_cast<std::uint8_t>(FrameType::block);
    if (is_block && places_.size() == index_entries_max) {
        is_too_long_ = true;
        places_ = {};
    }
    if (is_block && !is_too_long_)
        places_.push_back(block_facts(bytes.subspan(frame_head_bytes), position_));
    position_ += bytes.size();
}

std::vector<std::uint8_t> FrameIndex::frame() const {
    if (is_too_long_) return {};
    std::vector<std::uint8_t> body;
    append_be(body, static_cast<std::uint32_t>(places_.size()));
    for (const BlockPlace& place : places_) {
        append_be(body, place.position);
        append_be(body, place.first.nanoseconds());
        append_be(body, place.last.nanoseconds());
        append_be(body, place.count);
    }
    append_be(body, position_);
    append_bytes(body, as_bytes(index_magic));
    return make_frame(FrameType::index, body);
}

TraceWriter::TraceWriter(Sink& sink, const TraceHeader& header) : sink_(sink), share_(Share::sole) {
    send(header_bytes(header));
}

TraceWriter::TraceWriter(Sink& sink) : sink_(sink), share_(Share::joint) {}

void TraceWriter::add(const Event& event) {
    if (event.payload.size() > payload_bytes_max) {
        ++left_out_;
        return;
    }
    if (block_.count == 0) {
        block_.first = block_.last = event.time;
        last_id_ = no_event;
        last_time_ = Instant();
    }
    append_event(raw_, event, last_time_, last_id_);
    block_.first = std::min(block_.first, event.time);
    block_.last = std::max(block_.last, event.time);
    ++block_.count;
    last_id_ = event.id;
    last_time_ = event.time;
    if (raw_.size() >= block_raw_bytes_goal) flush();
}

void TraceWriter::flush() {
    if (block_.count == 0) return;
    send(make_frame(FrameType::block, block_body(block_, raw_)));
    raw_.clear();
    block_ = {};
}

void TraceWriter::finish() {
    flush();
    if (share_ == Share::sole) send(index_.frame());
}

void TraceWriter::send(const std::vector<std::uint8_t>& bytes) {
    if (error_.has_value()) return;
    if (share_ == Share::sole) index_.add(bytes);
    auto written = sink_.write(bytes);
    if (!written) error_ = std::move(written).error();
}

}  // namespace glasslog::trace
