"""What several benchmarks measure with: stories, timelines, canons, provider stacks."""
