// An Edge over fakes on a free loopback port, and a client that says exactly what a test wants
// said.
#pragma once

#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"
#include "db/fake/fake_db.h"
#include "http/edge.h"
#include "objects/fake/fake_store.h"

namespace imgmill {

struct RawReply {
  int status = 0;
  std::map<std::string, std::string> headers{};  // names in lower case
  std::string body{};
  bool is_whole = false;  // false: the connection ended or fell silent before it did

  [[nodiscard]] std::string header(const std::string& name) const;
};

// Blocking; a read that gets nothing for 20 s fails instead of hanging.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port);

  // False when the server has reset the connection.
  bool say(std::string_view bytes);
  void stop_saying();  // half-closes
  [[nodiscard]] RawReply read_reply(bool to_head = false);
  // Whether the server says something, or closes, now or within 50 ms.
  [[nodiscard]] bool has_something() { return !pending_.empty() || ended_ || fill(50); }
  // Everything up to and with `mark`; less when the server closes or falls silent before it.
  [[nodiscard]] std::string read_until(std::string_view mark);
  // Everything until the server closes.
  [[nodiscard]] std::string read_to_end();
  // Whether the server closes now or within 50 ms. Throws away what it says before.
  [[nodiscard]] bool is_closed();

 private:
  bool fill(int timeout_ms);

  UniqueFd socket_;
  std::string pending_;  // read, not yet taken
  bool ended_ = false;
};

class EdgeUnderTest {
 public:
  explicit EdgeUnderTest(EdgeOptions options = {});
  ~EdgeUnderTest();

  [[nodiscard]] RawClient connect() { return RawClient(edge->port()); }
  // On a connection of its own; `head` are further header lines, each with its line break.
  [[nodiscard]] RawReply get(std::string_view target, std::string_view head = {});
  [[nodiscard]] RawReply ask(std::string_view method, std::string_view target,
                             std::string_view head = {}, std::string_view body = {});
  // POST /api/upload with this body, framed with the boundary "B".
  [[nodiscard]] RawReply upload(std::string_view form, std::string_view query = {});
  // The id of the request that this CSV becomes.
  [[nodiscard]] std::string accept(std::string_view csv);
  // Works off everything there is: every image ends as a rendition of ten bytes, but those whose
  // URL has "bad" in it fail.
  void work_off();
  [[nodiscard]] std::size_t spool_files() const;

  std::filesystem::path folder;
  FakeDb db;
  FakeStore objects;
  ManualClock clock;
  std::atomic<int> batches_sealed = 0;
  std::atomic<int> batches_cancelled = 0;
  asio::thread_pool pool{2};
  std::unique_ptr<Edge> edge;
};

// A form with the boundary "B"; each part is its name and its value. "file" gets a file name.
[[nodiscard]] std::string form(
    const std::vector<std::pair<std::string_view, std::string_view>>& parts);

inline constexpr std::string_view kSmallCsv =
    "S. No.,Product Name,Input Image Urls\n"
    "1,SKU1,\"https://example.com/a.jpg,https://example.com/b.jpg\"\n"
    "2,SKU2,https://example.com/c.jpg\n";

}  // namespace imgmill
