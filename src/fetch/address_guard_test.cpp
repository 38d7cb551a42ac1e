#include "fetch/address_guard.h"

#include <arpa/inet.h>
#include <cstring>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imgmill {
namespace {

using testing::HasSubstr;

AddressGuard guard_of(std::vector<std::string> nets) {
  auto guard = AddressGuard::create(nets);
  EXPECT_TRUE(guard.has_value());
  return *guard;
}

std::optional<std::string> fault(const AddressGuard& guard, const std::string& text) {
  sockaddr_storage storage{};
  auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
  const bool is_ipv6 = text.find(':') != std::string::npos;
  storage.ss_family = is_ipv6 ? AF_INET6 : AF_INET;
  void* address = is_ipv6 ? static_cast<void*>(&v6.sin6_addr) : static_cast<void*>(&v4.sin_addr);
  EXPECT_EQ(inet_pton(storage.ss_family, text.c_str(), address), 1) << text;
  return guard.fault(reinterpret_cast<const sockaddr&>(storage));
}

bool allows(const AddressGuard& guard, const std::string& text) { return !fault(guard, text); }

struct Range {
  const char* first;
  const char* last;
  const char* before;  // the public neighbours; "" where there is none
  const char* after;
};

const Range kRanges[] = {
    {"0.0.0.0", "0.255.255.255", "", "1.0.0.0"},
    {"10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0"},
    {"100.64.0.0", "100.127.255.255", "100.63.255.255", "100.128.0.0"},
    {"127.0.0.0", "127.255.255.255", "126.255.255.255", "128.0.0.0"},
    {"169.254.0.0", "169.254.255.255", "169.253.255.255", "169.255.0.0"},
    {"172.16.0.0", "172.31.255.255", "172.15.255.255", "172.32.0.0"},
    {"192.0.0.0", "192.0.0.255", "191.255.255.255", "192.0.1.0"},
    {"192.0.2.0", "192.0.2.255", "192.0.1.255", "192.0.3.0"},
    {"192.88.99.0", "192.88.99.255", "192.88.98.255", "192.88.100.0"},
    {"192.168.0.0", "192.168.255.255", "192.167.255.255", "192.169.0.0"},
    {"198.18.0.0", "198.19.255.255", "198.17.255.255", "198.20.0.0"},
    {"198.51.100.0", "198.51.100.255", "198.51.99.255", "198.51.101.0"},
    {"203.0.113.0", "203.0.113.255", "203.0.112.255", "203.0.114.0"},
    {"224.0.0.0", "239.255.255.255", "223.255.255.255", ""},
    {"240.0.0.0", "255.255.255.255", "", ""},
    {"::", "::ffff:ffff", "", ""},
    {"::ffff:10.0.0.0", "::ffff:10.255.255.255", "::ffff:9.255.255.255", "::ffff:11.0.0.0"},
    {"64:ff9b::", "64:ff9b::ffff:ffff", "", ""},
    {"64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "", ""},
    {"100::", "100::ffff:ffff:ffff:ffff", "", ""},
    {"::1:0:0", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", "2000::"},
    {"4000::", "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     ""},
    {"2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     "2001:1::"},
    {"2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", "2001:1:ffff:ffff:ffff:ffff:ffff:ffff",
     "2001:2:1::"},
    {"2001:10::", "2001:1f:ffff:ffff:ffff:ffff:ffff:ffff", "2001:f:ffff:ffff:ffff:ffff:ffff:ffff",
     "2001:20::"},
    {"2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
     "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::"},
    {"2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     "2003::"},
    {"3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     "3fff:1000::"},
    {"5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", ""},
    {"fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", ""},
    {"fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", ""},
    {"fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", ""},
    {"ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", ""},
};

TEST(AddressGuard, BlocksEachRangeFromItsFirstAddressToItsLastAndNotItsNeighbours) {
  const AddressGuard guard = guard_of({});
  for (const Range& range : kRanges) {
    EXPECT_FALSE(allows(guard, range.first)) << range.first;
    EXPECT_FALSE(allows(guard, range.last)) << range.last;
    for (const char* neighbour : {range.before, range.after}) {
      if (*neighbour) EXPECT_TRUE(allows(guard, neighbour)) << neighbour;
    }
  }
}

TEST(AddressGuard, LetsPublicAddressesPass) {
  const AddressGuard guard = guard_of({});
  for (const char* address : {"1.1.1.1", "8.8.8.8", "93.184.216.34", "::ffff:8.8.8.8",
                              "2606:4700:4700::1111", "2a00:1450:4001:80b::200e"}) {
    EXPECT_TRUE(allows(guard, address)) << address;
  }
}

TEST(AddressGuard, BlocksIsatapUnderAnyPrefix) {
  const AddressGuard guard = guard_of({});
  EXPECT_FALSE(allows(guard, "2a00:1450::5efe:10.0.0.1"));
  EXPECT_FALSE(allows(guard, "2a00:1450::200:5efe:8.8.8.8"));
  EXPECT_TRUE(allows(guard, "2a00:1450::100:5efe:8.8.8.8"));
  EXPECT_TRUE(allows(guard, "2a00:1450::5eff:8.8.8.8"));
}

TEST(AddressGuard, SaysHowToAllowAndNotWhichAddressItWas) {
  const auto sentence = fault(guard_of({}), "10.20.30.40");
  ASSERT_TRUE(sentence);
  EXPECT_THAT(*sentence, HasSubstr("--allow-nets 10.0.0.0/8"));
  EXPECT_THAT(*sentence, HasSubstr("IMGMILL_ALLOW_NETS"));
  EXPECT_EQ(sentence->find("10.20"), std::string::npos);
}

TEST(AddressGuard, AllowsWhatTheOperatorAllowedAndNothingBesides) {
  const AddressGuard guard = guard_of({"10.1.0.0/16", "192.168.7.7", "fd00:1::/32", "::1"});
  for (const char* address :
       {"10.1.0.0", "10.1.255.255", "192.168.7.7", "fd00:1::9", "::1", "::ffff:10.1.2.3"}) {
    EXPECT_TRUE(allows(guard, address)) << address;
  }
  for (const char* address : {"10.0.255.255", "10.2.0.0", "192.168.7.6", "192.168.7.8",
                              "fd00:2::", "::2", "::ffff:10.2.0.0"}) {
    EXPECT_FALSE(allows(guard, address)) << address;
  }
}

TEST(AddressGuard, ANetOfOneFamilySaysNothingAboutTheOther) {
  EXPECT_FALSE(allows(guard_of({"::/0"}), "127.0.0.1"));
  EXPECT_FALSE(allows(guard_of({"::/0"}), "::ffff:127.0.0.1"));
  EXPECT_FALSE(allows(guard_of({"0.0.0.0/0"}), "::1"));
  EXPECT_TRUE(allows(guard_of({"::ffff:127.0.0.0/104"}), "127.0.0.1"));
}

TEST(AddressGuard, ATranslatorThatIsAllowedLeadsToPublicAddressesOnly) {
  const AddressGuard guard = guard_of({"64:ff9b::/96", "2002::/16"});
  EXPECT_TRUE(allows(guard, "64:ff9b::8.8.8.8"));
  EXPECT_FALSE(allows(guard, "64:ff9b::10.0.0.1"));
  EXPECT_TRUE(allows(guard, "2002:0808:0808::1"));
  EXPECT_FALSE(allows(guard, "2002:7f00:0001::1"));
  EXPECT_TRUE(allows(guard_of({"64:ff9b::/96", "10.0.0.0/8"}), "64:ff9b::10.0.0.1"));
}

TEST(AddressGuard, JudgesBareAddressesToo) {
  const AddressGuard guard = guard_of({});
  EXPECT_FALSE(guard.allows(in_addr{htonl(INADDR_LOOPBACK)}));
  EXPECT_TRUE(guard.allows(in_addr{htonl(0x08080808)}));
  EXPECT_FALSE(guard.allows(in6addr_loopback));
}

TEST(AddressGuard, BlocksOtherFamilies) {
  sockaddr address{};
  address.sa_family = AF_UNIX;
  EXPECT_FALSE(guard_of({"0.0.0.0/0", "::/0"}).allows(address));
}

TEST(AddressGuard, RefusesWhatIsNoNetAndNamesIt) {
  for (const char* text : {"", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/8 ", "10.0/8",
                           "fd00::/129", "localhost", "10.0.0.0/8/8", "/8"}) {
    const auto guard = AddressGuard::create(std::vector<std::string>{text});
    ASSERT_FALSE(guard) << text;
    EXPECT_EQ(guard.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(guard.error().text, HasSubstr("\"" + std::string(text) + "\""));
  }
}

TEST(AddressGuardUrl, BlocksLiteralAddressesInEveryFormAResolverTakes) {
  const AddressGuard guard = guard_of({});
  for (const char* host : {"127.0.0.1",
                           "127.1",
                           "127.0.1",
                           "0x7f.1",
                           "0x7f000001",
                           "2130706433",
                           "017700000001",
                           "0177.0.0.1",
                           "127.0.0.1.",
                           "0",
                           "0.0.0.0",
                           "[::1]",
                           "[::]",
                           "[::ffff:127.0.0.1]",
                           "[::ffff:7f00:1]",
                           "[0:0:0:0:0:ffff:127.0.0.1]",
                           "[fe80::1%25eth0]",
                           "[::127.0.0.1]",
                           "169.254.169.254",
                           "10.0.0.1",
                           "%31%32%37.0.0.1",
                           "user:pw@127.0.0.1",
                           "localhost",
                           "LocalHost",
                           "localhost.",
                           "a.localhost",
                           "A.B.LOCALHOST."}) {
    const std::string url = std::string("http://") + host + ":8080/a.jpg";
    EXPECT_TRUE(guard.url_fault(url)) << url;
  }
}

TEST(AddressGuardUrl, LeavesNamesAndPublicAddressesAlone) {
  const AddressGuard guard = guard_of({});
  for (const char* url :
       {"http://example.com/", "https://8.8.8.8/a", "http://[2606:4700:4700::1111]/",
        "http://localhost.example.com/", "http://notlocalhost/", "http://127.0.0.1.example.com/",
        "http://example.com/?u=127.0.0.1", "http://example.com#@127.0.0.1/"}) {
    EXPECT_FALSE(guard.url_fault(url)) << url;
  }
}

TEST(AddressGuardUrl, JudgesTheHostThatWillBeConnectedToAndNotWhatLooksLikeOne) {
  const AddressGuard guard = guard_of({});
  EXPECT_TRUE(guard.url_fault("http://8.8.8.8@127.0.0.1/"));
  EXPECT_TRUE(guard.url_fault("http://example.com:80@127.0.0.1/"));
}

TEST(AddressGuardUrl, HonoursWhatIsAllowed) {
  const AddressGuard guard = guard_of({"127.0.0.0/8"});
  EXPECT_FALSE(guard.url_fault("http://127.0.0.1/"));
  EXPECT_FALSE(guard.url_fault("http://2130706433/"));
  EXPECT_FALSE(guard.url_fault("http://localhost:9000/"));
  EXPECT_TRUE(guard.url_fault("http://[::1]/"));
  EXPECT_FALSE(guard_of({"::1"}).url_fault("http://localhost/"));
}

TEST(AddressGuardUrl, SaysWhatIsNoUrlThatCanBeFetched) {
  const AddressGuard guard = guard_of({});
  for (const char* url : {"", "ftp://example.com/", "file:///etc/passwd", "http://", "example.com",
                          "http://exa mple.com/", "http://example.com:99999/"}) {
    EXPECT_TRUE(guard.url_fault(url)) << url;
  }
}

}  // namespace
}  // namespace imgmill
