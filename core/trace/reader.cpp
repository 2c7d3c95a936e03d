#include "core/trace/reader.hpp"

#include "core/base/check.hpp"
#include "core/base/varint.hpp"
#include "core/trace/frame.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <zstd.h>

namespace glasslog::trace {
namespace {

struct FrameHead {
    FrameType type;
    std::size_t size;
    std::uint32_t checksum;
};

// Empty while the head is not whole.
Expected<std::optional<FrameHead>, DecodeError> read_head(ByteView bytes) {
    if (bytes.empty()) return std::optional<FrameHead>();
    const std::uint8_t type = bytes[0];
    if (type < 1 || type > 3) return Unexpected{DecodeError{fmt::format("frame type {}", type), 0}};
    if (bytes.size() < frame_head_bytes) return std::optional<FrameHead>();
    const FrameHead head{static_cast<FrameType>(type),
                         load_be<std::uint32_t>(bytes.data() + 1),
                         load_be<std::uint32_t>(bytes.data() + 5)};
    const bool is_block = head.type == FrameType::block;
    const std::size_t size_max = is_block ? block_body_bytes_max : frame_body_bytes_max;
    if (head.size > size_max) {
        return Unexpected{DecodeError{fmt::format("a frame of {} bytes", head.size), 1}};
    }
    return std::optional<FrameHead>(head);
}

// The body of the frame at the start of `bytes`; empty while it is not whole.
Expected<std::optional<ByteView>, DecodeError> read_body(ByteView bytes, const FrameHead& head) {
    if (bytes.size() - frame_head_bytes < head.size) return std::optional<ByteView>();
    const ByteView body = bytes.subspan(frame_head_bytes, head.size);
    if (frame_checksum(head.type, body) != head.checksum) {
        return Unexpected{DecodeError{"the checksum of a frame differs", 5}};
    }
    return std::optional<ByteView>(body);
}

// Takes fixed-size fields from the front of a body.
struct Cursor {
    ByteView left;

    template <std::integral T>
    std::optional<T> take() {
        if (left.size() < sizeof(T)) return std::nullopt;
        const T value = load_be<T>(left.data());
        left = left.subspan(sizeof(T));
        return value;
    }

    std::optional<std::string> take_string() {
        const auto size = take<std::uint32_t>();
        if (!size || *size > left.size()) return std::nullopt;
        std::string text(as_text(left.first(*size)));
        left = left.subspan(*size);
        return text;
    }
};

Expected<TraceHeader, DecodeError> decode_header(ByteView body) {
    Cursor cursor{body};
    const auto version = cursor.take<std::uint16_t>();
    if (!version || *version != file_version) {
        return Unexpected{DecodeError{fmt::format("trace version {}, this program reads {}",
                                                  version.value_or(0),
                                                  file_version),
                                      0}};
    }
    const auto seed = cursor.take<std::uint64_t>();
    auto build = cursor.take_string();
    auto configuration = cursor.take_string();
    if (!seed || !build || !configuration) {
        return Unexpected{DecodeError{"the trace's header is too short", body.size()}};
    }
    TraceHeader header{*seed, std::move(*build), std::move(*configuration), {}};
    auto machine = cursor.take_string();
    const auto steady_ns = machine ? cursor.take<std::int64_t>() : std::nullopt;
    if (steady_ns) header.origin = {std::move(*machine), *steady_ns};
    return header;
}

Expected<Bytes, DecodeError> inflate(ByteView body) {
    if (body.size() < block_head_bytes) return Unexpected{DecodeError{"a block without head", 0}};
    const std::size_t size = load_be<std::uint32_t>(body.data() + 20);
    const ByteView packed = body.subspan(block_head_bytes);
    const auto announced = ZSTD_getFrameContentSize(packed.data(), packed.size());
    if (size > block_raw_bytes_max || announced != size) {
        return Unexpected{DecodeError{fmt::format("a block of {} bytes, unpacked", size), 20}};
    }
    std::vector<std::uint8_t> raw(size);
    const std::size_t got = ZSTD_decompress(raw.data(), raw.size(), packed.data(), packed.size());
    if (ZSTD_isError(got) != 0 || got != size) {
        return Unexpected{DecodeError{"a block does not unpack", block_head_bytes}};
    }
    return Bytes::from(std::move(raw));
}

// Reads the varints of one event.
class EventCursor {
public:
    explicit EventCursor(ByteView bytes) : bytes_(bytes) {}

    std::int64_t number() {
        const auto read = read_varlong(bytes_.subspan(at_));
        is_ok_ = is_ok_ && read.has_value();
        if (!is_ok_) return 0;
        at_ += read->size;
        return read->value;
    }

    std::uint32_t count() {
        const auto read = read_unsigned_varint(bytes_.subspan(at_));
        is_ok_ = is_ok_ && read.has_value();
        if (!is_ok_) return 0;
        at_ += read->size;
        return read->value;
    }

    void skip(std::size_t size) {
        is_ok_ = is_ok_ && size <= bytes_.size() - at_;
        if (is_ok_) at_ += size;
    }

    void refuse_unless(bool is_good) { is_ok_ = is_ok_ && is_good; }

    bool is_ok() const { return is_ok_; }

    std::size_t at() const { return at_; }

private:
    ByteView bytes_;
    std::size_t at_ = 0;
    bool is_ok_ = true;
};

// Wraps instead of overflowing: the bytes may say anything.
std::int64_t wrapping_add(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

EventId cause_of(EventId id, std::int64_t distance) {
    return distance == 0 ? no_event : EventId(id.value() - static_cast<std::uint64_t>(distance));
}

}  // namespace

void TraceReader::feed(ByteView bytes) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(at_));
    at_ = 0;
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

Expected<std::optional<Event>, DecodeError> TraceReader::next() {
    if (error_.has_value()) return Unexpected{*error_};
    while (block_left_ == 0) {
        auto frame = read_frame();
        if (!frame) return Unexpected{fail(std::move(frame).error())};
        if (!*frame) return std::optional<Event>();
    }
    auto event = read_event();
    if (!event) return Unexpected{fail(std::move(event).error())};
    return std::optional<Event>(std::move(*event));
}

Expected<bool, DecodeError> TraceReader::read_frame() {
    const ByteView unread = ByteView(buffer_).subspan(at_);
    if (!has_magic_) {
        const std::string_view begin = as_text(unread).substr(0, file_magic.size());
        if (begin != file_magic.substr(0, begin.size())) {
            return Unexpected{DecodeError{"not a trace: it does not begin with GLTRACE", 0}};
        }
        if (begin.size() < file_magic.size()) return false;
        has_magic_ = true;
        consume(file_magic.size());
        return true;
    }
    const auto head = TRY(read_head(unread));
    if (!head) return false;
    const auto body = TRY(read_body(unread, *head));
    if (!body) return false;
    TRY(open_frame(static_cast<std::uint8_t>(head->type), *body));
    consume(frame_head_bytes + head->size);
    return true;
}

void TraceReader::consume(std::size_t count) {
    at_ += count;
    consumed_ += count;
}

Expected<void, DecodeError> TraceReader::open_frame(std::uint8_t type, ByteView body) {
    const bool is_header = type == static_cast<std::uint8_t>(FrameType::header);
    if (is_header == header_.has_value()) {
        return Unexpected{DecodeError{is_header ? "a second header" : "no header", 0}};
    }
    if (is_header) {
        header_ = TRY(decode_header(body));
    } else if (type == static_cast<std::uint8_t>(FrameType::index)) {
        is_finished_ = true;
    } else {
        block_ = TRY(inflate(body));
        block_at_ = 0;
        block_left_ = block_facts(body, consumed_).count;
        previous_ = {};
    }
    return {};
}

Expected<Event, DecodeError> TraceReader::read_event() {
    EventCursor cursor(block_.view().subspan(block_at_));
    Event event;
    const std::int64_t time = wrapping_add(previous_.time.nanoseconds(), cursor.number());
    event.time = Instant::from_nanoseconds(time);
    event.id = EventId(previous_.id.value() + static_cast<std::uint64_t>(cursor.number()));
    const std::int64_t node = cursor.number();
    cursor.refuse_unless(node >= INT32_MIN && node <= INT32_MAX);
    event.node = NodeId(static_cast<std::int32_t>(node));
    const std::int64_t cause = cursor.number();
    event.cause = cause_of(event.id, cause);
    const std::int64_t second = cursor.number();
    event.second_cause = cause_of(event.id, second);
    const std::uint32_t kind = cursor.count();
    cursor.refuse_unless(kind <= UINT16_MAX);
    event.kind = EventKind(static_cast<std::uint16_t>(kind));
    const std::uint32_t size = cursor.count();
    const std::size_t payload_at = block_at_ + cursor.at();
    cursor.skip(size);
    if (!cursor.is_ok()) {
        return Unexpected{DecodeError{fmt::format("an event at byte {} of a block", block_at_), 0}};
    }
    event.payload = block_.slice(payload_at, size);
    block_at_ += cursor.at();
    --block_left_;
    previous_.time = event.time;
    previous_.id = event.id;
    return event;
}

DecodeError TraceReader::fail(DecodeError error) {
    error.at += consumed_;
    error_ = std::move(error);
    return *error_;
}

Expected<TraceFile, DecodeError> read_trace(ByteView file) {
    TraceReader reader;
    reader.feed(file);
    TraceFile out;
    while (true) {
        auto event = reader.next();
        if (!event) out.error = std::move(event).error();
        if (out.error || !*event) break;
        out.events.push_back(std::move(**event));
    }
    if (!reader.header() && !out.error) out.error = DecodeError{"no header", file.size()};
    if (!reader.header()) return Unexpected{*out.error};
    const auto is_earlier = [](const Event& a, const Event& b) { return a.time < b.time; };
    std::stable_sort(out.events.begin(), out.events.end(), is_earlier);
    out.header = *reader.header();
    out.torn_bytes = reader.pending_bytes();
    return out;
}

namespace {

std::optional<std::vector<BlockPlace>> decode_index(ByteView body) {
    Cursor cursor{body};
    const auto count = cursor.take<std::uint32_t>();
    const std::size_t rest = cursor.left.size();
    if (!count || rest != *count * index_entry_bytes + index_tail_bytes) return std::nullopt;
    std::vector<BlockPlace> places;
    for (std::uint32_t i = 0; i < *count; ++i) {
        const std::uint8_t* const at = cursor.left.data() + i * index_entry_bytes;
        places.push_back({load_be<std::uint64_t>(at),
                          Instant::from_nanoseconds(load_be<std::int64_t>(at + 8)),
                          Instant::from_nanoseconds(load_be<std::int64_t>(at + 16)),
                          load_be<std::uint32_t>(at + 24)});
    }
    return places;
}

// The index frame that the end of the file points at.
std::optional<std::vector<BlockPlace>> footer(ByteView file) {
    if (file.size() < index_tail_bytes) return std::nullopt;
    const ByteView tail = file.last(index_tail_bytes);
    if (as_text(tail.last(index_magic.size())) != index_magic) return std::nullopt;
    const auto position = load_be<std::uint64_t>(tail.data());
    if (position > file.size()) return std::nullopt;
    const ByteView frame = file.subspan(static_cast<std::size_t>(position));
    const auto head = read_head(frame);
    if (!head || !*head || (*head)->type != FrameType::index) return std::nullopt;
    const auto body = read_body(frame, **head);
    if (!body || !*body) return std::nullopt;
    return decode_index(**body);
}

}  // namespace

Expected<std::vector<BlockPlace>, DecodeError> read_index(ByteView file) {
    if (as_text(file).substr(0, file_magic.size()) != file_magic) {
        return Unexpected{DecodeError{"not a trace: it does not begin with GLTRACE", 0}};
    }
    if (auto places = footer(file)) return std::move(*places);
    std::vector<BlockPlace> places;
    std::size_t at = file_magic.size();
    while (true) {
        const ByteView frame = file.subspan(at);
        const auto head = TRY(read_head(frame));
        if (!head || frame.size() - frame_head_bytes < head->size) return places;
        const ByteView body = frame.subspan(frame_head_bytes, head->size);
        const bool is_block = head->type == FrameType::block && body.size() >= block_head_bytes;
        if (is_block) places.push_back(block_facts(body, at));
        at += frame_head_bytes + head->size;
    }
}

Expected<std::vector<Event>, DecodeError> read_block(ByteView file, const BlockPlace& place) {
    const auto magic = as_bytes(file_magic);
    const auto header = TRY(read_head(file.subspan(std::min(file.size(), magic.size()))));
    const bool is_inside = header.has_value() && place.position < file.size();
    if (!is_inside) return Unexpected{DecodeError{"no such block", 0}};
    const std::size_t header_bytes = magic.size() + frame_head_bytes + header->size;
    TraceReader reader;
    reader.feed(file.first(std::min(file.size(), header_bytes)));
    const ByteView rest = file.subspan(static_cast<std::size_t>(place.position));
    reader.feed(rest.first(std::min(rest.size(), frame_head_bytes + block_body_bytes_max)));
    std::vector<Event> events;
    while (events.size() < place.count) {
        auto event = TRY(reader.next());
        if (!event) return Unexpected{DecodeError{"a block is not whole", events.size()}};
        events.push_back(std::move(*event));
    }
    return events;
}

}  // namespace glasslog::trace
