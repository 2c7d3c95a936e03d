#pragma once

// Values of any message, drawn through its declaration: one more walker. The source of chance is a
// function, so that RapidCheck (which shrinks) and a fixed seed (for samples) can both drive it.

#include "core/base/random.hpp"
#include "core/protocol/walk.hpp"

#include <functional>
#include <limits>
#include <utility>

namespace glasslog::support {

// Returns a number in [0, bound).
using Draw = std::function<std::uint64_t(std::uint64_t bound)>;

// The same numbers for the same seed.
inline Draw seeded_draw(std::uint64_t seed) {
    return [seed, n = std::uint64_t{0}](std::uint64_t bound) mutable {
        return below(keyed_draw(seed, "test", "generator", n++), bound);
    };
}

class Generator {
public:
    explicit Generator(protocol::Version version, Draw draw)
        : version_(version), draw_(std::move(draw)) {}

    // Fields that the version lacks keep their initial values, null stands only where it is legal:
    // what comes back from the wire is equal.
    template <protocol::Walkable T>
    T message() {
        T value;
        T::walk(value, *this);
        return value;
    }

    template <typename T>
    void field(std::string_view, T& value, protocol::Spec spec = {}) {
        if (!spec.exists_in(version_)) return;
        fill(value, spec.may_be_null_in(version_));
    }

    template <typename T>
    void array(std::string_view name, T& values, protocol::Spec spec = {}) {
        field(name, values, spec);
    }

private:
    static constexpr std::uint64_t elements_max = 3;
    static constexpr std::uint64_t bytes_max = 12;

    bool one_in(std::uint64_t n) { return draw_(n) == 0; }

    template <protocol::Number T>
    void fill(T& value, bool /*may_be_null*/) {
        using Wire = protocol::NumberOnWire<T>;
        if constexpr (std::is_same_v<T, bool>) {
            value = one_in(2);
        } else if (one_in(3)) {
            value = protocol::from_wire<T>(one_in(2) ? std::numeric_limits<Wire>::max()
                                                     : std::numeric_limits<Wire>::min());
        } else {
            constexpr auto span =
                std::uint64_t{std::numeric_limits<std::make_unsigned_t<Wire>>::max()};
            value = protocol::from_wire<T>(static_cast<Wire>(draw_(span)));
        }
    }

    void fill(Uuid& value, bool /*may_be_null*/) {
        value.high = draw_(std::numeric_limits<std::uint64_t>::max());
        value.low = draw_(4);
    }

    void fill(std::string& value, bool /*may_be_null*/) {
        value.resize(draw_(bytes_max));
        for (char& c : value)
            c = static_cast<char>(draw_(256));
    }

    void fill(Bytes& value, bool /*may_be_null*/) {
        std::vector<std::uint8_t> bytes(draw_(bytes_max));
        for (std::uint8_t& byte : bytes)
            byte = static_cast<std::uint8_t>(draw_(256));
        value = Bytes::from(std::move(bytes));
    }

    void fill(Payload& value, bool may_be_null) {
        value = Payload();
        for (std::uint64_t parts = draw_(elements_max); parts > 0; --parts) {
            Bytes part;
            fill(part, may_be_null);
            value.append(std::move(part));
        }
    }

    template <protocol::Walkable T>
    void fill(T& value, bool /*may_be_null*/) {
        T::walk(value, *this);
    }

    template <typename T>
    void fill(std::vector<T>& values, bool /*may_be_null*/) {
        values.resize(draw_(elements_max));
        for (T& value : values)
            fill(value, false);
    }

    template <typename T>
    void fill(std::optional<T>& value, bool may_be_null) {
        value.reset();
        if (may_be_null && one_in(4)) return;
        fill(value.emplace(), false);
    }

    protocol::Version version_;
    Draw draw_;
};

}  // namespace glasslog::support
