// glasslog-gui [FILE|SCENARIO]: shows a trace, or starts a simulator and shows what it tells.

#include "core/os/process.hpp"
#include "gui/main_window.hpp"

#include <QApplication>
#include <QCommandLineParser>
#include <QFileInfo>

#include <cstdio>
#include <optional>

namespace glasslog::gui {
namespace {

constexpr int exit_unusable = 2;

struct Options {
    QString input;
    std::optional<Instant> at;
    QString screenshot;
};

int refuse(const QString& text) {
    std::fprintf(stderr, "glasslog-gui: %s\n", qPrintable(text));
    return exit_unusable;
}

// "3s", "14.8s", "250ms".
std::optional<Instant> parse_time(const QString& text) {
    const bool is_ms = text.endsWith(QLatin1String("ms"));
    const bool is_s = !is_ms && text.endsWith(QLatin1Char('s'));
    if (!is_ms && !is_s) return std::nullopt;
    bool is_number = false;
    const double number = text.chopped(is_ms ? 2 : 1).toDouble(&is_number);
    if (!is_number || number < 0 || number > 1e6) return std::nullopt;
    return Instant::from_nanoseconds(std::int64_t(number * (is_ms ? 1e6 : 1e9)));
}

std::optional<Options> parse(const QCoreApplication& application, QString& problem) {
    QCommandLineParser parser;
    parser.setApplicationDescription(QObject::tr(
        "Shows a run of Glasslog: a recorded trace, also while it grows, or a scenario that is\n"
        "simulated while you watch.\n\n"
        "Examples:\n"
        "  glasslog-gui run.trace\n"
        "  glasslog-gui scenarios/lessons/power-loss.scenario\n"
        "  glasslog-gui run.trace --at 3s --screenshot out.png"));
    parser.addHelpOption();
    const QCommandLineOption at("at", QObject::tr("Show this moment (3s, 250ms)."), "time");
    const QCommandLineOption shot(
        "screenshot",
        QObject::tr("Write a picture and end; needs no display. Without --at: of the run's end."),
        "file");
    parser.addOptions({at, shot});
    parser.addPositionalArgument(QStringLiteral("input"),
                                 QObject::tr("A trace file or a .scenario file."));
    parser.process(application);
    Options options;
    if (parser.positionalArguments().size() != 1) {
        problem = QObject::tr("one trace file or scenario is wanted; see --help");
        return std::nullopt;
    }
    options.input = parser.positionalArguments().front();
    options.screenshot = parser.value(shot);
    if (parser.isSet(at)) {
        options.at = parse_time(parser.value(at));
        if (!options.at)
            problem =
                QObject::tr("--at '%1': a time like 3s or 250ms is wanted").arg(parser.value(at));
    }
    if (!QFileInfo::exists(options.input))
        problem = QObject::tr("%1: no such file").arg(options.input);
    if (!problem.isEmpty()) return std::nullopt;
    return options;
}

// The glasslog command: beside this program, or in PATH.
std::string command_path() {
    const QString beside = QCoreApplication::applicationDirPath() + QStringLiteral("/glasslog");
    return QFileInfo::exists(beside) ? beside.toStdString() : "glasslog";
}

int run(QApplication& application) {
    QString problem;
    const auto options = parse(application, problem);
    if (!options) return refuse(problem);
    const std::string input = options->input.toStdString();
    std::unique_ptr<Source> source;
    if (options->input.endsWith(QLatin1String(".scenario"))) {
        auto simulator = start_simulator(command_path(), input);
        if (!simulator) return refuse(QString::fromStdString(simulator.error().text()));
        source = std::move(*simulator);
    } else {
        source = open_file(input);
    }
    MainWindow window(std::move(source), QFileInfo(options->input).fileName());
    window.show();
    const bool is_picture = !options->screenshot.isEmpty();
    if (options->at || is_picture) window.load_until(options->at.value_or(Instant::never()));
    if (!is_picture) return QApplication::exec();
    QCoreApplication::processEvents();
    if (!window.session().header()) {
        const QString why = window.session().problem();
        return refuse(options->input +
                      (why.isEmpty() ? QObject::tr(": no trace yet") : ": " + why));
    }
    if (!window.grab().save(options->screenshot))
        return refuse(QObject::tr("%1 cannot be written").arg(options->screenshot));
    return 0;
}

}  // namespace
}  // namespace glasslog::gui

int main(int argc, char** argv) {
    const bool has_display =
        qEnvironmentVariableIsSet("DISPLAY") || qEnvironmentVariableIsSet("WAYLAND_DISPLAY");
    if (!has_display && !qEnvironmentVariableIsSet("QT_QPA_PLATFORM"))
        qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(argc, argv);
    QApplication::setApplicationName(QStringLiteral("glasslog-gui"));
    QApplication::setStyle(QStringLiteral("Fusion"));
    return glasslog::gui::run(application);
}
