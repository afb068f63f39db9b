"""Threats: detectors over past and present calls, actors and their decaying score."""
