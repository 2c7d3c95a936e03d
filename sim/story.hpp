#pragma once

// Story: makes happen, at its time, what a scenario's blocks say.

#include "sim/chaos.hpp"
#include "sim/facts.hpp"
#include "sim/judge.hpp"
#include "sim/scenario.hpp"
#include "sim/stage.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>

namespace glasslog::sim {

class Story {
public:
    Story(const Scenario& scenario, Stage& stage, Facts& facts, Judge& judge);

    // Waits for the first block, and plans what happens by chance.
    void begin();

    // It was not asked for by name: that it bites is not promised.
    bool is_by_chance(FaultId id) const { return by_chance_.contains(id); }

    // Something that a `when` may wait for has changed. Cheap; callable from observers.
    void poke();

    // One step, now. As an event of the world.
    void perform(const Step& step);

    // Why the step, as a command, has no sense now: it names no fault, no node, or a process that
    // is in that state already. A step of the scenario itself is performed all the same, and
    // judged.
    std::optional<std::string> refusal_of(const Step& step);

    // Blocks that never ran are problems.
    void end();

    void on_say(UniqueFunction<void(const std::string& en, const std::string& pt)> callback) {
        say_ = std::move(callback);
    }

    // Values of lets ("L", "{L}") and of nodes ("b1"; "controller", while there is an active one),
    // and "running b1".
    const std::map<std::string, std::int64_t>& bound();

private:
    void arm(std::size_t block);
    void fire(std::size_t block);
    void evaluate();
    void give_up(std::size_t block);
    void inject(const FaultStep& step);
    void lasts(FaultId id, const FaultStep& step, NodeId node);
    void start_again(FaultId after, NodeId node);
    void happen(const ChaosPlay::Happening& what);
    void resume(NodeId node);
    std::optional<std::string> refusal_of(const FaultStep& step);
    std::optional<NodeId> node_of(const std::string& name);
    std::optional<Fault> fault_of(const FaultStep& step);

    const Scenario& scenario_;
    Stage& stage_;
    Facts& facts_;
    Judge& judge_;
    std::size_t next_ = 0;  // the block that is waited for
    bool is_waiting_ = false;
    bool is_poke_planned_ = false;
    std::map<std::string, std::int64_t> bound_;
    std::map<std::string, FaultId> labels_;
    std::set<FaultId> by_chance_;
    ChaosPlay chaos_;
    UniqueFunction<void(const std::string&, const std::string&)> say_;
};

}  // namespace glasslog::sim
