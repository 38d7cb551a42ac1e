// From a request whose head was read to the answer: who asks (http/access.h), which route, its
// endpoint. Whatever goes wrong is an answer too. On the session's strand.
#pragma once

#include <string_view>

#include <boost/asio/ip/address.hpp>

#include "http/door.h"
#include "http/reply.h"
#include "http/request.h"
#include "http/site.h"

namespace imgmill {

// How a connection came.
struct Visitor {
  asio::ip::address address{};
  Door door = Door::kMain;
};

// `target` as it stood in the request; notes in the request what was found out about it.
[[nodiscard]] Task<Reply> answer(Site& site, Visitor visitor, Request& request,
                                 std::string_view target);

}  // namespace imgmill
