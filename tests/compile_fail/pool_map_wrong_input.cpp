// expect: ramet: the function cannot be called with these arguments
#include <ramet/pool.hpp>

#include <string>
#include <vector>

double slow(int x);

void start(ramet::pool& pool) {
  pool.map(slow, std::vector<std::string>{"a"});
}
