// Acts of agents: what the server lets through to the customer, and what it refuses. The agent's own program
// is not trusted here: every refusal must hold for a forged message.
#include <gtest/gtest.h>

#include "cobrowse/testing/scene.hpp"

namespace twinpane::cobrowse::testing {
namespace {

constexpr int code(Code c) {
    return static_cast<int>(c);
}
using page::Privacy;

class Acts : public ::testing::TestWithParam<Layout> {
  protected:
    Acts() {
        auto& nodes = *scene.world.nodes;
        nodes[5] = {true, Privacy::kShown, "p", "", ""};
        nodes[6] = {true, Privacy::kShown, "input", "text", "", false, true};
        nodes[7] = {true, Privacy::kPrivate, "input", "text", ""};
        nodes[8] = {true, Privacy::kMasked, "input", "text", ""};
        nodes[9] = {true, Privacy::kShown, "input", "password", ""};
        nodes[10] = {true, Privacy::kShown, "input", "file", ""};
        nodes[11] = {true, Privacy::kShown, "input", "submit", "", true, true};
        nodes[12] = {true, Privacy::kShown, "button", "submit", "", true, true};
        nodes[13] = {true, Privacy::kPrivate, "select", "", ""};
        nodes[14] = {true, Privacy::kMasked, "div", "", ""};
        nodes[15] = {true, Privacy::kShown, "button", "button", ""};
        nodes[16] = {true, Privacy::kShown, "input", "image", "", true, true};
    }
    int send(const std::string& acts) { return scene.agent.publish(kActChannel, act(scene.e, acts)); }

    Scene scene{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Layouts, Acts, ::testing::Values(Layout{1, 0, 0}, Layout{2, 0, 1}),
                         [](const auto& layout) { return "loops" + std::to_string(layout.param.loops); });

TEST_P(Acts, ReachTheCustomerAsTheyAreWithTheirSender) {
    scene.write();
    const std::string acts = R"([1,10.5,20,5,5000,5000],[4,6,"h\u00e9",0,2])";
    ASSERT_EQ(scene.agent.publish(kActChannel, act(scene.e, acts, 42)), kOk);
    auto& inbox = scene.customer.client().inbox;
    ASSERT_EQ(inbox.size(), 1U);
    EXPECT_EQ(inbox[0].channel, "/service/act");
    const auto& got = inbox[0].data.as_object();
    EXPECT_EQ(got.at("n"), 42);
    EXPECT_EQ(got.at("from"), "u2");
    EXPECT_EQ(got.at("e"), scene.e);
    EXPECT_EQ(got.at("a"), json::parse("[" + acts + "]"));
    EXPECT_EQ(scene.world.stats().acts, 1U);
}

TEST_P(Acts, PointerModeAllowsPointingOnly) {
    scene.shown();
    EXPECT_EQ(send("[1,10,20,5,0,0]"), kOk);
    EXPECT_EQ(send("[2,10,20,999,0,0]"), kOk) << "the point counts when the node is gone";
    EXPECT_EQ(send("[2,10,20,14,0,0]"), kOk) << "pointing at something masked shows nothing";
    for (const auto* writing :
         {"[3,5,0,0,0,1,0]", R"([4,6,"x",0,1])", "[5,13,1]", "[6,5,0,9]", R"([7,6,"Tab","Tab",0])",
          R"([8,"back"])", R"([8,"go","https://shop.example/"])", "[9,0]", "[10,5]", "[1,0,0,0,0,0],[9,0]"}) {
        EXPECT_EQ(send(writing), code(Code::kWriteModeNeeded)) << writing;
    }
    EXPECT_EQ(scene.customer.take(kActChannel).size(), 3U);
}

TEST_P(Acts, WriteModeAllowsTheRest) {
    scene.write();
    for (const auto* writing :
         {"[3,5,0,0,0,1,0]", R"([4,6,"x",0,1])", R"([4,7,"x",0,1])", "[5,13,1]", "[6,5,0,9]", "[6,14,0,9]",
          R"([7,6,"Tab","Tab",0])", R"([7,7,"Tab","Tab",0])", R"([8,"back"])", R"([8,"reload"])",
          R"([8,"go","https://shop.example/cart?x=1"])", "[9,0]", "[9,7]", "[10,5]", "[10,14]",
          "[3,15,0,0,0,1,0]"}) {
        EXPECT_EQ(send(writing), kOk) << writing;
    }
}

TEST_P(Acts, MaskedPasswordAndFileFieldsAreClosedForEver) {
    scene.write();
    for (const auto* node : {"8", "9", "10", "14"}) {
        const std::string id(node);
        EXPECT_EQ(send("[3," + id + ",0,0,0,1,0]"), code(Code::kElementMasked)) << id;
        EXPECT_EQ(send("[4," + id + R"(,"x",0,1])"), code(Code::kElementMasked)) << id;
        EXPECT_EQ(send("[5," + id + ",1]"), code(Code::kElementMasked)) << id;
        EXPECT_EQ(send("[7," + id + R"(,"Tab","Tab",0])"), code(Code::kElementMasked)) << id;
        EXPECT_EQ(send("[9," + id + "]"), code(Code::kElementMasked)) << id;
    }
    EXPECT_TRUE(scene.customer.take(kActChannel).empty());
    EXPECT_EQ(scene.world.stats().acts_refused, 20U);
}

TEST_P(Acts, PrivateFieldsAreReplacedNotEdited) {
    scene.write();
    EXPECT_EQ(send(R"([4,7,"whole new value",0,0])"), kOk);
    for (const auto* key : {"Backspace", "Delete", "ArrowLeft", "Home"}) {
        EXPECT_EQ(send(std::string(R"([7,7,")") + key + R"(","",0])"), code(Code::kElementMasked)) << key;
        EXPECT_EQ(send(std::string(R"([7,6,")") + key + R"(","",0])"), kOk) << key << " in a shown field";
    }
}

TEST_P(Acts, SubmittingNeedsTheSitesLeave) {
    scene.write();
    const std::vector<std::string> submits = {"[3,11,0,0,0,1,0]",       "[3,12,0,0,0,1,0]",
                                              "[3,16,0,0,0,1,0]",       R"([7,6,"Enter","Enter",0])",
                                              R"([7,12,"Enter","",0])", R"([7,12," ","Space",0])"};
    for (const auto& submit : submits) {
        EXPECT_EQ(send(submit), code(Code::kSubmitClosed)) << submit;
    }
    auto config = test_config();
    config.sites[0].policy.allow_submit = true;
    Scene open(GetParam(), config);
    *open.world.nodes = *scene.world.nodes;
    open.write();
    for (const auto& submit : submits) {
        EXPECT_EQ(open.agent.publish(kActChannel, act(open.e, submit)), kOk) << submit;
    }
}

// The space bar presses buttons and boxes; it was refused as "text" while the desk sent it as a key.
TEST_P(Acts, TheSpaceBarIsAKey) {
    scene.write();
    EXPECT_EQ(send(R"([7,15," ","Space",0])"), kOk);
    EXPECT_EQ(send(R"([7,7," ","Space",0])"), kOk) << "a private box";
    EXPECT_EQ(send(R"([7,15,"x","KeyX",0])"), code(Code::kActInvalid)) << "text goes as a value";
    EXPECT_EQ(send(R"([7,15,"","",0])"), code(Code::kActInvalid));
}

TEST_P(Acts, NavigationStaysOnTheSite) {
    scene.write();
    for (const auto* url :
         {"https://evil.example/", "http://shop.example/", "https://shop.example:8443/",
          "https://shop.example.evil.example/", "https://shop.example@evil.example/", "/cart",
          "javascript:alert(1)", "data:text/html,x", "//shop.example/", "https:\\\\/\\\\/shop.example"}) {
        EXPECT_EQ(send(std::string(R"([8,"go",")") + url + "\"]"), code(Code::kOriginNotAllowed)) << url;
    }
}

TEST_P(Acts, UnknownNodesOldPagesAndWrongShapesAreRefused) {
    scene.write();
    EXPECT_EQ(send("[3,999,0,0,0,1,0]"), code(Code::kNodeUnknown));
    EXPECT_EQ(send("[6,999,0,0]"), code(Code::kNodeUnknown));
    EXPECT_EQ(send("[5,5,1]"), code(Code::kActInvalid)) << "not a select";
    EXPECT_EQ(send("[3,5]"), code(Code::kActInvalid));
    EXPECT_EQ(send(""), code(Code::kActInvalid));
    EXPECT_EQ(scene.agent.publish(kActChannel, act(scene.e + 1, "[9,0]")), code(Code::kEpochStale));
    EXPECT_EQ(scene.agent.publish(kActChannel, "{"), code(Code::kBadJson));
    EXPECT_EQ(scene.agent.publish(kActChannel, R"({"v":2,"e":1,"n":1,"a":[[9,0]]})"),
              code(Code::kUnsupportedVersion));
    EXPECT_EQ(send("[3,5,0,0,0,1,0],[3,8,0,0,0,1,0]"), code(Code::kElementMasked));
    EXPECT_TRUE(scene.customer.take(kActChannel).empty()) << "nothing of a refused array is delivered";
}

TEST_P(Acts, AreForAgentsInTheSessionOnly) {
    scene.write();
    EXPECT_EQ(scene.customer.publish(kActChannel, act(scene.e, "[9,0]")), code(Code::kRoleNotAllowed));
    auto controller = scene.world.agent(0, "anna");
    controller.join(scene.customer.session_token, 3);
    EXPECT_EQ(controller.publish(kActChannel, act(scene.e, "[1,0,0,0,0,0]")), code(Code::kRoleNotAllowed));
    auto stranger = scene.world.agent(0, "bert");
    EXPECT_EQ(stranger.publish(kActChannel, act(scene.e, "[1,0,0,0,0,0]")), code(Code::kNotJoined));
    EXPECT_EQ(stranger.publish(kActChannel, act(scene.e, "")), code(Code::kNotJoined)) << "before its shape";
    EXPECT_TRUE(scene.customer.take(kActChannel).empty());
}

TEST_P(Acts, NeedAPageAndACustomerThatIsThere) {
    scene.allowed();
    EXPECT_EQ(send("[1,0,0,0,0,0]"), code(Code::kNoPage));
    ASSERT_EQ(scene.customer.publish(kPageChannel, page_batch(scene.e, 1)), kOk);
    EXPECT_EQ(send("[1,0,0,0,0,0]"), kOk);
    scene.customer.drop();
    EXPECT_EQ(send("[1,0,0,0,0,0]"), code(Code::kWrongState));
}

TEST_P(Acts, AreLimitedPerAgent) {
    auto config = test_config();
    config.limits.acts_per_second = 10;
    Scene small(GetParam(), config);
    small.shown();
    int passed = 0;
    while (passed < 100 && small.agent.publish(kActChannel, act(small.e, "[1,0,0,0,0,0]")) == kOk) ++passed;
    EXPECT_EQ(passed, 50);
    EXPECT_GT(std::stoi(small.agent.error_args()), 0);
    small.world.advance(Millis{1'000});
    EXPECT_EQ(small.agent.publish(kActChannel, act(small.e, "[1,0,0,0,0,0]")), kOk);
}

}  // namespace
}  // namespace twinpane::cobrowse::testing
