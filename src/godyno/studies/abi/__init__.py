"""How Go calls functions, read from what its compiler makes of probe functions."""
