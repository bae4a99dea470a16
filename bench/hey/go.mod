// Pins the load generator that `make bench` builds where `wrk` is not found: of those that keep
// connections alive, run for a set time and print percentiles, hey has the fewest dependencies.
module shop/bench/hey

go 1.25.0

require github.com/rakyll/hey v0.1.4

require (
	golang.org/x/net v0.0.0-20181017193950-04a2e542c03f // indirect
	golang.org/x/text v0.3.0 // indirect
)
