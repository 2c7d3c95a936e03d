#pragma once

// A scenario as a value: a cluster, its load, what happens to it and what must hold. Text to value
// and back: scenario_parser.hpp. The grammar: docs/scenario.md.

#include "core/base/time.hpp"
#include "sim/config.hpp"
#include "sim/crash_model.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace glasslog::sim {

// Where in the text something stands, from 1.
struct TextPlace {
    std::int32_t line = 0;
    std::int32_t column = 0;
};

// In the order of writing.
using Settings = std::vector<std::pair<std::string, std::string>>;

// --- numbers about the run

struct Number {
    std::int64_t value = 0;
};

// A `let`, or a node.
struct Name {
    std::string name;
    TextPlace place;
};

// log-end(orders-0), lost(p1), …; see facts.hpp.
struct Call {
    std::string function;
    std::string argument;
    TextPlace place;
};

using Term = std::variant<Number, Name, Call>;

enum class Relation : std::uint8_t { equal, unequal, less, at_most, more, at_least };

struct Comparison {
    Term left;
    Relation relation = Relation::equal;
    Term right;
};

// All of them.
using Condition = std::vector<Comparison>;

// --- what happens

// Narration; pt may be empty.
struct SayStep {
    std::string en;
    std::string pt;
};

// A fault by its verb (kind_of(Fault), or "stop": an orderly end) and what the verb takes; nodes
// are looked up when the step runs: "b1", "controller", or "{L}" of a let. label: `as split`.
// lasting: `for 2s`.
struct FaultStep {
    std::string verb;
    std::string first;
    std::string second;
    std::int64_t number = 0;
    Duration time;
    std::string path;
    std::optional<CrashModel> model;
    std::optional<Duration> lasting;
    std::string label;
    TextPlace place;
};

struct HealStep {
    std::string label;
    TextPlace place;
};

// Binds once.
struct LetStep {
    std::string name;
    Term value;
    TextPlace place;
};

// Must hold at this moment.
struct CheckStep {
    Condition condition;
    TextPlace place;
};

using Step = std::variant<SayStep, FaultStep, HealStep, LetStep, CheckStep>;

// Of the world's time.
struct At {
    Duration time;
};

// Since the block before.
struct After {
    Duration time;
};

// As soon as it holds; unless within the time given, the scenario fails with the words of `fail`.
struct When {
    Condition condition;
    Duration within = Duration::seconds(30);
    std::string fail;
};

// The blocks run one after the other: none before the one above it has run.
struct Block {
    std::variant<At, After, When> trigger;
    std::vector<Step> steps;
    TextPlace place;
};

// --- the cluster and its clients

struct TopicSpec {
    std::string name;
    std::int32_t partitions = 1;
    Settings configs;
};

struct ProduceLoad {
    std::int64_t rate_per_second = 100;
    std::int64_t size_bytes = 100;
    std::string acks = "all";
    bool is_idempotent = false;
    std::optional<std::int64_t> count;  // none: until the end
    Duration linger = Duration::milliseconds(5);
};

// is_repeating: begins at the earliest record again after a restart, as an application does that
// does not keep its position with its results.
struct ConsumeLoad {
    bool is_repeating = false;
};

// Creates topics while the run goes on: a1-0, a1-1, …, each asked for once.
struct TopicsLoad {
    std::int64_t rate_per_second = 5;
    std::int64_t partitions = 1;
    std::optional<std::int64_t> count;  // none: until the end
};

// Changes who votes in the quorum: takes a voter out, by chance, and puts it in again.
struct VotersLoad {
    Duration every = Duration::seconds(1);
};

struct LoadSpec {
    std::string client;
    std::string topic;  // of producers and consumers
    std::variant<ProduceLoad, ConsumeLoad, TopicsLoad, VotersLoad> work;
    TextPlace place;
};

// --- chance

// One kind of fault that happens by chance: `crash 0.2/s ..2s`.
struct ChaosKind {
    std::string verb;  // of those that chaos_words() names
    std::int64_t per_thousand_seconds = 0;
    Duration lasting_max;
};

// Faults at keyed-random times from `from` to `to`. is_swarm: each seed leaves some kinds out.
struct Chaos {
    Duration from;
    Duration to;
    bool is_swarm = false;
    std::vector<ChaosKind> kinds;
    std::string targets;       // "controllers", "brokers" or "servers": both
    std::int64_t at_most = 1;  // of the targets are touched at a time: the fault budget
};

// What must always hold: "acked-records-kept", …; see invariants/.
struct Always {
    std::string name;
    TextPlace place;
};

// Turns the verdict round: the lesson passes when this promise is seen broken.
struct ExpectViolation {
    std::string name;
    TextPlace place;
};

// Looked at in the end, when faults are healed and the log has been read.
struct ExpectCondition {
    Condition condition;
    TextPlace place;
};

using Expect = std::variant<ExpectViolation, ExpectCondition>;

struct Scenario {
    std::string title;
    std::string about;
    std::string level;
    std::int32_t minutes = 0;
    std::string model = "keyed/1";
    std::uint64_t seed = 1;
    std::string twin_of;  // the scenario whose mistake this one makes
    std::string mistake;  // of the broker's code, by name; see mistakes.hpp

    std::vector<std::string> brokers;
    std::vector<std::string> controllers;  // empty: b1 is its own controller, alone
    bool is_combined = false;              // `controllers` are the brokers
    std::int32_t reactors = 1;
    Settings broker_configs;
    Latency latency = NetworkConfig{}.latency;
    DiskConfig disk;
    CrashModel crash_model;
    std::vector<TopicSpec> topics;
    std::vector<LoadSpec> loads;
    std::vector<Chaos> chaos;

    std::vector<Block> blocks;
    std::vector<Always> always;
    std::vector<Expect> expects;
    Duration end = Duration::seconds(10);
};

// Every node that serves: brokers, then controllers of their own, in the order of their numbers.
std::vector<std::string> server_names(const Scenario& scenario);

// The scenario as a file that parses to the same value.
std::string print(const Scenario& scenario);
std::string print(const Condition& condition);
std::string print(const Step& step);

}  // namespace glasslog::sim
