#pragma once

// The walker that reads a message. The first error sticks: later reads give zeros and change
// nothing. A length is compared with the bytes left before anything is allocated for it.

#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/protocol/walk.hpp"

#include <utility>

namespace glasslog::protocol {

// The fewest bytes that a T can take on the wire in this version: bounds a count before memory is
// reserved for it.
class SizeFloor {
public:
    SizeFloor(Version version, bool is_flexible) : version_(version), is_flexible_(is_flexible) {}

    template <typename T>
    std::size_t of() {
        if constexpr (Number<T>) {
            return sizeof(NumberOnWire<T>);
        } else if constexpr (std::is_same_v<T, Uuid>) {
            return 16;
        } else if constexpr (Walkable<T>) {
            const std::size_t outer = std::exchange(sum_, is_flexible_ ? 1U : 0U);
            T value;
            T::walk(value, *this);
            return std::max(std::exchange(sum_, outer), std::size_t{1});
        } else {
            return is_flexible_ ? 1 : 2;
        }
    }

    template <typename T>
    void field(std::string_view, const T&, Spec spec = {}) {
        if (!spec.exists_in(version_) || spec.is_tagged()) return;
        if constexpr (is_optional<T>) {
            sum_ += 1;
        } else {
            sum_ += of<T>();
        }
    }

    template <typename T>
    void array(std::string_view, const T&, Spec spec = {}) {
        if (!spec.exists_in(version_) || spec.is_tagged()) return;
        sum_ += is_flexible_ ? 1 : 4;
    }

private:
    Version version_;
    bool is_flexible_;
    std::size_t sum_ = 0;
};

class Reader {
public:
    // `bytes` outlives the reader; what it reads shares their memory.
    Reader(const Bytes& bytes, Version version, bool is_flexible)
        : bytes_(bytes), end_(bytes.size()), version_(version), is_flexible_(is_flexible) {}

    // Reads a whole struct: its fields, then its tag buffer when the version is flexible.
    template <Walkable T>
    void structure(T& value);

    template <typename T>
    void field(std::string_view name, T& value, Spec spec = {}) {
        if (error_.has_value() || !spec.exists_in(version_)) return;
        if (spec.tag != wanted_tag_) return;
        const std::int32_t tag = std::exchange(wanted_tag_, -1);
        get(name, value, spec);
        wanted_tag_ = tag;
        is_tag_found_ = true;
    }

    template <typename T>
    void array(std::string_view name, T& values, Spec spec = {}) {
        field(name, values, spec);
    }

    std::size_t position() const { return at_; }

    std::size_t left() const { return end_ - at_; }

    bool ok() const { return !error_.has_value(); }

    // Only when !ok().
    const DecodeError& error() const { return *error_; }

private:
    static constexpr std::int64_t null_length = -1;

    template <Number T>
    void get(std::string_view name, T& value, const Spec&) {
        using Wire = NumberOnWire<T>;
        const std::uint8_t* at = take(name, sizeof(Wire));
        if (at != nullptr) value = from_wire<T>(load_be<Wire>(at));
    }

    void get(std::string_view name, Uuid& value, const Spec& spec);
    void get(std::string_view name, std::string& value, const Spec& spec);
    void get(std::string_view name, Bytes& value, const Spec& spec);
    void get(std::string_view name, Payload& value, const Spec& spec);

    template <Walkable T>
    void get(std::string_view, T& value, const Spec&) {
        structure(value);
    }

    template <typename T>
    void get(std::string_view name, std::vector<T>& values, const Spec& spec) {
        get_elements(name, values, array_length(name, spec));
    }

    template <typename T>
    void get(std::string_view name, std::optional<T>& value, const Spec& spec);

    template <typename T>
    void get_elements(std::string_view name, std::vector<T>& values, std::int64_t count);

    // Lengths; null_length only when the field may be null, negative never otherwise.
    std::int64_t string_length(std::string_view name, const Spec& spec);
    std::int64_t array_length(std::string_view name, const Spec& spec);
    std::int64_t checked_length(std::string_view name, std::int64_t length, const Spec& spec);
    std::uint32_t unsigned_varint(std::string_view name);

    // The next `size` bytes; null, with the error set, when there are fewer.
    const std::uint8_t* take(std::string_view name, std::size_t size);
    void get_text(std::string_view name, std::int64_t length, std::string& value);
    void get_slice(std::string_view name, std::int64_t length, Bytes& value);

    template <Walkable T>
    void tag_buffer(T& value);

    void fail(std::string what);

    const Bytes& bytes_;
    std::size_t at_ = 0;
    std::size_t end_;
    Version version_;
    bool is_flexible_;
    std::int32_t wanted_tag_ = -1;  // reading this field of the tag buffer; -1: regular fields
    bool is_tag_found_ = false;
    std::optional<DecodeError> error_;
};

template <Walkable T>
void Reader::structure(T& value) {
    T::walk(value, *this);
    if (is_flexible_) tag_buffer(value);
}

template <Walkable T>
void Reader::tag_buffer(T& value) {
    std::int64_t previous = -1;
    const std::uint32_t count = unsigned_varint("tag count");
    for (std::uint32_t i = 0; i < count && ok(); ++i) {
        const std::uint32_t tag = unsigned_varint("tag");
        const std::uint32_t size = unsigned_varint("tag size");
        if (!ok()) return;
        if (tag <= previous || tag > INT32_MAX)
            return fail(fmt::format("tag {} out of order", tag));
        if (size > left()) return fail(fmt::format("tag {}: {} bytes, {} left", tag, size, left()));
        previous = tag;
        const std::size_t tag_end = at_ + size;
        const std::size_t outer_end = std::exchange(end_, tag_end);
        wanted_tag_ = static_cast<std::int32_t>(tag);
        is_tag_found_ = false;
        T::walk(value, *this);
        wanted_tag_ = -1;
        if (!ok()) return;
        if (!is_tag_found_) at_ = tag_end;  // one of a later version: skipped
        if (at_ != tag_end) return fail(fmt::format("tag {}: {} bytes unused", tag, left()));
        end_ = outer_end;
    }
}

template <typename T>
void Reader::get(std::string_view name, std::optional<T>& value, const Spec& spec) {
    std::int64_t length = 0;
    if constexpr (Walkable<T>) {
        std::int8_t mark = 1;
        if (spec.may_be_null_in(version_)) get(name, mark, spec);
        length = mark < 0 ? null_length : 0;
    } else if constexpr (std::is_same_v<T, std::string>) {
        length = string_length(name, spec);
    } else {
        length = array_length(name, spec);
    }
    if (!ok()) return;
    if (length == null_length) return value.reset();
    value.emplace();
    if constexpr (Walkable<T>) {
        structure(*value);
    } else if constexpr (std::is_same_v<T, std::string>) {
        get_text(name, length, *value);
    } else if constexpr (std::is_same_v<T, Bytes>) {
        get_slice(name, length, *value);
    } else if constexpr (std::is_same_v<T, Payload>) {
        Bytes bytes;
        get_slice(name, length, bytes);
        value->append(std::move(bytes));
    } else {
        get_elements(name, *value, length);
    }
}

template <typename T>
void Reader::get_elements(std::string_view name, std::vector<T>& values, std::int64_t count) {
    if (!ok()) return;
    const auto wanted = static_cast<std::size_t>(count);
    constexpr std::size_t harmless = 8;  // not worth computing the floor for
    if (wanted > left() ||
        (wanted > harmless && wanted > left() / SizeFloor(version_, is_flexible_).of<T>())) {
        return fail(fmt::format("{}: {} elements in {} bytes", name, wanted, left()));
    }
    values.clear();
    values.reserve(wanted);
    for (std::size_t i = 0; i < wanted && ok(); ++i)
        get(name, values.emplace_back(), Spec{});
}

}  // namespace glasslog::protocol
