#include "gui/main_window.hpp"
#include "gui/panes/canvas.hpp"
#include "tests/core/trace/sample.hpp"
#include "tests/gui/describe.hpp"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <gtest/gtest.h>

namespace glasslog::gui {
namespace {

using trace::kinds::ConnectionOpened;
using trace::kinds::NodeStarted;
using trace::kinds::QuorumRoleChanged;

// A directory as `glasslog up --trace` leaves it.
class JoinedTest : public ::testing::Test {
protected:
    void write(NodeId node, const trace::Story& story, const std::string& machine = "m") {
        const QString below = QStringLiteral("node-%1").arg(node.value());
        ASSERT_TRUE(QDir(directory_.path()).mkpath(below));
        trace::MemorySink sink;
        trace::TraceWriter writer(sink,
                                  {.seed = 0,
                                   .build = "test",
                                   .configuration = {},
                                   .origin = {machine, node.value() * 1'000'000LL}});
        for (const trace::Event& event : story.events())
            writer.add(event);
        writer.flush();
        QFile file(directory_.filePath(below + QStringLiteral("/trace")));
        ASSERT_TRUE(file.open(QIODevice::WriteOnly));
        file.write(reinterpret_cast<const char*>(sink.bytes().data()), qint64(sink.bytes().size()));
    }

    static trace::Story life(NodeId node) {
        trace::Story story;
        const std::string name = "node " + std::to_string(node.value());
        story.add(0, node, NodeStarted{name, "broker", 1});
        story.add(1, node, QuorumRoleChanged{"unattached", LeaderEpoch(0), no_node, no_node});
        return story;
    }

    std::unique_ptr<Source> open() { return open_joined({directory_.path().toStdString()}); }

    QTemporaryDir directory_;
};

void receive(Session& session, std::size_t count) {
    while (session.timeline().events().size() < count)
        session.receive(50);
}

TEST_F(JoinedTest, ADirectoryIsOnePicture) {
    trace::Story one = life(NodeId(1));
    trace::Story two = life(NodeId(2));
    one.add(5, NodeId(1), ConnectionOpened{1, NodeId(1), no_node, "h:50000", "h:10093"});
    two.add(6, NodeId(2), ConnectionOpened{1, no_node, NodeId(2), "h:10093", "h:50000"});
    write(NodeId(1), one);
    write(NodeId(2), two);
    MainWindow window(open(), QStringLiteral("cluster"));
    window.show();

    receive(window.session(), 6);
    window.session().seek(window.session().edge());
    window.refresh();

    const auto* map = window.findChild<Canvas*>(QStringLiteral("Cluster"));
    const auto* quorum = window.findChild<Canvas*>(QStringLiteral("Metadata quorum"));
    EXPECT_TRUE(describe(map->scene()).contains(QStringLiteral("line link:1:2")));
    EXPECT_TRUE(quorum->isVisible());
    EXPECT_TRUE(quorum->scene().words().contains(QStringLiteral("nobody leads")));
}

TEST_F(JoinedTest, ANodeThatStartsLaterIsSeen) {
    write(NodeId(1), life(NodeId(1)));
    Session session(open());
    receive(session, 2);

    write(NodeId(2), life(NodeId(2)));

    receive(session, 4);
    EXPECT_EQ(session.all().nodes->size(), 2U);
    EXPECT_FALSE(session.is_ended());
}

TEST_F(JoinedTest, TracesThatDoNotFitAreNamed) {
    write(NodeId(1), life(NodeId(1)));
    write(NodeId(2), life(NodeId(2)), "another");
    Session session(open());

    while (!session.is_ended())
        session.receive(50);

    EXPECT_TRUE(session.problem().contains(QStringLiteral("another machine")))
        << session.problem().toStdString();
}

}  // namespace
}  // namespace glasslog::gui
