"""Learning that can be watched: data, learners and training, without any window."""
