#include "gui/model/sentences.hpp"

#include "core/protocol/api.hpp"

#include <map>

namespace glasslog::gui {
namespace {

// {field} stands for its value, that of a node or an API for its name.
const std::map<std::string_view, const char*> sentences = {
    {"node_started", QT_TR_NOOP("starts")},
    {"node_crashed", QT_TR_NOOP("goes down: {how}")},
    {"node_stopped", QT_TR_NOOP("stops in order")},
    {"node_paused", QT_TR_NOOP("is paused")},
    {"node_resumed", QT_TR_NOOP("goes on")},
    {"clock_jumped", QT_TR_NOOP("clock jumps by {by_ns} ns, drift {drift_ppm} ppm")},
    {"connection_opened", QT_TR_NOOP("connects to {to}")},
    {"connection_closed", QT_TR_NOOP("connection {connection} ends: {reason}")},
    {"message_sent", QT_TR_NOOP("sends {api_key} {is_response} to {to}, {bytes} bytes")},
    {"message_due_moved", QT_TR_NOOP("a message is delayed")},
    {"message_delivered", QT_TR_NOOP("receives a message")},
    {"message_dropped", QT_TR_NOOP("a message is lost: {reason}")},
    {"link_changed", QT_TR_NOOP("link from {from} to {to} is {state}")},
    {"request_received", QT_TR_NOOP("begins {api_key} v{api_version}")},
    {"request_answered", QT_TR_NOOP("answers {api_key}, error {error}")},
    {"client_named", QT_TR_NOOP("connection {connection} is of {name}")},
    {"log_opened", QT_TR_NOOP("{topic}-{partition} opened, {log_start} to {log_end}")},
    {"recovery_started", QT_TR_NOOP("{topic}-{partition} recovery from {from}")},
    {"recovery_cut", QT_TR_NOOP("{topic}-{partition} recovery cuts {bytes} bytes at {offset}")},
    {"recovery_finished", QT_TR_NOOP("{topic}-{partition} recovered up to {log_end}")},
    {"batch_appended", QT_TR_NOOP("{topic}-{partition} appends {base} to {last}")},
    {"log_synced", QT_TR_NOOP("{topic}-{partition} synced below {upto}")},
    {"high_watermark_moved", QT_TR_NOOP("{topic}-{partition} high watermark {to}")},
    {"log_start_moved", QT_TR_NOOP("{topic}-{partition} begins at {to}")},
    {"log_truncated", QT_TR_NOOP("{topic}-{partition} is cut back to {to}")},
    {"segment_rolled", QT_TR_NOOP("{topic}-{partition} new segment from {base}")},
    {"segment_deleted", QT_TR_NOOP("{topic}-{partition} segment {base} deleted")},
    {"partition_deleted", QT_TR_NOOP("{topic}-{partition} deleted")},
    {"leader_changed", QT_TR_NOOP("{topic}-{partition} led by {leader}, epoch {leader_epoch}")},
    {"topic_created", QT_TR_NOOP("topic {topic} with {partitions} partitions")},
    {"topic_deleted", QT_TR_NOOP("topic {topic} deleted")},
    {"broker_registered", QT_TR_NOOP("{broker} is registered, epoch {broker_epoch}")},
    {"metadata_committed", QT_TR_NOOP("metadata committed up to {offset}")},
    {"quorum_role_changed", QT_TR_NOOP("{role} in epoch {epoch}; leader: {leader}")},
    {"quorum_vote_answered",
     QT_TR_NOOP("answers {candidate}, {is_pre_vote} of epoch {epoch}: {is_granted}")},
    {"quorum_committed", QT_TR_NOOP("metadata log committed below {to}")},
    {"quorum_voters_changed", QT_TR_NOOP("voters {voters}")},
    {"quorum_snapshot", QT_TR_NOOP("metadata snapshot below {end}, {bytes} bytes")},
    {"disk_synced", QT_TR_NOOP("{path} synced, {bytes} bytes")},
    {"disk_failed", QT_TR_NOOP("{operation} of {path} fails: {error}")},
    {"disk_state", QT_TR_NOOP("disk is {state}")},
    {"disk_crashed", QT_TR_NOOP("{kept_bytes} of {written_bytes} unsynced bytes left of {path}")},
    {"record_produced", QT_TR_NOOP("{topic}-{partition} sends {records}")},
    {"produce_acked", QT_TR_NOOP("{topic}-{partition} acked {count} from {base}")},
    {"produce_failed", QT_TR_NOOP("{topic}-{partition} failed {count}, error {error}")},
    {"record_consumed", QT_TR_NOOP("{topic}-{partition} read {count} from {from}")},
    {"said", QT_TR_NOOP("“{en}”")},
    {"fault_injected", QT_TR_NOOP("fault: {text}")},
    {"invariant_violated", QT_TR_NOOP("broken: {name}: {text}")},
    {"expectation", QT_TR_NOOP("expected: {text}: {is_met}")},
    {"verdict", QT_TR_NOOP("verdict: {text}")},
    {"time_reached", QT_TR_NOOP("all is told up to here")},
    {"log_line", QT_TR_NOOP("{text}")}};

QString value_text(const trace::Field& field, bool has_peer, const trace::Snapshot& names) {
    const QString value = shown(field.value);
    const bool is_end = field.name == "from" || field.name == "to";
    const bool is_node =
        field.name == "leader" || field.name == "broker" || field.name == "candidate";
    // Of nobody a role says -1: an election, or nobody is known.
    if (field.name == "leader" && field.value == "-1") return tr("nobody");
    if (is_node || (is_end && has_peer)) return shown(names.node_name(NodeId(value.toInt())));
    if (field.name == "api_key") return api_name(value.toShort());
    if (field.name == "is_pre_vote") return field.value == "true" ? tr("pre-vote") : tr("vote");
    if (field.name == "is_granted") return field.value == "true" ? tr("yes") : tr("no");
    if (field.name != "is_response") return value;
    return field.value == "true" ? tr("reply") : tr("request");
}

}  // namespace

QString api_name(std::int16_t api_key) {
    return shown(protocol::api_name(static_cast<protocol::ApiKey>(api_key)));
}

QString time_text(Instant time) {
    const std::int64_t us = time.nanoseconds() / 1000;
    return QStringLiteral("%1.%2 %3")
        .arg(us / 1'000'000)
        .arg(us / 1000 % 1000, 3, 10, QLatin1Char('0'))
        .arg(us % 1000, 3, 10, QLatin1Char('0'));
}

QString sentence(const trace::Event& event, const trace::Snapshot& names) {
    const std::uint16_t number = event.kind.value();
    const std::string kind = trace::kind_name(number);
    const auto found = sentences.find(kind);
    if (found == sentences.end())
        return shown(kind + " " + trace::fields_text(number, event.payload));
    QString text = tr(found->second);
    const bool has_peer = number < trace::kinds::RequestReceived::kind.number;  // of the network
    for (const trace::Field& field : trace::fields_of(number, event.payload)) {
        text.replace(QStringLiteral("{%1}").arg(shown(field.name)),
                     value_text(field, has_peer, names));
    }
    return text;
}

}  // namespace glasslog::gui
