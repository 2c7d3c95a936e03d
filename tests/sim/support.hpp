#pragma once

// Small programs for tests of the world.

#include "sim/world.hpp"

#include <functional>
#include <string>
#include <vector>

namespace glasslog::sim {

// A program whose whole behaviour is given as one function, run at its start. `keep` holds what
// must live as long as the program.
class Script final : public Program {
public:
    using Start = std::function<void(Script& self)>;

    Script(std::vector<runtime::Runtime> given, Start start)
        : reactors(std::move(given)), start_(std::move(start)) {}

    void start() override { start_(*this); }

    runtime::Runtime& runtime() { return reactors.front(); }

    std::vector<runtime::Runtime> reactors;
    std::vector<runtime::Timer> timers;
    std::vector<std::unique_ptr<runtime::Listener>> listeners;
    std::vector<std::unique_ptr<runtime::Connection>> connections;
    std::vector<std::unique_ptr<runtime::File>> files;

private:
    Start start_;
};

// Adds and starts a node that runs `start`.
NodeId add_script(World& world, NodeConfig config, Script::Start start);
NodeId add_script(World& world, const std::string& name, Script::Start start);

// Everything that arrives on `connection`, as text, until its end or an error, which is appended as
// "[end]" or "[reset]".
void read_all(runtime::Connection& connection, std::string& into);

// Listens on port 1 and reads all that one connection sends.
NodeId add_receiver(World& world, const std::string& name, std::string& into);

// Connects to port 1 of `peer` and sends "0,1,2,…" one number each `gap`. What it reads, which is
// an error when the connection breaks, goes to `into`.
NodeId add_sender(World& world,
                  const std::string& name,
                  const std::string& peer,
                  Duration gap,
                  std::string* into = nullptr);

// The enumerator.
const char* word(IoCode code);

Payload text_payload(const std::string& text);

}  // namespace glasslog::sim
