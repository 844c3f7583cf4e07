#include "transport/form_body.hpp"

#include <gtest/gtest.h>

namespace twinpane::transport {
namespace {

constexpr auto kForm = "application/x-www-form-urlencoded";

TEST(FormBody, JsonPassesWhateverItsContentType) {
    for (const char* type : {"", "application/json", "application/json;charset=UTF-8",
                             "text/json; charset=\"utf-8\"", "text/plain"}) {
        EXPECT_EQ(*json_of_body(type, "[1]"), "[1]") << type;
    }
}

TEST(FormBody, AnotherCharacterSetIsDecodedOrRefused) {
    EXPECT_EQ(*json_of_body("application/json;charset=ISO-8859-1", "[\"gr\xFC\xDF\"]"), "[\"grüß\"]");
    EXPECT_EQ(*json_of_body("application/json; charset=\"utf-16le\"", std::string("[\0]\0", 4)), "[]");
    EXPECT_EQ(*json_of_body(std::string(kForm) + "; charset=iso-8859-1", "message=%7B%22a%22%3A%22%FC%22%7D"),
              "[{\"a\":\"ü\"}]");
    for (const char* type :
         {"application/json;charset=shift_jis", "text/plain; charset=", "a/b; charset=x"}) {
        EXPECT_EQ(json_of_body(type, "[]").error().code, Code::kUnsupportedMediaType) << type;
    }
    EXPECT_EQ(json_of_body("application/json;charset=utf-16", "[").error().code, Code::kBadJson);
}

TEST(FormBody, AQueryHasTheSameFields) {
    EXPECT_EQ(*json_of_query("jsonp=cb&message=%5B%7B%22a%22%3A1%7D%5D&message=%7B%7D&x=message%3D"),
              R"([{"a":1},{}])");
    EXPECT_EQ(*json_of_query(""), "[]");
}

TEST(FormBody, MessageFieldsAreJoined) {
    EXPECT_EQ(*json_of_body(kForm, "message=%5B%7B%22a%22%3A%22x+y%22%7D%5D"), R"([{"a":"x y"}])");
    EXPECT_EQ(*json_of_body(kForm, "message={\"a\":1}&other=2&message=[{\"b\":2},{\"c\":3}]&message=[]"),
              R"([{"a":1},{"b":2},{"c":3}])");
    EXPECT_EQ(*json_of_body(kForm, ""), "[]");
}

TEST(FormBody, FayesFormWithoutAContentTypeIsRecognised) {
    EXPECT_EQ(*json_of_body("text/plain", "message=%5B%7B%7D%5D"), "[{}]");
    EXPECT_EQ(*json_of_body("", "message=%7b%7d"), "[{}]");
}

TEST(FormBody, BadEscapesStayAsTheyAre) {
    EXPECT_EQ(*json_of_body(kForm, "message=%zz%4"), "[%zz%4]");
}

}  // namespace
}  // namespace twinpane::transport
