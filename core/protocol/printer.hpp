#pragma once

// The walker that prints a message as one line of JSON, for traces, the window and `wire decode`.
// Numbers as numbers, error codes by name, ids in Kafka's text form, records as their size, secrets
// not at all.

#include "core/protocol/errors.hpp"
#include "core/protocol/walk.hpp"

#include <fmt/format.h>

#include <iterator>

namespace glasslog::protocol {

// Appends `text` in double quotes, escaped as JSON wants it; bytes that are no UTF-8 become '?'.
void append_quoted(std::string& out, std::string_view text);

class Printer {
public:
    explicit Printer(Version version) : version_(version) {}

    template <Walkable T>
    void structure(const T& value) {
        out_ += '{';
        T::walk(value, *this);
        out_ += '}';
    }

    template <typename T>
    void field(std::string_view name, const T& value, Spec spec = {}) {
        if (!spec.exists_in(version_)) return;
        if (out_.back() != '{') out_ += ',';
        append_quoted(out_, name);
        out_ += ':';
        if (spec.is_secret) {
            append_quoted(out_, "hidden");
        } else {
            put(value);
        }
    }

    template <typename T>
    void array(std::string_view name, const T& values, Spec spec = {}) {
        field(name, values, spec);
    }

    std::string finish() { return std::move(out_); }

private:
    template <Number T>
    void put(const T& value) {
        if constexpr (std::is_same_v<T, bool>) {
            out_ += value ? "true" : "false";
        } else if constexpr (std::is_same_v<T, WireError>) {
            put_error(value);
        } else if constexpr (std::is_same_v<T, Float64>) {
            put_float64(value);
        } else {
            fmt::format_to(std::back_inserter(out_), "{}", to_wire(value));
        }
    }

    void put(const Uuid& value) { append_quoted(out_, value.text()); }

    void put(const std::string& value) { append_quoted(out_, value); }

    void put(const Bytes& value) { append_quoted(out_, to_hex(value.view())); }

    void put(const Payload& value);
    void put_error(WireError error);
    void put_float64(Float64 value);

    template <Walkable T>
    void put(const T& value) {
        structure(value);
    }

    template <typename T>
    void put(const std::vector<T>& values) {
        out_ += '[';
        for (const T& value : values) {
            if (&value != values.data()) out_ += ',';
            put(value);
        }
        out_ += ']';
    }

    template <typename T>
    void put(const std::optional<T>& value) {
        if (value.has_value()) {
            put(*value);
        } else {
            out_ += "null";
        }
    }

    Version version_;
    std::string out_;
};

}  // namespace glasslog::protocol
