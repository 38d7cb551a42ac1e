#include "intake/url.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"

namespace imgmill {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string fault_of(std::string_view url) { return url_fault(url).value_or(""); }

TEST(UrlFault, TakesWhatCataloguesHold) {
  for (const std::string_view url : {"http://h",
                                     "https://host.example/a.jpg",
                                     "HTTP://HOST/A",
                                     "http://h:8080/a",
                                     "http://h:65535",
                                     "http://h:/a",
                                     "http://user:pass@h/a",
                                     "http://user:p@ss@h/a",
                                     "http://u%40x:p@h/a",
                                     "http://127.0.0.1:5000/a",
                                     "http://127.1:80/a",
                                     "http://0x7f.1/a",
                                     "http://127.0.0.1./a",
                                     "http://1.2.3.4.example.com:80/a",
                                     "http://1.2.3.4.example.com/a",
                                     "http://u:p@1.2.3.4.example.com:80/a b",
                                     "http://1.2.3.4a:80/a",
                                     "http://h.1a/a",
                                     "http://[::1]:80/a",
                                     "http://my_host/a",
                                     "http://h/w_400,h_400/a.jpg",
                                     "http://h/a b.jpg",
                                     "http://h/ä.jpg",
                                     "http://h/a|b{c}^`\"<>\\",
                                     "http://h/a[1].jpg?x[]=1#a#b",
                                     "http://h/100%.jpg",
                                     "http://h/%zz",
                                     "http://h/%20",
                                     "http://h?x",
                                     "http://h#x",
                                     "http://b\xC3\xBC"
                                     "cher.example/a.jpg",
                                     "http://h/\xFF"}) {
    EXPECT_EQ(fault_of(url), "") << url;
  }
}

TEST(UrlFault, SaysHowToMendAMissingOrOtherScheme) {
  for (const std::string_view url : {"ftp://h/a", "www.h.example/a.jpg", "//h/a", "http:/h/a",
                                     "a.jpg", "file:///etc/passwd", "javascript:x", "httpx://h"}) {
    EXPECT_THAT(fault_of(url), HasSubstr("must start with http:// or https://")) << url;
  }
}

TEST(UrlFault, WantsAHost) {
  for (const std::string_view url :
       {"http://", "http:///x", "https://?q", "http://user@/x", "http://:80/x", "http://#"}) {
    EXPECT_THAT(fault_of(url), HasSubstr("has no host")) << url;
  }
}

TEST(UrlFault, WantsAHostThatIsOne) {
  for (const std::string_view url :
       {"http://a,/x", "http://a%20b/x", "http://./x", "http://a!b/"}) {
    EXPECT_THAT(fault_of(url), HasSubstr("characters that no host name has")) << url;
  }
  for (const std::string_view url : {"http://a b/x", "http://a\\b/x", "http://[::1/x", "http://a|b",
                                     "http://h:80a/x", "http://a<b>/", "http://h:1:2/x"}) {
    EXPECT_THAT(fault_of(url), HasSubstr("is not a valid URL")) << url;
  }
  // U+2100 would become "a/c" under the mapping of names.
  EXPECT_NE(fault_of("http://x\xE2\x84\x80.example/"), "");
}

TEST(UrlFault, WantsAnAddressThatThereIsWhenTheHostEndsInANumber) {
  for (const std::string_view url :
       {"http://1.2.3.4.5:80/", "http://1.2.3.4.5/", "http://256.1.1.1/", "http://256.1.1.1:80/",
        "http://h.1/", "http://h.0x1f/", "http://1.2.3.4.5./", "http://4294967296/",
        "http://\xEF\xBC\x92\xEF\xBC\x95\xEF\xBC\x96.1.1.1/"}) {
    EXPECT_THAT(fault_of(url), HasSubstr("ends in a number and is no IPv4 address")) << url;
  }
}

TEST(UrlFault, WantsAPortThatThereIs) {
  for (const std::string_view url :
       {"http://h:0/x", "http://h:65536/x", "http://h:99999/x", "http://h:99999999999"}) {
    EXPECT_THAT(fault_of(url), HasSubstr("port that is not within 1 and 65535")) << url;
  }
}

TEST(UrlFault, RefusesAListWhoseCommasWereForgotten) {
  for (const std::string_view url : {"http://h/a.jpg http://h/b.jpg", "http://h/a;HTTPS://h/b"}) {
    EXPECT_THAT(fault_of(url), HasSubstr("separate them with commas")) << url;
  }
  EXPECT_EQ(fault_of("http://h/a?from=http://h/b;c d"), "");
}

TEST(UrlFault, RefusesControlCharacters) {
  for (const std::string_view url : {"http://h/a\nhttp://h/b", "http://h/\t", "http://h/\x7F"}) {
    EXPECT_THAT(fault_of(url), HasSubstr("control character")) << url;
  }
  EXPECT_THAT(fault_of(std::string_view("http://h/\0", 10)), HasSubstr("control character"));
}

TEST(UrlFault, BoundsTheLength) {
  const std::string most = "http://h/" + std::string(limits::kUrlBytesMax - 9, 'a');
  EXPECT_EQ(fault_of(most), "");
  EXPECT_THAT(fault_of(most + "a"), HasSubstr("is 2049 bytes long: at most 2048 are taken"));
}

TEST(UrlFault, NeverShowsCredentials) {
  for (const std::string_view url : {"http://u:secret@h:0/x",
                                     "ftp://u:secret@h/x",
                                     "u:secret@h/x",
                                     "http:/u:secret@h/x",
                                     "http:\\\\u:secret@h",
                                     "http://u:sec/secret@h/x",
                                     "http://u:secret@/x",
                                     "http//u:secret@h/",
                                     "http:/u:secret@h/x",
                                     "htp://u:secret@h/",
                                     "http:///u:secret@h/",
                                     "http/u:secret@h/",
                                     "http//u:sec/secret@h/",
                                     "http:u:secret@h/",
                                     "u:sec ret/secret@h",
                                     "http://h/a http://u:secret@h/b",
                                     "http://h/a;http://u:secret@h/b",
                                     "http//h/a http//u:secret@h/b",
                                     "http://u:sec secret@h:0/",
                                     "http://u:a@secret@h:0/"}) {
    EXPECT_THAT(fault_of(url), Not(HasSubstr("secret"))) << url;
    EXPECT_NE(fault_of(url), "") << url;
  }
}

TEST(FetchableUrl, LeavesWhatIsWellWritten) {
  for (const std::string_view url :
       {"http://h", "HTTP://Host:80/a%20b/,;=?x=1&y=%2F#z", "http://[::1]/a", "http://u:p@h/"}) {
    EXPECT_EQ(fetchable_url(url), url);
  }
}

TEST(FetchableUrl, EncodesWhatIsNot) {
  EXPECT_EQ(fetchable_url("http://h/a b|c"), "http://h/a%20b%7Cc");
  EXPECT_EQ(fetchable_url("http://h/\xC3\xA4.jpg?q=\xE2\x82\xAC"),
            "http://h/%C3%A4.jpg?q=%E2%82%AC");
  EXPECT_EQ(fetchable_url("http://h/100%.jpg"), "http://h/100%25.jpg");
  EXPECT_EQ(fetchable_url("http://h/%2"), "http://h/%252");
  EXPECT_EQ(fetchable_url("http://h/a[1]#b#c"), "http://h/a%5B1%5D#b%23c");
  EXPECT_EQ(fetchable_url("http://u:p@ss w@h/"), "http://u:p%40ss%20w@h/");
}

TEST(FetchableUrl, WritesHostsBeyondAsciiAsDnsKnowsThem) {
  EXPECT_EQ(fetchable_url("https://B\xC3\xBC"
                          "cher.example:8443/a"),
            "https://xn--bcher-kva.example:8443/a");
  EXPECT_EQ(fetchable_url("http://u:p@\xEF\xBC\x91\xEF\xBC\x90.1\xE3\x80\x82\xE2\x91\xA1.3:80/"),
            "http://u:p@10.1.2.3:80/");
}

TEST(SourceFault, TakesPathsAndFileUrlsOnlyWhenAllowed) {
  for (const std::string_view source : {"a.jpg", "/a/b.jpg", "../a.jpg", "file:///a.jpg",
                                        "FILE://localhost/a.jpg", "http://h/a", "img@2x.png"}) {
    EXPECT_EQ(source_fault(source, true), std::nullopt) << source;
  }
  EXPECT_TRUE(source_fault("a.jpg", false));
  for (const std::string_view source : {"", "ftp://h/a", "file://server/a", "http:///a", "a\nb"}) {
    EXPECT_TRUE(source_fault(source, true)) << source;
  }
}

TEST(WithoutCredentials, TakesThemOut) {
  EXPECT_EQ(without_credentials("http://user:pass@host/a?b@c"), "http://host/a?b@c");
  EXPECT_EQ(without_credentials("http://user@host"), "http://host");
  EXPECT_EQ(without_credentials("http://u:p@ss@host:80/a"), "http://host:80/a");
  EXPECT_EQ(without_credentials("//u:p@host/a"), "//host/a");
  EXPECT_EQ(without_credentials("u:p@host/a"), "host/a");
  EXPECT_EQ(without_credentials("http//u:p@host/a"), "http//host/a");
  EXPECT_EQ(without_credentials("http/u:p@host/a"), "http/host/a");
  EXPECT_EQ(without_credentials("http:///u:p/w@host/a"), "http:///host/a");
  EXPECT_EQ(without_credentials("see http://u:p@a/ and ftp:/v:q@b/."),
            "see http://a/ and ftp:/b/.");
  EXPECT_EQ(without_credentials("http://a/get?from=https://u:p@b/x@y"),
            "http://a/get?from=https://b/x@y");
}

TEST(WithoutCredentials, LeavesTheRest) {
  for (const std::string_view url :
       {"http://host/photo@2x.jpg", "http://host:80/a@b", "http://[::1]:80/a@b", "img/photo@2x.png",
        "http://host//photo@2x.jpg", "http://host/a:b/photo@2x.jpg", "photo@2x.png", "@", ":",
        ""}) {
    EXPECT_EQ(without_credentials(url), url);
  }
}

std::vector<std::string_view> split(std::string_view field, bool local_paths = false) {
  std::vector<std::string_view> pieces{"left over from the row before"};
  split_urls(field, local_paths, pieces);
  return pieces;
}

TEST(SplitUrls, AtCommasBeforeAScheme) {
  EXPECT_THAT(split("http://a/1"), ElementsAre("http://a/1"));
  EXPECT_THAT(split(" http://a/1 ,  HTTPS://a/2 "), ElementsAre("http://a/1", "HTTPS://a/2"));
  EXPECT_THAT(split("http://a/1,\r\nhttp://a/2"), ElementsAre("http://a/1", "http://a/2"));
  EXPECT_THAT(split("http://a/w_1,h_2/x.jpg,http://b"),
              ElementsAre("http://a/w_1,h_2/x.jpg", "http://b"));
}

TEST(SplitUrls, ACommaAtTheEndEndsTheList) {
  EXPECT_THAT(split("http://a , "), ElementsAre("http://a"));
  EXPECT_THAT(split("http://a,,"), ElementsAre("http://a,"));
}

TEST(SplitUrls, NothingElseSplits) {
  EXPECT_THAT(split("http://a/x,,http://b"), ElementsAre("http://a/x,", "http://b"));
  EXPECT_THAT(split("http://a,ftp://b"), ElementsAre("http://a,ftp://b"));
  EXPECT_THAT(split("http://a;http://b"), ElementsAre("http://a;http://b"));
  EXPECT_THAT(split("http://a,./b"), ElementsAre("http://a,./b"));
}

TEST(SplitUrls, NothingBeforeACommaIsAnEmptyPiece) {
  EXPECT_THAT(split(",http://a"), ElementsAre("", "http://a"));
  EXPECT_THAT(split(","), ElementsAre(""));
  EXPECT_THAT(split(" \t"), IsEmpty());
  EXPECT_THAT(split(""), IsEmpty());
}

TEST(SplitUrls, LocalPathsSplitAtEveryComma) {
  EXPECT_THAT(split("a.jpg, b.jpg,http://h/w_1,h_2/c.jpg,./d.jpg,e.jpg", true),
              ElementsAre("a.jpg", "b.jpg", "http://h/w_1,h_2/c.jpg", "./d.jpg", "e.jpg"));
  EXPECT_THAT(split("http://h/a,b,file:///c,../d", true),
              ElementsAre("http://h/a,b", "file:///c", "../d"));
  EXPECT_THAT(split("a.jpg,,b.jpg,", true), ElementsAre("a.jpg", "", "b.jpg"));
}

TEST(UrlStem, IsTheNameOfThePicture) {
  EXPECT_EQ(url_stem("https://host/a/photo.jpg?w=3"), "photo");
  EXPECT_EQ(url_stem("https://host/a/photo.jpg#x/y.z"), "photo");
  EXPECT_EQ(url_stem("https://host/v1.2_red-lamp.jpeg"), "v1.2_red-lamp");
  EXPECT_EQ(url_stem("https://host/photo.jpg.webp"), "photo.jpg");
  EXPECT_EQ(url_stem("https://host/My%20photo (1).jpg"), "My-photo-1");
  EXPECT_EQ(url_stem("img/lamp #2.png"), "lamp-2");
  EXPECT_EQ(url_stem("file:///a/b/chair.tif"), "chair");
}

TEST(UrlStem, IsSafeAsAFileName) {
  EXPECT_EQ(url_stem("https://host/..%2F..%2Fetc.jpg"), "etc");
  EXPECT_EQ(url_stem("https://host/.htaccess"), "htaccess");
  EXPECT_EQ(url_stem("https://host/...a.jpg"), "a");
  EXPECT_EQ(url_stem("https://host/" + std::string(300, 'x') + ".jpg"), std::string(64, 'x'));
}

TEST(UrlStem, IsImageWhenNothingIsLeft) {
  for (const std::string_view url : {"https://host", "https://host/", "https://host/?a.jpg", "",
                                     "https://host/%E2%82%AC.jpg", "https://host/.."}) {
    EXPECT_EQ(url_stem(url), "image") << url;
  }
}

}  // namespace
}  // namespace imgmill
