#pragma once

#include "core/trace/snapshot.hpp"

#include <QObject>

namespace glasslog::gui {

inline QString tr(const char* text) {
    return QObject::tr(text);
}

inline QString shown(const std::string& text) {
    return QString::fromStdString(text);
}

// What one event says, in words; kinds without a sentence of their own list their fields.
QString sentence(const trace::Event& event, const trace::Snapshot& names);

// "Produce", "Fetch", …; "request 99" when unknown.
QString api_name(std::int16_t api_key);

// "1.250 000", in seconds.
QString time_text(Instant time);

}  // namespace glasslog::gui
