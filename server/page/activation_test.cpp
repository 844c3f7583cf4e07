// What a click or a key would send. Agents got through a closed form by a button without a type, by the text
// inside a button, and by Enter on it.
#include <gtest/gtest.h>

#include <string>

#include "page/mirror.hpp"

namespace twinpane::page {
namespace {

// `tape` stands inside body; its first node has the id 4.
std::unique_ptr<Mirror> page_with(const std::string& tape) {
    auto mirror = Mirror::create({});
    mirror->begin_epoch(1);
    const auto report = mirror->fold(
        R"({"v":1,"e":1,"s":1,"o":[[0,{"u":"https://shop.example/","t":"","w":8,"h":6,"d":1,"q":0,"l":""}],[2,0,0,1,6,1,"html",1,"body",)" +
        tape + R"(,0,0,0],[1]]})");
    EXPECT_TRUE(report) << (report ? "" : report.error().context);
    return mirror;
}

// Heads of elements by their number of attributes; a leaf has no children.
constexpr int open(int attributes) {
    return 1 | attributes << 7;
}
constexpr int leaf(int attributes) {
    return 1 | 8 | attributes << 7;
}

std::string element(int head, const std::string& rest) {
    return std::to_string(head) + "," + rest;
}

bool click(const Mirror& mirror, std::uint32_t id) {
    EXPECT_TRUE(mirror.node(id).exists) << id;
    return mirror.node(id).click_submits;
}
bool enter(const Mirror& mirror, std::uint32_t id) {
    EXPECT_TRUE(mirror.node(id).exists) << id;
    return mirror.node(id).enter_submits;
}

TEST(Activation, AButtonWithoutATypeSubmitsItsForm) {
    const auto mirror =
        page_with(element(open(0), R"("form",)") + element(leaf(0), R"("button",)") +
                  element(leaf(1), R"("button","type","nonsense",)") +
                  element(leaf(1), R"("button","type","BUTTON",)") +
                  element(leaf(1), R"("button","type","reset",0,)") + element(leaf(0), R"("button")"));
    EXPECT_TRUE(click(*mirror, 5));
    EXPECT_TRUE(enter(*mirror, 5));
    EXPECT_TRUE(click(*mirror, 6));
    EXPECT_FALSE(click(*mirror, 7));
    EXPECT_FALSE(enter(*mirror, 7));
    EXPECT_FALSE(click(*mirror, 8));
    EXPECT_FALSE(click(*mirror, 9)) << "outside the form";
}

TEST(Activation, WhatLiesInAButtonIsTheButton) {
    const auto mirror =
        page_with(element(open(0), R"("form",)") + element(open(1), R"("button","type","submit",)") +
                  element(open(0), R"("b",2,"Send",0,)") + R"(25,"svg",25,"path",)" + R"(0,0)");
    EXPECT_TRUE(click(*mirror, 5));
    EXPECT_TRUE(click(*mirror, 6)) << "<b>";
    EXPECT_TRUE(click(*mirror, 7)) << "its text";
}

TEST(Activation, AFormMayBeNamedOrUnseen) {
    const auto mirror = page_with(element(leaf(1), R"("button","form","f1",)") +
                                  element(leaf(1), R"("button","type","submit",)") +
                                  element(leaf(1), R"("input","type","image",)") +
                                  element(leaf(2), R"("input","type","text","form","f1",)") +
                                  element(leaf(1), R"("input","type","text")"));
    EXPECT_TRUE(click(*mirror, 4));
    EXPECT_TRUE(click(*mirror, 5)) << "the parser may have tied it to a form elsewhere";
    EXPECT_TRUE(click(*mirror, 6));
    EXPECT_TRUE(enter(*mirror, 7));
    EXPECT_FALSE(click(*mirror, 7));
    EXPECT_FALSE(enter(*mirror, 8)) << "a field without a form has nothing to send";
}

TEST(Activation, ALabelPressesItsControl) {
    const auto mirror = page_with(element(open(0), R"("form",)") + element(open(0), R"("label",2,"Go",)") +
                                  element(leaf(1), R"("input","type","submit",0,)") +
                                  element(open(1), R"("label","for","send",2,"Send",0,)") +
                                  element(leaf(2), R"("button","id","send","type","submit",)") +
                                  element(open(1), R"("label","for","name",2,"Name",0,)") +
                                  element(leaf(1), R"("input","id","name",0)"));
    EXPECT_TRUE(click(*mirror, 6)) << "the text of a label around the button";
    EXPECT_TRUE(click(*mirror, 9)) << "the text of a label that names it";
    EXPECT_FALSE(click(*mirror, 12));
    EXPECT_TRUE(enter(*mirror, 13));
}

TEST(Activation, OtherThingsInAFormDoNotSubmit) {
    const auto mirror =
        page_with(element(open(0), R"("form",)") + element(open(1), R"("a","href","/next",2,"Next",0,)") +
                  element(leaf(0), R"("textarea",)") + element(leaf(1), R"("input","type","checkbox",)") +
                  element(open(0), R"("div",2,"text",0,0)"));
    for (const std::uint32_t id : {5U, 6U, 7U, 8U, 9U, 10U}) EXPECT_FALSE(click(*mirror, id)) << id;
    EXPECT_FALSE(enter(*mirror, 7)) << "a new line in a text area";
    EXPECT_TRUE(enter(*mirror, 8)) << "Enter on a box sends its form";
}

}  // namespace
}  // namespace twinpane::page
