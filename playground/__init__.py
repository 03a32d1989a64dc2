"""Playground: draw points, choose a model, press play and watch it learn."""
