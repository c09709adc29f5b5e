"""The narrative contract, line by line: each test is marked with the line that it holds."""
