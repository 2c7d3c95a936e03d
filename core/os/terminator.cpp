#include "core/os/terminator.hpp"

#include "core/base/check.hpp"

#include <array>
#include <csignal>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace glasslog::os {

Terminator::Terminator(UniqueFunction<void()> at_first) : at_first_(std::move(at_first)) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    signals_ = Descriptor(::signalfd(-1, &signals, SFD_CLOEXEC));
    wake_ = Descriptor(::eventfd(0, EFD_CLOEXEC));
    CHECK(signals_ && wake_);
    thread_ = std::thread([this] { wait(); });
}

Terminator::~Terminator() {
    const std::uint64_t one = 1;
    CHECK(::write(wake_.get(), &one, sizeof one) == sizeof one);
    thread_.join();
}

void Terminator::wait() {
    bool is_first = true;
    while (true) {
        std::array<pollfd, 2> watched{pollfd{.fd = signals_.get(), .events = POLLIN, .revents = 0},
                                      pollfd{.fd = wake_.get(), .events = POLLIN, .revents = 0}};
        if (::poll(watched.data(), watched.size(), -1) < 0) continue;
        if (watched[1].revents != 0) return;
        signalfd_siginfo received{};
        if (::read(signals_.get(), &received, sizeof received) != sizeof received) continue;
        if (!is_first) ::_exit(128 + static_cast<int>(received.ssi_signo));
        is_first = false;
        at_first_();
    }
}

}  // namespace glasslog::os
