#pragma once

// A Trace that nobody reads.

#include "core/runtime/trace.hpp"

namespace glasslog::os {

class NullTrace final : public runtime::Trace {
public:
    bool wants(runtime::TraceLevel /*level*/) const override { return false; }

    runtime::EventId emit(runtime::EventKind /*kind*/,
                          ByteView /*bytes*/,
                          runtime::EventId /*second_cause*/) override {
        return runtime::no_event;
    }

    runtime::EventId current_cause() const override { return runtime::no_event; }
};

}  // namespace glasslog::os
