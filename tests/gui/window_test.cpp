#include "gui/main_window.hpp"
#include "gui/panes/canvas.hpp"
#include "gui/panes/events.hpp"
#include "gui/scene/theme.hpp"
#include "tests/core/trace/sample.hpp"

#include <QAction>
#include <QApplication>
#include <QFile>
#include <QListWidget>
#include <QMouseEvent>
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
        : bytes_(Bytes::from(std::move(bytes))), is_steerable_(is_steerable), lines_(lines) {
        begin();
    }

    ~ScriptedSource() override { finish(); }

    void send(const std::string& line) override { lines_.push_back(line); }

    bool is_steerable() const override { return is_steerable_; }

protected:
    Piece read() override {
        if (bytes_.empty()) pause();
        return {.bytes = std::exchange(bytes_, {}), .is_end = false, .problem = {}};
    }

private:
    Bytes bytes_;
    bool is_steerable_;
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
        auto source = std::make_unique<ScriptedSource>(trace::trace_file(events_, !is_steerable),
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
        const QPointF at = target->scene().box_of(id).center();
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

TEST_F(WindowTest, ALinkIsCutAndHealedByName) {
    const auto window = open(true);
    window->session().seek(window->session().edge());
    window->refresh();
    click(*window, QStringLiteral("Cluster"), QStringLiteral("link:1:1001"));
    EXPECT_FALSE(window->findChild<QAction*>(QStringLiteral("crash"))->isEnabled());
    lines_.clear();

    window->findChild<QAction*>(QStringLiteral("cut"))->trigger();
    window->findChild<QAction*>(QStringLiteral("heal"))->trigger();

    ASSERT_EQ(lines_.size(), 4U);
    EXPECT_EQ(lines_[0], "at 1300000000ns cut b1 | p1 as b1-p1");
    EXPECT_EQ(lines_[2], "at 1301000000ns heal b1-p1");
}

TEST_F(WindowTest, ThePastOfASimulationRefusesFaults) {
    const auto window = open(true);
    window->session().seek(at_ms(100));
    click(*window, QStringLiteral("Cluster"), QStringLiteral("node:1"));

    auto* const crash = window->findChild<QAction*>(QStringLiteral("crash"));

    EXPECT_FALSE(crash->isEnabled());
    EXPECT_TRUE(crash->toolTip().contains(QStringLiteral("this is the past")));
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
