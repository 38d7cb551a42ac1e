#include "fetch/fetch_url.h"

#include <gtest/gtest.h>

namespace imgmill {
namespace {

FetchUrl parsed(std::string_view url) {
  const auto result = parse_fetch_url(url);
  EXPECT_TRUE(result) << url;
  return result.value_or(FetchUrl{});
}

TEST(FetchUrl, SplitsOffCredentialsAndDecodesThem) {
  const FetchUrl url = parsed("https://us%40er:p%3Ass@Example.com/a.jpg?x=1#top");
  EXPECT_EQ(url.url, "https://Example.com/a.jpg?x=1");
  EXPECT_EQ(url.user, "us@er");
  EXPECT_EQ(url.password, "p:ss");
  EXPECT_EQ(url.host, "example.com");
  EXPECT_TRUE(url.https);
}

TEST(FetchUrl, AnOriginIsSchemeHostAndPort) {
  EXPECT_EQ(parsed("http://EXAMPLE.com/a").origin, "http://example.com:80");
  EXPECT_EQ(parsed("http://example.com:80/b").origin, "http://example.com:80");
  EXPECT_EQ(parsed("https://example.com/").origin, "https://example.com:443");
  EXPECT_EQ(parsed("HTTP://example.com:8080").origin, "http://example.com:8080");
  EXPECT_EQ(parsed("http://[::1]:81/").origin, "http://[::1]:81");
}

TEST(FetchUrl, EncodesSpacesAndWhatIsNotAscii) {
  EXPECT_EQ(parsed("http://example.com/a b/\xC3\xA4.jpg").url,
            "http://example.com/a%20b/%c3%a4.jpg");
  EXPECT_EQ(parsed("http://example.com/a%20b").url, "http://example.com/a%20b");
}

TEST(FetchUrl, RefusesWhatIsNotHttpOrHasNoHost) {
  for (const std::string_view url :
       {"", "/a.jpg", "ftp://example.com/a", "gopher://example.com/", "file:///etc/passwd",
        "http://", "http://exa mple.com/", "http://example.com:0x50/", "http://example.com:99999/",
        "javascript:alert(1)"}) {
    EXPECT_FALSE(parse_fetch_url(url)) << url;
  }
  EXPECT_FALSE(parse_fetch_url(std::string_view("http://a/\0b", 11)));
  EXPECT_FALSE(parse_fetch_url("http://example.com/\r\nX: y"));
}

std::string redirect(std::string_view from, std::string_view location) {
  const auto target = redirect_target(parsed(from), location);
  return target ? target->url : code_word(target.error());
}

TEST(RedirectTarget, ResolvesRelativeReferences) {
  EXPECT_EQ(redirect("http://a/x/y?q", "z"), "http://a/x/z");
  EXPECT_EQ(redirect("http://a/x/y", "/z"), "http://a/z");
  EXPECT_EQ(redirect("http://a/x/y", "?z"), "http://a/x/y?z");
  EXPECT_EQ(redirect("http://a/x", "//b/z"), "http://b/z");
  EXPECT_EQ(redirect("https://a/x", "//b/z"), "https://b/z");
  EXPECT_EQ(redirect("http://a/x", "https://b/z w"), "https://b/z%20w");
}

TEST(RedirectTarget, NeverLeavesHttpOrHttpsAndNeverFallsFromTheLatter) {
  EXPECT_EQ(redirect("https://a/x", "http://a/x"), "invalid_url");
  EXPECT_EQ(redirect("https://a/x", "https://b/x"), "https://b/x");
  EXPECT_EQ(redirect("http://a/x", "file:///etc/passwd"), "invalid_url");
  EXPECT_EQ(redirect("http://a/x", "ftp://a/x"), "invalid_url");
  EXPECT_EQ(redirect("http://a/x", "gopher://a/x"), "invalid_url");
  EXPECT_EQ(redirect("http://a/x", "data:image/png;base64,AAAA"), "invalid_url");
}

TEST(RedirectTarget, KeepsCredentialsInsideTheirOrigin) {
  const FetchUrl from = parsed("http://u:p@a/x");
  EXPECT_EQ(redirect_target(from, "/y")->password, "p");
  EXPECT_EQ(redirect_target(from, "http://a:80/y")->password, "p");
  EXPECT_EQ(redirect_target(from, "http://b/y")->password, "");
  EXPECT_EQ(redirect_target(from, "http://a:81/y")->user, "");
  EXPECT_EQ(redirect_target(from, "https://a/y")->user, "");
  EXPECT_EQ(redirect_target(from, "http://other:pw@b/y")->user, "other");
}

}  // namespace
}  // namespace imgmill
