"""The load generator: vegeta as a library, so that waiting is counted from when a request was due."""
