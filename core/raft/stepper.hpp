#pragma once

// Stepper: one step of a Raft machine (raft.hpp) while it runs; only the machine's own files
// include it. Each group of functions stands in the file that its line names.

#include "core/raft/raft.hpp"

#include <cstdint>

namespace glasslog::raft {

class Stepper {
public:
    Stepper(const Options& options, State& state, Instant now)
        : options_(options), s_(state), now_(now) {}

    Effects take(const Event& event);

private:
    // --- raft.cpp: dispatch, time
    void on(const Start&);
    void on(const Tick&);
    void on(const Received& event);
    void on(const Answered& event);
    void on(const Failed& event);
    void on(const Synced& event);
    void expire_questions();
    void finish();
    Instant next_deadline() const;

    // --- roles.cpp: moves between roles, and what is asked in each
    void become_unattached(LeaderEpoch epoch);
    void become_prospective();
    void become_candidate();
    void become_leader();
    void become_follower(const View& view);
    void become_resigned();
    void expect_update();
    void leave_role(WireError why);
    bool is_of_other(const View& view) const;
    void take_view(const View& view);
    void give_up_asking();
    void role_deadline_passed();
    View view() const;
    std::uint64_t draw();
    Duration election_timeout();
    Duration election_backoff();

    // --- questions.cpp: what goes out to other nodes
    void ask_around();
    void ask_for_votes();
    void tell_epoch_begins();
    Instant begin_due(const Progress& voter) const;
    void tell_epoch_ends();
    void ask_leader();
    void ask_for_records(NodeId to, Duration max_wait);
    void look_for_leader();
    bool ask_about_voters(NodeId leader);
    void ask(NodeId to, Request request, bool after_sync);
    bool is_ready(NodeId to) const;
    void back_off(NodeId to);
    void reply(RequestToken token, Response response);

    // --- election.cpp
    void on(const Refused& event);
    void answer(RequestToken token, const VoteRequest& request);
    void answer(RequestToken token, const BeginQuorumEpochRequest& request);
    void answer(RequestToken token, const EndQuorumEpochRequest& request);
    WireError vote_refusal(const VoteRequest& request) const;
    bool grants(const VoteRequest& request) const;
    bool is_up_to_date(const VoteRequest& request) const;
    void take(const Outstanding& question, const VoteResponse& response);
    void take(const Outstanding& question, const BeginQuorumEpochResponse& response);
    void take(const Outstanding& question, const EndQuorumEpochResponse& response);
    void count_votes();
    Duration succession_delay(const std::vector<ReplicaKey>& successors) const;
    bool is_mine(const ReplicaKey& voter) const;
    bool is_meant(const ReplicaKey& voter) const;

    // --- leading.cpp
    void on(const Propose& event);
    void on(const Read& event);
    void on(const Resign&);
    void answer(RequestToken token, const FetchRequest& request);
    WireError fetch_refusal(const FetchRequest& request) const;
    std::optional<log::EpochEnd> divergence(const FetchRequest& request) const;
    bool needs_snapshot(const FetchRequest& request) const;
    Progress* note_fetch(const FetchRequest& request);
    void forget_observers();
    void note_quorum();
    void park(ParkedFetch fetch);
    FetchResponse fetch_head() const;
    void serve_parked();
    void append(Append batch);
    void append_leader_change(std::vector<NodeId> granting);
    void advance_high_watermark();
    void set_high_watermark(Offset to);
    void complete_reads();
    void rebuild_progress();

    // --- following.cpp
    void take(const Outstanding& question, const FetchResponse& response);
    void take_late(RequestId id, const FetchResponse& response);
    void take_batches(RequestId id, const FetchResponse& response);
    void cut(Offset end);
    void follow_high_watermark(Offset told);

    // --- snapshots.cpp
    void on(const SnapshotTaken& event);
    void on(const SnapshotInstalled& event);
    void on(const SnapshotRefused& event);
    void answer(RequestToken token, const FetchSnapshotRequest& request);
    void take(const Outstanding& question, const FetchSnapshotResponse& response);

    // --- membership.cpp
    void answer(RequestToken token, const AddVoterRequest& request);
    void answer(RequestToken token, const RemoveVoterRequest& request);
    void answer(RequestToken token, const UpdateVoterRequest& request);
    void introduce(const Voter& voter);
    void answer(RequestToken token, const ProbeRequest& request);
    void take(const Outstanding& question, const VoterChangeResponse& response);
    void take(const Outstanding& question, const ProbeResponse& response);
    WireError change_refusal(bool needs_dynamic_voters) const;
    bool is_caught_up(const ReplicaKey& key) const;
    void append_voters(VoterChange change);
    void end_change(WireError error);
    void complete_change();
    void answer_change(RequestToken token, WireError error);
    void answer_waiting(VoterChange& change, WireError error);

    // --- upgrade.cpp
    void on(const UpgradeKraftVersion& event);
    UpgradeReply upgrade_refusal(std::int16_t level) const;
    VoterLack lack_of(NodeId id, std::int16_t level) const;
    const Voter* introduced(NodeId id) const;
    UpgradeReply introduce_all(std::int16_t level, VoterSet& target);
    Voter own_voter() const;

    bool is_leader() const { return s_.role == Role::leader; }

    const Options& options_;
    State& s_;
    Instant now_;
    Effects fx_;
    bool speaks_of_vote_ = false;  // what is sent rests on the quorum state
};

}  // namespace glasslog::raft
