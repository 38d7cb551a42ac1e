// The command line's way to a server of ours: one request after the other, over kept connections.
// Unlike the Fetcher it judges no address, for the user named the server. It follows no redirect,
// which would take the key elsewhere, and takes the environment's proxies (https_proxy, no_proxy)
// as other command-line tools do, but never to this machine itself.
//
// Blocks; one thread. Includes base and libcurl only, and libcurl stays behind this header.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace imgmill {

struct ApiOptions {
  std::string server;             // "https://mill.example/prefix", without a slash at its end
  std::string api_key;            // sent as Authorization: Bearer; empty: none
  std::filesystem::path ca_file;  // PEM, trusted besides the system's authorities; may be empty
  std::string user_agent;
  bool environment_proxy = true;   // false: no proxy at all
  std::chrono::seconds stall{60};  // nothing comes for so long: kTimeout; of an upload, 15 minutes
};

struct ApiReply {
  int status = 0;
  std::string content_type;
  std::string location;  // of a redirect, as it was said
  std::optional<std::chrono::seconds> retry_after;
  std::string body;  // 16 MiB at most

  // "text/csv" also with its parameters, such as the charset.
  [[nodiscard]] bool has_type(std::string_view media_type) const;
};

using ApiFields = std::vector<std::pair<std::string, std::string>>;

struct ApiUpload {
  int file_fd = -1;                         // read from where it stands to its end
  std::optional<std::uint64_t> size;        // when it is known
  std::string file_name;                    // as the server shall see it
  ApiFields fields;                         // of the form, besides the file
  ApiFields headers;                        // of the request
  std::function<void(std::uint64_t)> sent;  // bytes so far, now and then
};

class ApiClient {
 public:
  // Takes a block of a body; its error ends the transfer and is what the caller gets.
  using Sink = std::function<Result<void>(std::span<const std::byte>)>;

  // kInternal when libcurl cannot be set up.
  [[nodiscard]] static Result<std::unique_ptr<ApiClient>> create(ApiOptions options);
  ~ApiClient();
  ApiClient(const ApiClient&) = delete;
  ApiClient& operator=(const ApiClient&) = delete;

  // Any answer is a value, whatever its status. kUnavailable when there is none or it breaks off,
  // kTimeout when nothing comes for long, kIo when the server's certificate is not trusted or the
  // file cannot be read; the detail says what the network said.
  [[nodiscard]] Result<ApiReply> get(const std::string& target);
  [[nodiscard]] Result<ApiReply> post(const std::string& target);
  [[nodiscard]] Result<ApiReply> upload(const std::string& target, const ApiUpload& upload);
  // The body of a 200 of this media type goes to `sink`, any other one into the reply.
  [[nodiscard]] Result<ApiReply> download(const std::string& target, std::string_view media_type,
                                          const Sink& sink);

  // Asked about once a second while something is under way; true ends it with kUnavailable.
  void give_up_when(std::function<bool()> given_up);

 private:
  class Impl;
  explicit ApiClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace imgmill
