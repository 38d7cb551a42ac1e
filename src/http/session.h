// One connection: reads requests one after the other, asks the router, writes the answers.
#pragma once

#include "http/connections.h"
#include "http/door.h"
#include "http/site.h"
#include "http/wire.h"

namespace imgmill {

// Serves the connection until it ends, or refuses it with a 503 when there are too many. Returns at
// once. `site` and `connections` outlive it: Connections::wait_until_empty() tells when.
void serve(Socket socket, Site& site, Connections& connections, Door door);

}  // namespace imgmill
