// Sessions with the real mirror: what the page stream says about privacy decides what agents see and may do.
#include <gtest/gtest.h>

#include "cobrowse/testing/scene.hpp"

namespace twinpane::cobrowse::testing {
namespace {

constexpr int code(Code c) {
    return static_cast<int>(c);
}

int element(int attributes, int leaf = 0, int privacy = 0) {
    return 1 | leaf << 3 | privacy << 4 | attributes << 7;
}

// Ids: 1 document, 2 html, 3 body, 4 text, 5 private input, 6 masked password, 7 submit button.
std::string small_page(std::int64_t e) {
    json::object begin{{"u", "https://shop.example/a?q=1"},
                       {"t", "Shop"},
                       {"w", 800},
                       {"h", 600},
                       {"d", 1},
                       {"q", 0},
                       {"l", "en"}};
    json::array tree{2,        0,          0,          1,
                     6,        element(0), "html",     element(0),
                     "body",   2,          "hello",    element(1, 1, 1),
                     "input",  "type",     "text",     element(1, 1, 2),
                     "input",  "type",     "password", element(1, 1),
                     "button", "type",     "submit",   0,
                     0,        0};
    return serialize(json::object{
        {"v", 1}, {"e", e}, {"s", 1}, {"o", json::array{json::array{0, begin}, tree, json::array{1}}}});
}

class RealPage : public ::testing::Test {
  protected:
    void show() {
        scene.allowed();
        ASSERT_EQ(scene.customer.publish(kPageChannel, small_page(scene.e)), kOk);
        scene.customer.take();
    }
    int send(const std::string& acts) { return scene.agent.publish(kActChannel, act(scene.e, acts)); }

    Scene scene{{2, 0, 1}, test_config(), 1, true};
};

TEST_F(RealPage, ValuesOfPrivateFieldsNeverReachAnAgent) {
    show();
    ASSERT_EQ(scene.customer.publish(kPageChannel,
                                     batch(scene.e, 2, R"([8,5,"canary-1"],[8,6,"canary-2"],[21,"after"])")),
              kOk);
    for (const auto& message : scene.agent.client().inbox) {
        EXPECT_EQ(message.raw.find("canary"), std::string::npos) << message.channel;
    }
    EXPECT_EQ(scene.world.stats().values_stripped, 2U);
    EXPECT_EQ(scene.agent.take(kPageChannel).size(), 2U);
    std::string all;
    scene.world.node().service(1).snapshot(scene.customer.session_token, scene.agent.user_token, "anna",
                                           [&](Result<Snapshot> page) {
                                               ASSERT_TRUE(page);
                                               for (const auto& line : **page) all += line;
                                           });
    scene.world.settle();
    EXPECT_NE(all.find("hello"), std::string::npos);
    EXPECT_NE(all.find("after"), std::string::npos);
    EXPECT_EQ(all.find("canary"), std::string::npos);
}

TEST_F(RealPage, TheMirrorKnowsWhatIsClosed) {
    show();
    ASSERT_EQ(scene.agent.call("mode", {{"want", "write"}}), kOk);
    ASSERT_EQ(
        scene.customer.call("mode", {{"answer", scene.agent.answer().at("requestId")}, {"allow", true}}),
        kOk);
    EXPECT_EQ(send(R"([4,5,"new",3,3])"), kOk);
    EXPECT_EQ(send(R"([4,6,"secret",0,0])"), code(Code::kElementMasked));
    EXPECT_EQ(send("[3,7,5000,5000,0,1,0]"), code(Code::kSubmitClosed));
    EXPECT_EQ(send("[3,99,0,0,0,1,0]"), code(Code::kNodeUnknown));
    ASSERT_EQ(scene.customer.publish(kPageChannel, batch(scene.e, 2, "[24,5,2]")), kOk);
    EXPECT_EQ(send(R"([4,5,"new",3,3])"), code(Code::kElementMasked)) << "a rule may close it later";
}

TEST_F(RealPage, AWrongChecksumOrdersAFreshPageAndABadOperationEndsTheSession) {
    show();
    EXPECT_EQ(scene.customer.publish(kPageChannel, batch(scene.e, 2, "[22,7,1]")),
              code(Code::kChecksumMismatch));
    const auto begin = scene.customer.event("page");
    EXPECT_EQ(begin.at("do"), "begin");
    const auto e = begin.at("e").as_int64();
    ASSERT_EQ(scene.customer.publish(kPageChannel, small_page(e)), kOk);
    EXPECT_EQ(scene.agent.take().back().at("complete"), true);
    EXPECT_EQ(scene.customer.publish(kPageChannel, batch(e, 2, "[3,424242]")), code(Code::kStreamInvalid));
    EXPECT_EQ(scene.world.past().end_reason, "error");
}

}  // namespace
}  // namespace twinpane::cobrowse::testing
