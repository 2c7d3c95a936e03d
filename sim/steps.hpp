#pragma once

// The part of the grammar that scenarios and the commands of serve share: steps and conditions.

#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "sim/scenario.hpp"
#include "sim/token.hpp"

#include <string>
#include <vector>

namespace glasslog::sim {

// The names that a line may use.
struct Vocabulary {
    std::vector<std::string> nodes;  // brokers, controllers, clients; "controller": who is active
    std::vector<std::string> servers;
    std::vector<std::string> creators;  // of topics
    std::vector<std::string> changers;  // of voters
    std::vector<std::string> producers;
    std::vector<std::string> consumers;
    std::vector<std::string> partitions;  // "orders-0"
    std::vector<std::string> lets;
    std::vector<std::string> labels;
    bool has_commands = false;  // labels and lets are known at run time only
};

Vocabulary vocabulary_of(const Scenario& scenario);

// The first words of steps.
const std::vector<std::string>& step_words();

Expected<Step, InputError> take_step(TokenLine& line, const Vocabulary& words);
Expected<Condition, InputError> take_condition(TokenLine& line, const Vocabulary& words);
Expected<CrashModel, InputError> take_crash_model(TokenLine& line);

// The promises that `always` and `expect violation` name.
const std::vector<std::string>& promise_names();

// Functions of conditions, and what their argument is.
enum class Subject : std::uint8_t { node, server, producer, consumer, creator, changer, partition };

struct FunctionFacts {
    std::string_view name;
    Subject subject = Subject::node;
};

const std::vector<FunctionFacts>& functions();

}  // namespace glasslog::sim
