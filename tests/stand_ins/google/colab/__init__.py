"""A stand-in for `google.colab` outside Colab's own page."""
