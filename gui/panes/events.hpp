#pragma once

#include "gui/model/session.hpp"

#include <QAbstractTableModel>
#include <QWidget>

class QListWidget;
class QListWidgetItem;
class QTableView;

namespace glasslog::gui {

// The events of a Session as rows; those of messages and requests on demand.
class EventModel final : public QAbstractTableModel {
    Q_OBJECT

public:
    EventModel(const Session& session, QObject* parent)
        : QAbstractTableModel(parent), session_(session) {}

    int rowCount(const QModelIndex& parent = {}) const override {
        return parent.isValid() ? 0 : int(rows_.size());
    }

    int columnCount(const QModelIndex& = {}) const override { return 3; }

    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

    // Takes the events that were added since; rows from the first that has moved are made again.
    void update();
    void set_with_messages(bool with_messages);

    // The last row among the first `count` events; -1: none.
    int row_before(std::size_t count) const;

    std::size_t position(int row) const { return rows_[std::size_t(row)].position; }

private:
    bool is_shown(const trace::Event& event) const;

    struct Row {
        std::size_t position;
        trace::EventId id;
    };

    const Session& session_;
    std::vector<Row> rows_;
    std::size_t seen_ = 0;  // events, of which the last was
    trace::EventId last_seen_;
    bool with_messages_ = false;
};

// The list of events, and beside it why the selected one happened.
class EventPane final : public QWidget {
    Q_OBJECT

public:
    EventPane(Session& session, QWidget* parent);

    // After new events, or another moment.
    void refresh();

signals:
    // Of a chosen event, in the timeline.
    void chosen(std::size_t position);

private:
    void show_why();

    Session& session_;
    EventModel* model_;
    QTableView* table_;
    QListWidget* why_;
    trace::EventId explained_;
    bool is_following_ = false;  // the selection moves with the moment, not by hand
};

}  // namespace glasslog::gui
