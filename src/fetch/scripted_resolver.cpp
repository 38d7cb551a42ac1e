#include "fetch/scripted_resolver.h"

#include <condition_variable>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>

#include <dlfcn.h>
#include <netdb.h>

namespace imgmill {
namespace {

struct Entry {
  std::vector<std::string> addresses;
  bool hangs = false;
  int hanging = 0;
};

struct Script {
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::string, Entry> entries;
};

// Never destroyed: a question may still hang when the program ends.
Script& script() {
  alignas(Script) static std::byte room[sizeof(Script)];
  static Script* const instance = std::construct_at(reinterpret_cast<Script*>(room));
  return *instance;
}

using GetAddrInfo = int (*)(const char*, const char*, const addrinfo*, addrinfo**);

int system_getaddrinfo(const char* name, const char* service, const addrinfo* hints,
                       addrinfo** out) {
  static const auto next = reinterpret_cast<GetAddrInfo>(dlsym(RTLD_NEXT, "getaddrinfo"));
  return next(name, service, hints, out);
}

int resolve_all(const std::vector<std::string>& addresses, const char* service,
                const addrinfo* hints, addrinfo** out) {
  *out = nullptr;
  addrinfo** end = out;
  for (const std::string& address : addresses) {
    const int error = system_getaddrinfo(address.c_str(), service, hints, end);
    if (error != 0) return error;
    while (*end != nullptr) end = &(*end)->ai_next;
  }
  return addresses.empty() ? EAI_NONAME : 0;
}

}  // namespace

void script_name(const std::string& name, std::vector<std::string> addresses) {
  const std::lock_guard lock(script().mutex);
  script().entries[name].addresses = std::move(addresses);
}

void hang_name(const std::string& name) {
  const std::lock_guard lock(script().mutex);
  script().entries[name].hangs = true;
}

void wait_until_name_hangs(const std::string& name) {
  std::unique_lock lock(script().mutex);
  script().changed.wait(lock, [&] { return script().entries[name].hanging > 0; });
}

void let_name_go(const std::string& name) {
  std::unique_lock lock(script().mutex);
  script().entries[name].hangs = false;
  script().changed.notify_all();
  script().changed.wait(lock, [&] { return script().entries[name].hanging == 0; });
}

// False when the name has no entry; waits while it hangs.
static bool scripted(const char* name, std::vector<std::string>& addresses) {
  std::unique_lock lock(script().mutex);
  const auto found = script().entries.find(name);
  if (found == script().entries.end()) return false;
  ++found->second.hanging;
  script().changed.notify_all();
  script().changed.wait(lock, [&] { return !found->second.hangs; });
  --found->second.hanging;
  script().changed.notify_all();
  addresses = found->second.addresses;
  return true;
}

}  // namespace imgmill

extern "C" __attribute__((visibility("default"))) int getaddrinfo(const char* name,
                                                                  const char* service,
                                                                  const addrinfo* hints,
                                                                  addrinfo** out) {
  std::vector<std::string> addresses;
  if (name != nullptr && imgmill::scripted(name, addresses)) {
    return imgmill::resolve_all(addresses, service, hints, out);
  }
  return imgmill::system_getaddrinfo(name, service, hints, out);
}
