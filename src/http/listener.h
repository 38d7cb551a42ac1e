// The listening socket: accepts connections until it is closed. Its calls are made on its strand.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "http/connections.h"
#include "http/door.h"
#include "http/site.h"
#include "http/wire.h"

namespace imgmill {

class Listener {
 public:
  // `site`, `connections` and `io` outlive it.
  Listener(asio::io_context& io, Strand strand, Site& site, Connections& connections, Door door);

  // kUnavailable, naming the address, when somebody else has it or it is not ours; kInvalid when it
  // is no IP address.
  [[nodiscard]] Result<void> bind(std::string_view setting, const std::string& address,
                                  std::uint16_t port);
  [[nodiscard]] std::uint16_t port() const { return port_; }
  // Ends after close().
  [[nodiscard]] Task<void> run();
  void close();

 private:
  [[nodiscard]] Task<void> rest(boost::system::error_code reason);

  asio::io_context& io_;
  Site& site_;
  Connections& connections_;
  const Door door_;
  asio::basic_socket_acceptor<asio::ip::tcp, Strand> acceptor_;
  std::uint16_t port_ = 0;
};

}  // namespace imgmill
