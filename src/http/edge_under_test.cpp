#include "http/edge_under_test.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>

#include <fmt/format.h>
#include <poll.h>

namespace imgmill {
namespace {

constexpr int kSilenceMaxMs = 20'000;

std::size_t number(std::string_view text, int base) {
  std::size_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, base);
  return value;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

RawReply parse_head(std::string_view head) {
  RawReply reply{.status = static_cast<int>(number(head.substr(9, 3), 10))};
  std::size_t at = head.find("\r\n") + 2;
  while (at < head.size()) {
    const std::size_t end = head.find("\r\n", at);
    const std::string_view line = head.substr(at, end - at);
    const std::size_t colon = line.find(": ");
    if (colon == line.npos) break;
    reply.headers[lower(line.substr(0, colon))] = line.substr(colon + 2);
    at = end + 2;
  }
  return reply;
}

}  // namespace

std::string RawReply::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string() : found->second;
}

RawClient::RawClient(std::uint16_t port)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("the edge does not take the connection");
  }
}

bool RawClient::say(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void RawClient::stop_saying() { ::shutdown(socket_.get(), SHUT_WR); }

bool RawClient::fill(int timeout_ms) {
  pollfd wait{.fd = socket_.get(), .events = POLLIN, .revents = 0};
  if (ended_ || ::poll(&wait, 1, timeout_ms) <= 0) return false;
  char block[16'384];
  const ssize_t got = ::recv(socket_.get(), block, sizeof block, 0);
  ended_ = got <= 0;
  if (got > 0) pending_.append(block, static_cast<std::size_t>(got));
  return got > 0;
}

RawReply RawClient::read_reply(bool to_head) {
  while (!pending_.contains("\r\n\r\n")) {
    if (!fill(kSilenceMaxMs)) return {};
  }
  const std::size_t head_size = pending_.find("\r\n\r\n") + 4;
  RawReply reply = parse_head(std::string_view(pending_).substr(0, head_size));
  pending_.erase(0, head_size);
  if (to_head || reply.status == 304 || reply.status == 204 || reply.status == 100) {
    reply.is_whole = true;
  } else if (reply.headers.contains("content-length")) {
    const std::size_t size = number(reply.header("content-length"), 10);
    while (pending_.size() < size && fill(kSilenceMaxMs)) {
    }
    reply.is_whole = pending_.size() >= size;
    reply.body = pending_.substr(0, size);
    pending_.erase(0, reply.body.size());
  } else if (reply.header("transfer-encoding") == "chunked") {
    while (true) {
      while (!pending_.contains("\r\n") && fill(kSilenceMaxMs)) {
      }
      const std::size_t line = pending_.find("\r\n");
      if (line == std::string::npos) break;
      const std::size_t size = number(std::string_view(pending_).substr(0, line), 16);
      while (pending_.size() < line + size + 4 && fill(kSilenceMaxMs)) {
      }
      if (pending_.size() < line + size + 4) break;
      reply.body += pending_.substr(line + 2, size);
      pending_.erase(0, line + size + 4);
      reply.is_whole = size == 0;
      if (reply.is_whole) break;
    }
  } else {
    reply.body = read_to_end();
    reply.is_whole = ended_;
  }
  return reply;
}

std::string RawClient::read_until(std::string_view mark) {
  while (!pending_.contains(mark) && fill(kSilenceMaxMs)) {
  }
  const std::size_t at = pending_.find(mark);
  const std::size_t end = at == std::string::npos ? pending_.size() : at + mark.size();
  std::string read = pending_.substr(0, end);
  pending_.erase(0, end);
  return read;
}

std::string RawClient::read_to_end() {
  while (fill(kSilenceMaxMs)) {
  }
  return std::exchange(pending_, {});
}

bool RawClient::is_closed() {
  while (fill(50)) pending_.clear();
  return ended_;
}

EdgeUnderTest::EdgeUnderTest(EdgeOptions options) {
  std::string name = (std::filesystem::temp_directory_path() / "imgmill-edge-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  folder = name;
  options.port = 0;
  options.base_url = "http://img.test";
  options.spool_folder = folder;
  EdgeParts parts{
      .db = db,
      .objects = objects,
      .clock = clock,
      .blocking = pool,
      .webhook_url_fault = [](std::string_view url) -> std::optional<std::string> {
        if (!url.contains("10.0.0.1")) return std::nullopt;
        return "10.0.0.1 is a private address";
      },
      .batch_sealed = [this] { ++batches_sealed; },
      .batch_cancelled = [this](BatchKey) { ++batches_cancelled; },
      .look =
          [](const std::string& url, std::int64_t, Callback<UrlSample> done) {
            if (url.contains("bad")) {
              done({.fault = ImageFault{FaultCode::kHttpStatus, "it answered 404", 404},
                    .http_status = 404});
            } else {
              done({.http_status = 200, .format = "jpeg", .mime_type = "image/jpeg", .bytes = 20});
            }
          },
      .end_looking = [](std::int64_t) {}};
  auto made = Edge::create(std::move(options), std::move(parts));
  if (!made) throw std::runtime_error(made.error().text);
  edge = *std::move(made);
  edge->start();
}

EdgeUnderTest::~EdgeUnderTest() {
  edge.reset();
  pool.join();
  std::filesystem::remove_all(folder);
}

RawReply EdgeUnderTest::get(std::string_view target, std::string_view head) {
  return ask("GET", target, head);
}

RawReply EdgeUnderTest::ask(std::string_view method, std::string_view target, std::string_view head,
                            std::string_view body) {
  RawClient client = connect();
  const std::string length =
      body.empty() ? std::string() : fmt::format("Content-Length: {}\r\n", body.size());
  client.say(
      fmt::format("{} {} HTTP/1.1\r\nHost: x\r\n{}{}\r\n{}", method, target, length, head, body));
  return client.read_reply(method == "HEAD");
}

RawReply EdgeUnderTest::upload(std::string_view form, std::string_view query) {
  return ask("POST", fmt::format("/api/upload{}", query),
             "Content-Type: multipart/form-data; boundary=B\r\n", form);
}

std::string EdgeUnderTest::accept(std::string_view csv) {
  const RawReply reply = upload(form({{"file", csv}}));
  if (reply.status != 202) throw std::runtime_error("not accepted: " + reply.body);
  return reply.header("location").substr(std::string_view("/api/status/").size());
}

void EdgeUnderTest::work_off() {
  const auto leases =
      db.lease_images("test", 1'000, {}, clock.now(), clock.now() + Micros(1'000'000));
  std::vector<Outcome> outcomes;
  for (const Lease& lease : leases.value()) {
    for (const LeasedImage& image : lease.images) {
      if (image.url.contains("bad")) {
        outcomes.push_back({.lease = lease.id,
                            .image = image.image,
                            .tries = 1,
                            .fault = ImageFault{FaultCode::kHttpStatus, "it answered 404", 404}});
        continue;
      }
      const std::string key = fmt::format("processed/{}/{}.jpg", lease.request_id, image.image);
      const std::string bytes = "0123456789";
      static_cast<void>(objects.put(key, std::as_bytes(std::span(bytes))));
      outcomes.push_back(
          {.lease = lease.id,
           .image = image.image,
           .tries = 1,
           .rendered = Rendered{.output_key = key, .bytes_in = 20, .bytes_out = 10}});
    }
  }
  static_cast<void>(db.finish_images(outcomes, clock.now()));
}

std::size_t EdgeUnderTest::spool_files() const {
  const std::filesystem::directory_iterator files(folder);
  return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

std::string form(const std::vector<std::pair<std::string_view, std::string_view>>& parts) {
  std::string out;
  for (const auto& [name, value] : parts) {
    const std::string_view file_name = name == "file" ? "; filename=\"in.csv\"" : "";
    out += fmt::format("--B\r\nContent-Disposition: form-data; name=\"{}\"{}\r\n\r\n{}\r\n", name,
                       file_name, value);
  }
  return out + "--B--\r\n";
}

}  // namespace imgmill
