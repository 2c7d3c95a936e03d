#pragma once

// Messages between the reactors of one OsNode.

#include "core/os/os_executor.hpp"
#include "core/runtime/mailbox.hpp"

#include <vector>

namespace glasslog::os {

// The sending end of one reactor.
class OsMailbox final : public runtime::Mailbox {
public:
    // executors: of all reactors, in order; this one is number `sender`.
    OsMailbox(ReactorId sender, std::vector<OsExecutor*> executors);

    bool post_to(ReactorId receiver, runtime::Task&& message) override;

private:
    ReactorId sender_;
    std::vector<OsExecutor*> executors_;
};

}  // namespace glasslog::os
