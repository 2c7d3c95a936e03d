#include "gui/panes/events.hpp"

#include "core/trace/index.hpp"
#include "core/trace/why.hpp"
#include "gui/scene/marks.hpp"
#include "gui/scene/theme.hpp"

#include <QCheckBox>
#include <QHeaderView>
#include <QLabel>
#include <QListWidget>
#include <QTableView>
#include <QVBoxLayout>

#include <algorithm>

namespace glasslog::gui {
namespace {

namespace kinds = trace::kinds;

QString shown(const std::string& text) {
    return QString::fromStdString(text);
}

QString where(const std::string& topic, PartitionIndex partition) {
    return shown(trace::PartitionName{topic, partition}.text());
}

// What a kind says, in words; empty: its fields tell as much.
struct Words {
    const trace::Snapshot& names;

    QString node(NodeId id) const { return shown(names.node_name(id)); }

    QString operator()(const kinds::NodeStarted&) const { return QObject::tr("starts"); }

    QString operator()(const kinds::NodeCrashed& k) const {
        return k.how == "power" ? QObject::tr("loses power") : QObject::tr("crashes");
    }

    QString operator()(const kinds::MessageSent& k) const {
        return QObject::tr("sends %1 %2 to %3, %4 bytes")
            .arg(api_name(k.api_key),
                 k.is_response ? QObject::tr("reply") : QObject::tr("request"),
                 node(k.to))
            .arg(k.bytes);
    }

    QString operator()(const kinds::MessageDelivered&) const {
        return QObject::tr("receives a message");
    }

    QString operator()(const kinds::MessageDropped& k) const {
        return QObject::tr("a message is lost: %1").arg(shown(k.reason));
    }

    QString operator()(const kinds::RequestReceived& k) const {
        return QObject::tr("begins %1").arg(api_name(k.api_key));
    }

    QString operator()(const kinds::RequestParked& k) const {
        return QObject::tr("parks %1").arg(api_name(k.api_key));
    }

    QString operator()(const kinds::RequestAnswered& k) const {
        return QObject::tr("answers %1, error %2").arg(api_name(k.api_key)).arg(k.error);
    }

    QString operator()(const kinds::LogOpened& k) const {
        return QObject::tr("%1 opened, offsets %2 to %3")
            .arg(where(k.topic, k.partition))
            .arg(k.log_start.value())
            .arg(k.log_end.value());
    }

    QString operator()(const kinds::RecoveryStarted& k) const {
        return QObject::tr("%1 recovery from %2")
            .arg(where(k.topic, k.partition))
            .arg(k.from.value());
    }

    QString operator()(const kinds::RecoveryCut& k) const {
        return QObject::tr("%1 recovery cuts %3 bytes at offset %2")
            .arg(where(k.topic, k.partition))
            .arg(k.offset.value())
            .arg(k.bytes);
    }

    QString operator()(const kinds::RecoveryFinished& k) const {
        return QObject::tr("%1 recovered up to %2")
            .arg(where(k.topic, k.partition))
            .arg(k.log_end.value());
    }

    QString operator()(const kinds::BatchAppended& k) const {
        return QObject::tr("%1 appends %2 to %3")
            .arg(where(k.topic, k.partition))
            .arg(k.base.value())
            .arg(k.last.value());
    }

    QString operator()(const kinds::LogSynced& k) const {
        return QObject::tr("%1 synced up to %2")
            .arg(where(k.topic, k.partition))
            .arg(k.upto.value());
    }

    QString operator()(const kinds::HighWatermarkMoved& k) const {
        return QObject::tr("%1 high watermark %2")
            .arg(where(k.topic, k.partition))
            .arg(k.to.value());
    }

    QString operator()(const kinds::RecordProduced& k) const {
        return QObject::tr("%1 sends %2 records").arg(where(k.topic, k.partition)).arg(k.records);
    }

    QString operator()(const kinds::ProduceAcked& k) const {
        return QObject::tr("%1 promised %2 to %3")
            .arg(where(k.topic, k.partition))
            .arg(k.base.value())
            .arg(k.base.value() + k.count - 1);
    }

    QString operator()(const kinds::RecordConsumed& k) const {
        return QObject::tr("%1 reads %2 to %3")
            .arg(where(k.topic, k.partition))
            .arg(k.from.value())
            .arg(k.next.value() - 1);
    }

    QString operator()(const kinds::Said& k) const { return QObject::tr("“%1”").arg(shown(k.en)); }

    QString operator()(const kinds::FaultInjected& k) const {
        return QObject::tr("fault: %1").arg(shown(k.text));
    }

    QString operator()(const kinds::LogLine& k) const { return shown(k.text); }

    QString operator()(const kinds::Verdict& k) const {
        return (k.is_held ? QObject::tr("holds: %1") : QObject::tr("violated: %1"))
            .arg(shown(k.text));
    }

    template <typename Kind>
    QString operator()(const Kind&) const {
        return {};
    }
};

}  // namespace

QString time_text(Instant time) {
    const std::int64_t us = time.nanoseconds() / 1000;
    return QStringLiteral("%1.%2 %3")
        .arg(us / 1'000'000)
        .arg(us / 1000 % 1000, 3, 10, QLatin1Char('0'))
        .arg(us % 1000, 3, 10, QLatin1Char('0'));
}

QString sentence(const trace::Event& event, const trace::Snapshot& names) {
    const auto kind = trace::decode(event);
    const QString text = kind ? std::visit(Words{names}, *kind) : QString();
    if (!text.isEmpty()) return text;
    const std::uint16_t number = event.kind.value();
    return shown(trace::kind_name(number) + " " + trace::fields_text(number, event.payload));
}

EventModel::EventModel(const Session& session, QObject* parent)
    : QAbstractTableModel(parent), session_(session) {}

int EventModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : int(rows_.size());
}

int EventModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : 3;
}

QVariant EventModel::data(const QModelIndex& index, int role) const {
    const auto& event = session_.timeline().events()[position(index.row())];
    if (role == Qt::ForegroundRole) {
        return position(index.row()) < session_.count() ? theme::ink : theme::secondary;
    }
    if (role == Qt::ToolTipRole) {
        return shown(trace::kind_name(event.kind.value()) + "\n" +
                     trace::fields_text(event.kind.value(), event.payload));
    }
    if (role != Qt::DisplayRole) return {};
    const trace::Snapshot names = session_.all();
    if (index.column() == 0) return time_text(event.time);
    if (index.column() == 1) return shown(names.node_name(event.node));
    return sentence(event, names);
}

QVariant EventModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
    const QString names[] = {tr("Time, s"), tr("Node"), tr("What happened")};
    return names[section];
}

bool EventModel::is_shown(const trace::Event& event) const {
    if (with_messages_) return true;
    const std::uint16_t number = event.kind.value();
    const bool is_traffic = number >= 20 && number < 60 && number != 26;
    return !is_traffic && number != kinds::DiskSynced::kind.number &&
           number != kinds::TimeReached::kind.number;
}

void EventModel::update() {
    const auto& events = session_.timeline().events();
    std::vector<std::size_t> added;
    for (; seen_ < events.size(); ++seen_) {
        if (is_shown(events[seen_])) added.push_back(seen_);
    }
    if (added.empty()) return;
    beginInsertRows({}, int(rows_.size()), int(rows_.size() + added.size()) - 1);
    rows_.insert(rows_.end(), added.begin(), added.end());
    endInsertRows();
}

void EventModel::set_with_messages(bool with_messages) {
    beginResetModel();
    with_messages_ = with_messages;
    rows_.clear();
    seen_ = 0;
    endResetModel();
    update();
}

int EventModel::row_before(std::size_t count) const {
    const auto end = std::lower_bound(rows_.begin(), rows_.end(), count);
    return int(end - rows_.begin()) - 1;
}

EventPane::EventPane(Session& session, QWidget* parent) : QWidget(parent), session_(session) {
    model_ = new EventModel(session, this);
    table_ = new QTableView(this);
    table_->setModel(model_);
    table_->setObjectName(QStringLiteral("events"));
    table_->setAccessibleName(tr("Events"));
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->setSelectionMode(QAbstractItemView::SingleSelection);
    table_->setShowGrid(false);
    table_->setWordWrap(false);
    table_->verticalHeader()->hide();
    table_->verticalHeader()->setDefaultSectionSize(20);
    table_->horizontalHeader()->setStretchLastSection(true);
    table_->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    table_->setColumnWidth(0, 92);
    table_->setColumnWidth(1, 60);
    auto* all = new QCheckBox(tr("Messages and requests too"), this);
    why_ = new QListWidget(this);
    why_->setObjectName(QStringLiteral("why"));
    why_->setAccessibleName(tr("Why"));
    why_->setWordWrap(true);
    auto* why_title = new QLabel(tr("Why did it happen?"), this);
    why_title->setFont(theme::font(theme::body, true));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(12, 4, 8, 4);
    column->setSpacing(4);
    column->addWidget(all);
    column->addWidget(table_, 3);
    column->addWidget(why_title);
    column->addWidget(why_, 2);
    connect(all, &QCheckBox::toggled, this, [this](bool on) {
        model_->set_with_messages(on);
        refresh();
    });
    connect(table_->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this] {
        show_why();
        const QModelIndex row = table_->currentIndex();
        if (row.isValid() && !is_following_) emit chosen(model_->position(row.row()));
    });
    connect(why_, &QListWidget::itemDoubleClicked, this, [this](QListWidgetItem* item) {
        emit chosen(std::size_t(item->data(Qt::UserRole).toULongLong()));
    });
}

void EventPane::refresh() {
    model_->update();
    const int row = model_->row_before(session_.count());
    is_following_ = true;
    table_->setCurrentIndex(row < 0 ? QModelIndex() : model_->index(row, 0));
    is_following_ = false;
    table_->viewport()->update();
}

void EventPane::show_why() {
    why_->clear();
    const QModelIndex row = table_->currentIndex();
    if (!row.isValid()) return;
    const auto& events = session_.timeline().events();
    const trace::Snapshot names = session_.all();
    for (const auto& reason :
         trace::why(session_.timeline(), events[model_->position(row.row())].id, 12)) {
        const trace::Event& event = events[reason.position];
        const QString arrow = reason.depth == 0 ? QString() : QStringLiteral("← ");
        auto* item = new QListWidgetItem(arrow + time_text(event.time) + QStringLiteral("  ") +
                                             shown(names.node_name(event.node)) + QLatin1Char(' ') +
                                             sentence(event, names),
                                         why_);
        item->setData(Qt::UserRole, qulonglong(reason.position));
    }
}

}  // namespace glasslog::gui
