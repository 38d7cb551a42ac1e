// Where a server would listen, whether one does, how clients reach it, and whom it trusts.
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "base/unique_fd.h"
#include "base/version.h"
#include "cli/health.h"
#include "cli/problem_text.h"
#include "fetch/address_guard.h"
#include "fetch/api_client.h"
#include "http/tls.h"

namespace imgmill::cli {
namespace {

constexpr const char* kListen = "listen";
constexpr std::chrono::seconds kPatience{5};  // a health check shall not hang

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

Address address_of(const std::string& host, std::uint16_t port) {
  Address address;
  auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(address.storage);
  if (::inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    address.size = sizeof v4;
  } else {
    ::inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    address.size = sizeof v6;
  }
  return address;
}

UniqueFd stream_socket(const Address& address) {
  return UniqueFd(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

// Port 0: the port itself stays free for a server that starts just now.
bool is_of_this_machine(const std::string& host) {
  const Address any_port = address_of(host, 0);
  const UniqueFd probe = stream_socket(any_port);
  return probe && ::bind(probe.get(), reinterpret_cast<const sockaddr*>(&any_port.storage),
                         any_port.size) == 0;
}

// "every address" is reached at loopback.
std::string reachable(const std::string& host) {
  if (host == "0.0.0.0") return "127.0.0.1";
  return host == "::" ? "::1" : host;
}

bool is_listened_on(const ListenAddress& listen) {
  const Address address = address_of(reachable(listen.host), listen.port);
  const UniqueFd probe = stream_socket(address);
  return probe && ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address.storage),
                            address.size) == 0;
}

std::string url_of(std::string_view scheme, const ListenAddress& listen) {
  const std::string host = reachable(listen.host);
  return fmt::format(fmt::runtime(host.contains(':') ? "{}://[{}]:{}" : "{}://{}:{}"), scheme, host,
                     listen.port);
}

Result<ApiReply> ask_readiness(const std::string& url, const Settings& settings,
                               bool environment_proxy) {
  TRY(const auto api, ApiClient::create({.server = url,
                                         .api_key = {},
                                         .ca_file = settings.ca_file,
                                         .user_agent = "imgmill/" IMGMILL_VERSION,
                                         .environment_proxy = environment_proxy,
                                         .stall = kPatience}));
  return api->get("/readyz");
}

bool says_ready(const ApiReply& reply) {
  boost::system::error_code wrong;
  const auto body = boost::json::parse(reply.body, wrong);
  return reply.status == 200 && !wrong && body.is_object() &&
         body.get_object().contains("status") && body.at("status") == "ready";
}

Finding readiness(const char* check, const std::string& url, const ApiReply& reply) {
  if (says_ready(reply)) {
    return {check, Health::kOk, fmt::format("a server at {} is ready", url)};
  }
  return {check, Health::kFail, fmt::format("{}: {}", url, problem_of(reply, url).text),
          "see the server's log"};
}

// Something accepts connections at the address.
Finding served(const Settings& settings, int owner) {
  const std::string url = url_of("http", settings.listen);
  const auto reply = ask_readiness(url, settings, false);
  if (reply && (owner != 0 || says_ready(*reply))) return readiness(kListen, url, *reply);
  if (owner != 0) {
    // One that speaks TLS has a certificate for its name and not for this address.
    const auto secure = ask_readiness(url_of("https", settings.listen), settings, false);
    if (secure) return readiness(kListen, url_of("https", settings.listen), *secure);
    if (secure.error().code == ErrorCode::kIo) {
      return {kListen, Health::kOk,
              fmt::format("{}:{} is served over TLS", settings.listen.host, settings.listen.port)};
    }
    return {kListen, Health::kFail, fmt::format("{}: {}", url, describe(reply.error())),
            fmt::format("see the log of process {}", owner)};
  }
  return {
      kListen, Health::kFail,
      fmt::format("{}:{} is taken by another program", settings.listen.host, settings.listen.port),
      "stop that one, or choose another port with --listen"};
}

Finding listening(const Settings& settings) {
  const ListenAddress& listen = settings.listen;
  const int owner = owner_of(settings.data_dir);
  if (is_listened_on(listen)) return served(settings, owner);
  const std::string shown = fmt::format("{}:{}", listen.host, listen.port);
  if (!is_of_this_machine(listen.host)) {
    return {kListen, Health::kFail, fmt::format("{} is no address of this machine", listen.host),
            "choose one with --listen; 0.0.0.0 is every address"};
  }
  if (owner != 0) {
    return {kListen, Health::kFail,
            fmt::format("process {} has the data folder, but nothing answers at {}", owner, shown),
            "give the doctor the server's own --listen, or see its log"};
  }
  return {kListen, Health::kOk, fmt::format("{} is free", shown)};
}

// Where /metrics has an address of its own.
Finding metrics_listening(const ListenAddress& listen, const Settings& settings) {
  constexpr const char* kCheck = "metrics-listen";
  const std::string shown = fmt::format("{}:{}", listen.host, listen.port);
  const char* const mend = "choose another with --metrics-listen";
  if (listen.port != 0 && listen.port == settings.listen.port &&
      reachable(listen.host) == reachable(settings.listen.host)) {
    return {kCheck, Health::kFail, fmt::format("{} is the API's own address", shown), mend};
  }
  if (!is_of_this_machine(listen.host)) {
    return {kCheck, Health::kFail, fmt::format("{} is no address of this machine", listen.host),
            mend};
  }
  if (is_listened_on(listen) && owner_of(settings.data_dir) == 0) {
    return {kCheck, Health::kFail, fmt::format("{} is taken by another program", shown), mend};
  }
  return {kCheck, Health::kOk, shown};
}

Finding certificate(const Settings& settings) {
  const auto loaded = TlsCertificate::load({settings.tls_cert, settings.tls_key});
  if (loaded) return {"certificate", Health::kOk, settings.tls_cert.string()};
  return {"certificate", Health::kFail, loaded.error().text, "--tls-cert and --tls-key"};
}

bool names_loopback(std::string_view url) {
  const std::string_view rest = url.substr(url.find("//") + 2);
  return rest.starts_with("localhost") || rest.starts_with("127.") || rest.starts_with("[::1]");
}

Finding base_url(const Settings& settings) {
  const std::string url =
      settings.base_url.empty()
          ? fmt::format("{}://localhost:{}", settings.tls_cert.empty() ? "http" : "https",
                        settings.listen.port)
          : settings.base_url;
  if (settings.listen.is_loopback() || !names_loopback(url)) return {"base URL", Health::kOk, url};
  return {"base URL", Health::kWarn,
          fmt::format("output URLs begin with {}, which leads elsewhere on other machines", url),
          "say with --base-url how clients reach this server"};
}

Finding allowed_nets(const Settings& settings) {
  const auto guard = AddressGuard::create(settings.allow_nets);
  if (!guard) {
    return {"allow-nets", Health::kFail, guard.error().text, "--allow-nets (IMGMILL_ALLOW_NETS)"};
  }
  const std::string text = settings.allow_nets.empty() ? "public addresses only"
                                                       : fmt::format("public addresses and {} more",
                                                                     settings.allow_nets.size());
  return {"allow-nets", Health::kOk, text};
}

Finding authorities(const Settings& settings) {
  return {"authorities", Health::kOk,
          settings.ca_file.empty() ? "the system's"
                                   : fmt::format("the system's and {}", settings.ca_file.string())};
}

Finding webhooks(const Settings& settings) {
  const std::size_t secrets = settings.webhook_secrets.size();
  if (secrets > 0) {
    return {"webhooks", Health::kOk,
            fmt::format("signed with {} secret{}", secrets, secrets == 1 ? "" : "s")};
  }
  return {"webhooks", Health::kWarn, "not signed: receivers cannot tell who sent them",
          "set IMGMILL_WEBHOOK_SECRET, or IMGMILL_WEBHOOK_SECRET_FILE"};
}

}  // namespace

void check_network(const Settings& settings, Findings& findings) {
  findings.push_back(listening(settings));
  if (settings.metrics_listen) {
    findings.push_back(metrics_listening(*settings.metrics_listen, settings));
  }
  if (!settings.tls_cert.empty()) findings.push_back(certificate(settings));
  findings.push_back(base_url(settings));
  findings.push_back(allowed_nets(settings));
  findings.push_back(authorities(settings));
  findings.push_back(webhooks(settings));
}

Finding check_server(const std::string& url, const Settings& settings) {
  const auto reply = ask_readiness(url, settings, true);
  if (reply) return readiness("server", url, *reply);
  return {"server", Health::kFail, fmt::format("{}: {}", url, describe(reply.error())),
          "start it, or name another with --server"};
}

}  // namespace imgmill::cli
