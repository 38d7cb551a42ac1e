// What an attacker would do who has taken over a decoder: the "picture" is a line that says what to
// try. Linked with the product's own shell (src/codec_worker) into hostile-codec, so that what is
// tested is the sandbox that is shipped. An attempt that the sandbox lets through is reported as
// "done", one that it answers with an error as "refused: …"; most end the process instead.
#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <linux/io_uring.h>
#include <new>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "codec/wire.h"
#include "codec_worker/render.h"

namespace imgmill::codec_worker {
namespace {

struct Attempt {
  std::string argument;
  std::span<const std::byte> source;  // the arena begins where it begins

  [[nodiscard]] std::uint64_t number() const {
    std::uint64_t value = 0;
    std::from_chars(argument.data(), argument.data() + argument.size(), value);
    return value;
  }
};

RenderResult say(std::string text) {
  return std::unexpected(ImageFault{FaultCode::kCorruptImage, std::move(text)});
}

// What a system call came back with: it came back.
RenderResult report(long result) {
  if (result >= 0) return say("done");
  return say("refused: " + std::to_string(errno));
}

constexpr std::array kJpegStart{std::byte{0xff}, std::byte{0xd8}, std::byte{0xff}};

RenderResult copy(const Attempt& attempt) {
  Picture picture{.bytes = {}, .format = PictureFormat::kJpeg, .width = 1, .height = 1};
  const auto front = attempt.source.first(std::min(attempt.number(), attempt.source.size()));
  picture.bytes.assign(front.begin(), front.end());
  picture.bytes.resize(std::max(picture.bytes.size(), kJpegStart.size()));
  std::ranges::copy(kJpegStart, picture.bytes.begin());
  return picture;
}

[[noreturn]] void spin() {
  volatile std::uint64_t turns = 0;
  while (true) turns = turns + 1;
}

RenderResult spin_deaf(const Attempt&) {
  sigset_t all;
  sigfillset(&all);
  ::sigprocmask(SIG_BLOCK, &all, nullptr);
  spin();
}

RenderResult allocate(const Attempt& attempt) {
  std::vector<std::byte> much(attempt.number());
  for (std::size_t at = 0; at < much.size(); at += 4'096) much[at] = std::byte{1};
  return say("done");
}

RenderResult exec(const Attempt&) {
  char name[] = "/bin/true";
  std::array<char*, 2> arguments{name, nullptr};
  return report(::execve(name, arguments.data(), nullptr));
}

RenderResult fork_once(const Attempt&) {
  const long pid = ::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  if (pid == 0) _exit(0);
  return report(pid);
}

RenderResult write_file(const Attempt& attempt) {
  const int fd = ::open(attempt.argument.c_str(), O_CREAT | O_WRONLY, 0600);
  if (fd < 0) return report(fd);
  return report(::write(fd, "x", 1));
}

RenderResult read_parent(const Attempt&) {
  std::array<char, 8> bytes{};
  iovec local{bytes.data(), bytes.size()};
  iovec remote{reinterpret_cast<void*>(&read_parent), bytes.size()};
  return report(::process_vm_readv(::getppid(), &local, 1, &remote, 1, 0));
}

RenderResult executable_memory(const Attempt&) {
  void* memory = ::mmap(nullptr, 4'096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return report(memory == MAP_FAILED ? -1 : 0);
}

RenderResult ask_io_uring(const Attempt&) {
  io_uring_params parameters{};
  return report(::syscall(SYS_io_uring_setup, 1, &parameters));
}

RenderResult raise_limit(const Attempt&) {
  const rlimit bounds{RLIM_INFINITY, RLIM_INFINITY};
  return report(::setrlimit(RLIMIT_AS, &bounds));
}

RenderResult run_thread(const Attempt&) {
  std::thread([] {}).join();
  return say("done");
}

// The wire, spoken by hand.
void tell(std::span<const std::byte> bytes) {
  ::send(codec_wire::kSocketFd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

codec_wire::Reply true_reply(const Attempt& attempt) {
  // "… JOB": the test knows which number the parent counts to.
  return {.job = static_cast<std::uint32_t>(attempt.number()),
          .kind = codec_wire::ReplyKind::kPicture,
          .code = 0,
          .width = 1,
          .height = 1,
          .bytes = 3};
}

template <class Change>
RenderResult lie(const Attempt& attempt, Change change) {
  codec_wire::Reply reply = true_reply(attempt);
  change(reply);
  tell(codec_wire::encode(reply));
  spin();
}

RenderResult garbage(const Attempt&) {
  std::array<std::byte, codec_wire::kMessageBytes> bytes{};
  bytes.fill(std::byte{0xaa});
  tell(bytes);
  spin();
}

RenderResult speak_long(const Attempt&) {
  const std::vector<std::byte> bytes(100'000);
  tell(bytes);
  spin();
}

RenderResult speak_short(const Attempt&) {
  tell(codec_wire::Message{});
  spin();
}

// A good reply, and then the picture is changed under the reader for as long as we live.
RenderResult scribble(const Attempt& attempt) {
  const auto layout = codec_wire::layout_for(1 << 20);  // as the test sets it
  auto* arena = const_cast<std::byte*>(attempt.source.data());
  auto* reply = arena + layout.reply_offset();
  std::ranges::copy(kJpegStart, reply);
  codec_wire::Reply good = true_reply(attempt);
  good.bytes = 1 << 20;
  tell(codec_wire::encode(good));
  while (true) {
    for (std::size_t at = kJpegStart.size(); at < good.bytes; ++at) reply[at] ^= std::byte{1};
  }
}

// An answer to this request, and one to the next, which has not been asked yet.
RenderResult reply_ahead(const Attempt& attempt) {
  codec_wire::Reply reply{.job = static_cast<std::uint32_t>(attempt.number()),
                          .kind = codec_wire::ReplyKind::kFault,
                          .code = *codec_wire::fault_byte(FaultCode::kCorruptImage)};
  tell(codec_wire::encode(reply));
  ++reply.job;
  tell(codec_wire::encode(reply));
  spin();
}

using Act = std::function<RenderResult(const Attempt&)>;
using Table = std::vector<std::pair<std::string_view, Act>>;

const Table& attempts_to_break_out() {
  static const Table table{
      {"open", [](const Attempt& a) { return report(::open(a.argument.c_str(), O_RDONLY)); }},
      {"stat",
       [](const Attempt& a) {
         struct stat info{};
         return report(::stat(a.argument.c_str(), &info));
       }},
      {"write-file", write_file},
      {"unlink", [](const Attempt& a) { return report(::unlink(a.argument.c_str())); }},
      {"socket", [](const Attempt&) { return report(::socket(AF_INET, SOCK_STREAM, 0)); }},
      {"socketpair",
       [](const Attempt&) {
         std::array<int, 2> ends{};
         return report(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()));
       }},
      {"connect",
       [](const Attempt&) {
         const sockaddr address{.sa_family = AF_UNSPEC, .sa_data = {}};
         return report(::connect(codec_wire::kSocketFd, &address, sizeof(address)));
       }},
      {"fork", fork_once},
      {"exec", exec},
      {"thread", run_thread},
      {"ptrace-parent",
       [](const Attempt&) {
         return report(::ptrace(PTRACE_ATTACH, ::getppid(), nullptr, nullptr));
       }},
      {"kill-parent", [](const Attempt&) { return report(::kill(::getppid(), 0)); }},
      {"read-parent", read_parent},
      {"executable-memory", executable_memory},
      {"io-uring", ask_io_uring},
      {"raise-limit", raise_limit},
      {"new-namespace", [](const Attempt&) { return report(::unshare(CLONE_NEWUSER)); }},
  };
  return table;
}

const Table& ways_to_misbehave() {
  static const Table table{
      {"copy", copy},
      {"pid", [](const Attempt&) { return say(std::to_string(::getpid())); }},
      {"allocate", allocate},
      {"spin", [](const Attempt&) -> RenderResult { spin(); }},
      {"spin-deaf", spin_deaf},
      {"exit", [](const Attempt& a) -> RenderResult { _exit(static_cast<int>(a.number())); }},
      {"segv",
       [](const Attempt&) -> RenderResult {
         ::raise(SIGSEGV);
         spin();
       }},
      {"null",
       [](const Attempt&) -> RenderResult {
         *reinterpret_cast<volatile int*>(std::uintptr_t{8}) = 1;
         spin();
       }},
      {"abort", [](const Attempt&) -> RenderResult { std::abort(); }},
      {"no-memory", [](const Attempt&) -> RenderResult { throw std::bad_alloc(); }},
      {"garbage", garbage},
      {"long", speak_long},
      {"short", speak_short},
      {"lie-job", [](const Attempt& a) { return lie(a, [](auto& reply) { reply.job += 1; }); }},
      {"lie-length",
       [](const Attempt& a) { return lie(a, [](auto& reply) { reply.bytes = 1ULL << 40; }); }},
      {"lie-format", [](const Attempt& a) { return lie(a, [](auto& reply) { reply.code = 77; }); }},
      {"lie-content", [](const Attempt& a) { return lie(a, [](auto& reply) { reply.code = 1; }); }},
      {"scribble", scribble},
      {"reply-ahead", reply_ahead},
  };
  return table;
}

}  // namespace

void warm_up() {}

RenderResult render(std::span<const std::byte> source, const Recipe&, const RenderLimits&) {
  const std::string_view all(reinterpret_cast<const char*>(source.data()), source.size());
  const std::string_view line = all.substr(0, all.find('\n'));
  const std::string_view name = line.substr(0, line.find(' '));
  Attempt attempt{.argument = {}, .source = source};
  if (name.size() < line.size()) attempt.argument = line.substr(name.size() + 1);
  for (const Table* table : {&attempts_to_break_out(), &ways_to_misbehave()}) {
    for (const auto& [known, act] : *table) {
      if (known == name) return act(attempt);
    }
  }
  return say("unknown command");
}

}  // namespace imgmill::codec_worker
