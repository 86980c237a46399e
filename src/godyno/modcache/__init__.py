"""The user's Go caches: what is wrong with them, what an error means, how unlike machines share them."""
