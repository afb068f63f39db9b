"""Posture: checks over configuration and traffic facts, and the risk score."""
