#pragma once

// Where a trace comes from: a file, perhaps still growing, several of them, or a child `glasslog
// sim serve`. A thread of the source reads and decodes; the window takes what has arrived as one
// batch a frame.

#include "core/trace/reader.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace glasslog::gui {

// problem: why reading ended early; is_ended: nothing more will come.
struct Batch {
    std::vector<trace::Event> events;
    std::optional<trace::TraceHeader> header;
    std::string problem;
    bool is_ended = false;
};

class Source {
public:
    virtual ~Source() = default;

    Batch take();

    // Whether lines have an effect.
    bool is_steerable() const { return is_steerable_; }

    // A line for the simulator.
    virtual void send(const std::string&) {}

protected:
    explicit Source(bool is_steerable) : is_steerable_(is_steerable) {}

    // What a read found: bytes; none yet; or the end, with a problem or without. file: of several,
    // counted from 0.
    struct Piece {
        Bytes bytes;
        bool is_end = false;
        std::string problem;
        std::size_t file = 0;
    };

    // Called by the thread again and again; returns within a tenth of a second.
    virtual Piece read() = 0;

    // What an event of a file is in the whole picture.
    virtual trace::Event placed(std::size_t, trace::Event event) { return event; }

    // The first and the last thing that a subclass does; read() is called in between.
    void begin();
    void finish();

    // Nothing more comes in this file.
    bool has_ended(std::size_t file) const {
        return file < readings_.size() && readings_[file].is_over;
    }

    // Waits a moment, shorter when finish() is called.
    void pause();

private:
    void run();
    void deliver(const Piece& piece);
    bool is_over() const;

    // One file, as far as it has been read.
    struct Reading {
        trace::TraceReader reader;
        bool is_over = false;
    };

    bool is_steerable_;
    std::vector<Reading> readings_;  // of the thread
    std::mutex mutex_;
    std::condition_variable changed_;
    Batch pending_;
    bool is_stopping_ = false;
    std::thread thread_;
};

std::unique_ptr<Source> open_file(const std::string& path);

// Several traces as one picture (core/trace/join.hpp). paths: files, and directories, which stand
// for the traces in them and directly below, also for those that come later.
std::unique_ptr<Source> open_joined(std::vector<std::string> paths);

// program: the glasslog command.
Expected<std::unique_ptr<Source>, IoError> start_simulator(const std::string& program,
                                                           const std::string& scenario);

}  // namespace glasslog::gui
