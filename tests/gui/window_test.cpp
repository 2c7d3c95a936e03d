#include "gui/main_window.hpp"
#include "gui/panes/canvas.hpp"
#include "gui/panes/events.hpp"
#include "gui/scene/theme.hpp"
#include "tests/core/trace/sample.hpp"
#include "tests/gui/describe.hpp"

#include <QAction>
#include <QApplication>
#include <QFile>
#include <QLabel>
#include <QListWidget>
#include <QMouseEvent>
#include <QProcess>
#include <QTableView>
#include <QTemporaryDir>
#include <gtest/gtest.h>

namespace glasslog::gui {
namespace {

Instant at_ms(std::int64_t ms) {
    return Instant::from_nanoseconds(ms * 1'000'000);
}

// Gives the bytes it was told to, and notes the lines it was sent.
class ScriptedSource final : public Source {
public:
    ScriptedSource(std::vector<std::uint8_t> bytes,
                   bool is_steerable,
                   std::vector<std::string>& lines)
        : Source(is_steerable), bytes_(Bytes::from(std::move(bytes))), lines_(lines) {
        begin();
    }

    ~ScriptedSource() override { finish(); }

    void send(const std::string& line) override { lines_.push_back(line); }

protected:
    Piece read() override {
        if (bytes_.empty()) pause();
        return {.bytes = std::exchange(bytes_, {}), .is_end = false, .problem = {}};
    }

private:
    Bytes bytes_;
    std::vector<std::string>& lines_;
};

// Takes until `count` events have come.
void receive(Session& session, std::size_t count) {
    while (session.timeline().events().size() < count)
        session.receive(50);
}

class WindowTest : public ::testing::Test {
protected:
    std::unique_ptr<MainWindow> open(bool is_steerable) {
        auto source =
            std::make_unique<ScriptedSource>(trace::trace_file(events_, !is_steerable, seed_),
                                             is_steerable,
                                             lines_);
        auto window = std::make_unique<MainWindow>(std::move(source), QStringLiteral("run"));
        window->show();
        receive(window->session(), events_.size());
        window->refresh();
        return window;
    }

    static void click(MainWindow& window, const QString& canvas, const QString& id) {
        auto* const target = window.findChild<Canvas*>(canvas);
        const QPointF at = box_of(target->scene(), id).center();
        QMouseEvent press(QEvent::MouseButtonPress,
                          at,
                          target->mapToGlobal(at),
                          Qt::LeftButton,
                          Qt::LeftButton,
                          Qt::NoModifier);
        QApplication::sendEvent(target, &press);
    }

    static qreal share_of(const QImage& image, const QColor& color) {
        int count = 0;
        for (int y = 0; y < image.height(); ++y) {
            for (int x = 0; x < image.width(); ++x)
                count += image.pixelColor(x, y) == color ? 1 : 0;
        }
        return 1000.0 * count / (image.width() * image.height());
    }

    std::vector<trace::Event> events_ = trace::power_loss_story();
    std::vector<std::string> lines_;
    std::uint64_t seed_ = 7;
};

TEST_F(WindowTest, SeekingPlayingAndSteppingReachTheSamePicture) {
    const auto window = open(false);
    Session& session = window->session();
    session.seek(at_ms(650));
    const trace::Snapshot sought = session.now();
    const std::size_t count = session.count();

    session.seek({});
    session.set_speed(9);
    session.play(true);
    while (session.time() < at_ms(650))
        session.advance(Duration::milliseconds(50));
    EXPECT_EQ(session.now(), sought);

    session.seek_event(count + 3);
    for (int i = 0; i < 3; ++i)
        session.seek_event(session.count() - 1);
    EXPECT_EQ(session.now(), sought);
}

TEST_F(WindowTest, PlayingStopsAtTheEndOfARecordedRunAndBeginsAgain) {
    const auto window = open(false);
    Session& session = window->session();
    while (!session.is_ended())
        session.receive(50);
    session.seek(session.edge());
    session.play(true);
    EXPECT_EQ(session.time(), Instant()) << "from the start again";

    session.seek(at_ms(1299));
    session.advance(Duration::seconds(100));

    EXPECT_FALSE(session.is_playing());
    EXPECT_EQ(session.time(), session.edge());
}

TEST_F(WindowTest, ARecordedRunRefusesFaultsAndSaysWhy) {
    const auto window = open(false);
    click(*window, QStringLiteral("Cluster"), QStringLiteral("node:1"));

    for (const char* verb : {"crash", "power-loss", "restart", "cut", "heal"}) {
        auto* const action = window->findChild<QAction*>(QLatin1String(verb));
        EXPECT_FALSE(action->isEnabled()) << verb;
        EXPECT_EQ(action->toolTip().toStdString(),
                  "Not now: a recorded run cannot be changed: open a scenario.");
    }
    EXPECT_TRUE(lines_.empty());
}

TEST_F(WindowTest, AClickOnABrokerAndOnCrashTellsTheSimulator) {
    const auto window = open(true);
    window->session().seek(window->session().edge());
    window->refresh();
    click(*window, QStringLiteral("Cluster"), QStringLiteral("node:1"));
    lines_.clear();

    window->findChild<QAction*>(QStringLiteral("crash"))->trigger();

    EXPECT_EQ(lines_,
              (std::vector<std::string>{"at 1300000000ns crash b1", "run until 1301000000ns"}));
}

TEST_F(WindowTest, OnlyWhatFitsTheStateIsOffered) {
    const auto window = open(true);
    const auto offered = [&](std::int64_t ms) {
        // As if the run had come as far as that.
        window->session().seek(at_ms(ms));
        window->refresh();
        std::string names;
        for (const char* verb : {"crash", "power-loss", "restart", "cut", "heal"}) {
            const auto* const action = window->findChild<QAction*>(QLatin1String(verb));
            if (action->isEnabled()) names += std::string(verb) + ' ';
        }
        return names;
    };
    click(*window, QStringLiteral("Cluster"), QStringLiteral("node:1"));
    EXPECT_EQ(offered(1299), "crash power-loss ");
    EXPECT_EQ(window->findChild<QAction*>(QStringLiteral("restart"))->toolTip().toStdString(),
              "Not now: it is running.");
    window->session().selected = QStringLiteral("link:1:1001");
    EXPECT_EQ(offered(1299), "cut ");
    EXPECT_EQ(window->findChild<QAction*>(QStringLiteral("heal"))->toolTip().toStdString(),
              "Not now: it was not cut in this window.");
}

TEST_F(WindowTest, ANodeThatIsDownCanOnlyBeRestarted) {
    std::erase_if(events_, [](const trace::Event& e) { return e.time > at_ms(600); });
    const auto window = open(true);
    window->session().seek(at_ms(600));
    click(*window, QStringLiteral("Cluster"), QStringLiteral("node:1"));

    EXPECT_TRUE(window->findChild<QAction*>(QStringLiteral("restart"))->isEnabled());
    EXPECT_FALSE(window->findChild<QAction*>(QStringLiteral("power-loss"))->isEnabled());
    auto* const crash = window->findChild<QAction*>(QStringLiteral("crash"));
    EXPECT_FALSE(crash->isEnabled());
    EXPECT_EQ(crash->toolTip().toStdString(), "Not now: it is not running.");
}

TEST_F(WindowTest, ALinkThatIsCutIsNotCutAgain) {
    trace::Story story;
    story.add(0, trace::broker, trace::kinds::NodeStarted{"b1", "broker", 1});
    story.add(0, trace::producer, trace::kinds::NodeStarted{"p1", "producer", 1});
    story.add(1, no_node, trace::kinds::LinkChanged{trace::broker, trace::producer, "cut"});
    events_ = story.events();
    const auto window = open(true);
    window->session().seek(at_ms(1));
    click(*window, QStringLiteral("Cluster"), QStringLiteral("link:1:1001"));

    for (const char* verb : {"cut", "heal"})
        EXPECT_FALSE(window->findChild<QAction*>(QLatin1String(verb))->isEnabled()) << verb;
}

TEST_F(WindowTest, AnEventOfAnUnknownNodeAtTheEndOfTimeIsShown) {
    events_.back().time = Instant::never();
    events_.back().node = NodeId(77);
    const auto window = open(true);
    window->session().seek(Instant::never());
    window->session().selected = QStringLiteral("node:77");
    window->refresh();

    EXPECT_FALSE(window->findChild<QAction*>(QStringLiteral("crash"))->isEnabled());
    EXPECT_EQ(window->session().time(), Instant::never());
}

TEST_F(WindowTest, AnActIsFollowedByNoneUntilItIsSeen) {
    const auto window = open(true);
    window->session().seek(window->session().edge());
    window->refresh();
    click(*window, QStringLiteral("Cluster"), QStringLiteral("link:1:1001"));
    EXPECT_FALSE(window->findChild<QAction*>(QStringLiteral("crash"))->isEnabled());
    lines_.clear();

    window->findChild<QAction*>(QStringLiteral("cut"))->trigger();
    window->findChild<QAction*>(QStringLiteral("heal"))->trigger();

    EXPECT_EQ(lines_,
              (std::vector<std::string>{"at 1300000000ns cut b1 | p1 as b1-p1",
                                        "run until 1301000000ns"}));
    EXPECT_EQ(window->findChild<QAction*>(QStringLiteral("heal"))->toolTip().toStdString(),
              "Not now: the last act is still on its way.");
}

TEST_F(WindowTest, ThePastOfASimulationRefusesFaults) {
    const auto window = open(true);
    window->session().seek(at_ms(100));
    click(*window, QStringLiteral("Cluster"), QStringLiteral("node:1"));

    auto* const crash = window->findChild<QAction*>(QStringLiteral("crash"));

    EXPECT_FALSE(crash->isEnabled());
    EXPECT_TRUE(crash->toolTip().contains(QStringLiteral("this is the past")));
}

TEST_F(WindowTest, ABrokerAtWorkHasNeitherSeedNorVerdict) {
    const auto texts = [&] {
        const auto window = open(false);
        while (!window->session().is_ended())
            window->session().receive(50);
        window->refresh();
        QStringList all;
        for (const QLabel* label : window->findChildren<QLabel*>())
            all += label->text();
        return all;
    };
    std::erase_if(events_, [](const trace::Event& e) { return e.kind.value() / 10 == 14; });
    EXPECT_TRUE(texts().contains(QStringLiteral("no verdict yet")));
    EXPECT_TRUE(texts().contains(QStringLiteral("■ RECORDED  seed 7")));

    seed_ = 0;
    EXPECT_FALSE(texts().contains(QStringLiteral("no verdict yet")));
    EXPECT_TRUE(texts().contains(QStringLiteral("■ RECORDED")));
}

TEST_F(WindowTest, AMomentBeyondTheEndIsSaidToBe) {
    const auto window = open(false);
    const auto is_said = [&] {
        for (const QLabel* label : window->findChildren<QLabel*>()) {
            if (label->text().contains(QStringLiteral("9.000 000 s is beyond the end")))
                return true;
        }
        return false;
    };
    window->load_until(at_ms(9'000));
    EXPECT_TRUE(is_said());
    window->session().seek(at_ms(100));
    window->refresh();
    EXPECT_FALSE(is_said());
    window->load_until(at_ms(1'000));
    EXPECT_FALSE(is_said());
}

// Exit code and what it says, without a display.
std::string run_without_display(const QStringList& arguments) {
    QProcess process;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    for (const char* name : {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "XDG_RUNTIME_DIR"})
        environment.remove(QLatin1String(name));
    process.setProcessEnvironment(environment);
    process.start(QStringLiteral(GLASSLOG_GUI_BINARY), arguments);
    process.waitForFinished();
    return std::to_string(process.exitCode()) + " " + process.readAllStandardError().toStdString();
}

TEST_F(WindowTest, TheProgramSaysInOneLineWhatItCannotDo) {
    const QTemporaryDir directory;
    const QString path = directory.filePath(QStringLiteral("run.trace"));
    const auto bytes = trace::trace_file(events_);
    QFile file(path);
    ASSERT_TRUE(file.open(QIODevice::WriteOnly));
    file.write(reinterpret_cast<const char*>(bytes.data()), qint64(bytes.size()));
    file.close();

    EXPECT_EQ(run_without_display({path}),
              "2 glasslog-gui: no display; use --screenshot out.png\n");
    EXPECT_EQ(run_without_display({"--nix"}), "2 glasslog-gui: Unknown option 'nix'.\n");
    EXPECT_EQ(run_without_display({path, "--screenshot", directory.filePath("out.png")}), "0 ");
}

TEST_F(WindowTest, OnlyRestartResumeAndHealAreCures) {
    trace::Story story;
    for (const char* text : {"reset b1 | p1", "refuse-connects b1", "restart b1", "heal x"})
        story.add(1, no_node, trace::kinds::FaultInjected{text});
    events_ = story.events();
    const auto window = open(false);

    std::string kinds;
    for (const Mark& mark : window->session().marks())
        kinds += mark.kind == MarkKind::cure ? '+' : '-';
    EXPECT_EQ(kinds, "--++");
}

TEST_F(WindowTest, EventsThatArriveLateMoveOnlyWhatFollowsThem) {
    std::vector<trace::Event> late;
    for (std::size_t i = 0; i < events_.size(); i += 2)
        late.push_back(events_[i]);
    for (std::size_t i = 1; i < events_.size(); i += 2)
        late.push_back(events_[i]);
    Session session(std::make_unique<ScriptedSource>(trace::trace_file(late), false, lines_));
    EventModel model(session, nullptr);
    model.set_with_messages(true);
    int resets = 0;
    QObject::connect(&model, &QAbstractItemModel::modelReset, [&] { ++resets; });
    while (!session.is_ended()) {
        session.receive(50);
        model.update();
    }
    EventModel expected(session, nullptr);
    expected.set_with_messages(true);

    EXPECT_EQ(resets, 0);
    ASSERT_EQ(model.rowCount(), static_cast<int>(events_.size()));
    for (int row = 0; row < model.rowCount(); ++row)
        EXPECT_EQ(model.position(row), expected.position(row)) << row;
    EXPECT_TRUE(std::is_sorted(session.marks().begin(),
                               session.marks().end(),
                               [](auto& a, auto& b) { return a.time < b.time; }));
}

// A real child: what a click does to the node is seen in the picture.
TEST(LiveTest, CrashRestartCutAndHealReachTheSimulator) {
    auto source = start_simulator(GLASSLOG_BINARY,
                                  GLASSLOG_SOURCE_DIR "/scenarios/lessons/process-crash.scenario");
    ASSERT_TRUE(source) << source.error().text();
    MainWindow window(std::move(*source), QStringLiteral("process-crash"));
    window.load_until(at_ms(300));
    Session& session = window.session();
    const auto act = [&](const char* verb, const char* selected) {
        session.selected = QLatin1String(selected);
        window.refresh();
        auto* const action = window.findChild<QAction*>(QLatin1String(verb));
        ASSERT_TRUE(action->isEnabled()) << action->toolTip().toStdString();
        action->trigger();
        const Instant before = session.time();
        while (session.time() == before && !session.is_ended())
            session.receive(50);
    };
    const auto state = [&] { return session.now().nodes->at(NodeId(1))->state; };
    ASSERT_EQ(state(), trace::NodeState::up);

    act("crash", "node:1");
    EXPECT_EQ(state(), trace::NodeState::crashed);
    act("restart", "node:1");
    EXPECT_EQ(state(), trace::NodeState::up);
    act("cut", "link:1:3");
    EXPECT_EQ(session.now().links->size(), 2U) << "in both directions";
    act("heal", "link:1:3");
    EXPECT_TRUE(session.now().links->empty());
    act("power-loss", "node:1");
    EXPECT_EQ(state(), trace::NodeState::lost_power);
    session.selected = QStringLiteral("link:1:2");
    window.refresh();
    EXPECT_EQ(window.findChild<QAction*>(QStringLiteral("cut"))->toolTip().toStdString(),
              "Not now: the scenario does not name it.");
}

TEST(LiveTest, AScenarioIsShownAtItsEndWithItsVerdict) {
    auto source = start_simulator(GLASSLOG_BINARY,
                                  GLASSLOG_SOURCE_DIR "/scenarios/lessons/lost-answer.scenario");
    ASSERT_TRUE(source) << source.error().text();
    MainWindow window(std::move(*source), QStringLiteral("lost-answer"));

    window.load_until(Instant::never());

    ASSERT_TRUE(window.session().header());
    EXPECT_EQ(window.session().now().story->is_held, true);
}

TEST(LiveTest, TheStartOfAScenarioWaitsForItsHeader) {
    auto source = start_simulator(GLASSLOG_BINARY,
                                  GLASSLOG_SOURCE_DIR "/scenarios/lessons/lost-answer.scenario");
    ASSERT_TRUE(source) << source.error().text();
    MainWindow window(std::move(*source), QStringLiteral("lost-answer"));

    window.load_until({});

    EXPECT_TRUE(window.session().header());
    EXPECT_FALSE(window.session().timeline().events().empty());
}

TEST_F(WindowTest, PlayingAsksTheSimulatorForAsMuchAsIsShown) {
    const auto window = open(true);
    Session& session = window->session();
    session.seek(session.edge());
    session.set_speed(default_speed);
    session.play(true);
    lines_.clear();

    session.advance(Duration::milliseconds(100));

    EXPECT_EQ(lines_, std::vector<std::string>{"run until 1312000000ns"});
}

TEST_F(WindowTest, AtTheEndOfTheScenarioTheVerdictIsAskedFor) {
    trace::Story story;
    story.add(0, no_node, trace::kinds::TimeReached{});
    story.add(900, no_node, trace::kinds::TimeReached{});
    Session session(
        std::make_unique<ScriptedSource>(trace::trace_file(story.events(), false), true, lines_));

    session.want(Instant());
    session.want(at_ms(1000));
    receive(session, 2);

    EXPECT_EQ(lines_, (std::vector<std::string>{"run until 0ns", "run until 1000000000ns", "end"}));
}

TEST_F(WindowTest, ChoosingAnEventShowsItsMomentAndItsCauses) {
    const auto window = open(false);
    auto* const table = window->findChild<QTableView*>(QStringLiteral("events"));
    auto* const why = window->findChild<QListWidget*>(QStringLiteral("why"));
    int row = 0;
    while (!table->model()->index(row, 2).data().toString().contains(QStringLiteral("cuts")))
        ++row;

    table->setCurrentIndex(table->model()->index(row, 0));

    EXPECT_EQ(window->session().time(), at_ms(1100));
    EXPECT_EQ(window->session().selected, QStringLiteral("node:1"));
    ASSERT_EQ(why->count(), 5);
    EXPECT_EQ(why->item(4)->text().toStdString(), "← 0.600 000  world fault: power-loss b1");
}

TEST_F(WindowTest, ThePictureHasTheColoursOfItsMoment) {
    const auto window = open(false);
    window->session().seek(at_ms(265));
    window->refresh();
    const QImage running = window->grab().toImage();
    window->session().seek(at_ms(650));
    window->refresh();
    const QImage dark = window->grab().toImage();

    EXPECT_GT(share_of(running, theme::produce), 3.0) << "committed records, in thousandths";
    EXPECT_LT(share_of(running, theme::trouble), 1.0) << "the moment's line and a mark";
    EXPECT_GT(share_of(dark, theme::trouble), 1.2) << "the broker is down";
    EXPECT_GT(share_of(running, theme::paper), 500.0);
}

TEST_F(WindowTest, AFileThatGrowsIsReadOn) {
    const QTemporaryDir directory;
    const QString path = directory.filePath(QStringLiteral("run.trace"));
    const auto bytes = trace::trace_file(events_);
    QFile file(path);
    ASSERT_TRUE(file.open(QIODevice::WriteOnly | QIODevice::Unbuffered));
    const auto half = static_cast<qint64>(bytes.size() / 2);
    const auto* const begin = reinterpret_cast<const char*>(bytes.data());
    file.write(begin, half);
    Session session(open_file(path.toStdString()));
    while (!session.header())
        session.receive(50);
    EXPECT_TRUE(session.timeline().events().empty()) << "the block is not whole";
    EXPECT_FALSE(session.is_ended());

    file.write(begin + half, static_cast<qint64>(bytes.size()) - half);

    receive(session, events_.size());
    while (!session.is_ended())
        session.receive(50);
    EXPECT_EQ(session.timeline().events(), events_);
}

TEST_F(WindowTest, AFileThatIsNoTraceIsNamedAsSuch) {
    const QTemporaryDir directory;
    const QString path = directory.filePath(QStringLiteral("photo.png"));
    QFile file(path);
    ASSERT_TRUE(file.open(QIODevice::WriteOnly));
    file.write("PNG and more");
    file.close();
    Session session(open_file(path.toStdString()));

    while (!session.is_ended())
        session.receive(50);

    EXPECT_TRUE(session.problem().contains(QStringLiteral("not a trace")));
}

}  // namespace
}  // namespace glasslog::gui

int main(int argc, char** argv) {
    if (!qEnvironmentVariableIsSet("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
    const QApplication application(argc, argv);
    ::testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
