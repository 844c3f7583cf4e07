#include "transport/charset.hpp"

#include <gtest/gtest.h>

namespace twinpane::transport {
namespace {

using namespace std::string_literals;

TEST(Charset, IsNamedByTheContentType) {
    EXPECT_EQ(charset_of(""), Charset::kUtf8);
    EXPECT_EQ(charset_of("application/json"), Charset::kUtf8);
    EXPECT_EQ(charset_of("application/json;charset=UTF-8"), Charset::kUtf8);
    EXPECT_EQ(charset_of("application/json; boundary=x; Charset=\"Us-Ascii\""), Charset::kUtf8);
    EXPECT_EQ(charset_of("text/plain;charset=ISO-8859-1"), Charset::kLatin1);
    EXPECT_EQ(charset_of("text/plain; charset=UTF-16; x=y"), Charset::kUtf16);
    EXPECT_EQ(charset_of("text/plain; xcharset=UTF-16"), Charset::kUtf8);
    EXPECT_EQ(charset_of("text/plain; charset=koi8-r"), std::nullopt);
    EXPECT_EQ(charset_of("text/plain; charset"), Charset::kUtf8);
    EXPECT_EQ(charset_of("text/plain; charset="), std::nullopt);
}

TEST(Charset, EveryLengthOfUtf8ComesOut) {
    EXPECT_EQ(*to_utf8(Charset::kLatin1, "A\x80\xFF"), "A\xC2\x80\xC3\xBF");
    EXPECT_EQ(*to_utf8(Charset::kUtf16Be, "\0A\0\xFC\x20\xAC\xD8\x3D\xDE\x00"s),
              "A\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80");
    EXPECT_EQ(*to_utf8(Charset::kUtf16Le, "A\0\xAC\x20"s), "A\xE2\x82\xAC");
    EXPECT_EQ(*to_utf8(Charset::kUtf8, "\xFF"), "\xFF") << "the parser of JSON checks it";
}

TEST(Charset, AByteOrderMarkDecidesAndGoes) {
    EXPECT_EQ(*to_utf8(Charset::kUtf16, "\xFF\xFE[\0]\0"s), "[]");
    EXPECT_EQ(*to_utf8(Charset::kUtf16, "\xFE\xFF\0[\0]"s), "[]");
    EXPECT_EQ(*to_utf8(Charset::kUtf16, "\0[\0]"s), "[]");
    EXPECT_EQ(*to_utf8(Charset::kUtf16, ""), "");
}

TEST(Charset, HalvesOfUtf16AreRefused) {
    for (const auto& bad :
         {"\0"s, "\0[\0"s, "\xD8\x3D"s, "\xD8\x3D\0A"s, "\xDE\x00"s, "\xD8\x3D\xD8\x3D\xDE\x00"s}) {
        const auto out = to_utf8(Charset::kUtf16Be, bad);
        ASSERT_FALSE(out);
        EXPECT_EQ(out.error().code, Code::kBadJson);
    }
}

}  // namespace
}  // namespace twinpane::transport
