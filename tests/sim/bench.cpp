// How fast the simulator is: simulated seconds and events per second of CPU, with the trace written
// (to memory) and only hashed. Usage: sim_bench [SECONDS]
//
// One broker with two reactors, 1,000 records of 100 bytes a second, acks=all, linger 10 ms, one
// consumer, every fourth message in chunks: the load of the goal in docs/simulator.md.

#include "sim/run.hpp"
#include "sim/scenario_parser.hpp"

#include <fmt/format.h>

#include <ctime>
#include <string>

namespace glasslog::sim {
namespace {

enum class Tracing { off, on };

double cpu_seconds() {
    return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

void measure(const std::string& what, const Scenario& scenario, Tracing tracing) {
    trace::MemorySink sink;
    RunOptions options;
    if (tracing == Tracing::on) options.sink = &sink;
    const double begin = cpu_seconds();
    const RunReport report = run_scenario(scenario, 1, std::move(options));
    const double cpu = cpu_seconds() - begin;
    const double simulated = static_cast<double>(report.simulated.nanoseconds()) / 1e9;
    fmt::print(
        "{}, trace {}: {:.2f} s CPU, {:.0f} simulated s per CPU s, {:.0f} events/s, {} acked\n",
        what,
        tracing == Tracing::on ? "written" : "hashed",
        cpu,
        simulated / cpu,
        static_cast<double>(report.event_count) / cpu,
        report.acked);
}

}  // namespace
}  // namespace glasslog::sim

int main(int argc, char** argv) {
    using glasslog::sim::Tracing;
    const std::string seconds = argc > 1 ? argv[1] : "20";
    const std::string cluster =
        "scenario \"bench\"\ncluster brokers b1 reactors 2\n"
        "topic orders partitions 4\n";
    const auto busy = glasslog::sim::parse_scenario(
        cluster + "load p1 produce orders rate 1000/s size 100 acks=all linger 10ms\n" +
            "load c1 consume orders\nend at " + seconds + "s\n",
        "busy");
    const auto idle =
        glasslog::sim::parse_scenario(cluster + "load c1 consume orders\nend at " + seconds + "s\n",
                                      "idle");
    if (!busy || !idle) return 1;
    for (const Tracing tracing : {Tracing::off, Tracing::on, Tracing::off, Tracing::on})
        glasslog::sim::measure("1000 records/s", *busy, tracing);
    glasslog::sim::measure("idle", *idle, Tracing::off);
    return 0;
}
