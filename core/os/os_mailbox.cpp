#include "core/os/os_mailbox.hpp"

#include "core/base/check.hpp"

namespace glasslog::os {

OsMailbox::OsMailbox(ReactorId sender, std::vector<OsExecutor*> executors)
    : sender_(sender), executors_(std::move(executors)) {}

bool OsMailbox::post_to(ReactorId receiver, runtime::Task&& message) {
    const auto to = static_cast<std::size_t>(receiver.value());
    const auto from = static_cast<std::size_t>(sender_.value());
    CHECK(to < executors_.size());
    return executors_[to]->post_message(from, std::move(message), executors_[from]->cause());
}

}  // namespace glasslog::os
