#include "fetch/api_client.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include <curl/curl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "fetch/retry_after.h"

namespace imgmill {
namespace {

using namespace std::chrono_literals;

// A listing's page of 500 requests is 400 KB.
constexpr std::size_t kReplyBytesMax = 16 << 20;
constexpr std::chrono::seconds kConnectDeadline = 10s;
// A server that has all of a sheet of ten million rows takes minutes to admit it.
constexpr std::chrono::seconds kUploadStall = 15min;

template <auto kFree>
using Freed = decltype([](auto* thing) { kFree(thing); });
using Headers = std::unique_ptr<curl_slist, Freed<curl_slist_free_all>>;
using Form = std::unique_ptr<curl_mime, Freed<curl_mime_free>>;
using Url = std::unique_ptr<CURLU, Freed<curl_url_cleanup>>;

void add_header(Headers& headers, std::string_view name, std::string_view value) {
  curl_slist* list = headers.release();
  headers.reset(curl_slist_append(list, fmt::format("{}: {}", name, value).c_str()));
}

bool is_this_machine(const std::string& url) {
  const Url parts(curl_url());
  if (curl_url_set(parts.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return false;
  char* text = nullptr;
  if (curl_url_get(parts.get(), CURLUPART_HOST, &text, 0) != CURLUE_OK) return false;
  const std::string host(text);
  curl_free(text);
  return host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.") ||
         host == "[::1]";
}

// One request's ends: what goes out of the file, what comes in.
struct Exchange {
  ApiReply reply{};
  const ApiClient::Sink* sink = nullptr;
  std::string_view media_type{};  // what the sink takes
  const ApiUpload* upload = nullptr;
  CURL* easy = nullptr;
  std::optional<Error> fault{};  // of our side: the file, the sink, the bound on a reply
};

std::size_t read_file(char* out, std::size_t size, std::size_t count, void* exchange_of) {
  auto& exchange = *static_cast<Exchange*>(exchange_of);
  ssize_t got = 0;
  do {
    got = ::read(exchange.upload->file_fd, out, size * count);
  } while (got < 0 && errno == EINTR);
  if (got >= 0) return static_cast<std::size_t>(got);
  exchange.fault = fail_errno(errno, "the CSV could not be read to its end").error();
  return CURL_READFUNC_ABORT;
}

// libcurl says the file again when a kept connection turns out to be gone.
int seek_file(void* exchange_of, curl_off_t offset, int origin) {
  const auto& exchange = *static_cast<Exchange*>(exchange_of);
  return ::lseek(exchange.upload->file_fd, offset, origin) < 0 ? CURL_SEEKFUNC_CANTSEEK
                                                               : CURL_SEEKFUNC_OK;
}

bool is_for_sink(Exchange& exchange) {
  if (exchange.sink == nullptr) return false;
  long status = 0;
  const char* type = nullptr;
  curl_easy_getinfo(exchange.easy, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(exchange.easy, CURLINFO_CONTENT_TYPE, &type);
  exchange.reply.content_type = type != nullptr ? type : "";
  return status == 200 && exchange.reply.has_type(exchange.media_type);
}

std::size_t take_body(char* bytes, std::size_t size, std::size_t count, void* exchange_of) {
  auto& exchange = *static_cast<Exchange*>(exchange_of);
  const std::span<const char> block(bytes, size * count);
  if (is_for_sink(exchange)) {
    const auto taken = (*exchange.sink)(std::as_bytes(block));
    if (taken) return block.size();
    exchange.fault = taken.error();
    return CURL_WRITEFUNC_ERROR;
  }
  if (exchange.reply.body.size() + block.size() > kReplyBytesMax) {
    exchange.fault = Error{ErrorCode::kTooLarge, "the server's answer is too long", {}};
    return CURL_WRITEFUNC_ERROR;
  }
  exchange.reply.body.append(block.data(), block.size());
  return block.size();
}

ErrorCode code_of(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return ErrorCode::kTimeout;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CONNECT_ERROR:
      return ErrorCode::kIo;
    default:
      return ErrorCode::kUnavailable;
  }
}

std::string_view sentence_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kTimeout:
      return "the server says nothing";
    case ErrorCode::kIo:
      return "there is no trusted connection to the server (--ca-file names an authority of your "
             "own)";
    default:
      return "the server cannot be reached, or broke off";
  }
}

}  // namespace

bool ApiReply::has_type(std::string_view media_type) const {
  const std::string_view type(content_type);
  if (!starts_with_ignoring_case(type, media_type)) return false;
  const std::string_view rest = type.substr(media_type.size());
  return rest.empty() || rest.front() == ';' || rest.front() == ' ';
}

class ApiClient::Impl {
 public:
  Impl(ApiOptions options, CURL* easy) : options_(std::move(options)), easy_(easy) {}

  [[nodiscard]] bool is_set_up() const { return easy_ != nullptr; }

  [[nodiscard]] Result<ApiReply> get(const std::string& target, std::string_view media_type,
                                     const Sink* sink) {
    Exchange exchange{.sink = sink, .media_type = media_type};
    begin(target, exchange);
    return run(exchange, {});
  }

  [[nodiscard]] Result<ApiReply> post(const std::string& target) {
    Exchange exchange;
    begin(target, exchange);
    curl_easy_setopt(easy_.get(), CURLOPT_POST, 1L);
    curl_easy_setopt(easy_.get(), CURLOPT_POSTFIELDSIZE, 0L);
    curl_easy_setopt(easy_.get(), CURLOPT_POSTFIELDS, "");
    return run(exchange, {});
  }

  [[nodiscard]] Result<ApiReply> upload(const std::string& target, const ApiUpload& upload) {
    Exchange exchange{.upload = &upload};
    begin(target, exchange);
    const Form form = form_of(exchange);
    curl_easy_setopt(easy_.get(), CURLOPT_MIMEPOST, form.get());
    set_stall(kUploadStall);
    sent_ = upload.sent;
    auto reply = run(exchange, upload.headers);
    sent_ = {};
    return reply;
  }

  void give_up_when(std::function<bool()> given_up) { given_up_ = std::move(given_up); }

 private:
  void begin(const std::string& target, Exchange& exchange) {
    CURL* const easy = easy_.get();
    exchange.easy = easy;
    curl_easy_reset(easy);  // keeps connections
    const std::string url = options_.server + target;
    curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    const bool direct = !options_.environment_proxy || is_this_machine(url);
    if (direct) curl_easy_setopt(easy, CURLOPT_PROXY, "");
    if (!options_.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, options_.ca_file.c_str());
    curl_easy_setopt(easy, CURLOPT_USERAGENT, options_.user_agent.c_str());
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, seconds_of(kConnectDeadline));
    set_stall(options_.stall);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, said_.data());
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &exchange);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, &Impl::on_progress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, this);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    said_.front() = '\0';
  }

  static long seconds_of(std::chrono::seconds time) { return static_cast<long>(time.count()); }

  // Not a byte in either direction for so long.
  void set_stall(std::chrono::seconds stall) {
    curl_easy_setopt(easy_.get(), CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy_.get(), CURLOPT_LOW_SPEED_TIME, seconds_of(stall));
  }

  Form form_of(Exchange& exchange) {
    const ApiUpload& upload = *exchange.upload;
    Form form(curl_mime_init(easy_.get()));
    for (const auto& [name, value] : upload.fields) {
      curl_mimepart* field = curl_mime_addpart(form.get());
      curl_mime_name(field, name.c_str());
      curl_mime_data(field, value.data(), value.size());
    }
    curl_mimepart* file = curl_mime_addpart(form.get());
    curl_mime_name(file, "file");
    curl_mime_filename(file, upload.file_name.c_str());
    curl_mime_type(file, "text/csv");
    const curl_off_t size = upload.size ? static_cast<curl_off_t>(*upload.size) : -1;
    curl_mime_data_cb(file, size, read_file, upload.size ? seek_file : nullptr, nullptr, &exchange);
    return form;
  }

  Result<ApiReply> run(Exchange& exchange, const ApiFields& more_headers) {
    Headers headers;
    if (!options_.api_key.empty()) {
      add_header(headers, "Authorization", "Bearer " + options_.api_key);
    }
    for (const auto& [name, value] : more_headers) add_header(headers, name, value);
    curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, headers.get());
    const CURLcode code = curl_easy_perform(easy_.get());
    if (exchange.fault) return std::unexpected(*std::move(exchange.fault));
    if (code != CURLE_OK) {
      const std::string_view said = said_.front() != '\0' ? said_.data() : curl_easy_strerror(code);
      return fail(code_of(code), std::string(sentence_of(code_of(code))), std::string(said));
    }
    read_head(exchange.reply);
    return std::move(exchange.reply);
  }

  void read_head(ApiReply& reply) {
    long status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    reply.status = static_cast<int>(status);
    reply.content_type = header("Content-Type");
    reply.location = header("Location");
    reply.retry_after = parse_retry_after(header("Retry-After"), SystemClock().now());
  }

  std::string header(const char* name) {
    curl_header* found = nullptr;
    const auto code = curl_easy_header(easy_.get(), name, 0, CURLH_HEADER, -1, &found);
    return code == CURLHE_OK ? found->value : "";
  }

  static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t sent) {
    auto& impl = *static_cast<Impl*>(self);
    if (impl.sent_ && sent > 0) impl.sent_(static_cast<std::uint64_t>(sent));
    return impl.given_up_ && impl.given_up_() ? 1 : 0;
  }

  const ApiOptions options_;
  std::unique_ptr<CURL, Freed<curl_easy_cleanup>> easy_;
  std::array<char, CURL_ERROR_SIZE> said_{};
  std::function<bool()> given_up_;
  std::function<void(std::uint64_t)> sent_;
};

Result<std::unique_ptr<ApiClient>> ApiClient::create(ApiOptions options) {
  static const CURLcode global = curl_global_init(CURL_GLOBAL_DEFAULT);
  CURL* const easy = global == CURLE_OK ? curl_easy_init() : nullptr;
  auto impl = std::make_unique<Impl>(std::move(options), easy);
  if (!impl->is_set_up()) return fail(ErrorCode::kInternal, "libcurl could not be set up");
  return std::unique_ptr<ApiClient>(new ApiClient(std::move(impl)));
}

ApiClient::ApiClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ApiClient::~ApiClient() = default;

Result<ApiReply> ApiClient::get(const std::string& target) {
  return impl_->get(target, {}, nullptr);
}

Result<ApiReply> ApiClient::post(const std::string& target) { return impl_->post(target); }

Result<ApiReply> ApiClient::upload(const std::string& target, const ApiUpload& upload) {
  return impl_->upload(target, upload);
}

Result<ApiReply> ApiClient::download(const std::string& target, std::string_view media_type,
                                     const Sink& sink) {
  return impl_->get(target, media_type, &sink);
}

void ApiClient::give_up_when(std::function<bool()> given_up) {
  impl_->give_up_when(std::move(given_up));
}

}  // namespace imgmill
