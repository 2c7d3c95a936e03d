#include "core/cli/shareable_text.hpp"

#include <gtest/gtest.h>

namespace glasslog::cli {
namespace {

TEST(ShareableTextTest, HidesWhatMayBeASecretAndNothingElse) {
    EXPECT_EQ(shareable_text({{"log.dirs", "/data"},
                              {"ssl.keystore.password", "p1"},
                              {"listener.name.a.PLAIN.sasl.jaas.config", "p2"},
                              {"ssl.keystore.key", "p3"},
                              {"delegation.token.secret", "p4"},
                              {"Custom.Password", "p5"}}),
              "Custom.Password=[hidden]\n"
              "delegation.token.secret=[hidden]\n"
              "listener.name.a.PLAIN.sasl.jaas.config=[hidden]\n"
              "log.dirs=/data\n"
              "ssl.keystore.key=[hidden]\n"
              "ssl.keystore.password=[hidden]\n");
}

}  // namespace
}  // namespace glasslog::cli
