#include "gui/scene/theme.hpp"

#include <QApplication>
#include <QPalette>

namespace glasslog::gui {

void theme::apply() {
    QPalette colors(panel, paper);
    for (const auto role : {QPalette::Window, QPalette::Base})
        colors.setColor(role, paper);
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        colors.setColor(QPalette::Active, role, ink);
    colors.setColor(QPalette::Disabled, QPalette::ButtonText, outline);
    colors.setColor(QPalette::Highlight, halo);
    colors.setColor(QPalette::HighlightedText, ink);
    QApplication::setPalette(colors);
    QApplication::setFont(font(body));
    const QString sheet = QStringLiteral(
        "QLabel { color: %3; background: transparent }"
        "QToolBar, QStatusBar, #story { background: %1; border: none }"
        "QToolBar { spacing: 2px; padding: 4px 6px }"
        "QToolButton { border: 1px solid transparent; outline: none; padding: 4px 8px }"
        "QTableView, QListWidget { border: 1px solid %2 }"
        "QHeaderView::section { background: %1; border: none; padding: 3px }"
        "QSplitter::handle { background: %2 }");
    qApp->setStyleSheet(sheet.arg(panel.name(), grid.name(), ink.name()));
}

}  // namespace glasslog::gui
