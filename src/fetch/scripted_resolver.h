// Names for tests, without a name server: this program's own getaddrinfo(), which libcurl finds
// before the system's. Names it was not told of are answered by the system.
#pragma once

#include <string>
#include <vector>

namespace imgmill {

// Literal addresses, in the order in which they are tried. None: the name does not exist.
void script_name(const std::string& name, std::vector<std::string> addresses);

// Questions for the name hang until let_name_go().
void hang_name(const std::string& name);
void wait_until_name_hangs(const std::string& name);
void let_name_go(const std::string& name);

}  // namespace imgmill
