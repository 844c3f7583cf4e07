#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "app/child.hpp"
#include "app/paths.hpp"
#include "app/pipe_lines.hpp"
#include "app/welcome.hpp"

namespace twinpane::app {
namespace {

class Folder : public ::testing::Test {
  protected:
    void SetUp() override {
        char name[] = "/tmp/twinpane-app-XXXXXX";
        ASSERT_NE(::mkdtemp(name), nullptr);
        path_ = name;
    }
    void TearDown() override { std::filesystem::remove_all(path_); }

    std::filesystem::path path_;
};

using Paths = Folder;

unsigned mode_of(const std::filesystem::path& path) {
    struct stat facts{};
    return ::stat(path.c_str(), &facts) == 0 ? facts.st_mode & 0777U : 0;
}

TEST_F(Paths, TheDataFolderIsMadeForItsOwnerOnly) {
    LoadedConfig loaded;
    loaded.path = (path_ / "twinpane.yaml").string();
    const auto data = data_folder(loaded, "");
    ASSERT_TRUE(data);
    EXPECT_EQ(*data, path_ / "data");
    EXPECT_EQ(mode_of(*data), 0700U);
}

TEST_F(Paths, AKeyIsMadeOnceAndStays) {
    const auto first = secret_key(path_, "auth.key");
    ASSERT_TRUE(first);
    EXPECT_EQ(first->size(), 64U);
    EXPECT_EQ(mode_of(path_ / "keys/auth.key"), 0600U);
    EXPECT_EQ(*secret_key(path_, "auth.key"), *first);
    EXPECT_NE(*secret_key(path_, "other.key"), *first);
    std::ofstream(path_ / "keys/auth.key") << "short";
    EXPECT_FALSE(secret_key(path_, "auth.key"));
}

TEST_F(Paths, PrivateFilesReplaceOldOnesWhole) {
    const auto file = path_ / "login.txt";
    std::ofstream(file) << "old";
    ASSERT_TRUE(write_private(file, "new"));
    EXPECT_EQ(*read_file(file, 100), "new");
    EXPECT_EQ(mode_of(file), 0600U);
    EXPECT_FALSE(read_file(file, 2));
    EXPECT_FALSE(write_private(path_ / "no/such/folder", "x"));
}

TEST(PipeLines, HalfLinesWaitForTheirEndAndEndlessOnesAreDropped) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_NONBLOCK), 0);
    PipeLines lines(ends[0]);
    ASSERT_EQ(::write(ends[1], "ready 1\nac", 10), 10);
    EXPECT_EQ(lines.read(), (std::vector<std::string>{"ready 1"}));
    ASSERT_EQ(::write(ends[1], "count x\n", 8), 8);
    EXPECT_EQ(lines.read(), (std::vector<std::string>{"account x"}));
    const std::string endless(6000, 'x');
    ASSERT_EQ(::write(ends[1], endless.data(), endless.size()), 6000);
    EXPECT_TRUE(lines.read().empty());
    ::close(ends[1]);
    EXPECT_TRUE(lines.read().empty());
    EXPECT_TRUE(lines.closed());
    ::close(ends[0]);
}

TEST(Child, RestartsAtOnceAfterALongLifeAndSlowerAfterShortOnes) {
    Child child("x", {});
    EXPECT_EQ(child.restart_delay(Millis{20'000}), Millis{0});
    EXPECT_EQ(child.restart_delay(Millis{100}), Millis{200});
    for (int i = 0; i < 10; ++i) child.restart_delay(Millis{100});
    EXPECT_EQ(child.restart_delay(Millis{100}), Millis{5000});
    EXPECT_EQ(child.restart_delay(Millis{20'000}), Millis{0});
}

TEST(Welcome, PortsFollowTheListenersButABalancersOriginStays) {
    EXPECT_EQ(with_port("http://a.localhost:8700", 8700, 9000), "http://a.localhost:9000");
    EXPECT_EQ(with_port("https://www.example.com", 8700, 9000), "https://www.example.com");
    EXPECT_EQ(with_port("https://www.example.com:443", 8700, 9000), "https://www.example.com:443");
}

TEST(Welcome, ThePasswordIsShownOnceAndTheFileAfterwards) {
    const config::Config config;
    WelcomeFacts facts{true, 8700, 8701, 8702, "agent", "/data/agent-login.txt", "s3cret", 321};
    const auto first = welcome(config, facts);
    EXPECT_TRUE(first.starts_with("READY"));
    EXPECT_NE(first.find("s3cret"), std::string::npos);
    EXPECT_NE(first.find("http://shop.localhost:8702/"), std::string::npos);
    facts.password = "-";
    const auto second = welcome(config, facts);
    EXPECT_EQ(second.find("s3cret"), std::string::npos);
    EXPECT_NE(second.find("/data/agent-login.txt"), std::string::npos);
}

}  // namespace
}  // namespace twinpane::app
