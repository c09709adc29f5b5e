"""PostgreSQL, Redis and Temporal from their wheels, with workers and servers, on this machine.

For tests and benchmarks, and for ``make cluster`` (``python -m tools.cluster``).
"""
