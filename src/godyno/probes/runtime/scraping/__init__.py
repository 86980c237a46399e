"""Profiles over HTTP from a program that serves them: the address, one bounded request, and the process that asks."""
