// One download or webhook on its way through an easy handle: what the handle is told, what comes
// back, and when it has taken too long. A download with redirects is one Transfer and several hops;
// each hop is queued and judged like a first one. The time allowed counts while a hop is under way,
// not while it waits for a place.
//
// Private to the room. Lives on the curl thread.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include <curl/curl.h>

#include "base/clock.h"
#include "fetch/address_guard.h"
#include "fetch/fair_queue.h"
#include "fetch/fetch_url.h"
#include "fetch/fetcher.h"
#include "fetch/transfer_fault.h"

namespace imgmill {

// What all transfers of one fetcher share, and outlives them.
struct TransferRules {
  AddressGuard guard;
  const Clock& clock;
  std::chrono::milliseconds timeout;
  std::uint64_t source_bytes_max;
  std::filesystem::path spool_folder;
  std::string ca_file;
  std::string user_agent;
};

class Transfer {
 public:
  // `batch` is 0 for what belongs to none.
  Transfer(const TransferRules& rules, std::chrono::milliseconds time_allowed,
           std::int64_t batch = 0);
  virtual ~Transfer() = default;
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // Takes its URL apart. False: it cannot be fetched, and has been answered.
  [[nodiscard]] virtual bool aim() = 0;
  // Where it waits for its place.
  [[nodiscard]] LaneName lane() const { return {.batch = batch_, .origin = target_.origin}; }
  // Tells the handle everything about the hop; its time begins.
  void begin(CURL* easy);
  // True: some deadline has passed; the caller ends the hop.
  [[nodiscard]] bool overdue(std::chrono::steady_clock::time_point now);
  // The hop is over. True: there is another one, queue it; else the answer has been given.
  [[nodiscard]] bool finish(CURLcode result);
  // Answers as stopped, wherever it stands.
  virtual void abandon() = 0;
  [[nodiscard]] virtual bool is_post() const = 0;

 protected:
  // What is left to say to the handle, what to do with what comes back, and how to end.
  virtual void begin_request(CURL* easy) = 0;
  [[nodiscard]] virtual Stop take_field(std::string_view name, std::string_view value) = 0;
  [[nodiscard]] virtual Stop take_body(std::span<const std::byte> bytes) = 0;
  [[nodiscard]] virtual bool finish_hop(CURLcode result) = 0;
  [[nodiscard]] virtual std::chrono::milliseconds first_byte_allowed() const = 0;

  [[nodiscard]] int status() const;
  [[nodiscard]] std::optional<std::string> header(const char* name) const;
  [[nodiscard]] std::optional<std::chrono::seconds> retry_after() const;
  // For a hop that ended without an HTTP answer.
  [[nodiscard]] FetchFault fault(CURLcode result) const;
  // Counts bytes that nobody wants; over `bytes_max` the connection is not worth reading on.
  [[nodiscard]] Stop discard(std::size_t bytes, std::size_t bytes_max);

  const TransferRules& rules_;
  FetchUrl target_;
  CURL* easy_ = nullptr;
  Stop stop_ = Stop::kNone;
  std::chrono::steady_clock::duration time_left_;
  std::chrono::steady_clock::duration waited_{0};  // for its places

 private:
  static curl_socket_t open_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int before_request(void* self, char* peer, char* local, int peer_port, int local_port);
  static std::size_t on_header(char* line, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self);

  void set_target();
  void set_callbacks();
  [[nodiscard]] Stop take_header_line(std::string_view line);
  [[nodiscard]] bool judge(const sockaddr& address);

  const std::int64_t batch_;
  std::chrono::steady_clock::time_point queued_at_;
  std::chrono::steady_clock::time_point began_at_;
  std::chrono::steady_clock::time_point window_began_at_;
  std::uint64_t window_bytes_ = 0;
  std::size_t header_bytes_ = 0;
  std::size_t discarded_bytes_ = 0;
  bool asked_ = false;
  bool first_byte_seen_ = false;
  bool address_opened_ = false;  // one that the guard let pass
  std::string blocked_sentence_;
};

}  // namespace imgmill
