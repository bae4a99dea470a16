"""The local cloud: a supervisor with its gateway, and workers forked from a zygote."""
