"""The tests; a package, so that one test module may use what another room of them offers."""
