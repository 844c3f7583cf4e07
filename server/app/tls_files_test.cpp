#include "app/tls_files.hpp"

#include <gtest/gtest.h>

#include <ctime>
#include <filesystem>
#include <fstream>

#include "net/testing/tls.hpp"

namespace twinpane::app {
namespace {

class TlsOptions : public ::testing::Test {
  protected:
    // Certificate and key of both listeners lie beside the configuration file.
    LoadedConfig load(const std::string& certificate, const std::string& key) {
        const auto path = (folder_.path / "twinpane.yaml").string();
        std::ofstream(path) << "public:\n  url: https://a.example\n  tls:\n    certificate: " << certificate
                            << "\n    key: " << key << "\n";
        return load_config(path);
    }
    void SetUp() override {
        files_ = net::testing::write_certificate(folder_.path, "server", "a.example");
        std::filesystem::permissions(
            files_.key, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    }
    std::int64_t now_ = static_cast<std::int64_t>(std::time(nullptr)) * 1000;
    net::testing::Folder folder_;
    net::TlsFiles files_;
};

TEST_F(TlsOptions, PathsAreRelativeToTheConfigurationFile) {
    const auto loaded = load("server.pem", "server.key");
    ASSERT_TRUE(loaded.good);
    const auto files = tls_files(loaded, "public");
    ASSERT_TRUE(files);
    EXPECT_EQ(files->certificate, files_.certificate);
    EXPECT_EQ(files->key, files_.key);
    EXPECT_FALSE(tls_files(loaded, "internal"));
    EXPECT_TRUE(tls_warnings(loaded, now_).empty());
}

TEST_F(TlsOptions, AMissingOrMismatchingFileIsAProblemWithItsLine) {
    ::testing::internal::CaptureStderr();
    EXPECT_FALSE(load("gone.pem", "server.key").good);
    const auto missing = ::testing::internal::GetCapturedStderr();
    EXPECT_NE(missing.find("twinpane.yaml:4: public.tls.certificate: can't read "), std::string::npos)
        << missing;
    net::testing::write_certificate(folder_.path, "other", "b.example");
    ::testing::internal::CaptureStderr();
    EXPECT_FALSE(load("server.pem", "other.key").good);
    const auto mismatch = ::testing::internal::GetCapturedStderr();
    EXPECT_NE(mismatch.find("twinpane.yaml:5: public.tls.key: the key in "), std::string::npos) << mismatch;
}

TEST_F(TlsOptions, WarnsOfCertificatesThatRunOutAndKeysThatOthersRead) {
    const auto loaded = load("server.pem", "server.key");
    ASSERT_TRUE(loaded.good);
    constexpr std::int64_t kDay = 86'400'000;
    EXPECT_EQ(tls_warnings(loaded, now_ + 20 * kDay + kDay / 2),
              (std::vector<std::string>{"public.tls.certificate runs out in 9 day(s)"}));
    EXPECT_EQ(tls_warnings(loaded, now_ + 31 * kDay),
              (std::vector<std::string>{"public.tls.certificate has run out: browsers refuse it"}));
    std::filesystem::permissions(files_.key, std::filesystem::perms::others_read,
                                 std::filesystem::perm_options::add);
    EXPECT_EQ(tls_warnings(loaded, now_),
              (std::vector<std::string>{"public.tls.key can be read by everybody on this machine"}));
}

}  // namespace
}  // namespace twinpane::app
