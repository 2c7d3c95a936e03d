#pragma once

// For tests of the real machine: a directory that goes when the test does.

#include "core/os/process.hpp"

#include <gtest/gtest.h>

#include <string>

namespace glasslog::os {

class TemporaryDirectoryTest : public testing::Test {
protected:
    TemporaryDirectoryTest() : root_(*make_temporary_directory("glasslog-os-test")) {}

    ~TemporaryDirectoryTest() override {
        ignore(remove_tree(root_), "what is left lies among the temporary files");
    }

    const std::string& root() const { return root_; }

    std::string path(const std::string& name) const { return root_ + "/" + name; }

private:
    std::string root_;
};

}  // namespace glasslog::os
