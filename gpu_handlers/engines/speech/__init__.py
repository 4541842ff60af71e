"""Voices: text in, samples and the time of every word out."""
