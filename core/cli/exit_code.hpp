#pragma once

// What every verb's exit says; docs/architecture.md.

namespace glasslog::cli {

enum class ExitCode : int {
    done = 0,            // done, or holds
    failed = 1,          // failed, violated, or an expected violation that did not happen
    unusable = 2,        // unusable input or usage
    nondeterminism = 3,  // two runs of one seed differ
    false_green = 4,     // a requested fault never bit
    internal = 70,
    interrupted = 130,
};

}  // namespace glasslog::cli
