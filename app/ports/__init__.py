"""What the services need of the outside: one Protocol a module, and the errors that all share.

An adapter stands in a module of the same name, in `app/adapters/<kind>/` or, where one serves
everywhere, in `app/adapters/common/`. A function whose code imports a port is packed with that
port's adapter, and with no other.
"""
