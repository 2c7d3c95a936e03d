#pragma once

// A node's disk as the world (or the operating system) sees it.

#include "core/base/ids.hpp"
#include "core/trace/kinds/kind.hpp"

#include <cstdint>
#include <string>

namespace glasslog::trace::kinds {

// A sync of `path` completed; `bytes` of the file are durable.
struct DiskSynced {
    static constexpr KindFacts kind{100, "disk_synced", Level::bytes};

    std::string path;
    std::int64_t bytes = 0;

    static void walk(auto& self, auto& w) {
        w.field("path", self.path);
        w.field("bytes", self.bytes);
    }
};

// operation: "append", "read", "sync", "rename", …; error: IoCode by name.
struct DiskFailed {
    static constexpr KindFacts kind{101, "disk_failed", Level::log};

    std::string path;
    std::string operation;
    std::string error;

    static void walk(auto& self, auto& w) {
        w.field("path", self.path);
        w.field("operation", self.operation);
        w.field("error", self.error);
    }
};

// state: "healthy", "slow", "full", "failing", "dead".
struct DiskState {
    static constexpr KindFacts kind{102, "disk_state", Level::state};

    std::string state;

    static void walk(auto& self, auto& w) { w.field("state", self.state); }
};

// What a power loss did to the unsynced bytes of one file: kept of written.
struct DiskCrashed {
    static constexpr KindFacts kind{103, "disk_crashed", Level::state};

    std::string path;
    std::int64_t written_bytes = 0;
    std::int64_t kept_bytes = 0;
    bool is_torn = false;  // the last kept sector ends inside a write

    static void walk(auto& self, auto& w) {
        w.field("path", self.path);
        w.field("written_bytes", self.written_bytes);
        w.field("kept_bytes", self.kept_bytes);
        w.field("is_torn", self.is_torn);
    }
};

}  // namespace glasslog::trace::kinds
