#pragma once

// Every colour, font and size of the window. Colours were chosen by measurement: text at least
// 4.5:1, marks 3:1 on white, and apart from each other under three kinds of colour blindness.
// Meaning is always repeated by shape, hatch, dash or text.

#include <QColor>
#include <QFont>

namespace glasslog::gui::theme {

inline const QColor paper{0xFF, 0xFF, 0xFF};
inline const QColor panel{0xF4, 0xF5, 0xF7};
inline const QColor ink{0x16, 0x16, 0x16};
inline const QColor secondary{0x56, 0x5C, 0x66};
inline const QColor outline{0x8A, 0x90, 0x99};
inline const QColor grid{0xE3, 0xE6, 0xEA};
inline const QColor produce{0x2F, 0x6F, 0xE8};   // circle; committed records, solid
inline const QColor cure{0x22, 0x67, 0x5E};      // triangle on the time axis
inline const QColor consume{0xB2, 0x8C, 0x46};   // square, with an ink outline
inline const QColor trouble{0xA1, 0x03, 0x03};   // X, dash, hatch: lost, down, violated
inline const QColor consumed{0xC9, 0xDC, 0xFB};  // pale, with a produce outline
inline const QColor quorum{0x55, 0x01, 0x71};    // hexagon, diamond: who leads, votes, their log
inline const QColor leading{0xEB, 0xDD, 0xF2};   // in the hexagon of the leader
inline const QColor epoch_0{0xE6, 0xD3, 0xF0};   // of cells; boundaries are dotted and named, too
inline const QColor epoch_1{0xCB, 0xE9, 0xDD};
inline const QColor epoch_2{0xF6, 0xE2, 0xB8};
inline const QColor epoch_3{0xCF, 0xE0, 0xF8};
inline const QColor halo{0xFF, 0xE2, 0x7A};  // around what is selected

inline constexpr int body = 13;   // pixels
inline constexpr int small = 11;  // nothing is smaller
inline constexpr int clock = 17;
inline constexpr int title = 15;

inline constexpr qreal node_line = 2;
inline constexpr qreal leader_line = 2.6;
inline constexpr qreal mark_radius = 8;
inline constexpr qreal cell_height = 24;
inline constexpr qreal cell_width = 27;  // offsets are printed in every cell

inline QFont font(int pixels, bool is_bold = false) {
    QFont out(QStringLiteral("DejaVu Sans"));
    out.setPixelSize(pixels);
    out.setBold(is_bold);
    return out;
}

// Of the whole application: palette, font, and the style sheet of its widgets.
void apply();

}  // namespace glasslog::gui::theme
