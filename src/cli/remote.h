// The server that the client verbs talk to: their common flags, and answers as Results. A refusal
// becomes an Error whose text is the server's problem as people read it; say_error() turns it into
// the exit status. kInvalid (2) is what is wrong with the upload itself: 400, 413, 415, 422.
#pragma once

#include <memory>
#include <string>

#include "app/settings.h"
#include "base/error.h"
#include "cli/verbs.h"
#include "fetch/api_client.h"

namespace imgmill::cli {

struct RemoteFlags {
  SettingTexts given;
  bool json = false;
};

// --server, --ca-file. `flags` lives as long as `verb`.
void add_remote(CLI::App& verb, RemoteFlags& flags);
void add_json(CLI::App& verb, RemoteFlags& flags, const char* doc);

class Remote {
 public:
  // kInvalid when a flag or a variable is wrong.
  [[nodiscard]] static Result<Remote> open(const RemoteFlags& flags);

  [[nodiscard]] ApiClient& api() { return *api_; }
  // The body of a 2xx, or why there is none.
  [[nodiscard]] Result<std::string> body_of(Result<ApiReply> reply) const;
  [[nodiscard]] Result<std::string> get(const std::string& target) {
    return body_of(api_->get(target));
  }
  [[nodiscard]] Result<std::string> post(const std::string& target) {
    return body_of(api_->post(target));
  }
  // "imgmill watch ID", with the flags that lead to this server.
  [[nodiscard]] std::string command(std::string_view verb, std::string_view rest) const;
  [[nodiscard]] const std::string& server() const { return settings_.server; }

 private:
  Remote(Settings settings, std::string flags_again, std::unique_ptr<ApiClient> api)
      : settings_(std::move(settings)),
        flags_again_(std::move(flags_again)),
        api_(std::move(api)) {}
  [[nodiscard]] Error unreachable(const Error& error) const;

  Settings settings_;
  std::string flags_again_;
  std::unique_ptr<ApiClient> api_;
};

// What most verbs are: the server is found, `action` talks to it and gives the exit status.
[[nodiscard]] int with_remote(const RemoteFlags& flags,
                              const std::function<Result<int>(Remote&)>& action);

// kInvalid unless it looks like one; so nothing else gets into a URL.
[[nodiscard]] Result<std::string> request_id_of(const std::string& text);

}  // namespace imgmill::cli
