#include "sim/mistakes.hpp"

#include <algorithm>
#include <array>

namespace glasslog::sim {
namespace {

using broker::BrokerRules;

struct Mistake {
    const char* name;
    void (*make)(BrokerRules& rules);
};

constexpr std::array mistakes{
    Mistake{
        "keep-torn-tail",
        [](BrokerRules& rules) { rules.storage.recovery = storage::RecoveryRule::keep_torn_tail; }},
    Mistake{"sync-answers-unwritten",
            [](BrokerRules& rules) {
                rules.storage.sync = storage::StorageRules::Sync::answer_unwritten;
            }},
    Mistake{"high-watermark-ahead",
            [](BrokerRules& rules) {
                rules.replication.high_watermark = replication::HighWatermarkRule::ahead_of_log_end;
            }},
    Mistake{"forget-duplicates",
            [](BrokerRules& rules) {
                rules.storage.duplicates = log::DuplicateRule::forget;
                rules.replication.duplicates = log::DuplicateRule::forget;
            }},
    Mistake{"quorum-never-flushes",
            [](BrokerRules& rules) { rules.quorum.flush = raft::FlushRule::never; }},
    Mistake{"disruptive-rejoin",
            [](BrokerRules& rules) { rules.quorum.pre_vote = raft::PreVoteRule::none; }},
    Mistake{"leader-without-checkquorum",
            [](BrokerRules& rules) { rules.quorum.check_quorum = raft::CheckQuorumRule::none; }},
    Mistake{"no-log-check-in-vote",
            [](BrokerRules& rules) { rules.quorum.vote_log = raft::VoteLogRule::any_log; }},
    Mistake{"vote-not-persisted",
            [](BrokerRules& rules) { rules.quorum.vote = raft::VoteRule::reply_at_once; }},
};

}  // namespace

const std::vector<std::string>& mistake_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> out;
        for (const Mistake& mistake : mistakes)
            out.emplace_back(mistake.name);
        return out;
    }();
    return names;
}

broker::BrokerRules rules_with(const std::string& mistake) {
    BrokerRules rules;
    for (const Mistake& known : mistakes) {
        if (known.name == mistake) known.make(rules);
    }
    return rules;
}

}  // namespace glasslog::sim
