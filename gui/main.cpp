// glasslog-gui FILE…|DIR|SCENARIO: shows a trace or several as one picture, or starts a simulator
// and shows what it tells.

#include "core/os/process.hpp"
#include "core/os/trace_files.hpp"
#include "gui/main_window.hpp"
#include "gui/model/sentences.hpp"

#include <QApplication>
#include <QCommandLineParser>
#include <QDir>
#include <QFileInfo>

#include <algorithm>
#include <cstdio>
#include <optional>

namespace glasslog::gui {
namespace {

constexpr int exit_unusable = 2;

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

// The glasslog command: beside this program, or in PATH.
std::string command_path() {
    const QString beside = QCoreApplication::applicationDirPath() + QStringLiteral("/glasslog");
    return QFileInfo::exists(beside) ? beside.toStdString() : "glasslog";
}

// A .scenario is simulated, everything else is read as a trace, or as several.
Expected<std::unique_ptr<Source>, IoError> open(const QStringList& inputs) {
    const std::string path = inputs.front().toStdString();
    if (inputs.front().endsWith(QLatin1String(".scenario")))
        return start_simulator(command_path(), path);
    if (inputs.size() == 1 && !os::is_directory(path)) return open_file(path);
    std::vector<std::string> paths;
    for (const QString& input : inputs)
        paths.push_back(input.toStdString());
    return open_joined(std::move(paths));
}

// Why these cannot be opened; empty when they can.
QString why_not(const QStringList& inputs) {
    if (inputs.isEmpty())
        return tr("a trace, a directory of traces or a scenario is wanted; see --help");
    for (const QString& input : inputs) {
        if (!QFileInfo::exists(input)) return tr("%1: no such file").arg(input);
        const bool is_scenario = input.endsWith(QLatin1String(".scenario"));
        if (is_scenario && inputs.size() > 1)
            return tr("%1: one scenario is simulated alone").arg(input);
        if (!os::is_directory(input.toStdString())) continue;
        const auto found = os::trace_files(input.toStdString());
        if (!found) return shown(found.error().text());
        if (found->empty())
            return tr("%1: no trace in it; glasslog up --trace writes some").arg(input);
    }
    return {};
}

// Without a display: nobody can mend what Qt says of these.
void skip_noise(QtMsgType type, const QMessageLogContext& context, const QString& text) {
    if (text.contains("XDG_RUNTIME_DIR not set") || text.contains("propagateSizeHints")) return;
    std::fprintf(stderr, "%s\n", qPrintable(qFormatLogMessage(type, context, text)));
}

int run(bool has_display) {
    QCommandLineParser parser;
    parser.setApplicationDescription(tr(
        "Shows a run of Glasslog: a recorded trace, also while it grows, the traces of a "
        "cluster's\n"
        "nodes as one picture, or a scenario that is simulated while you watch.\n\n"
        "Examples:\n"
        "  glasslog-gui run.trace\n"
        "  glasslog-gui /tmp/cluster        of glasslog up --nodes 3 --data /tmp/cluster --trace\n"
        "  glasslog-gui node-1/trace node-2/trace\n"
        "  glasslog-gui scenarios/lessons/power-loss.scenario\n"
        "  glasslog-gui run.trace --at 3s --screenshot out.png"));
    parser.addHelpOption();
    parser.addOption({"at", tr("Show this moment (3s, 250ms)."), "time"});
    parser.addOption({"screenshot",
                      tr("Write a picture and end; needs no display. Without --at: of the "
                         "end of the run."),
                      "file"});
    parser.addPositionalArgument("input",
                                 tr("Trace files, a directory of traces, or a .scenario file."),
                                 "input...");
    const QStringList arguments = QApplication::arguments();
    if (!parser.parse(arguments)) return refuse(parser.errorText());
    parser.process(arguments);  // --help
    const QStringList inputs = parser.positionalArguments();
    const QString picture = parser.value("screenshot");
    const std::optional<Instant> at = parse_time(parser.value("at"));
    if (const QString reason = why_not(inputs); !reason.isEmpty()) return refuse(reason);
    if (parser.isSet("at") && !at)
        return refuse(tr("--at '%1': a time like 3s or 250ms is wanted").arg(parser.value("at")));
    if (!has_display && picture.isEmpty())
        return refuse(tr("no display; use --screenshot out.png"));
    auto source = open(inputs);
    if (!source) return refuse(shown(source.error().text()));
    const QString& input = inputs.front();
    MainWindow window(std::move(*source), QDir(input).dirName());
    window.show();
    if (at || !picture.isEmpty()) window.load_until(at.value_or(Instant::never()));
    if (picture.isEmpty()) return QApplication::exec();
    QCoreApplication::processEvents();
    const QString problem = window.session().problem();
    if (!window.session().header())
        return refuse(input + ": " + (problem.isEmpty() ? tr("no trace yet") : problem));
    if (!window.grab().save(picture)) return refuse(tr("%1 cannot be written").arg(picture));
    return 0;
}

}  // namespace
}  // namespace glasslog::gui

int main(int argc, char** argv) {
    const char* const displays[] = {"QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"};
    const bool has_display =
        std::any_of(std::begin(displays), std::end(displays), qEnvironmentVariableIsSet);
    if (!has_display) qputenv("QT_QPA_PLATFORM", "offscreen");
    if (qgetenv("QT_QPA_PLATFORM") == "offscreen")
        qInstallMessageHandler(glasslog::gui::skip_noise);
    const QApplication application(argc, argv);
    QApplication::setApplicationName(QStringLiteral("glasslog-gui"));
    QApplication::setStyle(QStringLiteral("Fusion"));
    return glasslog::gui::run(has_display);
}
