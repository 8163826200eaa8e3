"""A stand-in for what Colab offers as `google`, as far as the course could meet it."""
