#include "core/record.hpp"
