#pragma once

// The walker that writes a message. Records are chained into the result, everything else goes into
// one buffer that grows.

#include "core/base/check.hpp"
#include "core/base/varint.hpp"
#include "core/protocol/walk.hpp"

#include <bit>
#include <utility>

namespace glasslog::protocol {

class Writer {
public:
    Writer(Version version, bool is_flexible) : version_(version), is_flexible_(is_flexible) {}

    // Writes a whole struct: its fields, then its tag buffer when the version is flexible.
    template <Walkable T>
    void structure(const T& value);

    template <typename T>
    void field(std::string_view name, const T& value, Spec spec = {}) {
        if (!spec.exists_in(version_)) return;
        if (wanted_tag_ >= 0 || spec.is_tagged()) return tagged_field(name, value, spec);
        put(name, value, spec);
    }

    template <typename T>
    void array(std::string_view name, const T& values, Spec spec = {}) {
        field(name, values, spec);
    }

    // What was written; leaves the writer empty.
    Payload finish();

private:
    struct Chained {
        std::size_t at;  // position in buffer_ before which the records stand
        Payload records;
    };

    template <Number T>
    void put(std::string_view, const T& value, const Spec&) {
        append_be(buffer_, to_wire(value));
    }

    void put(std::string_view, const Uuid& value, const Spec&);
    void put(std::string_view name, const std::string& value, const Spec& spec);
    void put(std::string_view name, const Bytes& value, const Spec&);
    void put(std::string_view name, const Payload& value, const Spec&);

    template <Walkable T>
    void put(std::string_view, const T& value, const Spec&) {
        structure(value);
    }

    template <typename T>
    void put(std::string_view name, const std::vector<T>& values, const Spec&) {
        put_array_length(name, values.size());
        for (const T& value : values)
            put(name, value, Spec{});
    }

    template <typename T>
    void put(std::string_view name, const std::optional<T>& value, const Spec& spec) {
        if (!value.has_value() && spec.may_be_null_in(version_)) return put_null<T>(spec);
        if constexpr (Walkable<T>) {
            if (spec.may_be_null_in(version_)) append_be(buffer_, std::int8_t{1});  // KIP-893
        }
        if (value.has_value()) {
            put(name, *value, spec);
        } else {
            put(name, T{}, spec);
        }
    }

    template <typename T>
    void put_null(const Spec& spec) {
        if constexpr (Walkable<T>) {
            append_be(buffer_, std::int8_t{-1});
        } else if (is_flexible_ && !spec.is_rigid) {
            append_unsigned_varint(buffer_, 0);
        } else if constexpr (std::is_same_v<T, std::string>) {
            append_be(buffer_, std::int16_t{-1});
        } else {
            append_be(buffer_, std::int32_t{-1});
        }
    }

    template <typename T>
    void tagged_field(std::string_view name, const T& value, const Spec& spec);

    void put_array_length(std::string_view name, std::size_t count);
    void put_bytes_length(std::string_view name, std::size_t size);
    void put_tag_size(std::size_t body_begin);

    Version version_;
    bool is_flexible_;
    std::int32_t wanted_tag_ = -1;    // writing this field of the tag buffer; -1: regular fields
    std::uint64_t tags_present_ = 0;  // of the struct being written; bit n: tag n
    std::vector<std::uint8_t> buffer_;
    std::vector<Chained> chained_;
};

template <Walkable T>
void Writer::structure(const T& value) {
    const std::uint64_t outer = std::exchange(tags_present_, 0);
    T::walk(value, *this);
    if (is_flexible_) {
        std::uint64_t tags = tags_present_;
        append_unsigned_varint(buffer_, static_cast<std::uint64_t>(std::popcount(tags)));
        for (; tags != 0; tags &= tags - 1) {
            wanted_tag_ = std::countr_zero(tags);
            T::walk(value, *this);
        }
        wanted_tag_ = -1;
    }
    tags_present_ = outer;
}

template <typename T>
void Writer::tagged_field(std::string_view name, const T& value, const Spec& spec) {
    if (wanted_tag_ < 0) {
        if (!is_tag_default(value, spec)) tags_present_ |= std::uint64_t{1} << spec.tag;
        return;
    }
    if (wanted_tag_ != spec.tag) return;
    const std::int32_t tag = std::exchange(wanted_tag_, -1);
    append_unsigned_varint(buffer_, static_cast<std::uint64_t>(tag));
    const std::size_t body_begin = buffer_.size();
    put(name, value, spec);
    put_tag_size(body_begin);
    wanted_tag_ = tag;
}

}  // namespace glasslog::protocol
