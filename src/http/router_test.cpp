#include "http/router.h"

#include <gtest/gtest.h>

#include "http/endpoints.h"
#include "http/path.h"

namespace imgmill {
namespace {

std::string routed(Method method, std::string_view path) {
  const auto found = find_route(method, path);
  if (std::holds_alternative<Unrouted>(found)) return "404";
  if (const auto* wrong = std::get_if<WrongMethod>(&found))
    return "405 " + std::string(wrong->allowed);
  return std::get<Route>(found).variable;
}

TEST(Router, MethodsAndPaths) {
  EXPECT_EQ(routed(Method::kGet, "/api/status/abc"), "abc");
  EXPECT_EQ(routed(Method::kHead, "/results/abc_results.csv"), "abc");
  EXPECT_EQ(routed(Method::kGet, "/processed/a/b.jpg"), "a/b.jpg");
  EXPECT_EQ(routed(Method::kPost, "/api/upload"), "");
  EXPECT_EQ(routed(Method::kGet, "/api/upload"), "405 POST");
  EXPECT_EQ(routed(Method::kOther, "/healthz"), "405 GET, HEAD");
  EXPECT_EQ(routed(Method::kGet, "/api/requests"), "");
  EXPECT_EQ(routed(Method::kGet, "/api/requests/abc/images"), "abc");
  EXPECT_EQ(routed(Method::kPost, "/api/requests/abc/cancel"), "abc");
  EXPECT_EQ(routed(Method::kDelete, "/api/requests/abc"), "abc");
  EXPECT_EQ(routed(Method::kGet, "/api/requests/abc"), "405 DELETE");
  EXPECT_EQ(routed(Method::kDelete, "/api/requests/abc/retry"), "405 POST");
}

TEST(Router, FilesOfThePages) {
  EXPECT_EQ(routed(Method::kGet, "/"), "/");
  EXPECT_EQ(routed(Method::kHead, "/docs"), "/docs");
  EXPECT_EQ(routed(Method::kGet, "/openapi.json"), "/openapi.json");
  EXPECT_EQ(routed(Method::kPost, "/"), "405 GET, HEAD");
  EXPECT_EQ(routed(Method::kGet, "/assets/page.css"), "/assets/page.css");
}

std::string_view name_at(Method method, std::string_view path) {
  const auto found = find_route(method, path);
  if (const auto* wrong = std::get_if<WrongMethod>(&found)) return wrong->name;
  return std::get<Route>(found).name;
}

TEST(Router, RoutesAreNamedAfterTheirPattern) {
  EXPECT_EQ(name_at(Method::kGet, "/api/status/abc"), "/api/status/{id}");
  EXPECT_EQ(name_at(Method::kPost, "/api/status/abc"), "/api/status/{id}");
  EXPECT_EQ(name_at(Method::kGet, "/results/abc_results.csv"), "/results/{id}_results.csv");
  EXPECT_EQ(name_at(Method::kGet, "/processed/a/b.jpg"), "/processed/{path}");
  EXPECT_EQ(name_at(Method::kGet, "/metrics"), "/metrics");
  EXPECT_EQ(name_at(Method::kGet, "/assets/page.css"), "/{page}");
}

TEST(Router, NothingElse) {
  for (const auto* path :
       {"/docs/", "/assets/", "/assets/no.js", "/api/status/", "/api/status/a/b", "/api/upload/",
        "/results/_results.csv", "/results/abc.csv", "/processed/", "/API/upload", "/healthz/",
        "/api/requests/", "/api/requests/a/b", "/api/requests//images"}) {
    EXPECT_EQ(routed(Method::kGet, path), "404") << path;
  }
}

TEST(Path, QueryBehindTheMark) {
  EXPECT_EQ(query_of("/a?x=1&y=/?"), "x=1&y=/?");
  EXPECT_EQ(query_of("/a?x#y?z"), "x");
  EXPECT_EQ(query_of("/a#b?c"), "");
  EXPECT_EQ(query_of("/a"), "");
}

TEST(Path, DecodedWithoutOriginAndQuery) {
  EXPECT_EQ(decoded_path("/a%20b?x=/y"), "/a b");
  EXPECT_EQ(decoded_path("http://host:80/a?x"), "/a");
  EXPECT_EQ(decoded_path("http://host"), "/");
  EXPECT_EQ(decoded_path("/%2e%2E/x"), "/../x");
  for (const auto* target :
       {"", "*", "host:443", "/%2f", "/%2F", "/%00", "/%5c", "/%", "/%4", "/%zz"}) {
    EXPECT_FALSE(decoded_path(target)) << target;
  }
}

}  // namespace
}  // namespace imgmill
