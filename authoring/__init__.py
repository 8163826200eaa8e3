"""What a contributor runs: the build, from one lesson text to everything that is made of it."""
