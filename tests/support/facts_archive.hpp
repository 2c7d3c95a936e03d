#pragma once

// A directory of Apache Kafka's, unpacked from GLASSLOG_FACTS into a temporary folder, and what
// Kafka's dump tool says of it.

#include "core/base/bytes.hpp"
#include "tests/support/facts.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace glasslog::support {

inline Bytes read_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    EXPECT_TRUE(in.good()) << path;
    return Bytes::from(std::vector<std::uint8_t>(std::istreambuf_iterator<char>(in), {}));
}

// Removed with this object.
class FactsArchive {
public:
    // name: of golden/files, without .tar.gz.
    explicit FactsArchive(const std::string& name) {
        const auto facts = facts_folder();
        if (!facts) return;
        std::string folder = (std::filesystem::temp_directory_path() / "glasslog-XXXXXX").string();
        if (mkdtemp(folder.data()) == nullptr) return;
        folder_ = folder;
        const std::string files = *facts + "/golden/files/" + name;
        run("tar xzf " + files + ".tar.gz -C " + folder);
        run("zcat " + files + ".dump.txt.gz > " + dump().string());
    }

    ~FactsArchive() {
        if (is_there()) std::filesystem::remove_all(folder_);
    }

    FactsArchive(const FactsArchive&) = delete;
    FactsArchive& operator=(const FactsArchive&) = delete;

    // False: GLASSLOG_FACTS is not set.
    bool is_there() const { return !folder_.empty(); }

    std::filesystem::path data() const { return folder_ / "data"; }

    // The dump tool's text.
    std::filesystem::path dump() const { return folder_ / "dump.txt"; }

private:
    static void run(const std::string& command) {
        EXPECT_EQ(std::system(command.c_str()), 0) << command;
    }

    std::filesystem::path folder_;
};

}  // namespace glasslog::support
