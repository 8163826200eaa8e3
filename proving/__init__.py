"""What shows that the course runs where learners are: Colab, a browser, a room, small machines."""
