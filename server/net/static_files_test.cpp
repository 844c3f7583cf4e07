#include "net/static_files.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

#include "net/gzip.hpp"
#include "net/testing/test_server.hpp"

namespace twinpane::net {
namespace {

namespace fs = std::filesystem;
using testing::Client;
using testing::TestServer;

class StaticFilesTest : public ::testing::Test {
  protected:
    void SetUp() override {
        std::string name = (fs::temp_directory_path() / "twinpane-static-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        root_ = name;
        fs::create_directories(root_ / "site/sub");
        write("site/index.html", "<h1>index</h1>");
        write("site/app.js", std::string(5000, 'j'));
        write("site/small.css", "a{}");
        write("site/picture.png", std::string(5000, 'p'));
        write("site/sub/index.html", "sub");
        write("site/with space.txt", "space");
        write("site/.hidden", "hidden");
        write("secret.txt", "secret");
        StaticOptions options;
        options.prefix = "/files/";
        options.headers.add("Content-Security-Policy", "default-src 'none'");
        options.cache_bytes = 30'000;
        server_.routes.prefix("GET", "/files", static_files(root_ / "site", options));
        ASSERT_TRUE(server_.start());
    }
    void TearDown() override {
        server_.server->stop(Millis{0});
        fs::remove_all(root_);
    }
    void write(const fs::path& name, const std::string& bytes) {
        std::ofstream out(root_ / name, std::ios::binary);
        out << bytes;
    }
    testing::Reply get(std::string_view target, std::string_view headers = {}) {
        return Client(server_.port).request("GET", target, headers);
    }

    fs::path root_;
    TestServer server_;
};

TEST_F(StaticFilesTest, ServesFiles) {
    const auto reply = get("/files/app.js");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, std::string(5000, 'j'));
    EXPECT_EQ(reply.header("Content-Type"), "text/javascript; charset=utf-8");
    EXPECT_EQ(reply.header("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(reply.header("Cache-Control"), "no-cache");
    EXPECT_EQ(reply.header("Content-Security-Policy"), "default-src 'none'");
    EXPECT_EQ(reply.header("Vary"), "Accept-Encoding");
    EXPECT_EQ(get("/files/with%20space.txt").body, "space");
    EXPECT_EQ(get("/files/").body, "<h1>index</h1>");
    EXPECT_EQ(get("/files/sub/").body, "sub");
    Client client(server_.port);
    const auto head = client.request("HEAD", "/files/app.js");
    EXPECT_EQ(head.header("Content-Length"), "5000");
    EXPECT_EQ(client.request("POST", "/files/app.js").status, 405);
}

TEST_F(StaticFilesTest, RedirectsToDirectories) {
    for (const auto& [target, location] :
         {std::pair("/files", "/files/"), std::pair("/files/sub?a=b", "/files/sub/?a=b")}) {
        const auto reply = get(target);
        EXPECT_EQ(reply.status, 301);
        EXPECT_EQ(reply.header("Location"), location);
    }
}

TEST_F(StaticFilesTest, FindsNothingElse) {
    fs::create_symlink(root_ / "secret.txt", root_ / "site/link.txt");
    fs::create_directory_symlink(root_, root_ / "site/up");
    ASSERT_EQ(::mkfifo((root_ / "site/pipe").c_str(), 0600), 0);
    for (const char* target :
         {"/files/none", "/files/.hidden", "/files/link.txt", "/files/up/secret.txt", "/files/up",
          "/files/pipe", "/files/sub/none/", "/filesx", "/files/app.js/", "/files/app.js/x"}) {
        const auto reply = get(target);
        EXPECT_EQ(reply.status, 404) << target;
        EXPECT_EQ(reply.body.find("secret\n"), std::string::npos);
    }
    for (const char* target :
         {"/files/../secret.txt", "/files/%2e%2e/secret.txt", "/files/..%2fsecret.txt", "/files//secret.txt",
          "/files/sub/..%5c..%5csecret.txt", "/files/app.js%00.png"}) {
        EXPECT_EQ(get(target).status, 400) << target;
    }
}

TEST_F(StaticFilesTest, LinksWithinTheDirectoryAreFollowed) {
    fs::create_symlink("app.js", root_ / "site/alias.js");
    EXPECT_EQ(get("/files/alias.js").body.size(), 5000U);
}

TEST_F(StaticFilesTest, UnchangedFilesAreNotSentAgain) {
    const auto tag = get("/files/app.js").header("ETag");
    ASSERT_FALSE(tag.empty());
    for (const auto& value : {tag, "\"other\", W/" + tag, std::string("*")}) {
        const auto reply = get("/files/app.js", "If-None-Match: " + value + "\r\n");
        EXPECT_EQ(reply.status, 304) << value;
        EXPECT_EQ(reply.header("ETag"), tag);
        EXPECT_EQ(reply.header("Cache-Control"), "no-cache");
    }
    EXPECT_EQ(get("/files/app.js", "If-None-Match: \"other\"\r\n").status, 200);
}

TEST_F(StaticFilesTest, ChangedFilesAreReadAgain) {
    const auto before = get("/files/small.css");
    EXPECT_EQ(get("/files/small.css").header("ETag"), before.header("ETag"));
    write("site/small.css", "b{}");
    // File times may be coarser than two writes of a test.
    fs::last_write_time(root_ / "site/small.css", fs::file_time_type::clock::now() + std::chrono::seconds(2));
    const auto after = get("/files/small.css", "If-None-Match: " + before.header("ETag") + "\r\n");
    EXPECT_EQ(after.status, 200);
    EXPECT_EQ(after.body, "b{}");
    fs::remove(root_ / "site/small.css");
    EXPECT_EQ(get("/files/small.css").status, 404);
}

TEST_F(StaticFilesTest, CompressesOnce) {
    const auto reply = get("/files/app.js", "Accept-Encoding: gzip\r\n");
    EXPECT_EQ(reply.header("Content-Encoding"), "gzip");
    EXPECT_EQ(gunzip(reply.body, 10'000), std::string(5000, 'j'));
    const auto tag = reply.header("ETag");
    EXPECT_NE(tag, get("/files/app.js").header("ETag"));
    EXPECT_EQ(get("/files/app.js", "Accept-Encoding: gzip\r\nIf-None-Match: " + tag + "\r\n").status, 304);
    for (const char* target : {"/files/picture.png", "/files/small.css"}) {
        EXPECT_EQ(get(target, "Accept-Encoding: gzip\r\n").header("Content-Encoding"), "") << target;
    }
}

TEST_F(StaticFilesTest, TakesAPackedSibling) {
    write("site/page.html", std::string(2000, 'p'));
    const auto packed = gzip(std::string(2000, 'p'), 1);
    write("site/page.html.gz", *packed);
    const auto later = fs::file_time_type::clock::now() + std::chrono::seconds(2);
    fs::last_write_time(root_ / "site/page.html.gz", later);
    EXPECT_EQ(get("/files/page.html", "Accept-Encoding: gzip\r\n").body, *packed);
    // One that is older than the file is stale.
    write("site/other.html", std::string(2000, 'n'));
    write("site/other.html.gz", *packed);
    fs::last_write_time(root_ / "site/other.html", later);
    EXPECT_EQ(gunzip(get("/files/other.html", "Accept-Encoding: gzip\r\n").body, 10'000),
              std::string(2000, 'n'));
}

TEST_F(StaticFilesTest, TheCacheIsBounded) {
    for (int i = 0; i < 20; ++i)
        write("site/f" + std::to_string(i) + ".bin", std::string(9'000, static_cast<char>('a' + i)));
    write("site/huge.bin", std::string(100'000, 'z'));
    for (int round = 0; round < 2; ++round) {
        for (int i = 0; i < 20; ++i) {
            EXPECT_EQ(get("/files/f" + std::to_string(i) + ".bin").body,
                      std::string(9'000, static_cast<char>('a' + i)));
        }
        EXPECT_EQ(get("/files/huge.bin").body.size(), 100'000U) << "served without being kept";
    }
}

TEST(ContentTypes, ByExtension) {
    EXPECT_EQ(content_type_of("a/b.html"), "text/html; charset=utf-8");
    EXPECT_EQ(content_type_of("B.WOFF2"), "font/woff2");
    EXPECT_EQ(content_type_of("a.tar.gz"), "application/octet-stream");
    EXPECT_EQ(content_type_of("dir.js/none"), "application/octet-stream");
    EXPECT_EQ(content_type_of("none"), "application/octet-stream");
}

}  // namespace
}  // namespace twinpane::net
