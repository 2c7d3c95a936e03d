#include "gui/panes/events.hpp"

#include "core/trace/why.hpp"
#include "gui/model/sentences.hpp"
#include "gui/scene/theme.hpp"

#include <QCheckBox>
#include <QGridLayout>
#include <QHeaderView>
#include <QLabel>
#include <QListWidget>
#include <QTableView>

#include <algorithm>
#include <functional>

namespace glasslog::gui {

QVariant EventModel::data(const QModelIndex& index, int role) const {
    const auto& event = session_.timeline().events()[position(index.row())];
    if (role == Qt::ForegroundRole)
        return position(index.row()) < session_.count() ? theme::ink : theme::secondary;
    if (role == Qt::ToolTipRole) {
        return shown(trace::kind_name(event.kind.value()) + "\n" +
                     trace::fields_text(event.kind.value(), event.payload));
    }
    if (role != Qt::DisplayRole) return {};
    if (index.column() == 0) return time_text(event.time);
    const trace::Snapshot names = session_.all();
    return index.column() == 1 ? shown(names.node_name(event.node)) : sentence(event, names);
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
    return !is_traffic && number != trace::kinds::DiskSynced::kind.number &&
           number != trace::kinds::TimeReached::kind.number;
}

// An event that is filed earlier moves all that follow it, so what kept its place is a beginning.
void EventModel::update() {
    const auto& events = session_.timeline().events();
    const auto has_moved = [&](const Row& row) { return events[row.position].id != row.id; };
    if (seen_ > 0 && events[seen_ - 1].id != last_seen_) {
        const auto kept = std::partition_point(rows_.begin(), rows_.end(), std::not_fn(has_moved));
        const int first = int(kept - rows_.begin());
        seen_ = first == 0 ? 0 : rows_[std::size_t(first) - 1].position + 1;
        if (kept != rows_.end()) {
            beginRemoveRows({}, first, int(rows_.size()) - 1);
            rows_.erase(kept, rows_.end());
            endRemoveRows();
        }
    }
    std::vector<Row> added;
    for (; seen_ < events.size(); ++seen_) {
        last_seen_ = events[seen_].id;
        if (is_shown(events[seen_])) added.push_back({seen_, last_seen_});
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
    const auto is_before = [count](const Row& row) { return row.position < count; };
    const auto end = std::partition_point(rows_.begin(), rows_.end(), is_before);
    return int(end - rows_.begin()) - 1;
}

EventPane::EventPane(Session& session, QWidget* parent) : QWidget(parent), session_(session) {
    model_ = new EventModel(session, this);
    table_ = new QTableView;
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
    table_->setColumnWidth(1, 74);
    auto* all = new QCheckBox(tr("Messages and requests too"));
    why_ = new QListWidget;
    why_->setObjectName(QStringLiteral("why"));
    why_->setAccessibleName(tr("Why"));
    why_->setWordWrap(true);
    auto* why_title = new QLabel(tr("Why did it happen?"));
    why_title->setFont(theme::font(theme::body, true));
    auto* grid = new QGridLayout(this);
    grid->setContentsMargins(14, 0, 14, 8);
    grid->setSpacing(6);
    grid->addWidget(all, 0, 0);
    grid->addWidget(why_title, 0, 1);
    grid->addWidget(table_, 1, 0);
    grid->addWidget(why_, 1, 1);
    grid->setColumnStretch(0, 5);
    grid->setColumnStretch(1, 4);
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
        const trace::EventId id(item->data(Qt::UserRole).toULongLong());
        if (const auto position = session_.timeline().find(id)) emit chosen(*position);
    });
}

void EventPane::refresh() {
    is_following_ = true;
    model_->update();
    const int row = model_->row_before(session_.count());
    const QModelIndex current = row < 0 ? QModelIndex() : model_->index(row, 0);
    table_->setCurrentIndex(current);
    table_->scrollTo(current, QAbstractItemView::PositionAtCenter);
    is_following_ = false;
    table_->viewport()->update();
}

void EventPane::show_why() {
    const auto& events = session_.timeline().events();
    const QModelIndex row = table_->currentIndex();
    const auto id = row.isValid() ? events[model_->position(row.row())].id : trace::no_event;
    if (id == explained_) return;
    explained_ = id;
    why_->clear();
    const trace::Snapshot names = session_.all();
    for (const auto& reason : trace::why(session_.timeline(), id, 12)) {
        const trace::Event& event = events[reason.position];
        QString text = reason.depth == 0 ? QString() : QStringLiteral("← ");
        text += time_text(event.time) + "  " + shown(names.node_name(event.node)) + ' ';
        auto* item = new QListWidgetItem(text + sentence(event, names), why_);
        item->setData(Qt::UserRole, qulonglong(event.id.value()));
    }
    why_->scrollToTop();
}

}  // namespace glasslog::gui
