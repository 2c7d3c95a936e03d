#include "tests/sim/support.hpp"

#include "core/base/errors.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

namespace glasslog::sim {

NodeId add_script(World& world, NodeConfig config, Script::Start start) {
    const NodeId node =
        world.add_node(std::move(config),
                       [start = std::move(start)](std::vector<runtime::Runtime> reactors) {
                           return std::make_unique<Script>(std::move(reactors), start);
                       });
    world.start(node);
    return node;
}

NodeId add_script(World& world, const std::string& name, Script::Start start) {
    NodeConfig config;
    config.name = name;
    return add_script(world, std::move(config), std::move(start));
}

void read_all(runtime::Connection& connection, std::string& into) {
    connection.read(1 << 20, [&connection, &into](Expected<Bytes, IoError> bytes) {
        if (!bytes) {
            into += std::string("[") + word(bytes.error().code) + "]";
        } else if (bytes->empty()) {
            into += "[end]";
        } else {
            into += as_text(bytes->view());
            read_all(connection, into);
        }
    });
}

namespace {

void accept_next(Script& self, std::string& into) {
    self.listeners.front()->accept([&](auto accepted) {
        if (!accepted) return;
        self.connections.push_back(std::move(*accepted));
        read_all(*self.connections.back(), into);
        accept_next(self, into);
    });
}

void send_next(Script& self, int number, Duration gap) {
    self.connections.front()->write(text_payload(std::to_string(number) + ","), {}, [](auto) {});
    const Instant next = self.runtime().clock.now() + gap;
    self.timers.push_back(self.runtime().executor.at(next, [&self, number, gap] {
        send_next(self, number + 1, gap);
    }));
}

}  // namespace

NodeId add_receiver(World& world, const std::string& name, std::string& into) {
    return add_script(world, name, [&into](Script& self) {
        auto listener = self.runtime().transport.listen({"TEST", {"0.0.0.0", 1}});
        ASSERT_TRUE(listener.has_value());
        self.listeners.push_back(std::move(*listener));
        accept_next(self, into);
    });
}

NodeId add_sender(World& world,
                  const std::string& name,
                  const std::string& peer,
                  Duration gap,
                  std::string* into) {
    return add_script(world, name, [peer, gap, into](Script& self) {
        self.runtime().transport.connect({peer, 1}, [&self, gap, into](auto connected) {
            ASSERT_TRUE(connected.has_value());
            self.connections.push_back(std::move(*connected));
            if (into != nullptr) read_all(*self.connections.back(), *into);
            send_next(self, 0, gap);
        });
    });
}

const char* word(IoCode code) {
    switch (code) {
        case IoCode::reset:
            return "reset";
        case IoCode::refused:
            return "refused";
        case IoCode::timed_out:
            return "timed_out";
        case IoCode::full:
            return "full";
        case IoCode::poisoned:
            return "poisoned";
        case IoCode::failed:
            return "failed";
        case IoCode::closed:
            return "closed";
        case IoCode::not_found:
            return "not_found";
        case IoCode::exists:
            return "exists";
    }
    return "";
}

Payload text_payload(const std::string& text) {
    return Bytes::copy_of(as_bytes(text));
}

}  // namespace glasslog::sim
