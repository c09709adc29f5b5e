"""The tests; a package so that benchmarks can use ``tests.wire`` as well."""
