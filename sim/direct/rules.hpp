#pragma once

// The rules of a Raft machine by name, for scripts and the command line: "commit=any_epoch".

#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/raft/rules.hpp"

#include <span>
#include <string>
#include <string_view>

namespace glasslog::sim::direct {

// A mistake that a machine can be given. exhibit: its name in the exhibition; theorem: the id of
// the one that it breaks first, often before any harm is done.
struct Mistake {
    std::string_view rule;
    std::string_view value;
    std::string_view exhibit;
    std::string_view theorem;
    void (*plant)(raft::Rules&);

    std::string text() const { return std::string(rule) + "=" + std::string(value); }
};

std::span<const Mistake> mistakes();

// "commit=any_epoch", or the exhibit's name.
Expected<const Mistake*, InputError> find_mistake(std::string_view text, std::string_view where);

}  // namespace glasslog::sim::direct
