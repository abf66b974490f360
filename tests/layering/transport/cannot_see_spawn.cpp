// expect: ramet/process.hpp: No such file

#include <ramet/process.hpp>
